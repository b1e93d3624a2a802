"""Plan and actual of many runs are compared over the same runs, with their number."""

from csv import DictReader
from decimal import Decimal
from io import StringIO

from production.models import ProductionRun
from production.services.reports import variance
from production.services.runs import lifecycle, lines
from production.services.variance import of_run
from tenants.accounts.models import FarmSettings
from tests.factories import a_filament, a_product, a_run, a_running_run, a_spool
from tests.production.api_helpers import REPORTS, rows
from tests.production.completed_runs import completed, took


def timed(spool, planned, actual, **fields):
    """A run of one part of 10 g that took 11, with these minutes."""
    run = a_running_run((spool, 10), planned_minutes=planned, **fields)
    return completed(run, grams=[11], good=[1] * run.items.count(), minutes=actual)


def figures(runs, planned, actual, difference, percent):
    return {
        "runs": runs,
        "planned": planned,
        "actual": actual,
        "difference": difference,
        "percent": percent,
    }


def test_what_was_planned_and_what_was_taken_are_of_the_same_runs(api, at_admin):
    """Minutes 100 to 110, none to 40, 50 to none, 10 to 5; a spool without a price; an open run."""
    FarmSettings.objects.update(machine_hour_rate=6, energy_price_kwh=1)  # of no printer
    spool, product = a_spool(price=Decimal(20)), a_product(grams=10)
    for planned, actual in ((100, 110), (None, 40), (50, None)):
        timed(spool, planned, actual, items=[(product, 1)])
    timed(a_spool(filament=a_filament(price=None)), 10, 5, items=[(product, 1)])
    a_run((spool, 500), planned_minutes=1000)
    (row,) = rows(api, "variance")
    assert (row["minutes"]["planned"], row["minutes"]["actual"]) == ("1160.00", "155.00")
    assert (row["grams"]["planned"], row["grams"]["actual"]) == ("540.000000", "44.000000")
    compared = row["compared"]
    grams = figures(4, "40.000000", "44.000000", "4.000000", "10.0000")
    assert compared["grams"] == grams
    assert compared["minutes"] == figures(2, "110.00", "115.00", "5.00", "4.5455")
    cost = compared["cost"]
    assert cost["material"] == figures(3, "0.6000", "0.6600", "0.0600", "10.0000")
    assert cost["machine"] == figures(2, "11.0000", "11.5000", "0.5000", "4.5455")
    assert cost["total"] == figures(1, "10.2000", "11.2200", "1.0200", "10.0000")
    assert cost["labour"] == figures(4, "0.0000", "0.0000", "0.0000", None)
    assert cost["energy"] == figures(0, None, None, None, None)
    (by_filament, unpriced) = rows(api, "variance", "group_by=filament")
    assert by_filament["compared"]["cost"] == {"material": cost["material"]}
    assert unpriced["compared"]["grams"]["runs"] == 1
    table = api.get(f"{REPORTS}variance/?format=csv")
    [line] = DictReader(StringIO(b"".join(table.streaming_content).decode()))
    assert line["compared.cost.total.runs"] == "1"
    assert line["compared.cost.total.difference"] == "1.0200"
    page = at_admin.get(f"/admin/production/product/{product.pk}/change/")
    displayed = dict(
        zip(("planned", "actual", "difference"), ("10.20", "11.22", "+1.02"), strict=True)
    )
    total = {"label": "Cost, EUR", **displayed, "percent": "+10.0 %", "runs": 1}
    assert page.context["compared"][2] == total
    week = at_admin.get("/admin/").context["week"]["compared"]
    assert [row["runs"] for row in week] == [4, 2, 1, 3, 2, 4]


def test_groups_of_products_add_up_to_what_is_compared(farm):
    """An item that was added after the start had no plan; the choice is by run all the same."""
    run = a_running_run((a_spool(), 40), items=[(a_product(grams=20), 2)])
    lines.add_item(run, by=None, product=a_product(grams=10), quantity=4)
    completed(run, good=[2, 4], scrapped=[0, 0], grams=[100])
    [whole] = variance.of_many(ProductionRun.objects.live())
    groups = variance.of_many(ProductionRun.objects.live(), group_by="product")
    for pick in (
        lambda row: row["compared"]["grams"],
        lambda row: row["compared"]["cost"]["total"],
    ):
        assert [pick(row)["runs"] for row in groups] == [1, 1]
        for name in ("planned", "actual", "difference"):
            assert sum(pick(row)[name] for row in groups) == pick(whole)[name]
    assert [row["compared"]["grams"]["difference"] for row in groups] == [10, 50]


def test_of_what_a_cancelled_run_did_not_touch_it_took_none(farm):
    """Its plan is compared, so that filaments add up to the whole: with 0, as in the run's own."""
    one, two = a_spool(), a_spool(filament=a_filament())
    run = lifecycle.cancel(
        a_running_run((one, 100), (two, 130)), by=None, materials=[took(one, 12)]
    )
    runs = ProductionRun.objects.live()
    ([whole], found) = variance.of_many(runs), variance.by_material(runs)
    compared = [row["compared"]["grams"] for row in found]
    assert compared == [figures(1, 100, 12, -88, -88), figures(1, 130, 0, -130, -100)]
    assert whole["compared"]["grams"]["difference"] == sum(row["difference"] for row in compared)
    alone = [material["total"]["actual"] for material in of_run(run)["materials"]]
    assert [row["grams"]["actual"] for row in found] == alone == [12, 0]
