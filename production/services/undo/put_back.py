"""Undo of a verb of a run: its entries are reversed, and every field it changed is as before."""

from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import SpoolEvent
from inventory.services import ledger
from production.models import ProductionRun, RunMaterial
from production.services import row_changes, run_state
from production.services.completion import reverting
from production.services.overrides import NothingToUndo
from production.services.printing import slots
from production.services.reported import lines as reported
from production.services.reported import taking
from production.services.requirements import bom, derived, readiness
from production.services.transitions import EVENTS, TRANSITIONS
from production.services.undo import loads
from tenants.accounts.audited import refusals
from tenants.operations.bulk import bulk_update
from tenants.operations.refusals import Duplicate

Status = ProductionRun.Status
# What leaves alone whatever was done to the run before.
BESIDE = Q(verb__in=("reprint", "copy")) | Q(verb="update", from_status__in=ProductionRun.CLOSED)


def require_last(run, event):
    """The RunEvent of that id. Raises NothingToUndo where no verb undoes it, it was undone already,
    or something else was done to the run after it."""
    last = run.events.exclude(BESIDE).order_by("-pk").first()
    if last is not None and last.pk == event and EVENTS[last.verb].undone_by:
        return last
    done = run.events.filter(pk=event).first()
    if done and last.verb == EVENTS[done.verb].undone_by and last.reason == done.verb:
        raise NothingToUndo(
            _("%(person)s undid it already: run %(run)s is %(status)s.")
            % {
                "person": last.by_name or _("The system"),
                "run": run.number,
                "status": ProductionRun.Status(last.to_status).label.lower(),
            },
            run_id=run.pk,
        )
    raise NothingToUndo.since(run)


def put_back(run, done, *, by, at=None):
    """Take back the last RunEvent of a run, ``done``: entries, claims, printer, slots and all that
    it wrote are as they were; what a plan derives follows its products. Returns the run.

    Raises NothingToUndo, RunMetered, CountedSince, InsufficientInventory where others reserved what
    a planned run gave back, PrinterBusy where another was started on the printer of one that
    prints.
    """
    bom.locked(run.items.values_list("product", flat=True))
    verb = EVENTS[done.verb]
    loaded = list(SpoolEvent.objects.filter(pk__in=done.before.get("loads", ())).order_by("-pk"))
    moved = loads.together(loaded)
    slots.lock_printers({run.printer_id, *moved.values_list("slot__printer", flat=True)} - {None})
    back = TRANSITIONS[verb.undone_by]
    run = run_state.lock(run, back.name if back.moves else verb.name)
    require_last(run, done.pk)
    lines, items = _lock_rows(run, back)
    entries = reverting.standing_entries(run)
    spools = {*moved.values_list("spool", flat=True), *(entry.spool_id for entry in entries)}
    with _book(lines, spools, done, by=by, at=at, leaves_meters=_goes_on(done)) as book:
        if entries:
            counted = reverting.counted_since(run, {entry.spool_id for entry in entries})
            reverting.refuse_counted(run, [book.spools[pk] for pk in counted])
        for entry in entries:
            book.reverse(entry, reason=reverting.REVERTED)
        reverting.restore_unreturned(book, entries)
        new = _put_meters_back(book, run, lines, done)
    RunMaterial.objects.filter(pk__in=new).delete()
    bulk_update(*row_changes.put_back(items, done.before))
    for event in loaded:
        loads.put_back(event, by=by, at=book.at, besides=run)
    fields = _put_run_back(run, done, at=book.at)
    if done.from_status == Status.PLANNED:
        derived.catch_up(run, by=by, at=book.at)
        fields += derived.RUN_FIELDS
    with refusals(run):  # another run may take its external ID meanwhile
        return run_state.save(
            run, back.name, *fields, to=done.from_status, by=by, at=book.at, reason=done.verb
        )


def _lock_rows(run, back):
    lines, items = run_state.lock_lines(run), run_state.lock_items(run)
    if back.name == "unstart":
        reported.refuse_metered(run, lines, back.name, since=run.started_at)
    return lines, items


def _put_meters_back(book, run, lines, done):
    """Write the lines and their meters; returns the ids of lines that are new, and to be deleted.
    What was reported meanwhile is of a print that goes on."""
    if done.to_status in ProductionRun.CLOSED:
        reported.reopen(book, lines)
    if done.verb == "start":  # what was reported before it is of no run again
        for line in lines:
            reported.detach(book, line)
        bulk_update(lines, ("metered_grams",))
    new = _put_lines_back(book, run, lines, done.before)
    if _goes_on(done):
        taking.take_since(book, run, lines, since=done.at)
        bulk_update(lines, ("metered_grams", "metered_before_grams", "reserved_grams"))
    return new


def _goes_on(done):
    """Whether its print goes on once the verb is taken back: it was closed while it printed."""
    closed = done.from_status == Status.IN_PROGRESS and done.to_status in ProductionRun.CLOSED
    was = next(iter(done.before.get("productionrun", {}).values()), None) or {}
    return closed and ("finished_at" in was and was["finished_at"] is None or done.verb == "cancel")


def _book(lines, spools, done, **how):
    """The book on all spools concerned. A run in progress reserves again what it did, whatever
    others reserved since, and so does one that was short already."""
    was = [values or {} for values in done.before.get("runmaterial", {}).values()]
    ids = {*spools, *(line.spool_id for line in lines), *(each.get("spool_id") for each in was)}
    may_be_short = done.from_status == Status.IN_PROGRESS or "is_short" in done.before
    return ledger.book(ids, allow_overclaim=may_be_short, **how)


def _put_lines_back(book, run, lines, before):
    """Write the lines; returns the ids of those that are new, and to be deleted."""
    new = {int(pk) for pk, was in before.get("runmaterial", {}).items() if was is None}
    claimed = {line.pk: (line.spool_id, line.reserved_grams) for line in lines}
    changed, fields = row_changes.put_back([line for line in lines if line.pk not in new], before)
    for line in [*changed, *(line for line in lines if line.pk in new)]:
        if line.pk in new:
            reported.detach(book, line)
        spool, grams = claimed[line.pk]
        if spool and (spool != line.spool_id or line.pk in new):
            book.release(book.spools[spool], grams)
            grams = ledger.ZERO
        if line.spool_id and line.pk not in new:
            book.change_claim(book.spools[line.spool_id], grams, line.reserved_grams)
    moved = [line.pk for line in changed if claimed[line.pk][0] != line.spool_id]
    # Lines may have exchanged their spools: a spool is on one line at any moment.
    RunMaterial.objects.filter(pk__in=moved).update(spool=None, reserved_grams=0)
    bulk_update(changed, sorted({*fields, "spool", "reserved_grams"}))
    return new


def _put_run_back(run, done, *, at):
    """Write the printer; returns the names of the fields that are to be written of the run."""
    was_printing = run.is_printing and not run.is_deleted
    if run.printer is not None:
        printers, fields = row_changes.put_back([run.printer], done.before)
        bulk_update(printers, fields)
    _run, fields = row_changes.put_back([run], done.before)
    if done.from_status == Status.IN_PROGRESS and run.finished_at is None and not was_printing:
        readiness.require_untaken_printer(run, since=done.at)
    if run.external_id and "deleted_at" in fields:
        _require_own_external_id(run)
    if done.to_status in ProductionRun.CLOSED and done.from_status != done.to_status:
        run.reopened_at = at
        fields.append("reopened_at")
    return fields


def _require_own_external_id(run):
    other = ProductionRun.objects.live().filter(external_id=run.external_id).first()
    if other is not None:
        raise Duplicate(
            _("Run %(other)s has the external ID of run %(run)s by now: change that one first.")
            % {"other": other.number, "run": run.number},
            errors={"external_id": [_("Run %(other)s has it.") % {"other": other.number}]},
            run_id=other.pk,
        )
