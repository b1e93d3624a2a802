"""Query parameters that can't break anything: strict, bounded, and in the farm's calendar."""

import re
from datetime import UTC, datetime, time, timedelta

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from tenants.api.fields import WIDEST_OFFSET, YEARS

AFTER = (
    "Rows that were written after this one. What is written at the same time may be seen in "
    "another order: who follows the list asks again from some rows before."
)
BIGGEST_ID = 2**63 - 1
DIGITS = re.compile(r"[+-]?[0-9]+")
LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")  # an unescaped + of an offset arrives as a space


class IdField(forms.IntegerField):
    """Digits and nothing else; Django's takes 5.0 and 0_5 for 5."""

    def to_python(self, value):
        if value not in self.empty_values and not DIGITS.fullmatch(str(value)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


@extend_schema_field(OpenApiTypes.INT64)
class IdFilter(django_filters.Filter):
    """Rows that refer to the row of this id."""

    field_class = IdField

    def __init__(self, *args, least=1, **kwargs):
        super().__init__(*args, min_value=least, max_value=BIGGEST_ID, **kwargs)


@extend_schema_field(OpenApiTypes.NUMBER)
class AmountFilter(django_filters.Filter):
    """An amount from 0 up; grams unless told otherwise."""

    field_class = forms.DecimalField

    def __init__(self, *args, digits=14, places=6, **kwargs):
        size = {"max_digits": digits, "decimal_places": places, "min_value": 0}
        super().__init__(*args, **size, **kwargs)


class StrictBooleanField(forms.Field):
    """``true`` or ``false``, ``1`` or ``0``; anything else is refused, not taken as false."""

    WORDS = {"true": True, "1": True, "false": False, "0": False}

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            return self.WORDS[str(value).lower()]
        except KeyError:
            raise ValidationError("true or false, please.") from None


@extend_schema_field(OpenApiTypes.BOOL)
class BooleanFilter(django_filters.Filter):
    field_class = StrictBooleanField


class NamesChoices:
    """For a form's field: a value that is none of its choices is answered with what they are."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = ", ".join(str(value) for value, _ in self.choices if value)
        self.error_messages["invalid_choice"] = f"%(value)s is none of {names}."


class ChoiceField(NamesChoices, django_filters.fields.ChoiceField):
    pass


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of some names."""

    field_class = ChoiceField


class SeveralField(NamesChoices, django_filters.fields.MultipleChoiceField):
    """``?status=planned&status=failed`` or ``?status=planned,failed``."""

    def clean(self, value):
        words = [word.strip() for each in value or [] for word in str(each).split(",")]
        return super().clean([word for word in words if word])


class SeveralFilter(django_filters.MultipleChoiceFilter):
    field_class = SeveralField


class DayField(forms.Field):
    """A date; its value is the farm-local day as a pair of moments, ``[start, end)``."""

    def to_python(self, value):
        return None if value in self.empty_values else local_day(value)


class MomentField(forms.Field):
    """A moment with an offset or Z."""

    def to_python(self, value):
        return None if value in self.empty_values else moment(value)


class DayOrMomentField(forms.Field):
    """A date or a moment; its value is a pair of moments (equal when a moment was given)."""

    def to_python(self, value):
        if value in self.empty_values:
            return None
        return local_day(value) if len(str(value)) == 10 else (moment(value),) * 2


class MomentAtField(DayOrMomentField):
    """A moment; of a date its last one."""

    def to_python(self, value):
        found = super().to_python(value)
        if found is None:
            return None
        start, end = found
        return start if start == end else end - timedelta(microseconds=1)


@extend_schema_field(OpenApiTypes.STR)
class MomentAtFilter(django_filters.Filter):
    field_class = MomentAtField


@extend_schema_field(OpenApiTypes.STR)
class FromFilter(django_filters.Filter):
    """On or after a date or a moment."""

    field_class = DayOrMomentField

    def filter(self, qs, value):
        return qs if value is None else qs.filter(**{f"{self.field_name}__gte": value[0]})


@extend_schema_field(OpenApiTypes.STR)
class ToFilter(django_filters.Filter):
    """On or before a date (all of that day) or a moment."""

    field_class = DayOrMomentField

    def filter(self, qs, value):
        if value is None:
            return qs
        start, end = value
        lookup = "lte" if start == end else "lt"
        return qs.filter(**{f"{self.field_name}__{lookup}": end})


@extend_schema_field(OpenApiTypes.DATE)
class FromDayFilter(FromFilter):
    field_class = DayField


@extend_schema_field(OpenApiTypes.DATE)
class ToDayFilter(ToFilter):
    field_class = DayField


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentFilter(django_filters.Filter):
    field_class = MomentField


class FollowedFilter(django_filters.FilterSet):
    """Of rows that are only ever added: what came after one that is known."""

    after_id = IdFilter("id", least=0, lookup_expr="gt", label=AFTER)


class EventFilter(FollowedFilter):
    """Of what happened, at a moment ``at``."""

    at_from = FromFilter("at")
    at_to = ToFilter("at")


def local_day(text):
    """The farm's day ``YYYY-MM-DD`` as ``(its start, the start of the next)``, aware."""
    try:
        day = parse_date(str(text))
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise ValidationError("A date is YYYY-MM-DD, between 1900 and 2999.")
    zone = timezone.get_current_timezone()
    days = (day, day + timedelta(days=1))
    return tuple(datetime.combine(each, time.min, tzinfo=zone) for each in days)


def moment(text):
    """An aware moment. Raises ValidationError."""
    try:
        value = parse_datetime(LOST_PLUS.sub(r"+\1", str(text)))
    except ValueError:
        value = None
    if value is None or timezone.is_naive(value):
        raise ValidationError("A moment has an offset or Z, as in 2026-03-01T08:30:00+01:00.")
    if value.year not in YEARS or abs(value.utcoffset()) > WIDEST_OFFSET:
        raise ValidationError("A moment lies between 1900 and 2999, its offset within 15:59.")
    return value.astimezone(UTC)
