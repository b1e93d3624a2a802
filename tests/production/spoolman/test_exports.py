"""Exports, metrics, and the catalogue of all farms."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context, tenant_context

from inventory.models import Location
from inventory.services.tables import shared_catalogue
from production.spoolman import list_queries
from tests.factories import a_filament, a_manufacturer, a_spool
from tests.production.spoolman.clients import Printer, items, message, ok
from tests.production.spoolman.shelf import spool_with, with_extra

NOON = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def spools(farm):
    maker = with_extra(a_manufacturer("=cmd()", created_at=NOON), v="1")
    full = with_extra(a_filament("Red, dark", manufacturer=maker), f='"x"')
    shelf = Location.objects.create(name="-Shelf")
    first = a_spool(1000, filament=full, location=shelf, comment="@home")
    with_extra(spool_with(first, created_at=NOON, first_used_at=NOON), s="42")
    return [first, a_spool(500, filament=a_filament("Bare", manufacturer=None))]


def rows_of(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_spools_as_csv(printer, spools):
    answer = printer.get("export/spools", {"fmt": "csv"})
    assert answer["Content-Disposition"] == 'attachment; filename="spools.csv"'
    first, second = rows_of(answer)
    assert list(first) == sorted(first)
    assert first["registered"] == first["first_used"] == "2026-05-01 12:00:00"
    assert (first["initial_weight"], first["used_weight"]) == ("1000.0", "0.0")
    assert (first["location"], first["comment"]) == ("'-Shelf", "'@home")
    assert (first["archived"], first["last_used"], first["extra.s"]) == ("False", "", "42")
    filament = spools[0].filament
    assert first["filament_id"] == first["filament.id"] == str(filament.number)
    assert first["filament.name"] == "Red, dark"
    assert first["filament.extra.f"] == '"x"'
    assert first["filament.vendor_id"] == str(filament.manufacturer.number)
    assert first["filament.vendor.name"] == "'=cmd()"
    assert first["filament.vendor.extra.v"] == "1"
    assert second["filament.vendor"] == second["filament.vendor.name"] == second["extra.s"] == ""


def test_spools_as_json(printer, spools):
    answer = printer.get("export/spools", {"fmt": "json"})
    assert answer["Content-Disposition"] == 'attachment; filename="spools.json"'
    first, second = ok(answer)
    assert first["registered"] == "2026-05-01 12:00:00"
    assert (first["initial_weight"], first["archived"]) == (1000.0, False)
    assert (first["last_used"], first["location"]) == (None, "-Shelf")
    assert second["filament.vendor"] is None
    assert "filament.vendor.name" not in second


def test_archived_spools_only_if_asked_for(printer, spools):
    spool_with(spools[0], archived_at=timezone.now())
    assert len(ok(printer.get("export/spools", {"fmt": "json"}))) == 1
    query = {"fmt": "json", "allow_archived": "true"}
    assert ok(printer.get("export/spools", query))[0]["archived"] is True


def test_filaments_and_vendors(printer, spools):
    first, second = ok(printer.get("export/filaments", {"fmt": "json"}))
    assert (first["vendor.name"], second["vendor"]) == ("=cmd()", None)
    answer = printer.get("export/vendors", {"fmt": "csv"})
    assert "vendors.csv" in answer["Content-Disposition"]
    assert [row["name"] for row in rows_of(answer)] == ["'=cmd()", "Polyfil"]


def test_an_export_in_parts_and_of_nothing(printer, spools, monkeypatch):
    for kind in ("csv", "json"):
        whole = printer.get("export/spools", {"fmt": kind}).content
        with monkeypatch.context() as patched:
            patched.setattr(list_queries, "CHUNK", 1)
            assert printer.get("export/spools", {"fmt": kind}).content == whole
    now = timezone.now()
    for spool in spools:
        spool_with(spool, archived_at=now)
    assert ok(printer.get("export/spools", {"fmt": "json"})) == []
    assert rows_of(printer.get("export/spools", {"fmt": "csv"})) == []


def test_a_format_is_needed(printer, farm):
    for path in ("spools", "filaments", "vendors"):
        [(kind, place, _message)] = items(printer.get(f"export/{path}"))
        assert (kind, place) == ("missing", ["query", "fmt"])
    expected = [("enum", ["query", "fmt"], "Input should be 'csv' or 'json'")]
    assert items(printer.get("export/spools", {"fmt": "xml"})) == expected


# --- Metrics -------------------------------------------------------------------------------------


def test_metrics(printer, manager, spools):
    spool_with(spools[0], price=None, metered_grams=5)
    archived = spool_with(a_spool(filament=spools[0].filament), archived_at=timezone.now())
    answer = printer.get(f"{printer.base.removesuffix('api/v1/')}metrics")
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    text = answer.content.decode()
    first, filament = spools[0].number, spools[0].filament.number
    labels = f'{{spool_id="{first}",filament_id="{filament}"}}'
    assert f"spoolman_spool_weight_used{labels} 5.0\n" in text
    assert f"spoolman_spool_initial_weight{labels} 1000.0\n" in text
    assert f"spoolman_spool_price{labels}" not in text
    assert f'spool_id="{archived.number}"' not in text
    assert f'spoolman_filament_density{{filament_id="{filament}"}} 1.24\n' in text
    assert (
        f'spoolman_filament_info{{filament_id="{filament}",vendor="=cmd()",name="Red, dark",'
        'material="PLA",color="336699"} 1.0\n'
    ) in text
    assert 'vendor="-",name="Bare"' in text
    session = Printer()
    session.force_login(manager)
    assert session.get("/metrics").content == answer.content
    message(Printer().get("/metrics"), 401)


def test_metrics_of_a_name_with_quotes(printer):
    a_spool(filament=a_filament('A "B" \\ C\nD', color_hex=""))
    text = printer.get(f"{printer.base.removesuffix('api/v1/')}metrics").content.decode()
    assert 'name="A \\"B\\" \\\\ C\\nD",material="PLA",color="None"' in text


# --- The catalogue -------------------------------------------------------------------------------

ENTRIES = [
    {"id": "a_pla_red", "manufacturer": "Ada", "name": "Red", "material": "PLA", "density": 1.24},
    {"id": "b_pla_blue", "manufacturer": "Bob", "name": "Blue", "material": "PLA", "weight": 1000},
    {"id": "a_abs_red", "manufacturer": "Ada", "name": "Red", "material": "ABS", "spool": None},
]


def test_a_catalogue_that_was_never_imported_is_empty(printer, farm):
    for path in ("external/filament", "external/material"):
        assert ok(printer.get(path)) == []
    assert ok(printer.get("external/filament/search", {"query": "ada"})) == []


def test_a_catalogue_that_was_imported(printer, farm, tmp_path):
    file = tmp_path / "filaments.json"
    file.write_text(json.dumps(ENTRIES))
    materials = tmp_path / "materials.json"
    materials.write_text('[{"material": "PLA", "density": 1.24, "extruder_temp": 210}]')
    with schema_context("public"):
        call_command("import_catalogue", str(file))
        call_command("import_catalogue", str(materials), "--materials")
    assert ok(printer.get("external/filament")) == ENTRIES
    [material] = ok(printer.get("external/material"))
    assert material == {"material": "PLA", "density": 1.24, "extruder_temp": 210}

    def found(words, **query):
        rows = ok(printer.get("external/filament/search", {"query": words, **query}))
        return [row["id"] for row in rows]

    assert found("ADA red") == ["a_pla_red", "a_abs_red"]
    assert found("pla ad") == ["a_pla_red"]
    assert found("red", limit=1) == ["a_pla_red"]
    assert found("pla green") == found("  ") == found("%") == []
    with schema_context("public"):
        assert shared_catalogue.replace("filament", ENTRIES[:1]) == 1
    assert len(ok(printer.get("external/filament"))) == 1


@pytest.mark.parametrize(
    "statement", ["DELETE FROM catalogue.entry", "CREATE TABLE catalogue.mine ()"]
)
def test_a_farm_can_not_write_the_catalogue(farm, statement):
    with schema_context("public"):
        shared_catalogue.replace("filament", ENTRIES)
    farm.uses_farm_role = True
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with tenant_context(farm), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("query", [{}, {"query": "a", "limit": 0}, {"query": "a", "limit": 101}])
def test_a_search_in_the_catalogue_that_is_none(printer, farm, query):
    assert items(printer.get("external/filament/search", query))
