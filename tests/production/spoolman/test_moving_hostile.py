"""Rows that can't come: each is left with a sentence, and nothing is a fault of the program."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Filament, Spool
from inventory.services.moving import catalogue
from production.services import invariants
from production.spoolman.importing import rows, source
from production.spoolman.importing.moving import import_source
from production.spoolman.importing.source import ENTITIES, NotReadable, Source, objects
from tests.production.spoolman.sources import AT, Spoolman, filament, spool, vendor

MAKER = vendor(1, "Ada")
RED = filament(1, vendor=MAKER, weight=1000.0)


def left(monkeypatch, **rows):
    rows = {"vendors": [MAKER], "filaments": [RED], "spools": [spool(1, RED)]} | rows
    report = import_source(Spoolman(**rows).source(monkeypatch), by=None)
    assert list(invariants.violations()) == []
    return report.left


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"density": 0}, "density: Input should be greater than 0"),
        ({"density": 100}, "density: Input should be less than or equal to 99"),
        ({"density": "x"}, "density: Input should be a valid number"),
        ({"diameter": None}, "diameter: "),
        ({"registered": None}, "registered: "),
        ({"registered": "yesterday"}, "registered: Input should be a valid datetime"),
        ({"name": 7}, "name: Input should be a valid string"),
        ({"name": "a\0"}, "name: "),
        ({"name": "x" * 65}, "name: String should have at most 64"),
        ({"weight": 1e308}, "weight: Input should be less than"),
        ({"price": -1}, "price: Input should be greater than or equal to 0"),
        ({"color_hex": "red"}, "color_hex: "),
        ({"multi_color_hexes": "FF0000"}, "multi_color_hexes: "),
        ({"extra": []}, "extra: Input should be a valid dictionary"),
        ({"extra": {"a": 1}}, "a: Input should be a valid string"),
        ({"vendor": {"id": 9}}, "Its vendor 9 is not there."),
        ({"vendor": "x"}, "vendor_id: Input should be a valid integer"),
    ],
)
def test_a_filament_that_can_not_come(farm, monkeypatch, row, why):
    told = left(monkeypatch, filaments=[RED | row])
    assert told[0][:2] == ("filament", "1")
    assert told[0][2].startswith(why)
    assert told[1] == ("spool", "1", "Its filament 1 is not there.")
    assert not Filament.objects.exists()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"filament": None}, "filament_id: "),
        ({"filament": {"id": 2}}, "Its filament 2 is not there."),
        ({"used_weight": "many"}, "used_weight: "),
        ({"used_weight": 9e9}, "used_weight: Input should be less than"),
        ({"used_weight": -99_999_999, "remaining_weight": None}, "Its weights can't be"),
        ({"remaining_weight": -1}, "Its weights can't be"),
        ({"initial_weight": -1}, "initial_weight: "),
        ({"initial_weight": 0.000001, "price": 99_999_999}, "A gram of it would cost too much."),
        ({"archived": "perhaps"}, "archived: "),
        ({"first_used": "0000-00-00"}, "first_used: "),
        ({"location": "x" * 65}, "location: String should have at most 64"),
    ],
)
def test_a_spool_that_can_not_come(farm, monkeypatch, row, why):
    [(kind, name, told)] = left(monkeypatch, spools=[spool(1, RED, initial=1000.0) | row])
    assert (kind, name) == ("spool", "1")
    assert told.startswith(why)
    assert not Spool.objects.exists()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from([AT, "1", "-1", "\0", "\u200b", '"a"', "[1, null]", 2**63, 1e300, "FF0000"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)
NAMES = {
    "vendor": [*vendor(1, ""), "empty_spool_weight", "external_id", "comment"],
    "filament": [*filament(1), "vendor_id", "weight", "price", "material", "color_hex", "name"],
    "spool": [*spool(1, RED), "filament_id", "initial_weight", "location", "lot_nr", "first_used"],
}


def some_rows(entity):
    good = {"registered": AT, "name": "A", "density": 1.24, "diameter": 1.75, "filament_id": 1}
    odd = st.dictionaries(st.sampled_from(NAMES[entity]), VALUES, max_size=3)
    return st.lists(odd.map(lambda row: {"id": 1, **good, "extra": {}, **row}), max_size=2)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.fixed_dictionaries({entity: some_rows(entity) for entity in ENTITIES}))
def test_no_rows_are_a_fault_of_the_program(farm, rows):
    try:
        for entity in ENTITIES:
            objects(rows[entity], entity)
    except NotReadable:
        return
    source = Source("there", rows)
    report = import_source(source, by=None, dry_run=True)
    counted = sum(sum(report.counts[entity].values()) for entity in ENTITIES)
    assert counted == sum(map(len, rows.values()))


def test_what_would_take_too_much_memory_is_not_read(monkeypatch):
    monkeypatch.setattr(source, "MAX_VALUES", 10)
    monkeypatch.setattr(source, "MAX_OBJECTS", 10)
    for content in (b"[" + b"1," * 20 + b"1]", b"[" * 20):
        with pytest.raises(NotReadable, match="more in it than can be imported"):
            source.loaded(content)


def test_too_many_of_one_name_and_too_many_materials_are_left(farm, monkeypatch):
    monkeypatch.setattr(catalogue, "MAX_TWIN", 1)
    monkeypatch.setattr(rows, "MAX_NEW_TYPES", 1)
    told = left(
        monkeypatch,
        vendors=[vendor(number, "Ada") for number in (1, 2, 3)],
        filaments=[filament(number, material=f"X{number}") for number in (1, 2)],
    )
    assert told == [
        ("vendor", "3", "Too many manufacturers have this name."),
        ("filament", "2", "Too many materials are new."),
    ]
