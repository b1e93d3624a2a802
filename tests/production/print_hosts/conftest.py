"""Fixtures: print hosts that are played, and a printer to each."""

from ipaddress import ip_network

import pytest

from production.models import PrintHost
from production.services.sliced_files import planning
from tests.factories import a_filament, a_printer, a_received_file, a_slot, a_spool
from tests.production.print_hosts.servers import (
    KEY,
    PASSWORD,
    USER,
    PlayedMoonraker,
    PlayedOctoPrint,
    PlayedPrusaLink,
    playing,
)
from tests.production.print_hosts.slicers import HOOK, a_slicer

PLAYED = {
    "moonraker": PlayedMoonraker,
    "octoprint": PlayedOctoPrint,
    "prusalink": PlayedPrusaLink,
}


@pytest.fixture
def loopback(settings):
    settings.PRINTER_NETWORKS = [ip_network("127.0.0.0/8")]


@pytest.fixture(params=PLAYED)
def server(request, loopback):
    """Each kind of print host, with a key."""
    with playing(PLAYED[request.param]) as server:
        server.kind = request.param
        yield server


@pytest.fixture
def moonraker(loopback):
    with playing(PlayedMoonraker) as server:
        server.kind = "moonraker"
        yield server


@pytest.fixture
def octoprint(loopback):
    with playing(PlayedOctoPrint) as server:
        server.kind = "octoprint"
        yield server


@pytest.fixture
def prusalink(loopback):
    with playing(PlayedPrusaLink) as server:
        server.kind = "prusalink"
        yield server


@pytest.fixture
def digest(loopback):
    """PrusaLink with a user and a password."""
    with playing(PlayedPrusaLink, key="") as server:
        server.kind = "prusalink"
        yield server


@pytest.fixture
def host_of(farm):
    """The PrintHost of a server that is played."""

    def make(server, **fields):
        given = {"secret": server.key} if server.key else {"username": USER, "secret": PASSWORD}
        given |= {"kind": server.kind, "url": server.url, "printer": a_printer()}
        return PrintHost.objects.create(**(given | fields))

    return make


__all__ = ["KEY"]


@pytest.fixture
def printer(farm):
    """With a spool that the file can be printed from."""
    slot = a_slot("1", printer=a_printer("Elm"))
    slot.spool = a_spool(filament=a_filament())
    slot.save()
    return slot.printer


@pytest.fixture
def slicer(operator, printer):
    return a_slicer(operator, printer)


@pytest.fixture
def known(farm):
    """The file was planned before, for no printer."""
    file = a_received_file(HOOK)
    return planning.plan(file, by=None)[0]
