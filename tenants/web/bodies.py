"""The body of a request: received as a whole before a view acts, or the request has no effect."""

from io import IOBase

from django.utils.log import log_response
from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid

IN_MEMORY_BYTES = 1_048_576  # of a body; a longer one is stored in a temporary file
CHUNK_BYTES = 65_536


class IncompleteBody(Invalid):
    """A body that ended before its Content-Length."""

    code = "incomplete_body"
    title = "Nothing was changed: the body did not arrive as a whole"


class RequestBody(IOBase):
    """A stream of ``announced`` bytes: any read waits for all of them or raises IncompleteBody.

    They are stored in ``file``, which the caller closes.
    """

    def __init__(self, stream, announced, file):
        self.announced, self.received, self.is_incomplete = announced, 0, False
        self._stream, self._file = stream, file

    def receive(self):
        """Wait until the body is complete. Raises IncompleteBody."""
        if self._stream is not None:
            while chunk := self._next_chunk():
                self._file.write(chunk)
                self.received += len(chunk)
            self._file.seek(0)
            self._stream, self.is_incomplete = None, self.received < self.announced
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

    def _next_chunk(self):
        try:
            return self._stream.read(min(CHUNK_BYTES, self.announced - self.received))
        except OSError:  # the connection was reset, or has timed out
            return b""


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
