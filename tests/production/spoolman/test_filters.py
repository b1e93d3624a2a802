"""Filters of lists: texts, ids, dates, names of before, tags, colours."""

from datetime import UTC, datetime

import pytest

from inventory.models import Filament, Location, SpoolTag
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool
from tests.production.spoolman.clients import items, message, ok
from tests.production.spoolman.shelf import found, ids, spool_with

NOT_IDS = r"String should match pattern '^-?\d+(,-?\d+)*$'"


@pytest.fixture
def filaments(farm):
    """By a name for each; the last has nothing that it need not have."""
    maker, nameless = a_manufacturer("Polyfil"), a_manufacturer("")
    petg = a_material_type("PETG")
    return {
        "red": a_filament(
            "Silk Red", manufacturer=maker, article_number="AB-1", external_id="poly_red"
        ),
        "blue": a_filament(
            "silk blue 100%",
            manufacturer=nameless,
            material_type=petg,
            material_label="Petg+",
            multi_color_hexes=["0000FF", "00FF00"],
            multi_color_direction="coaxial",
            color_hex="",
        ),
        "bare": bare_filament(),
    }


def bare_filament():
    other = a_material_type("OTHER")
    return Filament.objects.create(material_type=other, density_g_cm3="1.24", manufacturer=None)


@pytest.fixture
def spools(filaments):
    shelf = Location.objects.create(name="Shelf_A, left")
    return {
        "red": a_spool(filament=filaments["red"], location=shelf, lot_number="L\\1"),
        "blue": a_spool(filament=filaments["blue"], lot_number="l-22"),
        "bare": a_spool(filament=filaments["bare"]),
    }


TEXTS = [
    ("silk", ["red", "blue"]),
    ("SILK", ["red", "blue"]),
    ("red,blue", ["red", "blue"]),
    ('"Silk Red"', ["red"]),
    ('"silk red"', []),
    ('"Silk"', []),
    ("", ["bare"]),
    ("Red,", ["red", "bare"]),
    ("si_k", ["red", "blue"]),
    ("s%d", ["red"]),
    ("100%", ["blue"]),
    ("\\", []),
    ("nothing", []),
]


@pytest.mark.parametrize(("value", "expected"), TEXTS)
def test_texts(printer, filaments, spools, value, expected):
    assert found(printer, filaments, "filament", name=value) == expected
    assert found(printer, spools, "spool", **{"filament.name": value}) == expected
    assert found(printer, spools, "spool", filament_name=value) == expected


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ("material", "pla", ["red"]),
        ("material", "PETG", ["blue"]),
        ("material", '"Petg+"', ["blue"]),
        ("material", "", ["bare"]),
        ("article_number", "b-", ["red"]),
        ("article_number", "", ["blue", "bare"]),
        ("external_id", "poly_", ["red"]),
        ("external_id", "", ["blue", "bare"]),
        ("vendor.name", "poly", ["red"]),
        ("vendor.name", "", ["blue"]),
        ("vendor_name", "poly,", ["red", "blue"]),
        ("vendor.name", '"Polyfil"', ["red"]),
    ],
)
def test_other_texts_of_filaments(printer, filaments, parameter, value, expected):
    assert found(printer, filaments, "filament", **{parameter: value}) == expected


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ("filament.material", "etg", ["blue"]),
        ("filament_material", '"PLA"', ["red"]),
        ("filament.material", "", ["bare"]),
        ("filament.multi_color_direction", "coax", ["blue"]),
        ("filament.multi_color_direction", "", ["red", "bare"]),
        ("filament.vendor.name", "Poly", ["red"]),
        ("filament.vendor.name", "", ["blue"]),
        ("vendor_name", "Poly", ["red"]),
        ("location", "shelf_a", ["red"]),
        ("location", "", ["blue", "bare"]),
        ("lot_nr", "l-", ["blue"]),
        ("lot_nr", "L\\1", ["red"]),
        ("lot_nr", "", ["bare"]),
    ],
)
def test_other_texts_of_spools(printer, spools, parameter, value, expected):
    assert found(printer, spools, "spool", **{parameter: value}) == expected


def test_texts_of_vendors(printer, filaments):
    one, other = a_manufacturer("One", external_id="x1"), filaments["red"].manufacturer
    vendors = {"one": one, "poly": other, "nameless": filaments["blue"].manufacturer}
    assert found(printer, vendors, "vendor", name="O") == ["poly", "one"]
    assert found(printer, vendors, "vendor", name="") == ["nameless"]
    assert found(printer, vendors, "vendor", external_id="X") == ["one"]
    assert found(printer, vendors, "vendor", external_id="") == ["poly", "nameless"]


def test_several_parameters_mean_and(printer, spools):
    both = {"filament.name": "silk", "lot_nr": "l-"}
    assert found(printer, spools, "spool", **both) == ["blue"]


def test_the_new_name_wins(printer, spools, filaments):
    both = {"filament_name": "red", "filament.name": "blue"}
    assert found(printer, spools, "spool", **both) == ["blue"]
    both = {"vendor_name": "Poly", "vendor.name": ""}
    assert found(printer, filaments, "filament", **both) == ["blue"]


# --- Ids -----------------------------------------------------------------------------------------


def test_ids(printer, spools, filaments):
    red, blue = filaments["red"], filaments["blue"]
    both = f"{blue.number},{red.number}"
    for name in ("filament.id", "filament_id"):
        assert found(printer, spools, "spool", **{name: both}) == ["red", "blue"]
        assert found(printer, spools, "spool", **{name: "-1"}) == []
    maker = red.manufacturer.number
    for name in ("filament.vendor.id", "vendor_id"):
        assert found(printer, spools, "spool", **{name: maker}) == ["red"]
        assert found(printer, spools, "spool", **{name: f"-1,{maker}"}) == ["red", "bare"]
    for name in ("vendor.id", "vendor_id"):
        assert found(printer, filaments, "filament", **{name: f"{maker},-1"}) == ["red", "bare"]
    assert found(printer, spools, "spool", **{"filament.id": f"{10**30},{10**17}"}) == []


@pytest.mark.parametrize("value", ["", "a", "1,", ",1", "1;2", "1.5", " 1", "--1", "１"])
def test_ids_that_are_none(printer, farm, value):
    for path, name in [("spool", "filament.id"), ("spool", "filament.vendor.id")]:
        wrong = ("string_pattern_mismatch", ["query", name], NOT_IDS)
        assert items(printer.get(path, {name: value})) == [wrong]
    [(kind, _place, _message)] = items(printer.get("filament", {"vendor.id": value}))
    assert kind == "string_pattern_mismatch"


# --- Dates ---------------------------------------------------------------------------------------


@pytest.fixture
def used(spools):
    noon = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    spool_with(spools["red"], first_used_at=noon, last_used_at=noon.replace(day=3))
    exact = {"has_given_use_dates": True, "first_used_at": noon.replace(day=2)}
    spool_with(spools["blue"], **exact)
    return spools


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-05-01T12:00:00Z|2026-05-02T13:00:00Z", ["red", "blue"]),
        ("2026-05-01T12:00:00|2026-05-01T12:00:00", ["red"]),
        ("2026-05-02|", ["blue"]),
        ("|2026-05-02", ["red"]),
        ("|2026-05-02T12:00:00", ["red"]),
        ("2026-05-01T12:00:00Z", ["red"]),
        ("2026-05-01T14:00:00+02:00", ["red"]),
        ('"2026-05-01T12:00:00Z"', ["red"]),
        ('"2026-05-01"|"2026-05-02"', ["red"]),
        ("2026-05-02T12:00:00.250Z", ["blue"]),
        ("2026-05-01T12:00:00Z,2026-05-02|", ["red", "blue"]),
        ("", ["bare"]),
        ("2026-05-02|,", ["blue", "bare"]),
    ],
)
def test_dates(printer, used, value, expected):
    assert found(printer, used, "spool", first_used=value) == expected


def test_other_dates(printer, used):
    assert found(printer, used, "spool", last_used="2026-05-03|2026-05-04") == ["red"]
    for spool in ok(printer.get("spool")):
        assert spool["id"] in ids(printer, "spool", registered=spool["registered"])
    assert ids(printer, "spool", registered="|2020-01-01") == []


@pytest.mark.parametrize("value", ["|", "soon", "2026-13-01", "2026-05-01|soon", " | ", "1|2|3"])
@pytest.mark.parametrize("name", ["first_used", "last_used", "registered"])
def test_dates_that_are_none(printer, farm, name, value):
    assert f"'{name}'" in message(printer.get("spool", {name: value}), 400)


# --- Tags and colours ----------------------------------------------------------------------------


def test_tags(printer, spools, filaments):
    SpoolTag.objects.create(spool=spools["blue"], uid="04AABB")
    for value in ("04AABB", "04:aa:bb", "04-AA-bb"):
        assert found(printer, spools, "spool", tag=value) == ["blue"]
        assert found(printer, filaments, "filament", tag=value) == ["blue"]
    assert ids(printer, "spool", tag="04") == ids(printer, "spool", tag="") == []


@pytest.fixture
def colors(farm):
    return {
        "red": a_filament("Red", color_hex="FF0000"),
        "dark": a_filament("Dark", color_hex="CC0000FF"),
        "blue": a_filament("Blue", color_hex="0000FF"),
        "both": a_filament(
            "Both",
            color_hex="",
            multi_color_hexes=["00FF00", "FE0000"],
            multi_color_direction="coaxial",
        ),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"color_hex": "FF0000"}, ["red", "dark", "both"]),
        ({"color_hex": "#ff0000"}, ["red", "dark", "both"]),
        ({"color_hex": "FF0000", "color_similarity_threshold": 0}, ["red"]),
        ({"color_hex": "FF0000", "color_similarity_threshold": "1.5"}, ["red", "both"]),
        ({"color_hex": "00FF00"}, ["both"]),
        ({"color_hex": "FFFFFF"}, []),
        (
            {"color_hex": "FF0000", "color_similarity_threshold": 100},
            ["red", "dark", "blue", "both"],
        ),
        ({"color_hex": "FF0000", "name": "Dark"}, ["dark"]),
    ],
)
def test_colors(printer, colors, query, expected):
    assert found(printer, colors, "filament", **query) == expected


def test_colors_that_are_none(printer, farm):
    expected = "Invalid color_hex 'red', expected 6 or 8 hex digits."
    assert message(printer.get("filament", {"color_hex": "red"}), 400) == expected
    for threshold in (101, -1, "x"):
        query = {"color_hex": "FF0000", "color_similarity_threshold": threshold}
        [(_kind, place, _message)] = items(printer.get("filament", query))
        assert place == ["query", "color_similarity_threshold"]
