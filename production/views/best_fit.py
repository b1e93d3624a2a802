"""The view of spools for all planned runs together."""

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from production.forms.best_fit import BestFitForm
from production.services.best_fit import proposals, taking
from production.views.floor import VerbView

DAYS = (1, 3, 7, 30)  # to choose among
MOST_DETAILED = 30  # proposals that are shown with their reasons
MOST_REFUSALS = 3  # in a message


class BestFitView(VerbView):
    """What is proposed for the planned runs of the next days, to be taken in whole or in part."""

    help_topic = "floor#best-fit"
    template_name = "production/floor/best_fit.html"
    permission_required = "production.view_productionrun"
    verb_permission = "production.change_productionrun"
    form_class = BestFitForm

    def get(self, request, **kwargs):
        return self.render_page(form=self.get_form())  # also for who may not change runs

    @cached_property
    def days(self):
        given = self.request.GET.get("days", "")
        known = {str(days): days for days in DAYS}
        return known.get(given, proposals.DAYS)

    def get_context_data(self):
        found = proposals.best_fit(days=self.days)
        proposed = found.proposed
        return {
            "fit": found,
            "choices": DAYS,
            "detailed": proposed[:MOST_DETAILED],
            "others": proposed[MOST_DETAILED:],
        }

    def perform(self, form):
        done = taking.take(by=form.by, **form.service_kwargs())
        refused = [each.refusal.detail for each in done if each.refusal]
        count = len(done) - len(refused)
        text = ngettext("%(count)s run has its spools.", "%(count)s runs have their spools.", count)
        sentences = [text % {"count": count}, *refused[:MOST_REFUSALS]]
        if (more := len(refused) - MOST_REFUSALS) > 0:
            sentences.append(_("%(count)s more were left out.") % {"count": more})
        self.is_whole = not refused
        return " ".join(sentences)

    def get_success_url(self):
        return reverse("floor-queue" if self.is_whole else "floor-best-fit")
