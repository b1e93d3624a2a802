"""Reads JSON of a server whose address somebody gives, no more of it than is asked for.

Each address that the host's name stands for has to be public, or one that the installation names;
the connection goes to an address that was looked at. Redirects are not followed.
"""

import base64
import http.client
import re
import socket
import ssl
import time
from contextlib import suppress
from threading import Timer
from urllib.parse import unquote, urlsplit

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from production.spoolman.importing.source import NotReadable, loaded
from tenants.web.outgoing import may_ask

MAX_BYTES = 64 * 1024 * 1024  # of one answer: more than 50,000 spools
CHUNK = 65_536
WAIT_SECONDS = 20  # for the next bytes
SECONDS = 120  # of all answers together
API = "/api/v1"
HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}", re.ASCII)


class Server:
    """``Server("http://192.168.1.5:7912").get("/vendor")``; ``place`` is its name in sentences,
    without a password. Raises NotReadable."""

    def __init__(self, address):
        try:
            parts = urlsplit(address.strip())
            self._port = parts.port
        except ValueError as error:
            raise _no_address(address) from error
        self._scheme, self._host = parts.scheme.lower(), parts.hostname or ""
        if self._scheme not in ("http", "https") or not HOST.fullmatch(self._host):
            raise _no_address(address)
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.place = f"{self._scheme}://{host}" + (f":{self._port}" if self._port else "")
        self._path = _path(parts.path)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        self._headers |= {"User-Agent": "Spoolbook", "Connection": "close"}
        if parts.username or parts.password:
            pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._ends_at, self._socket = time.monotonic() + SECONDS, None

    def get(self, path):
        """What the server answers at a path of its API, as JSON says it."""
        content = self._content(path)
        try:
            return loaded(content)
        except orjson.JSONDecodeError as error:
            raise self._no_json(path, content, error) from error

    def _content(self, path):
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise self._too_slow()
        # A byte now and then keeps a socket from its timeout, but not from this.
        timer = Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            connection = self._connection()
            connection.request("GET", f"{self._path}{API}{path}", headers=self._headers)
            return self._read(connection.getresponse(), path)
        except TimeoutError as error:
            raise self._too_slow() from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() >= self._ends_at:
                raise self._too_slow() from error
            message = _("%(place)s can't be read: %(reason)s.")
            reason = str(error) or type(error).__name__
            raise NotReadable(message % {"place": self.place, "reason": reason[:200]}) from error
        finally:
            timer.cancel()
            if self._socket is not None:
                self._socket.close()

    def _end(self):
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self, answer, path):
        names = {"place": self.place, "path": path, "status": answer.status}
        if 300 <= answer.status < 400:
            message = _(
                "%(place)s sends %(path)s elsewhere (%(status)s): give the address of Spoolman "
                "itself."
            )
            raise NotReadable(message % names)
        if answer.status in (401, 403):
            message = _(
                "%(place)s asks who is there (%(status)s): give a name and a password in the "
                "address, http://name:password@host."
            )
            raise NotReadable(message % names)
        if answer.status != 200:
            message = _("%(place)s answers %(path)s with status %(status)s: is it a Spoolman?")
            raise NotReadable(message % names)
        content = bytearray()
        while chunk := answer.read1(CHUNK):
            content += chunk
            if len(content) > MAX_BYTES:
                message = _("What %(place)s answers at %(path)s is larger than %(most)s MB.")
                raise NotReadable(message % {**names, "most": MAX_BYTES // 1024**2})
            if time.monotonic() >= self._ends_at:
                raise self._too_slow()
        if answer.length:
            message = _("The answer of %(place)s at %(path)s ends in the middle: try again.")
            raise NotReadable(message % names)
        return bytes(content)

    def _connection(self):
        kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        connection = kind[self._scheme](self._host, self._port)
        self._socket = _connected(self._addresses(connection.port))
        if self._scheme == "https":
            context = ssl.create_default_context()
            later = {"do_handshake_on_connect": False}
            self._socket = context.wrap_socket(self._socket, server_hostname=self._host, **later)
            self._socket.do_handshake()
        connection.sock = self._socket
        return connection

    def _addresses(self, port):
        """Raises NotReadable where one of them must not be asked."""
        try:
            found = socket.getaddrinfo(self._host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            message = _("There is no host %(host)s.")
            raise NotReadable(message % {"host": self._host}) from error
        for *_kind, address in found:
            if not may_ask(address[0], settings.SPOOLMAN_NETWORKS):
                message = _(
                    "%(place)s is at the private address %(address)s, which this installation "
                    "does not ask: whoever runs it names its network in "
                    "SPOOLBOOK_SPOOLMAN_NETWORKS. Or import the three files of its export."
                )
                raise NotReadable(message % {"place": self.place, "address": address[0]})
        return found

    def _too_slow(self):
        message = _("%(place)s takes too long: more than %(seconds)s seconds.")
        return NotReadable(message % {"place": self.place, "seconds": SECONDS})

    def _no_json(self, path, content, error):
        names = {"place": self.place, "path": path, "problem": error.msg}
        message = _("What %(place)s answers at %(path)s is not JSON: %(problem)s.")
        if content.lstrip()[:1] == b"<":
            message = _("%(place)s answers %(path)s with a web page: is it a Spoolman?")
        return NotReadable(message % names)


def is_address(place):
    return "://" in place


def _path(path):
    """What stands before the API's own paths: of an address of the API, or of a page, too."""
    path = path.rstrip("/").removesuffix(API)
    if not path.isascii() or re.search(r"[\x00-\x20\x7f]", path):
        raise _no_address(path)
    return path


def _connected(addresses):
    error = OSError("no address")
    for family, kind, protocol, _name, address in addresses:
        found = socket.socket(family, kind, protocol)
        found.settimeout(WAIT_SECONDS)
        try:
            found.connect(address)
        except OSError as failed:
            found.close()
            error = failed
        else:
            return found
    raise error


def _no_address(address):
    message = _("“%(address)s” is no address: like http://192.168.1.5:7912, as in a browser.")
    hidden = re.sub(r"//[^/@]*@", "//***@", address)
    return NotReadable(message % {"address": hidden[:100]})
