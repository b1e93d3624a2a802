"""Many websockets, in one farm and in several, while printers report."""

import pytest

from benchmarks.sockets import Place, measure
from tests.budgets import deep
from tests.config.sockets.live import Device
from tests.conftest import go_to
from tests.factories import a_spool


def places(live, farms, spools):
    found = []
    for farm in farms:
        go_to(farm)
        device = Device(live, farm)
        numbers = [a_spool(1000).number for _ in range(spools)]
        found.append(Place(device.host, device.base, numbers))
    return found


@pytest.mark.parametrize("count", [1, 3])
def test_every_event_comes_to_all_of_its_farm_and_to_nobody_else(live, committed_farms, count):
    found = places(live, committed_farms[:count], 24 // count)
    measured = measure(live.url, found, sockets=24, rate=20, seconds=2)
    assert len(measured.waits) == measured.expected > 0
    assert measured.foreign == 0


@deep
def test_two_hundred_of_one_farm(live, committed_farm):
    measured = measure(
        live.url, places(live, [committed_farm], 80), sockets=200, rate=40, seconds=15
    )
    assert len(measured.waits) == measured.expected == 120_000
    assert measured.foreign == 0
