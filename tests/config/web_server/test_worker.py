"""The worker with slow, half and hostile clients: applications of the test's own, no database."""

import json
import socket
import threading
import time
from contextlib import ExitStack

import gunicorn
import pytest

from config.web_server import answers, connections, worker
from tests.config.web_server.workers import (
    CLOSE,
    answers_to,
    echo,
    eventually,
    everything,
    post,
    working,
)

GET = b"GET / HTTP/1.1\r\nHost: north\r\n\r\n"


def large(size):
    def application(environ, start_response):
        start_response("200 OK", [])
        for _ in range(size // 100_000):
            yield b"x" * 100_000

    return application


# --- Framing -------------------------------------------------------------------------------------


def test_requests_of_one_connection_are_answered_one_after_the_other():
    with working(echo) as served:
        sent = post(b"one") + post(b"") + post(b"two" * 50_000) + CLOSE
        received = answers_to(served, sent)
        assert received.count(b"HTTP/1.1 200 OK") == 4
        assert received.index(b"one") < received.index(b"twotwo")
        assert received.count(b"two") == 50_000
        assert b"Connection: close" in received
        old = answers_to(served, b"GET / HTTP/1.0\r\n\r\n")
        assert old.startswith(b"HTTP/1.0 200 OK")
        assert b"Connection: close" in old


def test_a_request_in_pieces_is_served_when_all_of_it_is_there():
    seen = []

    def application(environ, start_response):
        seen.append(environ["PATH_INFO"])
        return echo(environ, start_response)

    with working(application) as served, served.connect() as sock:
        for byte in post(b"abc")[:-1]:
            sock.sendall(bytes([byte]))
        eventually(lambda: any(conn.missing == 1 for conn in list(served.connections)))
        assert seen == []
        sock.sendall(b"c")
        sock.shutdown(socket.SHUT_WR)
        assert everything(sock).endswith(b"abc")


def test_the_application_is_told_when_the_head_of_a_request_was_there():
    told = []

    def application(environ, start_response):
        told.append(environ["spoolbook.received_at"])
        return echo(environ, start_response)

    started = time.time()
    with working(application) as served, served.connect() as sock:
        sock.sendall(post(b"abc")[:-1])
        eventually(lambda: any(conn.missing == 1 for conn in list(served.connections)))
        before_the_body = time.time()
        sock.sendall(b"c" + CLOSE)
        everything(sock)
    first, second = told
    assert started <= first <= before_the_body <= second <= time.time()


def test_a_long_body_goes_through_a_file_and_expects_to_be_asked_for():
    body = b"0123456789" * 200_000
    with working(echo) as served, served.connect() as sock:
        sock.sendall(post(b"", len(body), "Cookie: x\r\nExpect: 100-continue\r\n"))
        assert sock.recv(100) == connections.CONTINUE
        sock.sendall(body)
        sock.shutdown(socket.SHUT_WR)
        received = everything(sock)
        assert received.count(b"HTTP/1.1 100") == 0
        assert received.endswith(b"\r\n\r\n" + body)


def test_a_body_that_is_refused_by_its_head_is_not_received():
    """The application refuses it, and sees no byte."""
    long = b"x" * 20_000
    with working(echo) as served:
        for sent in (
            post(long, more=""),
            post(b"x", 10**12),
            post(b"", 20_000, "Expect: 100-continue\r\n"),
            post(b"3\r\nabc\r\n").replace(b"Content-Length: 8", b"Transfer-Encoding: chunked"),
        ):
            received = answers_to(served, sent)
            assert b"Content-Length: 0\r\n" in received
            assert b"Connection: close\r\n" in received
            assert received.count(b"HTTP/1.1") == 1


def test_half_a_body_reaches_the_application_as_half_and_ends_the_connection():
    with working(echo) as served:
        received = answers_to(served, post(b"abc", 10))
        assert received.endswith(b"\r\n\r\nabc")
        assert b"Connection: close" in received


# --- Slow clients --------------------------------------------------------------------------------


def test_half_sent_and_idle_ones_hold_no_thread_and_end_at_their_deadlines():
    with working(echo, threads=1) as served, ExitStack() as stack:
        socks = [stack.enter_context(served.connect()) for _ in range(90)]
        for sock, sent in zip(socks, [b"GET / HT", post(b"a", 5), b""] * 30, strict=True):
            sock.sendall(sent)
        assert b"200 OK" in answers_to(served, CLOSE)
        eventually(lambda: served.nr_conns == 90)
        served.let_pass(5)
        assert b"200 OK" in answers_to(served, CLOSE)
        eventually(lambda: served.nr_conns == 90)
        served.let_pass(17)
        ends = [everything(sock)[:12] for sock in socks]
        assert ends == [b"HTTP/1.1 408", b"HTTP/1.1 408", b""] * 30
        served.let_pass(3)
        eventually(lambda: served.nr_conns == 0)


def test_a_body_that_comes_along_has_time_for_each_of_its_bytes(monkeypatch):
    monkeypatch.setattr(connections, "BYTES_PER_SECOND", 10)
    with working(echo) as served, served.connect() as sock, served.connect() as stalled:
        stalled.sendall(post(b"x" * 400, 401))
        sock.sendall(post(b"x" * 200, 401))
        eventually(lambda: waiting_for(served, 1) and waiting_for(served, 201))
        served.let_pass(15)
        sock.sendall(b"x" * 200)
        eventually(lambda: not waiting_for(served, 201))
        served.let_pass(15)
        assert everything(stalled).startswith(b"HTTP/1.1 408")
        sock.sendall(b"x")
        assert b"200 OK" in sock.recv(12 + 3)


def waiting_for(served, count):
    """Whether a body lacks so many bytes."""
    return any(conn.missing == count for conn in list(served.connections))


def test_slow_readers_hold_no_thread_and_those_who_read_get_everything():
    with working(large(8_000_000), threads=1) as served, ExitStack() as stack:
        slow = [stack.enter_context(served.connect()) for _ in range(2)]
        for sock in slow:
            sock.sendall(CLOSE)
        reader = stack.enter_context(served.connect())
        reader.sendall(CLOSE)
        assert everything(reader).count(b"x") == 8_000_000
        eventually(lambda: served.answer_bytes[""] > 0)
        assert everything(slow[0]).count(b"x") == 8_000_000
        eventually(lambda: served.let_pass(21) or served.nr_conns == 0)
        assert served.answer_bytes[""] == 0
        assert everything(slow[1]).count(b"x") < 8_000_000


def test_an_answer_in_pieces_is_streamed():
    go_on = threading.Event()

    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"first"
        assert go_on.wait(5)
        yield b"second"

    with working(application) as served, served.connect() as sock:
        sock.sendall(CLOSE)
        received = b""
        while not received.endswith(b"first\r\n"):
            received += sock.recv(1000)
        go_on.set()
        assert everything(sock) == b"6\r\nsecond\r\n0\r\n\r\n"


def test_who_does_not_close_after_the_answer_keeps_nobody_waiting():
    with working(echo) as served, served.connect() as first:
        first.sendall(CLOSE)
        assert b"200 OK" in everything(first)
        assert b"200 OK" in answers_to(served, CLOSE)
        eventually(lambda: served.nr_conns == 1)
        served.let_pass(3)
        eventually(lambda: served.nr_conns == 0)


def test_where_idle_connections_are_too_many_new_ones_take_their_places():
    with working(echo, worker_connections=20) as served, ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(served.connect())
        assert b"200 OK" in answers_to(served, CLOSE)


# --- Limits and failures -------------------------------------------------------------------------


def problem(received):
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return json.loads(body), b"Retry-After: 5" in head


def test_long_bodies_of_one_farm_are_limited_together_and_short_ones_are_taken(monkeypatch):
    monkeypatch.setattr(worker, "FARM_BODY_BYTES", 200_000)
    with working(echo) as served, served.connect() as first:
        first.sendall(post(b"x" * 150_000, 400_000))
        eventually(lambda: served.body_bytes[""] == 150_000)
        received, has_retry = problem(answers_to(served, post(b"x" * 90_000, 90_001)))
        assert (received["status"], received["code"], has_retry) == (503, "server_full", True)
        assert answers_to(served, post(b"abc")).endswith(b"abc")
        assert served.body_bytes[""] == 150_000
        served.let_pass(2)  # what stands still gives way
        assert answers_to(served, post(b"x" * 90_000)).endswith(b"x" * 90_000)
        assert problem(everything(first))[0]["code"] == "server_full"
    assert served.body_bytes[""] == 0


def test_a_full_disk_is_a_503_and_others_are_served(monkeypatch):
    class Full(connections.SpooledTemporaryFile):
        def write(self, data):
            raise OSError(28, "No space left on device")

    with working(echo) as served:
        monkeypatch.setattr(connections, "SpooledTemporaryFile", Full)
        received, has_retry = problem(answers_to(served, post(b"abc")))
        assert (received["status"], received["code"], has_retry) == (503, "server_full", True)
        monkeypatch.undo()
        assert answers_to(served, post(b"abc")).endswith(b"abc")


def test_an_answer_that_does_not_fit_is_cut_off_and_nobody_else_is(monkeypatch):
    monkeypatch.setattr(answers, "IN_MEMORY_BYTES", 1)
    with working(large(15_000_000)) as served:

        def fail(self):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(answers.SpooledTemporaryFile, "rollover", fail)
        with served.connect() as sock:
            sock.sendall(CLOSE)
            time.sleep(0.05)
            assert not everything(sock).endswith(b"0\r\n\r\n")
        monkeypatch.undo()
        assert answers_to(served, CLOSE).endswith(b"0\r\n\r\n")


def test_an_application_that_fails_in_the_middle_ends_the_connection_without_an_end():
    def application(environ, start_response):
        start_response("200 OK", [])
        yield b"x" * 3_000_000
        raise ValueError

    with working(application) as served:
        received = answers_to(served, GET)
        assert received.count(b"x") == 3_000_000
        assert not received.endswith(b"0\r\n\r\n")


def test_a_farm_s_long_requests_do_not_keep_another_waiting():
    """Its host is known to be another farm's from the first answer on."""
    go_on, started = threading.Event(), []

    def application(environ, start_response):
        environ["spoolbook.farm"] = environ["HTTP_HOST"]
        if environ["QUERY_STRING"]:
            started.append(environ["HTTP_HOST"])
            assert go_on.wait(5)
        return echo(environ, start_response)

    with working(application, threads=4) as served, ExitStack() as stack:
        for host in (b"north", b"south"):
            answers_to(served, CLOSE.replace(b"north", host))
        assert served.farms == {"north": "north", "south": "south"}
        waiting = [stack.enter_context(served.connect()) for _ in range(8)]
        for sock in waiting:
            sock.sendall(CLOSE.replace(b"/ ", b"/?wait=1 "))
        eventually(lambda: len(started) == 3)
        eventually(lambda: len(served.shares._farms["north"].waiting[False]) == 5)
        assert b"200 OK" in answers_to(served, CLOSE.replace(b"north", b"south"))
        served.let_pass(25)
        late = everything(waiting[-1])
        assert problem(late)[0]["code"] == "server_busy"
        go_on.set()
        assert b"200 OK" in everything(waiting[0])


def test_behind_a_proxy_the_host_is_that_which_it_forwards(settings):
    settings.USE_X_FORWARDED_HOST = True

    def application(environ, start_response):
        environ["spoolbook.farm"] = "north"
        return echo(environ, start_response)

    with working(application) as served:
        answers_to(served, CLOSE.replace(b"Host: north", b"Host: proxy\r\nX-Forwarded-Host: north"))
        answers_to(served, CLOSE.replace(b"Host: north", b"Host: south"))
        assert served.farms == {"north": "north", "south": "north"}


# --- Taking over ---------------------------------------------------------------------------------


def test_a_view_takes_a_connection_over_with_what_was_sent_after_its_head():
    taken = []

    def application(environ, start_response):
        taken.append(environ["spoolbook.take_over"]())
        start_response("101 Switching Protocols", [("Content-Length", "3")])
        return [b"abc"]

    with working(application) as served, served.connect() as sock:
        sock.sendall(GET + b"frame")
        eventually(lambda: taken and served.nr_conns == 0)
        served.let_pass(100)
        [(theirs, surplus)] = taken
        assert surplus == b"frame"
        theirs.setblocking(True)
        theirs.sendall(b"hello")
        assert sock.recv(100) == b"hello"
        sock.sendall(b"more")
        assert theirs.recv(100) == b"more"
        theirs.close()
        assert sock.recv(100) == b""


# --- gunicorn ------------------------------------------------------------------------------------


def test_gunicorn_is_the_version_whose_internals_are_used():
    """With another one, read its `workers/gthread.py` and `http/` again: ``run``, ``handle`` and
    ``handle_request`` are called as they are, and these are overridden or read."""
    assert gunicorn.__version__ == "27.0.1"
    overridden = ["accept", "load_wsgi", "init_process", "murder_keepalived", "_cap_keepalive"]
    for name in [*overridden, "set_accept_enabled", "handle", "handle_request", "murder_pending"]:
        assert callable(getattr(worker.ThreadWorker, name))


@pytest.mark.parametrize("name", ["accept", "murder_keepalived", "_cap_keepalive", "load_wsgi"])
def test_what_is_overridden_is_called_by_gunicorn(name):
    used = worker.ThreadWorker.run.__code__.co_names + (
        worker.ThreadWorker.set_accept_enabled.__code__.co_names
    )
    used += worker.ThreadWorker.__mro__[1].init_process.__code__.co_names
    assert name in used
