"""Requests to a print host, within limits of time, and to an address that may be asked.

Redirects are not followed. An answer may come before all of a body was sent: the rest is not.
"""

import http.client
import select
import socket
import ssl
import time
from contextlib import contextmanager, suppress
from threading import Timer
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson
from django.utils.translation import gettext as _

from production.services.print_hosts.uploads import NotPassedOn
from production.services.printing.addresses import PrinterNotReached, permitted

CONNECT_SECONDS = 10
WAIT_SECONDS = 60  # for the next bytes to be taken, and for the answer
BYTES_PER_SECOND = 200_000  # which each file may take at most, besides
ANSWER_BYTES = 65_536
KINDS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
AGENT = "Spoolbook"
MAX_REASON = 300
AS_THEY_ARE = {409, 413, 415, 422, 507}  # statuses that mean the same to who sent the file
PLAIN = ("text/plain", "application/json", "")


def most_seconds(length):
    """That a request with a body of so many bytes may take."""
    return CONNECT_SECONDS + 2 * WAIT_SECONDS + length / BYTES_PER_SECOND


class HostAnswer(NamedTuple):
    status: int
    headers: object
    content: bytes

    @property
    def data(self):
        """What it says in JSON, or {}."""
        try:
            data = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return {}
        return data if isinstance(data, dict) else {}

    @property
    def reason(self):
        """Why it refuses, in its own words, or ""."""
        data = self.data
        error = data.get("error", data)
        if isinstance(error, dict):
            error = next(filter(None, map(error.get, ("message", "text", "title"))), "")
        is_plain = self.headers.get_content_type() in PLAIN or not self.headers["Content-Type"]
        if not data and is_plain:
            error = self.content.decode("utf-8", "replace")
        return " ".join(str(error or "").split())[:MAX_REASON]


class HostConnection:
    """Speaks to a PrintHost; each request has a connection of its own."""

    def __init__(self, host):
        self.host = host
        self._parts = urlsplit(host.url)
        self._socket = None

    def full_path(self, path):
        """With what stands before the paths of its API."""
        return self._parts.path.rstrip("/") + path

    def ask(self, method, path, headers=None, *, chunks=(), length=0):
        """The HostAnswer to a request with a body of so many bytes. Raises NotPassedOn."""
        seconds = most_seconds(length)
        self._is_sent, self._ends_at = False, time.monotonic() + seconds
        try:
            with self._within(seconds):
                return self._answer(method, path, headers or {}, chunks, length)
        except PrinterNotReached as refusal:
            raise self.failed(refusal.detail) from refusal
        except TimeoutError as error:
            raise self._too_slow() from error
        except (OSError, UnicodeError, ValueError, http.client.HTTPException) as error:
            if time.monotonic() >= self._ends_at:
                raise self._too_slow() from error
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self.failed(reason, may_have_arrived=self._is_sent) from error

    def refused(self, answer):
        """The NotPassedOn for an answer that is none of success."""
        if answer.status in (401, 403):
            return self.failed(_("it does not take the key or password entered for it"))
        if 300 <= answer.status < 400:
            return self.failed(_("it sends the file elsewhere: enter the address of it itself"))
        reason = answer.reason or http.client.responses.get(answer.status, "")
        text = _("%(reason)s (status %(status)s)") % {"reason": reason, "status": answer.status}
        return self.failed(text, status=answer.status if answer.status in AS_THEY_ARE else 502)

    def not_understood(self):
        """The NotPassedOn for an answer of success that is none of the print host's: something
        else may listen there."""
        reason = _("it answers, but not as %(kind)s does: look whether the address is right")
        names = {"kind": self.host.get_kind_display()}
        return self.failed(reason % names, may_have_arrived=True)

    def failed(self, reason, **details):
        """A NotPassedOn with a reason that names no secret."""
        reason = " ".join(str(reason).split())[: 2 * MAX_REASON].rstrip(".")
        if self.host.secret:
            reason = reason.replace(self.host.secret, "***")
        text = _("%(kind)s at %(url)s: %(reason)s.")
        names = {"kind": self.host.get_kind_display(), "url": self.host.url, "reason": reason}
        return NotPassedOn(text % names, **details)

    def _too_slow(self):
        if self._is_sent:
            reason = _("it has all of the file, and does not answer; look whether it took it")
            return self.failed(reason, status=504, may_have_arrived=True)
        return self.failed(_("it takes too long"), status=504)

    def _answer(self, method, path, headers, chunks, length):
        connection = self._connected()
        try:
            skipped = {"skip_host": True, "skip_accept_encoding": True}
            connection.putrequest(method, self.full_path(path), **skipped)
            for name, value in self._headers(headers, length).items():
                connection.putheader(name, value)
            connection.endheaders()
            self._is_sent = self._send(chunks) and length > 0
            response = connection.getresponse()
            return HostAnswer(response.status, response.headers, response.read(ANSWER_BYTES))
        finally:
            connection.close()

    def _headers(self, headers, length):
        always = {"Host": self._parts.netloc, "User-Agent": AGENT, "Accept": "application/json"}
        always |= {"Content-Length": str(length)} if length else {}
        return always | {"Connection": "close"} | headers

    def _send(self, chunks):
        """Until it answers: what refuses a file need not read all of it. True after the last."""
        for chunk in chunks:
            if self._has_answered():
                return False
            try:
                self._socket.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                return False  # there may be an answer
        return True

    def _has_answered(self):
        if isinstance(self._socket, ssl.SSLSocket):  # which gets more than answers
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _connected(self):
        host, kind = self._parts.hostname, KINDS[self._parts.scheme]
        connection = kind(host, self._parts.port)
        address = permitted(host, connection.port)
        self._socket = socket.create_connection((address, connection.port), CONNECT_SECONDS)
        self._socket.settimeout(WAIT_SECONDS)
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        connection.sock = self._socket
        return connection

    @contextmanager
    def _within(self, seconds):
        """A byte now and then keeps a socket from its timeout, but not from this."""
        timer = Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self):
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
