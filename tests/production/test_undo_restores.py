"""Undo gives back what was there: after each verb and its undo, the whole farm has the rows that it
had before."""

import json
from decimal import Decimal

import pytest
from django.db import connection

from inventory.models import Location
from inventory.services import receiving
from inventory.services.ledger import InsufficientInventory
from inventory.services.spools import scale, shelf
from production.models import Printer, PrinterSlot, Reason
from production.serializers.undo import EVENTS as ROWS_OF_KIND
from production.services import completion, overrides
from production.services.best_fit import taking
from production.services.completion.actuals import ItemCount
from production.services.printing import midprint, printers, slots, weighing
from production.services.requirements.readiness import PrinterBusy
from production.services.runs import changing_printers, lifecycle, lines, queue_order
from production.services.transitions import EVENTS
from production.services.undo import last_action
from tests.factories import (
    a_filament,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.inventory.tables import import_spools
from tests.production.completed_runs import took
from tests.production.verbs.preparation import a_bare_line, printing
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")

# What keeps the trace of an undo, and what only goes up.
HISTORY = {
    "inventory_spoolevent",
    "production_figuresmark",  # which days are summed anew
    "production_runevent",
    "production_runnumber",
}
COUNTERS = ["version", "updated_at", "reopened_at", "last_entry_at"]
STANDS = """
    SELECT entry.* FROM inventory_inventorytransaction entry WHERE entry.kind <> 'reversal'
    AND NOT EXISTS (
        SELECT 1 FROM inventory_inventorytransaction back WHERE back.reverses_id = entry.id
    )
"""
# A spool whose receipt was reversed is as good as never received.
NARROWED = {
    "inventory_inventorytransaction": STANDS,
    "inventory_spool": f"""
        SELECT * FROM inventory_spool WHERE id IN (SELECT spool_id FROM ({STANDS}) standing)
    """,
}


def rows_of_farm():
    """Every row of every table of the farm, ``{(table, id): columns}``."""
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(tables, [connection.schema_name])
        for (table,) in cursor.fetchall():
            if table in HISTORY:
                continue
            source = NARROWED.get(table, f'SELECT * FROM "{table}"')
            cursor.execute(f"SELECT to_jsonb(t) - %s::text[] FROM ({source}) t", [COUNTERS])
            rows = [json.loads(row) for (row,) in cursor.fetchall()]
            found |= {(table, row.get("id", number)): row for number, row in enumerate(rows)}
    return found


def different(before, after):
    """``{row: {column: (before, after)}}``"""
    changed = {}
    for key in before.keys() | after.keys():
        one, two = before.get(key) or {}, after.get(key) or {}
        if one != two:
            names = [name for name in {*one, *two} if one.get(name) != two.get(name)]
            changed[key] = {name: (one.get(name), two.get(name)) for name in sorted(names)}
    return changed


CASES = {}


def case(verb, name=""):
    """The story of a verb: ``arrange(by)`` prepares a farm, and answers the verb."""

    def keep(arrange):
        CASES[f"{verb} {name}".strip()] = arrange
        return arrange

    return keep


def a_failure():
    return Reason.objects.filter(kind="failure").first()


@case("start", "with a spool out of another printer, where another one was")
def _(by):
    slot, elsewhere, other = a_slot(), a_slot(), a_spool()
    slots.load(other, slot=slot, by=None)
    run = a_run(items=[(a_product(grams=5), 4)], printer=slot.printer, planned_minutes=9)
    spool = a_spool(filament=a_filament())
    line = lines.add_material(run, by=None, filament=spool.filament, planned_grams=Decimal(5))
    PrinterSlot.objects.filter(pk=elsewhere.pk).update(spool=spool)  # sealed
    Printer.objects.filter(pk=slot.printer_id).update(needs_clearing=True)
    return lambda: lifecycle.start(run, by=by, spools={line.pk: spool}, printer_cleared=True)


@case("start", "with lines that exchange their spools")
def _(by):
    one, two = spools_of_one(2)
    run = a_run((one, 10), (two, 10), printer=a_printer())
    first, second = run.materials.order_by("pk")
    return lambda: lifecycle.start(run, by=by, spools={first.pk: two, second.pk: one})


@case("complete", "beyond the book of a spool")
def _(by):
    short, spool = a_spool(20), a_spool()
    run = printing((spool, 30), (short, 10))
    materials = [took(spool, 31), took(short, 25, settle=True)]
    counted = [ItemCount(item=run.items.get().pk, good_count=3, scrapped_count=1)]
    given = {"materials": materials, "items": counted, "actual_minutes": 5}
    return lambda: completion.complete(run, by=by, confirm=True, **given)


@case("complete", "as planned, of what has no figures yet")
def _(by):
    run = a_running_run((a_spool(), 10), items=[(a_product(), 2)], planned_minutes=90)
    return lambda: completion.complete(run, by=by, as_planned=True)


@case("complete", "what finished before, and was cleared")
def _(by):
    run = printing((a_spool(), 10))
    given = {"as_planned": True, "confirm": True}
    run = completion.revert(completion.complete(run, by=None, **given).run, by=None)
    printers.clear(run.printer, by=None)
    return lambda: completion.complete(run, by=by, **given)


@case("fail")
def _(by):
    run = printing((a_spool(), 10), (a_spool(), 20))
    item = ItemCount(item=run.items.get().pk, good_count=0, scrapped_count=1)
    given = {"reason": a_failure(), "progress_percent": 30, "items": [item], "actual_minutes": 9}
    return lambda: completion.fail(run, by=by, **given)


@case("cancel", "a run that has used some")
def _(by):
    one, two = spools_of_one(2)
    run = printing((one, 10), (two, 10))
    used = [took(one, 4), took(two, 5)]
    return lambda: lifecycle.cancel(run, by=by, materials=used, reason="Wrong part")


@case("cancel", "a planned run that was short")
def _(by):
    spool = a_spool(20)
    a_run((spool, 15))
    run = a_run((spool, 10), override_reason="The next one comes tomorrow")
    return lambda: lifecycle.cancel(run, by=by)


@case("save_actuals")
def _(by):
    spool = a_spool()
    run = printing((spool, 10))
    counted = [ItemCount(item=run.items.get().pk, good_count=2)]
    given = {"materials": [took(spool, 11, 2)], "items": counted, "actual_minutes": 5}
    return lambda: midprint.save_actuals(run, by=by, **given)


@case("save_actuals", "by a weighing")
def _(by):
    spool = a_spool()
    a_running_run((spool, 10))
    return lambda: weighing.weigh(spool, gross_grams=1190, by=by)


@case("assign_spools", "of which one follows")
def _(by):
    line, spool = a_bare_line(1500)
    both = [spool, a_spool(filament=spool.filament)]
    return lambda: taking.assign_spools(line.run, [(line, both)], by=by)


@case("reorder", "to another priority")
def _(by):
    run, other = a_run(), a_run(priority=2)
    return lambda: queue_order.reorder(run, before=other, by=by)


@case("note_plate")
def _(by):
    run, reason = printing((a_spool(), 10)), Reason.objects.filter(kind="scrap").first()
    return lambda: midprint.note_plate(run, by=by, scrapped={run.items.get().pk: 1}, reason=reason)


@case("progress")
def _(by):
    run = midprint.progress(a_running_run(), by=None, percent=10)
    return lambda: midprint.progress(run, by=by, percent=40)


@case("swap_spool", "to one that is in another printer")
def _(by):
    slot, elsewhere, (one, two) = a_slot(), a_slot(), spools_of_one(2)
    slots.load(one, slot=slot, by=None)
    PrinterSlot.objects.filter(pk=elsewhere.pk).update(spool=two)
    run = a_running_run((one, 30), printer=slot.printer)
    return lambda: midprint.swap_spool(run, by=by, spool=two, so_far=took(one, 4))


@case("swap_spool", "of what was in no printer")
def _(by):
    one, two = spools_of_one(2)
    run = a_running_run((one, 30))
    return lambda: midprint.swap_spool(run, by=by, spool=two, line=line_of(run), is_empty=True)


@case("delete", "a planned run")
def _(by):
    run = a_run((a_spool(), 10), external_id="order-7", printer=a_printer())
    return lambda: lifecycle.delete(run, by=by)


@case("delete", "a run that prints, after a swap")
def _(by):
    one, two = spools_of_one(2)
    run = a_running_run((one, 30), printer=a_printer())
    midprint.swap_spool(run, by=None, spool=two, so_far=took(one, 4))
    return lambda: lifecycle.delete(run, by=by)


@case("weigh", "a spool that needed it")
def _(by):
    spool = shelf.describe(a_spool(), by=None, needs_weighing=True)
    return lambda: scale.weigh(spool, gross_grams=1190, by=by)


@case("weigh")
def _(by):
    spool = a_spool()
    return lambda: scale.weigh(spool, gross_grams=1190, by=by)


@case("load", "a sealed spool where another one was")
def _(by):
    slot, spool, other = a_slot(), a_spool(), a_spool()
    slots.load(other, slot=slot, by=None)
    return lambda: slots.load(spool, slot=slot, by=by)


@case("receive")
def _(by):
    filament = a_filament()
    return lambda: receiving.receive_many(filament=filament, count=3, by=by, total_price=50)


@case("receive", "by a table, of which some were used before")
def _(by):
    a_filament("Galaxy")
    table = "name,initial_grams,left,location\n" + "Galaxy,1000,,Dry box\nGalaxy,1000,400,\n" * 2
    Location.objects.create(name="Dry box")
    return lambda: import_spools(table, by=by)


@case("change_printer", "with what the start loaded in the place of others")
def _(by):
    wrong, right = a_slot(), a_slot()
    for slot in (wrong, right):
        slots.load(a_spool(), slot=slot, by=None)
    Printer.objects.filter(pk=right.printer_id).update(needs_clearing=True)
    run = a_running_run((a_spool(), 10), printer=wrong.printer)
    how = {"printer": Printer.objects.get(pk=right.printer_id), "printer_cleared": True}
    return lambda: changing_printers.change_printer(run, by=by, **how)


@case("change_printer", "with what was loaded before")
def _(by):
    slot, spool = a_slot(), a_spool()
    slots.load(spool, slot=slot, by=None)
    run = a_running_run((spool, 10), printer=slot.printer)
    other = a_printer()
    return lambda: changing_printers.change_printer(run, by=by, printer=other)


@case("unload", "to a location, with its weight")
def _(by):
    former, place = (Location.objects.create(name=name) for name in ("Dry box", "Rack"))
    slot = slots.load(a_spool(location=former), slot=a_slot(), by=None)
    return lambda: slots.unload(slot, location=place, gross_grams=1150, by=by)


def line_of(run):
    return run.materials.get().pk


def test_every_verb_that_undo_takes_back_has_a_story():
    verbs = {name.partition(" ")[0] for name in CASES}
    posted_anew = {"take_reports", "take_over_reports"}  # see test_reported_once, test_taking_over
    assert {event for event, row in EVENTS.items() if row.undone_by} <= verbs | posted_anew
    kinds = {"save_actuals": "run", "weigh": "weighing", "load": "loading", "receive": "receipt"}
    kinds["unload"] = "unloading"
    assert set(kinds.values()) == set(ROWS_OF_KIND)
    assert set(kinds) <= verbs


def undo_last(by):
    last = last_action.find(by=by)
    event = ROWS_OF_KIND[last.kind].get(pk=last.event)
    return last, last_action.undo_event(last.kind, event, by=by)


@pytest.mark.parametrize("name", CASES)
def test_undo_gives_back_the_whole_farm(name, operator):
    do = CASES[name](operator)
    before = rows_of_farm()
    do()
    assert different(before, rows_of_farm())
    last, _undone = undo_last(operator)
    assert last.verb == name.partition(" ")[0]
    assert different(before, rows_of_farm()) == {}
    assert violations() == []
    assert last_action.find(by=operator) is None


# --- Where it can't be given back ----------------------------------------------------------------


def test_a_print_that_another_run_took_the_printer_of_does_not_go_on(operator):
    printer = a_printer()
    run = a_running_run((a_spool(), 10), printer=printer)
    completion.fail(run, by=operator, reason=a_failure(), progress_percent=20)
    other = a_running_run(printer=printer)
    for _times in range(2):
        with pytest.raises(PrinterBusy, match=other.number):
            undo_last(operator)
        if fresh(other).is_open:  # then it took it all the same
            completion.complete(other, by=None, as_planned=True)
    assert (fresh(run).status, violations()) == ("failed", [])


def test_what_others_reserved_since_is_not_reserved_again(operator):
    spool = a_spool(20)
    run = a_run((spool, 15))
    lifecycle.cancel(run, by=operator)
    other = a_run((spool, 10))
    with pytest.raises(InsufficientInventory):
        undo_last(operator)
    lifecycle.cancel(other, by=None)
    undo_last(operator)
    assert fresh(spool).reserved_grams == 15


def test_a_closed_run_whose_notes_were_changed_is_taken_back_and_keeps_them(operator):
    run = a_running_run((a_spool(), 10))
    completion.complete(run, by=operator, as_planned=True)
    lifecycle.update(run, by=None, notes="Blue box")
    undo_last(operator)
    assert (fresh(run).status, fresh(run).notes) == ("in_progress", "Blue box")


def test_what_was_corrected_since_is_a_managers_to_revert(operator, manager):
    spool = a_spool()
    run = a_running_run((spool, 10))
    event = completion.complete(run, by=operator, as_planned=True).run.events.last()
    completion.correct(run, by=None, materials=[took(spool, 11)])
    assert last_action.find(by=operator) is None
    with pytest.raises(overrides.NothingToUndo):
        last_action.undo(run, event=event.pk, by=manager)
    assert completion.revert(run, by=manager).status == "in_progress"


def test_a_start_after_which_figures_were_noted_is_taken_back_by_the_verb_alone(operator):
    slot, spool = a_slot(), a_spool()
    run = lifecycle.start(a_run((spool, 10), printer=slot.printer), by=operator)
    midprint.progress(run, by=None, percent=40)
    event = run.events.get(verb="start").pk
    with pytest.raises(overrides.NothingToUndo):
        last_action.undo(run, event=event, by=operator)
    run = lifecycle.unstart(run, by=operator)
    assert (run.status, run.progress_percent, fresh(slot).spool) == ("planned", None, None)
    assert run.materials.get().spool == spool
