"""Filters of lists; an invalid value is 400."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import reduce
from operator import or_

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from tenants.api.fields import WIDEST_OFFSET, MomentField
from tenants.operations.parsing import YEARS, parse_day, parse_decimal
from tenants.operations.text import one_line

DIGITS = re.compile(r"[+-]?[0-9]+")
LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")  # an unescaped + of an offset arrives as a space
AFTER = (
    "Rows that were written after this one. Rows that are written at the same time may become "
    "visible in another order: ask again from some rows before."
)
BIGGEST_ID = 2**63 - 1
ID_SCHEMA = {"type": "integer", "format": "int64", "minimum": 1}


# -- Values of parameters: strict, bounded, and in the farm's calendar


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


# -- Filters


class TextFilter(django_filters.CharFilter):
    field_class = TextParameter


@extend_schema_field(OpenApiTypes.INT64)
class IdFilter(django_filters.Filter):
    field_class = IdParameter

    def __init__(self, *args, least=1, **kwargs):
        super().__init__(*args, min_value=least, max_value=BIGGEST_ID, **kwargs)


class ReferenceFilter(IdFilter):
    """Rows that refer to a row by its id, or by a natural name at a parameter of its own, as bodies
    do: ``spool = ...`` adds ``spool_code``, and takes a code itself where the value is no number;
    ``spool_id`` takes ids alone.

    ``paths`` lead to the row; any of them will do. ``narrow`` filters rows by a condition on their
    lines. A subclass has ``names``, each with its lookup.
    """

    names = {"name": "iexact"}

    def __init__(self, *paths, narrow=None, **kwargs):
        super().__init__(*paths[:1], **kwargs)
        self.paths, self.narrow = paths, narrow or (lambda rows, condition: rows.filter(condition))

    def paired_parameters(self, parameter):
        """``{name: filter}`` of the parameters for names."""
        stem = parameter.removesuffix("_id")
        filters = {f"{stem}_{name}": NameFilter(self, name, parameter) for name in self.names}
        self.paths = self.paths or (parameter,)
        if stem == parameter:
            self.field_class = IdOrNameParameter
            extend_schema_field({"anyOf": [ID_SCHEMA, {"type": "string"}]})(self)
            label = _("The id, or the %(name)s where it is no number")
            self.label = label % {"name": self.name_field}
        message = gettext_lazy("An id is a whole number; a name goes into {parameters} instead.")
        message = format_lazy(message, parameters=", ".join(filters))
        self.extra["error_messages"] = {"invalid": message}
        return filters

    @property
    def name_field(self):
        return next(iter(self.names))

    def filter(self, rows, value):
        if isinstance(value, str):
            return self.filter_by_name(rows, self.name_field, value)
        return rows if value is None else self._filter(rows, self.lookup_id(value))

    def filter_by_name(self, rows, name, value):
        return self._filter(rows, self.lookup(name, value)) if value else rows

    def lookup_id(self, value):
        """The condition, of a path, that the row at its end has an id."""
        return lambda path: Q(**{path: value})

    def lookup(self, name, value):
        """The condition, of a path, that the row at its end has a name."""
        return lambda path: Q(**{f"{path}__{name}__{self.names[name]}": value})

    def _filter(self, rows, condition):
        return self.narrow(rows, reduce(or_, map(condition, self.paths)))


class NameFilter(TextFilter):
    """The rows of a ReferenceFilter, by one of its names."""

    def __init__(self, reference, name, parameter):
        label = _("The %(name)s of what %(parameter)s is the id of")
        super().__init__(label=label % {"name": name, "parameter": parameter})
        self.reference, self.name = reference, name

    def filter(self, rows, value):
        return self.reference.filter_by_name(rows, self.name, value)


class PersonFilter(ReferenceFilter):
    names = {"username": "iexact"}


@extend_schema_field(OpenApiTypes.NUMBER)
class AmountFilter(django_filters.Filter):
    """An amount from 0 up, in grams by default."""

    field_class = AmountParameter

    def __init__(self, *args, digits=14, places=6, **kwargs):
        size = {"max_digits": digits, "decimal_places": places, "min_value": 0}
        super().__init__(*args, **size, **kwargs)


@extend_schema_field(OpenApiTypes.BOOL)
class BooleanFilter(django_filters.Filter):
    field_class = BooleanParameter


class ChoiceFilter(django_filters.ChoiceFilter):
    field_class = ChoiceParameter


class SeveralFilter(django_filters.MultipleChoiceFilter):
    field_class = SeveralParameter


@extend_schema_field(OpenApiTypes.STR)
class MomentAtFilter(django_filters.Filter):
    field_class = MomentAtParameter


@extend_schema_field(OpenApiTypes.STR)
class FromFilter(django_filters.Filter):
    """On or after a date or a moment."""

    field_class = DayOrMomentParameter
    what = gettext_lazy("On or after this day of the farm, or this moment")

    def __init__(self, *args, label=None, **kwargs):
        super().__init__(*args, label=label or self.what, **kwargs)

    def filter(self, qs, value):
        return qs if value is None else qs.filter(**{f"{self.field_name}__gte": value[0]})


@extend_schema_field(OpenApiTypes.STR)
class ToFilter(django_filters.Filter):
    """On or before a date (all of that day) or a moment."""

    field_class = DayOrMomentParameter
    what = gettext_lazy("On or before this day of the farm, or this moment")

    def __init__(self, *args, label=None, **kwargs):
        super().__init__(*args, label=label or self.what, **kwargs)

    def filter(self, qs, value):
        if value is None:
            return qs
        start, end = value
        lookup = "lte" if start == end else "lt"
        return qs.filter(**{f"{self.field_name}__{lookup}": end})


@extend_schema_field(OpenApiTypes.DATE)
class FromDayFilter(FromFilter):
    field_class = DayParameter
    what = gettext_lazy("On or after this day of the farm")


@extend_schema_field(OpenApiTypes.DATE)
class ToDayFilter(ToFilter):
    field_class = DayParameter
    what = gettext_lazy("On or before this day of the farm")


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentFilter(django_filters.Filter):
    field_class = MomentParameter


class FilterSet(django_filters.FilterSet):
    """References add their parameters for names, and a range begins before it ends.

    The filter of a range's end follows the one of its beginning.
    """

    @classmethod
    def get_filters(cls):
        filters = {}
        for parameter, each in super().get_filters().items():
            filters[parameter] = each
            if isinstance(each, ReferenceFilter):
                filters |= each.paired_parameters(parameter)
        return filters

    @classmethod
    def ranges(cls):
        """``[(parameter of the beginning, parameter of the end)]``"""
        kinds = {FromFilter: [], ToFilter: []}
        for name, each in cls.base_filters.items():
            for kind in kinds:
                if isinstance(each, kind):
                    kinds[kind].append(name)
        return list(zip(*kinds.values(), strict=True))

    def get_form_class(self):
        """With labels that begin with the parameter, which is another for each."""
        form = super().get_form_class()
        for parameter, field in form.base_fields.items():
            field.label = _labelled(parameter, self.base_filters[parameter].label, field.label)
        return form

    def is_valid(self):
        if super().is_valid():
            for names in self.ranges():
                self._check_range(*names)
        return super().is_valid()

    def _check_range(self, first, last):
        values, given = self.form.cleaned_data, self.form.data
        if values[first] and values[last] and values[first][0] > last_moment(values[last]):
            message = _("%(first)s %(start)s is after %(last)s %(end)s.") % {
                "first": first,
                "start": given[first],
                "last": last,
                "end": given[last],
            }
            for name in (first, last):
                self.form.add_error(name, message)


def _labelled(parameter, what, of_model):
    name = capfirst(parameter.replace("_", " "))
    if not what:  # as the model spells it: GTIN
        return of_model if (of_model or "").lower() == name.lower() else name
    what = str(what)
    return _("%(name)s: %(what)s") % {"name": name, "what": what[:1].lower() + what[1:]}


class FollowedFilter(FilterSet):
    """For rows that are only ever added: those after a known one."""

    after_id = IdFilter("id", least=0, lookup_expr="gt", label=AFTER)


class EventFilter(FollowedFilter):
    """For events, which happened at a moment ``at``."""

    at_from = FromFilter("at")
    at_to = ToFilter("at")
    by = PersonFilter()
