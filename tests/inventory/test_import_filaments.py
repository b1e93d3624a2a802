"""Importing a catalogue: what is good comes in, what is broken is named, nothing is overwritten."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Filament, Manufacturer, MaterialType
from inventory.services.tables import catalogue_source
from inventory.services.tables.catalogue_reader import read_catalogue
from tenants.accounts.models import AuditEvent
from tests import budgets
from tests.factories import a_filament, a_manufacturer, a_material_type
from tests.inventory.entries import BROKEN, GOOD, entry
from tests.inventory.tables import import_entries

pytestmark = pytest.mark.usefixtures("farm")


def the_filament(external_id=GOOD["id"]):
    return Filament.objects.get(external_id=external_id)


def test_an_entry_becomes_a_filament_with_its_maker_and_material_type():
    report = import_entries([GOOD], by=None)
    filament = the_filament()
    assert (report.count("created"), report.refused) == (1, [])
    assert str(filament) == "Acme Red"
    assert filament.color_hex == "FF0000"
    assert (filament.net_grams, filament.tare_grams) == (1000, 200)
    assert (filament.density_g_cm3, filament.diameter_mm) == (Decimal("1.24"), Decimal("1.75"))
    assert filament.material_type.density_g_cm3 == Decimal("1.24")
    filament.full_clean()


def test_more_entries_than_any_catalogue_has_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(catalogue_source, "MAX_ENTRIES", 2)
    assert catalogue_source.entries([{}, {}], "it") == [{}, {}]
    with pytest.raises(catalogue_source.UnusableCatalogue, match="3 entries; at most 2"):
        catalogue_source.entries([{}, {}, {}], "it")


def test_the_shipped_sample_is_imported_whole_and_every_filament_is_valid():
    with open("inventory/samples/filaments.json") as file:
        report = import_entries(json.load(file), by=None)
    assert (report.count("created"), report.refused) == (12, [])
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
    assert (report.count("created"), refused.number) == (1, 1)
    assert Filament.objects.count() == 1


@pytest.mark.parametrize("raw", [None, 1, "text", [], True])
def test_what_is_no_entry_at_all_is_refused(raw):
    [row] = read_catalogue([raw])
    assert not row.is_ok


def test_an_id_that_is_used_twice_is_imported_once():
    report = import_entries([GOOD, entry(name="Crimson")], by=None)
    (refused,) = report.refused
    assert the_filament().name == "Red"
    assert (refused.number, "number 1" in refused.problem) == (2, True)


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
    assert (report.count("created"), Manufacturer.objects.count()) == (2, 1)


def test_repeating_an_import_changes_nothing():
    import_entries([GOOD], by=None)
    events = AuditEvent.objects.count()
    report = import_entries([GOOD], by=None)
    assert [row.outcome for row in report.rows] == ["unchanged"]
    assert AuditEvent.objects.count() == events


def test_what_the_farm_has_is_kept_and_what_is_empty_is_filled_in():
    import_entries([entry(spool_weight=None, color_hex=None)], by=None)
    filament = the_filament()
    filament.name, filament.net_grams = "Our red", 900
    filament.save()
    report = import_entries([entry(spool_weight=212, weight=750)], by=None)
    filament = the_filament()
    assert report.count("filled_in") == 1
    assert (filament.name, filament.net_grams) == ("Our red", 900)
    assert (filament.tare_grams, filament.color_hex) == (212, "FF0000")
    changes = AuditEvent.objects.of(filament).get().changes
    assert changes["color_hex"] == ["", "FF0000"]


def test_a_filament_without_an_id_is_known_by_its_names_once():
    mine = a_filament("Red", manufacturer=a_manufacturer("Acme"), net_grams=None)
    report = import_entries([GOOD, entry(id="b")])
    assert [row.outcome for row in report.rows] == ["filled_in", "created"]
    mine.refresh_from_db()
    assert (mine.external_id, mine.net_grams) == (GOOD["id"], 1000)
    assert import_entries([GOOD, entry(id="b")]).count("unchanged") == 2


def test_a_maker_is_filled_in_and_none_is_made_that_nobody_needs():
    a_filament("Red", manufacturer=None, external_id=GOOD["id"])
    a_filament("Red", manufacturer=a_manufacturer("Acme Inc."), external_id="b")
    report = import_entries([GOOD, entry(id="b", manufacturer="Other")])
    assert (the_filament().manufacturer.name, report.manufacturers) == ("Acme", ["Acme"])
    changes = AuditEvent.objects.of(the_filament()).get().changes
    assert changes["manufacturer"][1]["name"] == "Acme"


def test_everything_that_is_wrong_with_an_entry_is_reported():
    [row] = import_entries([entry(density=-1, name="", color_hex="red")]).rows
    assert sorted(row.problems) == ["color_hex", "density", "name"]
    assert "density: “-1” is too little." in row.problem


def test_colours_are_filled_in_all_or_none():
    import_entries([GOOD], by=None)
    several = {"color_hexes": ["FF0000", "00FF00"], "multi_color_direction": "coaxial"}
    import_entries([entry(color_hex=None, **several)], by=None)
    assert (the_filament().color_hex, the_filament().multi_color_hexes) == ("FF0000", [])


def test_a_dry_run_reports_the_same_and_writes_nothing():
    entries = [GOOD, entry(id="b", density=0)]
    tried = import_entries(entries, by=None, dry_run=True)
    assert not Filament.objects.exists()
    assert not Manufacturer.objects.exists()
    assert not AuditEvent.objects.filter(verb="import").exists()
    assert str(import_entries(entries, by=None)) == str(tried)


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


ENTRIES = settings(
    max_examples=budgets.ENTRIES, deadline=None, suppress_health_check=list(HealthCheck)
)


@ENTRIES
@given(entries)
def test_no_field_of_an_entry_crashes_the_import(changes):
    require_named({**GOOD, **changes})


@ENTRIES
@given(values)
def test_no_entry_crashes_the_import(raw):
    require_named(raw)


def require_named(raw):
    report = import_entries([raw], dry_run=True)
    for row in report.good:
        assert row.instance.external_id
        assert row.instance.name
