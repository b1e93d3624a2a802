"""Finding runs by the words people use."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from production.models import ProductionRun, Reason
from production.services import completion, lifecycle
from production.services.lines import NewItem
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool

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
    assert list(runs.with_status("cancelled")) == list(runs.closed()) == [other]


def test_a_day_is_the_farms_day():
    midnight = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # 00:30 on 2 July in Berlin
    run = a_run(at=midnight)
    day = date(2026, 7, 2)
    assert list(runs.between(day, day, timezone="Europe/Berlin")) == [run]
    assert not runs.between(day, day, timezone="UTC").exists()
    assert list(runs.between(None, day, timezone="UTC")) == [run]


def test_totals_come_with_the_list():
    spool = a_spool(1000, price=Decimal(20))
    run = a_running_run((spool, 100, 10), printer=a_printer(hour_rate=2, power_watts=500))
    assert runs.with_totals().get().actual_total_grams is None
    completion.complete(run, by=None, as_planned=True, actual_minutes=Decimal(90))
    run = runs.with_totals().get()
    assert (run.planned_total_grams, run.actual_total_grams) == (110, 110)
    assert run.cost == Decimal("2.20") + 3


def test_the_cost_of_a_list_is_unknown_where_a_price_is_and_zero_where_nothing_was_taken():
    unpriced = a_spool(filament=a_filament(price=None))
    run = a_running_run((unpriced, 10))
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    completion.fail(run, by=None, reason=clogged, progress_percent=50)
    free = a_run()
    costs = dict(runs.with_totals().values_list("pk", "cost"))
    assert costs == {run.pk: None, free.pk: 0}
