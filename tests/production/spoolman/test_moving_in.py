"""Import from a Spoolman: everything it has, with its ids, once and again."""

from datetime import UTC, datetime

import pytest
from django_tenants.utils import tenant_context

from inventory.models import Spool
from inventory.services import extra_fields
from production.services import invariants
from production.spoolman.importing.moving import import_source
from tests.factories import make_user
from tests.production.spoolman.clients import Printer, a_printer_client, ok
from tests.production.spoolman.sources import (
    FarmAsSource,
    Spoolman,
    everything,
    filament,
    spool,
    vendor,
)

FRACTION = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def source_farm(farm, manager):
    """A farm with values of all kinds, as a program sees it."""
    client = a_printer_client(manager)
    _fields(manager)
    client.post("setting/currency", '"SEK"')
    client.post("setting/locations", '["Shelf Å", "Empty one"]')
    client.post("setting/print_presets", '[{"a":  1.50}]')
    client.post("setting/base_url", '"https://spools.example.com"')
    maker = ok(client.post("vendor", {"name": "Ünïcode 丸", "extra": {"v": '"é\\u00e9"'}}))
    ok(
        client.post(
            "vendor", {"name": "Ünïcode 丸", "empty_spool_weight": 250.5, "comment": "a\nb"}
        )
    )
    ok(client.post("vendor", {"name": "", "external_id": "x"}))
    plain = {"density": 1.24, "diameter": 1.75}
    known = {"name": "Red", "vendor_id": maker["id"], "weight": 750, "price": 19.9999}
    first = ok(client.post("filament", plain | known | {"material": "pla Silk", "spool_weight": 0}))
    colors = {"multi_color_hexes": "ff0000,00ff0080", "multi_color_direction": "coaxial"}
    several = ok(client.post("filament", plain | colors | {"settings_bed_temp": 60}))
    of = {"filament_id": first["id"]}
    made = [
        of | {"used_weight": 1500.25, "location": "Shelf Å", "lot_nr": "7"},
        of | {"used_weight": 0.123456, "extra": {"s": "[1, null]", "c": '["b","a"]'}},
        of | {"first_used": "2026-05-01T12:00:00.123456Z", "archived": True, "price": 0},
        {"filament_id": several["id"]},
        {"filament_id": several["id"], "used_weight": 1200, "comment": "  two\nlines "},
        of | {"initial_weight": 333.333333, "remaining_weight": 12.5, "spool_weight": 180},
    ]
    for each in made:
        ok(client.post("spool", each))
    return client


def _fields(by):
    extra_fields.define("vendor", "v", by=by, name="V", field_type="text")
    several = {"choices": ["b", "a"], "multi_choice": True}
    extra_fields.define("spool", "c", by=by, name="C", field_type="choice", **several)
    of_range = {"field_type": "integer_range", "unit": "°C", "order": 3, "default_value": "[1, 2]"}
    extra_fields.define("spool", "s", by=by, name="S", **of_range)


@pytest.fixture
def moved(other_farm):
    """Import a source into the farm beta, and read all that a program can there."""

    def move(source, **options):
        with tenant_context(other_farm):
            by = make_user(role="manager")
            report = import_source(source, by=by, **options)
            assert list(invariants.violations()) == []
            token = a_printer_client(by).base
        client = Printer(host="beta.localhost")
        client.base = token
        return report, everything(client)

    return move


def test_a_farm_moves_by_its_address(source_farm, moved, monkeypatch):
    report, found = moved(FarmAsSource(source_farm).source(monkeypatch))
    assert found == everything(source_farm)
    assert (report.left, report.differently, report.compared) == ([], [], 6)
    assert report.locations == ["Shelf Å", "Empty one"]


def test_a_farm_moves_by_its_files(source_farm, moved):
    report, found = moved(FarmAsSource(source_farm).exported())
    assert found == everything(source_farm)
    assert (report.left, report.differently) == ([], [])


def test_a_farm_moves_by_its_three_files(source_farm, moved):
    """Fields are guessed, so that values stay as they are."""
    report, found = moved(FarmAsSource(source_farm).exported(with_settings=False))
    there = everything(source_farm)
    for entity in ("vendor", "filament", "spool"):
        assert found[entity] == there[entity]
    types = {each["key"]: each["field_type"] for each in found["field/spool"]}
    assert types == {"s": "integer_range", "c": "choice"}
    assert report.left == []


# --- Values of all kinds --------------------------------------------------------------------------

TWINS = [vendor(1, "Maker"), vendor(2, "MAKER"), vendor(3, ""), vendor(4, "")]
FULL = filament(1, vendor=TWINS[1], name="Red", material="PLA", weight=1000.0)
BARE = filament(7)


def of_spoolman(*spools, **more):
    return Spoolman(vendors=TWINS, filaments=[FULL, BARE], spools=spools, **more)


def test_weights_of_all_kinds(moved, monkeypatch):
    given = [
        spool(1, FULL, used=250.5, initial=1000.0),
        spool(2, FULL, used=1500.0, initial=1000.0),
        spool(3, FULL, used=100.0),
        spool(4, FULL, used=1100.0),
        spool(5, BARE, used=100.0),
        spool(6, BARE, used=1100.0),
        spool(7, FULL, used=-5.0, initial=1000.0),
    ]
    report, found = moved(of_spoolman(*given).source(monkeypatch))
    here = [(row.get("remaining_weight"), row["used_weight"]) for row in found["spool"]]
    there = [(row.get("remaining_weight"), row["used_weight"]) for row in given]
    assert here[:6] == there[:6]
    assert here[6] == (1005.0, 0.0)
    assert [row.get("initial_weight") for row in found["spool"]][2:6] == [None] * 4
    assert report.differently == [("spool", 7, "used_weight", -5.0, 0.0)]


def test_the_entries_of_a_spool(moved, other_farm, monkeypatch):
    moved(of_spoolman(spool(1, FULL, used=1500.0, initial=1000.0)).source(monkeypatch))
    with tenant_context(other_farm):
        made = Spool.objects.get(number=1)
        entries = list(made.transactions.order_by("pk"))
    assert [(each.kind, each.grams, each.reason) for each in entries] == [
        ("receipt", 1000, ""),
        ("adjustment", -1000, "opening"),
    ]
    assert {each.source for each in entries} == {"import"}
    assert entries[0].note == "From http://spoolman.example.com:7912"
    assert (made.excess_grams, made.created_at.year, made.received_on.year) == (500, 2024, 2024)
    assert made.opened_at is not None


def test_an_initial_weight_of_0_is_unknown(moved, monkeypatch):
    report, [found] = _of_one(moved, spool(1, FULL, used=10.0, initial=0.0), monkeypatch)
    assert (found["remaining_weight"], found.get("initial_weight")) == (990.0, None)
    assert report.differently == [("spool", 1, "initial_weight", 0.0, None)]


def test_names_that_are_equal_empty_or_hidden(moved, monkeypatch):
    hidden = spool(1, FULL, initial=5.0, location="Shelf\u200b  A", lot_nr="\t7")
    other = spool(2, FULL, initial=5.0, location="shelf a")
    report, found = moved(of_spoolman(hidden, other).source(monkeypatch))
    assert [row["name"] for row in found["vendor"]] == ["Maker", "MAKER", "", ""]
    assert found["location"] == ["Shelf A"]
    assert [row.get("lot_nr") for row in found["spool"]] == ["7", None]
    assert report.differently == [("spool", 2, "location", "shelf a", "Shelf A")]


def test_moments_are_kept_to_the_microsecond(moved, other_farm, monkeypatch):
    given = {"first_used": "2026-05-01T14:00:00.123456+02:00", "last_used": "2026-05-02T12:00:00Z"}
    report, [found] = _of_one(moved, spool(1, FULL, initial=5.0, **given), monkeypatch)
    assert (found["first_used"], found["last_used"]) == (
        "2026-05-01T12:00:00.123456Z",
        "2026-05-02T12:00:00Z",
    )
    with tenant_context(other_farm):
        assert Spool.objects.get(number=1).first_used_at == FRACTION
    assert report.differently == []


def test_colors_of_old_versions(moved, monkeypatch):
    several = filament(1, multi_color_hexes="ff0000,00ff00")
    alone = filament(2, multi_color_direction="coaxial", color_hex="#abcdef")
    report, found = moved(Spoolman(filaments=[several, alone]).source(monkeypatch))
    first, second = found["filament"]
    assert (first["multi_color_hexes"], first["multi_color_direction"]) == (
        "FF0000,00FF00",
        "coaxial",
    )
    assert (second["color_hex"], second.get("multi_color_direction")) == ("ABCDEF", None)
    assert len(report.differently) == 2


def test_values_that_do_not_fit_their_field_are_told(moved, monkeypatch):
    fields = {"spool": [{"name": "A", "key": "a", "field_type": "integer"}, {"key": "b"}, {}]}
    given = spool(1, FULL, initial=5.0, extra={"a": '"x"', "b": "1"})
    source = of_spoolman(given, fields=fields).source(monkeypatch)
    report, found = moved(source)
    assert found["spool"][0]["extra"] == {}
    assert report.differently == [
        ("spool", 1, "extra.a", "Value is not an integer.", None),
        ("spool", 1, "extra.b", "there is no such field", None),
    ]
    assert [(kind, name) for kind, name, _why in report.left] == [
        ("field", "spool.b"),
        ("field", "spool.None"),
    ]


def test_settings_that_the_farm_has_stay(moved, other_farm, monkeypatch):
    settings = {
        "currency": '"USD"',
        "base_url": '"https://spools.example.com/path"',
        "round_prices": "true",
        "print_presets": "{}",
        "unheard_of": "1",
    }
    report, found = moved(Spoolman(settings=settings).source(monkeypatch))
    assert report.counts["setting"] == {"new": 2, "left": 3}
    assert found["setting/"]["currency"]["value"] == '"USD"'
    settings |= {"currency": '"SEK"', "round_prices": "false"}
    report, found = moved(Spoolman(settings=settings).source(monkeypatch))
    assert found["setting/"]["currency"]["value"] == '"USD"'
    assert found["setting/"]["round_prices"]["value"] == "true"
    assert report.counts["setting"] == {"left": 5}


def _of_one(moved, given, monkeypatch):
    report, found = moved(of_spoolman(given).source(monkeypatch))
    return report, found["spool"]
