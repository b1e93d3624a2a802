"""The row that an address names, or 404."""

from contextlib import contextmanager
from functools import cache

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS
from django.http import Http404
from django.utils.translation import gettext as _

from tenants.operations.compiled import ID, CompiledQuery


def find(rows, pk):
    """The one of the rows with this id. Raises Http404."""
    try:
        return rows.get(pk=pk)
    except ObjectDoesNotExist as error:
        raise not_found(rows.model, pk) from error


def row_of_view(view, pk):
    """The same, of the queryset of a class of views: a query that is compiled once."""
    row = _query(view).first(pk=pk)
    if row is None:
        raise not_found(view.queryset.model, pk)
    return row


def reference(model, pk):
    """A row with this id, not read yet: for a verb that locks it before all else, and would read it
    a second time. Where it can't be locked there is none: see `or_404`."""
    return model.from_db(DEFAULT_DB_ALIAS, [model._meta.pk.attname], [int(pk)])


def is_reference(row):
    return row is not None and bool(row.get_deferred_fields())


@contextmanager
def or_404(row, error):
    """Raise Http404 where the block raises the ``error`` of a row that is not there."""
    try:
        yield
    except error as missing:
        raise not_found(type(row), row.pk) from missing


def not_found(model, pk):
    names = {"kind": model._meta.verbose_name, "id": pk}
    return Http404(_("There is no %(kind)s with the id %(id)s.") % names)


@cache
def _query(view):
    rows = view.queryset.order_by()
    return CompiledQuery(lambda pk: rows.filter(pk=pk), {"pk": ID})
