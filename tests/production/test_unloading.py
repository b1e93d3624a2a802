"""A spool comes out of a printer: where it goes and what it weighs, in one form."""

import pytest

from inventory.models import InventoryTransaction, Location
from inventory.services.spools.scale import TareUnknown, WeighingImplausible
from production.services.printing import slots
from tenants.operations.refusals import Invalid
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_printer,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.production.admin_forms import carry_out
from tests.production.floor_helpers import page, page_after, touch
from tests.queries import fresh, remaining
from tests.responses import done, refused


@pytest.fixture
def shelf(farm):
    return Location.objects.create(name="Shelf A")


@pytest.fixture
def slot(farm):
    return slots.load(a_spool(1000), slot=a_slot("A1", printer=a_printer("Elm")), by=None)


def unload_of(slot):
    return f"/floor/slots/{slot.pk}/unload/"


def counts(spool):
    return spool.transactions.filter(kind=InventoryTransaction.Kind.COUNT).count()


def test_it_is_moved_and_counted_with_one_verb(slot, shelf):
    spool = slot.spool
    slots.unload(slot, location=shelf, gross_grams=1190, by=None)
    assert (fresh(slot).spool, fresh(spool).location, remaining(spool)) == (None, shelf, 990)
    assert {event.at for event in spool.events.filter(verb__in=("unloaded", "moved"))} == {
        spool.transactions.latest("pk").created_at
    }


def test_what_is_left_out_stays(slot, shelf):
    slots.unload(slot, remaining_grams=400, confirm=True, by=None)
    spool = slot.spool
    assert (fresh(spool).location, remaining(spool), counts(spool)) == (None, 400, 1)
    slots.load(spool, slot=slot, by=None)
    slots.unload(slot, location=shelf, by=None)
    slots.load(spool, slot=slot, by=None)
    slots.unload(slot, by=None)
    assert (fresh(spool).location, counts(spool)) == (shelf, 1)
    slots.load(spool, slot=slot, by=None)
    slots.unload(slot, location=None, by=None)
    assert fresh(spool).location is None


def test_without_the_weight_of_the_reel_what_is_left_can_be_given(farm, shelf):
    filament = a_filament(tare_grams=None, manufacturer=a_manufacturer("Nameless"))
    slot = slots.load(a_spool(1000, filament=filament), slot=a_slot(), by=None)
    with pytest.raises(TareUnknown):
        slots.unload(slot, location=shelf, gross_grams=1190, by=None)
    assert (fresh(slot).spool, fresh(slot.spool).location) == (slot.spool, None)
    slots.unload(slot, location=shelf, remaining_grams=980, by=None)
    assert remaining(slot.spool) == 980


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"gross_grams": 1000, "remaining_grams": 800}, Invalid),
        ({"gross_grams": 300}, WeighingImplausible),
        ({"remaining_grams": 100}, WeighingImplausible),
        ({"remaining_grams": -1}, Invalid),
        ({"remaining_grams": "many"}, Invalid),
    ],
)
def test_a_refused_weight_leaves_it_where_it_is(slot, shelf, given, refusal):
    with pytest.raises(refusal):
        slots.unload(slot, location=shelf, by=None, **given)
    assert (fresh(slot).spool, fresh(slot.spool).location) == (slot.spool, None)
    assert counts(slot.spool) == 0


def test_the_floor_asks_for_both_in_one_form(floor, slot, shelf):
    spool = slot.spool
    asked = page(floor.get(unload_of(slot)))
    assert 'value="Shelf A"' in asked
    answer = touch(floor, unload_of(slot), location=["Shelf A", ""], gross_grams="1190,5")
    text = page_after(floor, answer)
    assert f"Elm A1 is empty. Spool {spool.code} is at Shelf A. 990.5 g are on it." in text
    empty = floor.get(unload_of(slot))
    page(touch(floor, unload_of(slot)), 409)
    assert (empty.status_code, empty["Location"]) == (302, f"/floor/printers/{slot.printer_id}/")


def test_what_a_run_prints_from_is_not_asked_about(floor, slot):
    run = a_running_run((slot.spool, 10), printer=slot.printer)
    answer = floor.get(unload_of(slot))
    assert f"Run {run.number} prints from it" in page(floor.get(answer["Location"]))


def test_the_floor_shows_a_refused_form_again_with_what_was_entered(floor, slot, shelf):
    wrong = {"location": ["", "Shelf Z"], "gross_grams": "1190"}
    again = page(touch(floor, unload_of(slot), **wrong), 400)
    assert "No place is called “Shelf Z”." in again
    assert 'value="Shelf Z"' in again
    assert 'value="1190"' in again
    for given in ({"gross_grams": "1.234.5"}, {"remaining_grams": "-3"}, {"gross_grams": "x"}):
        page(touch(floor, unload_of(slot), **given), 400)
    doubtful = {"location": ["Shelf A", ""], "gross_grams": "500"}
    again = page(touch(floor, unload_of(slot), **doubtful), 409)
    assert 'name="confirm"' in again
    assert 'value="Shelf A" checked' in again
    touch(floor, unload_of(slot), confirm="on", **doubtful)
    assert (fresh(slot).spool, remaining(slot.spool)) == (None, 300)


def test_where_others_of_its_filament_are_is_offered_first(floor, slot, shelf):
    other = Location.objects.create(name="Zed")
    a_spool(filament=slot.spool.filament, location=other)
    asked = page(floor.get(unload_of(slot)))
    assert asked.index('value="Zed"') < asked.index('value="Shelf A"')


def test_the_api_takes_the_same(api, slot, shelf):
    address = f"/api/v1/printers/{slot.printer_id}/slots/{slot.pk}/unload/"
    refused(api.post(address, {"location_name": "Shelf Z"}), 400, "invalid")
    refused(api.post(address, {"gross_grams": "300"}), 409, "weighing_implausible")
    body = {"location_name": "shelf a", "gross_grams": "1190"}
    assert done(api.post(address, body))["spool"] is None
    assert (fresh(slot.spool).location, remaining(slot.spool)) == (shelf, 990)


def test_the_admin_asks_too(as_manager, slot, shelf):
    address = f"/admin/inventory/spool/{slot.spool.pk}/unload/"
    _seen, answer = carry_out(as_manager, address, location=shelf.pk, gross_grams="1190")
    assert answer.status_code == 302
    assert (fresh(slot).spool, fresh(slot.spool).location) == (None, shelf)
    assert remaining(slot.spool) == 990
    again = as_manager.post(address, {"gross_grams": "1190"}).content.decode()
    assert "is in no printer" in again


def test_a_page_that_shows_another_spool_changes_nothing(slot, floor):
    seen, other = slot.spool, a_spool(1000)
    stale = {"spool": seen.pk, "remaining_grams": "480"}
    slots.load(other, slot=slot, by=None)
    answer = touch(floor, f"/floor/slots/{slot.pk}/unload/", **stale)
    assert f"Spool {other.code} is in {slot} by now" in page(answer, 409)
    assert (fresh(slot).spool, fresh(other).remaining_grams) == (other, 1000)

    answer = touch(floor, f"/floor/slots/{slot.pk}/load/", spool=seen.code, seen=0)
    assert f"Spool {other.code} is in {slot} by now" in page(answer, 409)
    answer = touch(floor, f"/floor/slots/{slot.pk}/load/", spool=seen.code, seen=other.pk)
    assert answer.status_code == 303
    assert fresh(slot).spool == seen
