"""The database connections of a web server's process, lent to its threads for a request each.

PostgreSQL keeps for each connection what that has read of a schema, 0.3 to 1 MB of each farm, and
reads it anew on another one, which takes several times as long as a small request. So a host has
one connection, where that is free; while it is not, the last one is for everybody.
"""

import threading
from zlib import crc32


class SharedConnections:
    """As many as there are threads: so there always is a free one. ``make`` makes another."""

    def __init__(self, make, count):
        self._make, self._made = make, [None] * count
        self._lent, self._lock = set(), threading.Lock()

    def borrow(self, host):
        """A connection of which this thread is the only user until it gives it back."""
        with self._lock:
            place = next(each for each in self._places(host) if each not in self._lent)
            self._lent.add(place)
            if self._made[place] is None:
                self._made[place] = self._make()
                self._made[place].inc_thread_sharing()  # one after the other
            return self._made[place]

    def give_back(self, connection):
        if connection.in_atomic_block:  # it was left in the middle of something
            connection.close()
        with self._lock:
            self._lent.discard(self._made.index(connection))

    def _places(self, host):
        """All of them, in the order in which they are looked at for a host."""
        *own, for_all = range(len(self._made))
        first = crc32(host.encode()) % len(own) if own else 0
        return [*own[first : first + 1], for_all, *own]
