"""Requests per minute for throttling, counted in memory shared by the workers of one server.

Gunicorn's arbiter allocates the memory and the workers inherit it. Two increments at the same
instant may count once: a limit of requests need not be exact. Attempts at a password have to be,
and are counted in the database: ``tenants.accounts.attempts``.
"""

import hashlib
import mmap
import struct
import threading
import time

WINDOW_SECONDS = 60
PLACES = 8192
TRIED = 8  # places that a name may be counted at
ENTRY = struct.Struct("<QII")  # whose, in which window, how many


class Counts:
    """Counts of so many names; with more than it has places for, some are not counted."""

    def __init__(self, places=PLACES):
        self._places = places
        self._memory = mmap.mmap(-1, places * ENTRY.size)  # anonymous, and shared by forks
        self._lock = threading.Lock()

    def add(self, name, now=None):
        """Count one more of ``name``; returns how many in this window, and seconds to its end."""
        now = time.time() if now is None else now
        window, passed = divmod(int(now), WINDOW_SECONDS)
        whose = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
        with self._lock:
            count = self._add(whose, window)
        return count, WINDOW_SECONDS - passed

    def clear(self):
        with self._lock:
            self._memory[:] = bytes(len(self._memory))

    def _add(self, whose, window):
        free = None
        for step in range(TRIED):
            at = (whose + step) % self._places * ENTRY.size
            who, when, count = ENTRY.unpack_from(self._memory, at)
            if when != window:
                free = at if free is None else free
            elif who == whose:
                ENTRY.pack_into(self._memory, at, whose, window, count + 1)
                return count + 1
        if free is not None:
            ENTRY.pack_into(self._memory, free, whose, window, 1)
        return 1


counts = Counts()
