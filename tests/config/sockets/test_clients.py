"""One websocket, without a network."""

import asyncio
from types import SimpleNamespace

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from config.sockets import clients
from config.sockets.clients import MAX_WAITING_BYTES, SILENT_SECONDS, Websocket, framed


class Transport:
    """What was written, and how it ended."""

    def __init__(self):
        self.written, self.waiting, self.ended = [], 0, ""
        self.is_lost = False

    def is_closing(self):
        return self.is_lost or bool(self.ended)

    def write(self, data):
        assert not self.is_lost  # asyncio logs each as a warning
        self.written.append(bytes(data))

    def get_write_buffer_size(self):
        return self.waiting

    def close(self):
        self.ended = self.ended or "closed"

    def abort(self):
        self.ended = self.ended or "aborted"


class Other:
    """A websocket with the other side of it: what it was told is in ``heard``."""

    def __init__(self, *, key=True):
        self.peer = ClientProtocol(parse_uri("ws://farm.localhost/"))
        self.peer.send_request(self.peer.connect())
        head = b"".join(self.peer.data_to_send()).decode()
        if not key:
            head = head.replace("Sec-WebSocket-Key", "X-Key")
        self.farm = SimpleNamespace(clients=[], removed=[])
        farm = SimpleNamespace(add=self.farm.clients.append, remove=self.farm.removed.append)
        about = {"topics": [["spool"]], "is_bare": False, "head": head}
        self.client, self.transport = Websocket(farm, about), Transport()
        self.client.connection_made(self.transport)
        if key:
            assert self.heard == []

    @property
    def heard(self):
        for data in self.transport.written:
            self.peer.receive_data(data)
        self.transport.written.clear()
        events = [each for each in self.peer.events_received() if isinstance(each, Frame)]
        return [(each.opcode, bytes(each.data)) for each in events]

    def say(self, send, *args):
        getattr(self.peer, send)(*args)
        self.client.data_received(b"".join(self.peer.data_to_send()))


def in_loop(test):
    def run():
        async def work():
            test()

        asyncio.run(work())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@in_loop
def test_it_is_open_once_hands_were_shaken():
    other = Other()
    assert other.heard == []
    assert other.farm.clients == [other.client]
    assert other.client.topics == {("spool",)}


@in_loop
def test_a_handshake_that_is_none_opens_nothing():
    other = Other(key=False)
    assert other.transport.written[0].startswith(b"HTTP/1.1 400")
    assert other.transport.ended == "closed"
    assert other.farm.clients == []


@in_loop
def test_any_text_is_answered_and_nothing_else():
    other = Other()
    other.say("send_text", b"how are you?")
    assert other.heard == [(Opcode.TEXT, clients.HEALTHY)]
    other.say("send_text", b"")
    other.say("send_binary", b"x")
    assert other.heard == []


@in_loop
def test_a_ping_is_answered():
    other = Other()
    other.say("send_ping", b"there?")
    assert other.heard == [(Opcode.PONG, b"there?")]


@in_loop
def test_it_is_told_a_frame_as_it_is():
    other = Other()
    other.client.send(framed(b'{"type":"added"}'))
    assert other.heard == [(Opcode.TEXT, b'{"type":"added"}')]


@in_loop
def test_it_is_asked_whether_it_is_there_and_is_gone_when_it_is_silent():
    other, now = Other(), asyncio.get_running_loop().time()
    other.client.ping(now + SILENT_SECONDS - 1)
    assert other.heard == [(Opcode.PING, b"")]
    assert not other.transport.ended
    other.client.ping(now + SILENT_SECONDS + 1)
    assert other.transport.ended == "aborted"


@pytest.mark.parametrize("how", ["send", "answer"])
def test_what_is_not_read_ends_it(how):
    @in_loop
    def test():
        other = Other()
        other.transport.waiting = MAX_WAITING_BYTES + 1
        if how == "send":
            other.client.send(framed(b"{}"))
        else:
            other.say("send_text", b"x")
        assert other.transport.ended == "aborted"

    test()


@in_loop
def test_what_still_comes_is_not_answered_once_the_connection_is_lost():
    other = Other()
    other.transport.is_lost = True
    for _ in range(3):
        other.say("send_text", b"x")
        other.say("send_ping", b"x")
    other.client.send(framed(b"{}"))
    other.client.ping(asyncio.get_running_loop().time())
    other.client.close(1012)
    assert other.transport.written == []


@in_loop
def test_answers_end_with_the_connection():
    other = Other()
    for _ in range(3):
        other.peer.send_text(b"x")
    frames = b"".join(other.peer.data_to_send())

    def lose(data):
        Transport.write(other.transport, data)
        other.transport.is_lost = True

    other.transport.write = lose
    other.client.data_received(frames)
    assert len(other.transport.written) == 1


@in_loop
def test_a_long_message_ends_it():
    other = Other()
    other.say("send_text", b"x" * (clients.MAX_MESSAGE_BYTES + 1))
    [(opcode, reason)] = other.heard
    assert opcode is Opcode.CLOSE
    assert reason.startswith((1009).to_bytes(2, "big"))


def test_it_is_closed_with_a_reason_and_gone_if_the_client_does_not_close(monkeypatch):
    monkeypatch.setattr(clients, "CLOSE_SECONDS", 0)

    async def work():
        other = Other()
        other.client.close(1012, "Read all anew.")
        assert other.heard == [(Opcode.CLOSE, (1012).to_bytes(2, "big") + b"Read all anew.")]
        other.client.send(framed(b"{}"))
        assert other.heard == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert other.transport.ended == "aborted"

    asyncio.run(work())


@in_loop
def test_who_closes_is_let_go():
    other = Other()
    other.say("send_close", 1000, "")
    assert [opcode for opcode, _data in other.heard] == [Opcode.CLOSE]
    assert other.transport.ended == "closed"
    other.client.connection_lost(None)
    assert other.farm.removed == [other.client]
