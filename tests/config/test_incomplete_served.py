"""Requests that end too early at the program as it is served: gunicorn, and Python's own server."""

import json
import re
import socket
import struct
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections

from inventory.models import InventoryTransaction, Location, Spool
from tenants.accounts.models import IdempotencyKey
from tests.config.served import V1
from tests.factories import PASSWORD, a_filament, a_spool

TABLE = "name,initial_grams\n" + "Red,750\n" * 40
SHELF = '{"name": "Shelf"}'


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def python_server():
    """wsgiref's server, in a thread of this process."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    server.close_request = lambda request: (request.close(), connections.close_all())
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=["gunicorn", "wsgiref"])
def either(request):
    if request.param == "gunicorn":
        yield request.getfixturevalue("server")
    else:
        with python_server() as server:
            yield server


def connected(server):
    place = urlsplit(server.url)
    return socket.create_connection((place.hostname, place.port), timeout=30)


def head(farm, path, length, kind="application/json", **headers):
    named = {"Host": f"{farm.slug}.localhost", "Content-Type": kind, "Content-Length": length}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode()


def send(server, head, body):
    """The answer to a request after which nothing more comes, until the server closes."""
    with connected(server) as sock:
        sock.sendall(head + body.encode())
        sock.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: sock.recv(65536), b"")).decode()
    top, _, rest = answer.partition("\r\n\r\n")
    return SimpleNamespace(status=int(top.split()[1]), head=top, body=rest)


def lines_of(server, text):
    return [line for line in server.log.read_text().splitlines() if text in line]


# --- Cut short -----------------------------------------------------------------------------------


def test_half_a_table_has_no_effect_and_whole_it_has(either, committed_farm, token):
    a_filament("Red", net_grams=1000)
    headers = {"Authorization": f"Token {token}", "Idempotency_Key": "delivery-1"}
    start = head(committed_farm, f"{V1}spools/import/", len(TABLE), "text/csv", **headers)
    answer = send(either, start, TABLE[:203])
    problem = json.loads(answer.body)
    assert (answer.status, problem["code"]) == (400, "incomplete_body")
    assert (problem["announced_bytes"], problem["received_bytes"]) == (339, 203)
    assert not Spool.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert send(either, start, TABLE).status == 200
    assert Spool.objects.count() == 40


def test_a_floor_form_cut_in_its_figure_is_no_count(either, server, committed_farm, token):
    spool = a_spool(1000)
    with server.client(committed_farm) as client:
        page = client.get("/accounts/login/")
        secret = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text).group(1)
        form = {"username": "mona", "password": PASSWORD, "csrfmiddlewaretoken": secret}
        assert client.post("/accounts/login/", data=form).status_code == 302
        cookies = dict(client.cookies)
    secret = {"csrfmiddlewaretoken": cookies["spoolbook-csrf"]}
    form = urlencode({**secret, "confirm": "on", "gross_grams": "358.4"})
    named = "; ".join(f"{name}={value}" for name, value in cookies.items())
    kind = "application/x-www-form-urlencoded"
    path = f"/floor/spools/{spool.pk}/weigh/"
    start = head(committed_farm, path, len(form), kind, Cookie=named)
    before = InventoryTransaction.objects.count()
    assert send(either, start, form[:-3]).status == 400
    assert InventoryTransaction.objects.count() == before
    assert send(either, start, form).status == 303
    assert InventoryTransaction.objects.count() == before + 1


def test_gunicorn_says_that_it_closes_and_logs_one_line(server, committed_farm, token):
    secret = {"Authorization": f"Token {token}", "X_Request_ID": "cut-short-1"}
    answer = send(server, head(committed_farm, f"{V1}locations/", 20, **secret), SHELF)
    assert (answer.status, "Connection: close" in answer.head) == (400, True)
    [line] = map(json.loads, lines_of(server, "cut-short-1"))
    expected = "Incomplete body: 17 of 20 bytes arrived for POST /api/v1/locations/"
    assert (line["level"], line["message"]) == ("WARNING", expected)


def test_a_connection_that_is_reset_has_no_effect(server, committed_farm, token):
    secret = {"Authorization": f"Token {token}", "X_Request_ID": "reset-1"}
    with connected(server) as sock:
        sock.sendall(head(committed_farm, f"{V1}locations/", 20, **secret) + SHELF.encode())
        time.sleep(0.2)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    until = time.monotonic() + 20
    while not (lines := lines_of(server, "reset-1")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    assert lines == lines_of(server, "reset-1")
    [line] = map(json.loads, lines)
    assert line["message"].startswith("Incomplete body: ")
    assert not Location.objects.exists()


def test_chunks_that_end_too_early_are_refused_as_chunks(either, committed_farm, token):
    start = head(committed_farm, f"{V1}locations/", 20, Authorization=f"Token {token}")
    start = start.replace(b"Content-Length: 20", b"Transfer-Encoding: chunked")
    answer = send(either, start, f"20\r\n{SHELF}")
    assert (answer.status, '"length_required"' in answer.body) == (411, True)
    assert not Location.objects.exists()


# --- Around it -----------------------------------------------------------------------------------


def test_what_comes_after_a_body_is_the_next_request(server, committed_farm, token):
    secret = {"Authorization": f"Token {token}"}
    first = head(committed_farm, f"{V1}locations/", len(SHELF), **secret) + SHELF.encode()
    box = '{"name": "Box"}'
    second = head(committed_farm, f"{V1}locations/", len(box), Connection="close", **secret)
    answer = send(server, first + second, box)
    assert answer.status == 201
    assert "HTTP/1.1 201 Created" in answer.body
    assert sorted(Location.objects.values_list("name", flat=True)) == ["Box", "Shelf"]


def test_a_body_in_pieces_is_awaited(either, committed_farm, token):
    start = head(committed_farm, f"{V1}locations/", len(SHELF), Authorization=f"Token {token}")
    with connected(either) as sock:
        for piece in (start, SHELF[:3].encode(), SHELF[3:].encode()):
            sock.sendall(piece)
            time.sleep(0.1)
        assert b" 201 Created" in sock.recv(65536).partition(b"\r\n")[0]
    assert Location.objects.get().name == "Shelf"
