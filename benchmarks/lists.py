"""A page of 50 runs with their lines through the API, compared with a minimal function.

That function is written for this one response: one query with ``.values()`` for each of the count,
the runs, the items and the materials, dicts built by hand, and the API's own JSON renderer; without
permissions and parameters. Both responses must be equal. Goal: less than the minimal time, for the
database writes the JSON of the API; at most 1.05 of the API for the same as an observed operation,
while nothing is exported.
"""

from django.urls import resolve
from rest_framework.test import APIRequestFactory, force_authenticate

from benchmarks.farm import enter_farm
from benchmarks.reports import best_of
from config.api.renderers import ProblemJSONRenderer
from production.api.runs import ProductionRunViewSet
from production.models import ProductionRun, RunItem, RunMaterial
from production.serializers.runs import addresses
from production.services import transitions
from tenants.accounts import roles
from tenants.accounts.models import User
from tenants.web.reads import ReadMiddleware

RUNS, PAGE, ROUNDS = 2_000, 50, 200
HOST = "bench.localhost"
ADDRESS = f"http://{HOST}/api/v1/production-runs/"
RUN_COLUMNS = [field.attname for field in ProductionRun._meta.concrete_fields]
ITEM_COLUMNS = [
    "id",
    "run_id",
    "product_id",
    "quantity",
    "planned_quantity",
    "sliced_quantity",
    "good_count",
    "good_count_source",
    "scrapped_count",
    "scrap_reason_id",
    "bed_position",
    "order_reference",
    "bom",
    "bom_grams_per_unit",
    "labour_minutes_per_unit",
]
MATERIAL_COLUMNS = [field.attname for field in RunMaterial._meta.concrete_fields]
ALLOWED = {
    status: addresses([row.name for row in transitions.possible_in(status, is_deleted=False)])
    for status in ProductionRun.Status.values
}

view = ProductionRunViewSet.as_view({"get": "list"}, basename="production-runs", detail=False)
user = User(pk=1, role=roles.VIEWER)


def main():
    enter_farm(RUNS)
    if through_the_api() != minimal():
        raise SystemExit("The minimal function returns something else than the API: correct it.")
    ways = {"minimal": minimal, "API": through_the_api, "observed": observed}
    times = best_of(ways, rounds=ROUNDS)
    print(f"{PAGE} runs with their lines; minimal is 1 ({times['minimal'] * 1000:.1f} ms)")
    print(f"  through the API {times['API'] / times['minimal']:5.2f}")
    print(f"  the same, observed, to the API {times['observed'] / times['API']:5.2f}")


def through_the_api():
    return answer(_request()).content


def observed():
    request = _request()
    request.resolver_match = match
    return middleware(request).content


def answer(request):
    return view(request).render()


def _request():
    request = APIRequestFactory().get(ADDRESS, headers={"host": HOST})
    force_authenticate(request, user)
    return request


def _with_view(request):
    middleware.process_view(request, view, (), {})
    return answer(request)


match = resolve("/api/v1/production-runs/")
middleware = ReadMiddleware(_with_view)


def minimal():
    runs = ProductionRun.objects.live().order_by("-scheduled_at", "-pk")
    total = runs.count()
    creator = "created_by__username", "created_by__name"
    rows = list(runs.values(*RUN_COLUMNS, "printer__name", "outcome_reason__code", *creator)[:PAGE])
    ids = [row["id"] for row in rows]
    items, materials = {pk: [] for pk in ids}, {pk: [] for pk in ids}
    lines = RunItem.objects.filter(run__in=ids).order_by("pk")
    for row in lines.values(*ITEM_COLUMNS, "product__sku", "product__name", "scrap_reason__code"):
        items[row["run_id"]].append(_item(row))
    lines = RunMaterial.objects.filter(run__in=ids).order_by("pk")
    for row in lines.values(
        *MATERIAL_COLUMNS, "spool__code", "filament__name", "material_type__code"
    ):
        materials[row["run_id"]].append(_material(row))
    results = [_run(row, items[row["id"]], materials[row["id"]]) for row in rows]
    return ProblemJSONRenderer().render(
        {
            "total_count": total,
            "page": 1,
            "page_size": PAGE,
            "total_pages": -(-total // PAGE),
            "next": f"{ADDRESS}?page=2",
            "previous": None,
            "results": results,
        }
    )


def _text(number):
    return None if number is None else f"{number:f}"


def _moment(value):
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def _run(row, items, materials):
    run = _plan(row)
    run["items"], run["materials"] = items, materials
    run["created_by"] = row["created_by_id"]
    run["created_by_username"] = row["created_by__username"]
    run["created_by_name"] = row["created_by__name"] or row["created_by__username"]
    run["created_at"], run["updated_at"] = _moment(row["created_at"]), _moment(row["updated_at"])
    run["deleted_at"], run["version"] = _moment(row["deleted_at"]), row["version"]
    return run


def _plan(row):
    return {
        "id": row["id"],
        "number": row["number"],
        "status": row["status"],
        "allowed": ALLOWED[row["status"]],
        "printer": row["printer_id"],
        "printer_name": row["printer__name"],
        "plate_count": row["plate_count"],
        "plate_count_source": row["plate_count_source"],
        "priority": row["priority"],
        "due_on": row["due_on"] and row["due_on"].isoformat(),
        "planned_start_at": _moment(row["planned_start_at"]),
        "scheduled_at": _moment(row["scheduled_at"]),
        "started_at": _moment(row["started_at"]),
        "finished_at": _moment(row["finished_at"]),
        "reopened_at": _moment(row["reopened_at"]),
        "planned_minutes": _text(row["planned_minutes"]),
        "planned_minutes_source": row["planned_minutes_source"],
        "sliced_file": row["sliced_file_id"],
        "sliced_plates": row["sliced_plates"],
        "sliced_seconds": row["sliced_seconds"],
        "actual_minutes": _text(row["actual_minutes"]),
        "actual_minutes_source": row["actual_minutes_source"],
        "progress_percent": _text(row["progress_percent"]),
        "outcome_reason": row["outcome_reason_id"],
        "outcome_reason_code": row["outcome_reason__code"],
        "notes": row["notes"],
        "external_id": row["external_id"],
        "reprint_of": row["reprint_of_id"],
        "hour_rate": _text(row["hour_rate"]),
        "power_watts": row["power_watts"],
        "energy_price_kwh": _text(row["energy_price_kwh"]),
        "labour_rate": _text(row["labour_rate"]),
    }


def _item(row):
    return {
        "id": row["id"],
        "product": row["product_id"],
        "product_sku": row["product__sku"],
        "product_name": row["product__name"],
        "quantity": row["quantity"],
        "planned_quantity": row["planned_quantity"],
        "sliced_quantity": row["sliced_quantity"],
        "good_count": row["good_count"],
        "good_count_source": row["good_count_source"],
        "scrapped_count": row["scrapped_count"],
        "scrap_reason": row["scrap_reason_id"],
        "scrap_reason_code": row["scrap_reason__code"],
        "bed_position": row["bed_position"],
        "order_reference": row["order_reference"],
        "bom": row["bom"],
        "bom_grams_per_unit": _text(row["bom_grams_per_unit"]),
        "labour_minutes_per_unit": _text(row["labour_minutes_per_unit"]),
    }


def _material(row):
    return {
        "id": row["id"],
        "spool": row["spool_id"],
        "spool_code": row["spool__code"],
        "filament": row["filament_id"],
        "filament_name": row["filament__name"],
        "material_type": row["material_type_id"],
        "material_type_code": row["material_type__code"],
        "slot": row["slot_id"],
        "planned_spool": row["planned_spool_id"],
        "planned_grams": _text(row["planned_grams"]),
        "planned_purge_grams": _text(row["planned_purge_grams"]),
        "planned_cost_per_gram": _text(row["planned_cost_per_gram"]),
        "planned_source": row["planned_source"],
        "sliced_slot": row["sliced_slot"],
        "sliced_grams": _text(row["sliced_grams"]),
        "sliced_purge_grams": _text(row["sliced_purge_grams"]),
        "sliced_source": row["sliced_source"],
        "slicer_factor": _text(row["slicer_factor"]),
        "expected_grams": _text(row["expected_grams"]),
        "reserved_grams": _text(row["reserved_grams"]),
        "metered_grams": _text(row["metered_grams"]),
        "metered_before_grams": _text(row["metered_before_grams"]),
        "added_grams": _text(row["added_grams"]),
        "actual_grams": _text(row["actual_grams"]),
        "actual_purge_grams": _text(row["actual_purge_grams"]),
        "gross_before_grams": _text(row["gross_before_grams"]),
        "gross_after_grams": _text(row["gross_after_grams"]),
        "actual_source": row["actual_source"],
    }
