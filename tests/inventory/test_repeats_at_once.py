"""A program comes back while its report still waits for a lock: what it repeats is counted once."""

import threading
import time
from decimal import Decimal

import pytest
from django.db import connection, transaction

from inventory.models import DeviceReport, RecognisedRepeat, Spool, UsageMeter
from inventory.services import metering
from tests.conftest import go_to
from tests.factories import a_printer_token, a_spool, make_user
from tests.queries import fresh, violations
from tests.responses import refusals

MOONRAKER = "Moonraker/v0.9.3"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

pytestmark = pytest.mark.usefixtures("committed_farm")


@pytest.fixture
def spool(committed_farm):
    return a_spool(1000)


@pytest.fixture
def token(spool):
    return a_printer_token(make_user(), kind="moonraker")


def report(spool, token, grams, **more):
    more = {"agent": MOONRAKER} | more
    return metering.use(spool.number, token=token, by=token.user, grams=Decimal(grams), **more)


def one_after_another(farm, locked, *reports):
    """Let reports wait for a row that is locked, each begun once the one before it waits, and let
    them go: the first before the others, which are taken in any order."""
    threads, failed = [], []

    def run(work):
        go_to(farm)
        try:
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        type(locked).objects.select_for_update().get(pk=locked.pk)
        for number, work in enumerate(reports, 1):
            threads.append(threading.Thread(target=run, args=[work]))
            threads[-1].start()
            wait_for(number)
    for thread in threads:
        thread.join()
    assert failed == []


def wait_for(count):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else as it was at first
            cursor.execute(WAITING)
            if cursor.fetchone()[0] == count:
                return
    raise AssertionError(f"{count} reports do not wait.")


def recognised():
    return list(RecognisedRepeat.objects.order_by("pk").values_list("rule", "amount", "before"))


@pytest.mark.parametrize("knows", [True, False])
def test_a_report_that_waits_and_its_repeats_are_counted_once(committed_farm, spool, token, knows):
    """Also the first report of a device, of which no row is there to be locked."""
    if knows:
        report(spool, token, 500)
    one_after_another(
        committed_farm,
        spool,
        lambda: report(spool, token, 20),
        lambda: report(spool, token, 30),
        lambda: report(spool, token, 30),
    )
    assert recognised() == [("R1", "30", "20"), ("R1", "30", "30")]
    assert fresh(spool).metered_grams == 500 * knows + 20 + 10 + 0
    meter = UsageMeter.objects.get()
    assert (meter.reports, meter.repeats) == (3 + knows, 2)
    assert DeviceReport.objects.get().reports == 3 + knows
    assert violations() == []


def test_what_is_less_than_the_one_before_it_is_a_use_of_its_own(committed_farm, spool, token):
    one_after_another(
        committed_farm,
        spool,
        lambda: report(spool, token, 20),
        lambda: report(spool, token, 10),
    )
    assert fresh(spool).metered_grams == 30
    assert recognised() == []


def test_reports_of_two_devices_that_wait_are_both_counted(committed_farm, spool, token):
    other = a_printer_token(token.user, kind="moonraker")
    one_after_another(
        committed_farm,
        spool,
        lambda: report(spool, token, 20),
        lambda: report(spool, other, 20),
        lambda: report(spool, token, 20),
    )
    assert fresh(spool).metered_grams == 40
    assert recognised() == [("R1", "20", "20")]


def test_of_a_program_that_is_not_known_all_are_counted(committed_farm, spool, token):
    works = [lambda: report(spool, token, 20, agent="python-httpx/0.27")] * 3
    one_after_another(committed_farm, spool, *works)
    assert fresh(spool).metered_grams == 60


def test_reports_at_once_of_one_device_are_each_remembered(in_threads, spool, token):
    """In whatever order they are taken: no report is lost, and none is remembered twice."""
    amounts = [Decimal(number + 1) for number in range(8)]
    assert refusals(in_threads(lambda number: report(spool, token, amounts[number]), 8)) == []
    last = DeviceReport.objects.get()
    assert (last.reports, UsageMeter.objects.get().reports) == (8, 8)
    repeated = sum(RecognisedRepeat.objects.values_list("grams", flat=True))
    assert fresh(spool).metered_grams == sum(amounts) - repeated
    assert fresh(spool).metered_grams >= max(amounts)
    assert Spool.objects.get().metered_grams == UsageMeter.objects.get().grams
    assert violations() == []
