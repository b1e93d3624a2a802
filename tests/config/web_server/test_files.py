"""Sliced files: longer than other bodies, in chunks too, and not too many at once."""

import json
import socket
from contextlib import ExitStack
from io import BytesIO

import pytest

from config.web_server import connections
from config.web_server.chunks import Chunks
from config.web_server.refusals import ServerRefusal
from tests.config.web_server.workers import answers_to, echo, eventually, everything, post, working

FILES = b"POST /api/v1/sliced-files/ "


@pytest.fixture(autouse=True)
def small(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50_000
    settings.MAX_FILE_BYTES = 3_000_000
    settings.FARM_FILE_BYTES = 4_000_000


def file(body, announced=None):
    return post(body, announced).replace(b"POST / ", FILES)


def in_chunks(*chunks, more="Authorization: Token x\r\n", coding="chunked"):
    head = f"Host: north\r\nTransfer-Encoding: {coding}\r\n{more}\r\n".encode()
    parts = [b"%x\r\n%b\r\n" % (len(each), each) for each in chunks]
    return FILES + b"HTTP/1.1\r\n" + head + b"".join(parts) + b"0\r\n\r\n"


def problem(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return json.loads(body) | {"status": int(head.split()[1])}


def reading(environ, start_response):
    """Answers with the length that was announced, and with that which has come."""
    size = len(environ["wsgi.input"].read())
    body = f"{environ.get('CONTENT_LENGTH')} {size} {environ.get('HTTP_TRANSFER_ENCODING')}"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body.encode()]


def test_only_a_file_may_be_longer_than_other_bodies():
    body = b"0123456789" * 100_000
    with working(echo) as served:
        assert answers_to(served, file(body)).endswith(body)
        assert b"Content-Length: 0\r\n" in answers_to(served, post(body))
        assert b"Content-Length: 0\r\n" in answers_to(served, file(b"x", 3_000_001))


@pytest.mark.parametrize("chunks", [[b"abc"], [b"a", b"\r\n", b"c" * 300_000], [b"x" * 65_535] * 9])
def test_a_file_in_chunks_is_received_as_one_of_its_length(chunks):
    body = b"".join(chunks)
    with working(reading) as served:
        received = answers_to(served, in_chunks(*chunks) * 2)
    assert received.count(f"\r\n\r\n{len(body)} {len(body)} None".encode()) == 2


def test_a_file_in_chunks_is_asked_for_and_comes_byte_by_byte():
    sent = in_chunks(b"abc", b"defg", more="Authorization: Token x\r\nExpect: 100-continue\r\n")
    head, _, body = sent.partition(b"\r\n\r\n")
    with working(echo) as served, served.connect() as sock:
        sock.sendall(head + b"\r\n\r\n")
        assert sock.recv(100) == connections.CONTINUE
        for byte in body:
            sock.sendall(bytes([byte]))
        sock.shutdown(socket.SHUT_WR)
        assert everything(sock).endswith(b"\r\n\r\nabcdefg")


def test_a_file_in_chunks_that_gets_too_long_is_refused_while_it_comes():
    with working(echo) as served, served.connect() as sock:
        sock.sendall(in_chunks(*[b"x" * 1_000_000] * 3)[:-5] + b"1\r\n")
        found = problem(everything(sock))
        assert (found["status"], found["code"], found["limit_bytes"]) == (413, "too_large", 3000000)
        assert served.file_bytes["north"] == served.file_bytes[""] == 0


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"g\r\nabc\r\n0\r\n\r\n", id="a size that is no number"),
        pytest.param(b"-1\r\nabc\r\n0\r\n\r\n", id="a negative size"),
        pytest.param(b"0x3\r\nabc\r\n0\r\n\r\n", id="a prefix"),
        pytest.param(b"3\r\nabcd\r\n0\r\n\r\n", id="more than its size"),
        pytest.param(b"3" + b" " * 300, id="a long line"),
        pytest.param(b"3;\x00\r\nabc\r\n0\r\n\r\n", id="NUL in an extension"),
        pytest.param(b"0\r\n" + b"a: b\r\n" * 9_000 + b"\r\n", id="a long trailer"),
        pytest.param(b"\r\n", id="no size"),
        pytest.param(b"f" * 15 + b"\r\n", id="a size beyond all limits"),
    ],
)
def test_chunks_that_can_not_be_read_are_refused(sent):
    with pytest.raises(ServerRefusal) as refused, open("/dev/null", "wb") as file:
        Chunks(1000).take(bytearray(sent), file)
    assert refused.value.status in (400, 413)


def test_chunks_may_have_extensions_and_a_trailer_and_what_follows_stays():
    received, file = bytearray(b'3;a="b"\r\nabc\r\n0;x\r\nA: b\r\n\r\nGET /'), BytesIO()
    assert Chunks(1000).take(received, file)
    assert (file.getvalue(), bytes(received)) == (b"abc", b"GET /")


def test_a_file_in_chunks_without_an_end_and_a_compressed_one_are_refused():
    with working(reading) as served:
        cut = problem(answers_to(served, in_chunks(b"abc")[:-2]))
        assert (cut["status"], cut["code"]) == (400, "incomplete_body")
        for sent in (in_chunks(b"abc", coding="gzip, chunked"), in_chunks(b"abc", more="")):
            assert answers_to(served, sent).endswith(b"hunked")  # the application refuses it


def test_a_farm_s_files_have_so_many_bytes_together_and_one_has_room_always(settings):
    """They count as they are announced; those that stand still give way."""
    with working(echo) as served, ExitStack() as stack:
        first, second, third = (stack.enter_context(served.connect()) for _ in range(3))
        first.sendall(file(b"x" * 20_000, 3_000_000))
        eventually(lambda: served.file_bytes[""] == 3_000_000)
        second.sendall(file(b"x" * 20_000, 2_000_000))
        found = problem(everything(second))
        assert (found["status"], found["code"]) == (503, "files_full")
        assert answers_to(served, post(b"abc")).endswith(b"abc")
        assert answers_to(served, file(b"x" * 1_000_000)).endswith(b"x")
        served.let_pass(2)
        third.sendall(file(b"x" * 20_000, 2_000_000))
        assert problem(everything(first))["code"] == "files_full"
        eventually(lambda: served.file_bytes[""] == 2_000_000)
    settings.FARM_FILE_BYTES = 1000
    with working(echo) as served:
        assert answers_to(served, file(b"x" * 1_000_000)).endswith(b"x")
        assert served.file_bytes[""] == 0


def test_a_disk_that_is_full_at_the_end_is_a_503_and_the_file_is_gone(monkeypatch):
    closed = []

    class Full(connections.SpooledTemporaryFile):
        def flush(self):
            raise OSError(28, "No space left on device")

        def close(self):
            closed.append(self)
            super().close()
            raise OSError(28, "No space left on device")

    body = b"x" * 1_500_000
    with working(echo) as served:
        monkeypatch.setattr(connections, "SpooledTemporaryFile", Full)
        found = problem(answers_to(served, file(body)))
        assert (found["status"], found["code"]) == (503, "server_full")
        assert closed
        monkeypatch.undo()
        assert answers_to(served, file(body)).endswith(b"x")


def test_a_long_file_takes_a_turn_among_long_requests():
    with working(echo) as served:
        lengths, add = [], served.shares.add
        served.shares.add = lambda conn: (lengths.append(conn.is_long), add(conn))
        answers_to(served, file(b"x" * 300_000))
        answers_to(served, file(b"x" * 10_000))
    assert lengths == [False, True, False]  # the first is asked for after its head
