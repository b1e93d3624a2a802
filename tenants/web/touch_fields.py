"""Form fields for figures that are typed on a touch screen."""

from decimal import ROUND_HALF_UP, Decimal

from django import forms
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _

from tenants.operations.parsing import AmbiguousNumber, parse_decimal

CENT = Decimal("0.01")
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def short(value):
    """A figure with at most two decimals and no trailing zeros."""
    rounded = Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)
    return Decimal(f"{rounded.normalize():f}")


class AmountField(forms.DecimalField):
    """Grams, minutes, percent: on the decimal keypad, with a point or a comma."""

    def __init__(self, *, unit="", **kwargs):
        self.unit = unit
        widget = forms.TextInput(attrs={"inputmode": "decimal", **PLAIN})
        super().__init__(**{"required": False, "min_value": 0, "widget": widget, **kwargs})

    def to_python(self, value):
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        mark = get_format("DECIMAL_SEPARATOR")
        try:
            return parse_decimal(value.strip().rstrip(".,"), mark=mark)
        except AmbiguousNumber as error:
            message = _("Is that %(plain)s or %(small)s? Write it as one of them.")
            figures = {"plain": error.thousands, "small": error.decimals.replace(".", mark)}
            raise forms.ValidationError(message % figures) from error
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error

    def prepare_value(self, value):
        """Submitted text stays as it is; a number is formatted for the farm's locale."""
        if value is None or isinstance(value, str):
            return value
        return number_format(short(value), use_l10n=True, force_grouping=False)

    def has_changed(self, initial, data):
        return super().has_changed(None if initial is None else short(initial), data)


class CountField(forms.IntegerField):
    def __init__(self, **kwargs):
        widget = forms.TextInput(attrs={"inputmode": "numeric", "data-count": "", **PLAIN})
        super().__init__(**{"min_value": 0, "max_value": 1_000_000, "widget": widget, **kwargs})
