"""Consumption, scrap and the way of a lot through the API."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.services import reversing
from inventory.services.spools import consumption
from production.models import ActualSource, Reason
from production.services import completion
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.api_helpers import REPORTS, rows
from tests.production.completed_runs import completed
from tests.responses import refused


def grams(api, query):
    return [row["grams"]["total"] for row in rows(api, "consumption", query)]


def ordered(reference, spool, product, take=10, **fields):
    """A started run that makes two of a product for an order."""
    run = lifecycle.create(
        by=None,
        items=[NewItem(product=product, quantity=2, order_reference=reference)],
        materials=[NewMaterial(spool=spool, planned_grams=Decimal(take))],
        **fields,
    )
    return lifecycle.start(run, by=None)


# --- Consumption -------------------------------------------------------------------------------


@pytest.fixture
def used(farm):
    """40 g of red PLA by a run of the Mk4 for SO-1, 7 g of it wasted by hand, 5 g of unpriced ASA
    used by hand."""
    red = a_spool(filament=a_filament("Red"), lot_number="L-1")
    printer, product = a_printer("Mk4"), a_product("BODY", grams=20)
    run = ordered("SO-1", red, product, 40, printer=printer)
    completion.complete(run, by=None, as_planned=True)
    consumption.waste(red, by=None, grams=Decimal(7))
    maker = a_manufacturer("Other")
    asa = a_filament("ASA", material_type=a_material_type("ASA"), manufacturer=maker, price=None)
    other = a_spool(filament=asa)
    consumption.use(other, by=None, grams=Decimal(5))
    return {"run": run, "printer": printer, "product": product, "red": red, "asa": other}


def test_consumption_is_told_with_grams_and_cost_as_decimal_strings(api, used):
    (whole,) = rows(api, "consumption")
    assert whole == {
        "period": None,
        "starts_on": None,
        "key": None,
        "name": None,
        "grams": {
            "usage": "45.000000",
            "waste": "7.000000",
            "total": "52.000000",
            "by_source": dict.fromkeys(ActualSource.values, "0.000000")
            | {"as_planned": "40.000000", "unknown": "12.000000"},
        },
        "cost": {
            "total": None,  # the cost of the ASA is unknown
            "known_total": "0.9400",
            "grams_of_unknown_cost": "5.000000",
        },
    }


def test_consumption_is_told_by_group_and_period(api, used):
    by_type = rows(api, "consumption", "group_by=material_type&period=month")
    month = timezone.localdate().strftime("%Y-%m")
    assert [(row["period"], row["name"], row["grams"]["total"]) for row in by_type] == [
        (month, "PLA", "47.000000"), (month, "ASA", "5.000000"),
    ]  # fmt: skip
    assert by_type[0]["starts_on"] == f"{month}-01"
    assert [row["name"] for row in rows(api, "consumption", "group_by=printer")] == ["Mk4", None]
    assert rows(api, "consumption", "group_by=product")[0]["key"] == str(used["product"].pk)
    assert len(rows(api, "consumption", "group_by=filament&period=week")) == 2
    assert rows(api, "consumption", "period=day")[0]["period"] == f"{timezone.localdate()}"


def test_consumption_is_narrowed_by_what_is_known_of_an_entry(api, used):
    today, red = timezone.localdate(), used["red"]
    for query, expected in {
        f"spool={red.pk}": ["47.000000"],
        f"filament={red.filament_id}": ["47.000000"],
        f"manufacturer={used['asa'].filament.manufacturer_id}": ["5.000000"],
        "material_type_code=asa": ["5.000000"],
        f"material_type={red.filament.material_type_id}": ["47.000000"],
        "lot=l-1": ["47.000000"],
        f"run={used['run'].pk}": ["40.000000"],
        f"run_number={used['run'].number}": ["40.000000"],
        f"spool_code={red.code}": ["47.000000"],
        "printer_name=mk4": ["40.000000"],
        f"printer={used['printer'].pk}": ["40.000000"],
        "order_reference=so-1": ["40.000000"],
        "kind=waste": ["7.000000"],
        "kind=usage,waste": ["52.000000"],
        "kind=usage&lot=L-1": ["40.000000"],
        f"since={today}&until={today}": ["52.000000"],
        "until=2020-01-01": [],
        "since=2999-01-01": [],
        "since=2999-01-01T00:00:00Z": [],
        "until=2999-01-01T00:00:00%2B01:00": ["52.000000"],
        "lot=L-2": [],
    }.items():
        assert grams(api, query) == expected, query


def test_what_was_reversed_is_of_the_kind_it_reverses(api, used, manager):
    entry = used["red"].transactions.get(kind="waste")
    reversing.reverse(entry, by=manager, reason="Found again")
    assert grams(api, "kind=waste") == []
    assert grams(api, "kind=usage") == ["45.000000"]


def test_a_run_that_makes_two_products_is_shared_out_among_them(api):
    body, wing = a_product("BODY", grams=20), a_product("WING", grams=10)
    run = a_running_run((a_spool(), 30), items=[(body, 1), (wing, 1)])
    completed(run, good=[1, 1], grams=[30])
    found = rows(api, "consumption", "group_by=product")
    assert [(row["name"], row["grams"]["usage"]) for row in found] == [
        ("BODY A part", "20.000000"), ("WING A part", "10.000000"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        "group_by=colour",
        "group_by=None",
        "period=year",
        "kind=count",
        "since=soon",
        "until=2026-02-30",
        "since=2026-01-01T00:00:00",
        "spool=-1",
        "run=0",
        "colour=red",
        "ordering=key",
        "search=x",
        "page=0",
        "page_size=201",
    ],
)
def test_a_parameter_that_makes_no_sense_is_400(api, query):
    refused(api.get(f"{REPORTS}consumption/?{query}"), 400, "invalid")


def test_nul_is_no_parameter(api):
    refused(api.get(f"{REPORTS}consumption/?lot=%00"), 400, "unreadable")


# --- Scrap -------------------------------------------------------------------------------------


@pytest.fixture
def lost(farm):
    """5 bodies at 20 g, one of them warped; then 50 g of a failed run."""
    spool, body = a_spool(1000, price=Decimal(20)), a_product("BODY", grams=20)
    warped = Reason.objects.get(kind="scrap", code="warping")
    run = a_running_run((spool, 100), items=[(body, 5)], printer=a_printer("Mk4"))
    completed(run, good=[4], scrapped=[1], grams=[100], reasons=[warped])
    run = a_running_run((spool, 100), items=[(body, 5)], printer=a_printer("Mini"))
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    completion.fail(run, by=None, reason=clogged, progress_percent=50)
    a_run((spool, 5))


@pytest.mark.usefixtures("lost")
def test_scrap_is_told_with_what_it_cost(api):
    (whole,) = rows(api, "scrap")
    assert whole["scrapped"] == {"count": 1, "grams": "20.000000", "cost": "0.4000"}
    assert whole["failed"] == {"count": 0, "grams": "50.000000", "cost": "1.0000", "runs": 1}
    assert whole["lost"]["cost"] == "1.4000"
    assert whole["lost"]["percent_of_count"] == "20.0000"
    printed = {"count": 5, "grams": "150.000000", "runs_of_unknown_grams": 0}
    assert whole["printed"] == printed


@pytest.mark.usefixtures("lost")
def test_scrap_is_told_by_group_and_takes_the_filters_of_the_list_of_runs(api):
    named = {row["name"] for row in rows(api, "scrap", "group_by=reason")}
    assert named == {"Warping", "Clogged nozzle"}
    for query, names in {
        "group_by=printer&printer_name=mini": ["Mini"],
        "group_by=printer&status=completed": ["Mk4"],
        "group_by=product&status=completed,failed": ["BODY A part"],
        "group_by=month&finished_to=2020-01-01": [],
        "group_by=printer&order_reference=SO-1": [],
    }.items():
        assert [row["name"] for row in rows(api, "scrap", query)] == names, query
    for query in ("group_by=hour", "group_by=status", "status=lost", "reason=1", "ordering=id"):
        refused(api.get(f"{REPORTS}scrap/?{query}"), 400, "invalid")


# --- Lots --------------------------------------------------------------------------------------


@pytest.fixture
def traced(farm):
    """Lot L-7 of two makers; of one of them a completed run for SO-1, and a running one."""
    mine = a_spool(lot_number="L-7", filament=a_filament("Red", manufacturer=a_manufacturer("A")))
    yours = a_spool(lot_number="L-7", filament=a_filament("Blue", manufacturer=a_manufacturer("B")))
    product = a_product("BODY")
    done = ordered("SO-1", mine, product, 30)
    completion.complete(done, by=None, as_planned=True)
    return {
        "mine": mine,
        "yours": yours,
        "done": done,
        "running": ordered("SO-2", mine, product),
        "other": ordered("SO-3", yours, product),
    }


def runs_of(api, report, query):
    return [row["run"] for row in rows(api, report, query)]


def test_a_lot_is_followed_to_runs_and_orders(api, traced):
    running, done = rows(api, "lots", f"lot=l-7&filament={traced['mine'].filament_id}")
    assert done == {
        "run": traced["done"].pk,
        "run_number": traced["done"].number,
        "status": "completed",
        "printer_name": None,
        "finished_at": done["finished_at"],
        "spool": traced["mine"].pk,
        "spool_code": traced["mine"].code,
        "lot_number": "L-7",
        "filament": traced["mine"].filament_id,
        "filament_name": "Red",
        "manufacturer_name": "A",
        "material_type_code": "PLA",
        "is_held": False,
        "used_grams": "30.000000",
        "order_references": ["SO-1"],
    }
    assert done["finished_at"].endswith("Z")
    assert (running["status"], running["used_grams"]) == ("in_progress", "0.000000")
    assert runs_of(api, "lots", "lot=L-7")[0] == traced["other"].pk
    maker = traced["yours"].filament.manufacturer_id
    assert runs_of(api, "lots", f"lot=L-7&manufacturer={maker}") == [traced["other"].pk]
    assert runs_of(api, "lots", "lot=L-8") == []


def test_the_parts_of_a_lot_are_told_with_their_orders(api, traced):
    maker = traced["mine"].filament.manufacturer_id
    second, first = rows(api, "lot-parts", f"lot=L-7&manufacturer={maker}")
    assert (first["product_sku"], first["order_reference"], first["good_count"]) == (
        "BODY", "SO-1", 2,
    )  # fmt: skip
    assert (second["status"], second["good_count"]) == ("in_progress", None)


def test_an_order_and_a_run_are_followed_back_to_their_lots(api, traced):
    assert runs_of(api, "lots", "order_reference=so-1") == [traced["done"].pk]
    assert runs_of(api, "lots", f"run={traced['other'].pk}") == [traced["other"].pk]
    assert runs_of(api, "lots", "order_reference=SO-9") == []
    assert runs_of(api, "lots", "run=1") == []


@pytest.mark.parametrize(
    ("report", "query", "field"),
    [
        ("lots", "", "lot"),
        ("lots", "lot=%20", "lot"),
        ("lots", "lot=L-7&run=1", "lot"),
        ("lots", "lot=L-7&order_reference=SO-1", "lot"),
        ("lots", "run=1&filament=1", "filament"),
        ("lots", "order_reference=1&manufacturer=1", "manufacturer"),
        ("lots", "run=0", "run"),
        ("lots", "lot=L-7&filament=0", "filament"),
        ("lots", "spool=1", "spool"),
        ("lot-parts", "", "lot"),
        ("lot-parts", "run=1", "run"),
        ("lot-parts", "lot=L-7&filament=0", "filament"),
    ],
)
def test_a_question_about_lots_that_makes_no_sense_is_400(api, report, query, field):
    problem = refused(api.get(f"{REPORTS}{report}/?{query}"), 400, "invalid")
    assert field in problem["errors"]
