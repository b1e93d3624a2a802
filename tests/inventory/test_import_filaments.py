"""Importing a catalogue: what is good comes in, what is broken is named, nothing is overwritten."""

import json
import threading
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django_tenants.utils import schema_context
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Filament, Manufacturer, MaterialType
from inventory.services import catalogue_source
from inventory.services.catalogue_entries import BrokenEntry, parsed
from inventory.services.catalogue_import import import_entries
from tenants.accounts.models import AuditEvent
from tests.factories import a_manufacturer, a_material_type

pytestmark = pytest.mark.usefixtures("farm")

GOOD = {
    "id": "acme_pla_red_1000_175",
    "manufacturer": "Acme",
    "name": "Red",
    "material": "PLA",
    "density": 1.24,
    "weight": 1000.0,
    "spool_weight": 200,
    "diameter": 1.75,
    "color_hex": "ff0000",
    "extruder_temp": 210,
    "bed_temp": 60,
}
BROKEN = {
    "missing name": {"name": None},
    "blank name": {"name": "  "},
    "name too long": {"name": "x" * 151},
    "name with NUL": {"name": "Re\x00d"},
    "name with half a character": {"name": "Re\ud800d"},
    "name not text": {"name": 7},
    "id a number": {"id": 17},
    "id missing": {"id": None},
    "maker a list": {"manufacturer": ["Acme"]},
    "material unknown letters": {"material": "PLÄ"},
    "density zero": {"density": 0},
    "density negative": {"density": -1.2},
    "density NaN": {"density": float("nan")},
    "density text": {"density": "1.24"},
    "density in kg/m3": {"density": 1240},
    "density true": {"density": True},
    "weight infinite": {"weight": float("inf")},
    "weight zero": {"weight": 0},
    "weight beyond the book": {"weight": 10**9},
    "reel negative": {"spool_weight": -1},
    "diameter huge": {"diameter": 175},
    "temperature absurd": {"extruder_temp": 21000},
    "range of one": {"extruder_temp": None, "extruder_temp_range": [200]},
    "range of text": {"bed_temp": None, "bed_temp_range": ["a", "b"]},
    "wrong colour": {"color_hex": "red"},
    "colour a number": {"color_hex": 255},
    "colours without direction": {"color_hexes": ["FF0000", "00FF00"]},
    "one of several colours": {"color_hexes": ["FF0000"], "multi_color_direction": "coaxial"},
}


def entry(**changes):
    return {**GOOD, **changes}


def the_filament(external_id=GOOD["id"]):
    return Filament.objects.get(external_id=external_id)


def test_an_entry_becomes_a_filament_with_its_maker_and_material_type():
    report = import_entries([GOOD], by=None)
    filament = the_filament()
    assert (report.created_count, report.refused) == (1, [])
    assert str(filament) == "Acme Red"
    assert filament.color_hex == "FF0000"
    assert (filament.net_grams, filament.tare_grams) == (1000, 200)
    assert (filament.density_g_cm3, filament.diameter_mm) == (Decimal("1.24"), Decimal("1.75"))
    assert filament.material_type.density_g_cm3 == Decimal("1.24")
    filament.full_clean()


def test_the_shipped_sample_is_imported_whole_and_every_filament_is_valid():
    with open("inventory/samples/filaments.json") as file:
        report = import_entries(json.load(file), by=None)
    assert (report.created_count, report.refused) == (12, [])
    for filament in Filament.objects.all():
        filament.full_clean()
    assert MaterialType.objects.get(code="PETG-CF").is_abrasive
    assert not MaterialType.objects.get(code="PETG").is_abrasive


@pytest.mark.parametrize("code", ["PLA-CF", "PA6-GF", "ABS+GF20", "PETG-CF10", "PLA+WOOD"])
def test_filled_materials_are_taken_to_be_abrasive(code):
    import_entries([entry(material=code)], by=None)
    assert MaterialType.objects.get(code=code).is_abrasive


@pytest.mark.parametrize("code", ["PLA", "TPU-95A", "PCTG", "ASA"])
def test_plain_materials_are_not_taken_to_be_abrasive(code):
    import_entries([entry(material=code)], by=None)
    assert not MaterialType.objects.get(code=code).is_abrasive


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_entry_is_named_and_the_rest_is_imported(changes):
    report = import_entries([{**entry(id="broken"), **changes}, GOOD], by=None)
    (refused,) = report.refused
    assert (report.created_count, refused.position) == (1, 1)
    assert Filament.objects.count() == 1


@pytest.mark.parametrize("raw", [None, 1, "text", [], True])
def test_what_is_no_entry_at_all_is_refused(raw):
    with pytest.raises(BrokenEntry):
        parsed(raw)


def test_an_id_that_is_used_twice_is_imported_once():
    report = import_entries([GOOD, entry(name="Crimson")], by=None)
    (refused,) = report.refused
    assert the_filament().name == "Red"
    assert (refused.position, "entry 1" in refused.problem) == (2, True)


def test_an_entry_without_density_has_that_of_its_material_type():
    a_material_type("ASA", density_g_cm3=Decimal("1.07"))
    nameless = entry(id="c", material="NEW", density=None)
    report = import_entries([entry(id="a", material="asa", density=None), nameless], by=None)
    assert the_filament("a").density_g_cm3 == Decimal("1.07")
    assert [refused.external_id for refused in report.refused] == ["'c'"]


def test_a_material_type_gets_the_density_most_entries_give():
    import_entries(
        [entry(id="a", density=1.3), entry(id="b", density=1.24), entry(id="c", density=1.24)],
        by=None,
    )
    assert MaterialType.objects.get(code="PLA").density_g_cm3 == Decimal("1.24")


def test_makers_and_types_that_are_there_are_used_and_kept():
    a_manufacturer("ACME")
    a_material_type("PLA", density_g_cm3=Decimal("1.25"))
    import_entries([GOOD], by=None)
    assert the_filament().manufacturer.name == "ACME"
    assert the_filament().material_type.density_g_cm3 == Decimal("1.25")


def test_makers_that_differ_in_case_only_are_one():
    report = import_entries([GOOD, entry(id="b", manufacturer="ACME")], by=None)
    assert (report.created_count, Manufacturer.objects.count()) == (2, 1)


def test_repeating_an_import_changes_nothing():
    import_entries([GOOD], by=None)
    events = AuditEvent.objects.count()
    report = import_entries([GOOD], by=None)
    assert (report.created_count, report.filled_in_count, report.unchanged_count) == (0, 0, 1)
    assert AuditEvent.objects.count() == events


def test_what_the_farm_has_is_kept_and_what_is_empty_is_filled_in():
    import_entries([entry(spool_weight=None, color_hex=None)], by=None)
    filament = the_filament()
    filament.name, filament.net_grams = "Our red", 900
    filament.save()
    report = import_entries([entry(spool_weight=212, weight=750)], by=None)
    filament = the_filament()
    assert report.filled_in_count == 1
    assert (filament.name, filament.net_grams) == ("Our red", 900)
    assert (filament.tare_grams, filament.color_hex) == (212, "FF0000")
    changes = AuditEvent.objects.of(filament).get().changes
    assert changes["color_hex"] == ["", "FF0000"]


def test_colours_are_filled_in_all_or_none():
    import_entries([GOOD], by=None)
    several = {"color_hexes": ["FF0000", "00FF00"], "multi_color_direction": "coaxial"}
    import_entries([entry(color_hex=None, **several)], by=None)
    assert (the_filament().color_hex, the_filament().multi_color_hexes) == ("FF0000", [])


def test_a_dry_run_reports_the_same_and_writes_nothing():
    entries = [GOOD, entry(id="b", density=0)]
    rehearsed = import_entries(entries, by=None, dry_run=True)
    assert not Filament.objects.exists()
    assert not Manufacturer.objects.exists()
    assert not AuditEvent.objects.filter(verb="import").exists()
    assert str(import_entries(entries, by=None)) == str(rehearsed)


def test_an_import_leaves_one_line_in_the_audit_trail(manager):
    import_entries([GOOD, entry(id="b")], by=manager)
    event = AuditEvent.objects.get(verb="import")
    assert (event.by, event.changes["created"]) == (manager, [None, 2])


# --- Anything at all ---------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=5,
)
entries = st.dictionaries(st.sampled_from([*GOOD, "color_hexes", "finish"]), values, max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(entries.map(lambda changes: {**GOOD, **changes}) | values)
def test_no_entry_crashes_the_import(raw):
    with suppress(BrokenEntry):
        good = parsed(raw)
        assert good.external_id
        assert good.filament["name"]


# --- The command -------------------------------------------------------------------------------


def written(tmp_path, content):
    path = tmp_path / "filaments.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (json.dumps([GOOD])[:-30], "cut off"),
        ("name,colour\nRed,FF0000\n", "is not JSON"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ("[" * 100_000, "nested too deeply"),
        ({"filaments": [GOOD]}, "holds one object, not a list"),
        ("12", "not a list"),
    ],
)
def test_a_file_that_is_no_catalogue_says_what_is_wrong(tmp_path, content, said):
    with pytest.raises(catalogue_source.UnusableCatalogue, match=said):
        catalogue_source.read(written(tmp_path, content))


def test_absent_files_folders_and_other_addresses_say_so(tmp_path):
    for place, said in [
        (str(tmp_path / "no.json"), "does not exist"),
        (str(tmp_path), "is a folder"),
        ("ftp://example.org/x.json", "only http and https"),
        ("http://127.0.0.1:9/x.json", "can't be reached"),
    ]:
        with pytest.raises(catalogue_source.UnusableCatalogue, match=said):
            catalogue_source.read(place)


def test_a_file_is_read_to_a_limit_only(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_source, "LONGEST_BYTES", 10)
    with pytest.raises(catalogue_source.UnusableCatalogue, match="larger than"):
        catalogue_source.read(written(tmp_path, [GOOD]))


def test_numbers_no_machine_can_hold_spoil_their_own_entry_only(tmp_path):
    digits = "9" * 5000
    content = (
        f'[{{"id": "a", "weight": {digits}}}, {{"id": "b", "density": 1e99999999999999999999}}]'
    )
    read = catalogue_source.read(written(tmp_path, content))
    assert len(import_entries(read, by=None).refused) == 2


class Catalogue(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/filaments.json"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps([GOOD]).encode() if found else b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def address():
    server = HTTPServer(("127.0.0.1", 0), Catalogue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_catalogue_is_read_from_an_address(address):
    assert catalogue_source.read(f"{address}/filaments.json")[0]["id"] == GOOD["id"]


def test_an_address_without_a_catalogue_says_what_it_answered(address):
    with pytest.raises(catalogue_source.UnusableCatalogue, match="404"):
        catalogue_source.read(f"{address}/gone.json")


@pytest.fixture
def command():
    def run(*words):
        out, err = StringIO(), StringIO()
        code = 0
        try:
            with schema_context("public"):
                call_command("import_filaments", *words, stdout=out, stderr=err)
        except CommandError as error:
            code = error.returncode
        return code, out.getvalue() + err.getvalue()

    return run


def test_the_command_imports_and_ends_with_0(command, tmp_path):
    code, said = command("alpha", written(tmp_path, [GOOD]))
    assert (code, "1 created" in said) == (0, True)


def test_the_command_names_what_it_refused_and_ends_with_1(command, tmp_path):
    code, said = command("alpha", written(tmp_path, [GOOD, entry(id="bad", density=0)]))
    assert code == 1
    assert "entry 2 (id 'bad'): density" in said
    assert "1 created" in said


@pytest.mark.parametrize("words", [("alpha", "/no/file.json"), ("nobody", "/no/file.json")])
def test_the_command_ends_with_2_when_nothing_can_be_done(command, words):
    assert command(*words)[0] == 2
