"""A tag among the extra values of a spool is on that spool, and on no other."""

import pytest

from inventory.models import ExtraField, Spool, SpoolTag
from inventory.services import extra_fields
from inventory.services.spools import shelf, tag_values, tags
from tests.factories import a_filament, a_spool
from tests.production.spoolman.clients import a_printer_client, ok
from tests.queries import fresh, violations

TAG = {"tag": '"04:a2:1b"'}
UID = "04A21B"


@pytest.fixture(autouse=True)
def filament(farm):
    for key in ("tag", "nfc_id", "active_tray"):
        extra_fields.define("spool", key, by=None, name=key, field_type="text")
    yield a_filament("Galaxy")
    assert violations() == []


@pytest.fixture
def bridge(manager):
    return a_printer_client(manager, kind="bridge", makes_spools=True)


def new_spool(filament, **extra):
    return {"filament_id": filament.number, "extra": TAG | extra}


def numbers_of(bridge, uid):
    return [each["id"] for each in ok(bridge.get("spool", {"tag": uid}))]


def told(spool):
    return list(
        spool.events.filter(verb__endswith="tagged")
        .order_by("pk")
        .values_list("verb", "before", "after")
    )


def test_a_tag_makes_one_spool_and_is_on_it(bridge, filament):
    made = ok(bridge.post("spool", new_spool(filament)))
    again = ok(bridge.post("spool", new_spool(filament, active_tray='"2"')))
    assert again == made | {"extra": TAG | {"active_tray": '"2"'}}
    assert Spool.objects.count() == 1
    assert numbers_of(bridge, "04-a2-1b") == [made["id"]]


def test_a_tag_goes_with_the_field_that_named_it(bridge, filament):
    named, bound = a_spool(filament=filament), a_spool(filament=filament)
    ok(bridge.patch(f"spool/{named.number}", {"extra": TAG}))
    tags.bind(bound, uid="04FF", by=None)
    version = fresh(named).version
    extra_fields.drop(ExtraField.objects.get(key="tag"), by=None)
    assert list(SpoolTag.objects.values_list("uid", "spool")) == [("04FF", bound.pk)]
    assert told(named) == [("tagged", "", UID), ("untagged", UID, "")]
    assert (fresh(named).extra, fresh(named).version > version) == ({}, True)


def test_a_tag_that_another_field_names_too_stays(bridge, filament):
    spool = a_spool(filament=filament)
    ok(bridge.patch(f"spool/{spool.number}", {"extra": TAG | {"nfc_id": TAG["tag"]}}))
    extra_fields.drop(ExtraField.objects.get(key="tag"), by=None)
    assert numbers_of(bridge, UID) == [spool.number]


def test_a_tag_follows_the_value_that_is_renamed(bridge, filament):
    spool, other = a_spool(filament=filament), a_spool(filament=filament)
    ok(bridge.patch(f"spool/{spool.number}", {"extra": TAG}))
    ok(bridge.patch(f"spool/{other.number}", {"extra": {"nfc_id": '"04FF"'}}))
    field = ExtraField.objects.get(key="tag")
    assert extra_fields.rename_value(field, value="04:a2:1b", new_value="04:ff", by=None) == 1
    assert list(SpoolTag.objects.values_list("uid", "spool")) == [("04FF", spool.pk)]
    assert (fresh(spool).extra, fresh(other).extra) == ({"tag": '"04:ff"'}, {})
    assert told(spool) == [("tagged", "", UID), ("untagged", UID, ""), ("tagged", "", "04FF")]


def test_a_label_that_several_spools_share_is_no_tag_of_theirs(bridge, filament):
    spools = [a_spool(filament=filament) for _ in range(2)]
    for spool, uid in zip(spools, ("0401", "0402"), strict=True):
        ok(bridge.patch(f"spool/{spool.number}", {"extra": {"tag": f'"{uid}"'}}))
    Spool.objects.update(extra={"tag": '"0401"'})
    field = ExtraField.objects.get(key="tag")
    assert extra_fields.rename_value(field, value="0401", new_value="Box", by=None) == 2
    assert [fresh(spool).extra for spool in spools] == [{"tag": '"Box"'}] * 2
    assert not SpoolTag.objects.filter(uid__in=("BOX", "0401")).exists()


def test_a_tag_that_a_bridge_names_of_a_spool_is_on_it(bridge, filament):
    spool = a_spool(filament=filament)
    assert ok(bridge.patch(f"spool/{spool.number}", {"extra": TAG}))["extra"] == TAG
    assert numbers_of(bridge, UID) == [spool.number]
    assert ok(bridge.post("spool", new_spool(filament)))["id"] == spool.number
    assert told(spool) == [("tagged", "", UID)]


def test_a_tag_moves_to_the_spool_that_a_bridge_names_last(bridge):
    before, after = a_spool(), a_spool()
    ok(bridge.patch(f"spool/{before.number}", {"extra": TAG | {"active_tray": '"1"'}}))
    version = fresh(before).version
    ok(bridge.patch(f"spool/{after.number}", {"extra": TAG}))
    assert numbers_of(bridge, UID) == [after.number]
    assert (fresh(before).extra, fresh(after).extra) == ({"active_tray": '"1"'}, TAG)
    assert fresh(before).version > version
    assert told(before) == [("tagged", "", UID), ("untagged", UID, "")]
    assert told(after) == [("tagged", "", UID)]


@pytest.mark.parametrize("nothing", [None, '""', '"\\"\\""', f'"{"0" * 32}"'])
def test_a_tag_that_is_no_longer_named_is_off(bridge, nothing):
    spool = a_spool()
    tags.bind(spool, uid="FF", by=None)
    ok(bridge.patch(f"spool/{spool.number}", {"extra": TAG}))
    extra = ok(bridge.patch(f"spool/{spool.number}", {"extra": {"tag": nothing}}))["extra"]
    assert extra == ({} if nothing is None else {"tag": nothing})
    assert [tag.uid for tag in spool.tags.all()] == ["FF"]
    assert told(spool)[-1] == ("untagged", UID, "")


def test_another_tag_takes_the_place_of_the_one_before(bridge):
    spool = a_spool()
    ok(bridge.patch(f"spool/{spool.number}", {"extra": TAG}))
    ok(bridge.patch(f"spool/{spool.number}", {"extra": {"tag": '"AA"', "nfc_id": '"BB, 04:CC"'}}))
    assert [tag.uid for tag in spool.tags.all()] == ["AA", "BB", "04CC"]
    ok(bridge.patch(f"spool/{spool.number}", {"lot_nr": "L7", "extra": {"nfc_id": '"04:CC"'}}))
    assert [tag.uid for tag in spool.tags.all()] == ["AA", "04CC"]


def test_a_tag_that_people_take_off_is_named_no_more(bridge, filament):
    spool, other = a_spool(), a_spool()
    ok(bridge.patch(f"spool/{spool.number}", {"extra": TAG | {"active_tray": '"1"'}}))
    tags.unbind(spool, uid=UID, by=None)
    assert fresh(spool).extra == {"active_tray": '"1"'}
    ok(bridge.patch(f"spool/{spool.number}", {"extra": TAG}))
    tags.bind(other, uid=UID, moves=True, by=None)
    assert fresh(spool).extra == {"active_tray": '"1"'}


def test_a_tag_of_a_spool_that_was_removed_makes_a_new_one(bridge, filament):
    made = ok(bridge.post("spool", new_spool(filament)))
    shelf.remove(Spool.objects.get(), by=None)
    assert ok(bridge.post("spool", new_spool(filament)))["id"] != made["id"]
    assert SpoolTag.objects.count() == 1


@pytest.mark.parametrize("value", ["1" * 129, "a\\u0000b", "", "0000", ",", " "])
def test_what_is_no_uid_is_a_value_as_any_other(bridge, filament, value):
    extra = {"nfc_id": f'"{value}"'}
    if "u0000" in value:
        assert tag_values.uids_in(extra) == []
        return
    body = {"filament_id": filament.number, "extra": extra}
    made = [ok(bridge.post("spool", body)) for _ in range(2)]
    assert [each["extra"] for each in made] == [extra, extra]
    assert not SpoolTag.objects.exists()


def test_an_admin_that_changes_the_value_moves_the_tag_as_well(bridge, at_admin):
    spool = a_spool()
    tags.describe(spool, extra=TAG, by=None)
    tags.describe(spool, extra={"tag": '"AA"'}, by=None)
    assert [tag.uid for tag in spool.tags.all()] == ["AA"]
