"""What weighing, loading and finding a spool asks for."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from production.forms.floor.fields import AmountField, SpoolField
from production.models import PrinterSlot
from tenants.web.forms import VerbForm


class WeighForm(VerbForm):
    """What the scale shows, filament and reel together."""

    after_refusal = {"confirm": {"weighing_implausible"}, "basis": {"entries_since_weighing"}}

    gross_grams = AmountField(label=gettext_lazy("The scale shows"), required=True)
    as_count = forms.BooleanField(
        label=gettext_lazy("Count it now, though a run prints from it"), required=False
    )
    confirm = forms.BooleanField(
        label=gettext_lazy("The weight is right, unlikely as it looks"), required=False
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("When was it weighed?"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("then", gettext_lazy("before those entries: they come off this weight")),
            ("now", gettext_lazy("after them: this is what is there now")),
        ],
    )

    def __init__(self, *args, is_printing=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["gross_grams"].widget.attrs["autofocus"] = True
        if not is_printing:
            del self.fields["as_count"]

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if "gross_grams" not in refusal.errors:
            yield "gross_grams", _("Look at this weight again.")


class LoadForm(VerbForm):
    """Into which slot the spool goes."""

    slot = forms.ModelChoiceField(
        PrinterSlot.objects.select_related("printer"),
        label=gettext_lazy("Slot"),
        error_messages={"required": gettext_lazy("Which slot?")},
    )


class SlotForm(VerbForm):
    """Which spool goes into the slot."""

    spool = SpoolField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["spool"].widget.attrs["autofocus"] = True

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        yield "spool", _("See above.")
