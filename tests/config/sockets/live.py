"""The program as it is served, with the process of websockets; and clients of it."""

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tenants.web import websockets
from tests.factories import make_token, make_user
from tests.serving import ROOT, served_environment, serving

SECONDS = 20  # until what has to come is missed
SILENCE = 0.3  # in which nothing comes: an answer to a text comes after what was told before it


@contextmanager
def holding(folder, **environment):
    """The process of websockets; its Popen, with its ``log``."""
    log = folder / "sockets.log"
    sockets = {"SPOOLBOOK_SOCKETS": str(folder / "sockets")}
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.run_sockets"],
            cwd=ROOT,
            env=served_environment() | sockets | environment,
            stdout=file,
            stderr=file,
        )
    process.log = log
    try:
        wait_for_it(folder / "sockets", process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for_it(folder, process):
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            with websockets.connected(folder):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"The process of websockets did not start: {process.log.read_text()}")


@contextmanager
def live_server(folder, *flags):
    """The web server, and its ``process`` of websockets."""
    sockets = {"SPOOLBOOK_SOCKETS": str(folder / "sockets")}
    with holding(folder) as process, serving(folder, *flags, **sockets) as server:
        yield SimpleNamespace(**vars(server), process=process, folder=folder)


class Device:
    """A program of a farm, with a token of its own in the path."""

    def __init__(self, server, farm, *, scope="printer", user=None, **fields):
        self.server, self.farm = server, farm
        self.host = f"{farm.slug}.localhost"
        self.user = user or make_user(role="manager")
        self.secret = make_token(self.user, scope=scope, **fields)
        self.base = f"/d/{self.secret}/api/v1"
        self.http = server.client(farm)

    def open(self, path="/", **how):
        """A websocket. Raises InvalidStatus."""
        return open_at(self.server, self.host, f"{self.base}{path}", **how)

    def send(self, method, path, body=None):
        answer = self.http.request(method, f"{self.base}{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


def open_at(server, host, path, **how):
    place = urlsplit(server.url)
    sock = socket.create_connection((place.hostname, place.port), timeout=SECONDS)
    try:
        how = {"legacy": True, "open_timeout": SECONDS, "close_timeout": 1, "proxy": None} | how
        return connect(f"ws://{host}{path}", sock=sock, **how)
    except BaseException:
        sock.close()
        raise


def refusal(server, host, path, **how):
    """Status, content and headers of the answer to a handshake that is refused."""
    with pytest.raises(InvalidStatus) as error:
        open_at(server, host, path, **how).close()
    answer = error.value.response
    return answer.status_code, json.loads(bytes(answer.body)), answer.headers


def heard(websocket, count=1):
    """The next events, without their moments."""
    events = [json.loads(websocket.recv(timeout=SECONDS)) for _ in range(count)]
    for event in events:
        event.pop("date", None)
    return events


def heard_nothing(websocket):
    """Whether nothing was told: events that were sent before are there by now."""
    time.sleep(SILENCE)
    websocket.send("?")
    return heard(websocket) == [{"status": "healthy"}]
