"""Whether anybody listens to a farm: asked after every change, so it has to cost nothing.

The process that holds the websockets notes it in memory that workers of the same machine read: a
byte for each farm, in a file beside its socket. What runs elsewhere asks the database from time to
time. Where a change is not announced for that, the process finds it a minute later.
"""

import mmap
import os
import time
import zlib
from pathlib import Path

from django.conf import settings
from django.db import connection

NAME = "listened"  # of the file
SIZE = 4096  # farms that share a byte are announced together
STEP = 10  # seconds between two questions about a farm
# A part of other statements too.
IS_LISTENED = """EXISTS (
    SELECT FROM accounts_socketprocess WHERE seen_at > now() - interval '3 minutes'
)"""

_memory = {}  # by path
_answers = {}  # by schema: when, and the answer


def may_be_there(schema):
    """Whether somebody may listen to the farm that we are in. Raises DatabaseError."""
    noted = _noted()
    if noted is not None and noted[_place_of(schema)]:
        return True
    known_at, is_listened = _answers.get(schema, (-STEP, False))
    now = time.monotonic()
    if now - known_at < STEP:
        return is_listened
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {IS_LISTENED}")
        (is_listened,) = cursor.fetchone()
    _answers[schema] = now, is_listened
    return is_listened


def forget():
    _memory.clear()
    _answers.clear()


class Noted:
    """The memory, as the process writes it."""

    def __init__(self, folder):
        path = Path(folder) / NAME
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, SIZE)
            self._bytes = mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)
        self.set(())

    def set(self, schemas):
        """Note that these are listened to, and no others."""
        places = {_place_of(schema) for schema in schemas}
        for place in range(SIZE):
            is_listened = place in places
            if self._bytes[place] != is_listened:
                self._bytes[place] = is_listened


def _place_of(schema):
    return zlib.crc32(schema.encode()) % SIZE


def _noted():
    path = settings.SOCKETS / NAME
    if path not in _memory:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return None
        try:
            _memory[path] = mmap.mmap(descriptor, SIZE, access=mmap.ACCESS_READ)
        except ValueError:  # it is just being made
            return None
        finally:
            os.close(descriptor)
    return _memory[path]
