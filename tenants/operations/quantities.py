"""Grams, money and cost per gram: always Decimal, always finite, rounded half up on the way in."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.db import models
from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid
from tenants.operations.text import format_number, half_up, humanize_name


class InvalidQuantity(Invalid):
    code = "invalid_quantity"
    title = "This is not a usable quantity"


class RoundedDecimalField(models.DecimalField):
    """A Decimal column whose input is rounded half up to its places instead of refused."""

    digits, places = 14, 6

    def __init__(self, *args, **kwargs):
        kwargs["max_digits"], kwargs["decimal_places"] = self.digits, self.places
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def clean(self, value, model_instance):
        if value is not None:
            value = rounded(value, digits=self.digits, places=self.places, field=self.name)
        return super().clean(value, model_instance)


class GramsField(RoundedDecimalField):
    """Grams, ``numeric(14,6)``: printers report fractions of a milligram."""


class ReportedGramsField(RoundedDecimalField):
    """Grams as devices report them, ``numeric(20,12)``: 10 mm are 0.03 g, and they ask for what
    they reported."""

    digits, places = 20, 12


class MoneyField(RoundedDecimalField):
    """An amount in the farm's currency, net of VAT, ``numeric(12,4)``."""

    digits, places = 12, 4


class CostPerGramField(RoundedDecimalField):
    """Money per gram, ``numeric(14,8)``."""

    digits, places = 14, 8


class MinutesField(RoundedDecimalField):
    """Minutes of a machine or a person, ``numeric(10,2)``."""

    digits, places = 10, 2


def grams(value, *, field="grams", signed=False):
    """``value`` as grams, rounded half up to a microgram; below 0 only when ``signed``.

    Raises InvalidQuantity.
    """
    return _amount(GramsField, value, field, signed=signed)


def money(value, *, field="price"):
    """``value`` as money, rounded half up to four places. Raises InvalidQuantity."""
    return _amount(MoneyField, value, field)


def minutes(value, *, field="minutes"):
    """``value`` as minutes, rounded half up to hundredths. Raises InvalidQuantity."""
    return _amount(MinutesField, value, field)


def duration(minutes):
    """Minutes for people: ``95`` are 1 h 35."""
    whole = int(half_up(minutes, 0))
    return f"{whole // 60} h {whole % 60:02}" if whole >= 60 else f"{format_number(minutes)} min"


def rounded(value, *, digits, places, field):
    """``value`` as a finite Decimal of ``places`` decimals, half up. Raises InvalidQuantity."""
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError):
        detail = _("%(name)s must be a number.")
        raise _invalid(field, detail, _("This is not a number.")) from None
    most = digits - places
    if not number.is_finite() or number.adjusted() >= digits:
        detail = _("%(name)s must be finite, with at most %(most)s digits before the point.")
        raise _invalid(field, detail, _("Not a finite number, or too large."), most=most)
    number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if number.adjusted() >= digits - places:
        detail = _("%(name)s must have at most %(most)s digits before the point.")
        raise _invalid(field, detail, _("At most %(most)s digits before the point."), most=most)
    return number


def _amount(column, value, field, *, signed=False):
    number = rounded(value, digits=column.digits, places=column.places, field=field)
    if number < 0 and not signed:
        raise _invalid(field, _("%(name)s can't be negative."), _("Can't be negative."))
    return number


def _invalid(field, detail, error, **figures):
    figures["name"] = humanize_name(field).capitalize()
    return InvalidQuantity(detail % figures, errors={field: [error % figures]})
