"""Answers of any length, in memory that does not grow with them.

They are written before the first byte is sent: the connection is free by then, and what goes wrong
is still answered as such. Beyond a size they lie in a temporary file.
"""

import zlib
from contextlib import closing
from tempfile import SpooledTemporaryFile

import orjson
from django.http import HttpResponse, StreamingHttpResponse

from production.spoolman import answers

TOTAL = "X-Total-Count"
IN_MEMORY_BYTES = 1024 * 1024
BLOCK = 64 * 1024
GZIP = zlib.MAX_WBITS | 16


def of_rows(request, chunks, shape):
    """A list in JSON, of ``chunks`` of rows. ``shape`` makes what is shown of them, and may keep
    what they have in common in the dict that it is given."""
    total, known, before = 0, {}, b"["
    with closing(chunks), Writer(request) as writer:
        for rows in chunks:
            content = orjson.dumps(shape(rows, known), option=orjson.OPT_UTC_Z)
            writer.write(before + content[1:-1])
            total, before = total + len(rows), b","
        writer.write(b"]" if total else b"[]")
        return writer.answer("application/json", {TOTAL: str(total)})


class Writer:
    """Bytes of an answer, compressed where the client accepts that."""

    def __init__(self, request):
        self._file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed with the answer
        self._length, self._is_sent = 0, False
        self._packer = None
        if answers.accepts_gzip(request):
            self._packer = zlib.compressobj(answers.LEVEL, wbits=GZIP)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if not self._is_sent:
            self._file.close()

    def write(self, content):
        self._add(self._packer.compress(content) if self._packer else content)

    def answer(self, content_type, headers):
        """What was written, as a response."""
        if self._packer:
            self._add(self._packer.flush())
            headers["Content-Encoding"] = "gzip"
        self._file.seek(0)
        headers |= answers.HEADERS
        if self._length <= IN_MEMORY_BYTES:
            return HttpResponse(self._file.read(), content_type, headers=headers)
        headers["Content-Length"] = str(self._length)
        self._is_sent = True
        return StreamingHttpResponse(Blocks(self._file), content_type=content_type, headers=headers)

    def _add(self, content):
        self._file.write(content)
        self._length += len(content)


class Blocks:
    """A file, which is closed with the response."""

    def __init__(self, file):
        self._file = file

    def __iter__(self):
        while block := self._file.read(BLOCK):
            yield block

    def close(self):
        self._file.close()
