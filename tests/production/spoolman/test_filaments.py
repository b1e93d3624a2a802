"""/filament: made, changed and taken away."""

import pytest

from inventory.models import Filament, MaterialType
from inventory.services.spools import shelf
from tests.factories import a_filament, a_material_type, a_spool
from tests.production.spoolman.clients import items, message, ok

LEAST = {"density": 1.24, "diameter": 1.75}
SEVERAL = {"multi_color_hexes": "#ff0000,00FF00aa", "multi_color_direction": "coaxial"}


def test_a_filament_is_made_with_all_its_fields(printer):
    vendor = ok(printer.post("vendor", {"name": "Polyfil", "empty_spool_weight": 140}))
    body = {
        "name": "Galaxy Black",
        "material": "pla Galaxy",
        "price": 24.5,
        "density": 1.2345,
        "diameter": 2.85,
        "weight": 1000.0,
        "spool_weight": 250.5,
        "article_number": "7",
        "comment": "x",
        "settings_extruder_temp": 210,
        "settings_bed_temp": 0,
        "color_hex": "#ff00aa",
        "external_id": "e",
    }
    made = ok(printer.post("filament", body | {"vendor_id": vendor["id"]}))
    more = {"id": made["id"], "registered": made["registered"], "extra": {}, "vendor": vendor}
    assert made == body | more | {"color_hex": "FF00AA"}
    assert ok(printer.get(f"filament/{made['id']}")) == made
    assert all(isinstance(made[name], float) for name in ("price", "density", "weight"))
    assert all(isinstance(made[name], int) for name in ("id", "settings_extruder_temp"))


def test_the_least_of_a_filament(printer):
    made = ok(printer.post("filament", LEAST))
    assert made.keys() == {"id", "registered", "density", "diameter", "extra"}
    assert Filament.objects.get().material_type.code == "OTHER"
    assert ok(printer.post("filament", LEAST | {"name": ""})).keys() == made.keys()


def test_the_tare_is_that_of_the_vendor_at_that_time(printer):
    vendor = ok(printer.post("vendor", {"name": "Polyfil", "empty_spool_weight": 140}))
    body = LEAST | {"vendor_id": vendor["id"]}
    made = ok(printer.post("filament", body))
    assert made["spool_weight"] == 140
    assert ok(printer.post("filament", body | {"spool_weight": 0}))["spool_weight"] == 0
    ok(printer.patch(f"vendor/{vendor['id']}", {"empty_spool_weight": 99}))
    assert ok(printer.get(f"filament/{made['id']}"))["spool_weight"] == 140


def test_a_material_is_answered_as_it_was_written_and_is_of_a_family(printer):
    a_material_type("PLA"), a_material_type("PLA-CF", is_abrasive=True)
    for label, code, family in (
        ("PLA", "PLA", None),
        ("pla Matte", "PLA MATTE", "PLA"),
        ("PLA-CF Pro", "PLA-CF PRO", "PLA-CF"),
        ("PLA-GF", "PLA-GF", None),
        ("PLAX", "PLAX", None),
        ("x" * 64, "OTHER", None),
    ):
        made = ok(printer.post("filament", LEAST | {"material": label}))
        assert made["material"] == label
        kind = Filament.objects.get(number=made["id"]).material_type
        assert (kind.code, kind.family and kind.family.code) == (code, family)
    path = f"filament/{made['id']}"
    assert "material" not in ok(printer.patch(path, {"material": None}))
    assert ok(printer.patch(path, {"material": "PLA MATTE"}))["material"] == "PLA MATTE"
    assert MaterialType.objects.count() == 7


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("missing", "density"), ("missing", "diameter")]),
        (LEAST | {"density": 0}, [("greater_than", "density")]),
        (LEAST | {"density": 0.00001}, [("greater_than", "density")]),
        (LEAST | {"density": 100}, [("less_than_equal", "density")]),
        (LEAST | {"diameter": None}, [("float_type", "diameter")]),
        (LEAST | {"density": "1.2x"}, [("float_parsing", "density")]),
        (LEAST | {"weight": 0}, [("greater_than", "weight")]),
        (LEAST | {"price": -1}, [("greater_than_equal", "price")]),
        (LEAST | {"price": "NaN"}, [("finite_number", "price")]),
        (LEAST | {"price": float("inf")}, [("finite_number", "price")]),
        (LEAST | {"price": 1e308}, [("less_than_equal", "price")]),
        (LEAST | {"price": 10**15}, [("less_than_equal", "price")]),
        (LEAST | {"settings_bed_temp": 60.5}, [("int_from_float", "settings_bed_temp")]),
        (LEAST | {"settings_bed_temp": "x"}, [("int_parsing", "settings_bed_temp")]),
        (LEAST | {"settings_bed_temp": 32_768}, [("less_than_equal", "settings_bed_temp")]),
        (LEAST | {"vendor_id": [1]}, [("int_type", "vendor_id")]),
        (LEAST | {"multi_color_direction": "x"}, [("enum", "multi_color_direction")]),
        (LEAST | {"name": "a\0b"}, [("value_error", "name")]),
        (LEAST | {"name": "a\ud800b"}, [("value_error", "name")]),
    ],
)
def test_a_filament_has_a_shape(printer, body, found):
    answered = items(printer.post("filament", body))
    assert [(kind, place[-1]) for kind, place, _text in answered] == found
    assert not Filament.objects.exists()


def test_a_text_that_is_a_number_is_one(printer):
    body = {"density": "1.24", "diameter": " 1.75 ", "settings_bed_temp": "60.0", "price": "5"}
    made = ok(printer.post("filament", body))
    assert (made["density"], made["settings_bed_temp"], made["price"]) == (1.24, 60, 5.0)
    assert ok(printer.post("filament", LEAST | {"settings_bed_temp": 60.0}))


@pytest.mark.parametrize(
    ("body", "place", "told"),
    [
        (
            SEVERAL | {"color_hex": "FF0000"},
            [],
            "Cannot specify both color_hex and multi_color_hexes.",
        ),
        (
            {"multi_color_hexes": "FF0000", "multi_color_direction": "coaxial"},
            ["multi_color_hexes"],
            "Must specify at least two colors in multi_color_hexes.",
        ),
        (
            {"multi_color_hexes": "FF0000,00FF00"},
            [],
            "Multi-color filament must have multi_color_direction set.",
        ),
        (
            {"multi_color_direction": "coaxial"},
            [],
            "Single-color filament must not have multi_color_direction set.",
        ),
        ({"color_hex": "GG0000"}, ["color_hex"], "Invalid character in color code."),
        ({"color_hex": "F00"}, ["color_hex"], "Color code must be 6 or 8 characters long."),
        (
            {"multi_color_hexes": "F00,00FF00", "multi_color_direction": "coaxial"},
            ["multi_color_hexes"],
            "Color code must be 6 or 8 characters long.",
        ),
    ],
)
def test_the_rules_of_colours_look_at_the_body_alone(printer, body, place, told):
    made = ok(printer.post("filament", LEAST | SEVERAL))
    expected = [("value_error", ["body", *place], f"Value error, {told}")]
    assert items(printer.post("filament", LEAST | body)) == expected
    assert items(printer.patch(f"filament/{made['id']}", body)) == expected


def test_several_colours(printer):
    made = ok(printer.post("filament", LEAST | SEVERAL))
    assert (made["multi_color_hexes"], made["multi_color_direction"]) == (
        "FF0000,00FF00AA",
        "coaxial",
    )
    path = f"filament/{made['id']}"
    one = {"color_hex": "0000ff", "multi_color_hexes": None, "multi_color_direction": None}
    assert ok(printer.patch(path, one))["color_hex"] == "0000FF"
    assert ok(printer.patch(path, {"color_hex": ""})).keys() & one.keys() == set()


def test_a_patch_touches_what_was_sent(printer):
    filament = a_filament("Black", comment="a", article_number="b", external_id="c", bed_temp=60)
    filament.refresh_from_db()
    path = f"filament/{filament.number}"
    before = ok(printer.get(path))
    assert ok(printer.patch(path, {})) == before
    changed = {"name": "White", "density": 1.3, "weight": 750.0}
    assert ok(printer.patch(path, changed)) == before | changed
    nulls = ("name", "vendor_id", "price", "weight", "spool_weight", "article_number", "comment")
    nulls += ("settings_bed_temp", "color_hex", "external_id")
    left = ok(printer.patch(path, dict.fromkeys(nulls)))
    assert left.keys() == {"id", "registered", "material", "density", "diameter", "extra"}
    for name in ("density", "diameter"):
        told = [("value_error", ["body", name], "Value error, Value must not be None.")]
        assert items(printer.patch(path, {name: None})) == told


def test_an_unknown_vendor_is_404(printer):
    told = "No vendor with ID 1000077 found."
    assert message(printer.post("filament", LEAST | {"vendor_id": 1000077}), 404) == told
    filament = a_filament()
    filament.refresh_from_db()
    path = f"filament/{filament.number}"
    assert message(printer.patch(path, {"vendor_id": "1000077"}), 404) == told
    assert (
        message(printer.patch("filament/1000078", {}), 404) == "No filament with ID 1000078 found."
    )


def test_a_filament_with_any_spool_is_not_deleted(printer):
    spool = a_spool(filament=a_filament())
    spool.filament.refresh_from_db()
    path = f"filament/{spool.filament.number}"
    shelf.archive(spool, by=None, discard=False)
    told = "Failed to delete filament, see server logs for more information."
    assert message(printer.delete(path), 403) == told
    shelf.remove(spool, by=None)
    assert ok(printer.delete(path)) == {"message": "Success!"}
    for answer in (printer.get(path), printer.patch(path, {}), printer.delete(path)):
        message(answer, 404)
