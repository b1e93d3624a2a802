"""A worker of the web server in a thread of the test, with an application of the test's own."""

import logging
import os
import socket
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

from gunicorn.config import Config
from gunicorn.glogging import Logger

from config.web_server.worker import BufferingWorker

CLOSE = b"GET / HTTP/1.1\r\nHost: north\r\nConnection: close\r\n\r\n"


class WorkerOfTests(BufferingWorker):
    """Ages by ``let_pass(seconds)`` rather than by waiting."""

    def __init__(self, application, **settings):
        self.older = 0
        cfg = Config()
        for name, value in {"sendfile": False, "threads": 4, **settings}.items():
            cfg.set(name, value)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        app = SimpleNamespace(wsgi=lambda: application)
        super().__init__(0, os.getppid(), [self.listener], app, 30, cfg, Logger(cfg))

    def clock(self):
        return time.monotonic() + self.older

    def init_signals(self):
        """Signals are for a process's main thread."""

    def let_pass(self, seconds):
        self.older += seconds
        self.method_queue.defer(lambda: None)

    def stop(self):
        self.alive = False
        self.method_queue.defer(lambda: None)


@contextmanager
def working(application, **settings):
    """A worker that serves; ``worker.connect()`` is a socket to it."""
    worker = WorkerOfTests(application, **settings)
    worker.log.error_log.setLevel(logging.CRITICAL)
    address = worker.listener.getsockname()
    worker.connect = lambda: socket.create_connection(address, timeout=5)
    thread = threading.Thread(target=worker.init_process)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join()


def echo(environ, start_response):
    """Answers with what it has received."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def everything(sock):
    """What comes until the server closes."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


def answers_to(served, sent):
    with served.connect() as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        return everything(sock)


def post(body, announced=None, more="Authorization: Token x\r\n"):
    length = len(body) if announced is None else announced
    head = f"POST / HTTP/1.1\r\nHost: north\r\nContent-Length: {length}\r\n{more}\r\n"
    return head.encode() + body


def eventually(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)
