"""What narrows a list: filters whose parameters can't break anything."""

from functools import reduce
from operator import or_

import django_filters
from django import forms
from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from tenants.api.parameters import (
    ChoiceField,
    DayField,
    DayOrMomentField,
    IdField,
    IdOrNameField,
    MomentAtField,
    MomentField,
    SeveralField,
    StrictBooleanField,
    last_moment,
)

AFTER = (
    "Rows that were written after this one. What is written at the same time may be seen in "
    "another order: who follows the list asks again from some rows before."
)
BIGGEST_ID = 2**63 - 1
INT64 = {"type": "integer", "format": "int64"}


@extend_schema_field(OpenApiTypes.INT64)
class IdFilter(django_filters.Filter):
    """Rows that refer to the row of this id."""

    field_class = IdField

    def __init__(self, *args, least=1, **kwargs):
        super().__init__(*args, min_value=least, max_value=BIGGEST_ID, **kwargs)


class ReferenceFilter(IdFilter):
    """Rows that refer to one by its id, or, at parameters of their own, by what it is called: the
    same names beside ids as bodies take. ``spool = ...`` brings ``spool_code``, and takes a code
    itself where it is no number; ``spool_id`` takes ids alone.

    ``paths`` lead to the row; any of several will do. ``narrow`` filters rows by a condition, where
    it is of lines of theirs. A subclass says ``names``, each with how it is looked up.
    """

    names = {"name": "iexact"}

    def __init__(self, *paths, narrow=None, **kwargs):
        super().__init__(*paths[:1], **kwargs)
        self.paths, self.narrow = paths, narrow or (lambda rows, condition: rows.filter(condition))

    def companions(self, parameter):
        """The parameters that come with the one of the id."""
        stem = parameter.removesuffix("_id")
        found = {f"{stem}_{name}": CalledFilter(self, name, parameter) for name in self.names}
        self.paths = self.paths or (parameter,)
        if stem == parameter:
            self.field_class = IdOrNameField
            extend_schema_field({"anyOf": [INT64, {"type": "string"}]})(self)
            self.label = f"The id, or the {next(iter(self.names))} where it is no number"
        self.extra["error_messages"] = {
            "invalid": f"An id is a whole number; {' and '.join(found)} takes what it is called."
        }
        return found

    def filter(self, rows, value):
        if isinstance(value, str):
            return self.called_by(rows, next(iter(self.names)), value)
        return rows if value is None else self.referring(rows, lambda path: Q(**{path: value}))

    def called_by(self, rows, name, value):
        return self.referring(rows, lambda path: self.called(path, name, value)) if value else rows

    def called(self, path, name, value):
        """The condition that what a path leads to is called so."""
        return Q(**{f"{path}__{name}__{self.names[name]}": value})

    def referring(self, rows, condition):
        return self.narrow(rows, reduce(or_, map(condition, self.paths)))


class CalledFilter(django_filters.CharFilter):
    """What a ReferenceFilter looks for, by one of its names."""

    def __init__(self, reference, name, parameter):
        super().__init__(label=f"The {name} of what {parameter} is the id of")
        self.reference, self.name = reference, name

    def filter(self, rows, value):
        return self.reference.called_by(rows, self.name, value)


class OfPerson(ReferenceFilter):
    names = {"username": "iexact"}


@extend_schema_field(OpenApiTypes.NUMBER)
class AmountFilter(django_filters.Filter):
    """An amount from 0 up; grams unless told otherwise."""

    field_class = forms.DecimalField

    def __init__(self, *args, digits=14, places=6, **kwargs):
        size = {"max_digits": digits, "decimal_places": places, "min_value": 0}
        super().__init__(*args, **size, **kwargs)


@extend_schema_field(OpenApiTypes.BOOL)
class BooleanFilter(django_filters.Filter):
    field_class = StrictBooleanField


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of some names."""

    field_class = ChoiceField


class SeveralFilter(django_filters.MultipleChoiceFilter):
    field_class = SeveralField


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


class FilterSet(django_filters.FilterSet):
    """What narrows a list: references bring their names, and a range begins before it ends.

    Each filter of a range's end follows the one of its beginning.
    """

    @classmethod
    def get_filters(cls):
        filters = super().get_filters()
        return {
            name: each
            for parameter, one in filters.items()
            for name, each in ({parameter: one} | _companions(one, parameter)).items()
        }

    @classmethod
    def ranges(cls):
        """``[(parameter of the beginning, parameter of the end)]``"""
        kinds = {FromFilter: [], ToFilter: []}
        for name, each in cls.base_filters.items():
            for kind in kinds:
                if isinstance(each, kind):
                    kinds[kind].append(name)
        return list(zip(*kinds.values(), strict=True))

    def is_valid(self):
        if super().is_valid():
            for names in self.ranges():
                self._refuse_swapped(*names)
        return super().is_valid()

    def _refuse_swapped(self, first, last):
        said = self.form.cleaned_data
        if said[first] and said[last] and said[first][0] > last_moment(said[last]):
            given = self.form.data
            message = f"{first} {given[first]} is after {last} {given[last]}."
            for name in (first, last):
                self.form.add_error(name, message)


def _companions(one, parameter):
    return one.companions(parameter) if isinstance(one, ReferenceFilter) else {}


class FollowedFilter(FilterSet):
    """Of rows that are only ever added: what came after one that is known."""

    after_id = IdFilter("id", least=0, lookup_expr="gt", label=AFTER)


class EventFilter(FollowedFilter):
    """Of what happened, at a moment ``at``."""

    at_from = FromFilter("at")
    at_to = ToFilter("at")
    by = OfPerson()
