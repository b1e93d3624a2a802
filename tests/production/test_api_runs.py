"""Production runs through the API: the whole story, each refusal, and what no input may break."""

from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import InventoryTransaction, Spool
from production.models import Product, ProductionRun, Reason
from tests.conftest import FarmAPIClient
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    make_token,
    make_user,
)

CHANGE = "production.change_productionrun"
RUNS = "/api/v1/production-runs/"


@pytest.fixture
def api(api_client, manager):
    api_client.force_authenticate(manager)
    return api_client


def at(run, *verb):
    return "/".join([RUNS.rstrip("/"), str(getattr(run, "pk", run)), *map(str, verb), ""])


def remaining(spool):
    return Spool.objects.get(pk=spool.pk).remaining_grams


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


def usage():
    return InventoryTransaction.objects.filter(kind="usage").count()


# --- The story ---------------------------------------------------------------------------------


def test_a_run_is_planned_started_completed_and_its_variance_read(api, operator):
    api.force_authenticate(operator)
    spool, printer = a_spool(1000), a_printer("Mk4")
    product = a_product("BODY", grams=20)
    run = api.post(
        RUNS,
        {
            "printer_name": "mk4",
            "items": [{"product_sku": "BODY", "quantity": 5}],
            "materials": [{"spool_code": spool.code.lower(), "planned_grams": "100"}],
        },
    )
    assert run.status_code == 201, run.content
    run = run.json()
    assert (run["status"], run["printer"], run["items"][0]["product"]) == (
        "planned",
        printer.pk,
        product.pk,
    )
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
    assert done.json()["variance"]["grams"]["total"]["difference"] == "10.5000"
    assert remaining(spool) == Decimal("889.5")
    variance = api.get(at(run["id"], "variance")).json()
    assert variance["grams"] == done.json()["variance"]["grams"]
    entry = InventoryTransaction.objects.get(kind="usage")
    assert (entry.source, entry.performed_by, entry.production_run_id) == (
        "api",
        operator,
        run["id"],
    )


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
    assert [entry["grams"] for entry in answer["entries"]] == ["-100.000000"]
    assert (answer["status"], remaining(spool), usage()) == ("in_progress", 1000, 0)


def test_a_completed_run_is_reverted_and_completed_again(api):
    spool = a_spool()
    run = a_running_run((spool, 100))
    api.post(at(run, "complete"), {"as_planned": True})
    assert api.post(at(run, "revert"), {"reason": "wrong run"}).json()["status"] == "in_progress"
    assert remaining(spool) == 1000
    assert api.post(at(run, "complete"), {}).json()["status"] == "completed"
    assert remaining(spool) == 900


def test_a_deleted_run_is_404_everywhere(api):
    run = a_run((a_spool(), 10))
    assert api.delete(at(run)).status_code == 204
    for path in (at(run), at(run, "variance"), at(run, "items"), at(run, "materials")):
        assert api.get(path).status_code == 404, path
    for verb in ("start", "unstart", "complete", "cancel", "revert"):
        assert api.post(at(run, verb), {}).status_code == 404
    assert api.get(RUNS).json()["total_count"] == 0


# --- Status through PUT and PATCH --------------------------------------------------------------


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


# --- Lines -------------------------------------------------------------------------------------


def test_items_are_added_changed_and_removed(api):
    run, product = a_run(), a_product()
    added = api.post(at(run, "items"), {"product_sku": product.sku, "quantity": 2})
    assert added.status_code == 201, added.content
    path = at(run, "items", added.json()["id"])
    assert added["Location"].endswith(path)
    assert api.put(path, added.json() | {"quantity": 4}).json()["quantity"] == 4
    assert api.patch(path, {"quantity": 0}).status_code == 400
    assert api.get(at(run)).json()["version"] > 1
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_materials_are_added_changed_and_removed_and_claims_follow(api):
    run, spool = a_run(), a_spool()
    added = api.post(at(run, "materials"), {"spool": spool.pk, "planned_grams": "100"})
    assert added.status_code == 201, added.content
    path = at(run, "materials", added.json()["id"])
    answer = api.put(path, added.json() | {"planned_grams": 150})
    assert answer.json()["reserved_grams"] == "150.000000"
    refused(api.patch(path, {"planned_grams": 1001}), 409, "insufficient_inventory")
    assert api.delete(path).status_code == 204
    assert Spool.objects.get().reserved_grams == 0


def test_the_version_of_the_run_guards_its_lines(api):
    run = a_run((a_spool(), 100))
    line, etag = run.materials.get(), api.get(at(run))["ETag"]
    for expected in (200, 412):
        answer = api.patch(
            at(run, "materials", line.pk), {"planned_grams": 90}, headers={"If-Match": etag}
        )
        assert answer.status_code == expected


def test_a_line_of_another_run_is_404(api):
    run, other = a_run((a_spool(), 1)), a_run((a_spool(), 1))
    line = other.materials.get()
    assert api.get(at(run, "materials", line.pk)).status_code == 404
    assert api.patch(at(run, "materials", line.pk), {"planned_grams": 2}).status_code == 404
    assert api.delete(at(run, "materials", line.pk)).status_code == 404


# --- Refusals ----------------------------------------------------------------------------------


def materials(*lines):
    return {"materials": [{"spool": pk, "planned_grams": grams} for pk, grams in lines]}


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
    answer = api.post(RUNS, {"materials": [{"spool_code": theirs.code}]})
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
    assert api.post(RUNS, {"external_id": "shop-1"}).status_code == 201
    problem = refused(api.post(RUNS, {"external_id": "shop-1"}), 409, "duplicate")
    assert list(problem["errors"]) == ["external_id"]


def test_an_override_is_the_managers(api, operator):
    body = materials((a_spool(50).pk, 60)) | {"override_reason": "a new spool comes at noon"}
    api.force_authenticate(operator)
    refused(api.post(RUNS, body), 403, "override_not_permitted")


# --- Who may -----------------------------------------------------------------------------------


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


# --- Lists -------------------------------------------------------------------------------------


def numbers(api, query):
    answer = api.get(f"{RUNS}?{query}")
    assert answer.status_code == 200, answer.content
    return {row["number"] for row in answer.json()["results"]}


def test_runs_are_found_by_what_is_known_of_them(api):
    spool = a_spool(lot_number="LOT-1")
    printer, product = a_printer("Mk4"), a_product("BODY")
    wanted = a_running_run((spool, 10), items=[(product, 1)], printer=printer)
    a_run((a_spool(filament=a_filament(material_type=a_material_type("ASA"))), 10))
    today = timezone.localdate()
    for query in (
        "status=in_progress",
        "status=in_progress,completed",
        "status=in_progress&status=failed",
        f"product_id={product.pk}",
        f"spool_id={spool.pk}",
        "printer=mk4",
        f"printer={printer.pk}",
        "material_type=pla",
        "lot=lot-1",
        f"number={wanted.number.lower()}",
        "search=BODY",
        f"start_date={today}&end_date={today}&status=in_progress",
    ):
        assert numbers(api, query) == {wanted.number}, query
    for query in ("status=planned", "order_reference=x", "printer=9", "finished_from=2020-01-01"):
        assert wanted.number not in numbers(api, query), query
    assert not numbers(api, "updated_since=2999-01-01T00:00:00Z")
    assert len(numbers(api, "ordering=-due_on,number")) == 2


@pytest.mark.parametrize(
    "query",
    [
        "status=unheard",
        "start_date=yesterday",
        "start_date=2026-02-30",
        "end_date=9999-12-31",
        "finished_from=2026-01-01T00:00:00",
        "updated_since=2026-01-01",
        "updated_since=2026-01-01T00:00:00%2B23:00",
        "product_id=BODY",
        "spool_id=" + "9" * 5000,
        "ordering=notes",
        "lot=%00",
        "limit=5",
    ],
)
def test_a_filter_that_makes_no_sense_is_400(api, query):
    assert api.get(f"{RUNS}?{query}").status_code == 400


def test_a_list_of_thirty_takes_as_many_queries_as_one_of_one(api, manager):
    def fill(number):
        spool = a_spool(filament=a_filament(manufacturer=a_manufacturer(f"Maker {number}")))
        printer = a_printer()
        printer.slots.create(label="1", spool=spool)
        items = [(a_product(grams=1), 1), (a_product(grams=2), 2)]
        a_run((spool, 10), (a_spool(), 5), items=items, printer=printer, by=manager)

    def count(path):
        with CaptureQueriesContext(connection) as captured:
            assert api.get(f"/api/v1/{path}/?page_size=200").status_code == 200
        return len(captured)

    paths = ["production-runs", "products", "printers", "reasons"]
    fill(0)
    api.get(RUNS)
    one = {path: count(path) for path in paths}
    for number in range(1, 30):
        fill(number)
    assert {path: count(path) for path in paths} == one
    assert max(one.values()) <= 12


# --- Products ----------------------------------------------------------------------------------


def test_a_product_and_its_bill_of_materials(api):
    pla = a_material_type("PLA")
    product = api.post("/api/v1/products/", {"sku": "BODY", "name": "Body"}).json()
    lines = f"/api/v1/products/{product['id']}/bom-lines/"
    line = api.post(lines, {"material_type_code": "pla", "grams_per_unit": "20.5"})
    assert line.status_code == 201, line.content
    path = f"{lines}{line.json()['id']}/"
    assert (
        api.put(path, line.json() | {"grams_per_unit": 21}).json()["grams_per_unit"] == "21.000000"
    )
    refused(api.post(lines, {"material_type": pla.pk, "grams_per_unit": 1}), 409, "duplicate")
    refused(api.post(lines, {"material_type": pla.pk, "grams_per_unit": 0}), 400, "invalid")
    assert api.get(f"/api/v1/products/{product['id']}/").json()["bom_lines"][0]["id"]
    assert api.delete(path).status_code == 204
    assert api.post("/api/v1/products/1/bom-lines/", {}).status_code in (400, 404)


def test_two_posts_of_one_sku_at_once_make_one_product(committed_farm, in_threads):
    secret = make_token(make_user(role="manager"))

    def post(_):
        client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        answer = client.post("/api/v1/products/", {"sku": "BODY", "name": "Body"})
        return answer.status_code, answer.json().get("code")

    assert sorted(in_threads(post, 8), key=str) == [(201, None)] + [(409, "duplicate")] * 7
    assert Product.objects.count() == 1


# --- At once -----------------------------------------------------------------------------------


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
