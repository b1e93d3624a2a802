"""Fields of the farm's own in the admin: made, changed, dropped; their values in forms."""

import json

import pytest

from inventory.models import ExtraField, Filament, Manufacturer
from inventory.services import extra_fields
from inventory.services.spools import shelf
from tenants.accounts import roles
from tenants.accounts.models import AuditEvent
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool, make_user
from tests.production.admin_forms import carry_out, fields
from tests.queries import fresh
from tests.responses import text_of

ADD = "/admin/inventory/extrafield/add/"
GIVEN = {"entity": "spool", "field_type": "text", "name": "Box", "key": "box", "order": "0"}


@pytest.fixture
def at_admin(farm_client, manager):
    farm_client.force_login(manager)
    return farm_client


def define(kind="text", entity="spool", key="box", **more):
    values = {"name": "Box", "field_type": kind} | more
    return extra_fields.define(entity, key, by=None, **values)


def page_of(row):
    return f"/admin/inventory/{row._meta.model_name}/{row.pk}/change/"


def save(client, row, **values):
    """Send the form of a row as it is shown, with these values."""
    given = fields(client.get(page_of(row))) | values
    return client.post(page_of(row), {name: each for name, each in given.items() if each != []})


def saved(client, row, **values):
    answer = save(client, row, **values)
    assert answer.status_code == 302, text_of(answer)
    return fresh(row).extra


def test_a_manager_adds_a_field(at_admin):
    answer = at_admin.post(ADD, GIVEN | {"unit": "mm", "default_value": "A 1"})
    assert answer.status_code == 302, text_of(answer)
    field = ExtraField.objects.get()
    assert (field.entity, field.key, field.name, field.unit) == ("spool", "box", "Box", "mm")
    assert (field.default_value, field.choices, field.multi_choice) == ('"A 1"', None, None)
    assert AuditEvent.objects.filter(verb="add", object_type="inventory.extrafield").exists()


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("integer", "7", "7"),
        ("float", "1.5", "1.5"),
        ("boolean", "Yes", "true"),
        ("integer_range", "190, 220", "[190, 220]"),
        ("float_range", "0.5,", "[0.5, null]"),
        ("datetime", "2026-01-01", '"2026-01-01"'),
    ],
)
def test_a_default_is_typed_as_people_write_it(at_admin, kind, typed, kept):
    given = GIVEN | {"field_type": kind, "default_value": typed}
    assert at_admin.post(ADD, given).status_code == 302
    field = ExtraField.objects.get()
    assert field.default_value == kept
    assert fields(at_admin.get(page_of(field)))["default_value"]
    assert save(at_admin, field, name="Other").status_code == 302
    assert (fresh(field).name, fresh(field).default_value) == ("Other", kept)


def test_choices_are_one_a_line_and_stay(at_admin):
    given = GIVEN | {"field_type": "choice", "choices": "a\r\nb\r\n\r\nb", "multi_choice": "on"}
    assert at_admin.post(ADD, given | {"default_value": "b, a"}).status_code == 302
    field = ExtraField.objects.get()
    expected = (["a", "b"], True, '["b", "a"]')
    assert (field.choices, field.multi_choice, field.default_value) == expected
    assert "Cannot remove existing choices." in text_of(save(at_admin, field, choices="a"))
    assert save(at_admin, field, choices="a\nb\nc").status_code == 302
    assert (fresh(field).choices, fresh(field).multi_choice) == (["a", "b", "c"], True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"key": "Box 1"}, "Use small letters"),
        ({"field_type": "choice"}, "Choices must be set"),
        ({"choices": "a"}, "Choices must not be set"),
        ({"field_type": "integer", "default_value": "x"}, "Default value is not valid"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_can_be_no_field_is_refused(at_admin, given, message):
    assert message in text_of(at_admin.post(ADD, GIVEN | given))
    assert not ExtraField.objects.exists()


def test_a_field_that_is_there_is_not_added_again(at_admin):
    define(name="Mine")
    assert "with the key box already: Mine" in text_of(at_admin.post(ADD, GIVEN))
    assert ExtraField.objects.get().name == "Mine"


def test_a_deleted_field_takes_its_values_with_it(at_admin):
    field, spool = define(), a_spool()
    shelf.describe(spool, extra={"box": '"A"'}, by=None)
    address = f"/admin/inventory/extrafield/{field.pk}/delete/"
    assert "Values lost with it: 1." in text_of(at_admin.get(address))
    assert at_admin.post(address, {"post": "yes"}).status_code == 302
    assert not ExtraField.objects.exists()
    assert fresh(spool).extra == {}


VALUES = [
    ("text", {}, "A 1", '"A 1"'),
    ("integer", {}, "7", "7"),
    ("float", {}, "1.50", "1.50"),
    ("float", {}, ".5", "0.5"),
    ("boolean", {}, "false", "false"),
    ("choice", {"choices": ["a", "b"], "multi_choice": False}, "b", '"b"'),
    ("choice", {"choices": ["a", "b"], "multi_choice": True}, ["b"], '["b"]'),
    ("datetime", {}, "2026-07-01T12:00", '"2026-07-01T10:00:00.000Z"'),
]


@pytest.mark.parametrize(("kind", "more", "typed", "kept"), VALUES)
def test_a_value_is_typed_by_its_type_and_taken_out_again(at_admin, kind, more, typed, kept):
    define(kind, **more)
    spool = a_spool()
    assert saved(at_admin, spool, extra__box=typed) == {"box": kept}
    version = fresh(spool).version
    assert saved(at_admin, spool) == {"box": kept}
    assert fresh(spool).version == version
    nothing = [] if isinstance(typed, list) else ""
    assert saved(at_admin, spool, extra__box=nothing) == {}


def test_a_range_has_two_ends(at_admin):
    define("integer_range")
    spool = a_spool()
    assert saved(at_admin, spool, extra__box_0="190") == {"box": "[190, null]"}
    assert saved(at_admin, spool, extra__box_1="220") == {"box": "[190, 220]"}
    assert saved(at_admin, spool, extra__box_0="", extra__box_1="") == {}


@pytest.mark.parametrize(
    ("kind", "typed", "message"),
    [
        ("integer", "1.5", "Value is not an integer."),
        ("integer", "true", "Value is not an integer."),
        ("float", "NaN", "Enter a number."),
        ("boolean", "maybe", "Select a valid choice"),
        ("datetime", "soon", "Enter a valid date/time."),
        ("datetime", "0001-01-01T00:00", "Enter"),
        ("text", "x" * 65_534, "Value is too big"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(at_admin, kind, typed, message):
    define(kind)
    spool = a_spool()
    assert message in text_of(save(at_admin, spool, extra__box=typed))
    assert fresh(spool).extra == {}


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("text", '"caf\\u00e9"'),
        ("text", '"two\\nlines"'),
        ("float", "1e2"),
        ("float_range", "[1.0,  null]"),
        ("datetime", '"2026-07-01T10:00:42Z"'),
        ("datetime", '"some day"'),
        ("datetime", '"0001-01-01T00:00:00+14:00"'),
        ("boolean", " true"),
    ],
)
def test_what_a_client_keeps_stays_byte_for_byte(at_admin, kind, raw):
    define(kind)
    spool = a_spool()
    shelf.describe(spool, extra={"box": raw}, by=None)
    assert saved(at_admin, spool, comment="Dented") == {"box": raw}
    assert fresh(spool).comment == "Dented"


def test_filaments_and_manufacturers_have_values_too(at_admin):
    maker, filament = a_manufacturer("Polyfil"), a_filament()
    define(entity="vendor")
    define(entity="filament", key="shop")
    assert saved(at_admin, maker, extra__box="A") == {"box": '"A"'}
    assert saved(at_admin, filament, extra__shop="B") == {"shop": '"B"'}
    [change] = AuditEvent.objects.filter(object_type="inventory.manufacturer", verb="change")
    assert change.changes == {"extra": [{}, {"box": '"A"'}]}


def test_a_new_row_takes_what_the_fields_suggest(at_admin):
    define(entity="vendor", default_value='"new"')
    define(entity="vendor", key="shop", default_value='"x"')
    given = fields(at_admin.get("/admin/inventory/manufacturer/add/"))
    assert given["extra__box"] == "new"
    given |= {"name": "Made here", "extra__shop": ""}
    assert at_admin.post("/admin/inventory/manufacturer/add/", given).status_code == 302
    assert Manufacturer.objects.get(name="Made here").extra == {"box": '"new"'}


def test_a_filament_is_added_with_its_values(at_admin):
    define(entity="filament")
    given = fields(at_admin.get("/admin/inventory/filament/add/"))
    given |= {"name": "Galaxy", "material_type": a_material_type("PLA").pk, "extra__box": "A"}
    given |= {"density_g_cm3": "1.24", "diameter_mm": "1.75"}
    answer = at_admin.post("/admin/inventory/filament/add/", given)
    assert answer.status_code == 302, text_of(answer)
    assert Filament.objects.get(name="Galaxy").extra == {"box": '"A"'}


def test_who_may_not_change_a_row_has_no_inputs(at_admin):
    define()
    spool = a_spool()
    shelf.describe(spool, extra={"box": '"A"'}, by=None)
    at_admin.force_login(make_user(role=roles.VIEWER))
    page = text_of(at_admin.get(page_of(spool)))
    assert "<dt>Box</dt><dd>A</dd>" in page
    assert "extra__box" not in page


def test_a_value_is_renamed_on_its_fields_page(at_admin):
    field, spool = define(), a_spool()
    shelf.describe(spool, extra={"box": '"A"'}, by=None)
    base = f"/admin/inventory/extrafield/{field.pk}/"
    assert f'href="{base}rename/"' in text_of(at_admin.get(f"{base}change/"))
    seen, answer = carry_out(at_admin, f"{base}rename/", value="A", new_value="B")
    assert "Spools that get another value: 1." in text_of(seen)
    assert answer.status_code == 302
    assert fresh(spool).extra == {"box": '"B"'}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("text", {"entity": "vendor"}),
        ("integer", {}),
        ("choice", {"choices": ["a"], "multi_choice": True}),
    ],
)
def test_other_values_are_not_renamed(at_admin, kind, more):
    field, spool = define(kind, **more), a_spool()
    type(spool).objects.filter(pk=spool.pk).update(extra={"box": '"A"'})
    base = f"/admin/inventory/extrafield/{field.pk}/"
    assert "Rename a value" not in text_of(at_admin.get(f"{base}change/"))
    with pytest.raises(extra_fields.ExtraFieldInvalid):
        extra_fields.rename_value(field, value="A", new_value="B", by=None)
    assert fresh(spool).extra == {"box": '"A"'}


def test_a_renamed_value_is_in_the_audit_trail_of_each_spool(farm):
    field, spools = define(), [a_spool(), a_spool()]
    for spool in spools:
        shelf.describe(spool, extra={"box": '"A"'}, by=None)
    other = shelf.describe(a_spool(), extra={"box": '"B"'}, by=None)
    last = AuditEvent.objects.latest("pk").pk
    assert extra_fields.rename_value(field, value="A", new_value="C", by=None) == 2
    events = AuditEvent.objects.filter(pk__gt=last).order_by("object_id")
    change = {"extra": [{"box": '"A"'}, {"box": json.dumps("C")}]}
    assert [(event.object_id, event.changes) for event in events] == [
        (spool.pk, change) for spool in spools
    ]
    assert events[0].object_label == str(spools[0])
    assert fresh(other).extra == {"box": '"B"'}
