"""Values of the parameters of lists: strict, bounded, and in the farm's calendar."""

import re
from datetime import UTC, datetime, time, timedelta

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.api.fields import WIDEST_OFFSET, MomentField
from tenants.operations.parsing import YEARS, parse_day, parse_decimal
from tenants.operations.text import one_line

DIGITS = re.compile(r"[+-]?[0-9]+")
LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")  # an unescaped + of an offset arrives as a space


class TextParameter(forms.CharField):
    """A name as it is stored."""

    def to_python(self, value):
        return one_line(super().to_python(value))


class IdParameter(forms.IntegerField):
    """Digits and nothing else; Django's takes 5.0 and 0_5 for 5."""

    def to_python(self, value):
        if value not in self.empty_values and not DIGITS.fullmatch(str(value)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class IdOrNameParameter(IdParameter):
    """An id where it is made of digits, else a name."""

    def clean(self, value):
        is_name = value not in self.empty_values and not DIGITS.fullmatch(str(value))
        return TextParameter().clean(value) if is_name else super().clean(value)


class AmountParameter(forms.DecimalField):
    """A number as bodies have it: with a decimal point, and without a mark between thousands."""

    def to_python(self, value):
        try:
            return None if value in self.empty_values else parse_decimal(str(value).strip())
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class BooleanParameter(forms.Field):
    """``true`` or ``false``, ``1`` or ``0``; anything else is an error, not false."""

    WORDS = {"true": True, "1": True, "false": False, "0": False}

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            return self.WORDS[str(value).lower()]
        except KeyError:
            raise ValidationError(_("Must be true or false.")) from None


class ChoicesInError:
    """For a form's field: the error of an unknown value lists the choices."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = ", ".join(str(value) for value, _label in self.choices if value)
        self.error_messages["invalid_choice"] = format_lazy(
            gettext_lazy("{value} is not one of {names}."), value="%(value)s", names=names
        )


class ChoiceParameter(ChoicesInError, django_filters.fields.ChoiceField):
    """One of some names."""


class SeveralParameter(ChoicesInError, django_filters.fields.MultipleChoiceField):
    """``?status=planned&status=failed`` or ``?status=planned,failed``."""

    def clean(self, value):
        words = [word.strip() for each in value or [] for word in str(each).split(",")]
        return super().clean([word for word in words if word])


class DayParameter(forms.Field):
    """A date; its value is the farm-local day as a pair of moments, ``[start, end)``."""

    def to_python(self, value):
        return None if value in self.empty_values else local_day(value)


class MomentParameter(forms.Field):
    def to_python(self, value):
        return None if value in self.empty_values else moment(value)


class DayOrMomentParameter(forms.Field):
    """A date or a moment; its value is a pair of moments (equal when a moment was given)."""

    def to_python(self, value):
        if value in self.empty_values:
            return None
        return local_day(value) if len(str(value)) == 10 else (moment(value),) * 2


class MomentAtParameter(DayOrMomentParameter):
    """A moment; of a date its last one."""

    def to_python(self, value):
        span = super().to_python(value)
        return span and last_moment(span)


def local_day(text):
    try:
        day = parse_day(str(text))
    except ValueError as error:
        raise ValidationError(_("A date is YYYY-MM-DD, between 1900 and 2999.")) from error
    zone = timezone.get_current_timezone()
    days = (day, day + timedelta(days=1))
    return tuple(datetime.combine(each, time.min, tzinfo=zone) for each in days)


def last_moment(span):
    """The last of a pair of moments as fields clean them: of a day, or the moment itself."""
    start, end = span
    return start if start == end else end - timedelta(microseconds=1)


def moment(text):
    try:
        value = parse_datetime(LOST_PLUS.sub(r"+\1", str(text)))
    except ValueError:
        value = None
    if value is None or timezone.is_naive(value):
        raise ValidationError(MomentField.default_error_messages["naive"])
    if value.year not in YEARS or abs(value.utcoffset()) > WIDEST_OFFSET:
        raise ValidationError(MomentField.default_error_messages["out_of_range"])
    return value.astimezone(UTC)
