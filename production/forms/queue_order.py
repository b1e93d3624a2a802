"""The form of the order of the queue: which run is put beside which."""

from django import forms
from django.utils.translation import gettext_lazy as _

from production.models import ProductionRun
from tenants.web.forms import VerbForm


class OrderForm(VerbForm):
    """``move`` is the id of a run, ``before`` or ``after``, and the id of another."""

    move = forms.RegexField(
        r"^[0-9]{1,18} (before|after) [0-9]{1,18}$",
        error_messages={
            "required": _("Choose a run to move."),
            "invalid": _("Look at the queue again: this can't be read."),
        },
    )

    def clean_move(self):
        moved, side, other = self.cleaned_data["move"].split()
        runs = ProductionRun.objects.live().in_bulk([int(moved), int(other)])
        if not {int(moved), int(other)} <= runs.keys():
            raise forms.ValidationError(_("One of the runs was deleted: look at the queue again."))
        return runs[int(moved)], {side: runs[int(other)]}
