"""A connection: what it has received, the request in that, and until when it may go on."""

import enum
import time
from contextlib import suppress
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from urllib.parse import unquote

from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from config.web_server.answers import Outgoing
from config.web_server.chunks import Chunks
from tenants.web import limits

HEAD_BYTES = 65_536
IN_MEMORY_BYTES = 1_048_576  # of a body; a longer one is received into a temporary file
BYTES_PER_SECOND = 10_000  # of a body or an answer: each puts its deadline off
END_OF_HEAD = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CREDENTIALS = {name.upper() for name in limits.CREDENTIALS}
FRAMING = ("TRANSFER-ENCODING", "CONTENT-LENGTH")


class State(enum.Enum):
    """What a connection waits for."""

    REQUEST = "the first byte of a request"
    HEAD = "the rest of its head"
    BODY = "the rest of its body"
    ANSWER = "the application"
    CLIENT = "the client, which takes the answer"
    CLOSE = "the client, which closes"


SECONDS = {State.HEAD: 10, State.BODY: 20, State.CLIENT: 20, State.CLOSE: 2}


class HeadTooLarge(Exception):
    """The head has no end within HEAD_BYTES."""


class BodyToCome:
    """Stands for a body that is received once the application asks for it. Raises BodyAwaited."""

    def read(self, *_size):
        raise limits.BodyAwaited

    readline = readlines = __iter__ = read


class Connection:
    """One client's; gunicorn takes it for its own TConn, and for the parser of that."""

    is_http2, initialized, data_ready = False, True, True  # to gunicorn: nothing to wait for

    def __init__(self, cfg, sock, client, server):
        sock.setblocking(False)
        self.cfg, self.client, self.server = cfg, client, server
        self.received = bytearray()  # beyond the body of the request
        self.socket, self.sock = sock, Outgoing(sock, self.received)
        self.requests = 0
        self.state, self.due, self.watched = State.REQUEST, None, None
        self.latest = self.moved_at = None
        self.forget_request()

    def forget_request(self):
        """The next request may begin."""
        self.discard_body()
        self.request = self.error = self.body = None
        self.length = self.missing = 0  # bytes of the body; in chunks, the most that it may be
        self.chunks, self.counted = None, 0  # of a body in chunks; bytes that put its deadline off
        self.held, self.held_in = 0, None  # bytes that wait in memory or in a file, and their total
        self.farm, self.is_long, self.is_reusable = "", False, False
        self.expects_continue, self.is_body_wanted = False, False  # the body

    def discard_body(self):
        """Give back the memory or the file of the body."""
        if getattr(self, "body", None):
            with suppress(OSError):  # a full disk, on which the rest of it should have been written
                self.body.close()

    # --- Deadlines -------------------------------------------------------------------------------

    def wait_for(self, state, now, seconds=None):
        """Wait until a deadline, of SECONDS unless given."""
        seconds = SECONDS.get(state) if seconds is None else seconds
        self.state, self.due = state, None if seconds is None else now + seconds
        self.latest, self.moved_at = self.due, now

    def extend(self, count, now):
        """So many bytes were received or taken. Who stops for the seconds of the state is late,
        however much came before."""
        self.latest += count / BYTES_PER_SECOND
        self.due, self.moved_at = min(self.latest, now + SECONDS[self.state]), now

    # --- Receiving -------------------------------------------------------------------------------

    def advance(self, **most):
        """Make a request of what was received: True once it can be served. That is when all of it
        is there, or when its head alone has it refused.

        ``most`` are the longest bodies, as of ``limits.max_body_bytes``. Raises HeadTooLarge;
        ServerRefusal for a body in chunks; OSError where a body can't be stored.
        """
        if self.body is None and not self._take_head(most):
            return False
        if self.chunks:
            if self.is_body_wanted and self.chunks.take(self.received, self.body):
                self.missing = 0
                self._say_length(self.chunks.size)
        elif self.missing and self.received:
            part = self.received[: self.missing]
            self.body.write(part)
            self.missing -= len(part)
            del self.received[: len(part)]
        if not self.missing and self.length > IN_MEMORY_BYTES:
            self.body.flush()  # while a full disk can still be answered
        return not self.missing

    def end_early(self):
        """Nothing more comes: True where the application has to answer half a body."""
        if self.request is None:
            return False
        self.missing = 0
        self.request.force_close()
        return True

    @property
    def is_unknown(self):
        """Whether who sends a long body is still to be found out: most of it is to come."""
        return self.missing > 0 and not self.is_body_wanted and self.length > limits.UNKNOWN_BYTES

    @property
    def is_file(self):
        return limits.takes_files(self.request.method, self.path)

    @property
    def came(self):
        """Bytes of the body that were received."""
        return self.chunks.size if self.chunks else self.length - self.missing

    def count(self):
        """Bytes of the body that were received since this was asked last."""
        before, self.counted = self.counted, self.came
        return self.came - before

    def put_off_body(self):
        """Let the application answer by the head alone, or ask for the body."""
        self.request.body = BodyToCome()
        self.request.force_close()

    def ask_for_body(self):
        self.is_body_wanted = True
        self.request.body, self.request.must_close = self.body, False
        self.body.seek(0, SEEK_END)
        if self.expects_continue:
            self.sock.sendall(CONTINUE)

    def every(self, name):
        """A header that may come more than once, as the application gets it."""
        return ",".join(value for key, value in self.request.headers if key == name)

    def header(self, name):
        return next((value for key, value in self.request.headers if key == name), "")

    @property
    def path(self):
        return unquote(self.request.path)

    def _take_head(self, most):
        end = self.received.find(END_OF_HEAD)
        if end < 0:
            if len(self.received) > HEAD_BYTES:
                raise HeadTooLarge
            return False
        head = bytes(self.received[: end + len(END_OF_HEAD)])
        del self.received[: len(head)]
        self.requests += 1
        self.sock.received_at = time.time()
        self.body = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed with the request
        try:
            self.request = Request(self.cfg, IterUnreader([head]), self.client, self.requests)
        except Exception as error:  # gunicorn answers it
            self.error = error
        else:
            self._expect_body(most)
        return True

    def _expect_body(self, most):
        """Find out what comes after the head. A body that is too long is not received, and one in
        chunks only if it may be a file: the application refuses it by the head, and the connection
        ends."""
        request = self.request
        length = getattr(request.body.reader, "length", None)  # None: in chunks
        is_known = any(name in CREDENTIALS and value for name, value in request.headers)
        most = limits.max_body_bytes(request.method, self.path, is_known=is_known, **most)
        request.body = self.body
        if length is None and self._is_in_chunks_only() and most > limits.UNKNOWN_BYTES:
            self.chunks, length = Chunks(most), most
            self._say_length(most)
        if length is None or length > most:
            request.force_close()
        else:
            self.length = self.missing = length
            self.expects_continue = request._expected_100_continue and length > len(self.received)
            if length <= limits.UNKNOWN_BYTES:
                self.ask_for_body()
        request._expected_100_continue = False  # gunicorn would answer it again

    def _is_in_chunks_only(self):
        """Whether a body without a length can be received: a file, in chunks and not compressed."""
        is_plain = self.every("TRANSFER-ENCODING").strip().lower() == "chunked"
        return is_plain and limits.takes_files(self.request.method, self.path)

    def _say_length(self, length):
        """Let the application see a body in chunks as one of a length."""
        headers = [each for each in self.request.headers if each[0] not in FRAMING]
        self.request.headers = [*headers, ("CONTENT-LENGTH", str(length))]
        self.length = length

    # --- What gunicorn calls on its connection, and on the parser of that ------------------------

    def init(self):
        """There is no TLS to begin with."""

    @property
    def parser(self):
        return self

    def __next__(self):
        self.body.seek(0)
        if self.error:
            raise self.error
        return self.request

    def finish_body(self, deadline):
        """Whether the next request can follow: nothing of this one is left to read."""
        return True
