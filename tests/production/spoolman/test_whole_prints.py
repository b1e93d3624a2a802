"""Each bridge and printer of ours through a whole print, by the requests that it sends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.services import metering
from production.services import completion
from production.services.runs import lifecycle
from tests.factories import a_printer, a_run, a_running_run, a_spool
from tests.production.spoolman.clients import a_printer_client, ok
from tests.queries import fresh, violations

PLAN = 100
GRAMS_OF_A_METRE = Decimal("2.982549525536")  # at 1.24 g/cm³ and 1.75 mm


@pytest.fixture
def spool(farm):
    spool = a_spool(1000)
    spool.refresh_from_db()
    return spool


def completed(run):
    """As one touch does; then the minute's job comes, once the meters are over."""
    completion.complete(run, by=None, as_planned=True)
    over(run)


def over(run):
    metering.close_due(at=timezone.now() + timedelta(hours=1))
    assert violations() == []
    run.line = run.materials.get()


def took(run):
    return round(run.line.actual_total_grams, 2), run.line.actual_source


def remaining(spool):
    return round(fresh(spool).remaining_grams, 2)


def use(client, spool, **body):
    return ok(client.put(f"spool/{spool.number}/use", body))


def test_moonraker_reports_lengths_while_it_prints(spool, manager):
    client = a_printer_client(manager, kind="moonraker")
    run = a_running_run((spool, PLAN), printer=a_printer())
    for number in range(10):
        left = use(client, spool, use_length=3200 + number)["remaining_weight"]
    assert left == pytest.approx(1000 - 32.045 * float(GRAMS_OF_A_METRE))
    completed(run)
    assert took(run) == (Decimal("95.58"), "metered")
    assert remaining(spool) == Decimal("904.42")


def test_octoprint_reports_at_a_pause_and_at_the_end(spool, manager):
    client = a_printer_client(manager, kind="octoprint")
    run = a_running_run((spool, PLAN), printer=a_printer())
    for length in (16123.45, 15876.5):
        use(client, spool, use_length=length)
    completed(run)
    assert took(run) == (Decimal("95.44"), "metered")


def test_openspoolman_reports_the_whole_print_when_it_begins(spool, manager):
    client = a_printer_client(manager, kind="bridge")
    run = a_run((spool, PLAN), printer=a_printer())
    use(client, spool, use_weight=96.4)
    lifecycle.start(run, by=manager)
    completed(run)
    assert took(run) == (Decimal("96.40"), "sliced")
    assert remaining(spool) == Decimal("903.60")


def test_openspoolman_reports_equal_layers_that_are_real(spool, manager):
    client = a_printer_client(manager, kind="bridge")
    run = a_running_run((spool, PLAN), printer=a_printer())
    for _ in range(32):
        use(client, spool, use_length=1000)
    completed(run)
    assert took(run) == (Decimal("95.44"), "sliced")


@pytest.mark.parametrize("is_completed", [False, True])
def test_spoolmansync_reports_at_the_change_of_a_tray_and_at_the_end(spool, manager, is_completed):
    client = a_printer_client(manager, kind="bridge")
    run = a_running_run((spool, PLAN), printer=a_printer())
    if is_completed:
        completion.complete(run, by=None, as_planned=True)
    use(client, spool, use_weight=60)
    ok(client.get("spool"))
    use(client, spool, use_weight=37)
    (over if is_completed else completed)(run)
    assert took(run) == (Decimal(97), "sliced")
    assert remaining(spool) == 903


def test_bambulab_ams_states_what_remains_in_steps(spool, manager):
    client = a_printer_client(manager, kind="bridge")
    run = a_running_run((spool, PLAN), printer=a_printer())
    for left in (990, 970, 970, 940, 910):
        ok(client.patch(f"spool/{spool.number}", {"remaining_weight": left}))
    completed(run)
    assert took(run) == (Decimal(90), "sliced")
    assert remaining(spool) == 910


def test_filabridge_states_what_was_used_in_all(spool, manager):
    client = a_printer_client(manager, kind="bridge")
    run = a_running_run((spool, PLAN), printer=a_printer())
    for grams in (41.5, 52):
        used = ok(client.get(f"spool/{spool.number}"))["used_weight"]
        ok(client.patch(f"spool/{spool.number}", {"used_weight": used + grams}))
    completed(run)
    assert took(run) == (Decimal("93.50"), "sliced")


def test_bambuddy_may_not_reset_what_was_used(spool, manager):
    client = a_printer_client(manager, kind="bridge")
    run = a_running_run((spool, PLAN), printer=a_printer())
    use(client, spool, use_weight=96)
    answer = client.patch(f"spool/{spool.number}", {"used_weight": 0})
    assert answer.status_code == 400
    completed(run)
    assert took(run) == (Decimal(96), "sliced")
