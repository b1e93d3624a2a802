"""Many runs at once through the API: all or none, and the plates of an order over printers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Spool
from production.models import ProductionRun, RunNumber
from tests.factories import a_printer, a_product, a_spool
from tests.production.api_helpers import RUNS
from tests.responses import refused

BULK, PLAN = f"{RUNS}bulk/", f"{RUNS}plan/"


def takes(spool, grams, **fields):
    return {"materials": [{"spool_code": spool.code, "planned_grams": grams}], **fields}


def planned(answer):
    assert answer.status_code == 201, answer.content
    return answer.json()["runs"]


def reserved():
    return list(Spool.objects.order_by("pk").values_list("reserved_grams", flat=True))


def nothing_is_planned():
    return not ProductionRun.objects.exists() and not RunNumber.objects.exists()


# --- Many runs ---------------------------------------------------------------------------------


def test_many_runs_are_planned_with_their_items_and_materials(api, operator):
    api.force_authenticate(operator)
    red, blue, product = a_spool(), a_spool(), a_product("BODY", grams=20)
    a_printer("Mk4")
    makes = {"items": [{"product_sku": "BODY", "quantity": 2, "order_reference": "SO-1"}]}
    body = {"runs": [takes(blue, 10), takes(red, "2.5", **makes, printer_name="mk4"), makes]}
    first, second, third = planned(api.post(BULK, body))
    assert [run["number"][-3:] for run in (first, second, third)] == ["001", "002", "003"]
    assert (second["printer_name"], second["items"][0]["order_reference"]) == ("Mk4", "SO-1")
    assert third["materials"][0]["planned_grams"] == "40.000000"  # by the bill of materials
    assert (first["created_by"], third["items"][0]["product"]) == (operator.pk, product.pk)
    assert reserved() == [2.5, 10]


def test_one_run_that_is_refused_refuses_them_all_by_its_index_with_the_figures(api):
    spool = a_spool(1000)
    body = {"runs": [takes(spool, 600), takes(spool, 600), takes(spool, 1, plate_count=10**6)]}
    problem = refused(api.post(BULK, body), 409, "runs_refused")
    assert [(each["index"], each["code"]) for each in problem["refused"]] == [
        (1, "insufficient_inventory"), (2, "invalid"),
    ]  # fmt: skip
    assert problem["refused"][0]["shortages"][0]["available_grams"] == "400.000000"
    assert problem["shortages"] == [
        {
            "spool_id": spool.pk,
            "spool_code": spool.code,
            "needed_grams": "1201.000000",
            "available_grams": "1000.000000",
            "missing_grams": "201.000000",
        }
    ]
    assert problem["errors"]["runs.2.plate_count"]
    assert "2 of 3 runs can't be planned" in problem["detail"]
    assert nothing_is_planned()
    assert reserved() == [0]


def test_shapes_are_told_by_the_index_of_their_run(api):
    spool = a_spool()
    item = {"product_sku": "NOBODY'S", "quantity": 0, "colour": "red"}
    body = {"runs": [takes(spool, 1), {"items": [item]}, {}, takes(spool, -1, status="completed")]}
    problem = refused(api.post(BULK, body), 400, "invalid")
    assert sorted(problem["errors"]) == [
        "runs.1.items.0.colour",
        "runs.2.items",
        "runs.2.materials",
        "runs.3.materials.0.planned_grams",
        "runs.3.status",
    ]
    assert nothing_is_planned()


def test_what_only_the_services_see_is_400_too(api):
    body = {"runs": [takes(a_spool(), 1), takes(a_spool(), 1, plate_count=0)]}
    problem = refused(api.post(BULK, body), 400, "runs_refused")
    assert problem["refused"][0]["index"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"runs": []},
        {"runs": {}},
        {"runs": "all"},
        {"runs": [None]},
        {"runs": [{"items": []}] * 101},
        {"runs": [[]]},
        {"items": []},
        [],
    ],
)
def test_no_list_of_1_to_100_runs_is_400(api, body):
    refused(api.post(BULK, body), 400, "invalid")


def test_an_override_of_one_run_is_the_managers(api, operator):
    spool = a_spool(100)
    body = {"runs": [takes(spool, 10), takes(spool, 150, override_reason="More arrives today")]}
    api.force_authenticate(operator)
    refused(api.post(BULK, body), 403, "override_not_permitted")
    assert nothing_is_planned()


def test_the_same_key_plans_them_once(api):
    spool = a_spool()
    body, key = {"runs": [takes(spool, 1), takes(spool, 2)]}, {"Idempotency-Key": "order-7"}
    first, again = (planned(api.post(BULK, body, headers=key)) for _ in range(2))
    assert first == again
    assert ProductionRun.objects.count() == 2


def test_the_answer_takes_as_many_queries_for_a_hundred_runs_as_for_one(api):
    spool = a_spool()

    def reads(count):
        with CaptureQueriesContext(connection) as captured:
            planned(api.post(BULK, {"runs": [takes(spool, 1)] * count}))
        problem = [query["sql"] for query in captured.captured_queries]
        return sum('FROM "production_runmaterial"' in sql for sql in problem)

    reads(1)
    assert reads(100) == reads(1)


# --- A plan ------------------------------------------------------------------------------------


def test_an_order_is_spread_over_the_printers(api, operator):
    api.force_authenticate(operator)
    a_product("CLIP", grams=5, units_per_plate=4, plate_minutes=30)
    elm, fir = a_printer("Elm"), a_printer("Fir")
    body = {
        "product_sku": "CLIP",
        "quantity": 10,
        "printer_names": ["elm", "FIR"],
        "order_reference": "SO-9",
        "due_on": "2026-12-01",
        "notes": "For the fair",
    }
    runs = planned(api.post(PLAN, body))
    assert [(run["printer"], run["items"][0]["quantity"]) for run in runs] == [
        (elm.pk, 4), (fir.pk, 4), (elm.pk, 2),
    ]  # fmt: skip
    assert {run["items"][0]["order_reference"] for run in runs} == {"SO-9"}
    assert {(run["due_on"], run["notes"]) for run in runs} == {("2026-12-01", "For the fair")}
    assert [run["materials"][0]["planned_grams"] for run in runs][-1] == "10.000000"
    assert {run["created_by"] for run in runs} == {operator.pk}


@pytest.mark.parametrize(("plates_per_run", "plates"), [(1, [1, 1, 1]), (2, [2, 1]), (None, [3])])
def test_plates_are_put_together_as_asked(api, plates_per_run, plates):
    product, printer = a_product(units_per_plate=2, grams=1), a_printer()
    body = {"product": product.pk, "quantity": 5, "printers": [printer.pk]}
    runs = planned(api.post(PLAN, body | {"plates_per_run": plates_per_run}))
    assert [run["plate_count"] for run in runs] == plates


def test_a_plan_that_can_not_be_is_refused_by_name(api):
    product, bare = a_product("CLIP", units_per_plate=1), a_product("BARE")
    old = a_product("OLD", units_per_plate=1, is_active=False)
    printer, resting = a_printer("Elm"), a_printer("Fir", is_active=False)
    body = {"product": product.pk, "quantity": 5, "printers": [printer.pk]}
    for change, status, code in (
        ({"product": bare.pk}, 400, "units_per_plate_unknown"),
        ({"product": old.pk}, 409, "product_inactive"),
        ({"printers": [resting.pk]}, 409, "printer_inactive"),
        ({"printers": [printer.pk, printer.pk]}, 400, "no_printers"),
        ({"quantity": 101}, 400, "too_many_runs"),
        ({"plates_per_run": 2, "override_reason": ""}, 201, None),
    ):
        answer = api.post(PLAN, body | change)
        assert (answer.status_code, answer.json().get("code")) == (status, code), answer.content
    assert ProductionRun.objects.count() == 3


def test_a_printer_that_can_not_make_it_names_its_runs(api):
    a_product("TALL", units_per_plate=1, height_mm=300)
    high, low = a_printer("High", bed_z_mm=400), a_printer("Low")
    body = {"product_sku": "TALL", "quantity": 3, "printers": [high.pk, low.pk]}
    problem = refused(api.post(PLAN, body), 409, "runs_refused")
    assert [each["index"] for each in problem["refused"]] == [1]
    assert problem["refused"][0]["code"] == "limit_exceeded"
    assert nothing_is_planned()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"product_sku": None}, "product_sku"),
        ({"product_sku": "NOBODY'S"}, "product_sku"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"quantity": 10**9}, "quantity"),
        ({"printer_names": ["Nobody's"]}, "printer_names.0"),
        ({"printer_names": []}, "printer_names"),
        ({"printer_names": ["Elm"], "printers": [1]}, "printers.0"),
        ({"printers": "all"}, "printers"),
        ({"plates_per_run": 0}, "plates_per_run"),
        ({"plates_per_run": 10**6}, "plates_per_run"),
        ({"external_id": "one for all"}, "external_id"),
        ({"due_on": "soon"}, "due_on"),
        ({"order_reference": "x" * 101}, "order_reference"),
    ],
)
def test_a_plan_of_a_wrong_shape_is_400(api, change, field):
    a_product("CLIP", units_per_plate=1)
    a_printer("Elm")
    body = {"product_sku": "CLIP", "quantity": 2, "printer_names": ["Elm"]}
    problem = refused(api.post(PLAN, body | change), 400, "invalid")
    assert field in problem["errors"], problem["errors"]


def test_printers_are_named_one_way(api):
    a_product("CLIP", units_per_plate=1)
    printer = a_printer("Elm")
    body = {"product_sku": "CLIP", "quantity": 2}
    both = {"printers": [printer.pk], "printer_names": ["Elm"]}
    for named in ({}, both):
        problem = refused(api.post(PLAN, body | named), 400, "invalid")
        assert list(problem["errors"]) == ["printers"]


def test_a_viewer_plans_nothing(api, viewer):
    api.force_authenticate(viewer)
    for address in (BULK, PLAN):
        refused(api.post(address, {}), 403, "permission_denied")
