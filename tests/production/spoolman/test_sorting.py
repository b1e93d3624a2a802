"""The order of lists."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from inventory.models import Location
from production.spoolman import sorting
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool
from tests.production.spoolman.clients import message, ok
from tests.production.spoolman.shelf import found, spool_with


@pytest.fixture
def spools(farm):
    low = a_filament(
        "A", manufacturer=a_manufacturer("Zed"), price=Decimal(30), net_grams=500, nozzle_temp=200
    )
    high = a_filament(
        "B", manufacturer=a_manufacturer("Ada"), price=None, material_type=a_material_type("ABS")
    )
    shelf = Location.objects.create(name="Shelf")
    return {
        "one": a_spool(1000, filament=low, location=shelf),
        "two": spool_with(a_spool(900, filament=high, price=Decimal(10)), excess_grams=950),
        "three": spool_with(a_spool(800, filament=high), metered_grams=Decimal("700.5")),
    }


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("id:desc", "three two one"),
        ("ID:asc", None),
        ("filament.name:desc", "two three one"),
        ("filament.name:DESC,id:Desc", "three two one"),
        ("filament.vendor.name:asc", "two three one"),
        ("filament.combined_name:asc", "two three one"),
        ("filament.material:asc,id:desc", "three two one"),
        ("price:asc", "two one three"),
        ("price:desc", "one two three"),
        ("location:asc", "one two three"),
        ("location:desc", "one two three"),
        ("remaining_weight:asc", "two three one"),
        ("remaining_weight:desc", "one three two"),
        ("remaining_length:asc", "two three one"),
        ("used_weight:desc", "two three one"),
        ("used_length:asc", "one three two"),
        ("initial_weight:asc", "three two one"),
        ("filament.settings_extruder_temp:desc", "one two three"),
        ("filament_id:desc", "two three one"),
        (" , ,id:desc, ", "three two one"),
        ("", "one two three"),
    ],
)
def test_spools(printer, spools, sort, expected):
    if expected is None:
        assert "'ID' is not a valid field on 'Spool'" in message(
            printer.get("spool", {"sort": sort}), 400
        )
    else:
        assert found(printer, spools, "spool", sort=sort) == expected.split()


def test_what_is_unknown_comes_last_both_ways(printer, spools):
    used = datetime(2026, 5, 1, tzinfo=UTC)
    spool_with(spools["two"], last_used_at=used, is_initial_assumed=True)
    for direction in ("asc", "desc"):
        query = {"sort": f"last_used:{direction}"}
        assert found(printer, spools, "spool", **query) == ["two", "one", "three"]
        assert found(printer, spools, "spool", sort=f"initial_weight:{direction}")[-1] == "two"


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("spool", sorting.SPOOLS),
        ("filament", sorting.FILAMENTS),
        ("vendor", sorting.VENDORS),
    ],
)
def test_every_column_sorts(printer, spools, path, columns):
    names = [*columns.own]
    for first, related in columns.related.items():
        names += [f"{first}.{name}" for name in related.own]
        for second, more in related.related.items():
            names += [f"{first}.{second}.{name}" for name in more.own]
    count = len(ok(printer.get(path)))
    for name in names:
        assert len(ok(printer.get(path, {"sort": f"{name}:asc,{name}:desc"}))) == count
    every = ",".join(f"{name}:desc" for name in names)
    assert len(ok(printer.get(path, {"sort": every, "limit": 50}))) == count


@pytest.mark.parametrize(
    ("path", "sort", "expected"),
    [
        ("spool", "name", "Invalid sort 'name', expected the form 'field:asc' or 'field:desc'."),
        ("spool", ":asc", "Invalid sort ':asc', no field name was given."),
        (
            "spool",
            "id:up",
            "Invalid sort direction 'up' for field 'id', expected 'asc' or 'desc'.",
        ),
        ("spool", "foo:asc", "Invalid field name 'foo', 'foo' is not a valid field on 'Spool'."),
        (
            "spool",
            "filament.foo:asc",
            "Invalid field name 'foo', 'foo' is not a valid field on 'Filament'.",
        ),
        (
            "filament",
            "vendor.foo:asc",
            "Invalid field name 'foo', 'foo' is not a valid field on 'Vendor'.",
        ),
        (
            "vendor",
            "filament.name:asc",
            "Invalid field name 'filament.name', 'filament' is not a valid field on 'Vendor'.",
        ),
        ("spool", "filament:asc", "No field specified for filament"),
        ("spool", "location.x:asc", "Field 'location' does not have any nested fields"),
    ],
)
def test_an_order_that_is_none(printer, farm, path, sort, expected):
    assert message(printer.get(path, {"sort": sort}), 400) == expected
