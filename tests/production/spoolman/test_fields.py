"""The farm's own fields: /field/{entity}, their values, and the settings that are the same."""

import json

import pytest

from inventory.models import ExtraField, Spool
from inventory.services import extra_values
from tenants.accounts import roles
from tests.factories import a_manufacturer, a_spool, make_user
from tests.production.spoolman.clients import a_printer_client, items, message, ok

TEXT = {"name": "Tag", "field_type": "text"}
CHOICE = {"name": "Tray", "field_type": "choice", "choices": ["a", "b"], "multi_choice": False}


def keys(answer):
    return [field["key"] for field in ok(answer)]


def test_a_field_is_made_and_all_are_answered_in_order_of_writing(printer):
    assert ok(printer.get("field/spool")) == []
    given = {"order": 2, "unit": "g", "default_value": '"x"', "unknown": 1}
    assert ok(printer.post("field/spool/tag", TEXT | given)) == [
        {
            "name": "Tag",
            "order": 2,
            "unit": "g",
            "field_type": "text",
            "default_value": '"x"',
            "key": "tag",
            "entity_type": "spool",
        }
    ]
    assert keys(printer.post("field/spool/tray", CHOICE)) == ["tag", "tray"]
    assert keys(printer.post("field/spool/tag", TEXT | {"name": "UID"})) == ["tray", "tag"]
    [tray, tag] = ok(printer.get("field/spool"))
    assert (tray["choices"], tray["multi_choice"], tray["order"]) == (["a", "b"], False, 0)
    assert (tag["name"], "unit" in tag, "default_value" in tag) == ("UID", False, False)
    assert ok(printer.get("field/vendor")) == ok(printer.get("field/filament")) == []


def test_an_entity_and_a_key_have_a_shape(printer):
    expected = "Input should be 'vendor', 'filament' or 'spool'"
    assert items(printer.get("field/printer")) == [("enum", ["path", "entity_type"], expected)]
    [(kind, place, _text)] = items(printer.post("field/spool/Tag", TEXT))
    assert (kind, place) == ("string_pattern_mismatch", ["path", "key"])
    [(kind, _place, _text)] = items(printer.post(f"field/spool/{'x' * 65}", TEXT))
    assert kind == "string_too_long"
    assert printer.get("field/spool/tag").status_code == 405


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("missing", "name"), ("missing", "field_type")]),
        (TEXT | {"name": ""}, [("string_too_short", "name")]),
        (TEXT | {"name": "x" * 129}, [("string_too_long", "name")]),
        (TEXT | {"order": "x"}, [("int_parsing", "order")]),
        (TEXT | {"order": None}, [("int_type", "order")]),
        (TEXT | {"unit": "x" * 17}, [("string_too_long", "unit")]),
        (TEXT | {"unit": ""}, [("string_too_short", "unit")]),
        (TEXT | {"field_type": "date"}, [("enum", "field_type")]),
        (TEXT | {"default_value": 1}, [("string_type", "default_value")]),
        (CHOICE | {"choices": "a"}, [("list_type", "choices")]),
        (CHOICE | {"multi_choice": "maybe"}, [("bool_parsing", "multi_choice")]),
    ],
)
def test_a_body_has_a_shape(printer, body, found):
    answered = items(printer.post("field/spool/tag", body))
    assert [(kind, place[-1]) for kind, place, _text in answered] == found
    assert not ExtraField.objects.exists()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (TEXT | {"default_value": "1"}, "Default value is not valid: Value is not a string."),
        (TEXT | {"choices": ["a"]}, "Choices must not be set for non-choice fields."),
        (TEXT | {"multi_choice": True}, "Multi choice must not be set for non-choice fields."),
        (CHOICE | {"choices": []}, "Choices must be set for choice fields."),
        (CHOICE | {"multi_choice": None}, "Multi choice must be set for choice fields."),
        (
            CHOICE | {"default_value": '"c"'},
            "Default value is not valid: Value is not a valid choice.",
        ),
    ],
)
def test_a_field_keeps_to_its_type(printer, body, told):
    assert message(printer.post("field/spool/tag", body), 400) == told


def test_a_change_keeps_what_values_rely_on(printer):
    ok(printer.post("field/spool/tray", CHOICE))
    integer = {"name": "Tray", "field_type": "integer"}
    for body, told in (
        (integer, "Field type cannot be changed."),
        (CHOICE | {"multi_choice": True}, "Multi choice cannot be changed."),
        (CHOICE | {"choices": ["b", "c"]}, "Cannot remove existing choices."),
    ):
        assert message(printer.post("field/spool/tray", body), 400) == told
    ok(printer.post("field/spool/tray", CHOICE | {"choices": ["c", "b", "a"]}))


def test_an_entity_has_128_fields_at_most(printer):
    ExtraField.objects.bulk_create(
        ExtraField(entity="spool", key=f"k{n}", name="x", field_type="text", position=n)
        for n in range(128)
    )
    assert message(printer.post("field/spool/tag", TEXT), 400) == "At most 128 fields are allowed."
    ok(printer.post("field/spool/k5", TEXT))
    ok(printer.post("field/filament/tag", TEXT))


def test_a_dropped_field_takes_its_values_along(printer):
    spool, maker = a_spool(), a_manufacturer()
    for row in (spool, maker):
        type(row).objects.filter(pk=row.pk).update(extra={"tag": '"x"', "other": "1"})
    ok(printer.post("field/spool/tag", TEXT))
    ok(printer.post("field/spool/tray", CHOICE))
    assert keys(printer.delete("field/spool/tag")) == ["tray"]
    spool.refresh_from_db(), maker.refresh_from_db()
    assert (spool.extra, maker.extra) == ({"other": "1"}, {"tag": '"x"', "other": "1"})
    told = "Extra field with key tag does not exist for entity type spool"
    assert message(printer.delete("field/spool/tag"), 404) == told


def test_the_values_of_a_field(printer):
    for raw in ('"b"', '"a"', '"a"', '""', "not json", '["d", "c"]'):
        Spool.objects.filter(pk=a_spool().pk).update(extra={"tag": raw})
    assert message(printer.get("field/spool/tag/values"), 404) == "No extra field with key 'tag'."
    ok(printer.post("field/spool/tag", TEXT))
    assert ok(printer.get("field/spool/tag/values")) == ["a", "b", "c", "d"]


def test_a_new_field_needs_less_than_a_changed_one(operator):
    """Happy Hare adds its two fields by itself."""
    printer = a_printer_client(operator)
    gate = {"name": "MMU Gate", "field_type": "integer", "default_value": "-1"}
    ok(printer.post("field/spool/mmu_gate_map", gate, content_type=""))
    ok(printer.post("field/spool/printer_name", {"name": "Printer Name", "field_type": "text"}))
    message(printer.post("field/spool/printer_name", TEXT), 403)
    message(printer.delete("field/spool/printer_name"), 403)
    viewer = a_printer_client(make_user(role=roles.VIEWER))
    message(viewer.post("field/spool/tag", TEXT), 403)


# --- The settings that are the same --------------------------------------------------------------


def test_the_registry_is_a_setting_too(printer):
    ok(printer.post("field/spool/tag", TEXT))
    shown = ok(printer.get("setting/extra_fields_spool"))
    assert (shown["is_set"], shown["type"]) == (True, "array")
    assert json.loads(shown["value"]) == ok(printer.get("field/spool"))
    tray = CHOICE | {"key": "tray", "entity_type": "spool"}
    tag = TEXT | {"key": "tag", "entity_type": "spool", "order": 7}
    ok(printer.post("setting/extra_fields_spool", json.dumps([tray, tag])))
    assert [(field["key"], field["order"]) for field in ok(printer.get("field/spool"))] == [
        ("tray", 0),
        ("tag", 7),
    ]
    ok(printer.post("setting/extra_fields_spool", ""))
    assert ok(printer.get("field/spool")) == []


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (TEXT, "Input should be a valid string"),
        (TEXT | {"key": "tag"}, "There are two of the key tag."),
        (TEXT | {"key": "x", "entity_type": "vendor"}, "It is of another entity."),
        ({"key": "x"}, "Field required"),
        (3, "Input should be a valid dictionary or object to extract fields from"),
    ],
)
def test_a_registry_is_taken_as_a_whole(printer, second, told):
    given = json.dumps([TEXT | {"key": "tag"}, second])
    answered = message(printer.post("setting/extra_fields_spool", given), 400)
    assert answered == f"Extra field at index 1 is not valid: {told}"
    assert not ExtraField.objects.exists()


# --- Values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "raw", "told"),
    [
        ("text", '"abc"', ""),
        ("text", "abc", "Value is not valid JSON."),
        ("text", "NaN", "Value is not valid JSON."),
        ("text", "1", "Value is not a string."),
        ("datetime", '"2024-05-01T00:00:00.000Z"', ""),
        ("integer", "42", ""),
        ("integer", "4.5", "Value is not an integer."),
        ("integer", "true", "Value is not an integer."),
        ("float", "1.5", ""),
        ("float", "1", ""),
        ("float", '"1"', "Value is not a float."),
        ("boolean", "true", ""),
        ("boolean", "1", "Value is not a boolean."),
        ("integer_range", "[1, null]", ""),
        ("integer_range", "1", "Value is not a list."),
        ("integer_range", "[1]", "Value list must have exactly two values."),
        ("integer_range", "[1, 2.5]", "Value list must contain only integers or null."),
        ("float_range", "[1, 2.5]", ""),
        ("float_range", '[1, "2"]', "Value list must contain only floats or null."),
        ("text", f'"{"x" * 65_534}"', "Value is too big, max size is 65535 characters."),
    ],
)
def test_a_value_is_of_the_type_of_its_field(kind, raw, told):
    assert extra_values.problem_of(ExtraField(field_type=kind), raw) == told


@pytest.mark.parametrize(
    ("several", "raw", "told"),
    [
        (False, '"a"', ""),
        (False, '"c"', "Value is not a valid choice."),
        (False, '["a"]', "Value is not a string."),
        (True, '["a", "b"]', ""),
        (True, '["c"]', "Value list contains invalid choices."),
        (True, '"a"', "Value is not a list."),
    ],
)
def test_a_choice_is_one_of_the_choices(several, raw, told):
    field = ExtraField(field_type="choice", choices=["a", "b"], multi_choice=several)
    assert extra_values.problem_of(field, raw) == told
