"""Forms for the verbs of a filament."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Filament
from tenants.web.forms import SuggestedField, VerbForm


class FilamentMergeForm(VerbForm):
    after_refusal = {"confirm": {"other_material"}}

    double = SuggestedField(
        Filament.objects.present().with_makers(),
        of="inventory.spool.filament",
        label=_("Its double"),
    )
    reason = forms.CharField(
        label=_("How you know"), max_length=200, help_text=_("Kept with the merge.")
    )
    confirm = forms.BooleanField(label=_("They are the same filament all the same"), required=False)
