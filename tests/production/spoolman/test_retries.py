"""Programs that did not get an answer, over HTTP: what is booked is what was extruded."""

import json
import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import DeviceReport, RecognisedRepeat
from tenants.accounts import services
from tenants.accounts.models import SocketProcess, TokenSocket
from tests.budgets import PRINT_SECONDS, SEED
from tests.factories import a_filament, a_spool
from tests.inventory.printing import a_print
from tests.production.spoolman.clients import a_printer_client, message, ok
from tests.queries import fresh, violations

MOONRAKER, OCTOPRINT = "Moonraker", "python-requests/2.32.3"


@pytest.fixture
def spool(farm):
    return a_spool(5000, filament=a_filament(density_g_cm3="1.24", diameter_mm="1.75"))


@pytest.fixture
def moonraker(manager):
    return a_printer_client(manager, kind="moonraker")


@pytest.fixture
def clock(monkeypatch):
    """``clock(seconds)`` sets the clock so far ahead."""
    began, real = timezone.now(), timezone.now
    ahead = [timedelta(0)]
    monkeypatch.setattr(timezone, "now", lambda: began + ahead[0] if ahead[0] else real())

    def go(seconds):
        ahead[0] = timedelta(seconds=seconds + 1)

    return go


def use(client, spool, mm, agent=MOONRAKER, **more):
    """The length that was used of the spool, as it is answered."""
    body = json.dumps({"use_length": float(mm)}).encode()
    headers = {"User-Agent": agent}
    answer = client.put(f"spool/{spool.number}/use", body, headers=headers, **more)
    return ok(answer)["used_length"]


def rules():
    return list(RecognisedRepeat.objects.order_by("pk").values_list("rule", flat=True))


@pytest.mark.parametrize(("lost", "share"), [(0, 0.0005), (0.01, 0.02), (0.1, 0.05)])
def test_moonraker_that_waits_10_s_and_adds_what_was_not_answered(
    moonraker, spool, clock, lost, share
):
    chance = random.Random(f"{SEED} {lost}")
    reports, extruded = a_print(chance, sync=5, lost=lost, pauses=20 / 3600, seconds=PRINT_SECONDS)
    for mm, seconds, _is_answered in reports:
        clock(seconds)
        used = use(moonraker, spool, mm)
    unanswered = sum(not is_answered for *_, is_answered in reports)
    assert -0.0005 <= used / extruded - 1 <= share
    assert len(rules()) >= unanswered / 2
    if lost == 0.1:
        assert sum(mm for mm, *_ in reports) > 1.03 * extruded  # each as a report of its own
    assert violations() == []


def test_octoprint_that_sends_the_same_up_to_three_times_more(manager, spool, clock):
    client = a_printer_client(manager, kind="octoprint")
    for seconds in (0, 1, 4, 9):
        clock(seconds)
        used = use(client, spool, 1234.5678, OCTOPRINT)
    assert used == pytest.approx(1234.5678)
    assert rules() == ["R3"] * 3
    clock(60)
    assert use(client, spool, 1234.5678, OCTOPRINT) == pytest.approx(2 * 1234.5678)


def test_the_layers_of_a_bridge_may_be_equal(manager, spool, clock):
    client = a_printer_client(manager, kind="bridge")
    for seconds in (0, 1, 11, 16):
        clock(seconds)
        used = use(client, spool, 7.5, OCTOPRINT)
    assert used == pytest.approx(30)
    assert rules() == []


def test_what_waited_for_a_thread_was_received_before(moonraker, spool):
    """As the web server says: the first one took 20 s, and the program came back after 11."""
    now = timezone.now().timestamp()
    use(moonraker, spool, 50, **{"spoolbook.received_at": now - 20})
    assert use(moonraker, spool, 80, **{"spoolbook.received_at": now - 9}) == pytest.approx(80)
    assert rules() == ["R1"]
    assert DeviceReport.objects.get().received_at.timestamp() == pytest.approx(now - 9)


def test_what_was_printed_while_its_websocket_was_down_is_no_repeat(moonraker, spool, clock):
    use(moonraker, spool, 40)
    process = SocketProcess.objects.create()
    token = DeviceReport.objects.get().token
    TokenSocket.objects.create(
        token=token, process=process.pk, count=1, up_since=timezone.now() + timedelta(seconds=8)
    )
    clock(15)
    assert use(moonraker, spool, 900) == pytest.approx(940)
    assert rules() == []


def test_a_refusal_is_not_remembered(manager, moonraker, spool, clock):
    use(moonraker, spool, 50)
    before = DeviceReport.objects.values().get()
    clock(11)
    body = {"use_length": 170}
    headers = {"User-Agent": MOONRAKER}
    message(moonraker.put(f"spool/{spool.number + 1}/use", body, headers=headers), 404)
    path = f"spool/{spool.number}/use"
    message(moonraker.put(path, body, headers=headers | {"If-Match": '"99"'}), 412)
    moonraker.put(path, {"use_length": "x"}, headers=headers)
    services.revoke_token(DeviceReport.objects.get().token, by=manager)
    message(moonraker.put(path, body, headers=headers), 401)
    assert DeviceReport.objects.values().get() == before
    assert fresh(spool).metered_grams == pytest.approx(Decimal("0.149127"), abs=Decimal("1e-6"))
