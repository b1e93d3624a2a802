"""The row that an address names, or 404."""

from functools import cache

from django.core.exceptions import ObjectDoesNotExist
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


def not_found(model, pk):
    names = {"kind": model._meta.verbose_name, "id": pk}
    return Http404(_("There is no %(kind)s with the id %(id)s.") % names)


@cache
def _query(view):
    rows = view.queryset.order_by()
    return CompiledQuery(lambda pk: rows.filter(pk=pk), {"pk": ID})
