"""Form fields for spools, labels and reasons."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.services import scanning
from inventory.services.receiving import MAX_AT_ONCE
from production.models import Printer, Reason
from production.services.scanning import decode, unknown
from tenants.operations.text import format_number
from tenants.web.forms import SuggestedField
from tenants.web.touch_fields import PLAIN

SCANNED = {"autocapitalize": "characters", "data-scanned": "", **PLAIN}
RECENTLY = timedelta(days=90)


class SpoolInput(forms.TextInput):
    """A code that is typed below choices of the same name, and counts before them. ``choices``
    are their codes, which it does not repeat."""

    choices = ()

    def use_required_attribute(self, initial):
        """A choice that was touched is enough."""
        return False

    def value_from_datadict(self, data, files, name):
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name)]
        return next((value for value in reversed(values) if value), "")

    def format_value(self, value):
        return super().format_value("" if value in self.choices else value)


class SpoolField(forms.CharField):
    """The code on a spool's label, typed or scanned (then it may be the whole address)."""

    widget = forms.TextInput(attrs=SCANNED)
    missing = _("Which spool? Scan or type its code.")

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 300, "label": _("Spool"), **kwargs})

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        spool = scanning.labelled(text)
        if spool is None:
            raise forms.ValidationError(unknown(text), code="unknown")
        return spool


class PrinterField(forms.CharField):
    """A printer that was touched, or else its name or the code on its label, typed or scanned."""

    def __init__(self, **kwargs):
        widget = SpoolInput(attrs=PLAIN | {"data-scanned": ""})
        super().__init__(**{"max_length": 300, "required": False, "widget": widget, **kwargs})

    def offer(self, choices):
        """Let the printers of PrinterChoices be touched."""
        self.widget.choices = {each.printer.code for each in choices}

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        scan = decode(text)
        if scan.kind in ("printer", "slot") and scan.rows:
            return scan.rows[0] if scan.kind == "printer" else scan.rows[0].printer
        found = Printer.objects.filter(name__iexact=text).first()
        if found is None:
            message = _("No printer is called “%(text)s”, and it is on no printer's label.")
            raise forms.ValidationError(message, code="unknown", params={"text": text})
        return found


class SpoolChoice(SuggestedField):
    """A spool, found by the admin's autocomplete."""

    missing = _("Choose a spool.")

    def __init__(self, queryset, **kwargs):
        super().__init__(queryset, of="production.runmaterial.spool", **kwargs)

    def label_from_instance(self, spool):
        text = _("%(code)s · %(filament)s · %(grams)s g available")
        return (_("%(code)s · %(filament)s · held") if spool.is_held else text) % {
            "code": spool.code,
            "filament": spool.filament,
            "grams": format_number(spool.available_grams),
        }


class CodesField(forms.CharField):
    """The codes of labels, one a line, typed or scanned."""

    def __init__(self, **kwargs):
        limits = {"max_length": MAX_AT_ONCE * scanning.MAX_LENGTH, "required": False}
        widget = forms.Textarea(attrs={"rows": 3, **SCANNED})
        super().__init__(**{**limits, "widget": widget, **kwargs})

    def clean(self, value):
        texts = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        codes = [scanning.read(text).code for text in texts]
        printers = Printer.objects.filter(code__in=codes).values_list("code", flat=True)
        if printers:
            names = ", ".join(printers)
            raise forms.ValidationError(_("The label of a printer: %(codes)s.") % {"codes": names})
        return texts


class ReasonField(forms.ChoiceField):
    """One of the Reasons that it was given by ``offer``."""

    def offer(self, reasons, *, touch):
        self.reasons = {str(reason.pk): reason for reason in reasons}
        choices = [(pk, reason.label) for pk, reason in self.reasons.items()]
        self.widget = forms.RadioSelect() if touch else forms.Select()
        self.choices = choices if touch else [("", "–"), *choices]

    def clean(self, value):
        return self.reasons.get(super().clean(value))


def usual_reasons(kind):
    """The farm's active reasons of a kind, those used most in the last 90 days first."""
    return Reason.objects.offered(kind).by_use(since=timezone.now() - RECENTLY)
