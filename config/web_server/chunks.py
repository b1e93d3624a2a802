"""A body in chunks, put together as it comes (RFC 9112, 7.1)."""

import re
from enum import Enum, auto

from config.web_server.refusals import BAD_CHUNKS, too_large

END_OF_LINE = b"\r\n"
LINE_BYTES = 256  # before a chunk
TRAILER_BYTES = 8_192  # after the last chunk: nobody reads it
SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")


class Awaited(Enum):
    """The line that comes next."""

    SIZE = auto()
    END_OF_CHUNK = auto()
    TRAILER = auto()


class Chunks:
    """Moves a body of at most ``most`` bytes from what was received into a file."""

    def __init__(self, most):
        self.most, self.size = most, 0
        self._left, self._trailer = 0, 0  # bytes of the chunk, and of the trailer
        self._awaited = Awaited.SIZE

    def take(self, received, file):
        """Move what is there of it; True once it has ended. Raises ServerRefusal, OSError."""
        while True:
            if self._left:
                self._take_data(received, file)
            line = None if self._left else self._next_line(received)
            if line is None:
                return False
            if self._awaited is Awaited.TRAILER and not line:
                return True
            self._read(line)

    def _take_data(self, received, file):
        part = received[: self._left]
        file.write(part)
        del received[: len(part)]
        self._left -= len(part)
        self.size += len(part)

    @staticmethod
    def _next_line(received):
        """What stands before the next end of line; None where that is still to come."""
        place = received.find(END_OF_LINE, 0, LINE_BYTES + len(END_OF_LINE))
        if place < 0:
            if len(received) > LINE_BYTES:
                raise BAD_CHUNKS
            return None
        line = bytes(received[:place])
        del received[: place + len(END_OF_LINE)]
        return line

    def _read(self, line):
        if self._awaited is Awaited.TRAILER:
            self._trailer += len(line)
            if self._trailer > TRAILER_BYTES:
                raise BAD_CHUNKS
        elif self._awaited is Awaited.END_OF_CHUNK:
            if line:
                raise BAD_CHUNKS
            self._awaited = Awaited.SIZE
        else:
            self._begin(line)

    def _begin(self, line):
        found = SIZE.fullmatch(line)
        if not found:
            raise BAD_CHUNKS
        self._left = int(found[1], 16)
        if self.size + self._left > self.most:
            raise too_large(self.most)
        self._awaited = Awaited.END_OF_CHUNK if self._left else Awaited.TRAILER
