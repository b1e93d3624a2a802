"""Filters of lists; an invalid value is 400."""

from functools import reduce
from operator import or_

import django_filters
from django.db.models import Q
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from tenants.api.parameters import (
    AmountParameter,
    BooleanParameter,
    ChoiceParameter,
    DayOrMomentParameter,
    DayParameter,
    IdOrNameParameter,
    IdParameter,
    MomentAtParameter,
    MomentParameter,
    SeveralParameter,
    TextParameter,
    last_moment,
)

AFTER = (
    "Rows that were written after this one. Rows that are written at the same time may become "
    "visible in another order: ask again from some rows before."
)
BIGGEST_ID = 2**63 - 1
ID_SCHEMA = {"type": "integer", "format": "int64", "minimum": 1}


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

    ``paths`` lead to the row; any of them will do. ``narrow`` filters rows by conditions on their
    lines, of which one has to be fulfilled. A subclass has ``names``, each with its lookup, and
    may have the model ``referred`` to.
    """

    names = {"name": "iexact"}
    referred = None

    def __init__(self, *paths, narrow=None, **kwargs):
        super().__init__(*paths[:1], **kwargs)
        self.paths, self.narrow = paths, narrow or _with_any

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
        return self._filter(rows, self.lookup(rows, name, value)) if value else rows

    def lookup_id(self, value):
        """The condition, of a path, that the row at its end has an id."""
        return lambda path: Q(**{path: value})

    def lookup(self, rows, name, value):
        """The condition, of a path, that the row at its end has a name. Their ids are read before:
        so that PostgreSQL knows how many rows there are of each."""
        model = self.referred or _model_at(rows.model, self.paths[0])
        named = model._base_manager.filter(**{f"{name}__{self.names[name]}": value})
        ids = list(named.order_by("pk").values_list("pk", flat=True))
        return lambda path: Q(**{f"{path}__in": ids})

    def _filter(self, rows, condition):
        return self.narrow(rows, *map(condition, self.paths))


def _model_at(model, path):
    for step in path.split("__"):
        model = model._meta.get_field(step).related_model
    return model


def _with_any(rows, *conditions):
    return rows.filter(reduce(or_, conditions))


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
    """Of a column of the rows themselves: none is found twice."""

    field_class = SeveralParameter

    def __init__(self, *args, **kwargs):
        super().__init__(*args, distinct=False, **kwargs)


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
