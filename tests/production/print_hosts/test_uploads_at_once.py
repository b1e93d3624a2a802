"""Uploads at once, and what they hold of the database while a file is sent."""

from ipaddress import ip_network

import pytest
from django.db import connection

from production.models import Printer, PrintHost, ProductionRun, SlicedFile
from production.services.print_hosts import passing_on
from production.services.print_hosts.uploads import Sent
from production.services.sliced_files import planning
from tests.factories import a_print_host, a_received_file, a_slot, a_spool, make_token, make_user
from tests.production.print_hosts.servers import KEY, PlayedMoonraker, playing
from tests.production.print_hosts.slicers import HOOK, PlayedSlicer


@pytest.fixture
def moonraker(settings):
    settings.PRINTER_NETWORKS = [ip_network("127.0.0.0/8")]
    with playing(PlayedMoonraker) as server:
        yield server


@pytest.fixture
def slicer(committed_farm):
    """``slicer()`` is a program with the token of a printer, for a file that was planned before."""
    slot = a_slot()
    slot.spool = a_spool()
    slot.save()
    file = a_received_file(HOOK)
    planning.plan(file, by=None)
    given = {"scope": "printer", "kind": "slicer", "printer": slot.printer}
    secret = make_token(make_user(), **given)
    return lambda: PlayedSlicer(secret, host=f"{committed_farm.slug}.localhost")


def connect(url="http://192.0.2.1"):
    return a_print_host(Printer.objects.get(), url=url, secret=KEY)


def test_one_of_two_that_are_to_print_is_printed(slicer, in_threads, moonraker):
    connect(moonraker.url)
    moonraker.is_slow = True  # until both have come, or one was refused

    def upload(number):
        answer = slicer().upload(print="true")
        moonraker.goes_on.set()
        return answer.status_code

    assert sorted(in_threads(upload, 2)) == [201, 409]
    printed = [fields for *_, fields, _content in moonraker.got if fields["print"] == "true"]
    assert len(printed) == 1
    assert ProductionRun.objects.exclude(printer=None).count() == 1
    assert ProductionRun.objects.get(status="in_progress").printer is not None
    assert PrintHost.objects.get().busy_until is None


def test_two_of_the_same_file_are_planned_once(slicer, in_threads, moonraker):
    connect(moonraker.url)
    assert in_threads(lambda number: slicer().upload().status_code, 3) == [201] * 3
    assert len(moonraker.got) == 3
    assert ProductionRun.objects.exclude(printer=None).count() == 1


def test_nothing_is_held_while_a_file_is_sent(slicer, monkeypatch):
    """What was received and planned is there for others, and no row is locked."""
    host, seen = connect(), []

    def send(connected, upload):
        seen.append((connection.in_atomic_block, SlicedFile.objects.count()))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND granted")
            seen.append(cursor.fetchone()[0] <= 2)  # of this statement itself
        return Sent("Hook.gcode", upload.is_to_print)

    monkeypatch.setitem(passing_on.SENDERS, host.kind, send)
    assert slicer().upload(print="true").status_code == 201
    assert seen == [(False, 2), True]
