"""Paginators for long lists.

What is sorted and skipped are ids: what else a list shows of its rows, from other tables and by
sums, is fetched for those of the page alone. Ids are read in the order of an index, whichever way
the list is sorted, and from the nearer end of the list.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet, Value
from django.db.models.expressions import OrderBy

from tenants.operations.compiled import IDS, IsOneOf
from tenants.operations.either_way import in_one_way, looking_at_each

FAR = 5_000  # rows: to skip more of them, it is worth knowing how many there are in all
NEAR = 1_000  # rows that are looked at one by one before all are looked for


def page_ids(rows, start, end, *, count=None):
    """``(ids, is backwards)``: the ids of the rows from ``start`` to ``end``, a QuerySet or a list.
    With the ``count`` of all rows, those far from the first one are read from the last one."""
    if count is not None and start >= FAR and start > count // 2:
        return _ids(rows, max(count - end, 0), count - start, is_backwards=True), True
    found = _near(rows, end)
    return (_ids(rows, start, end) if found is None else found[start:]), False


def rows_of_page(rows, start, end, *, count=None):
    """These rows as a QuerySet, in their order."""
    ids, _is_backwards = page_ids(rows, start, end, count=count)
    ids = Value(ids, IDS) if isinstance(ids, list) else ArraySubquery(ids)
    return rows.filter(IsOneOf("pk", ids))


def _near(rows, end):
    """The ids of the first rows, if there are so many among the first of all; else None. Where no
    condition is written in two ways, PostgreSQL knows how to find the rows."""
    others = in_one_way(rows) if end <= NEAR else None
    if others is None:
        return None
    first = Q(IsOneOf("pk", ArraySubquery(others.values("pk")[:NEAR])))
    found = list(looking_at_each(rows).filter(first).values_list("pk", flat=True)[:end])
    return found if len(found) == end else None


def _ids(rows, start, end, *, is_backwards=False):
    """An index has its nulls first in descending order. Where they come last, it gives the rows
    with a value, and then those without: two parts, each in its order."""
    if (name := _nulls_apart(rows)) is None:
        rows = rows.reverse() if is_backwards else rows
        return rows.values("pk")[start:end]
    ordered = rows.order_by(F(name).desc(), *rows.query.order_by[1:]).values("pk")
    parts = [ordered.filter(**{f"{name}__isnull": is_null}) for is_null in (False, True)]
    if is_backwards:
        parts = [part.reverse() for part in reversed(parts)]
    first, second = (part[:end] for part in parts)
    return first.union(second, all=True)[start:end]


def _nulls_apart(rows):
    """The name of a column of the rows by which they are sorted before all else, from the highest
    value down and nulls last; None where they are sorted in another way."""
    first = next(iter(rows.query.order_by), None)
    if not (isinstance(first, OrderBy) and first.descending and first.nulls_last):
        return None
    nullable = {field.name for field in rows.model._meta.concrete_fields if field.null}
    is_column = isinstance(first.expression, F) and first.expression.name in nullable
    return first.expression.name if is_column else None


class DeferredPaginator(Paginator):
    """Finds which rows are on a page before it reads them, in one statement, as Django's does."""

    def page(self, number):
        number = self.validate_number(number)
        if not isinstance(self.object_list, QuerySet):
            return super().page(number)
        start = (number - 1) * self.per_page
        end = min(start + self.per_page, self.count)
        rows = rows_of_page(self.object_list, start, end, count=self.count)
        return self._get_page(rows, number, self)


class UncountedPage:
    """A page of a list whose rows nobody counts: one row more is read, to know of the next page."""

    count = num_pages = None

    def __init__(self, number, per_page, *, has_more):
        self.number, self.per_page, self.has_more = number, per_page, has_more
        self.paginator = self

    def has_next(self):
        return self.has_more

    def has_previous(self):
        return self.number > 1

    def next_page_number(self):
        return self.number + 1

    def previous_page_number(self):
        return self.number - 1
