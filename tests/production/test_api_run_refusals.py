"""What no body does to a run, and who may do what."""

from decimal import Decimal

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import Spool
from production.models import ProductionRun, Reason
from tests.factories import (
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.api_helpers import RUNS, at, materials, usage
from tests.responses import refused


def test_a_spool_that_is_too_short_is_refused_with_the_figures(api):
    spool = a_spool(50)
    problem = refused(api.post(RUNS, materials((spool.pk, 60))), 409, "insufficient_inventory")
    (short,) = problem["shortages"]
    assert (short["spool_code"], Decimal(short["missing_grams"])) == (spool.code, 10)
    assert not ProductionRun.objects.exists()


def test_a_spool_that_is_unknown_or_another_farms_is_refused(api, other_farm):
    with tenant_context(other_farm):
        theirs = a_spool()
    for pk in (theirs.pk, 1, 10**30):
        answer = api.post(RUNS, materials((pk, 1)))
        problem = refused(answer, 400, "invalid")
        assert list(problem["errors"]) == ["materials.0.spool"]
    answer = api.post(RUNS, {"materials": [{"spool_code": theirs.code, "planned_grams": "1"}]})
    assert list(refused(answer, 400, "invalid")["errors"]) == ["materials.0.spool_code"]


def test_an_archived_spool_is_refused(api):
    spool = a_spool()
    Spool.objects.update(archived_at=timezone.now())
    refused(api.post(RUNS, materials((spool.pk, 1))), 409, "spool_archived")


def test_a_spool_on_two_lines_is_refused(api):
    spool = a_spool()
    refused(api.post(RUNS, materials((spool.pk, 1), (spool.pk, 2))), 400, "duplicate_spool")


def test_another_farms_run_is_404(api, other_farm):
    with tenant_context(other_farm):
        theirs = a_run()
    assert api.get(at(theirs)).status_code == 404
    assert api.post(at(theirs, "start")).status_code == 404


def test_the_second_completion_is_refused_and_says_what_is_allowed(api):
    run = a_running_run((a_spool(), 100))
    assert api.post(at(run, "complete"), {"as_planned": True}).status_code == 200
    problem = refused(
        api.post(at(run, "complete"), {"as_planned": True}), 409, "invalid_run_status"
    )
    assert "revert" in problem["allowed"]
    assert usage() == 1


def test_with_the_same_key_the_second_completion_gets_the_first_answer(api):
    run = a_running_run((a_spool(), 100))
    key = {"Idempotency-Key": "complete-1"}
    first, second = (
        api.post(at(run, "complete"), {"as_planned": True}, headers=key) for _ in range(2)
    )
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert usage() == 1


def test_missing_actuals_are_named_and_nothing_is_booked(api):
    run = a_running_run((a_spool(), 100), items=[(a_product(), 5)])
    refused(api.post(at(run, "complete"), {}), 409, "actuals_missing")
    assert usage() == 0


def test_a_weight_after_above_the_weight_before_is_refused(api):
    run = a_running_run((a_spool(), 100))
    line = run.materials.get()
    weights = {"id": line.pk, "gross_before_grams": "500", "gross_after_grams": "600"}
    refused(api.post(at(run, "complete"), {"materials": [weights]}), 400, "after_above_before")


def test_fifty_good_of_five_are_refused(api):
    run = a_running_run(items=[(a_product("CLIP"), 5)])
    counts = [{"product_sku": "CLIP", "good_count": 50}]
    refused(api.post(at(run, "complete"), {"items": counts}), 400, "counts_exceed_quantity")
    refused(api.post(at(run, "complete"), {"items": [*counts, *counts]}), 400, "invalid")
    assert ProductionRun.objects.get().status == "in_progress"


def test_scrap_has_a_reason_by_its_code(api):
    run = a_running_run(items=[(a_product("CLIP"), 5)])
    count = {"product_sku": "CLIP", "good_count": 4, "scrapped_count": 1}
    count["scrap_reason_code"] = "warping"
    done = api.post(at(run, "complete"), {"items": [count]})
    assert done.status_code == 200, done.content
    assert (
        done.json()["items"][0]["scrap_reason"]
        == Reason.objects.get(kind="scrap", code="warping").pk
    )


@pytest.mark.parametrize("grams", ["NaN", "Infinity", "-1", -1, "1e12", "1" * 40, "", "a", [1], {}])
def test_what_a_run_takes_is_never(api, grams):
    spool = a_spool()
    refused(api.post(RUNS, materials((spool.pk, grams))), 400, "invalid")
    run = a_running_run((spool, 10))
    line = {"id": run.materials.get().pk, "actual_grams": grams}
    refused(api.post(at(run, "complete"), {"materials": [line]}), 400, "invalid")


@pytest.mark.parametrize("quantity", [0, -1, 1.5, 10**30, "many", None, True, [], 2**31])
def test_a_quantity_is_never(api, quantity):
    product = a_product()
    answer = api.post(RUNS, {"items": [{"product": product.pk, "quantity": quantity}]})
    if quantity is not True:
        assert answer.status_code == 400, answer.content
    assert answer.status_code < 500


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"materials": []},
        {"notes": "nothing to make, nothing to take"},
        {"planned_start_at": "2026-03-01T08:30:00"},
        {"planned_start_at": "9999-12-31T23:59:59Z"},
        {"due_on": "0001-01-01"},
        {"due_on": "2026-02-30"},
        {"plate_count": 0},
        {"plate_count": 10**12},
        {"priority": 40_000},
        {"planned_minutes": "NaN"},
        {"external_id": "x" * 201},
        {"items": {}},
        {"items": [1]},
        {"items": [{}]},
        {"materials": [{}]},
        {"materials": [{"spool": None}]},
        {"items": [{"quantity": 1}]},
        {"printer": 1},
        {"printer_name": "nobody's"},
        {"status": "completed"},
        {"actual_minutes": 5},
        {"override_reason": 5.5},
    ],
)
def test_a_bad_plan_is_400(api, body):
    answer = api.post(RUNS, body)
    assert answer.status_code == 400, answer.content
    assert not ProductionRun.objects.exists()


def test_an_external_id_is_taken_once(api):
    body = materials((a_spool().pk, 1)) | {"external_id": "shop-1"}
    assert api.post(RUNS, body).status_code == 201
    problem = refused(api.post(RUNS, body), 409, "duplicate")
    assert list(problem["errors"]) == ["external_id"]


def test_an_override_is_the_managers(api, operator):
    body = materials((a_spool(50).pk, 60)) | {"override_reason": "a new spool comes at noon"}
    api.force_authenticate(operator)
    refused(api.post(RUNS, body), 403, "override_not_permitted")


def test_a_viewer_does_nothing_to_a_run(api, viewer):
    run = a_run((a_spool(), 10))
    api.force_authenticate(viewer)
    assert api.get(at(run)).status_code == 200
    for verb in ("start", "unstart", "complete", "cancel", "revert"):
        refused(api.post(at(run, verb), {}), 403, "permission_denied")
    for method, path in (
        ("post", RUNS),
        ("put", at(run)),
        ("patch", at(run)),
        ("delete", at(run)),
        ("post", at(run, "items")),
        ("post", at(run, "materials")),
    ):
        assert getattr(api, method)(path, {}).status_code == 403, (method, path)
    assert ProductionRun.objects.get().status == "planned"
