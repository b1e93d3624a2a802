"""Variance and cost over many runs, in figures a bookkeeper can check."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.services.spools import consumption as spools
from inventory.services.spools import scale
from production.models import ProductionRun, Reason, RunItem
from production.services import completion, variance
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.printing import midprint
from production.services.reports import alerts, consumption, unexplained
from production.services.reports.alerts import NoEvidence
from production.services.reports.statements import GROUPS
from production.services.reports.variance import by_material, of_many
from production.services.runs import lifecycle, repeats
from tenants.accounts.models import AuditEvent, FarmSettings
from tests.factories import (
    a_filament,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)

pytestmark = pytest.mark.usefixtures("farm")


def printed(spool, product, quantity, *, planned, actual, good=None, minutes=None, **fields):
    """A completed run of one product, by default all good."""
    run = a_running_run((spool, planned), items=[(product, quantity)], **fields)
    good = quantity if good is None else good
    count = ItemCount(item=run.items.get().pk, good_count=good, scrapped_count=quantity - good)
    return completion.complete(
        run,
        by=None,
        materials=[MaterialActual(spool=spool.pk, actual_grams=Decimal(str(actual)))],
        items=[count],
        actual_minutes=minutes,
        confirm=True,
    ).run


def everything(**options):
    return of_many(ProductionRun.objects.live(), **options)


def test_the_percent_is_of_the_sums_never_a_mean_of_percents():
    spool, product = a_spool(5000), a_product(grams=10)
    printed(spool, product, 1, planned=10, actual=20)  # +100 %
    printed(spool, product, 99, planned=990, actual=990)  # 0 %
    (group,) = everything()
    assert group["compared"]["grams"]["percent"] == 1
    assert (group["grams"]["planned"], group["grams"]["actual"], group["runs"]) == (1000, 1010, 2)


def test_a_run_that_has_no_plan_or_no_actual_is_in_the_sums_but_not_in_the_percent():
    spool, product = a_spool(5000), a_product(grams=10)
    printed(spool, product, 10, planned=100, actual=110)
    printed(spool, product, 10, planned=0, actual=50)
    a_run((spool, 30))
    (group,) = everything()
    assert (group["grams"]["planned"], group["grams"]["actual"]) == (130, 160)
    compared = {"runs": 1, "planned": 100, "actual": 110, "difference": 10, "percent": 10}
    assert group["compared"]["grams"] == compared


def test_over_many_runs_a_good_unit_costs_what_failures_cost_too():
    """A month: 5 parts failed for 2.00, reprinted for 2.00, 4 of them good: 1.00 each."""
    spool, product = a_spool(1000, price=Decimal(20)), a_product(grams=20)
    run = a_running_run((spool, 100), items=[(product, 5)])
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    completion.fail(run, by=None, reason=clogged, progress_percent=100)
    again = repeats.reprint(run, by=None)
    again = lifecycle.start(again, by=None, spools={again.materials.get().pk: spool})
    count = ItemCount(item=again.items.get().pk, good_count=4, scrapped_count=1)
    took = MaterialActual(spool=spool.pk, actual_grams=Decimal(100))
    completion.complete(again, by=None, materials=[took], items=[count])
    (group,) = everything(group_by="product")
    assert (group["cost"]["material"], group["good"], group["scrapped"]) == (4, 4, 1)
    assert group["cost"]["per_good_unit"] == 1


def test_the_parts_of_one_run_share_its_cost_by_printed_grams():
    """Bodies and wings of the design: 2.50 each product, 0.6250 and 0.2500 a good unit."""
    spool = a_spool(1000, price=Decimal(20))
    body, wing = a_product("BODY", grams=20), a_product("WING", grams=10)
    run = a_running_run((spool, 200), items=[(body, 5), (wing, 10)])
    bodies, wings = run.items.order_by("pk")
    counts = [
        ItemCount(item=bodies.pk, good_count=4, scrapped_count=1),
        ItemCount(item=wings.pk, good_count=10),
    ]
    took = MaterialActual(spool=spool.pk, actual_grams=Decimal(250))
    completion.complete(run, by=None, materials=[took], items=counts)
    by_product = {group["key"]: group for group in everything(group_by="product")}
    assert by_product[str(body.pk)]["cost"]["per_good_unit"] == Decimal("0.625")
    assert by_product[str(wing.pk)]["cost"]["per_good_unit"] == Decimal("0.25")
    assert {group["cost"]["total"] for group in by_product.values()} == {Decimal("2.5")}


def test_parts_without_a_bill_of_materials_share_by_units():
    spool, one, two = a_spool(1000, price=Decimal(20)), a_product(), a_product()
    run = a_running_run((spool, 100), items=[(one, 3), (two, 1)])
    completion.complete(run, by=None, as_planned=True)
    costs = {group["key"]: group["cost"]["total"] for group in everything(group_by="product")}
    assert costs == {str(one.pk): Decimal("1.5"), str(two.pk): Decimal("0.5")}


def test_the_groups_add_up_to_the_whole():
    settings = {"labour_rate": 30, "machine_hour_rate": 2, "energy_price_kwh": "0.4"}
    FarmSettings.objects.update(**settings)
    spool, printer = a_spool(9000, price=Decimal(180)), a_printer(power_watts=100)
    one, two = a_product(grams=10, labour_minutes=2), a_product(grams=7, labour_minutes=1)
    for product in (one, two, one):
        printed(
            spool, product, 3, planned=30, actual=33, good=2, minutes=Decimal(90),
            printer=printer if product is one else None,
        )  # fmt: skip
    (whole,) = everything()
    cost = whole["cost"]
    assert (cost["material"], cost["machine"]) == (Decimal("1.98"), 9)  # 99 g, 4.5 h
    assert (cost["energy"], cost["labour"]) == (Decimal("0.12"), Decimal("7.5"))  # 3 h, 15 min
    assert cost["total"] == Decimal("18.60")
    for group_by in ("product", "printer", "month", "status"):
        groups = everything(group_by=group_by)
        for kind in ("material", "machine", "energy", "labour", "total"):
            assert sum(group["cost"][kind] for group in groups) == whole["cost"][kind]
        assert sum(group["grams"]["actual"] for group in groups) == whole["grams"]["actual"]


def test_the_items_of_an_order_carry_their_shares_of_runs_of_several():
    """30 g of order A-17 (in any case) and 20 g of B-2, of one run; another run of A-17."""
    spool, product = a_spool(1000, price=Decimal(20)), a_product(grams=10)
    for quantities, orders in (((1, 2, 2), ("a-17", "A-17", "B-2")), ((1,), ("A-17",))):
        run = a_running_run(
            (spool, 10 * sum(quantities)), items=[(product, count) for count in quantities]
        )
        for item, order in zip(run.items.order_by("pk"), orders, strict=True):
            RunItem.objects.filter(pk=item.pk).update(order_reference=order)
        completion.complete(run, by=None, as_planned=True)
    rows = {row["key"]: row for row in everything(group_by="order")}
    assert [(key, row["name"], row["runs"]) for key, row in rows.items()] == [
        ("A-17", "A-17", 2),
        ("B-2", "B-2", 1),
    ]
    assert [row["grams"]["actual"] for row in rows.values()] == [40, 20]
    assert [row["cost"]["per_good_unit"] for row in rows.values()] == [Decimal("0.2")] * 2
    used = consumption.consumption(group_by="order")
    assert [(row["key"], row["grams"]["total"]) for row in used] == [("A-17", 40), ("B-2", 20)]


def test_a_run_is_of_the_person_who_closed_it_last(manager):
    spool, product = a_spool(1000), a_product(grams=10)
    run = printed(spool, product, 1, planned=10, actual=12)
    assert [row["key"] for row in everything(group_by="person")] == [None]
    run = completion.revert(run, by=None)
    used = consumption.consumption(group_by="person")
    assert used == []
    completion.complete(run, by=manager, as_planned=True)
    spools.use(spool, grams=5, by=manager)
    [row] = everything(group_by="person")
    assert (row["key"], row["name"]) == (str(manager.pk), str(manager))
    [row] = consumption.consumption(group_by="person")
    assert (row["name"], row["grams"]["total"]) == (str(manager), 12 + 5)


def test_one_run_costs_the_same_alone_and_among_many():
    FarmSettings.objects.update(labour_rate=30, machine_hour_rate=2, energy_price_kwh="0.4")
    spool, product = a_spool(1000, price=Decimal(20)), a_product(grams=10, labour_minutes=3)
    run = printed(spool, product, 4, planned=40, actual=44, good=3, minutes=Decimal(70))
    (group,) = everything()
    alone = variance.of_run(run)["cost"]
    for kind in ("material", "machine", "energy", "labour", "total"):
        assert group["cost"][kind] == (alone[kind]["actual"] or 0)


@pytest.mark.parametrize("used", [[], [12]])
def test_a_cancelled_run_took_what_was_booked_as_waste_and_no_draft(used):
    FarmSettings.objects.update(labour_rate=30, machine_hour_rate=2)
    one, two = a_spool(1000, price=Decimal(20)), a_spool(1000)
    run = a_running_run((one, 100), (two, 100), items=[(a_product(grams=10), 5)])
    midprint.save_actuals(
        run,
        by=None,
        materials=[MaterialActual(spool=pk, actual_grams=Decimal(70)) for pk in (one.pk, two.pk)],
        items=[ItemCount(item=run.items.get().pk, good_count=3)],
    )
    spent = [MaterialActual(spool=one.pk, actual_grams=Decimal(grams)) for grams in used]
    run = lifecycle.cancel(run, by=None, materials=spent)
    alone, (group,) = variance.of_run(run), everything()
    assert alone["grams"]["total"]["actual"] == group["grams"]["actual"] == (sum(used) or None)
    cost = Decimal("0.02") * sum(used)
    assert alone["cost"]["total"]["actual"] == group["cost"]["total"] == cost
    assert (alone["items"][0]["good"], alone["items"][0]["cost"]["actual"]) == (None, cost)
    assert (group["good"], group["cost"]["labour"]) == (0, 0)


def test_a_run_that_was_given_up_costs_the_same_alone_and_among_many_without_minutes():
    FarmSettings.objects.update(machine_hour_rate=2)
    run = a_running_run((a_spool(1000, price=Decimal(20)), 50), items=[(a_product(grams=10), 5)])
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    completion.fail(run, by=None, reason=clogged, progress_percent=40)
    alone = variance.of_run(ProductionRun.objects.get())["cost"]["total"]["actual"]
    assert alone == everything()[0]["cost"]["total"] == Decimal("0.4")


@pytest.mark.parametrize("group_by", [None, "product", "printer"])
def test_drafts_of_a_run_that_prints_are_in_no_report(group_by):
    FarmSettings.objects.update(labour_rate=30, machine_hour_rate=2)
    spool, product = a_spool(1000), a_product(grams=10, labour_minutes=3)
    run = a_running_run((spool, 50), items=[(product, 5)], printer=a_printer())
    midprint.save_actuals(
        run,
        by=None,
        materials=[MaterialActual(spool=spool.pk, actual_grams=Decimal(30))],
        items=[ItemCount(item=run.items.get().pk, good_count=3, scrapped_count=1)],
        actual_minutes=Decimal(60),
    )
    (group,) = everything(group_by=group_by)
    assert (group["good"], group["scrapped"], group["grams"]["actual"]) == (0, 0, None)
    assert (group["minutes"]["actual"], group["cost"]["total"]) == (None, 0)


def test_what_was_booked_as_planned_is_shown_apart():
    spool = a_spool(1000)
    completion.complete(a_running_run((spool, 100)), by=None, as_planned=True)
    printed(spool, a_product(grams=1), 1, planned=50, actual=51)
    grams = everything()[0]["grams"]
    assert (grams["weighed_or_typed"], grams["as_planned_or_percent"]) == (51, 100)


def test_a_month_is_the_farms_month():
    FarmSettings.objects.update(timezone="Pacific/Auckland")
    begun = datetime(2026, 3, 31, 9, tzinfo=UTC)
    run = a_running_run(at=begun)
    run = ProductionRun.objects.get(pk=run.pk)
    ProductionRun.objects.filter(pk=run.pk).update(started_at=begun)
    completion.complete(run, by=None, finished_at=begun + timedelta(hours=3))  # 1 April there
    assert [group["key"] for group in everything(group_by="month")] == ["2026-04"]


def test_a_spool_of_unknown_price_makes_the_cost_of_its_group_unknown():
    priced, unpriced = a_spool(1000), a_spool(filament=a_filament(price=None))
    product = a_product(grams=10)
    printed(priced, product, 1, planned=10, actual=10)
    printed(unpriced, product, 1, planned=10, actual=10)
    cost = everything()[0]["cost"]
    assert (cost["total"], cost["material"], cost["per_good_unit"]) == (None, None, None)
    assert (cost["known_total"], cost["runs_of_unknown_cost"]) == (Decimal("0.2"), 1)


def test_reverted_runs_cost_nothing():
    spool, product = a_spool(1000), a_product(grams=10)
    run = printed(spool, product, 1, planned=10, actual=10)
    completion.revert(run, by=None)
    assert everything()[0]["cost"]["material"] == 0


def test_filaments_are_summed_by_their_lines():
    red, blue = (
        a_spool(filament=a_filament("Red")),
        a_spool(filament=a_filament("Blue", manufacturer=None)),
    )
    run = a_running_run((red, 100), (blue, 50, 10))
    completion.complete(run, by=None, as_planned=True)
    groups = {group["name"]: group for group in by_material(ProductionRun.objects.live())}
    assert groups["Polyfil Red"]["grams"]["actual"] == 100
    assert groups["Blue"]["grams"] | {"actual": 60, "purge": 10} == groups["Blue"]["grams"]
    assert groups["Blue"]["cost"]["material"] == Decimal("1.2")


def test_what_counting_found_missing_is_unexplained():
    spool = a_spool(1000)
    scale.weigh(spool, gross_grams=1170, by=None)
    scale.weigh(spool, gross_grams=1180, by=None)
    (row,) = unexplained.unexplained_grams()
    assert (row["filament"], row["name"]) == (spool.filament_id, str(spool.filament))
    assert (row["grams"], row["counts"]) == (-20, 2)
    assert unexplained.unexplained_grams(since=timezone.now() + timedelta(days=1)) == []


@pytest.mark.parametrize("group_by", list(GROUPS))
def test_a_report_takes_two_or_three_queries_however_many_runs_there_are(group_by):
    spool, product = a_spool(9000), a_product(grams=1)
    for _ in range(5):
        printed(spool, product, 1, planned=1, actual=1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        everything(group_by=group_by)
    assert len(queries) <= 3


def test_a_product_that_takes_more_than_planned_is_an_alert_with_what_would_have_fitted():
    spool, product = a_spool(9000), a_product(grams=10, plate_minutes=60)
    for grams in (115, 125):
        printed(spool, product, 10, planned=100, actual=grams, minutes=Decimal(61))
    (alert,) = alerts.alerts()
    assert (alert.product, alert.fitting_grams_per_unit, alert.grams_percent) == (product, 12, 20)
    assert (alert.fitting_plate_minutes, len(alert.run_ids)) == (61, 2)


def test_runs_of_several_products_or_booked_as_planned_are_no_evidence():
    spool, product, other = a_spool(9000), a_product(grams=10), a_product(grams=10)
    run = a_running_run((spool, 20), items=[(product, 1), (other, 1)])
    took = MaterialActual(spool=spool.pk, actual_grams=Decimal(40))
    completion.complete(run, by=None, materials=[took], confirm=True, as_planned=True)
    run = a_running_run((spool, 50), items=[(product, 1)])
    completion.complete(run, by=None, as_planned=True)
    assert alerts.alerts() == []


def test_only_the_last_runs_count():
    spool, product = a_spool(9000), a_product(grams=10)
    printed(spool, product, 10, planned=100, actual=200)
    printed(spool, product, 10, planned=100, actual=100)
    assert alerts.alerts(last=1) == []
    assert len(alerts.alerts(last=2)) == 1


def test_accepting_an_alert_corrects_the_product_and_keeps_the_evidence(manager):
    spool, product = a_spool(9000), a_product(grams=10, plate_minutes=60)
    run = printed(spool, product, 10, planned=100, actual=120, minutes=Decimal(90))
    product = alerts.accept(product, by=manager)
    assert (product.bom_lines.get().grams_per_unit, product.plate_minutes) == (12, 90)
    evidence = AuditEvent.objects.of(product).get(verb="accept_actuals")
    assert evidence.changes == {"evidence": [None, [run.number]]}
    assert alerts.alerts() == []


def test_there_is_nothing_to_accept_without_evidence(manager):
    with pytest.raises(NoEvidence):
        alerts.accept(a_product(grams=10), by=manager)
