"""What is unknown reads as unknown and what is nothing as 0; what nobody planned is no plan."""

from decimal import Decimal

import pytest

from production.models import BomLine, ProductionRun
from production.services import completion, variance
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint
from production.services.reports import scrap
from production.services.reports.variance import by_material, of_many
from production.services.runs import lines
from tenants.accounts.models import FarmSettings
from tests.factories import a_filament, a_product, a_run, a_running_run, a_spool
from tests.production.completed_runs import completed, took

pytestmark = pytest.mark.usefixtures("farm")


def the_group():
    [group] = of_many(ProductionRun.objects.live())
    return group


def test_time_that_nobody_said_leaves_the_machine_unknown_and_the_material_known():
    FarmSettings.objects.update(machine_hour_rate=2)
    completed(a_running_run((a_spool(1000, price=Decimal(20)), 50)), grams=[50])
    cost = the_group()["cost"]
    assert (cost["machine"], cost["total"], cost["runs_of_unknown_cost"]) == (None, None, 1)
    assert (cost["material"], cost["energy"], cost["labour"], cost["known_total"]) == (1, 0, 0, 1)


def test_a_price_that_nobody_knows_leaves_the_machine_known():
    FarmSettings.objects.update(machine_hour_rate=2)
    unpriced = a_spool(filament=a_filament(price=None))
    completed(a_running_run((unpriced, 50)), grams=[50], minutes=60)
    cost = the_group()["cost"]
    assert (cost["material"], cost["machine"], cost["total"]) == (None, 2, None)


def test_nothing_booked_as_planned_is_0_and_nothing_taken_is_unknown():
    spool = a_spool()
    a_run((spool, 10))
    grams = the_group()["grams"]
    assert (grams["weighed_or_typed"], grams["as_planned_or_percent"]) == (None, None)
    completed(a_running_run((spool, 50)), grams=[50])
    grams = the_group()["grams"]
    assert (grams["weighed_or_typed"], grams["as_planned_or_percent"]) == (50, 0)
    [of_filament] = by_material(ProductionRun.objects.live())
    assert of_filament["grams"]["as_planned_or_percent"] == 0


def test_a_spool_that_was_swapped_in_is_measured_by_the_plan_of_its_filament():
    old, new = (a_spool(filament=filament) for filament in [a_filament()] * 2)
    run = a_running_run((old, 100))
    so_far = took(old, 60)
    midprint.swap_spool(run, by=None, line=run.materials.get().pk, so_far=so_far, spool=new)
    takes = [took(old, 60), MaterialActual(spool=new.pk, actual_grams=Decimal(45))]
    completion.complete(run, by=None, materials=takes)
    [row] = by_material(ProductionRun.objects.live())
    compared = row["compared"]["grams"]
    assert (compared["difference"], compared["percent"], row["runs"]) == (5, 5, 1)


@pytest.fixture
def a_run_that_grew(farm):
    """100 g for 2.00: two parts of 20 g, and six of 10 g that were added while it printed."""
    FarmSettings.objects.update(labour_rate=60)
    planned = a_product("BODY", grams=20)
    added = a_product("WING", grams=10, labour_minutes=1)
    run = a_running_run((a_spool(price=Decimal(20)), 40), items=[(planned, 2)])
    lines.add_item(run, by=None, product=added, quantity=6)
    return completed(run, good=[2, 6], scrapped=[0, 0], grams=[100])


def test_an_item_that_was_added_carries_its_share_of_the_cost(a_run_that_grew):
    first, added = variance.of_run(a_run_that_grew)["items"]
    assert first["cost_per_unit"]["actual"] == Decimal("0.4")
    assert added["cost_per_unit"]["actual"] == Decimal("1.2")  # 0.20 and a minute
    groups = of_many(ProductionRun.objects.live(), group_by="product")
    assert [row["cost"]["per_good_unit"] for row in groups] == [Decimal("0.4"), Decimal("1.2")]


def test_nothing_of_an_item_that_was_added_was_planned(a_run_that_grew):
    first, added = variance.of_run(a_run_that_grew)["items"]
    assert (first["planned_quantity"], added["planned_quantity"]) == (2, 0)
    assert (added["printed_grams"]["planned"], added["printed_grams"]["percent"]) == (0, None)
    assert (added["cost"]["planned"], added["cost_per_unit"]["planned"]) == (0, None)
    groups = of_many(ProductionRun.objects.live(), group_by="product")
    assert [row["grams"]["planned"] for row in groups] == [40, 0]
    compared = [row["compared"]["grams"] for row in groups]
    assert [row["difference"] for row in compared] == [0, 60]
    assert [row["percent"] for row in compared] == [0, None]


def test_a_run_that_began_without_products_shares_its_plan_by_what_was_added():
    run = a_running_run((a_spool(), 40))
    lines.add_item(run, by=None, product=a_product(), quantity=2)
    item = variance.of_run(completed(run, good=[2], scrapped=[0], grams=[40]))["items"][0]
    assert (item["cost"]["planned"], item["cost"]["actual"]) == (Decimal("0.8"), Decimal("0.8"))


def test_a_line_that_claims_nothing_costs_nothing_whatever_its_price():
    priced, unpriced = a_spool(price=Decimal(20)), a_spool(filament=a_filament(price=None))
    figures = variance.of_run(a_running_run((priced, 50), (unpriced, 0)))
    assert figures["cost"]["total"]["planned"] == 1


def test_scrapped_parts_of_one_product_carry_what_each_item_weighs():
    """Two bodies of 20 g, then two of 10 g after the product got lighter; one of the light lost."""
    body = a_product("BODY", grams=20)
    run = a_running_run((a_spool(price=Decimal(20)), 40), items=[(body, 2)])
    BomLine.objects.update(grams_per_unit=10)
    lines.add_item(run, by=None, product=body, quantity=2)
    completed(run, good=[2, 1], scrapped=[0, 1], grams=[60])
    [lost] = scrap.scrap(ProductionRun.objects.live(), group_by="product")
    assert (lost["scrapped"]["grams"], lost["scrapped"]["cost"]) == (10, Decimal("0.2"))


def test_thirds_that_add_up_to_a_half_are_rounded_up():
    assert variance.rounded(3 * (Decimal("0.0005") / 30)) == Decimal("0.0001")
    assert variance.rounded(Decimal("0.00004999999")) == 0


def test_the_api_rounds_a_half_up(api):
    run = a_running_run((a_spool(), 30), items=[(a_product(), 1), (a_product(), 1)])
    completed(run, good=[1, 1], scrapped=[0, 0], grams=[30], minutes=Decimal("0.05"))
    rows = api.get("/api/v1/reports/variance/?group_by=product").json()["results"]
    assert [row["minutes"]["actual"] for row in rows] == ["0.03", "0.03"]


def test_parts_that_were_made_of_no_material_are_of_unknown_cost_in_every_report(api):
    FarmSettings.objects.update(machine_hour_rate=2)
    spool, product = a_spool(price=Decimal(20)), a_product(grams=10)
    completed(a_running_run((spool, 20), items=[(product, 2)]), good=[2], grams=[20], minutes=30)
    bare = a_running_run(items=[(product, 2)])
    completed(bare, good=[1], scrapped=[1], minutes=30)
    alone = variance.of_run(bare)
    assert (alone["grams"]["total"]["actual"], alone["cost"]["material"]["actual"]) == (None, None)
    assert alone["cost"]["total"]["actual"] is alone["items"][0]["cost"]["actual"] is None
    for group_by in (None, "product", "status"):
        (row,) = of_many(ProductionRun.objects.live(), group_by=group_by)
        cost = row["cost"]
        assert (cost["material"], cost["total"], cost["per_good_unit"]) == (None, None, None)
        assert (cost["known_total"], cost["runs_of_unknown_cost"]) == (Decimal("2.4"), 1)
        assert (row["grams"]["actual"], row["grams"]["runs_of_unknown_grams"]) == (20, 1)
    bare_alone = ProductionRun.objects.filter(pk=bare.pk)
    for group_by in scrap.GROUPS.keys() - {"material_type"}:  # of which it was made of none
        [lost] = scrap.scrap(ProductionRun.objects.live(), group_by=group_by)
        assert (lost["lost"]["cost"], lost["lost"]["runs_of_unknown_cost"]) == (None, 1)
        assert lost["scrapped"]["grams"] is lost["lost"]["grams"] is None
        assert lost["lost"]["percent_of_grams"] is None
        assert lost["failed"]["grams"] == 0
        assert lost["printed"] == {"count": 4, "grams": 20, "runs_of_unknown_grams": 1}
        [lost] = scrap.scrap(bare_alone, group_by=group_by)
        assert (lost["printed"]["grams"], lost["lost"]["runs_of_unknown_grams"]) == (None, 1)
    csv = api.get("/api/v1/reports/scrap/?format=csv").getvalue().decode("utf-8-sig")
    figures = dict(zip(*(line.split(",") for line in csv.strip().splitlines()), strict=True))
    assert (figures["scrapped.grams"], figures["lost.runs_of_unknown_grams"]) == ("", "1")
    (minutes,) = of_many(bare_alone, group_by=None)
    assert minutes["minutes"]["runs_of_unknown_minutes"] == 0
    rows = ProductionRun.objects.with_totals()
    assert rows.get(pk=bare.pk).actual_total_grams is None
    answer = api.get(f"/api/v1/production-runs/{bare.pk}/explanation/")
    assert (answer.status_code, answer.json()["cost"]["material"]["difference"]) == (200, None)
    assert api.get("/api/v1/reports/explanation/").status_code == 200
