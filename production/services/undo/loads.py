"""A swap or a load taken back: spools are in the slots that they were in.

What was where is read from the SpoolEvents of the load, which are all of one moment.
"""

from django.db.models import Value
from django.db.models.functions import Concat

from inventory.models import SpoolEvent
from inventory.services import ledger
from production.models import PrinterSlot, RunMaterial
from production.services import overrides
from production.services.printing import drafts, slots
from tenants.operations.operation import operation

Verb = SpoolEvent.Verb
PLACES = (Verb.LOADED, Verb.UNLOADED)
TAKEN_BACK = "taken back"


def unswap(run, *, event, by):
    """Take a swap back, as the RunEvent tells it: in the run, and in the slot if the new spool is
    still there; returns the run. Raises as ``drafts.take_back`` does, SpoolArchived besides."""
    added = RunMaterial.objects.filter(run=run, pk=event.before.get("added")).first()
    old = RunMaterial.objects.filter(run=run, pk__in=event.before["materials"]).first()
    slot = added and PrinterSlot.objects.filter(spool=added.spool_id, printer=run.printer_id)
    slot = slot and slot.first()
    target, former = slots.locked(slot, old.spool) if slot else (None, None)
    run = drafts.take_back(run, event=event, by=by)
    if target is not None and target.spool_id == added.spool_id and former is None:
        slots.put(target, None, old.spool, by=by, at=None)
    return run


@operation("spool.undo_load")
def undo_load(event, *, by, at=None):
    """Take a load back, as its SpoolEvent tells it: the spool is where it was, what came out is in
    again, what was opened by it is sealed. Returns the spool.

    Raises UndoNotPermitted, NothingToUndo, SpoolPrinting.
    """
    overrides.require_own(by=by, done_by=event.by_id, done_at=event.at, at=at)
    slots.lock_printers(
        {slot.printer_id for slot in (_require_still_there(event), *_before(event))}
    )
    target, before = _require_still_there(event), _before(event)  # again, under the lock
    slots.refuse_printing([target])
    out = before.pop(target, None)
    with ledger.book([event.spool_id, out], by=by, at=at) as book:
        spool = book.spools[event.spool_id]
        slots.take_out(book, target)
        for place, pk in {**before, target: out}.items():
            if pk is not None:
                place.spool = book.spools[pk]
                place.save(update_fields=["spool"])
                slots.record_event(
                    book, place.spool, Verb.LOADED, before=TAKEN_BACK, after=str(place)
                )
        if event.spool.events.filter(verb=Verb.OPENED, at=event.at).exists():
            _seal(book, spool)
    return spool


def _require_still_there(event):
    """The slot that a load put the spool into, if nothing happened to either since."""
    slot = PrinterSlot.objects.filter(spool=event.spool_id).select_related("printer").first()
    last = event.spool.events.filter(verb__in=PLACES).order_by("-pk").first()
    if slot is None or last != event or str(slot) != event.after:
        raise _undone_too_late(event)
    return slot


def _before(event):
    """``{slot: id of the spool}`` as it was before the load, of the slots it changed."""
    unloaded = SpoolEvent.objects.filter(verb=Verb.UNLOADED, at=event.at, by=event.by_id)
    unloaded = unloaded.select_related("spool")
    was = {each.before: each.spool_id for each in unloaded if each.spool.archived_at is None}
    called = Concat("printer__name", Value(" "), "label")
    rows = PrinterSlot.objects.annotate(called=called).filter(called__in=was)
    found = list(rows.select_related("printer").order_by("pk"))
    taken = [slot for slot in found if slot.spool_id and slot.called != event.after]
    moved = PrinterSlot.objects.filter(spool__in=was.values()).exclude(spool=event.spool_id)
    if taken or moved.exists():
        raise _undone_too_late(event)
    return {slot: was[slot.called] for slot in found}


def _seal(book, spool):
    before, spool.opened_at = spool.opened_at, None
    spool.save(update_fields=["opened_at"])
    SpoolEvent.objects.create(
        spool=spool, verb=Verb.OPENED, before=before.isoformat(), by=book.by, at=book.at
    )


def _undone_too_late(event):
    return overrides.NothingToUndo(
        f"Spool {event.spool.code} or what was in {event.after} was moved since.",
        spool_id=event.spool_id,
    )
