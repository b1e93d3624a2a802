"""/vendor: made, changed and taken away."""

import pytest

from inventory.models import ExtraField, Filament, Manufacturer
from tests.factories import a_filament, a_manufacturer
from tests.production.spoolman.clients import items, message, ok


def a_vendor(printer, **body):
    return ok(printer.post("vendor", {"name": "Polyfil"} | body))


@pytest.fixture
def tag(farm):
    return ExtraField.objects.create(
        entity="vendor", key="tag", name="Tag", field_type="text", position=1
    )


def test_a_vendor_is_made_with_all_its_fields(printer, tag):
    body = {
        "name": "Polyfil",
        "comment": "x" * 1024,
        "empty_spool_weight": 140.5,
        "external_id": "polyfil",
        "extra": {"tag": '"a"'},
    }
    made = a_vendor(printer, **body, unknown=1, id=7, registered="2020-01-01T00:00:00Z")
    assert made == body | {"id": made["id"], "registered": made["registered"]}
    assert (made["registered"][-1], len(made["registered"])) == ("Z", 20)
    assert ok(printer.get(f"vendor/{made['id']}")) == made
    assert Manufacturer.objects.get().number == made["id"]


def test_what_has_no_value_is_left_out(printer):
    made = a_vendor(printer, comment=None, empty_spool_weight=None, external_id=None, extra=None)
    assert made.keys() == {"id", "registered", "name", "extra"}
    assert made["extra"] == {}
    assert ok(printer.post("vendor", {"name": ""}))["name"] == ""


def test_names_and_external_ids_are_not_unique(printer):
    first, second = (a_vendor(printer, external_id="x") for _ in range(2))
    assert (first["name"], first["external_id"]) == (second["name"], second["external_id"])
    assert first["id"] != second["id"]
    unnamed = [a_vendor(printer, name="")["id"] for _ in range(2)]
    assert unnamed == [second["id"] + 1, second["id"] + 2]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ("missing", "name", "Field required")),
        ({"name": None}, ("string_type", "name", "Input should be a valid string")),
        ({"name": 5}, ("string_type", "name", "Input should be a valid string")),
        (
            {"name": "x" * 65},
            ("string_too_long", "name", "String should have at most 64 characters"),
        ),
        (
            {"name": "x", "empty_spool_weight": -1},
            (
                "greater_than_equal",
                "empty_spool_weight",
                "Input should be greater than or equal to 0",
            ),
        ),
        (
            {"name": "x", "external_id": "x" * 257},
            ("string_too_long", "external_id", "String should have at most 256 characters"),
        ),
        (
            {"name": "x", "comment": "x" * 1025},
            ("string_too_long", "comment", "String should have at most 1024 characters"),
        ),
        ({"name": "x", "extra": []}, ("dict_type", "extra", "Input should be a valid dictionary")),
    ],
)
def test_a_vendor_has_a_shape(printer, body, found):
    kind, name, told = found
    assert items(printer.post("vendor", body)) == [(kind, ["body", name], told)]
    assert not Manufacturer.objects.exists()


def test_a_patch_touches_what_was_sent(printer, tag):
    made = a_vendor(printer, comment="a", empty_spool_weight=1, external_id="x")
    path = f"vendor/{made['id']}"
    assert ok(printer.patch(path, {})) == made
    assert ok(printer.patch(path, {"name": "Other"})) == made | {"name": "Other"}
    nulls = {"comment": None, "empty_spool_weight": None, "external_id": None}
    assert ok(printer.patch(path, nulls)).keys() == {"id", "registered", "name", "extra"}
    told = "Value error, Value must not be None."
    assert items(printer.patch(path, {"name": None})) == [("value_error", ["body", "name"], told)]
    message(printer.patch("vendor/1000077", {}), 404)


def test_extra_values_are_merged_by_key(printer, tag):
    ExtraField.objects.create(entity="vendor", key="n", name="N", field_type="integer", position=2)
    made = a_vendor(printer, extra={"tag": '"a"', "n": None})
    path = f"vendor/{made['id']}"
    assert ok(printer.get(path))["extra"] == {"tag": '"a"'}
    assert ok(printer.patch(path, {"extra": {"n": "  4 "}}))["extra"] == {"tag": '"a"', "n": "  4 "}
    assert ok(printer.patch(path, {"extra": None}))["extra"] == {"tag": '"a"', "n": "  4 "}
    assert ok(printer.patch(path, {"extra": {"tag": None}}))["extra"] == {"n": "  4 "}
    told = "Invalid extra field for key n: Value is not an integer."
    assert message(printer.patch(path, {"extra": {"n": '"4"'}}), 400) == told
    assert message(printer.post("vendor", {"name": "x", "extra": {"k": "1"}}), 400) == (
        "Unknown extra field k."
    )
    assert items(printer.patch(path, {"extra": {"n": 4}})) == [
        ("string_type", ["body", "extra", "n"], "Input should be a valid string")
    ]


def test_a_deleted_vendor_leaves_its_filaments(printer):
    maker = a_manufacturer()
    filament = a_filament(manufacturer=maker)
    filament.refresh_from_db(), maker.refresh_from_db()
    path = f"vendor/{maker.number}"
    assert ok(printer.delete(path)) == {"message": "Success!"}
    told = f"No vendor with ID {maker.number} found."
    for answer in (printer.get(path), printer.patch(path, {"name": "x"}), printer.delete(path)):
        assert message(answer, 404) == told
    assert "vendor" not in ok(printer.get(f"filament/{filament.number}"))
    assert Filament.objects.get().manufacturer is None
