"""Many websockets, in one farm and in several, while printers report."""

import time
from contextlib import ExitStack, suppress

import pytest
from websockets.exceptions import InvalidStatus

from benchmarks.sockets import TOKENS, Place, measure
from tenants.accounts.models import DeviceToken
from tenants.web.websockets import MAX_OF_ONE
from tests.budgets import deep
from tests.config.sockets.live import SECONDS, Device, heard, refusal
from tests.conftest import go_to
from tests.factories import a_spool, make_user


def places(live, farms, spools):
    found = []
    for farm in farms:
        go_to(farm)
        user = make_user(role="manager")
        devices = [Device(live, farm, user=user) for _ in range(TOKENS)]
        numbers = [a_spool(1000).number for _ in range(spools)]
        found.append(Place(devices[0].host, [each.base for each in devices], numbers))
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


def test_a_token_or_a_session_has_its_share_and_shuts_nobody_out(live, committed_farm):
    device, other = Device(live, committed_farm), Device(live, committed_farm)
    name = DeviceToken.objects.order_by("pk").first().name
    with ExitStack() as opened:
        for _ in range(MAX_OF_ONE):
            first = opened.enter_context(device.open("/spool"))
        status, content, headers = refusal(live, device.host, f"{device.base}/spool")
        assert (status, headers["Retry-After"]) == (429, "30")
        assert f"The token {name} has 50 websockets open" in content["message"]
        assert f"the token {name!r} of the farm" in live.process.log.read_text()
        with other.open("/spool") as websocket:
            websocket.send("?")
            assert heard(websocket) == [{"status": "healthy"}]
        first.close()
        until = time.monotonic() + SECONDS
        while True:
            with suppress(InvalidStatus), device.open("/spool"):
                break
            assert time.monotonic() < until
