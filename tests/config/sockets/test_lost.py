"""What has to be started again: workers, the process of websockets, PostgreSQL. Lost clients."""

import os
import signal
import socket
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus

from inventory.services.spools import shelf
from tenants.accounts.models import SocketProcess, TokenSocket
from tests.config.sockets.live import SECONDS, Device, heard, holding
from tests.factories import a_spool
from tests.serving import serving


@pytest.fixture(scope="module")
def web(django_db_setup, tmp_path_factory):
    """A web server of these tests' own."""
    folder = tmp_path_factory.mktemp("lost")
    with serving(folder, SPOOLBOOK_SOCKETS=str(folder / "sockets")) as server:
        server.folder = folder
        yield server


@pytest.fixture
def own(web, committed_farm):
    """It, with a process of websockets of this test's own, and a printer."""
    with holding(web.folder) as process:
        yield SimpleNamespace(server=web, process=process, device=Device(web, committed_farm))


def reopened(device, path):
    """A websocket, as soon as there is one: meanwhile it is 503."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(InvalidStatus):
            return device.open(path)
        time.sleep(0.1)
    return pytest.fail("There is no websocket again.")


def closed(websocket):
    with pytest.raises(ConnectionClosed) as error:
        while True:
            websocket.recv(timeout=SECONDS)
    return error.value.rcvd and error.value.rcvd.code


def workers_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return {int(child) for child in file.read().split()}


def test_workers_are_replaced_and_no_websocket_is_lost(own):
    spool, device = a_spool(1000), own.device
    before = workers_of(own.server.pid)
    websockets = [device.open("/spool") for _ in range(10)]
    os.kill(own.server.pid, signal.SIGHUP)
    until = time.monotonic() + 60
    while workers_of(own.server.pid) & before:
        assert time.monotonic() < until
        time.sleep(0.05)
    shelf.describe(spool, by=device.user, comment="new workers")
    for websocket in websockets:
        (event,) = heard(websocket)
        assert event["payload"]["comment"] == "new workers"
        websocket.close()


def test_the_process_is_killed_and_clients_come_again_and_miss_nothing(own):
    spool, device = a_spool(1000), own.device
    with device.open("/spool") as websocket:
        own.process.kill()
        assert closed(websocket) is None
    shelf.describe(spool, by=device.user, comment="meanwhile")
    with pytest.raises(InvalidStatus) as refused:
        device.open("/spool")
    assert refused.value.response.status_code == 503
    with holding(own.server.folder), reopened(device, "/spool") as websocket:
        assert device.send("GET", f"/spool/{spool.number}")["comment"] == "meanwhile"
        shelf.describe(spool, by=device.user, comment="again")
        assert heard(websocket)[0]["payload"]["comment"] == "again"


def test_a_process_that_starts_clears_what_a_killed_one_left(own):
    lost = timezone.now() - timedelta(minutes=5)
    with own.device.open() as websocket:
        own.process.kill()
        assert closed(websocket) is None
    SocketProcess.objects.update(seen_at=lost)
    TokenSocket.objects.update(up_since=lost - timedelta(minutes=5))
    with holding(own.server.folder):
        until = time.monotonic() + SECONDS
        while SocketProcess.objects.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
    row = TokenSocket.objects.get()
    assert (row.count, row.up_since, row.down_at) == (0, None, lost)


def test_the_process_ends_and_says_so(own):
    with reopened(own.device, "/") as websocket:  # the web server lost that of the test before
        own.process.terminate()
        assert closed(websocket) == 1012
    own.process.wait(timeout=20)


def test_the_database_is_lost_and_clients_read_anew(own):
    spool, device = a_spool(1000), own.device
    with device.open("/spool") as websocket:
        end_all_but_ours()
        assert closed(websocket) == 1012
    shelf.describe(spool, by=device.user, comment="meanwhile")
    with reopened(device, "/spool") as websocket:
        assert device.send("GET", f"/spool/{spool.number}")["comment"] == "meanwhile"
        shelf.describe(spool, by=device.user, comment="again")
        assert heard(websocket)[0]["payload"]["comment"] == "again"


def end_all_but_ours():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND usename LIKE '%.web'"
        )
        assert cursor.rowcount


def test_a_client_that_does_not_read_is_cut_off_and_others_hear_all(device):
    device.send("POST", "/field/spool/long", {"name": "Long", "field_type": "text"})
    spool = a_spool(1000, extra={"long": f'"{"x" * 60_000}"'})
    with device.open("/spool") as reading, not_reading(device) as sock:
        for number in range(100):  # 6 MB: more than the kernel keeps for it
            shelf.describe(spool, by=device.user, comment=f"no. {number}")
            heard(reading)
        received = 0
        with suppress(ConnectionResetError):
            while data := sock.recv(1_000_000):
                received += len(data)
        assert received < 6_000_000


@contextmanager
def not_reading(device):
    place = urlsplit(device.server.url)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(SECONDS)
        sock.connect((place.hostname, place.port))
        head = (
            f"GET {device.base}/spool HTTP/1.1\r\nHost: {device.host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        sock.sendall(head.encode())
        assert sock.recv(12) == b"HTTP/1.1 101"
        yield sock
