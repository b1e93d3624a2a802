"""Filters, ordering and search of the API's lists."""

from django.db.models import F
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter, SearchFilter

from tenants.operations.natural_order import natural
from tenants.operations.searching import require_few, with_days
from tenants.operations.text import one_line


class FilterBackend(DjangoFilterBackend):
    """Makes a filter set, with its form, only where a parameter is one of its filters."""

    def filter_queryset(self, request, queryset, view):
        filterset_class = self.get_filterset_class(view, queryset)
        names = filterset_class.base_filters if filterset_class else {}
        if names.keys().isdisjoint(request.query_params):
            return queryset
        return super().filter_queryset(request, queryset, view)


class BoundedSearch(SearchFilter):
    """``search=petg black``: the rows that contain each word; the number of words is bounded.

    Rows that have a ``matching(word)`` are found as on pages, others by the view's
    ``search_fields``.
    """

    def filter_queryset(self, request, queryset, view):
        if not hasattr(queryset, "matching"):
            return super().filter_queryset(request, queryset, view)
        for word in self.get_search_terms(request):
            queryset = queryset.matching(word)
        return queryset

    def get_search_terms(self, request):
        words = [one_line(word) for word in with_days(super().get_search_terms(request))]
        require_few(words, field=self.search_param)
        return words


class StrictOrdering(OrderingFilter):
    """``ordering=-finished_at,number``: by fields the list names, nulls last, ids to break ties.

    A view's ``ordering_aliases`` are other names for some of them, for expressions, or for several
    of them in a tuple. By one in its ``natural_ordering`` a row that ends in 127 comes before one
    that ends in 1000.
    """

    def remove_invalid_fields(self, queryset, fields, view, request):
        known = {*view.ordering_fields, *_aliases(view)}
        if unknown := [name for name in fields if name.removeprefix("-") not in known]:
            values = {"value": unknown[0][:60], "names": ", ".join(sorted(known))}
            message = _("%(value)s is not one of %(names)s.") % values
            raise ValidationError({self.ordering_param: [message]})
        return fields

    def get_schema_operation_parameters(self, view):
        (ordering,) = super().get_schema_operation_parameters(view)
        fields = ", ".join([*view.ordering_fields, *_aliases(view)])
        description = _("One or several of %(fields)s; a minus before one reverses it.")
        ordering["description"] = description % {"fields": fields}
        return [ordering]

    def filter_queryset(self, request, queryset, view):
        ordering = self.get_ordering(request, queryset, view)
        if not ordering or ordering == self.get_default_ordering(view):
            return queryset
        columns = [
            _directed(column, name, queryset)
            for name in ordering
            for column in _columns(name.removeprefix("-"), view)
        ]
        # In the direction of the last one, so that an index serves both of them.
        return queryset.order_by(*columns, "-pk" if ordering[-1].startswith("-") else "pk")


def _aliases(view):
    return getattr(view, "ordering_aliases", {})


def _columns(name, view):
    if name in getattr(view, "natural_ordering", ()):
        return natural(name)
    columns = _aliases(view).get(name, name)
    columns = columns if isinstance(columns, tuple) else (columns,)
    return [F(column) if isinstance(column, str) else column for column in columns]


def _directed(column, name, rows):
    """On a column that is never null NULLS LAST would keep PostgreSQL from reading an index
    backwards."""
    last = True if _can_be_null(column, rows) else None
    return column.desc(nulls_last=last) if name.startswith("-") else column.asc(nulls_last=last)


def _can_be_null(column, rows):
    if not isinstance(column, F):
        return False
    columns = {field.name: field.null for field in rows.model._meta.concrete_fields}
    return column.name in rows.query.annotations or columns.get(column.name, True)
