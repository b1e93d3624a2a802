"""What people type or scan on the floor."""

from decimal import ROUND_HALF_UP, Decimal

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import codes
from inventory.models import Spool

CENT = Decimal("0.01")
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def short(value):
    """A figure with at most two decimals and no trailing zeros."""
    rounded = Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)
    return Decimal(f"{rounded.normalize():f}")


class AmountField(forms.DecimalField):
    """Grams, minutes, percent: on the decimal keypad, with a point or a comma."""

    def __init__(self, **kwargs):
        widget = forms.TextInput(attrs={"inputmode": "decimal", **PLAIN})
        super().__init__(**{"required": False, "min_value": 0, "widget": widget, **kwargs})

    def to_python(self, value):
        if isinstance(value, str):
            value = value.strip().replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value):
        """What was typed stays as it was typed; a figure of ours is in the farm's locale."""
        if value is None or isinstance(value, str):
            return value
        return number_format(short(value), use_l10n=True, force_grouping=False)

    def has_changed(self, initial, data):
        return super().has_changed(None if initial is None else short(initial), data)


class CountField(forms.IntegerField):
    """How many: on the number keypad."""

    def __init__(self, **kwargs):
        widget = forms.TextInput(attrs={"inputmode": "numeric", "data-count": "", **PLAIN})
        super().__init__(**{"min_value": 0, "max_value": 1_000_000, "widget": widget, **kwargs})


class SpoolField(forms.CharField):
    """The code of a spool's label, typed or scanned (then it may be the whole address)."""

    widget = forms.TextInput(attrs={"autocapitalize": "characters", **PLAIN})

    def __init__(self, **kwargs):
        super().__init__(**{"max_length": 300, "label": gettext_lazy("Spool"), **kwargs})

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        spool = labelled(text)
        if spool is None:
            raise forms.ValidationError(unknown(text), code="unknown")
        return spool


def labelled(text):
    """The spool of a typed or scanned label, or None."""
    found = Spool.objects.labelled(code_in(text))
    return found.select_related("filament__manufacturer", "filament__material_type").first()


def code_in(text):
    """The code in what a scanner read: the code itself, or the address of its label."""
    return codes.normalise(last_part(text))


def last_part(text):
    """What an address ends in; a text that is none as it is."""
    return text.strip().rstrip("/").rpartition("/")[2]


def unknown(text):
    """Why nothing was found for a label: it is mistyped, or of no spool of this farm."""
    code = code_in(text)
    if codes.is_valid(code):
        return _("No spool of this farm has the label %(code)s.") % {"code": code}
    return _("%(code)s is not a spool code; was it mistyped?") % {"code": code[:20]}
