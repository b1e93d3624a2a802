"""Groups of spools, and the values that there are."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Location
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool
from tests.production.spoolman.clients import items, message, ok
from tests.production.spoolman.shelf import a_field, spool_with, with_extra
from tests.queries import queries_of

USED = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def spools(farm):
    ada, bob = a_manufacturer("Ada"), a_manufacturer("Bob")
    red = a_filament("Red", manufacturer=bob)
    blue = a_filament("Blue", manufacturer=ada, material_type=a_material_type("ABS"))
    bare = a_filament("Bare", manufacturer=None, article_number="A-1")
    shelf = Location.objects.create(name="Shelf")
    return {
        "red": spool_with(
            a_spool(1000, filament=red, location=shelf), metered_grams=10, last_used_at=USED
        ),
        "more": a_spool(500, filament=red, location=shelf, lot_number="L1"),
        "blue": spool_with(a_spool(250, filament=blue), excess_grams=300),
        "bare": a_spool(100, filament=bare),
    }


def groups(client, by, **query):
    answer = client.get("spool/group", {"group_by": by, **query})
    found = ok(answer)
    assert all(group["group_by"] == by for group in found)
    return [
        (
            group.get("key"),
            group["spool_count"],
            group["in_use_count"],
            group["total_remaining_weight"],
        )
        for group in found
    ]


def test_by_filament(printer, spools):
    red, blue, bare = (spools[name].filament.number for name in ("red", "blue", "bare"))
    assert groups(printer, "filament") == [
        (str(bare), 1, 0, 100.0),
        (str(blue), 1, 1, 250.0),
        (str(red), 2, 1, 1490.0),
    ]
    found = ok(printer.get("spool/group", {"group_by": "filament"}))
    assert found[2]["filament"] == ok(printer.get(f"filament/{red}"))
    assert found[2]["last_used"] == "2026-05-01T12:00:00Z"
    assert "last_used" not in found[0]
    assert "vendor" not in found[0]


def test_by_vendor(printer, spools):
    ada, bob = (spools[name].filament.manufacturer.number for name in ("blue", "red"))
    assert [group[0] for group in groups(printer, "vendor")] == [str(ada), str(bob), None]
    found = ok(printer.get("spool/group", {"group_by": "vendor"}))
    assert found[0]["vendor"] == ok(printer.get(f"vendor/{ada}"))
    assert "vendor" not in found[2]


def test_by_material_and_location(printer, spools):
    assert [group[:2] for group in groups(printer, "material")] == [("ABS", 1), ("PLA", 3)]
    assert [group[:2] for group in groups(printer, "location")] == [("Shelf", 2), (None, 2)]


def test_by_a_field_of_the_farm(printer, spools):
    a_field("box")
    with_extra(spools["red"], box='"ä"')
    with_extra(spools["more"], box='"\\u00e4"')
    with_extra(spools["blue"], box='""')
    assert groups(printer, "extra.box") == [("ä", 2, 1, 1490.0), (None, 2, 1, 350.0)]
    a_field("size", "choice", choices=["s"], multi_choice=False)
    assert groups(printer, "extra.size") == [(None, 4, 2, 1840.0)]


@pytest.mark.parametrize("by", ["name", "extra.", "extra.none", "extra.many", "extra.n", "box", ""])
def test_what_nothing_is_grouped_by(printer, farm, by):
    a_field("many", "choice", choices=["s"], multi_choice=True)
    a_field("n", "integer")
    told = message(printer.get("spool/group", {"group_by": by}), 400)
    assert told.startswith(f"Invalid group_by '{by}', expected filament, vendor, ")


def test_group_by_is_needed(printer, farm):
    missing = [("missing", ["query", "group_by"], "Field required")]
    assert items(printer.get("spool/group")) == missing


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("group.title:desc", ["Red", "Blue", "Bare"]),
        ("group.total_remaining:asc", ["Bare", "Blue", "Red"]),
        ("group.last_used:asc,group.title:asc", ["Red", "Bare", "Blue"]),
        ("group.spool_count:desc,group.title:desc", ["Red", "Blue", "Bare"]),
        ("group.in_use_count:asc,group.title:desc", ["Bare", "Red", "Blue"]),
        ("name:desc", ["Bare", "Blue", "Red"]),
    ],
)
def test_order(printer, spools, sort, expected):
    query = {"group_by": "filament", "sort": sort}
    found = ok(printer.get("spool/group", query))
    assert [group["filament"]["name"] for group in found] == expected


def test_pages_have_the_total_of_all_groups(printer, spools):
    answer = printer.get("spool/group", {"group_by": "filament", "limit": 1, "offset": 1})
    assert [group["filament"]["name"] for group in ok(answer)] == ["Blue"]
    assert answer["x-total-count"] == "3"


def test_filters_are_those_of_spools(printer, spools):
    assert groups(printer, "filament", **{"filament.name": "Red"})[0][1] == 2
    assert groups(printer, "filament", lot_nr="L1")[0][1] == 1
    assert len(groups(printer, "filament", filament_name="Red")) == 3  # an old name
    spool_with(spools["bare"], archived_at=timezone.now())
    assert len(groups(printer, "filament")) == 2
    assert len(groups(printer, "filament", allow_archived="true")) == 3


def test_groups_cost_the_same_for_any_number_of_rows(printer, spools):
    printer.get("spool/group", {"group_by": "filament"})
    cost = queries_of(lambda: printer.get("spool/group", {"group_by": "filament"}))
    assert cost == queries_of(lambda: printer.get("info")) + 2
    a_spool(10), a_spool(Decimal(10))
    assert queries_of(lambda: printer.get("spool/group", {"group_by": "filament"})) == cost


# --- The values that there are -------------------------------------------------------------------


def test_values(printer, spools):
    assert ok(printer.get("material")) == ["ABS", "PLA"]
    assert ok(printer.get("article-number")) == ["A-1"]
    assert ok(printer.get("lot-number")) == ["L1"]
    assert ok(printer.get("location")) == ["Shelf"]
    now = timezone.now()
    spool_with(spools["more"], archived_at=now)
    assert ok(printer.get("lot-number")) == ["L1"]
    spool_with(spools["more"], removed_at=now)
    assert ok(printer.get("lot-number")) == []


def test_a_value_that_can_not_be_sent_is_a_group_as_it_is_kept(printer, spools):
    a_field("box")
    with_extra(spools["red"], box='"\\ud800"')
    assert groups(printer, "extra.box")[0][:2] == ('"\\ud800"', 1)
