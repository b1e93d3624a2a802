"""Rows that are read apart and put together in memory.

Of many rows that refer to few others, each of these is read and made once. ``select_related`` reads
it with every row that refers to it, and ``prefetch_related`` builds a queryset for each row.
"""

from collections import defaultdict


class Rows(list):
    """Rows on the other side of a foreign key, as ``prefetch_related`` leaves them there: ``all()``
    is themselves; there is nothing else to ask of them."""

    def all(self):
        return self


def ids_of(rows, *names):
    """The ids, sorted, that the rows have of others in these foreign keys, such as ``spool_id``."""
    return sorted({getattr(row, name) for row in rows for name in names} - {None})


def by_id(rows):
    return {row.pk: row for row in rows}


def put(rows, name, others):
    """Put the others, ``{id: row}``, where the rows refer to them by the foreign key ``name``; one
    that is not among them is read when it is asked for."""
    attribute = f"{name}_id"
    for row in rows:
        other = others.get(getattr(row, attribute))
        if other is not None:
            row._state.fields_cache[name] = other


def put_many(others, name, rows, *, by):
    """Put under ``name`` of each of the others the rows that refer to it by the foreign key ``by``,
    in their order."""
    found, attribute = defaultdict(Rows), f"{by}_id"
    for row in rows:
        found[getattr(row, attribute)].append(row)
    for other in others:
        mine = found[other.pk]
        other.__dict__.setdefault("_prefetched_objects_cache", {})[name] = mine
        for row in mine:
            row._state.fields_cache[by] = other
