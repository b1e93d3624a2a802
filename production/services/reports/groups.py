"""The groups of a report, each made when it is looked at: a page of thousands costs what it has."""

from collections.abc import Sequence
from itertools import groupby


class Groups(Sequence):
    """``make(key, name, rows)`` of each key of the rows, in their order; ``names(keys)`` is
    ``{key: name}``, for as many as are made at once."""

    def __init__(self, rows, *, make, names):
        found = groupby(rows, key=lambda row: row["key"])
        self._groups = [(key, list(of_key)) for key, of_key in found]
        self._make, self._names = make, names

    def __len__(self):
        return len(self._groups)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return self._made(self._groups[place])
        return self._made([self._groups[place]])[0]

    def __iter__(self):
        return iter(self[:])

    def _made(self, groups):
        names = self._names([key for key, _rows in groups])
        return [self._make(key, names.get(key, key), rows) for key, rows in groups]
