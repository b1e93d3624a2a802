"""Variance and cost of one run, in figures a bookkeeper can check."""

from decimal import Decimal

import pytest

from inventory.models import Filament
from inventory.services.spools import shelf
from production.models import BomLine, Printer, Product, ProductionRun, Reason
from production.services import completion, variance
from production.services.completion.actuals import ItemCount, MaterialActual
from tenants.accounts.models import FarmSettings
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool

pytestmark = pytest.mark.usefixtures("farm")


def run_of(run):
    return ProductionRun.objects.get(pk=run.pk)


def bodies_and_wings():
    """250 g for 5.00: five bodies of 20 g and ten wings of 10 g printed."""
    spool = a_spool(1000, price=Decimal(20))
    body, wing = a_product("BODY", grams=20), a_product("WING", grams=10)
    run = a_running_run((spool, 200), items=[(body, 5), (wing, 10)])
    bodies, wings = run.items.order_by("pk")
    return completion.complete(
        run,
        by=None,
        materials=[MaterialActual(spool=spool.pk, actual_grams=Decimal(250))],
        items=[
            ItemCount(item=bodies.pk, good_count=4, scrapped_count=1),
            ItemCount(item=wings.pk, good_count=10),
        ],
    )


def test_worked_example_bodies_and_wings():
    done = bodies_and_wings()
    cost = done.variance["cost"]
    assert cost["material"]["actual"] == cost["total"]["actual"] == 5
    bodies, wings = done.variance["items"]
    assert (bodies["cost"]["actual"], bodies["cost_per_unit"]["actual"]) == (
        Decimal("2.5"),
        Decimal("0.6250"),
    )
    assert (wings["cost"]["actual"], wings["cost_per_unit"]["actual"]) == (
        Decimal("2.5"),
        Decimal("0.2500"),
    )
    assert 4 * Decimal("0.625") + 10 * Decimal("0.25") == 5


def test_the_variance_read_later_is_the_one_the_completion_answered():
    done = bodies_and_wings()
    assert variance.of_run(done.run) == done.variance


def test_grams_are_told_apart_part_and_purge():
    spool = a_spool()
    run = a_running_run((spool, 100, 10))
    actual = MaterialActual(
        spool=spool.pk, actual_grams=Decimal(105), actual_purge_grams=Decimal(8)
    )
    grams = completion.complete(run, by=None, materials=[actual]).variance["grams"]
    assert grams["part"] == figures(100, 105, 5, 5)
    assert grams["purge"] == figures(10, 8, -2, -20)
    assert grams["total"]["percent"] == Decimal("2.7273")


def test_where_nothing_was_planned_the_percent_is_null_not_zero():
    spool = a_spool()
    run = a_running_run((spool, 0))
    actual = MaterialActual(spool=spool.pk, actual_grams=Decimal(5))
    done = completion.complete(run, by=None, materials=[actual])
    assert done.variance["grams"]["total"] == figures(0, 5, 5, None)


def test_machine_energy_and_labour_cost_by_the_frozen_rates():
    FarmSettings.objects.update(labour_rate=30, machine_hour_rate=0, energy_price_kwh="0.40")
    printer = a_printer(hour_rate=Decimal("1.50"), power_watts=200)
    product = a_product(grams=10, labour_minutes=2)
    spool = a_spool(1000, price=Decimal(20))
    run = a_running_run(
        (spool, 100), items=[(product, 10)], printer=printer, planned_minutes=Decimal(120)
    )
    FarmSettings.objects.update(labour_rate=99, energy_price_kwh=99)
    done = completion.complete(run, by=None, as_planned=True, actual_minutes=Decimal(150), items=[])
    cost = done.variance["cost"]
    assert cost["material"]["actual"] == 2  # 100 g at 0.02
    assert cost["machine"] == figures(3, Decimal("3.75"), Decimal("0.75"), 25)
    assert cost["energy"]["actual"] == Decimal("0.2000")  # 2.5 h x 0.2 kW x 0.40
    assert cost["labour"]["actual"] == 10  # 10 units x 2 min x 0.50
    assert cost["total"]["actual"] == Decimal("15.95")
    assert done.variance["items"][0]["cost_per_unit"]["actual"] == Decimal("1.5950")


def test_a_spool_without_a_price_makes_the_cost_unknown_not_free():
    spool = a_spool(filament=a_filament(price=None))
    run = a_running_run((spool, 10), items=[(a_product(grams=1), 1)])
    done = completion.complete(run, by=None, as_planned=True)
    assert done.variance["cost"]["material"]["actual"] is None
    assert done.variance["cost"]["total"]["actual"] is None
    assert done.variance["items"][0]["cost_per_unit"]["actual"] is None


def test_a_price_that_becomes_known_later_prices_what_was_booked_once_and_for_all(manager):
    """100 g of a spool of unknown price; it cost 30.00 for 1000 g: 3.00, whatever is said later."""
    spool = a_spool(filament=a_filament(price=None))
    run = a_running_run((spool, 100))
    completion.complete(run, by=None, as_planned=True)
    assert variance.of_run(run_of(run))["cost"]["material"]["actual"] is None
    shelf.describe(spool, price=Decimal(30), by=manager)
    assert variance.of_run(run_of(run))["cost"]["material"]["actual"] == 3
    shelf.describe(spool, price=Decimal(99), by=manager)
    assert variance.of_run(run_of(run))["cost"]["material"]["actual"] == 3


def test_two_spools_of_one_filament_cost_what_each_was_bought_for():
    """100 g at 20.00 and 50 g at 30.00 a kilogram: 2.00 + 1.50 = 3.50."""
    filament = a_filament()
    old = a_spool(1000, filament=filament, price=Decimal(20))
    new = a_spool(1000, filament=filament, price=Decimal(30))
    done = completion.complete(a_running_run((old, 100), (new, 50)), by=None, as_planned=True)
    first, second = done.variance["materials"]
    assert (first["cost"]["actual"], second["cost"]["actual"]) == (2, Decimal("1.5"))
    assert done.variance["cost"]["material"]["actual"] == Decimal("3.5")


def test_purge_alone_costs_and_is_in_no_part():
    """A calibration: 12 g flushed at 0.02, nothing printed: 0.24, all of it purge."""
    spool = a_spool(1000, price=Decimal(20))
    run = a_running_run((spool, 0, 10))
    flushed = MaterialActual(
        spool=spool.pk, actual_grams=Decimal(0), actual_purge_grams=Decimal(12)
    )
    done = completion.complete(run, by=None, materials=[flushed])
    assert done.variance["grams"]["part"] == figures(0, 0, 0, None)
    assert done.variance["grams"]["purge"] == figures(10, 12, 2, 20)
    assert done.variance["cost"]["total"]["actual"] == Decimal("0.24")


def test_a_failed_run_costs_what_it_wasted():
    """40 % of 50 g at 0.02 and an hour at 2.00: 0.40 + 2.00, and no good unit to carry it."""
    FarmSettings.objects.update(machine_hour_rate=2)
    spool = a_spool(1000, price=Decimal(20))
    run = a_running_run((spool, 50), items=[(a_product(grams=10), 5)])
    reason = Reason.objects.get(kind="failure", code="adhesion")
    done = completion.fail(
        run, by=None, reason=reason, progress_percent=40, actual_minutes=Decimal(60)
    )
    assert done.variance["cost"]["material"]["actual"] == Decimal("0.4")
    assert done.variance["cost"]["total"]["actual"] == Decimal("2.4")
    assert done.variance["items"][0]["cost_per_unit"]["actual"] is None


def test_rates_that_change_afterwards_change_nothing_booked():
    FarmSettings.objects.update(labour_rate=30, machine_hour_rate=2, energy_price_kwh=1)
    spool, printer = a_spool(1000, price=Decimal(20)), a_printer(power_watts=100)
    product = a_product(grams=10, labour_minutes=2)
    run = a_running_run((spool, 10), items=[(product, 1)], printer=printer)
    completion.complete(run, by=None, as_planned=True, actual_minutes=Decimal(60))
    before = variance.of_run(run_of(run))
    FarmSettings.objects.update(labour_rate=9, machine_hour_rate=9, energy_price_kwh=9)
    Printer.objects.update(hour_rate=9, power_watts=9)
    Product.objects.update(labour_minutes=9)
    BomLine.objects.update(grams_per_unit=9)
    Filament.objects.update(price=9)
    assert variance.of_run(run_of(run)) == before


def test_no_good_part_has_no_cost_per_good_part():
    spool = a_spool(1000, price=Decimal(20))
    run = a_running_run((spool, 50), items=[(a_product(grams=10), 5)])
    none_good = ItemCount(item=run.items.get().pk, good_count=0, scrapped_count=5)
    actual = MaterialActual(spool=spool.pk, actual_grams=Decimal(50))
    done = completion.complete(run, by=None, materials=[actual], items=[none_good])
    (item,) = done.variance["items"]
    assert (item["cost"]["actual"], item["cost_per_unit"]["actual"]) == (1, None)


def test_a_planned_run_has_a_plan_and_no_actuals():
    spool = a_spool(1000, price=Decimal(20))
    planned = variance.of_run(a_run((spool, 100)))
    assert planned["grams"]["total"] == figures(100, None, None, None)
    assert planned["cost"]["total"]["planned"] == 2


def figures(planned, actual, difference, percent):
    return {
        "planned": planned,
        "actual": actual,
        "difference": difference,
        "percent": percent,
    }
