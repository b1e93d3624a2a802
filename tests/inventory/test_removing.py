"""What clients of the printers' API take away, and what they bring back."""

import pytest

from inventory.models import Manufacturer, Spool
from inventory.services import filaments, locations, manufacturers, scanning, stock
from inventory.services.removal import AlreadyRemoved, NotRemoved
from inventory.services.spools import consumption, retyping, shelf, tags
from inventory.services.spools.shelf import NotArchived, SpoolClaimed, SpoolLoaded, SpoolRemoved
from production.models import BomLine
from production.services import completion
from production.services.printing import slots
from tenants.accounts.models import AuditEvent
from tenants.operations.refusals import Duplicate, InUse
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_product,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


def verbs(spool):
    return list(spool.events.order_by("pk").values_list("verb", flat=True))


# -- spools -------------------------------------------------------------------------------------


def test_a_removed_spool_keeps_its_entries_and_comes_back_to_the_shelf():
    spool = a_spool(1000)
    removed = shelf.remove(spool, by=None)
    assert removed.is_removed
    assert removed.archived_at == removed.removed_at
    assert fresh(spool).remaining_grams == 1000
    assert not Spool.objects.present().exists()
    with pytest.raises(SpoolRemoved, match="restore it first"):
        shelf.remove(spool, by=None)
    with pytest.raises(SpoolRemoved):
        shelf.archive(spool, by=None, discard=False)
    back = shelf.restore(spool, by=None)
    assert (back.is_removed, back.is_archived, back.number) == (False, False, spool.number)
    assert verbs(spool) == ["archived", "removed", "unremoved", "restored"]
    assert violations() == []


def test_one_that_was_archived_before_is_so_again():
    spool = shelf.archive(a_spool(), by=None, discard=False)
    shelf.remove(spool, by=None)
    assert shelf.restore(spool, by=None).is_archived
    assert shelf.restore(spool, by=None).is_archived is False
    with pytest.raises(NotArchived):
        shelf.restore(spool, by=None)


def test_a_spool_of_an_open_run_or_in_a_printer_stays():
    spool = a_spool()
    a_run((spool, 10))
    with pytest.raises(SpoolClaimed, match="Open runs name"):
        shelf.remove(spool, by=None)
    loaded = slots.load(a_spool(), slot=a_slot(), by=None).spool
    with pytest.raises(SpoolLoaded):
        shelf.remove(loaded, by=None)


def test_a_run_that_is_reverted_brings_its_spool_back():
    spool = a_spool()
    run = completion.complete(a_running_run((spool, 10)), by=None, as_planned=True).run
    shelf.remove(spool, by=None)
    completion.revert(run, by=None)
    assert (fresh(spool).is_removed, fresh(spool).is_archived) == (False, False)
    assert violations() == []


# -- retyping -----------------------------------------------------------------------------------


def test_a_spool_is_of_another_filament_and_keeps_what_was_used():
    spool, other = a_spool(1000), a_filament("Other", net_grams=750)
    consumption.use(spool, grams=100, by=None)
    retyping.retype(spool, filament=other, by=None)
    after = retyping.retype(spool, filament=other, by=None)
    assert (after.filament, after.initial_grams, after.remaining_grams) == (other, 1000, 900)
    assert verbs(spool) == ["retyped"]
    assert spool.events.get().after == str(other)


def test_what_was_not_known_of_it_is_what_the_new_filament_has():
    spool = a_spool(1000, is_initial_assumed=True)
    consumption.use(spool, grams=100, by=None)
    after = retyping.retype(spool, filament=a_filament(net_grams=750), by=None)
    assert (after.initial_grams, after.remaining_grams, after.used_grams) == (750, 650, 100)
    assert not after.is_initial_assumed


def test_a_spool_of_an_open_run_is_not_retyped():
    spool = a_spool()
    a_run((spool, 10))
    with pytest.raises(SpoolClaimed):
        retyping.retype(spool, filament=a_filament(), by=None)


# -- filaments ----------------------------------------------------------------------------------


def test_a_filament_goes_when_its_spools_are_removed_and_comes_back():
    spool = a_spool()
    filament = spool.filament
    with pytest.raises(InUse, match="still used by spools"):
        filaments.remove(filament, by=None)
    shelf.remove(spool, by=None)
    assert filaments.remove(filament, by=None).is_removed
    with pytest.raises(AlreadyRemoved):
        filaments.remove(filament, by=None)
    assert not filaments.restore(filament, by=None).is_removed
    with pytest.raises(NotRemoved):
        filaments.restore(filament, by=None)
    told = AuditEvent.objects.of(filament).order_by("pk").values_list("verb", flat=True)
    assert list(told) == ["remove", "restore"]


def test_a_filament_of_a_product_or_a_run_stays():
    filament, product = a_filament(), a_product()
    line = {"material_type": filament.material_type, "grams_per_unit": 5}
    BomLine.objects.create(product=product, filament=filament, **line)
    with pytest.raises(InUse, match="products"):
        filaments.remove(filament, by=None)


# -- manufacturers ------------------------------------------------------------------------------


def test_filaments_of_a_removed_manufacturer_stay_without_one():
    maker = a_manufacturer("Polyfil")
    filament = a_filament(manufacturer=maker)
    manufacturers.remove(maker, by=None)
    assert fresh(filament).manufacturer is None
    change = AuditEvent.objects.of(filament).get(verb="change").changes["manufacturer"]
    assert change == [{"id": maker.pk, "name": "Polyfil"}, None]
    again = a_manufacturer("polyfil")  # the name is free
    with pytest.raises(Duplicate):
        manufacturers.restore(maker, by=None)
    manufacturers.remove(again, by=None)
    assert not manufacturers.restore(maker, by=None).is_removed


def test_clients_may_make_several_of_one_name_and_people_may_not():
    first = manufacturers.create_twin(name="Polyfil", by=None)
    second = manufacturers.create_twin(name="POLYFIL", by=None)
    nameless = [manufacturers.create_twin(name="", by=None) for _ in range(2)]
    assert [each.twin for each in (first, second, *nameless)] == [0, 1, 0, 1]
    with pytest.raises(Duplicate) as refusal:
        manufacturers.create(Manufacturer, name="polyfil", by=None)
    assert list(refusal.value.errors) == ["name"]
    third = manufacturers.create_twin(name="Other", by=None)
    third = manufacturers.update_twin(third, by=None, name="Polyfil", extra={"a": '"1"'})
    assert (third.twin, third.extra) == (2, {"a": '"1"'})
    manufacturers.update_twin(third, by=None, name="PolyFil")
    assert fresh(third).twin == 2


# -- extra --------------------------------------------------------------------------------------


def test_extra_values_are_merged_by_their_keys():
    spool, filament, maker = a_spool(), a_filament(), a_manufacturer()
    updates = [
        (spool, shelf.describe),
        (filament, filaments.update),
        (maker, manufacturers.update),
    ]
    for row, update in updates:
        update(row, by=None, extra={"a": '"1"', "b": "2"})
        update(row, by=None, extra={"b": None, "c": "[1, null]"})
        assert fresh(row).extra == {"a": '"1"', "c": "[1, null]"}


# -- tags ---------------------------------------------------------------------------------------


def test_a_tag_is_on_one_spool():
    spool, other = a_spool(), a_spool()
    assert tags.bind(spool, uid="04:a2:1b", kind="bambu", by=None).uid == "04A21B"
    tags.bind(spool, uid="04A21B", by=None)
    tags.bind(spool, uid="tray uuid-1", by=None)
    assert spool.tags.count() == 2
    assert scanning.labelled("04 A2 1B") == spool
    with pytest.raises(Duplicate, match="take it off there first"):
        tags.bind(other, uid="04A21B", by=None)
    tags.bind(other, uid="04A21B", by=None, moves=True)
    assert scanning.labelled("04a21b") == other
    assert verbs(spool) == ["tagged", "tagged", "untagged"]
    tags.unbind(other, uid="04-A2-1B", by=None)
    assert scanning.labelled("04A21B") is None
    with pytest.raises(tags.UnknownTag):
        tags.unbind(other, uid="04A21B", by=None)


def test_a_tag_of_a_removed_spool_may_go_on_another():
    spool, other = a_spool(), a_spool()
    tags.bind(spool, uid="AA", by=None)
    shelf.remove(spool, by=None)
    assert scanning.labelled("AA") is None
    tags.bind(other, uid="AA", by=None)
    assert scanning.labelled("AA") == other


@pytest.mark.parametrize("uid", ["", "  ", "x" * 129, "a\0b", "a\u200bb"])
def test_what_is_no_uid_is_refused(uid):
    with pytest.raises(tags.InvalidTag):
        tags.bind(a_spool(), uid=uid, by=None)


# -- locations ----------------------------------------------------------------------------------


def test_all_spools_of_a_location_move_at_once():
    place = locations.named("Shelf A", by=None)
    assert locations.named("shelf  a", by=None) == place
    here, gone = a_spool(location=place), a_spool(location=place)
    shelf.archive(gone, by=None, discard=False)
    assert locations.rename_all("shelf a", new_name="B", by=None) == 0
    assert locations.rename_all("Shelf A", new_name="Box", by=None) == 2
    assert {str(fresh(spool).location) for spool in (here, gone)} == {"Box"}
    assert here.events.get(verb="moved").after == "Box"
    assert fresh(here).version == here.version + 1
    assert locations.rename_all("Box", new_name="BOX", by=None) == 2
    assert str(fresh(here).location) == "BOX"


# -- what is in stock ---------------------------------------------------------------------------


def test_a_removed_spool_is_in_no_stock():
    spool = a_spool(10, filament=a_filament(reorder_point_grams=50))
    assert stock.low_spools().exists()
    shelf.remove(spool, by=None)
    assert not stock.low_spools().exists()
    [filament] = stock.of_filaments()
    assert filament.remaining_grams == 0
    assert stock.of_material_types().get(pk=a_material_type().pk).available_grams == 0
