"""Filters and order by the farm's own fields, by type."""

import pytest

from tests.factories import a_filament, a_manufacturer, a_spool
from tests.production.spoolman.clients import message, ok
from tests.production.spoolman.shelf import a_field, found, with_extra
from tests.queries import queries_of

# Of a kind of field, values by name, each JSON as it is kept.
KINDS = {
    "text": {"a": '"Dry box"', "b": '"dr\\u0079 100%"', "c": '""', "e": '"a\\u0000b"'},
    "integer": {"a": "42", "b": "-7", "c": "null"},
    "float": {"a": "1.5", "b": "2", "c": "1e1"},
    "boolean": {"a": "true", "b": "false"},
    "choice": {"a": '"PLA"', "b": '"PLA+"', "c": "null"},
    "choices": {"a": '["x","y"]', "b": '["y"]', "c": "[]"},
    "datetime": {"a": '"2026-05-01T00:00:00Z"', "b": '"2026-06-01T00:00:00Z"', "c": '""'},
    "integer_range": {"a": "[190, 220]", "b": "[null, 230]", "c": "null"},
    "float_range": {"a": "[0.1, 0.2]", "b": "[0.15, null]"},
}


def make_field(kind):
    if kind == "choices":
        return a_field("k", "choice", multi_choice=True, choices=["x", "y"])
    if kind == "choice":
        return a_field("k", kind, multi_choice=False, choices=["PLA", "PLA+"])
    return a_field("k", kind)


def spools_of(kind):
    """By a name for each; the values of the kind, and some without one."""
    make_field(kind)
    filament = a_filament()
    spools = {name: a_spool(filament=filament) for name in "abcde"}
    for name, raw in KINDS[kind].items():
        with_extra(spools[name], k=raw)
    return spools


CASES = [
    ("text", "dry", ["a", "b"]),
    ("text", "DRY,nothing", ["a", "b"]),
    ("text", '"Dry box"', ["a"]),
    ("text", '"dry box"', []),
    ("text", "100%", ["b"]),
    ("text", "d%x", []),
    ("text", "", ["c", "d"]),
    ("text", "box,", ["a", "c", "d"]),
    ("integer", "42", ["a"]),
    ("integer", "42.0", ["a"]),
    ("integer", "42,-7", ["a", "b"]),
    ("integer", "0:", ["a"]),
    ("integer", ":0", ["b"]),
    ("integer", "-7:42", ["a", "b"]),
    ("integer", "", ["c", "d", "e"]),
    ("float", "1.50", ["a"]),
    ("float", "2.0", ["b"]),
    ("float", "10", ["c"]),
    ("float", "1.6:10", ["b", "c"]),
    ("boolean", "true", ["a"]),
    ("boolean", "false", ["b"]),
    ("boolean", "", ["b", "c", "d", "e"]),
    ("choice", "PLA", ["a"]),
    ("choice", "PLA,PLA+", ["a", "b"]),
    ("choice", '"PLA+"', ["b"]),
    ("choice", "", ["c", "d", "e"]),
    ("choices", "y", ["a", "b"]),
    ("choices", "x", ["a"]),
    ("datetime", "2026-05-01T00:00:00Z", ["a"]),
    ("datetime", "2026-05|2026-05-31", ["a"]),
    ("datetime", "2026-05-02|", ["b"]),
    ("datetime", "", ["c", "d", "e"]),
    ("integer_range", "180:", ["a"]),
    ("integer_range", "190:220", ["a"]),
    ("integer_range", ":230", ["a", "b"]),
    ("integer_range", "191:", []),
    ("integer_range", "", ["c", "d", "e"]),
    ("float_range", "0.1:", ["a", "b"]),
    ("float_range", ":0.2", ["a"]),
]


@pytest.mark.parametrize(("kind", "value", "expected"), CASES)
def test_values_of_spools(printer, kind, value, expected):
    spools = spools_of(kind)
    assert found(printer, spools, "spool", **{"extra.k": value}) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", "x", "an integer, or 'min:max'"),
        ("integer", ":", "an integer, or 'min:max'"),
        ("integer", "1:x", "an integer, or 'min:max'"),
        ("float", "NaN", "a number, or 'min:max'"),
        ("boolean", "1", "'true' or 'false'"),
        ("datetime", "|", "a text, or 'start|end'"),
        ("integer_range", "5", "'min:max'"),
        ("float_range", ":", "'min:max'"),
    ],
)
def test_what_does_not_fit(printer, farm, kind, value, expected):
    make_field(kind)
    sentence = f"Invalid value '{value}' for extra field 'extra.k', expected {expected}."
    assert message(printer.get("spool", {"extra.k": value}), 400) == sentence


def test_an_unknown_key_is_ignored(printer):
    spool = with_extra(a_spool(), k='"x"')
    a_field("k", entity="filament")
    assert len(ok(printer.get("spool", {"extra.k": "y", "extra.": "y"}))) == 1
    assert ok(printer.get("spool", {"sort": "extra.k:asc"}))[0]["id"] == spool.number


def test_values_of_filaments_and_vendors(printer):
    maker = with_extra(a_manufacturer("One"), k='"v"')
    first = with_extra(a_filament(manufacturer=maker), k='"f"')
    second = a_filament(manufacturer=None)
    spools = {"first": a_spool(filament=first), "second": a_spool(filament=second)}
    for entity in ("vendor", "filament", "spool"):
        a_field("k", entity=entity)
    for name, value in [("filament.extra.k", "f"), ("filament.vendor.extra.k", "v")]:
        assert found(printer, spools, "spool", **{name: value}) == ["first"]
        assert found(printer, spools, "spool", **{name: ""}) == ["second"]
    both = {"filament.extra.k": "f", "extra.k": "s"}
    assert found(printer, spools, "spool", **both) == []
    assert found(printer, {"f": first, "s": second}, "filament", **{"extra.k": "f"}) == ["f"]
    vendors = {"one": maker, "poly": a_manufacturer()}
    assert found(printer, vendors, "vendor", **{"extra.k": "v"}) == ["one"]


@pytest.mark.parametrize(
    ("kind", "ascending", "descending"),
    [
        ("integer", "bacde", "abcde"),
        ("float", "abcde", "cbade"),
        ("choice", "abcde", "bacde"),
        ("integer_range", "abcde", "abcde"),
        ("float_range", "abcde", "bacde"),
    ],
)
def test_order(printer, kind, ascending, descending):
    spools = spools_of(kind)
    assert found(printer, spools, "spool", sort="extra.k:asc") == list(ascending)
    assert found(printer, spools, "spool", sort="extra.k:desc") == list(descending)


def test_filters_by_fields_cost_the_same_for_any_number_of_rows(printer):
    a_field("k")
    spool = with_extra(a_spool(), k='"x"')
    query = {"extra.k": "x", "limit": 5}
    printer.get("spool", query)
    cost = queries_of(lambda: printer.get("spool", query))
    for _ in range(3):
        with_extra(a_spool(filament=spool.filament), k='"y"')
    assert queries_of(lambda: printer.get("spool", query)) == cost
