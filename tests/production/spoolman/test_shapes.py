"""What is shown of a spool, a filament and a manufacturer: names, figures, what is left out."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from inventory.models import Filament, Location, Manufacturer
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool
from tests.production.spoolman.clients import ok
from tests.production.spoolman.shelf import spool_with, with_extra

NOON = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
REGISTERED = "2026-05-01T12:00:00Z"


def answered(printer, row):
    name = {"Spool": "spool", "Filament": "filament", "Manufacturer": "vendor"}
    path = name[type(row).__name__]
    [listed] = [each for each in ok(printer.get(path)) if each["id"] == row.number]
    [paged] = [each for each in ok(printer.get(path, {"limit": 99})) if each["id"] == row.number]
    assert listed == paged == ok(printer.get(f"{path}/{row.number}"))
    return listed


def test_what_has_no_value_is_left_out(printer):
    filament = Filament.objects.create(
        material_type=a_material_type("OTHER"), density_g_cm3="1.24", created_at=NOON
    )
    spool = spool_with(a_spool(1000, filament=filament), created_at=NOON)
    shown = answered(printer, spool)
    assert shown["filament"] == {
        "id": filament.number,
        "registered": REGISTERED,
        "density": 1.24,
        "diameter": 1.75,
        "extra": {},
    }
    assert shown.keys() == {
        *("id", "registered", "filament", "remaining_weight", "initial_weight", "used_weight"),
        *("remaining_length", "used_length", "archived", "extra"),
    }
    vendor = Manufacturer.objects.create(name="", created_at=NOON)
    expected = {"id": vendor.number, "registered": REGISTERED, "name": "", "extra": {}}
    assert answered(printer, vendor) == expected


def test_all_of_a_vendor(printer):
    vendor = a_manufacturer("Polyfil", empty_spool_grams=250, comment="of Bonn", external_id="p")
    with_extra(vendor, k='"a b"')
    assert (
        answered(printer, vendor).items()
        >= {
            "name": "Polyfil",
            "comment": "of Bonn",
            "empty_spool_weight": 250.0,
            "external_id": "p",
        }.items()
    )
    assert answered(printer, vendor)["extra"] == {"k": '"a b"'}


def test_all_of_a_filament(printer):
    filament = a_filament(
        "Silk",
        material_label="pla Silk",
        price=Decimal("19.99"),
        nozzle_temp=210,
        bed_temp=60,
        color_hex="",
        multi_color_hexes=["FF0000", "00FF0080"],
        multi_color_direction="coaxial",
        article_number="A-1",
        comment="c",
        external_id="x",
    )
    shown = answered(printer, filament)
    assert (
        shown.items()
        >= {
            "name": "Silk",
            "material": "pla Silk",
            "price": 19.99,
            "weight": 1000.0,
            "spool_weight": 200.0,
            "settings_extruder_temp": 210,
            "settings_bed_temp": 60,
            "multi_color_hexes": "FF0000,00FF0080",
            "multi_color_direction": "coaxial",
            "article_number": "A-1",
            "comment": "c",
            "external_id": "x",
        }.items()
    )
    assert shown["vendor"]["name"] == "Polyfil"
    assert "color_hex" not in shown


def test_numbers_are_floats_and_ids_are_not(printer):
    spool = a_spool(1000)
    for path in ("spool", f"spool/{spool.number}", "spool?limit=1"):
        content = printer.get(path).content
        assert b'"initial_weight":1000.0,' in content
        assert b'"used_weight":0.0,' in content
        assert f'"id":{spool.number},'.encode() in content


def figures(printer, spool):
    shown = answered(printer, spool)
    return tuple(shown.get(name) for name in ("initial_weight", "used_weight", "remaining_weight"))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, (1000.0, 0.0, 1000.0)),
        ({"metered_grams": Decimal("0.1")}, (1000.0, 0.1, 999.9)),
        ({"metered_grams": Decimal(1200)}, (1000.0, 1200.0, 0.0)),
        ({"metered_grams": Decimal(1000), "excess_grams": 500}, (1000.0, 1500.0, 0.0)),
        ({"initial_grams": 800}, (800.0, 0.0, 1000.0)),  # counted above what was received
        ({"is_initial_assumed": True, "metered_grams": 30}, (None, 30.0, 970.0)),
        ({"is_initial_assumed": True, "excess_grams": 1500}, (None, 1500.0, 0.0)),
    ],
)
def test_live_figures(printer, columns, expected):
    assert figures(printer, spool_with(a_spool(1000), **columns)) == expected


def test_an_assumed_spool_of_a_filament_without_weight(printer):
    spool = a_spool(1000, filament=a_filament(net_grams=None))
    spool_with(spool, is_initial_assumed=True, metered_grams=30)
    assert figures(printer, spool) == (None, 30.0, None)
    assert "remaining_length" not in answered(printer, spool)


def test_lengths(printer):
    filament = a_filament(density_g_cm3="1.24", diameter_mm="1.75")
    shown = answered(printer, spool_with(a_spool(1000, filament=filament), metered_grams=250))
    per_gram = 1000 / 1.24 / (math.pi * (1.75 / 2) ** 2)
    assert shown["used_length"] == pytest.approx(250 * per_gram)
    assert shown["remaining_length"] == pytest.approx(750 * per_gram)


def test_all_else_of_a_spool(printer):
    shelf = Location.objects.create(name="Shelf A")
    spool = a_spool(
        1000, location=shelf, lot_number="L1", price=Decimal(15), tare_grams=180, comment="on top"
    )
    spool_with(with_extra(spool, n="42"), archived_at=NOON, first_used_at=NOON, last_used_at=NOON)
    shown = ok(printer.get(f"spool/{spool.number}"))
    assert ok(printer.get("spool", {"allow_archived": "true"})) == [shown]
    assert (
        shown.items()
        >= {
            "location": "Shelf A",
            "lot_nr": "L1",
            "price": 15.0,
            "spool_weight": 180.0,
            "comment": "on top",
            "archived": True,
            "first_used": REGISTERED,
            "last_used": REGISTERED,
        }.items()
    )
    assert shown["extra"] == {"n": "42"}
    spool_with(spool, has_given_use_dates=True)
    given = "2026-05-01T12:00:00.250000Z"
    assert ok(printer.get(f"spool/{spool.number}"))["last_used"] == given
