"""Which spool is in which slot of a printer."""

import pytest

from inventory.models import Spool
from inventory.services.ledger import SpoolArchived
from inventory.services.spools import consumption, shelf
from production.models import PrinterSlot
from production.services import completion
from production.services.printing import midprint, slots
from production.services.printing.slots import SlotEmpty, SpoolPrinting
from production.services.requirements.claims import DuplicateSpool
from production.services.runs import lifecycle
from production.services.undo import last_action, loads
from tests.factories import a_filament, a_printer, a_run, a_running_run, a_spool
from tests.queries import violations
from tests.responses import done, refused, text_of

SPOOLS = "/api/v1/spools/"


def a_slot(printer=None, label="1", spool=None):
    return PrinterSlot.objects.create(printer=printer or a_printer(), label=label, spool=spool)


def inside(slot):
    return PrinterSlot.objects.get(pk=slot.pk).spool


def history(spool):
    events = spool.events.exclude(verb="opened").order_by("pk")
    return [(event.verb, event.before, event.after) for event in events]


def test_a_spool_is_loaded_and_its_book_says_where(farm):
    spool, slot = a_spool(), a_slot(a_printer("Elm"))
    assert slots.load(spool, slot=slot, by=None).spool == spool
    assert inside(slot) == spool
    assert history(spool) == [("loaded", "", "Elm 1")]
    assert Spool.objects.get().version == spool.version + 1


def test_a_sealed_spool_is_opened_by_loading_it_and_once(farm):
    spool, slot = a_spool(), a_slot()
    slots.load(spool, slot=slot, by=None)
    event = spool.events.get(verb="opened")
    assert event.after == Spool.objects.get().opened_at.isoformat()
    slots.unload(slot, by=None)
    slots.load(spool, slot=slot, by=None)
    assert spool.events.filter(verb="opened").count() == 1


def test_a_spool_that_was_printed_from_is_open_already(farm):
    spool = a_spool()
    consumption.use(spool, grams=5, by=None)
    slots.load(spool, slot=a_slot(), by=None)
    assert not spool.events.filter(verb="opened").exists()


def test_what_was_in_the_slot_comes_out(farm):
    old, new = a_spool(), a_spool()
    slot = a_slot(a_printer("Elm"), spool=old)
    slots.load(new, slot=slot, by=None)
    assert (inside(slot), history(old)) == (new, [("unloaded", "Elm 1", "")])


def test_a_spool_is_in_one_slot_only(farm):
    spool = a_spool()
    first, second = a_slot(a_printer("Elm"), spool=spool), a_slot(a_printer("Fir"))
    slots.load(spool, slot=second, by=None)
    assert (inside(first), inside(second)) == (None, spool)
    assert history(spool) == [("unloaded", "Elm 1", ""), ("loaded", "", "Fir 1")]


def test_two_spools_change_places_on_one_printer(farm):
    elm, one, two = a_printer("Elm"), a_spool(), a_spool()
    first, second = a_slot(elm, "1", one), a_slot(elm, "2", two)
    slots.load(one, slot=second, by=None)
    slots.load(two, slot=first, by=None)
    assert (inside(first), inside(second)) == (two, one)


def test_loading_what_is_there_leaves_no_trace(farm):
    spool = a_spool()
    slots.load(spool, slot=a_slot(spool=spool), by=None)
    assert history(spool) == []


def test_an_archived_spool_is_not_loaded(farm):
    spool, slot = a_spool(), a_slot()
    shelf.archive(spool, by=None, discard=False)
    with pytest.raises(SpoolArchived):
        slots.load(spool, slot=slot, by=None)
    assert inside(slot) is None


def test_a_spool_in_a_printer_is_not_archived(api_client, farm_client, manager):
    slot = a_slot(a_printer("Elm"), spool=a_spool())
    archive, undecided = f"{SPOOLS}{slot.spool_id}/archive/", {"discard": "no"}
    api_client.force_authenticate(manager)
    farm_client.force_login(manager)
    problem = refused(api_client.post(archive, {"discard": True}), 409, "spool_loaded")
    assert (problem["slot_id"], problem["printer_id"]) == (slot.pk, slot.printer_id)
    page = farm_client.post(f"/admin/inventory/spool/{slot.spool_id}/archive/", undecided)
    for text in (problem["detail"], text_of(page)):
        assert f"Spool {slot.spool.code} is in Elm 1: take it out" in text
    assert not Spool.objects.get().is_archived
    assert Spool.objects.get().remaining_grams == 1000  # nothing was discarded
    slots.unload(slot, by=None)
    assert done(api_client.post(archive, {"discard": False}))["is_archived"]


def test_a_load_taken_back_leaves_out_what_was_archived_since(farm):
    old, new = a_spool(), a_spool()
    slot = a_slot(spool=old)
    slots.load(new, slot=slot, by=None)
    shelf.archive(old, discard=False, by=None)
    loads.put_back(new.events.get(verb="loaded"), by=None, at=None)
    assert inside(slot) is None
    assert violations() == []


def test_a_spool_is_taken_out(farm):
    spool = a_spool()
    slot = a_slot(a_printer("Elm"), spool=spool)
    slots.unload(slot, by=None)
    assert (inside(slot), history(spool)) == (None, [("unloaded", "Elm 1", "")])


def test_nothing_is_taken_out_of_an_empty_slot(farm):
    with pytest.raises(SlotEmpty):
        slots.unload(a_slot(), by=None)


def test_a_spool_that_a_run_prints_from_stays_where_it_is(farm):
    elm, spool = a_printer("Elm"), a_spool()
    slot, elsewhere = a_slot(elm, spool=spool), a_slot()
    run = a_running_run((spool, 10), printer=elm)
    for verb in (
        lambda: slots.unload(slot, by=None),
        lambda: slots.load(a_spool(), slot=slot, by=None),
        lambda: slots.load(spool, slot=elsewhere, by=None),
    ):
        with pytest.raises(SpoolPrinting, match=run.number):
            verb()
    assert (inside(slot), inside(elsewhere)) == (spool, None)


def test_a_swap_loads_the_new_spool_where_the_old_one_was(farm):
    galaxy = a_filament("Galaxy")
    elm, low, full = a_printer("Elm"), a_spool(100, filament=galaxy), a_spool(filament=galaxy)
    slot, other = a_slot(elm, "1", low), a_slot(elm, "2", full)
    run = a_running_run((low, 90), printer=elm)
    new = midprint.swap_spool(run, line=run.materials.get().pk, spool=full, by=None, is_empty=True)
    assert (new.spool, inside(slot), inside(other)) == (full, full, None)


def test_a_swap_leaves_a_spool_where_another_run_prints_from_it(farm):
    galaxy = a_filament("Galaxy")
    elm, low, full = a_printer("Elm"), a_spool(100, filament=galaxy), a_spool(filament=galaxy)
    slot = a_slot(elm, spool=low)
    a_running_run((full, 10), printer=a_printer("Fir"))
    run = a_running_run((low, 90), printer=elm)
    midprint.swap_spool(run, line=run.materials.get().pk, spool=full, by=None, is_empty=True)
    assert (inside(slot), history(full)) == (low, [])
    second = slots.load(full, slot=a_slot(elm, "2"), by=None)
    with pytest.raises(SpoolPrinting, match=run.number):
        slots.unload(second, by=None)


def test_a_spool_is_taken_out_where_no_run_of_its_printer_prints_from_it(farm, operator):
    spool, slot = a_spool(), a_slot()
    a_running_run((spool, 10), printer=a_printer("Elm"))
    slots.load(spool, slot=slot, by=operator)
    assert last_action.find(by=operator).verb == "load"
    slots.unload(slot, by=None)
    assert inside(slot) is None


def test_a_swap_that_is_refused_moves_nothing(farm):
    elm, low = a_printer("Elm"), a_spool(100)
    slot = a_slot(elm, spool=low)
    run = a_running_run((low, 90), printer=elm)
    with pytest.raises(DuplicateSpool):
        midprint.swap_spool(run, line=run.materials.get().pk, spool=low, by=None, is_empty=True)
    assert (inside(slot), run.materials.count()) == (low, 1)


def test_a_swap_on_a_run_without_a_slot_moves_no_spool(farm):
    galaxy = a_filament("Galaxy")
    low, full = a_spool(100, filament=galaxy), a_spool(filament=galaxy)
    run = a_running_run((low, 90))
    midprint.swap_spool(run, line=run.materials.get().pk, spool=full, by=None, is_empty=True)
    assert history(full) == []


def test_a_later_write_that_fails_leaves_slot_and_run_as_they_were(farm, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError

    galaxy = a_filament("Galaxy")
    elm, low, full = a_printer("Elm"), a_spool(100, filament=galaxy), a_spool(filament=galaxy)
    slot = a_slot(elm, spool=low)
    run = a_running_run((low, 90), printer=elm)
    monkeypatch.setattr(slots, "record_event", fails)
    with pytest.raises(RuntimeError):
        midprint.swap_spool(run, line=run.materials.get().pk, spool=full, by=None, is_empty=True)
    assert (inside(slot), run.materials.count()) == (low, 1)
    assert Spool.objects.get(pk=full.pk).reserved_grams == 0


def test_one_spool_loaded_into_many_printers_at_once_is_in_one(committed_farm, in_threads):
    spool, places = a_spool(), [a_slot() for _ in range(8)]
    results = in_threads(lambda at: slots.load(spool, slot=places[at], by=None), 8)
    assert [each for each in map(inside, places) if each] == [spool]
    assert all(getattr(each, "code", "busy") == "busy" for each in results)
    assert Spool.objects.get().events.filter(verb="loaded").count() >= 1


# --- Started ------------------------------------------------------------------------------------


def test_a_start_loads_what_it_draws_from_where_it_is_clear_into_which_slot(farm):
    lone, two = a_printer("Elm"), a_printer("Fir")
    only, first, second = (
        a_slot(lone, "1", a_spool()),
        a_slot(two, "1", a_spool()),
        a_slot(two, "2", a_spool()),
    )
    spool, other, third = a_spool(), a_spool(), a_spool()
    held = inside(second)
    lifecycle.start(a_run((spool, 10), printer=lone), by=None)
    assert inside(only) == spool  # and what was there is out
    run = lifecycle.start(a_run((other, 10), printer=two), by=None)
    assert not PrinterSlot.objects.filter(spool=other).exists()  # it may be in either
    completion.complete(run, by=None, as_planned=True)
    named = a_run((third, 10), printer=two)
    named.materials.update(slot=first)
    lifecycle.start(named, by=None, printer_cleared=True)
    assert (inside(first), inside(second)) == (third, held)


def test_a_start_leaves_a_spool_where_another_run_prints_from_it(farm):
    elm, fir, spool = a_printer("Elm"), a_printer("Fir"), a_spool()
    slot, other = a_slot(elm, "1"), a_slot(fir, "1")
    a_running_run((spool, 10), printer=elm)
    assert a_running_run((spool, 10), printer=fir).status == "in_progress"
    assert (inside(slot), inside(other)) == (spool, None)
