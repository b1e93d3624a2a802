"""Production runs through the API: the whole story, and status by PUT and PATCH."""

from decimal import Decimal
from unittest import mock

import pytest

from inventory.models import InventoryTransaction, Spool
from production.models import ProductionRun
from tenants.accounts.models import FarmSettings
from tests.conftest import FarmAPIClient
from tests.factories import (
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    make_token,
    make_user,
)
from tests.production.api_helpers import RUNS, at, usage
from tests.queries import remaining
from tests.responses import refused

CHANGE = "production.change_productionrun"


def test_a_run_is_planned_started_completed_and_its_variance_read(api, operator):
    api.force_authenticate(operator)
    spool, printer = a_spool(1000), a_printer("Mk4")
    product = a_product("BODY", grams=20)
    plan = {
        "printer_name": "mk4",
        "items": [{"product_sku": "BODY", "quantity": 5}],
        "materials": [{"spool_code": spool.code.lower(), "planned_grams": "100"}],
    }
    run = api.post(RUNS, plan)
    assert run.status_code == 201, run.content
    run = run.json()
    assert (run["status"], run["printer"]) == ("planned", printer.pk)
    assert run["items"][0]["product"] == product.pk
    assert "start" in run["allowed"]
    assert Spool.objects.get().reserved_grams == 100

    started = api.post(at(run["id"], "start"))
    assert (started.status_code, started.json()["status"]) == (200, "in_progress")

    body = {
        "materials": [{"spool_code": spool.code, "actual_grams": 110.5}],
        "items": [{"product_sku": "BODY", "good_count": 4, "scrapped_count": 1}],
        "actual_minutes": "90",
    }
    done = api.post(at(run["id"], "complete"), body)
    assert done.status_code == 200, done.content
    assert done.json()["status"] == "completed"
    assert [entry["grams"] for entry in done.json()["entries"]] == ["-110.500000"]
    assert done.json()["variance"]["grams"]["total"]["difference"] == "10.500000"
    assert remaining(spool) == Decimal("889.5")
    variance = api.get(at(run["id"], "variance")).json()
    assert variance["grams"] == done.json()["variance"]["grams"]
    entry = InventoryTransaction.objects.get(kind="usage")
    assert (entry.source, entry.performed_by) == ("api", operator)
    assert entry.production_run_id == run["id"]


def test_without_materials_they_come_from_the_bill_of_materials(api):
    product = a_product(grams=20)
    run = api.post(RUNS, {"items": [{"product": product.pk, "quantity": 3}]}).json()
    assert [line["planned_grams"] for line in run["materials"]] == ["60.000000"]
    assert run["materials"][0]["spool"] is None


def test_spools_are_named_at_the_start(api):
    spool = a_spool()
    product = a_product(grams=20, material_type=spool.filament.material_type)
    run = api.post(RUNS, {"items": [{"product": product.pk, "quantity": 3}]}).json()
    refused(api.post(at(run["id"], "start")), 409, "spools_missing")
    spools = [{"material": run["materials"][0]["id"], "spool_code": spool.code}]
    started = api.post(at(run["id"], "start"), {"spools": spools}).json()
    assert (started["status"], started["materials"][0]["spool"]) == ("in_progress", spool.pk)


def test_a_dry_run_shows_the_entries_and_books_nothing(api):
    spool = a_spool()
    run = a_running_run((spool, 100))
    body = {"as_planned": True, "dry_run": True}
    answer = api.post(at(run, "complete"), body).json()
    assert [(entry["id"], entry["grams"]) for entry in answer["entries"]] == [(None, "-100.000000")]
    assert (answer["dry_run"], answer["variance"]["status"]) == (True, "completed")
    assert (answer["status"], remaining(spool), usage()) == ("in_progress", 1000, 0)


def test_where_all_rates_are_0_machine_and_energy_cost_nothing_alike(api):
    FarmSettings.objects.update(machine_hour_rate=0, energy_price_kwh=0, labour_rate=0)
    run = a_running_run((a_spool(), 100))
    body = {"as_planned": True, "actual_minutes": 60}
    cost = api.post(at(run, "complete"), body).json()["variance"]["cost"]
    assert {cost[name]["actual"] for name in ("machine", "energy", "labour")} == {"0.0000"}


def test_a_completed_run_is_reverted_and_completed_again(api):
    spool = a_spool()
    run = a_running_run((spool, 100))
    api.post(at(run, "complete"), {"as_planned": True})
    assert api.post(at(run, "revert"), {"reason": "wrong run"}).json()["status"] == "in_progress"
    assert remaining(spool) == 1000
    answer = api.post(at(run, "complete"), {})
    assert (answer.status_code, answer.json()["code"]) == (409, "actuals_missing")
    answer = api.post(at(run, "complete"), {"as_planned": True})
    assert answer.json()["status"] == "completed"
    assert remaining(spool) == 900


def test_a_deleted_run_is_404_everywhere(api):
    run = a_run((a_spool(), 10))
    assert api.delete(at(run)).status_code == 204
    for path in (at(run), at(run, "variance"), at(run, "items"), at(run, "materials")):
        assert api.get(path).status_code == 404, path
    for verb in ("start", "unstart", "complete", "cancel", "revert"):
        assert api.post(at(run, verb), {}).status_code == 404
    assert api.get(RUNS).json()["total_count"] == 0


def test_a_status_is_reached_by_its_verb_only(api):
    spool = a_spool()
    run = a_run((spool, 100))

    def move(status, expected=200):
        answer = api.patch(at(run), {"status": status})
        assert answer.status_code == expected, answer.content
        return answer.json()

    assert refused(api.patch(at(run), {"status": "completed"}), 409, "invalid_run_status")[
        "allowed"
    ]
    assert move("in_progress")["started_at"]
    assert move("planned")["started_at"] is None
    move("in_progress")
    refused(api.patch(at(run), {"status": "completed"}), 409, "actuals_missing")
    line = run.materials.get()
    api.patch(at(run, "materials", line.pk), {"actual_grams": "95"})
    assert move("completed")["status"] == "completed"
    assert remaining(spool) == 905
    assert move("in_progress")["reopened_at"]
    assert move("cancelled")["status"] == "cancelled"
    assert remaining(spool) == 1000
    move("unheard", 400)


def test_counts_saved_as_drafts_are_enough_to_complete_by_status(api):
    run = a_running_run(items=[(a_product("CLIP"), 5)])
    path = at(run, "items", run.items.get().pk)
    answer = api.patch(path, {"good_count": 4, "scrapped_count": 1, "scrap_reason_code": "warping"})
    assert answer.status_code == 200, answer.content
    refused(api.patch(path, {"good_count": 50}), 400, "invalid")
    assert api.patch(at(run), {"status": "completed"}).json()["items"][0]["good_count"] == 4


def test_a_refused_status_takes_the_other_fields_back(api):
    run = a_run((a_spool(), 100))
    api.patch(at(run), {"status": "in_progress"})
    answer = api.patch(at(run), {"status": "completed", "notes": "done"})
    refused(answer, 409, "actuals_missing")
    assert ProductionRun.objects.get().notes == ""


def test_what_was_read_can_be_edited_and_sent_back(api):
    run = a_run((a_spool(), 100), items=[(a_product(), 2)])
    there = api.get(at(run))
    answer = api.put(
        at(run), there.json() | {"notes": "hello"}, headers={"If-Match": there["ETag"]}
    )
    assert (answer.status_code, answer.json()["notes"]) == (200, "hello"), answer.content
    assert api.put(at(run), there.json(), headers={"If-Match": there["ETag"]}).status_code == 412


def test_a_status_in_a_put_with_if_match_is_checked_once(api):
    run = a_run((a_spool(), 100))
    there = api.get(at(run))
    body = there.json() | {"notes": "go", "status": "in_progress"}
    answer = api.put(at(run), body, headers={"If-Match": there["ETag"]})
    assert (answer.status_code, answer.json()["status"]) == (200, "in_progress"), answer.content
    assert api.delete(at(run), headers={"If-Match": there["ETag"]}).status_code == 412


def test_lines_are_changed_at_their_own_addresses(api):
    run = a_run((a_spool(), 100), items=[(a_product(), 2)])
    body = api.get(at(run)).json()
    body["items"][0]["quantity"] = 3
    refused(api.put(at(run), body), 400, "use_nested_routes")
    refused(api.patch(at(run), {"materials": []}), 400, "use_nested_routes")


@pytest.mark.parametrize("field", ["number", "started_at", "version", "hour_rate", "created_by"])
def test_a_run_is_not_given_from_outside(api, field):
    answer = api.post(RUNS, {"items": [], field: "1"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_a_status_needs_the_permission_of_its_verb(api, operator):
    run = a_run((a_spool(), 100))
    api.force_authenticate(operator)
    with mock.patch("tenants.accounts.roles.PERMISSIONS", {"operator": {CHANGE}}):
        assert api.patch(at(run), {"notes": "x"}).status_code == 200
        refused(api.patch(at(run), {"status": "in_progress"}), 403, "permission_denied")


def test_one_run_completed_sixty_four_times_at_once_is_completed_once(committed_farm, in_threads):
    secret = make_token(make_user(role="manager"))
    run = a_running_run((a_spool(), 100))

    def complete(_):
        client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        answer = client.post(at(run, "complete"), {"as_planned": True})
        return answer.status_code, answer.json().get("code")

    answers = sorted(in_threads(complete, 64), key=str)
    assert answers == [(200, None)] + [(409, "invalid_run_status")] * 63
    assert usage() == 1
