"""Holds in the admin and on the floor: placed, read, released, their spools returned."""

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from inventory.models import Hold, InventoryTransaction
from inventory.services import holds, returning
from production.models import PrinterSlot
from production.services.printing import slots
from tests.factories import a_run, a_running_run, a_slot, a_spool, spools_of_one
from tests.production.admin_forms import carry_out, fields
from tests.production.floor_helpers import at, page, page_after, touch
from tests.queries import fresh

HOLDS = "/admin/inventory/hold/"


@pytest.fixture
def spools(farm):
    return spools_of_one(3)


@pytest.fixture
def hold(spools, manager):
    return holds.place(filament=spools[0].filament, reason="Brittle", by=manager)


# --- The admin ---------------------------------------------------------------------------------


def test_a_lot_is_held_in_the_admin_and_released(as_manager, farm):
    spool = a_spool(lot_number="L7")
    form = fields(as_manager.get(f"{HOLDS}add/"))
    answer = as_manager.post(f"{HOLDS}add/", form | {"lot_number": "l7", "reason": "Brittle"})
    assert answer.status_code == 302
    hold = Hold.objects.get()
    assert (hold.lot_number, fresh(spool).is_held) == ("l7", True)
    again = as_manager.post(f"{HOLDS}add/", form | {"lot_number": "L7", "reason": "Brittle"})
    assert "Lot l7 is held since" in again.content.decode()
    carry_out(as_manager, f"{HOLDS}{hold.pk}/release/", note="Fine")
    assert (fresh(hold).release_note, fresh(spool).is_held) == ("Fine", False)


def test_a_hold_is_placed_from_the_page_of_a_spool_and_of_a_filament(as_manager, spools):
    spool = spools[0]
    address = f"/admin/inventory/spool/{spool.pk}/hold/"
    assert "Its lot" not in as_manager.get(address).content.decode()
    carry_out(as_manager, address, what="delivery", reason="Wet")
    assert Hold.objects.get().delivery_of == spool
    carry_out(as_manager, f"/admin/inventory/filament/{spool.filament_id}/hold/", reason="Brittle")
    text = as_manager.get(f"/admin/inventory/spool/{spool.pk}/change/").content.decode()
    assert f"What came with spool {spool.code}" in text
    assert "Wet" in text
    assert "Brittle" in text
    found = as_manager.get("/admin/inventory/spool/?shelf=held").context["cl"].result_list
    assert {each.pk for each in found} == {each.pk for each in spools}
    assert "Available</dt>" not in text


def test_the_page_of_a_hold_has_what_is_in_use_first(as_manager, spools, hold):
    run = a_run((a_spool(), 10))
    slots.load(spools[1], slot=a_slot(), by=None, is_reported=True)
    text = as_manager.get(f"{HOLDS}{hold.pk}/change/").content.decode()
    assert "In use" in text
    assert text.index(spools[1].code) < text.index(spools[0].code)
    assert run.number not in text


def test_the_spools_of_a_hold_are_returned_after_a_preview(as_manager, spools, hold):
    slots.load(spools[1], slot=a_slot(), by=None, is_reported=True)
    seen, _done = carry_out(as_manager, f"{HOLDS}{hold.pk}/return/", credit="30")
    text = seen.content.decode()
    assert f"Spool {spools[1].code} is in" in text
    assert text.count("kind-return") == 2
    credits = InventoryTransaction.objects.filter(kind="return").values_list("credit", flat=True)
    assert [*credits] == [15, 15]
    ledger = as_manager.get(f"/admin/inventory/spool/{spools[0].pk}/change/").content.decode()
    assert "credit 15 EUR" in ledger


def test_one_spool_is_returned_and_the_return_reversed(as_manager, spools):
    carry_out(as_manager, f"/admin/inventory/spool/{spools[0].pk}/return/", note="RMA 7")
    entry = InventoryTransaction.objects.get(kind="return")
    assert (entry.credit, entry.note) == (None, "RMA 7")
    address = f"/admin/inventory/inventorytransaction/{entry.pk}/reverse/"
    carry_out(as_manager, address, reason="kept")
    assert not fresh(spools[0]).is_archived


def test_a_held_spool_is_not_suggested_for_runs(as_manager, spools, hold):
    query = {"app_label": "production", "model_name": "runmaterial", "field_name": "spool"}
    found = as_manager.get("/admin/autocomplete/", query | {"term": ""}).json()["results"]
    assert found == []
    query |= {"app_label": "inventory", "model_name": "hold", "field_name": "delivery_of"}
    found = as_manager.get("/admin/autocomplete/", query | {"term": ""}).json()["results"]
    assert len(found) == 3


def test_the_report_of_a_lot_says_that_it_is_held(as_manager, manager):
    spool = a_spool(lot_number="L7")
    a_running_run((spool, 10))
    address = "/admin/reports/lots/?lot=l7"
    assert "is held since" not in as_manager.get(address).content.decode()
    holds.place(lot_number="L7", reason="Brittle", by=manager)
    for each in (address, "/admin/reports/lot-parts/?lot=L7"):
        assert f"by {manager}: Brittle." in as_manager.get(each).content.decode()
    _head, *rows = b"".join(as_manager.get(f"{address}&_as=csv")).decode().splitlines()
    assert "True" in rows[0]
    returning.return_spool(a_spool(250, lot_number="l7"), by=None)
    for each in (address, "/admin/reports/lot-parts/?lot=L7"):
        text = as_manager.get(each).content.decode()
        assert "Returned to the supplier: 250 g, spools: 1." in text


# --- The floor ---------------------------------------------------------------------------------


def test_a_spool_says_on_the_floor_that_it_is_held_and_is_weighed(floor, spools, hold):
    text = page(floor.get(at(spools[0])))
    assert "is held since" in text
    assert "Available" not in text
    assert date_format(timezone.localtime(hold.placed_at), "SHORT_DATETIME_FORMAT") in text
    assert "Brittle" in text
    page_after(floor, touch(floor, at(spools[0], "weigh"), gross_grams="1190"))
    assert fresh(spools[0]).remaining_grams < 1000


def test_a_lot_is_held_on_the_floor_and_what_is_in_use_is_named(floor, farm):
    one, two = a_spool(lot_number="L7"), a_spool(lot_number="L7")
    run = a_running_run((two, 10))
    assert "Its lot" in page(floor.get(at(one, "hold")))
    text = page_after(floor, touch(floor, at(one, "hold"), what="lot", reason="Brittle"))
    assert f"Held: Lot L7. In use: {two.code} ({run.number})." in text
    again = page(touch(floor, at(one, "hold"), what="lot", reason="Wet"), 409)
    assert "Release that hold first." in again
    for address in (at(run), "/floor/"):
        assert ">Held</b>" in page(floor.get(address))
    address = f"/admin/production/productionrun/{run.pk}/change/"
    assert "is held: its page says why." in page(floor.get(address))


def test_a_scan_of_a_held_spool_is_refused_unless_a_manager_overrides(
    floor, farm_client, manager, spools, hold
):
    slot = a_slot("1")
    load = f"/floor/slots/{slot.pk}/load/"
    for path, given in (
        (load, {"spool": spools[0].code}),
        (at(spools[0], "load"), {"slot": slot.pk}),
    ):
        refused = page(touch(floor, path, **given), 409)
        assert f"Spool {spools[0].code} is held since" in refused
        assert "override_reason" not in refused
    farm_client.force_login(manager)
    refused = page(touch(farm_client, load, spool=spools[0].code), 409)
    assert 'name="override_reason"' in refused
    touch(farm_client, load, spool=spools[0].code, override_reason="Urgent")
    assert PrinterSlot.objects.get(pk=slot.pk).spool == spools[0]
    assert spools[0].events.get(verb="loaded").before == "Urgent"


def test_a_start_with_a_held_spool_is_refused_on_the_floor(floor, manager, farm_client, spools):
    run = a_run((spools[0], 10))
    holds.place(spool=spools[0], reason="Brittle", by=manager)
    assert "is held: its page says why." in page(floor.get(at(run)))
    assert "is held since" in page(touch(floor, at(run, "start"), printer_cleared="on"), 409)
    farm_client.force_login(manager)
    touch(farm_client, at(run, "start"), printer_cleared="on", override_reason="A jig")
    assert fresh(run).status == "in_progress"


def test_what_is_returned_is_in_the_ledger_of_the_floor(floor, spools):
    returning.return_spool(spools[0], by=None)
    assert "Return" in page(floor.get(at(spools[0])))
