"""No body, no parameter and no id makes a 5xx, at any address."""

import json

import pytest
from django.db import transaction

from production.spoolman import bodies
from production.spoolman.urls import ADDRESSES
from tests.factories import a_spool
from tests.production.spoolman.clients import items
from tests.production.spoolman.test_rights import address

VALUES = ["NaN", "-Infinity", "1e308", "1e-308", "-1", "1" * 400, "0", '""', '"NaN"', '"1e999"']
VALUES += ['"\\u0000"', '"\\ud800"', f'"{"x" * 2000}"', "null", "true", "[]", "{}", '{"k": 1}']
VALUES += ["[[]]", '"2024-13-01"', "99999999.9999999", '"0001-01-01T00:00:00+14:00"', "-9e15"]
RAW = [b"", b" ", b"{", b"null", b"[]", b'"x"', b"1", b"\xff\xfe", b"[" * 50_000, b"NaN"]
RAW += [
    b'{"a": 1' + b"0" * 5000 + b"}",
    b"[" + b"1," * 30_000 + b"1]",
    b'{"extra": {"a\\u0000": "1"}}',
]
SHAPES = {
    "filament": bodies.FILAMENT,
    "filament/<filament_id>": bodies.FILAMENT,
    "field/<entity_type>/<key>": bodies.EXTRA_FIELD,
    "location/<path:name>": bodies.RENAME_LOCATION,
    "setting/<key>": {},
    "spool": bodies.NEW_SPOOL,
    "spool/<spool_id>": bodies.SPOOL,
    "spool/<spool_id>/measure": bodies.MEASURE,
    "spool/<spool_id>/use": bodies.USE,
    "spool/field/<field>": bodies.RENAME_VALUE,
    "vendor": bodies.VENDOR,
    "vendor/<vendor_id>": bodies.VENDOR,
}
WRITES = [
    (path, method)
    for path, each in ADDRESSES.items()
    for method in each.operations
    if method in ("POST", "PUT", "PATCH") and path != "backup"
]


@pytest.fixture
def place(farm):
    """``place(path)``: the address with the number of a row that is there."""
    spool = a_spool()
    spool.refresh_from_db(), spool.filament.refresh_from_db()
    spool.filament.manufacturer.refresh_from_db()
    numbers = {
        "<spool_id>": spool.number,
        "<filament_id>": spool.filament.number,
        "<vendor_id>": spool.filament.manufacturer.number,
    }

    def of(path):
        for name, number in numbers.items():
            path = path.replace(name, str(number))
        return address(path)

    return of


def bodies_of(path):
    """All values for each field, beside what is needed to get as far as that field."""
    least = {"density": 1, "diameter": 1, "name": "x", "field_type": "text", "value": "a"}
    least |= {"new_value": "b", "weight": 5}
    for name in SHAPES[path]:
        for value in VALUES:
            rest = {key: each for key, each in least.items() if key != name}
            yield f'{{"{name}": {value}, {json.dumps(rest)[1:]}'.encode()
    if path == "setting/<key>":
        yield from (json.dumps(value).encode() for value in VALUES)
    yield from RAW


@pytest.mark.parametrize(("path", "method"), WRITES, ids=lambda each: each.replace("/", " "))
def test_no_body_makes_a_5xx(printer, place, path, method):
    wrong = {}
    for raw in bodies_of(path):
        with transaction.atomic():
            answer = printer.ask(method, place(path), raw)
            transaction.set_rollback(True)
        if answer.status_code >= 500 or answer["Content-Type"] != "application/json":
            wrong[raw[:200]] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"", ("missing", ["body"])),
        (b"{", ("json_invalid", ["body", 0])),
        (b"[" * 50_000, ("json_invalid", ["body", 0])),
        (b"null", ("model_attributes_type", ["body"])),
        (b"[]", ("model_attributes_type", ["body"])),
    ],
)
def test_a_body_that_is_no_object(printer, raw, found):
    [(kind, place, _text)] = items(printer.post("vendor", raw))
    assert (kind, place) == found


@pytest.mark.parametrize("number", ["1.5", "1e3", "%00", "9" * 400, "-9", "٣", "x" * 3000])
def test_no_id_makes_a_5xx(printer, number):
    for path in ("spool/{}", "filament/{}", "vendor/{}", "spool/{}/measure", "setting/{}"):
        answer = printer.ask("GET", path.format(number))
        assert answer.status_code in (307, 400, 404, 405, 422), (path, answer.status_code)
