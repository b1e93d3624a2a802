"""What is in the slot of a Moonraker printer is its active spool there: sent by a job, and only
where the installation allows it."""

import json
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from threading import Thread

import pytest

from production.services.printing import active_spool, addresses, slots
from tenants.accounts import audited
from tenants.jobs.models import Job
from tenants.operations.operation import in_dry_run
from tenants.operations.refusals import Invalid, TooMany
from tests.factories import a_printer, a_running_run, a_slot, a_spool
from tests.queries import fresh
from tests.responses import text_of

LOOPBACK = [ip_network("127.0.0.0/8")]


class Moonraker(BaseHTTPRequestHandler):
    status = 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Host"], json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def moonraker(settings):
    """A server that keeps what it gets, at ``url``; the installation lets its network be asked."""
    settings.PRINTER_NETWORKS = LOOPBACK
    with HTTPServer(("127.0.0.1", 0), Moonraker) as server:
        server.got, server.status = [], 200
        server.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def printer(farm):
    return a_printer("Voron 3", moonraker_url="http://192.168.1.31:7125")


@pytest.fixture
def slot(printer):
    return a_slot("1", printer=printer)


def at(printer, url):
    return audited.update(printer, by=None, moonraker_url=url)


def jobs():
    return list(Job.objects.filter(kind="active_spool").order_by("pk"))


def do(job):
    return active_spool._work(job, by=None)


def refused(job):
    with pytest.raises(addresses.PrinterNotReached) as caught:
        do(job)
    return caught.value.detail


def test_a_load_and_an_unload_are_sent(moonraker, printer, slot):
    at(printer, moonraker.url)
    spool = a_spool()
    slots.load(spool, slot=slot, by=None)
    [job] = jobs()
    assert (job.by, job.arguments) == (None, {"printer": printer.pk})
    assert moonraker.got == []  # nothing in the request
    do(job)
    slots.unload(slot, by=None)
    do(job)
    host, path = moonraker.url.removeprefix("http://"), "/server/spoolman/spool_id"
    assert moonraker.got == [(path, host, {"spool_id": spool.number}), (path, host, {})]


def test_a_path_before_it_is_kept(moonraker, printer, slot):
    at(printer, f"{moonraker.url}/printer3/")
    slots.load(a_spool(), slot=slot, by=None)
    do(*jobs())
    assert moonraker.got[0][0] == "/printer3/server/spoolman/spool_id"


def test_what_is_in_the_slot_by_then_is_sent_once(moonraker, printer, slot):
    at(printer, moonraker.url)
    last = [a_spool() for _ in range(3)]
    for spool in last:
        slots.load(spool, slot=slot, by=None)
    do(*jobs())
    assert [body for _, _, body in moonraker.got] == [{"spool_id": last[-1].number}]


def test_a_start_that_loads_sends_it_too(printer, slot):
    a_running_run((a_spool(), 10), printer=printer)
    assert fresh(slot).spool is not None
    assert len(jobs()) == 1


def test_nothing_is_sent_without_an_address_or_with_several_slots(farm, printer, slot):
    slots.load(a_spool(), slot=a_slot("1", printer=a_printer()), by=None)
    a_slot("2", printer=printer)
    slots.load(a_spool(), slot=slot, by=None)
    in_dry_run(lambda: slots.unload(slot, by=None))
    assert jobs() == []


def test_a_load_that_is_rolled_back_sends_nothing(printer, slot):
    in_dry_run(lambda: slots.load(a_spool(), slot=slot, by=None))
    assert jobs() == []


def test_nothing_of_it_is_in_the_way_of_a_load(printer, slot, monkeypatch):
    def refuse(*_, **__):
        raise TooMany("Too many jobs", retry_after_seconds=1)

    monkeypatch.setattr(active_spool.jobs, "start", refuse)
    spool = a_spool()
    slots.load(spool, slot=slot, by=None)
    assert fresh(slot).spool == spool


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "trusted_clients"), (404, "status 404"), (302, "status 302")]
)
def test_what_moonraker_refuses_is_a_reason(moonraker, printer, slot, status, reason):
    at(printer, moonraker.url)
    slots.load(a_spool(), slot=slot, by=None)
    moonraker.status = status
    assert reason in refused(*jobs())
    assert len(moonraker.got) == 1  # no redirect is followed


def test_a_host_that_can_be_none_is_a_reason(printer, slot):
    at(printer, f"http://{'x' * 64}.example.com")
    slots.load(a_spool(), slot=slot, by=None)
    assert "was not told the active spool" in refused(*jobs())


def test_who_does_not_answer_is_a_reason(printer, slot, settings, monkeypatch):
    settings.PRINTER_NETWORKS = LOOPBACK
    monkeypatch.setattr(active_spool, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at(printer, f"http://127.0.0.1:{silent.getsockname()[1]}")
        slots.load(a_spool(), slot=slot, by=None)
        assert "timed out" in refused(*jobs())
    assert "refused" in refused(*jobs())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.9",
        "192.168.1.31",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.9",
        "64:ff9b::a00:9",
        "2002:a00:9::",
        "0.0.0.0",
    ],
)
def test_private_addresses_are_not_asked_unless_the_installation_says_so(
    printer, slot, settings, monkeypatch, address
):
    monkeypatch.setattr(
        addresses.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 80))]
    )
    monkeypatch.setattr(active_spool.http.client, "HTTPConnection", lambda *_, **__: 1 / 0)
    slots.load(a_spool(), slot=slot, by=None)
    assert settings.PRINTER_NETWORKS == []
    assert "SPOOLBOOK_PRINTER_NETWORKS" in refused(*jobs())
    settings.PRINTER_NETWORKS = [ip_network("172.16.0.0/12"), ip_network("fd00::/8")]
    assert "SPOOLBOOK_PRINTER_NETWORKS" in refused(*jobs())


@pytest.mark.parametrize(
    ("address", "networks"),
    [("93.184.216.34", []), ("192.168.1.31", ["192.168.1.0/24"]), ("fd00::7", ["fd00::/8"])],
)
def test_addresses_that_may_be_asked(settings, monkeypatch, address, networks):
    monkeypatch.setattr(
        addresses.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 80))]
    )
    settings.PRINTER_NETWORKS = [ip_network(each) for each in networks]
    assert addresses.permitted("printer.example.com", 80) == address


@pytest.mark.parametrize(
    "url",
    [
        "https://192.168.1.31",
        "ftp://a",
        "http://",
        "http://user:pass@192.168.1.31",
        "http://a b",
        "http://a/?x=1",
        "http://a:99999",
        "http://[::1",
        "192.168.1.31:7125",
        "http://a\r\nX: 1",
    ],
)
def test_what_is_no_address_of_moonraker_is_refused(printer, url):
    with pytest.raises(Invalid):
        at(printer, url)


def test_the_printers_page_says_whether_it_was_set(farm_client, viewer, printer, slot):
    farm_client.force_login(viewer)
    page = f"/admin/production/printer/{printer.pk}/change/"
    slots.load(a_spool(), slot=slot, by=None)
    assert "Its active spool is being set." in text_of(farm_client.get(page))
    [job] = jobs()
    job.status, job.problem, job.finished_at = "refused", {"detail": "No way."}, job.created_at
    job.save()
    assert "⚠ No way." in text_of(farm_client.get(page))
    Job.objects.update(status="done", problem=None)
    assert "✓ Its active spool was set on" in text_of(farm_client.get(page))
