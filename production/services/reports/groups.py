"""The groups of a report, each made when it is looked at: a page of thousands costs what it has."""

from collections.abc import Sequence
from functools import cached_property
from itertools import groupby


class Groups(Sequence):
    """``make(key, name, rows)`` of each key of ``rows()``, in their order; ``names(keys)`` is
    ``{key: name}``, for as many as are made at once.

    ``page(start, end)`` is, where there is one, the rows of these groups alone, and the number of
    all groups, which is None where there is none of these.
    """

    def __init__(self, rows, *, make, names, page=None):
        self._rows, self._make, self._names, self._page = rows, make, names, page

    def __len__(self):
        return len(self._groups)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return self._made(self._groups[place])
        return self._made([self._groups[place]])[0]

    def __iter__(self):
        return iter(self[:])

    def read(self, start, end, *, is_counted):
        """The groups from ``start`` until before ``end``, with the number of all, or whether there
        are more where they are not counted."""
        rows, count = self._page(start, end) if self._page else ((), None)
        if count is None:
            found, count = self._groups[start:end], len(self)
        else:
            found = _grouped(rows)
        return self._made(found), count if is_counted else count > end

    @cached_property
    def _groups(self):
        return _grouped(self._rows())

    def _made(self, groups):
        names = self._names([key for key, _rows in groups])
        return [self._make(key, names.get(key, key), rows) for key, rows in groups]


def _grouped(rows):
    return [(key, list(found)) for key, found in groupby(rows, key=lambda row: row["key"])]
