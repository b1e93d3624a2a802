"""Finding runs by the words people use."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from production.models import ProductionRun, RunMaterial
from production.services import completion
from production.services.printing import midprint
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.completed_runs import took

pytestmark = pytest.mark.usefixtures("farm")
runs = ProductionRun.objects


def test_runs_are_found_by_number_status_printer_product_spool_lot_and_order():
    spool, printer, product = a_spool(lot_number="L-7"), a_printer(), a_product()
    other = a_run()
    run = a_run((spool, 10), items=[(product, 1)], printer=printer)
    order = lifecycle.create(
        by=None, items=[NewItem(product=a_product(), quantity=1, order_reference="SO-9")]
    )
    assert runs.by_number(run.number.lower()).get() == run
    assert list(runs.on_printer(printer)) == [run]
    assert list(runs.of_product(product)) == [run]
    assert list(runs.of_spool(spool)) == list(runs.of_lot("l-7")) == [run]
    assert list(runs.of_order("so-9")) == [order]
    lifecycle.cancel(other, by=None)
    assert list(runs.filter(status="cancelled")) == list(runs.closed()) == [other]


def test_a_day_is_the_farms_day():
    midnight = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # 00:30 on 2 July in Berlin
    run = a_run(at=midnight)
    day = date(2026, 7, 2)
    assert list(runs.between(day, day, timezone="Europe/Berlin")) == [run]
    assert not runs.between(day, day, timezone="UTC").exists()
    assert list(runs.between(None, day, timezone="UTC")) == [run]


def test_totals_come_with_the_list():
    run = a_running_run((a_spool(1000), 100, 10))
    midprint.save_actuals(run, by=None, actual_minutes=Decimal(30))
    drafts = runs.with_totals().get()
    assert (drafts.actual_total_grams, drafts.minutes_taken) == (None, None)
    completion.complete(run, by=None, as_planned=True, actual_minutes=Decimal(90))
    run = runs.with_totals().get()
    assert (run.planned_total_grams, run.actual_total_grams, run.minutes_taken) == (110, 110, 90)


def test_a_cancelled_run_took_what_was_booked_and_no_draft():
    one, two = a_spool(), a_spool()
    run = a_running_run((one, 100), (two, 100))
    midprint.save_actuals(run, by=None, materials=[took(one, 70), took(two, 70)])
    lifecycle.cancel(run, by=None)
    assert runs.with_totals().get().actual_total_grams is None
    assert set(RunMaterial.objects.with_taken().values_list("taken_grams")) == {(None,)}
    completion.revert(run, by=None)
    lifecycle.cancel(run, by=None, materials=[took(one, 12)])
    assert runs.with_totals().get().actual_total_grams == 12
    taken = RunMaterial.objects.with_taken().order_by("pk")
    assert list(taken.values_list("taken_grams", flat=True)) == [12, None]


def test_a_run_that_took_nothing_took_0():
    completion.complete(a_running_run((a_spool(), 0)), by=None, as_planned=True)
    assert runs.with_totals().get().actual_total_grams == 0
    assert RunMaterial.objects.with_taken().get().taken_grams == 0
