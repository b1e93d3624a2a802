"""The view of the order of the queue."""

from django.urls import reverse
from django.utils.translation import gettext as _

from production.forms.queue_order import OrderForm
from production.services.runs import queue_order
from production.services.undo import offline_conflicts
from production.views.floor import VerbView


class QueueOrderView(VerbView):
    """The planned runs of each printer, to be put into another order."""

    help_topic = "floor#the-order-of-the-queue"
    template_name = "production/floor/queue_order.html"
    verb_permission = "production.change_productionrun"
    form_class = OrderForm

    def get(self, request, **kwargs):
        return self.render_page(form=self.get_form())  # also for who may not change runs

    def get_context_data(self):
        groups, is_cut = queue_order.by_printer()
        return {"groups": [(each, _rows(runs)) for each, runs in groups], "is_cut": is_cut}

    def require_unchanged(self, form, since):
        run, _place = form.cleaned_data["move"]
        offline_conflicts.require_unchanged(run, since=since, by=self.request.user)

    def perform(self, form):
        run, place = form.cleaned_data["move"]
        queue_order.reorder(run, by=form.by, **place)
        texts = {
            "before": _("Run %(run)s prints before run %(other)s."),
            "after": _("Run %(run)s prints after run %(other)s."),
        }
        ((side, other),) = place.items()
        return texts[side] % {"run": run, "other": other}

    def get_success_url(self):
        return reverse("floor-queue-order")


def _rows(runs):
    """Each run with the neighbours that it can be moved past."""
    neighbours = zip([None, *runs], runs, [*runs[1:], None], strict=False)
    return [
        {"run": run, "sooner": sooner, "later": later, "first": runs[0] if number > 1 else None}
        for number, (sooner, run, later) in enumerate(neighbours)
    ]
