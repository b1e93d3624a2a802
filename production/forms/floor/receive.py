"""What receiving a case of spools asks for."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Location
from inventory.services import scanning
from inventory.services.receiving import MOST_AT_ONCE
from production.forms.floor.fields import PLAIN, AmountField, CountField
from production.models import Printer
from tenants.web.forms import VerbForm

LONGEST = MOST_AT_ONCE * scanning.LONGEST


class CodesField(forms.CharField):
    """Labels, one a line, typed or scanned."""

    def __init__(self, **kwargs):
        attrs = {"rows": 3, "autocapitalize": "characters", "data-scanned": "", **PLAIN}
        widget = forms.Textarea(attrs=attrs)
        super().__init__(**{"required": False, "max_length": LONGEST, "widget": widget, **kwargs})

    def clean(self, value):
        texts = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        codes = [scanning.read(text).code for text in texts]
        printers = Printer.objects.filter(code__in=codes).values_list("code", flat=True)
        if printers:
            names = ", ".join(printers)
            raise forms.ValidationError(_("The label of a printer: %(codes)s.") % {"codes": names})
        return texts


class ReceiveForm(VerbForm):
    """So many equal spools of the filament that is the ``subject``."""

    count = CountField(
        label=gettext_lazy("How many spools"), max_value=MOST_AT_ONCE, initial=1, required=False
    )
    codes = CodesField(label=gettext_lazy("Labels on them already, one a line"))
    lot_number = forms.CharField(
        label=gettext_lazy("Lot"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", **PLAIN}),
    )
    total_price = AmountField(label=gettext_lazy("Price of all together"))
    location = forms.ModelChoiceField(
        Location.objects.all(),
        label=gettext_lazy("Where they are put"),
        required=False,
        empty_label=gettext_lazy("nobody knows"),
    )
    initial_grams = AmountField(label=gettext_lazy("Filament on each"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["initial_grams"].initial = self.subject.net_grams
        self.fields["initial_grams"].required = self.subject.net_grams is None

    def service_kwargs(self):
        """The labels, where there are some, say how many."""
        said = super().service_kwargs() | {
            "filament": self.subject,
            "codes": self.cleaned_data["codes"],
        }
        if said["codes"]:
            said.pop("count", None)
        return said
