"""Conditions on rows of other tables, in two ways that find the same rows.

Looked at one by one, a row costs the same whatever the table has; found at once, by an index, all
rows of a condition cost as much as there are. What is right for a page depends on how many rows
there are, and where: the newest rows are looked at one by one, and where they are not enough for
the page, its rows are found at once (``tenants.web.pagination``).
"""

from functools import reduce
from operator import or_

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q

from tenants.operations.compiled import IsOneOf


class EitherWay(Func):
    """``one_by_one`` where a queryset `looks_at_each`, else ``at_once``."""

    output_field = models.BooleanField()

    def __init__(self, one_by_one, at_once):
        super().__init__(one_by_one, at_once)

    def as_sql(self, compiler, connection):
        one_by_one, at_once = self.get_source_expressions()
        looks_at_each = getattr(compiler.query, "looks_at_each", False)
        sql, params = compiler.compile(one_by_one if looks_at_each else at_once)
        return f"({sql})", params


def looking_at_each(rows):
    """The same rows, by conditions that look at them one by one."""
    rows = rows.all()
    rows.query.looks_at_each = True
    return rows


def in_one_way(rows):
    """The rows without their conditions that are written in two ways; None where there are none."""
    found = rows.all()
    where = found.query.where
    where.children = [each for each in where.children if not _has_two_ways(each)]
    return None if len(where.children) == len(rows.query.where.children) else found


def _has_two_ways(node):
    if isinstance(node, EitherWay):
        return True
    below = getattr(node, "children", None)
    if below is None:
        below = node.get_source_expressions() if hasattr(node, "get_source_expressions") else ()
    return any(map(_has_two_ways, below))


def has_line(*lines, parent):
    """The condition of rows that are the ``parent`` of one of the ``lines``: QuerySets."""
    return either(
        *(
            (Exists(_plain(each).filter(**{parent: OuterRef("pk")})), _plain(each).values(parent))
            for each in lines
        )
    )


def is_one_of(rows, *conditions, **related):
    """The condition of ``rows`` that fulfil one of the conditions, or refer by the field of a name
    to one of the rows of a QuerySet."""
    found = [_plain(rows).filter(each) for each in conditions]  # columns of a join may be called so
    ways = [(Exists(each.filter(pk=OuterRef("pk"))), each.values("pk")) for each in found]
    for name, found in related.items():
        is_there = Exists(_plain(found).filter(pk=OuterRef(name)))
        ids = _plain(rows).filter(**{f"{name}__in": _plain(found).values("pk")}).values("pk")
        ways.append((is_there, ids))
    return either(*ways)


def either(*ways):
    """The condition of ``(condition, QuerySet of ids)``, that find the same rows: any of these."""
    one_by_one = reduce(or_, (Q(condition) for condition, _ in ways))
    first, *others = [ids for _, ids in ways]
    ids = first.union(*others, all=True) if others else first
    # Of an array PostgreSQL takes a few rows for granted, and reads no others.
    return Q(EitherWay(one_by_one, IsOneOf("pk", ArraySubquery(ids))))


def _plain(rows):
    return rows.order_by()
