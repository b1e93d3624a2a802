"""Where the filament went, in figures a bookkeeper can check."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from inventory.models import InventoryTransaction
from inventory.services import reversing
from inventory.services.spools import consumption, scale, shelf
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.reports import consumption as consumption_report
from production.services.reports.consumption import KEYS as CONSUMPTION_GROUPS
from tenants.accounts.models import FarmSettings
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_running_run,
    a_spool,
)
from tests.production.completed_runs import completed
from tests.queries import queries_of

pytestmark = pytest.mark.usefixtures("farm")


def march(day, hour=12):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def an_old_spool(grams=5000, **fields):
    """A spool that was there before the month, so that entries of any day can be posted."""
    return a_spool(grams, at=march(1), **fields)


def totals(rows, *names):
    """``{value of the names: grams}`` of a report."""
    return {tuple(row[name] for name in names): row["grams"]["total"] for row in rows}


def test_usage_and_waste_are_summed_and_nothing_else_is():
    spool = an_old_spool(1000, price=Decimal(20))
    consumption.use(spool, grams=100, by=None, at=march(2))
    consumption.waste(spool, grams=50, by=None, at=march(3))
    consumption.adjust(spool, grams=-10, reason="Found", by=None, at=march(4))
    scale.weigh(spool, gross_grams=1030, by=None, at=march(5))
    [whole] = consumption_report.consumption()
    assert whole["grams"].pop("by_source")["unknown"] == 150  # the ledger has no source of them
    assert whole["grams"] == {"usage": 100, "waste": 50, "total": 150}
    assert whole["cost"] == {"total": 3, "known_total": 3, "grams_of_unknown_cost": 0}
    assert (whole["period"], whole["starts_on"], whole["key"]) == (None, None, None)


def test_nothing_used_is_no_row():
    assert consumption_report.consumption() == []
    a_spool(1000)
    assert consumption_report.consumption(group_by="product", period="day") == []


def test_what_was_reversed_at_once_leaves_no_trace():
    spool = an_old_spool(1000)
    slip = consumption.use(spool, grams=100, by=None, at=march(2))
    reversing.reverse(slip, reason="slip", by=None, at=march(2, 13))
    assert consumption_report.consumption(period="day", group_by="filament") == []


def test_a_reversal_counts_when_it_was_posted_so_that_a_closed_month_stays_as_it_was():
    spool = an_old_spool(1000, price=Decimal(20))
    slip = consumption.waste(spool, grams=100, by=None, at=march(31))
    consumption.waste(spool, grams=30, by=None, at=march(31))
    before = consumption_report.consumption(period="month")
    reversing.reverse(slip, reason="slip", by=None, at=march(31) + timedelta(days=9))
    rows = consumption_report.consumption(period="month")
    assert rows[0] == before[0]
    assert totals(rows, "period") == {("2026-03",): 130, ("2026-04",): -100}
    assert [row["cost"]["total"] for row in rows] == [Decimal("2.6"), -2]
    assert rows[1]["grams"]["waste"] == -100


def test_a_run_reverted_and_completed_anew_took_what_it_took_the_second_time():
    spool, product = a_spool(1000, price=Decimal(20)), a_product(grams=10)
    run = completed(a_running_run((spool, 10), items=[(product, 1)]), good=[1], grams=[10])
    run = completion.revert(run, by=None)
    completion.complete(
        run, by=None, materials=[MaterialActual(spool=spool.pk, actual_grams=Decimal(14))]
    )
    for group_by in CONSUMPTION_GROUPS:
        [row] = consumption_report.consumption(group_by=group_by)
        assert row["grams"].pop("by_source")["typed"] == 14
        assert row["grams"] == {"usage": 14, "waste": 0, "total": 14}
        assert row["cost"]["total"] == Decimal("0.28")


def test_days_weeks_and_months_are_the_farms():
    FarmSettings.objects.update(timezone="Pacific/Auckland")  # 13 hours ahead in March
    spool = an_old_spool()
    consumption.use(spool, grams=1, by=None, at=datetime(2026, 3, 1, 10, 59, tzinfo=UTC) + DAY)
    consumption.use(spool, grams=2, by=None, at=march(31, 11))  # 1 April there
    days = consumption_report.consumption(period="day")
    assert totals(days, "period") == {("2026-03-02",): 1, ("2026-04-01",): 2}
    months = consumption_report.consumption(period="month")
    assert totals(months, "period") == {("2026-03",): 1, ("2026-04",): 2}
    weeks = consumption_report.consumption(period="week")
    assert totals(weeks, "period", "starts_on") == {
        ("2026-W10", date(2026, 3, 2)): 1,
        ("2026-W14", date(2026, 3, 30)): 2,
    }


DAY = timedelta(days=1)


def test_between_two_moments_the_first_counts_and_the_last_does_not():
    spool = an_old_spool()
    for day in (2, 3, 4):
        consumption.use(spool, grams=day, by=None, at=march(day))
    [row] = consumption_report.consumption(since=march(3), until=march(4))
    assert row["grams"]["total"] == 3
    assert consumption_report.consumption(since=march(5)) == []


def test_by_filament_and_by_material_type():
    petg = a_material_type("PETG")
    red, blue = a_filament("Red", price=Decimal(20)), a_filament("Blue", price=Decimal(40))
    green = a_filament("Green", material_type=petg, price=None)
    for filament, grams in ((red, 10), (red, 5), (blue, 20), (green, 7)):
        consumption.use(a_spool(1000, filament=filament), grams=grams, by=None)
    rows = consumption_report.consumption(group_by="filament")
    assert totals(rows, "name") == {
        ("Polyfil Red",): 15, ("Polyfil Blue",): 20, ("Polyfil Green",): 7,
    }  # fmt: skip
    assert [row["cost"]["total"] for row in rows] == [Decimal("0.3"), Decimal("0.8"), None]
    assert rows[2]["cost"]["grams_of_unknown_cost"] == 7
    types = consumption_report.consumption(group_by="material_type")
    assert totals(types, "name", "key") == {
        ("PLA", str(red.material_type_id)): 35, ("PETG", str(petg.pk)): 7,
    }  # fmt: skip


def test_by_printer_and_what_no_printer_took():
    printer, spool = a_printer("Mk4"), a_spool(1000)
    run = a_running_run((spool, 10), items=[(a_product(), 1)], printer=printer)
    completed(run, good=[1], grams=[12])
    consumption.use(spool, grams=5, by=None)
    rows = consumption_report.consumption(group_by="printer")
    assert totals(rows, "name") == {("Mk4",): 12, (None,): 5}


def test_products_share_their_run_by_printed_grams():
    """Bodies and wings of the design: 5 x 20 g and 10 x 10 g printed, 250 g used for 5.00."""
    spool = a_spool(1000, price=Decimal(20))
    body, wing = a_product("BODY", grams=20), a_product("WING", grams=10)
    run = a_running_run((spool, 200), items=[(body, 5), (wing, 10)])
    completed(run, good=[4, 10], scrapped=[1, 0], grams=[250])
    rows = consumption_report.consumption(group_by="product")
    assert totals(rows, "name") == {("BODY A part",): 125, ("WING A part",): 125}
    assert {row["cost"]["total"] for row in rows} == {Decimal("2.5")}


def test_the_groups_add_up_to_the_whole():
    spool, two = a_spool(9000, price=Decimal(90)), a_spool(9000, filament=a_filament(price=None))
    products = [a_product(grams=grams) for grams in (3, 7, 11)]
    for number in range(3):
        run = a_running_run(
            (spool, 10), (two, 5), items=[(product, 1 + number) for product in products]
        )
        completed(run, good=[1 + number] * 3, grams=[100 + number, 50])
    consumption.waste(spool, grams=11, by=None)
    [whole] = consumption_report.consumption()
    assert whole["grams"]["total"] == 303 + 150 + 11
    for group_by in CONSUMPTION_GROUPS:
        rows = consumption_report.consumption(group_by=group_by, period="month")
        assert abs(sum(row["grams"]["total"] for row in rows) - 464) < Decimal("0.00001")
        known = sum(row["cost"]["known_total"] for row in rows)
        assert abs(known - Decimal("3.14")) < Decimal("0.001")


def test_filament_of_unknown_price_that_came_back_costs_nothing():
    unpriced = an_old_spool(filament=a_filament(price=None))
    slip = consumption.use(unpriced, grams=10, by=None, at=march(2))
    reversing.reverse(slip, reason="slip", by=None, at=march(2, 13))
    consumption.use(an_old_spool(1000, price=Decimal(20)), grams=10, by=None, at=march(2))
    [row] = consumption_report.consumption(period="day")
    assert row["cost"] == {
        "total": Decimal("0.2"), "known_total": Decimal("0.2"), "grams_of_unknown_cost": 0,
    }  # fmt: skip


def test_a_price_that_becomes_known_is_counted():
    spool = a_spool(1000, filament=a_filament(price=None))
    consumption.use(spool, grams=100, by=None)
    shelf.describe(spool, price=Decimal(30), by=None)
    assert consumption_report.consumption()[0]["cost"]["total"] == 3


def test_some_entries_may_be_meant_only():
    one, two = a_spool(1000), a_spool(1000)
    consumption.use(one, grams=1, by=None)
    consumption.use(two, grams=2, by=None)
    of_one = InventoryTransaction.objects.filter(spool=one, note__contains="")
    assert consumption_report.consumption(entries=of_one)[0]["grams"]["total"] == 1


@pytest.mark.parametrize("group_by", list(CONSUMPTION_GROUPS))
def test_a_report_of_consumption_takes_three_queries_however_much_there_is(group_by):
    spool = a_spool(9000)

    def queries():
        return queries_of(lambda: consumption_report.consumption(group_by=group_by, period="week"))

    for number in (1, 5):
        for _ in range(number):
            run = a_running_run((spool, 1), items=[(a_product(), 1)], printer=a_printer())
            completed(run, good=[1], grams=[1])
        assert queries() <= 3
