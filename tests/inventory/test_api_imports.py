"""Tables and catalogues through the API: tried, imported once, answered for line by line."""

import json

import pytest
from django.conf import settings

from inventory.models import Filament, InventoryTransaction, Manufacturer, Spool
from inventory.services.tables import table_reader
from tenants.accounts.models import AuditEvent
from tests.factories import a_filament, a_manufacturer, a_spool
from tests.responses import done, refused

SPOOLS = "/api/v1/spools/import/"
FILAMENTS = "/api/v1/filaments/import/"
CATALOGUE = "/api/v1/filaments/import-catalogue/"
KEY = {"Idempotency-Key": "delivery-1"}


def send(api, path, *lines, headers=None, content_type="text/csv"):
    return api.generic(
        "POST", path, "\n".join(lines).encode(), content_type=content_type, headers=headers or {}
    )


# --- Spools ------------------------------------------------------------------------------------


def test_a_table_of_spools_is_tried_and_then_imported(api, operator):
    api.force_authenticate(operator)
    red = a_filament("Red", net_grams=1000)
    lines = "name;initial_grams;price", "Red;750;19,99", "Reed;;", "Red;;x"
    tried = done(send(api, f"{SPOOLS}?dry_run=true", *lines))
    assert not Spool.objects.exists()
    assert (tried["kind"], tried["dry_run"]) == ("spools", True)
    counts = [tried[f"{each}_count"] for each in ("created", "refused")]
    assert counts == [1, 2]
    first, second, third = tried["lines"]
    assert (first["line"], first["status"], first["id"]) == (2, "ok", None)
    assert "Did you mean Polyfil Red (PLA)?" in second["problems"]["name"]
    assert (third["outcome"], list(third["problems"])) == ("refused", ["price"])
    imported = done(send(api, SPOOLS, *lines, headers=KEY))
    spool = Spool.objects.get()
    assert (spool.filament, spool.remaining_grams) == (red, 750)
    line = imported["lines"][0]
    assert (line["id"], line["code"], imported["dry_run"]) == (spool.pk, spool.code, False)
    entry = InventoryTransaction.objects.get()
    assert (entry.source, entry.performed_by) == ("import", operator)


def test_a_table_of_spools_that_is_sent_twice_is_on_the_shelf_once(api):
    a_filament("Red")
    lines = "name", "Red", "Red"
    first = send(api, SPOOLS, *lines, headers=KEY)
    again = send(api, SPOOLS, *lines, headers=KEY)
    assert done(again) == done(first)
    assert (again["Idempotency-Replayed"], Spool.objects.count()) == ("true", 2)
    refused(send(api, SPOOLS, *lines, "Red", headers=KEY), 422, "idempotency_key_reused")
    assert Spool.objects.count() == 2


def test_without_a_key_a_table_of_spools_is_only_tried(api):
    a_filament("Red")
    problem = refused(send(api, SPOOLS, "name", "Red"), 400, "idempotency_key_missing")
    assert "dry_run=true" in problem["detail"]
    problem = refused(send(api, f"{SPOOLS}?dry_run=false", "name", "Red"), 400, problem["code"])
    assert not Spool.objects.exists()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([""], "unusable_table"),
        (["colour", "Red"], "unusable_table"),
        (["name", *["x"] * 10_001], "table_too_large"),
    ],
)
def test_what_is_no_table_of_spools_is_refused_as_a_whole(api, lines, code):
    problem = refused(
        send(api, f"{SPOOLS}?dry_run=1", *lines), 413 if "large" in code else 400, code
    )
    assert problem.get("most_lines", 10_000) == table_reader.MAX_LINES


@pytest.mark.parametrize("path", [SPOOLS, FILAMENTS])
def test_a_table_is_csv_of_any_text(api, path):
    a_filament("Weiß")
    address = f"{path}?dry_run=true"
    refused(
        send(api, address, "name", content_type="application/json"), 415, "unsupported_media_type"
    )
    answer = api.generic("POST", address, b"name\n\x00\xff", content_type="text/csv")
    assert "CSV UTF-8" in refused(answer, 400, "unusable_table")["detail"]
    table = "name,material\nWeiß,PLA".encode("latin-1")
    [note] = done(api.generic("POST", address, table, content_type="text/csv"))["notes"]
    assert "read as Windows-1252" in note
    for parameter in ("dry_run=perhaps", "dryrun=true"):
        refused(send(api, f"{path}?{parameter}", "name", headers=KEY), 400, "invalid")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api, monkeypatch):
    def read(*_):
        pytest.fail("It was read.")

    monkeypatch.setattr("django.http.HttpRequest.read", read)
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    for path in (SPOOLS, FILAMENTS, CATALOGUE, "/api/v1/locations/"):
        problem = refused(send(api, path, "x" * (most + 1), headers=KEY), 413, "too_large")
        assert (problem["length_bytes"], problem["limit_bytes"]) == (most + 1, most)


def test_who_may_not_receive_spools_imports_none(api, viewer):
    a_filament("Red")
    api.force_authenticate(viewer)
    for path in (SPOOLS, f"{SPOOLS}?dry_run=true", FILAMENTS, CATALOGUE):
        refused(send(api, path, "name", "Red", headers=KEY), 403, "permission_denied")
    api.force_authenticate(None)
    refused(send(api, SPOOLS, "name", "Red", headers=KEY), 401, "not_authenticated")
    assert not Spool.objects.exists()


def test_a_table_of_spools_that_was_read_as_a_list_names_their_filaments(api):
    """What the API gives out as CSV is taken again, where the columns are those of a table."""
    spool = a_spool(lot_number="=1+1", filament=a_filament("Red", external_id="red"))
    text = b"".join(api.get("/api/v1/spools/?format=csv").streaming_content).decode()
    names, values = (line.split(",") for line in text.splitlines())
    row = dict(zip(names, values, strict=True))
    lines = "external_id,lot_number", f"{row['filament_external_id']},{row['lot_number']}"
    done(send(api, f"{SPOOLS}?again=true", *lines, headers=KEY))
    copy = Spool.objects.exclude(pk=spool.pk).get()
    assert (copy.filament, copy.lot_number) == (spool.filament, "=1+1")


# --- Filaments ---------------------------------------------------------------------------------


def test_a_table_of_filaments_makes_new_ones_and_fills_in_known_ones_as_often_as_it_is_sent(api):
    known = a_filament("Red", manufacturer=a_manufacturer("Polyfil"), color_name="", gtin="")
    lines = (
        "manufacturer,name,material,color_name,density",
        "polyfil,red,PLA,Signal red,",
        "Nova,Blue,PETG,Blue,1.27",
        "Nova,Green,ASA,Green,",
    )
    tried = done(send(api, f"{FILAMENTS}?dry_run=true", *lines))
    assert (tried["created_count"], tried["filled_in_count"]) == (1, 1)
    assert Filament.objects.count() == 1
    report = done(send(api, FILAMENTS, *lines))
    assert (report["manufacturers"], report["material_types"]) == (["Nova"], ["PETG"])
    assert list(report["lines"][2]["problems"]) == ["density_g_cm3"]
    known.refresh_from_db()
    assert known.color_name == "Signal red"
    again = done(send(api, FILAMENTS, *lines))
    assert (again["created_count"], again["unchanged_count"]) == (0, 2)
    assert Filament.objects.count() == 2


def entry(number, **fields):
    return {
        "id": f"nova_{number}",
        "manufacturer": "Nova",
        "name": f"Colour {number}",
        "material": "PLA",
        "density": 1.24,
        "weight": 1000,
        "color_hex": "#ff8800",
        "finish": "matte",
    } | fields


def test_a_catalogue_is_tried_and_imported(api, manager):
    entries = [entry(1), entry(2, density="heavy"), entry(3, weight=750.5, pattern="Sparkle"), "x"]
    tried = done(api.post(f"{CATALOGUE}?dry_run=true", entries))
    assert (tried["created_count"], tried["dry_run"]) == (2, True)
    assert [each["position"] for each in tried["refused"]] == [2, 4]
    assert not Filament.objects.exists()
    report = done(api.post(CATALOGUE, entries))
    assert report["refused"] == tried["refused"]
    assert report["manufacturers"] == ["Nova"]
    first, third = Filament.objects.order_by("pk")
    assert (first.color_hex, third.net_grams) == ("FF8800", 750.5)
    assert [(each.finish, each.comment) for each in (first, third)] == [
        ("matte", ""),
        ("sparkle", "matte finish"),
    ]
    assert AuditEvent.objects.latest_first().first().by == manager
    assert done(api.post(CATALOGUE, entries))["unchanged_count"] == 2


@pytest.mark.parametrize("body", [{}, "x", 1, None, {"filaments": []}])
def test_what_is_no_catalogue_is_refused_as_a_whole(api, body):
    problem = refused(
        api.generic("POST", CATALOGUE, json.dumps(body), content_type="application/json"),
        400,
        "unusable_catalogue",
    )
    assert "filaments.json" in problem["detail"]
    assert not Manufacturer.objects.exists()


# --- In a browser ------------------------------------------------------------------------------


def test_the_page_of_an_import_offers_csv(farm_client, manager):
    farm_client.force_login(manager)
    page = farm_client.get(f"{SPOOLS}?format=api", headers={"Accept": "text/html"})
    assert page.status_code == 405
    assert b'<option value="text/csv"' in page.content
    assert b"manufacturer;name;initial_grams" in page.content
    sent = farm_client.generic(
        "POST",
        f"{SPOOLS}?format=api",
        "name\nWeiß",
        content_type="text/csv",
        headers={"Accept": "text/html"},
    )
    assert "Weiß" in sent.content.decode()
