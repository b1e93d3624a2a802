"""Master data: every change is recorded, and errors of the database become refusals."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from inventory.models import Filament, Location, Manufacturer, MaterialType
from tenants.accounts import audited
from tenants.accounts.models import AuditEvent
from tenants.operations.refusals import Duplicate, InUse, Invalid
from tests.factories import a_material_type, a_printer


@pytest.fixture
def shelf(farm, manager):
    return audited.create(Location, by=manager, name="Shelf 1")


def last_event(obj):
    return AuditEvent.objects.of(obj).latest_first().first()


def test_what_is_referred_to_is_named_as_it_was_called_then(manager):
    here, there = (audited.create(Location, name=name, by=manager) for name in ("Here", "There"))
    printer = a_printer(location=here)
    audited.update(printer, location=there, by=manager)
    audited.update(there, name="Attic", by=manager)
    change = last_event(printer).changes["location"]
    assert change == [{"id": here.pk, "name": "Here"}, {"id": there.pk, "name": "There"}]
    audited.update(printer, location=None, by=manager)
    assert last_event(printer).changes["location"] == [{"id": there.pk, "name": "Attic"}, None]


@pytest.mark.parametrize(
    "name",
    [
        "Acme\u200b",
        "\u202eemcA",
        "Ac\u00adme",
        "Ac\nme",
        "\x07",
        "\u3164",
        "A\u200dcme",
        "\ufeffAcme",
    ],
)
def test_a_name_holds_nothing_that_can_not_be_seen(farm, name):
    """Or two names that look the same are two names, and one is read backwards."""
    with pytest.raises(Invalid, match="can’t be seen") as refusal:
        audited.create(Manufacturer, name=name, by=None)
    assert list(refusal.value.errors) == ["name"]
    maker = audited.create(Manufacturer, name="Acme", by=None)
    with pytest.raises(Invalid, match="can’t be seen"):
        audited.update(maker, name=name, by=None)


@pytest.mark.parametrize(
    "name", ["نی\u200cریز", "क्\u200dष", "👩\u200d🔧 3D", "Ø 1,75 – „Ölgrün“", "漢字"]
)
def test_names_of_all_the_world_are_kept(farm, name):
    assert audited.create(Manufacturer, name=name, by=None).name == name


def test_a_letter_in_two_characters_is_the_letter(farm):
    assert audited.create(Manufacturer, name="Cafe\u0301", by=None).name == "Caf\u00e9"
    with pytest.raises(Duplicate):
        audited.create(Manufacturer, name="CAF\u00c9", by=None)


def test_what_a_new_row_refers_to_is_named_as_well(manager):
    maker = audited.create(Manufacturer, name="Nordfaden", by=manager)
    given = {"material_type": a_material_type(), "density_g_cm3": 1, "name": "Blue"}
    filament = audited.create(Filament, manufacturer=maker, by=manager, **given)
    assert last_event(filament).changes["manufacturer"] == [
        None,
        {"id": maker.pk, "name": "Nordfaden"},
    ]


def test_adding_is_on_record(shelf, manager):
    event = last_event(shelf)
    assert (event.verb, event.by, event.object_label) == ("add", manager, str(shelf))
    assert event.changes["name"] == [None, "Shelf 1"]


def test_what_was_done_earlier_is_dated_so(farm, manager):
    then = timezone.now() - timedelta(days=30)
    shelf = audited.create(Location, by=manager, at=then, name="Old shelf")
    assert last_event(shelf).at == then
    audited.update(shelf, by=manager, at=then + timedelta(days=1), comment="by the door")
    assert last_event(shelf).at == then + timedelta(days=1)


def test_changing_keeps_before_and_after(shelf, operator):
    fresh = audited.update(shelf, by=operator, name="Shelf 2", comment="by the door")
    assert fresh.name == "Shelf 2"
    assert last_event(shelf).changes == {
        "name": ["Shelf 1", "Shelf 2"],
        "comment": ["", "by the door"],
    }


def test_a_change_to_the_same_leaves_no_trace(shelf, operator):
    before = AuditEvent.objects.count()
    audited.update(shelf, by=operator, name="Shelf 1")
    assert AuditEvent.objects.count() == before


def test_removing_is_on_record_under_the_old_id(shelf, manager):
    pk = shelf.pk
    audited.delete(shelf, by=manager)
    assert not Location.objects.filter(pk=pk).exists()
    event = AuditEvent.objects.filter(object_id=pk, verb="remove").get()
    assert event.object_label == "Shelf 1"


def test_what_is_taken_is_a_duplicate_that_names_the_field(shelf, manager):
    with pytest.raises(Duplicate) as refusal:
        audited.create(Location, by=manager, name="Shelf 1")
    assert list(refusal.value.errors) == ["name"]
    other = audited.create(Location, by=manager, name="Shelf 2")
    with pytest.raises(Duplicate):
        audited.update(other, by=manager, name="Shelf 1")


def test_what_is_referred_to_is_in_use(farm, manager):
    petg = audited.create(
        MaterialType, by=manager, code="PETG-X", name="PETG-X", density_g_cm3="1.27"
    )
    maker = audited.create(Manufacturer, by=manager, name="Prusament")
    audited.create(
        Filament, by=manager, manufacturer=maker, material_type=petg, name="Jet Black",
        color_hex="000000", diameter_mm="1.75", density_g_cm3="1.27",
    )  # fmt: skip
    with pytest.raises(InUse, match="filament"):
        audited.delete(maker, by=manager)
    assert Manufacturer.objects.filter(pk=maker.pk).exists()


def test_a_value_that_can_not_be_is_invalid_by_field(farm, manager):
    with pytest.raises(Invalid) as refusal:
        audited.create(Location, by=manager, name="")
    assert list(refusal.value.errors) == ["name"]


def test_when_the_trail_can_not_be_written_nothing_is(shelf, manager, monkeypatch):
    def full(*args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(AuditEvent, "save", full)
    with pytest.raises(IntegrityError):
        audited.update(shelf, by=manager, name="Shelf 9")
    assert Location.objects.get(pk=shelf.pk).name == "Shelf 1"


def test_what_the_system_did_has_no_person(farm):
    shelf = audited.create(Location, by=None, name="Shelf 1")
    assert (last_event(shelf).by, last_event(shelf).by_name) == (None, "system")
