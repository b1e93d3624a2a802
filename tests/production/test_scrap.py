"""What was printed for nothing, in figures a bookkeeper can check."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from production.models import ProductionRun, Reason, RunItem
from production.services import completion
from production.services.reports import scrap
from production.services.reports.scrap import GROUPS as SCRAP_GROUPS
from production.services.runs import lifecycle
from tenants.accounts.models import FarmSettings
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.completed_runs import completed
from tests.production.large_tables import plan_of, steps
from tests.rows import runs

pytestmark = pytest.mark.usefixtures("farm")


def scrapped_because(code):
    return Reason.objects.get(kind="scrap", code=code)


def lost(*, group_by=None):
    return scrap.scrap(ProductionRun.objects.live(), group_by=group_by)


@pytest.fixture
def a_month(farm):
    """5 bodies at 20 g and 10 wings at 10 g: 250 g used, one body warped; then 100 g failed."""
    spool = a_spool(1000, price=Decimal(20))
    body, wing = a_product("BODY", grams=20), a_product("WING", grams=10)
    mk4, mini = a_printer("Mk4"), a_printer("Mini")
    run = a_running_run((spool, 200), items=[(body, 5), (wing, 10)], printer=mk4)
    warped = scrapped_because("warping")
    completed(run, good=[4, 10], scrapped=[1, 0], grams=[250], reasons=[warped, None])
    run = a_running_run((spool, 200), items=[(body, 10)], printer=mini)
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    completion.fail(run, by=None, reason=clogged, progress_percent=50)
    a_run((spool, 5), items=[(wing, 1)])


@pytest.mark.usefixtures("a_month")
def test_scrap_and_failures_are_told_apart_and_together():
    [whole] = lost()
    assert whole["scrapped"] == {"count": 1, "grams": 25, "cost": Decimal("0.5")}
    assert whole["failed"] == {"runs": 1, "count": 0, "grams": 100, "cost": 2}
    assert whole["printed"] == {"count": 15, "grams": 350, "runs_of_unknown_grams": 0}
    assert whole["lost"] == {
        "count": 1,
        "grams": 125,
        "cost": Decimal("2.5"),
        "known_cost": Decimal("2.5"),
        "runs_of_unknown_cost": 0,
        "runs_of_unknown_grams": 0,
        "percent_of_count": Decimal("6.6667"),
        "percent_of_grams": Decimal("35.7143"),
    }


@pytest.mark.usefixtures("a_month")
def test_scrap_by_reason_is_a_share_of_all_that_was_printed():
    rows = {row["name"]: row for row in lost(group_by="reason")}
    assert sorted(rows) == ["Clogged nozzle", "Warping"]
    assert rows["Warping"]["lost"]["grams"] == 25
    assert rows["Warping"]["printed"] == {"count": 15, "grams": 350, "runs_of_unknown_grams": 0}
    assert rows["Clogged nozzle"]["failed"]["runs"] == 1
    assert rows["Clogged nozzle"]["lost"]["percent_of_grams"] == Decimal("28.5714")


@pytest.mark.usefixtures("a_month")
def test_scrap_by_product_and_by_printer_is_a_share_of_their_own():
    products = {row["name"]: row for row in lost(group_by="product")}
    body, wing = products["BODY A part"], products["WING A part"]
    assert (body["lost"]["grams"], body["printed"]["grams"]) == (125, 225)
    assert (body["scrapped"]["count"], body["printed"]["count"]) == (1, 5)
    assert body["lost"]["percent_of_count"] == 20
    assert (wing["lost"]["grams"], wing["lost"]["percent_of_count"]) == (0, 0)
    printers = {row["name"]: row for row in lost(group_by="printer")}
    assert printers["Mk4"]["lost"]["percent_of_grams"] == 10
    assert printers["Mini"]["lost"]["percent_of_grams"] == 100
    assert printers["Mini"]["lost"]["percent_of_count"] is None


@pytest.mark.usefixtures("a_month")
def test_scrap_by_month_says_what_the_whole_does():
    [whole], [month] = lost(), lost(group_by="month")
    today = FarmSettings.load().local_date(datetime.now(UTC))
    assert month["key"] == month["name"] == f"{today:%Y-%m}"
    assert (month["lost"], month["printed"]) == (whole["lost"], whole["printed"])


@pytest.mark.usefixtures("a_month")
def test_scrap_by_material_type_is_of_the_material_alone():
    """80 g PLA and 40 g PETG of 4 parts, one scrapped: 20 g and 10 g of them."""
    FarmSettings.objects.update(machine_hour_rate=3)
    pla, petg = (
        a_spool(1000, price=Decimal(20)),
        a_spool(
            1000, filament=a_filament("Clear", material_type=a_material_type("PETG"), price=None)
        ),
    )
    run = a_running_run((pla, 80), (petg, 40), items=[(a_product(), 4)])
    completed(run, good=[3], scrapped=[1], grams=[80, 40], minutes=60)
    [whole], rows = lost(), {row["name"]: row for row in lost(group_by="material_type")}
    assert rows["PLA"]["lost"]["grams"] == 125 + 20
    assert rows["PLA"]["lost"]["cost"] == Decimal("2.9")
    assert rows["PLA"]["printed"] == {"count": 19, "grams": 430, "runs_of_unknown_grams": 0}
    assert (rows["PETG"]["lost"]["grams"], rows["PETG"]["lost"]["cost"]) == (10, None)
    assert rows["PETG"]["scrapped"]["count"] == rows["PETG"]["failed"]["runs"] + 1 == 1
    for part in ("lost", "printed"):
        assert sum(row[part]["grams"] for row in rows.values()) == whole[part]["grams"]


def test_two_reasons_of_one_product_share_what_it_lost():
    spool, product = a_spool(1000, price=Decimal(20)), a_product(grams=10)
    run = a_running_run((spool, 100), items=[(product, 5), (product, 5)])
    reasons = [scrapped_because("warping"), scrapped_because("stringing")]
    completed(run, good=[4, 2], scrapped=[1, 3], grams=[120], reasons=reasons)
    rows = {row["name"]: row["lost"] for row in lost(group_by="reason")}
    assert (rows["Warping"]["grams"], rows["Stringing"]["grams"]) == (12, 36)
    assert (rows["Warping"]["count"], rows["Stringing"]["count"]) == (1, 3)
    assert rows["Stringing"]["cost"] == Decimal("0.72")


def test_what_a_lost_part_costs_is_all_it_costs():
    """Of 4 parts one is scrapped: a quarter of 40 g, 2 h of machine, 4 x 15 min of labour."""
    FarmSettings.objects.update(labour_rate=20, machine_hour_rate=3)
    spool, product = a_spool(1000, price=Decimal(20)), a_product(grams=10, labour_minutes=15)
    run = a_running_run((spool, 40), items=[(product, 4)])
    completed(run, good=[3], scrapped=[1], grams=[40], minutes=Decimal(120))
    [row] = lost(group_by="product")
    assert row["lost"]["cost"] == Decimal("0.2") + Decimal("1.5") + 5


def test_a_loss_of_unknown_price_costs_nobody_knows_what():
    spool = a_spool(1000, filament=a_filament(price=None))
    run = a_running_run((spool, 40), items=[(a_product(grams=10), 4)])
    completed(run, good=[3], scrapped=[1], grams=[40])
    [row] = lost()
    assert (row["lost"]["cost"], row["lost"]["runs_of_unknown_cost"]) == (None, 1)
    assert row["scrapped"]["cost"] is None
    assert row["lost"]["grams"] == 10


def test_nothing_printed_is_nothing_lost():
    assert lost() == []
    assert lost(group_by="reason") == []
    run = a_running_run((a_spool(), 10), items=[(a_product(), 1)])
    completed(run, good=[0], grams=[10])
    [row] = lost()
    assert (row["lost"]["grams"], row["lost"]["percent_of_count"]) == (0, None)


def test_a_cancelled_or_reverted_run_is_neither_scrap_nor_printed():
    spool = a_spool(1000)
    lifecycle.cancel(a_running_run((spool, 10)), by=None)
    run = a_running_run((spool, 40), items=[(a_product(), 4)])
    completion.revert(completed(run, good=[3], scrapped=[1], grams=[40]), by=None)
    assert lost() == []


@pytest.mark.usefixtures("a_month")
@pytest.mark.parametrize("group_by", list(SCRAP_GROUPS))
def test_a_report_of_scrap_takes_three_queries_at_most(group_by):
    with CaptureQueriesContext(connection) as seen:
        lost(group_by=group_by)
    assert len(seen) <= 3


def test_only_runs_that_lost_something_are_shared_out_among_their_products():
    """What a run lost has a share and a cost; what the others printed is a sum."""
    rows = runs(50)
    RunItem.objects.filter(run__in=rows[1:]).update(scrapped_count=0)
    with CaptureQueriesContext(connection) as seen:
        (whole,) = scrap.scrap(ProductionRun.objects.live(), group_by=None)
    assert whole["scrapped"]["count"] == 1
    assert whole["printed"]["count"] == 5 + 4 * 49
    (statement,) = [query["sql"] for query in seen if "shares AS" in query["sql"]]
    shared = [step for step in steps(plan_of(statement)) if step["Node Type"] == "WindowAgg"]
    assert {step["Actual Rows"] for step in shared} == {1}
