"""A client of HTTP that costs little beside the server on the same machine, and many at once."""

import socket
import threading
import time
from urllib.parse import urlsplit


def connect(server, timeout=30, receive_buffer=None):
    place = urlsplit(server.url)
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(timeout)
    sock.connect((place.hostname, place.port))
    return sock


def head(method, path, account, headers=()):
    """The head of a request by an account: a host and a token."""
    host, token = account
    named = {"Host": host, "Authorization": f"Token {token}", **dict(headers)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()


def request(server, method, path, account, body=b"", headers=(), timeout=30):
    """The status of a request over a connection of its own, and the seconds to its last byte.
    Raises OSError."""
    headers = {"Connection": "close", "Content-Length": len(body), **dict(headers)}
    started = time.perf_counter()
    with connect(server, timeout) as sock:
        sock.sendall(head(method, path, account, headers) + body)
        first = sock.recv(65536)
        while sock.recv(65536):
            pass
    return int(first.split()[1]) if first else 0, time.perf_counter() - started


class PersistentClient:
    """Requests over one connection, which is opened again where the server has closed it."""

    def __init__(self, server, account=None):
        self.server, self.account = server, account
        self.sock = connect(server)

    def status(self, method, path, body=b""):
        kind = {"Content-Type": "application/json", "Content-Length": len(body)}
        return self.send(head(method, path, self.account, kind) + body)

    def send(self, message):
        """The status of the answer to a request, which is received as a whole."""
        self.sock.sendall(message)
        received = self.sock.recv(65536)
        while (end := received.find(b"\r\n\r\n")) < 0:
            if not (more := self.sock.recv(65536)):
                raise ConnectionError(received)
            received += more
        fields = received[:end].lower()
        length = fields.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        missing = int(length or 0) - (len(received) - end - 4)
        while missing > 0:
            missing -= len(self.sock.recv(65536))
        if b"connection: close" in fields:
            self.sock.close()
            self.sock = connect(self.server)
        return int(received.split()[1])


class Shared:
    """An iterator that several threads take from."""

    def __init__(self, items):
        self.items, self.lock = iter(items), threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            return next(self.items)


def in_threads(work, count):
    """Do the work in so many threads at once; returns the seconds that it took."""
    threads = [threading.Thread(target=work) for _ in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started
