"""One websocket: ``websockets`` knows the protocol, the event loop moves the bytes."""

import asyncio

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

HEALTHY = b'{"status":"healthy"}'
PING_SECONDS = 20
SILENT_SECONDS = 60  # after which a client is gone
CLOSE_SECONDS = 5  # for a client to close too
MAX_WAITING_BYTES = 1_048_576  # that a client has not read: it comes back and asks anew
MAX_MESSAGE_BYTES = 65_536
LOST_ACCESS, AGAIN = 1008, 1012  # why a websocket is closed


class Websocket(asyncio.Protocol):
    """Of a farm. ``about`` is what the worker says: see `tenants.web.websockets.give_away`."""

    def __init__(self, farm, about):
        self.farm, self.about = farm, about
        self.topics = {tuple(each) for each in about["topics"]}
        self.is_bare = about["is_bare"]
        self._ws = ServerProtocol(max_size=MAX_MESSAGE_BYTES)
        self._transport = self._due = None
        self._head = about["head"].encode("latin-1")

    def connection_made(self, transport):
        self._transport = transport
        self._heard()
        self._receive(self._head)
        if self._ws.state is State.OPEN:
            self.farm.add(self)

    def data_received(self, data):
        self._heard()
        self._receive(data)

    def eof_received(self):
        self._ws.receive_eof()
        self._flush()

    def connection_lost(self, _error):
        self.farm.remove(self)

    def send(self, frame):
        """Send a frame, made once for all; nothing to a client that does not read."""
        if self._ws.state is not State.OPEN or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self._transport.abort()
            return
        self._transport.write(frame)

    def ping(self, now):
        """Ask whether it is there; one that was silent for too long is not."""
        if now > self._due:
            self._transport.abort()
        elif self._ws.state is State.OPEN:
            self._ws.send_ping(b"")
            self._flush()

    def close(self, code, reason=""):
        """Say why, and be gone when the client has closed too, or does not."""
        if self._ws.state is State.OPEN:
            self._ws.send_close(code, reason)
            self._flush()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)

    def _heard(self):
        self._due = asyncio.get_running_loop().time() + SILENT_SECONDS

    def _receive(self, data):
        if self._transport.is_closing():  # nobody reads an answer any more
            return
        self._ws.receive_data(data)
        for event in self._ws.events_received():
            if isinstance(event, Request):
                self._ws.send_response(self._ws.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.data:
                self._answer()
        self._flush()

    def _answer(self):
        """Clients ask by any text whether all is well."""
        if self._transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self._transport.abort()
            return
        try:
            self._ws.send_text(HEALTHY)
        except InvalidState:  # it is closing
            return

    def _flush(self):
        for data in self._ws.data_to_send():
            if not data:
                self._transport.close()
            elif not self._transport.is_closing():
                self._transport.write(data)


def framed(content):
    """A text as the bytes of a frame."""
    return Frame(Opcode.TEXT, content).serialize(mask=False, extensions=[])
