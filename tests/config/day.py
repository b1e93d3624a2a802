"""A day of a farm that prints door signs, as its programs live it: every operation of the API."""

from tenants.accounts import devices
from tenants.accounts.models import User
from tests.config.day_bodies import (
    BLACK,
    BLACK_LINE,
    BLACK_SPOOL,
    CATALOGUE,
    DELIVERED,
    ITEM,
    KEY,
    LINES,
    NORDFADEN,
    ORANGE,
    ORANGE_LINE,
    ORDER,
    PLA,
    PRINTER,
    RUN,
    SHELF,
    SIGN,
)
from tests.config.day_refusals import refused
from tests.factories import PASSWORD


def the_day(api, viewer):
    people(api)
    catalogue(api)
    black, oranges = deliveries(api)
    handled(api, oranges[1]["id"])
    printer, slot = machines(api, black, oranges[0])
    product = products(api)
    later = planned(api)
    run = printed(api, printer, slot, black, oranges, later)
    looked_back(api, product)
    refused(api, black, run, viewer)


def kept(api, path, new, change, *, spare=None):
    """A row that is added, listed, read, and changed; and another that comes and goes."""
    row = api.post(path, new)
    at = f"{path}{row['id']}/"
    api.listed(path)
    api.get(at)
    api.ask("PUT", at, {**new, **change})
    api.ask("PATCH", at, change)
    if spare:
        again = api.post(path, {**new, **spare})
        api.ask("DELETE", f"{path}{again['id']}/")
    return row


def people(api):
    settings = api.get("settings/")
    decided = {"run_prefix": "SIGN", "labour_rate": "24", "energy_price_kwh": "0.32"}
    api.ask("PUT", "settings/", settings | decided)
    api.ask("PATCH", "settings/", {"energy_price_kwh": "0.3400"})
    api.get("me/")
    api.listed("roles/")
    otto = {"username": "otto", "name": "Otto Operator", "role": "operator"}
    user = api.post("users/", otto | {"password": "three-cold-spools", "email": "otto@example.com"})
    at = f"users/{user['id']}/"
    api.listed("users/")
    change = api.listed("audit-events/", object_type="accounts.user")[0]
    api.get(f"audit-events/{change['id']}/")
    api.get(at)
    api.ask("PUT", at, otto)
    api.ask("PATCH", at, {"name": "Otto O. Operator"})
    api.post(f"{at}set-password/", {"password": "four-warm-spools"})
    api.post(f"{at}set-pin/", {"pin": "270419"})
    api.post(f"{at}unlock-pin/")
    api.post(f"{at}clear-pin/")
    api.post(f"{at}deactivate/")
    api.post(f"{at}reactivate/")
    until = {"expires_at": "2027-03-01T00:00:00Z"}
    for path, body in {
        "tokens/": {"username": "mona", "password": PASSWORD, "name": "Shop sync"},
        "device-tokens/": {"username": "otto", "name": "Scale at the packing bench"},
    }.items():
        token = api.post(path, body | until)
        api.listed(path)
        api.get(f"{path}{token['id']}/")
        api.ask("DELETE", f"{path}{token['id']}/")
    tablets(api)


def tablets(api):
    """One registers itself, on its own page."""
    tablet, _ = devices.register(name="Tablet at the door", by=User.objects.get(username="mona"))
    api.listed("floor-devices/")
    api.get(f"floor-devices/{tablet.pk}/")
    api.post(f"floor-devices/{tablet.pk}/unlock/")
    api.ask("DELETE", f"floor-devices/{tablet.pk}/")


def catalogue(api):
    kept(api, "material-types/", PLA, {"bed_temp": 55}, spare={"code": "PLA-CF"})
    named = {"comment": "Delivers on Tuesdays"}
    kept(api, "manufacturers/", NORDFADEN, named, spare={"name": "Nobody's"})
    kept(
        api, "locations/", SHELF, {"comment": "Third rack, dry box"}, spare={"name": "Window sill"}
    )
    kept(api, "filaments/", BLACK, {"price": "25.49"}, spare={"name": "PLA Lime"})
    api.post("filaments/", ORANGE)
    api.post("filaments/import/", LINES, HTTP_IDEMPOTENCY_KEY="filaments-1")
    api.post("filaments/import-catalogue/", CATALOGUE, HTTP_IDEMPOTENCY_KEY="catalogue-1")


def deliveries(api):
    black = kept(api, "spools/", BLACK_SPOOL, {"comment": "Outer wrap torn"})
    many = {"filament_name": "PLA Signal Orange", "lot_number": "N-2603", "price": "26.50"}
    oranges = api.post("spools/receive/", BLACK_SPOOL | many | {"count": 3}, **KEY)["spools"]
    api.post("spools/receive/", {"filament_name": "PLA Signal Orange", "count": 2})
    last = api.get("me/undo/")["undoable"]
    undone = {"kind": last["kind"], "event": last["event"]}
    api.post("me/undo/", undone)
    api.refused(409, "POST", "me/undo/", undone)
    api.post("spools/import/", DELIVERED, HTTP_IDEMPOTENCY_KEY="delivery-4712")
    api.get(f"spools/labels/?ids={black['id']},{oranges[0]['id']}")
    api.get(f"spools/{black['id']}/label/")
    scan = api.post("scan/", {"text": f"https://alpha.localhost/S/{black['code']}"})
    assert scan["results"]
    return black, oranges


def handled(api, spool):
    """A spool that is used outside of runs, weighed, and used up."""
    at = f"spools/{spool}/"
    api.post(f"{at}open/")
    api.post(f"{at}move/", {"location_name": "Shelf B2"})
    api.post(f"{at}dry/")
    calibration = {"grams": "12.5", "reason": "calibration", "note": "Temperature tower"}
    api.post(f"{at}use/", calibration)
    api.post(f"{at}waste/", {"gross_after_grams": "1180", "reason": "tangled"})
    api.post(f"{at}weigh/", {"gross_grams": "1176.4"})
    wrong = api.post(f"{at}adjust/", {"grams": "-5", "reason": "wrong_entry"})["entry"]
    undone = {"reason": "wrong_entry", "note": "It was another spool"}
    api.post(f"inventory-transactions/{wrong['id']}/reverse/", undone)
    api.post(f"{at}relabel/", {})
    api.post(f"{at}archive/", {"discard": False, "note": "Brittle"})
    api.post(f"{at}restore/")
    api.post(f"{at}empty/", {"kind": "waste", "reason": "brittle", "confirm": True})
    api.listed("inventory-transactions/")
    api.get(f"inventory-transactions/{wrong['id']}/")
    entry = api.listed(f"{at}transactions/")[0]
    api.get(f"{at}transactions/{entry['id']}/")
    event = api.listed(f"{at}events/")[0]
    api.get(f"{at}events/{event['id']}/")


def machines(api, black, orange):
    printer = kept(api, "printers/", PRINTER, {"power_watts": 130}, spare={"name": "Mk3, sold"})[
        "id"
    ]
    api.post("printers/", PRINTER | {"name": "Mk4 right"})
    path = f"printers/{printer}/slots/"
    slot = kept(api, path, {"label": "1"}, {"label": "A"}, spare={"label": "9"})["id"]
    api.post(f"{path}{slot}/load/", {"spool_code": orange["code"]})
    api.post(f"{path}{slot}/unload/")
    api.post(f"{path}{slot}/load/", {"spool_code": black["code"]})
    second = api.post(path, {"label": "B"})["id"]
    api.post(f"{path}{second}/load/", {"spool_code": orange["code"]})
    return printer, second


def products(api):
    product = kept(
        api, "products/", SIGN, {"height_mm": "8"}, spare={"sku": "SIGN-1", "name": "Door sign"}
    )["id"]
    path = f"products/{product}/bom-lines/"
    kept(api, path, BLACK_LINE, {"grams_per_unit": "35.5"}, spare={"filament_name": None})
    api.post(path, ORANGE_LINE)
    reason = {"kind": "scrap", "code": "elephant_foot", "label": "Elephant's foot"}
    renamed = {"label": "Elephant foot", "is_active": False}
    kept(api, "reasons/", reason, renamed, spare={"code": "oozing", "label": "Oozing"})
    return product


def planned(api):
    """Runs that are planned, changed, and given up."""
    run = api.post("production-runs/", RUN)
    at = f"production-runs/{run['id']}/"
    api.get(f"{at}traveller/")
    changed = {"printer_name": "Mk4 right", "priority": 1, "due_on": "2026-03-05"}
    api.ask("PUT", at, changed)
    api.ask("PATCH", at, {"planned_start_at": "2026-03-03T06:30:00Z", "plate_count": 4})
    kept(api, f"{at}items/", ITEM | {"quantity": 2}, {"quantity": 3}, spare={"quantity": 1})
    material = {"filament_name": "PLA Signal Orange", "planned_grams": "12.5"}
    kept(
        api, f"{at}materials/", material, {"planned_purge_grams": "2.5"}, spare={"planned_grams": 1}
    )
    api.post(f"{at}cancel/", {"reason": "The order was cancelled"})
    spread = {"product_sku": "SIGN-2", "quantity": 8, "printer_names": ["Mk4 left", "Mk4 right"]}
    plan = spread | {"plates_per_run": 2, "order_reference": ORDER, "due_on": "2026-03-06"}
    later = api.post("production-runs/plan/", plan)["runs"][0]
    again = {"printer_name": "Mk4 right", "items": [ITEM | {"quantity": 2}]}
    runs = api.post("production-runs/bulk/", {"runs": [RUN, again]})["runs"]
    api.ask("DELETE", f"production-runs/{runs[0]['id']}/")
    return later["id"]


def printed(api, printer, slot, black, oranges, later):
    """A run from its start to its reprint, one that fails, and one that was forgotten."""
    run = api.post("production-runs/", RUN)
    at = f"production-runs/{run['id']}/"
    named = [black["code"], oranges[0]["code"]]
    spools = [
        {"material": line["id"], "spool_code": code}
        for line, code in zip(run["materials"], named, strict=True)
    ]
    start = {"spools": spools, "printer_cleared": True}
    api.post(f"{at}start/", start)
    api.post(f"{at}unstart/")
    api.post(f"{at}start/", start)
    for path in ("production-runs/", f"{at}items/", f"{at}materials/", "printers/"):
        api.listed(path)
    api.get(f"production-runs/{later}/blockers/")
    api.clock.go_on(minutes=210)
    api.post(f"{at}progress/", {"progress_percent": "45"})
    drafts = {"materials": [{"spool_code": black["code"], "actual_grams": "61.5"}]}
    api.post(f"{at}actuals/", drafts)
    swap = {"spool_code": oranges[2]["code"], "actual_grams": "15"}
    api.post(f"printers/{printer}/slots/{slot}/swap/", swap)
    other = api.post("spools/", BLACK_SPOOL)["code"]
    swap = {"material": spools[0]["material"], "spool_code": other, "gross_after_grams": "1110"}
    api.post(f"{at}swap-spool/", swap)
    api.clock.go_on(minutes=266)
    materials = [
        {"spool_code": other, "gross_after_grams": "1139.4"},
        {"spool_code": oranges[2]["code"], "actual_grams": "22.2"},
    ]
    done = {"actual_minutes": "471", "materials": materials, "items": [counted(3)]}
    api.post(f"{at}complete/", done, HTTP_IDEMPOTENCY_KEY="finished-1")
    api.post(f"printers/{printer}/clear/")
    afterwards(api, run, other, black["code"])
    return run["id"]


def afterwards(api, run, wrong, right):
    """What is put right of a run, and what is printed because of it."""
    at = f"production-runs/{run['id']}/"
    api.get(f"{at}variance/")
    api.get(at)
    api.post(f"{at}correct/", {"items": [counted(2)], "reason": "One more sign is warped"})
    line = api.get(at)["materials"][-1]
    wrong = {"material": line["id"], "spool_code": right, "reason": "The labels were swapped"}
    api.post(f"{at}reassign/", wrong)
    api.post(f"{at}reprint/", {"due_on": "2026-03-06"})
    again = api.post(f"{at}copy/", {"printer_name": "Mk4 left"})
    api.post(f"production-runs/{again['id']}/start/", {"printer_cleared": True})
    api.clock.go_on(minutes=160)
    lost = {"reason_code": "nozzle_clog", "progress_percent": "35", "note": "Under the first sign"}
    api.post(f"production-runs/{again['id']}/fail/", lost)
    over = {
        "started_at": "2026-03-02T07:00:00+01:00",
        "finished_at": "2026-03-02T11:05:00+01:00",
        "printer_name": "Mk4 right",
        "actual_minutes": "245",
        "items": [{"product_sku": "SIGN-2", "good_count": 2, "order_reference": ORDER}],
        "materials": [{"spool_code": right, "actual_grams": "104"}],
    }
    api.post("production-runs/record/", over | {"dry_run": True})
    api.post("production-runs/record/", over)
    api.post(f"{at}revert/", {"reason": "The counts were those of another run"})
    event = api.listed("run-events/", run=run["id"], verb="revert")[0]
    api.get(f"run-events/{event['id']}/")


def counted(good):
    lost = {"scrapped_count": 4 - good, "scrap_reason_code": "stringing"}
    return {"product_sku": "SIGN-2", "good_count": good, **lost}


def looked_back(api, product):
    api.get(f"products/{product}/proposal/")
    for name in ("stock", "stock-by-material-type", "alerts", "unexplained"):
        api.listed(f"reports/{name}/")
    api.listed("reports/variance/", group_by="product")
    api.listed("reports/consumption/", group_by="filament", period="week")
    api.listed("reports/scrap/", group_by="reason")
    for name in ("lots", "lot-parts"):
        api.listed(f"reports/{name}/", lot="N-2598")
    api.post(f"products/{product}/accept-actuals/", {"last": 1})
