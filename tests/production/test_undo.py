"""Taking back what one did last: the book, the slots and the drafts are as they were."""

from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.models import Spool
from inventory.services.spools import consumption, scale
from production.models import PrinterSlot
from production.services import completion, run_state
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.overrides import NothingToUndo, UndoNotPermitted
from production.services.printing import midprint, slots, weighing
from production.services.printing.slots import SpoolPrinting
from production.services.undo import last_action, loads
from tenants.accounts import audited, roles
from tests.factories import (
    a_printer,
    a_product,
    a_running_run,
    a_slot,
    a_spool,
    make_user,
)
from tests.production.completed_runs import printed
from tests.production.floor_helpers import page, page_after, queries, touch
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


def figures(run):
    names = ("actual_grams", "gross_after_grams", "reserved_grams", "actual_source", "spool_id")
    return list(run.materials.order_by("pk").values_list(*names))


def of_bar(client, path="/floor/"):
    """The undo bar of a page: its address and text; None without one."""
    bar = page(client.get(path)).partition('<form class="undo"')[2].partition("</form>")[0]
    if not bar:
        return None
    address, event = bar.split('action="')[1], bar.split('name="event" value="')[1]
    return address.partition('"')[0], event.partition('"')[0]


def press(client):
    address, event = of_bar(client)
    return page_after(client, touch(client, address, event=event))


# --- A weighing ----------------------------------------------------------------------------------


def test_a_weighing_is_taken_back_by_who_made_it_though_no_right_to_reverse(floor, operator):
    assert not operator.has_perm("inventory.reverse_inventorytransaction")
    spool = a_spool(1000)
    touch(floor, f"/floor/spools/{spool.pk}/weigh/", gross_grams="1190")
    assert f"the book of spool {spool.code} is as it was" in press(floor)
    after = fresh(spool)
    assert (after.remaining_grams, after.needs_weighing) == (1000, False)
    assert of_bar(floor) is None
    assert violations() == []


def test_the_bar_begins_with_the_product_or_the_filament(floor, operator):
    clips = [(a_product(name="Cable clip"), 4), (a_product(name="Hook"), 1)]
    run = a_running_run((a_spool(), 10), items=clips, by=operator)
    assert f"Cable clip: you started run {run.number}, " in page(floor.get("/floor/"))
    spool = a_spool(1000, by=operator)
    touch(floor, f"/floor/spools/{spool.pk}/weigh/", gross_grams="1190")
    words = f"{spool.filament.name}: you weighed {spool.code}, "
    assert words in page(floor.get("/floor/"))


def test_what_another_weighed_or_long_ago_is_not_taken_back(operator):
    entry = scale.weigh(a_spool(1000), gross_grams=1190, by=operator)
    half_an_hour_later = entry.created_at + timedelta(minutes=30)
    for by, at in (
        (make_user(), None),
        (operator, half_an_hour_later + timedelta(seconds=1)),
    ):
        with pytest.raises(UndoNotPermitted):
            last_action.undo_weighing(entry, by=by, at=at)
        assert last_action.find(by=by, at=at) is None
    assert last_action.find(by=operator, at=half_an_hour_later).event == entry.pk
    last_action.undo_weighing(entry, by=make_user(role=roles.MANAGER))


def test_a_weighing_after_which_the_book_moved_stays(operator):
    spool = a_spool(1000)
    entry = scale.weigh(spool, gross_grams=1190, by=operator)
    consumption.use(spool, grams=5, by=None)
    assert last_action.find(by=operator) is None
    with pytest.raises(NothingToUndo):
        last_action.undo_weighing(entry, by=operator)
    assert fresh(spool).remaining_grams == 985


def test_an_unload_is_offered_until_the_count_it_made_is_not_the_last(operator):
    spool, slot = a_spool(1000), a_slot()
    for count, is_offered in (({}, True), ({"remaining_grams": 990}, False)):
        slots.load(spool, slot=slot, by=None)
        slots.unload(slot, by=operator, **count)
        assert last_action.find(by=operator).verb == "unload"
        consumption.use(spool, grams=5, by=None)
        assert bool(last_action.find(by=operator)) is is_offered


def test_other_entries_have_no_bar(operator):
    entry = consumption.use(a_spool(), grams=5, by=operator)
    assert last_action.find(by=operator) is None
    with pytest.raises(NothingToUndo):
        last_action.undo_weighing(entry, by=operator)


def test_a_weight_kept_for_a_running_run_is_taken_back(floor, operator):
    spool = a_spool(1000)
    run = a_running_run((spool, 40))
    before = figures(run)
    touch(floor, f"/floor/spools/{spool.pk}/weigh/", gross_grams="1160")
    assert figures(run) != before
    press(floor)
    assert figures(run) == before


# --- The end of a run ----------------------------------------------------------------------------


def test_a_run_that_was_completed_anew_before_the_lock_was_taken_stays(monkeypatch):
    run, lock = printed((a_spool(1000), 30)), run_state.lock
    event = run.events.last().pk

    def late(subject, verb):
        monkeypatch.undo()
        again = completion.revert(subject, by=None)
        completion.complete(again, by=None, as_planned=True)
        return lock(subject, verb)

    monkeypatch.setattr(run_state, "lock", late)
    with pytest.raises(NothingToUndo):
        last_action.undo(run, event=event, by=None)


def test_what_another_undid_before_the_lock_was_taken_is_undone_already(monkeypatch, operator):
    """Of a closed run, whose status is another by then, and of figures, where it is not."""
    done, noted = printed((a_spool(1000), 30)), a_running_run()
    midprint.progress(noted, by=None, percent=50)
    for run, status in ((done, "in progress"), (noted, "in progress")):
        event, lock = run.events.last().pk, run_state.lock

        def late(subject, verb, event=event, lock=lock):
            monkeypatch.undo()
            last_action.undo(subject, event=event, by=None)
            return lock(subject, verb)

        monkeypatch.setattr(run_state, "lock", late)
        with pytest.raises(NothingToUndo, match=f"The system undid it already: .* is {status}"):
            last_action.undo(run, event=event, by=None)


# --- Drafts --------------------------------------------------------------------------------------


def test_drafts_are_taken_back_to_those_before(operator):
    spool = a_spool(1000)
    run = a_running_run((spool, 40), items=[(a_product(), 4)])
    item = run.items.get()

    def draft(grams, good):
        took = MaterialActual(spool=spool.pk, actual_grams=Decimal(grams))
        counted = ItemCount(item=item.pk, good_count=good)
        words = {"materials": [took], "items": [counted], "actual_minutes": grams}
        return midprint.save_actuals(run, by=operator, **words)

    draft(10, 1)
    before = figures(run)
    draft(20, 2)
    last_action.undo(run, event=last_action.find(by=operator).event, by=operator)
    assert figures(run) == before
    assert (fresh(item).good_count, fresh(run).actual_minutes) == (1, 10)
    assert last_action.find(by=operator) is None
    assert violations() == []


def test_drafts_that_another_changed_since_stay(operator):
    spool = a_spool(1000)
    run = a_running_run((spool, 40))
    weighing.weigh(spool, gross_grams=1160, by=operator)
    event = last_action.find(by=operator).event
    midprint.progress(run, by=None, percent=50)
    assert last_action.find(by=operator) is None
    with pytest.raises(NothingToUndo):
        last_action.undo(run, event=event, by=operator)


# --- A load --------------------------------------------------------------------------------------


def test_a_load_is_taken_back_with_all_that_it_moved(floor, operator):
    first, second = a_slot(printer=a_printer("Elm")), a_slot(printer=a_printer("Fir"))
    spool, other = a_spool(), a_spool()
    slots.load(other, slot=first, by=None)
    slots.load(spool, slot=second, by=None)
    touch(floor, f"/floor/slots/{first.pk}/load/", spool=spool.code)
    assert "is where it was" in press(floor)
    assert (fresh(first).spool, fresh(second).spool) == (other, spool)
    assert fresh(spool).opened_at is not None  # it was, before
    assert of_bar(floor) is None


def test_a_spool_that_was_opened_by_the_load_is_sealed_again(operator):
    spool, slot = a_spool(), a_slot()
    slots.load(spool, slot=slot, by=operator)
    loads.undo_load(spool.events.get(verb="loaded"), by=operator)
    assert (fresh(slot).spool, fresh(spool).opened_at) == (None, None)


def test_a_load_after_which_something_moved_stays(operator):
    spool, slot, other = a_spool(), a_slot(), a_slot()
    slots.load(spool, slot=other, by=None)
    slots.load(spool, slot=slot, by=operator)
    event = spool.events.filter(verb="loaded").last()
    slots.load(a_spool(), slot=other, by=None)
    with pytest.raises(NothingToUndo):
        loads.undo_load(event, by=operator)
    slots.unload(slot, by=None)
    assert last_action.find(by=operator) is None
    with pytest.raises(NothingToUndo):
        loads.undo_load(event, by=operator)


def test_a_load_is_taken_back_whatever_its_printers_are_called_by_now(operator):
    first, second = a_slot(printer=a_printer("Elm")), a_slot(printer=a_printer("Fir"))
    spool, other = a_spool(), a_spool()
    slots.load(other, slot=first, by=None)
    slots.load(spool, slot=second, by=None)
    slots.load(spool, slot=first, by=operator)
    audited.update(first.printer, by=None, name="Fir 2")
    audited.update(second.printer, by=None, name="Elm")
    loads.undo_load(spool.events.filter(verb="loaded").last(), by=operator)
    assert (fresh(first).spool, fresh(second).spool) == (other, spool)


def test_slots_that_read_alike_are_two(operator):
    one = a_slot("1", printer=a_printer("MK4 2"))
    two = a_slot("2 1", printer=a_printer("MK4"))
    spool, other = a_spool(), a_spool()
    slots.load(other, slot=one, by=None)
    slots.load(spool, slot=one, by=operator)
    assert str(one) == str(two)
    loads.undo_load(spool.events.get(verb="loaded"), by=operator)
    assert (fresh(one).spool, fresh(two).spool) == (other, None)


def test_a_load_into_a_slot_that_is_gone_stays(operator):
    spool, slot, gone = a_spool(), a_slot(), a_slot()
    slots.load(spool, slot=gone, by=None)
    slots.load(spool, slot=slot, by=operator)
    event = spool.events.filter(verb="loaded").last()
    slots.remove(gone, by=None)
    loads.undo_load(event, by=operator)  # where it was is no place any more
    assert fresh(slot).spool is None
    slots.load(spool, slot=slot, by=operator)
    event = spool.events.filter(verb="loaded").last()
    slots.unload(slot, by=None)
    slots.remove(slot, by=None)
    with pytest.raises(NothingToUndo):
        loads.undo_load(event, by=operator)


def test_a_load_of_what_a_run_draws_from_by_now_stays(operator):
    spool, slot = a_spool(), a_slot()
    slots.load(spool, slot=slot, by=operator)
    a_running_run((spool, 10), printer=slot.printer)
    assert last_action.find(by=operator) is None
    with pytest.raises(SpoolPrinting):
        loads.undo_load(spool.events.get(verb="loaded"), by=operator)


def test_nobody_takes_back_what_another_loaded(operator):
    spool, slot = a_spool(), a_slot()
    slots.load(spool, slot=slot, by=None)
    assert last_action.find(by=operator) is None
    with pytest.raises(UndoNotPermitted):
        loads.undo_load(spool.events.get(verb="loaded"), by=operator)


# --- A swap --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gave", "grams"), [("empty", ""), ("grams", "4"), ("grams", "40")])
def test_a_swap_is_taken_back_in_the_run_and_in_the_printer(floor, gave, grams):
    slot, old = a_slot(), a_spool(50)
    new = a_spool(filament=old.filament)
    slots.load(old, slot=slot, by=None)
    run = a_running_run((old, 10), printer=slot.printer)
    weighing.weigh(old, gross_grams=245, by=None)  # a draft, which the swap replaces
    before = figures(run)
    path = f"/floor/runs/{run.pk}/swap/{run.materials.get().pk}/"
    page_after(floor, touch(floor, path, spool=new.code, gave=gave, figure=grams))
    assert (run.materials.count(), fresh(slot).spool) == (2, new)
    press(floor)
    assert (figures(run), fresh(slot).spool) == (before, old)
    assert (fresh(old).reserved_grams, fresh(new).reserved_grams) == (10, 0)
    assert of_bar(floor) is None
    assert violations() == []


def test_a_swap_without_a_slot_is_taken_back_too(operator):
    old = a_spool()
    run = a_running_run((old, 10))
    line = run.materials.get().pk
    midprint.swap_spool(
        run, line=line, spool=a_spool(filament=old.filament), is_empty=True, by=operator
    )
    last_action.undo(run, event=last_action.find(by=operator).event, by=operator)
    assert [row[-1] for row in figures(run)] == [old.pk]
    assert violations() == []


# --- All of them ---------------------------------------------------------------------------------


def test_only_the_very_last_thing_one_did_is_offered(operator):
    spool = a_spool(1000)
    run = a_running_run(by=operator)
    assert last_action.find(by=operator).kind == "run"
    entry = scale.weigh(spool, gross_grams=1190, by=operator)
    assert last_action.find(by=operator).event == entry.pk
    slot = a_slot()
    slots.load(spool, slot=slot, by=operator)
    assert last_action.find(by=operator).kind == "loading"
    slots.unload(slot, by=operator)
    assert last_action.find(by=operator).kind == "unloading"
    slots.load(a_spool(), slot=slot, by=None)
    assert last_action.find(by=operator) is None
    assert fresh(run).status == "in_progress"


def test_a_load_is_taken_back_once():
    spool, slot = a_spool(), a_slot()
    by = make_user()
    slots.load(spool, slot=slot, by=by)
    event = spool.events.get(verb="loaded")
    loads.undo_load(event, by=by)
    with pytest.raises(NothingToUndo):
        loads.undo_load(event, by=by)
    assert PrinterSlot.objects.filter(spool__isnull=False).count() == 0


def test_the_bar_costs_one_question_however_much_was_done(floor, operator, viewer, farm_client):
    spool = a_spool(1000)
    for _ in range(3):
        a_running_run(by=operator)
        scale.weigh(spool, gross_grams=1190, by=operator)
        slots.load(a_spool(), slot=a_slot(), by=operator)
    assert queries(floor, f"/floor/spools/{spool.pk}/") <= 12
    farm_client.force_login(viewer)
    path = f"/floor/spools/{spool.pk}/undo-weighing/"
    assert touch(farm_client, path, event=1).status_code == 403
    floor.force_login(operator)
    assert touch(floor, path, event=999).status_code == 404
    assert Spool.objects.count() == 4


def test_what_every_page_of_the_floor_asks_is_planned_once():
    """With a moment as a parameter PostgreSQL plans it anew each time, on a farm of any size."""
    assert last_action._newest.parameters.keys() == {"user"}
