"""What a process remembers of a farm as long as nothing is written, in any farm.

A request reads PostgreSQL's snapshot in the round trip that finds its farm (``find_farm`` of the
database backend). While that is the same, no transaction that may have written has ended: a new
snapshot is never an old one again. So what a request reads after it is right for each later request
that begins with the same one. Who writes has nothing to do, and waits for nobody.
"""

from collections import OrderedDict

from django.db import connection

# After a restart, which may be one from a backup, transactions may have the same numbers again.
SNAPSHOT = "concat_ws(' ', pg_current_snapshot(), pg_postmaster_start_time())"


class Remembered:
    """Values of rows, the last ones of so many keys; each farm has its own. In a transaction there
    are none: what that has done itself is in no snapshot."""

    def __init__(self, most):
        self._most, self._entries = most, OrderedDict()

    def get(self, key):
        """The value, or None where it is not known."""
        snapshot, value = self._entries.get(self._of_farm(key), (None, None))
        return value if snapshot is not None and snapshot == self._snapshot else None

    def put(self, key, value):
        """Remember what was read in this request."""
        if self._snapshot is not None:
            self._entries[self._of_farm(key)] = self._snapshot, value
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)

    def clear(self):
        self._entries.clear()

    @property
    def _snapshot(self):
        return None if connection.in_atomic_block else connection.snapshot

    @staticmethod
    def _of_farm(key):
        return connection.schema_name, key
