"""Clients that take their time: each opens connections that stay until the block ends."""

import threading
from contextlib import contextmanager

from benchmarks.http_client import connect, head, request


@contextmanager
def nobody(_server):
    yield


@contextmanager
def half_sent(server, count=300):
    """Heads without an end, and bodies without theirs, half of each; sent anew when closed."""
    body = head("POST", "/api/v1/locations/", server.north, {"Content-Length": "9000"}) + b"{"
    with held(server, count, [head("GET", "/api/v1/me/", server.north)[:-4], body]):
        yield


@contextmanager
def idle(server, count=300):
    with held(server, count, [b""]):
        yield


@contextmanager
def slow_readers(server, count=50):
    """Each asks for an export of 15 MB and reads none of it."""
    with held(server, count, [head("GET", server.export, server.north)], receive_buffer=4096):
        yield


@contextmanager
def one_busy_farm(server, count=12):
    """Exports, lists of 200 and dry runs of imports, each client as fast as it is answered."""
    table = "name,initial_grams\n" + "Red,750\n" * 1000
    calls = [
        ("GET", server.export, b""),
        ("GET", "/api/v1/production-runs/?page_size=200", b""),
        ("POST", "/api/v1/spools/import/?dry_run=true", table.encode()),
        ("GET", "/api/v1/reports/explanation/", b""),
    ]
    stop = threading.Event()

    def ask(number):
        while not stop.is_set():
            method, path, body = calls[number % len(calls)]
            kind = {"Content-Type": "text/csv"} if body else {}
            try:
                status = request(server, method, path, server.north, body, kind, timeout=60)[0]
            except OSError:
                status = 0
            if status in (0, 503):
                stop.wait(1)

    threads = [threading.Thread(target=ask, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


@contextmanager
def held(server, count, sent, receive_buffer=None):
    """So many connections that were sent this, each in turn; one that is closed is opened anew."""
    stop = threading.Event()

    def opened(number):
        sock = connect(server, receive_buffer=receive_buffer)
        sock.sendall(sent[number % len(sent)])
        sock.setblocking(False)
        return sock

    socks = [opened(number) for number in range(count)]

    def renew():
        while not stop.wait(1):
            for number, sock in enumerate(socks):
                if receive_buffer is None and is_closed(sock):
                    sock.close()
                    socks[number] = opened(number)

    thread = threading.Thread(target=renew)
    thread.start()
    yield
    stop.set()
    thread.join()
    for sock in socks:
        sock.close()


def is_closed(sock):
    try:
        return sock.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


ATTACKS = {
    "nobody else": nobody,
    "300 half-sent requests": half_sent,
    "300 idle connections": idle,
    "50 slow readers of 15 MB": slow_readers,
    "one busy farm": one_busy_farm,
}
