"""Serializer fields: strict numbers, moments and references."""

import re
from datetime import UTC, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import F, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from tenants.operations.parsing import YEARS, DayOutOfRange, parse_day, parse_decimal
from tenants.operations.quantities import (
    GramsField,
    InvalidQuantity,
    MinutesField,
    MoneyField,
    rounded,
)
from tenants.operations.text import WIDE, one_line

WIDEST_OFFSET = timedelta(hours=15, minutes=59)  # what PostgreSQL takes
DIGITS = re.compile(r"[0-9]{1,18}")


class TextField(serializers.CharField):
    """A text and no number, measured as it was sent; then its ends are trimmed."""

    def run_validation(self, data=serializers.empty):
        if isinstance(data, str) and self.max_length and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().run_validation(data)

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class SlugField(TextField, serializers.SlugField):
    """Letters, digits, hyphens and underscores."""


class EmailField(TextField, serializers.EmailField):
    """An address for e-mail."""


class FlagField(serializers.BooleanField):
    """``true`` or ``false``; 0 and "no" are neither."""

    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class WholeField(serializers.IntegerField):
    """A JSON number without a fraction; "5" is a text."""

    def to_internal_value(self, data):
        if isinstance(data, Decimal) and data.adjusted() < 18 and data % 1 == 0:
            data = int(data)  # 5.0
        if type(data) is not int:
            self.fail("invalid")
        return data


class ChoiceField(serializers.ChoiceField):
    """One of some names, which the error of an unknown one lists."""

    def __init__(self, choices, **kwargs):
        super().__init__(choices, **kwargs)
        names = ", ".join(str(name) for name in self.choices)
        self.error_messages["invalid_choice"] = format_lazy(
            _("“{input}” is not one of {names}."), input="{input}", names=names
        )


class QuantityField(serializers.DecimalField):
    """A string or a JSON number, rounded half up to the column's places; answered as a string."""

    default_error_messages = {"negative": _("Can't be negative.")}

    def __init__(self, *args, signed=False, **kwargs):
        self.signed = signed
        super().__init__(*args, **kwargs)
        self.step = Decimal(1).scaleb(-self.decimal_places)

    def validate_empty_values(self, data):
        return serializers.Field.validate_empty_values(self, data)  # "" is no number, nor null

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, (str, int, Decimal)):
            self.fail("invalid")
        try:
            number = data if isinstance(data, Decimal) else parse_decimal(str(data).strip())
        except ValueError:
            self.fail("invalid")
        try:
            number = rounded(
                number, digits=self.max_digits, places=self.decimal_places, field=self.field_name
            )
        except InvalidQuantity as refusal:
            raise serializers.ValidationError(refusal.detail, code="invalid_quantity") from refusal
        if number < 0 and not self.signed:
            self.fail("negative")
        return number

    def to_representation(self, value):
        number = Decimal(value).quantize(self.step, ROUND_HALF_UP, WIDE)
        return f"{number or number.copy_abs():f}"  # not -0


def size_of(column):
    """The options of a QuantityField for a column of ``tenants.operations.quantities``."""
    return {"max_digits": column.digits, "decimal_places": column.places}


GRAMS, MONEY, MINUTES = map(size_of, (GramsField, MoneyField, MinutesField))


class MomentField(serializers.DateTimeField):
    """A moment with its offset or Z; answered in UTC."""

    default_error_messages = {
        "naive": _("A moment has an offset or Z, as in 2026-03-01T08:30:00+01:00."),
        "out_of_range": _(
            "A moment must be between 1900 and 2999, with an offset of at most 15:59."
        ),
    }

    def to_internal_value(self, value):
        if not isinstance(value, str):
            self.fail("invalid", format="an ISO 8601 string")
        return super().to_internal_value(value)

    def enforce_timezone(self, value):
        if timezone.is_naive(value):
            self.fail("naive")
        if value.year not in YEARS or abs(value.utcoffset()) > WIDEST_OFFSET:
            self.fail("out_of_range")
        return value.astimezone(UTC)

    def to_representation(self, value):
        if value is None or isinstance(value, str):
            return value
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class DayField(serializers.DateField):
    """A date of the farm's calendar."""

    default_error_messages = {"out_of_range": _("A date must be between 1900 and 2999.")}

    def to_internal_value(self, value):
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DD")
        try:
            return parse_day(value)
        except DayOutOfRange:
            self.fail("out_of_range")
        except ValueError:
            self.fail("invalid", format="YYYY-MM-DD")


class IdField(serializers.PrimaryKeyRelatedField):
    """A row of this farm, by its id."""

    default_error_messages = {
        "does_not_exist": _("There is none with id {pk_value}."),
        "out_of_range": _("There is none with this id."),
        "incorrect_type": _("An id is a whole number."),
    }

    def validate_empty_values(self, data):
        return serializers.Field.validate_empty_values(self, data)  # "" is no number, nor null

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, (int, str)):
            self.fail("incorrect_type")
        if isinstance(data, str) and not DIGITS.fullmatch(data):
            self.fail("incorrect_type")
        if not 0 < int(data) < 2**63:
            self.fail("out_of_range")
        return super().to_internal_value(int(data))


class NameField(serializers.RelatedField):
    """The row of the id field with the same source, by a natural name.

    ``NameField("sku", source="product", queryset=...)``; ``lookup`` finds the name. Of several that
    differ in case alone, it is the one that is written so.
    """

    default_error_messages = {
        "does_not_exist": _("There is none called “{value}”."),
        "ambiguous": _("{count} are called “{value}”: name the id."),
        "invalid": _("A name is a text."),
    }

    def __init__(self, attribute="name", *, lookup=None, **kwargs):
        self.attribute, self.lookup = attribute, lookup or attribute
        super().__init__(required=False, **kwargs)

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return self.get_row(self.get_queryset().filter(**{self.lookup: one_line(data)}), data)

    def get_row(self, rows, data):
        """The only one of ``rows``, which are called ``data``."""
        first = list(rows[:2])
        if not first:
            self.fail("does_not_exist", value=data[:100])
        if len(first) > 1:
            exact = rows.filter(**{self.attribute: one_line(data)})
            first = list(exact[:2]) or first
        if len(first) > 1:
            self.fail("ambiguous", value=data[:100], count=rows.count())
        return first[0]

    def to_representation(self, value):
        return getattr(value, self.attribute)


class UsernameField(serializers.CharField):
    """How somebody signs in, which never changes; ``UsernameField("by")`` for the field by."""

    def __init__(self, person, **kwargs):
        source = f"{person}.username"
        super().__init__(source=source, read_only=True, allow_null=True, default=None, **kwargs)


class PersonNameField(serializers.CharField):
    """Somebody's name, or without one their username, as pages show it."""

    def __init__(self, person, **kwargs):
        super().__init__(source=person, read_only=True, allow_null=True, default=None, **kwargs)

    @property
    def expression(self):
        name, username = F(f"{self.source}__name"), F(f"{self.source}__username")
        return Coalesce(NullIf(name, Value("")), username)

    def to_representation(self, value):
        return str(value)


class BlankIsNullField(TextField):
    """A unique text that may be missing: an empty one is null."""

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "allow_blank": True, "allow_null": True})

    def run_validation(self, data=serializers.empty):
        value = super().run_validation(data)
        return None if value == "" else value


class ColorField(TextField):
    """``#ff8800`` and ``FF8800`` are one colour."""

    def to_internal_value(self, data):
        return super().to_internal_value(data).lstrip("#").upper()


class UpperCaseField(TextField):
    """A code that is stored in upper case."""

    def to_internal_value(self, data):
        return super().to_internal_value(data).upper()


class LowerCaseField(TextField):
    """A name that is stored in lower case."""

    def to_internal_value(self, data):
        return super().to_internal_value(data).lower()
