"""Devices report while others report, and people work, at once: each gram counts once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import InventoryTransaction, Spool, UsageMeter
from inventory.services import metering, meters
from inventory.services.spools import consumption, scale, shelf, stating
from production.services import completion
from tenants.jobs import minutely
from tests.conftest import go_to
from tests.factories import a_printer_token, a_running_run, a_spool, make_user
from tests.queries import fresh, violations
from tests.reporting import report
from tests.responses import refusals

pytestmark = pytest.mark.usefixtures("committed_farm")

COUNT = 8
HOUR = timedelta(hours=1)


@pytest.fixture
def tokens(committed_farm):
    user = make_user()
    return [a_printer_token(user, name=f"printer {number}") for number in range(COUNT)]


def test_first_reports_of_one_device_make_one_meter(in_threads, tokens):
    spool = a_spool(1000)
    assert refusals(in_threads(lambda _: report(spool, tokens[0]), COUNT)) == []
    meter = UsageMeter.objects.get(spool=spool)
    assert (meter.grams, meter.reports) == (COUNT, COUNT)
    assert fresh(spool).metered_grams == COUNT
    assert violations() == []


def test_reports_of_several_devices_all_count(in_threads, tokens):
    spool = a_spool(1000)

    def work(number):
        for _ in range(10):
            report(spool, tokens[number], "0.25")

    assert refusals(in_threads(work, COUNT)) == []
    assert fresh(spool).live_grams == 1000 - COUNT * 10 * Decimal("0.25")
    assert UsageMeter.objects.count() == COUNT
    assert violations() == []


def test_reports_beside_verbs_and_the_job_are_all_in_the_book_or_the_meter(in_threads, tokens):
    spool = a_spool(1000)
    report(spool, tokens[0], 10, at=timezone.now() - HOUR)
    verbs = [
        lambda: metering.close_due(),
        lambda: consumption.use(spool, grams=5, by=None),
        lambda: shelf.dry(spool, by=None),
        lambda: report(spool, tokens[1], -2),
        *[lambda: [report(spool, tokens[2]) for _ in range(10)]] * 4,
    ]
    assert refusals(in_threads(lambda number: verbs[number](), COUNT)) == []
    given_back = -spool.transactions.filter(reason="given_back").count() * 2
    assert fresh(spool).live_grams == 1000 - 10 - 5 - 40 - given_back
    assert violations() == []


def test_a_count_beside_reports_is_what_was_seen_less_what_came_later(in_threads, tokens):
    spool = a_spool(1000)
    verbs = [
        lambda: stating.measure(spool, gross_grams=700, by=None),
        lambda: scale.weigh(spool, gross_grams=700, by=None, confirm=True),
        lambda: stating.set_remaining(spool, grams=500, by=None),
        *[lambda: report(spool, tokens[0])] * 5,
    ]
    assert refusals(in_threads(lambda number: verbs[number](), COUNT)) == []
    after = fresh(spool)
    last = spool.transactions.filter(kind="count").order_by("-pk").first()
    reported = spool.transactions.filter(reason="reported", pk__gt=last.pk)
    assert after.remaining_grams == 500 + sum(entry.grams for entry in reported)
    assert 495 <= after.live_grams <= 500
    meters = UsageMeter.objects.filter(spool=spool)
    assert sum(meter.grams for meter in meters) == 5
    assert violations() == []


def test_a_completion_beside_reports(in_threads, tokens):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    verbs = [
        lambda: completion.complete(run, by=None, as_planned=True, confirm=True),
        *[lambda: report(spool, tokens[0], 2)] * (COUNT - 1),
    ]
    assert refusals(in_threads(lambda number: verbs[number](), COUNT)) == []
    line = run.materials.get()
    taken = line.metered_grams or 100
    assert line.actual_grams == taken
    assert fresh(spool).live_grams == 1000 - taken - 2 * (COUNT - 1) + line.metered_grams
    assert violations() == []


# --- The job of each minute -----------------------------------------------------------------------


def test_the_worker_closes_what_is_due_in_each_farm(committed_farms):
    spools = []
    for farm in committed_farms:
        go_to(farm)
        token = a_printer_token(make_user())
        spools.append(a_spool(100))
        report(spools[-1], token, at=timezone.now() - HOUR)
        report(a_spool(100), token)
    minutely.work_in_all()
    for farm, spool in zip(committed_farms, spools, strict=True):
        go_to(farm)
        assert InventoryTransaction.objects.get(reason="reported").spool_id == spool.pk
        assert Spool.objects.filter(metered_grams=1).count() == 1
        assert violations() == []


def test_a_farm_that_is_not_prepared_keeps_no_other_from_it(committed_farm):
    go_to(committed_farm)
    report(a_spool(100), a_printer_token(make_user()), at=timezone.now() - HOUR)
    found = minutely._with_rows(["farm_of_nobody", committed_farm.schema_name], meters.IS_DUE)
    assert found == [committed_farm.schema_name]
