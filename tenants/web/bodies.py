"""The body of a request: received as a whole before a view acts, or the request has no effect."""

from contextlib import contextmanager
from io import SEEK_END, IOBase
from tempfile import SpooledTemporaryFile

from django.utils.log import log_response
from django.utils.translation import gettext as _

from tenants.operations.refusals import Busy, Invalid

IN_MEMORY_BYTES = 1_048_576  # of a body; a longer one is stored in a temporary file
CHUNK_BYTES = 65_536


class IncompleteBody(Invalid):
    """A body that ended before its Content-Length."""

    code = "incomplete_body"
    title = "Nothing was changed: the body did not arrive as a whole"


class BodyNotStored(Busy):
    """The disk has no room for it, most times."""

    code = "body_not_stored"
    title = "The request can’t be stored at the moment; try again"


class RequestBody(IOBase):
    """A stream of ``announced`` bytes: any read waits for all of them or raises IncompleteBody.

    They are stored in ``file``, which the caller closes; all that came is there already where
    ``stream`` is None.
    """

    def __init__(self, stream, announced, file):
        self.announced, self.received, self.is_incomplete = announced, 0, False
        self._stream, self._file, self._is_received = stream, file, False

    def receive(self):
        """Wait until the body is complete. Raises IncompleteBody, BodyNotStored."""
        if not self._is_received:
            if self._stream is not None:
                self._store()
            self.received = self._file.seek(0, SEEK_END)
            self._file.seek(0)
            self._is_received, self.is_incomplete = True, self.received < self.announced
        if self.is_incomplete:
            numbers = {"announced_bytes": self.announced, "received_bytes": self.received}
            detail = _("%(received_bytes)s of %(announced_bytes)s bytes arrived: send it again.")
            raise IncompleteBody(detail % numbers, **numbers)

    def read(self, *size):
        self.receive()
        return self._file.read(*size)

    def read_again(self):
        """All of it, from its beginning."""
        self._file.seek(0)
        return self._file.read()

    def stored(self):
        """The file with all of it. Raises IncompleteBody, BodyNotStored."""
        self.receive()
        self._file.seek(0)
        return self._file

    def _store(self):
        missing = self.announced
        while chunk := self._next_chunk(missing):
            try:
                self._file.write(chunk)
            except OSError as error:
                raise BodyNotStored from error
            missing -= len(chunk)

    def _next_chunk(self, missing):
        try:
            return self._stream.read(min(CHUNK_BYTES, missing))
        except OSError:  # the connection was reset, or has timed out
            return b""


@contextmanager
def incoming(request, announced):
    """The body of a request. Our web server has stored it, and closes its file."""
    given = request.environ.get("wsgi.input")
    if isinstance(given, SpooledTemporaryFile):
        yield RequestBody(None, announced, given)
        return
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        yield RequestBody(request._stream, announced, file)


def receive_body(request):
    """Wait for the body of a request that came through the middleware. Raises IncompleteBody."""
    if body := getattr(request, "incoming_body", None):
        body.receive()


def end_incomplete(request, response):
    """Log that the body was incomplete; close the connection, where the server lets us."""
    body, line = request.incoming_body, "Incomplete body: %s of %s bytes arrived for %s %s"
    figures = (body.received, body.announced, request.method, request.path)
    log_response(line, *figures, request=request, response=response)
    # WSGI has no way to ask for this; config/gunicorn.conf.py adds one.
    if close := getattr(request.environ["wsgi.input"], "force_close", None):
        close()
