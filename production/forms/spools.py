"""Forms for spools on the floor: receiving, loading, and verbs without input."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.forms import spools
from inventory.models import Spool
from inventory.services.receiving import MAX_AT_ONCE
from production.forms.fields import CodesField, SpoolField
from production.forms.starting import OverridableForm
from production.models import Printer, PrinterSlot
from production.services.printing.slots import ANY
from tenants.web.forms import VerbForm
from tenants.web.touch_fields import PLAIN, CountField


class FloorReceiveForm(spools.ReceiveForm):
    """Equal spools of the filament that is the ``subject``, with the labels that they have."""

    touch_exclude = ("filament", "price", "supplier", "received_on")
    field_order = ("count", "codes", "lot_number", "total_price", "location", "initial_grams")
    used = ("gross_grams", "remaining_grams")

    count = CountField(label=_("How many spools"), max_value=MAX_AT_ONCE, required=False)
    codes = CodesField(label=_("Labels on them already, one a line"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        grams = self.fields["initial_grams"]
        grams.initial = self.subject.net_grams
        grams.required = self.subject.net_grams is None
        self.fields["count"].initial = 1
        self.fields["lot_number"].widget.attrs |= {"autocapitalize": "characters", **PLAIN}

    def details(self):
        """The bound fields of Spool.DETAILS on the floor."""
        return [self[name] for name in Spool.DETAILS if name in self.fields]

    def used_before(self):
        """The bound fields of spools that are not full."""
        return [self[name] for name in self.used]

    def service_kwargs(self):
        """Without a count if there are labels: as many spools as labels."""
        codes = self.cleaned_data["codes"]
        values = super().service_kwargs() | {"filament": self.subject, "codes": codes}
        if codes:
            values.pop("count", None)
        return values


class LoadForm(OverridableForm):
    """Into which slot the spool goes."""

    slot = forms.ModelChoiceField(
        PrinterSlot.objects.select_related("printer"),
        label=_("Slot"),
        error_messages={"required": _("Which slot?")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.add_override()

    def override(self):
        """What overrides that the spool is held."""
        return self.cleaned_data.get("override_reason") or ""


class SlotForm(LoadForm):
    """Which spool goes into the slot."""

    slot = None
    spool = SpoolField()
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)  # 0: the slot was empty

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["spool"].widget.attrs |= {"autofocus": True, "data-go": ""}

    def instead_of(self):
        """What was in the slot as far as the page knew."""
        seen = self.cleaned_data["seen"]
        return ANY if seen is None else seen or None

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        yield "spool", _("See above.")


class ScanForm(VerbForm):
    """What was scanned, on the page of which spool, printer or slot."""

    code = forms.CharField(max_length=300, required=False)
    spool = forms.ModelChoiceField(Spool.objects.with_filament(), required=False)
    printer = forms.ModelChoiceField(Printer.objects.active(), required=False)
    slot = forms.ModelChoiceField(PrinterSlot.objects.select_related("printer"), required=False)

    def seen(self):
        return {name: self.cleaned_data[name] for name in ("spool", "printer", "slot")}


class ButtonForm(VerbForm):
    """A verb without input; ``event`` is what an undo undoes."""

    event = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def service_kwargs(self):
        return {}
