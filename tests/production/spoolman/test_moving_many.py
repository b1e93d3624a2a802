"""Many spools of all kinds move in as they are: each field of each is the same here."""

import random

import pytest

from production.services import invariants
from production.spoolman.importing.moving import import_source
from tests import budgets
from tests.production.spoolman.clients import a_printer_client
from tests.production.spoolman.sources import Spoolman, everything, filament, spool, vendor
from tests.queries import queries_of

FIELDS = {
    "vendor": [{"name": "V", "key": "v", "field_type": "text"}],
    "filament": [{"name": "F", "key": "f", "field_type": "float"}],
    "spool": [{"name": "S", "key": "s", "field_type": "integer_range"}],
}
NOTHING = object()


def some(random, **choices):
    """A value of each, or none."""
    found = {name: random.choice([NOTHING, *values]) for name, values in choices.items()}
    return {name: value for name, value in found.items() if value is not NOTHING}


def a_spoolman(count):
    """Of so many spools, with the values that Spoolman has."""
    chance = random.Random(budgets.SEED)
    vendors = [
        vendor(number, chance.choice(["", "Ünï 丸", f"Maker {number % 9}", f"maker {number % 9}"]))
        | some(chance, comment=["a\nb"], empty_spool_weight=[0.0, 250.5], extra=[{"v": '"é"'}])
        for number in range(1, 40)
    ]
    filaments = [_filament(chance, number, vendors) for number in range(1, 80)]
    spools = [_spool(chance, number, chance.choice(filaments)) for number in range(1, count + 1)]
    return Spoolman(vendors=vendors, filaments=filaments, spools=spools, fields=FIELDS)


def _filament(chance, number, vendors):
    colors = {"multi_color_hexes": "FF0000,00FF0080", "multi_color_direction": "coaxial"}
    return (
        filament(number, vendor=chance.choice([None, *vendors]))
        | some(
            chance,
            name=[f"F {number}"],
            material=["PLA", "petg", "PLA Silk", f"X{number % 7}"],
            price=[0.0, 19.9999],
            weight=[750.0, 1000.0],
            spool_weight=[0.0, 193.5],
            settings_bed_temp=[0, 60],
            external_id=["x"],
            extra=[{"f": "1.50"}, {"f": "1"}],
        )
        | chance.choice([{}, {"color_hex": "AABBCC"}, colors])
    )


def _spool(chance, number, of):
    used = chance.choice([0.0, round(chance.uniform(0, 900), 6), 1500.5])
    return spool(
        number, of, used=used, initial=chance.choice([None, 1000.0, 750.25, 333.333333])
    ) | some(
        chance,
        spool_weight=[0.0, 200.0],
        price=[0.0, 25.5],
        first_used=["2026-05-01T12:00:00.123456Z", "2025-01-01T00:00:00Z"],
        last_used=["2026-05-02T12:00:00Z"],
        location=[f"Shelf {number % 7}", "丸"],
        lot_nr=[f"L{number}"],
        comment=[" two\nlines "],
        archived=[True],
        extra=[{"s": "[1, null]"}, {"s": "[1,2]"}],
    )


def test_every_field_of_many_spools_is_the_same(farm, manager, monkeypatch):
    there = a_spoolman(budgets.SPOOLS_TO_MOVE)
    report = import_source(there.source(monkeypatch), by=manager)
    assert (report.left, report.differently) == ([], [])
    here = everything(a_printer_client(manager))
    for entity, path in (("vendor", "/vendor"), ("filament", "/filament")):
        assert here[entity] == there.answers[path]
    spools = there.answers["/spool?allow_archived=true"]
    assert here["spool"] == [_as_answered(row) for row in spools]
    assert list(invariants.violations()) == []


def _as_answered(row):
    return (
        row | {"remaining_weight": round(row["remaining_weight"], 6)}
        if ("remaining_weight" in row)
        else row
    )


@pytest.mark.parametrize("is_again", [False, True], ids=["first", "again"])
def test_the_statements_do_not_grow_with_the_spools(farm, manager, monkeypatch, is_again):
    counts = []
    for count in (20, 200):
        source = a_spoolman(count).source(monkeypatch)
        if is_again:
            import_source(source, by=manager)
        counts.append(queries_of(lambda: import_source(source, by=manager, dry_run=True)))  # noqa: B023
    assert counts[1] - counts[0] <= 2
