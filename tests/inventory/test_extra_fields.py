"""Fields of the farm's own: made, changed and dropped as a whole, also by several at once."""

import pytest

from inventory.models import ExtraField, MaterialType
from inventory.services import extra_fields, extra_values, material_types
from tenants.accounts.models import AuditEvent
from tenants.operations.refusals import Duplicate
from tests.factories import a_spool
from tests.responses import refusals

TEXT = {"name": "Tag", "field_type": "text"}


def define(key="tag", **fields):
    return extra_fields.define("spool", key, by=None, **(TEXT | fields))


def test_each_change_is_in_the_audit_trail(farm):
    extra_fields.drop(define(name="UID"), by=None)
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", "object_label")
    assert list(verbs) == [("add", "UID"), ("remove", "UID")]


def test_what_can_not_be_dropped_keeps_its_values(farm, monkeypatch):
    spool = a_spool()
    field = define()
    type(spool).objects.filter(pk=spool.pk).update(extra={"tag": '"x"'})
    monkeypatch.setattr(extra_fields.audited, "delete", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        extra_fields.drop(field, by=None)
    spool.refresh_from_db()
    assert spool.extra == {"tag": '"x"'}
    assert ExtraField.objects.exists()


def test_a_value_that_does_not_fit_its_field_is_refused(farm):
    define(field_type="integer")
    extra_values.check("spool", {"tag": "4"})
    for changes in ({"tag": '"4"'}, {"other": "4"}):
        with pytest.raises(extra_values.ExtraValueInvalid):
            extra_values.check("spool", changes)
    extra_values.check("spool", {"tag": None})


def test_a_field_that_several_make_at_once_is_one(in_threads):
    made = in_threads(lambda number: define("tag" if number % 2 else f"tag{number}"), 6)
    assert refusals(made) == []
    positions = list(ExtraField.objects.order_by("position").values_list("position", flat=True))
    assert (len(positions), len({*positions})) == (4, 4)


def test_of_those_who_add_a_new_field_at_once_one_does(in_threads):
    """Whoever may add a field but not change one changes none."""
    made = in_threads(lambda number: define(name=f"By {number}", only_new=True), 4)
    assert refusals(made) == [Duplicate] * 3
    [field] = [each for each in made if isinstance(each, ExtraField)]
    assert ExtraField.objects.get().name == field.name


def test_a_material_that_several_write_at_once_is_one_type(in_threads):
    made = in_threads(lambda _: material_types.of_label("New", density="1.2", by=None), 4)
    assert refusals(made) == []
    assert MaterialType.objects.filter(code="NEW").count() == 1
