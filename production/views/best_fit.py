"""The view of spools for all planned runs together."""

import re

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from production.forms.best_fit import BestFitForm
from production.services.best_fit import proposals, taking
from production.views.floor import VerbView

DAYS = (1, 3, 7, 30)  # to choose among
IS_NUMBER = re.compile("[0-9]{1,4}")
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
        status = 400 if self.wrong_days else 200
        return self.render_page(form=self.get_form(), status=status)  # also without permission

    @cached_property
    def days(self):
        """Those of the address; None where it has no such number."""
        given = self.request.GET.get("days", str(proposals.DAYS))
        days = int(given) if IS_NUMBER.fullmatch(given) else 0
        return days if 1 <= days <= proposals.MOST_DAYS else None

    @property
    def wrong_days(self):
        if self.days is not None:
            return ""
        text = _("“%(value)s” is not a number of days from 1 to %(most)s: here are %(days)s.")
        figures = {"most": proposals.MOST_DAYS, "days": proposals.DAYS}
        return text % {"value": self.request.GET["days"][:60], **figures}

    def get_context_data(self):
        found = proposals.best_fit(days=self.days or proposals.DAYS)
        proposed = found.proposed
        return {
            "wrong": self.wrong_days,
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
