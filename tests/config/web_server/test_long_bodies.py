"""A long body is received once the application knows who sends it."""

import threading
from contextlib import ExitStack

from config.web_server import connections, worker
from tests.config.web_server.workers import (
    CLOSE,
    answers_to,
    echo,
    eventually,
    everything,
    post,
    working,
)

KNOWN = b"\r\nAuthorization: Token known\r\n\r\n"


def test_a_long_body_is_received_once_the_application_knows_who_sends_it():
    calls = []

    def application(environ, start_response):
        calls.append(environ["HTTP_AUTHORIZATION"])
        if environ["HTTP_AUTHORIZATION"] == "Token known":
            return echo(environ, start_response)
        start_response("401 Unauthorized", [("Content-Length", "0")])
        return []

    body = b"0123456789" * 20_000
    with working(application, threads=1) as served:
        for more in ("Token made-up\r\n", "Token made-up\r\nExpect: 100-continue\r\n"):
            with served.connect() as sock:  # which sends no more than the head
                sock.sendall(post(b"", len(body), f"Authorization: {more}"))
                assert everything(sock).startswith(b"HTTP/1.1 401")
        assert calls == ["Token made-up"] * 2
        with served.connect() as sock:
            more = "Authorization: Token known\r\nExpect: 100-continue\r\n"
            sock.sendall(post(body[:5], len(body), more))
            assert sock.recv(100) == connections.CONTINUE
            assert b"200 OK" in answers_to(served, CLOSE.replace(b"\r\n\r\n", KNOWN))
            sock.sendall(body[5:] + CLOSE.replace(b"\r\n\r\n", KNOWN))
            received = everything(sock)
        assert received.count(b"200 OK") == 2
        assert body in received
        assert calls[2:] == ["Token known"] * 4


def test_bodies_of_whom_nobody_knows_take_no_place_from_others(monkeypatch):
    """Those of a farm may be so many bytes together."""
    monkeypatch.setattr(worker, "FARM_BODY_BYTES", 100_000)
    free = threading.Event()

    def application(environ, start_response):
        if environ["HTTP_AUTHORIZATION"] != "Token x":
            free.wait(10)
            start_response("401 Unauthorized", [("Content-Length", "0")])
            return []
        return echo(environ, start_response)

    with working(application) as served, ExitStack() as stack:
        socks = [stack.enter_context(served.connect()) for _ in range(2)]
        for sock in socks:
            sock.sendall(post(b"x" * 30_000, 6_000_000, "Authorization: Token made-up\r\n"))
        eventually(lambda: served.body_bytes[""] == 60_000)
        for sock in socks:
            sock.sendall(b"x" * 100_000)  # nobody reads it
        body = b"y" * 40_000
        assert answers_to(served, post(body)).endswith(body)
        assert served.body_bytes[""] == 60_000
        free.set()
        assert all(everything(sock).startswith(b"HTTP/1.1 401") for sock in socks)
