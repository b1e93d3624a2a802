"""A swap or a load taken back: spools are in the slots that they were in."""

from django.utils.translation import gettext as _

from inventory.models import SpoolEvent
from inventory.services import ledger
from production.models import PrinterSlot, RunMaterial
from production.services import overrides
from production.services.printing import drafts, slots
from tenants.operations.operation import operation

Verb = SpoolEvent.Verb
PLACES = (Verb.LOADED, Verb.UNLOADED)
TAKEN_BACK = "taken back"  # in the history


def unswap(run, *, event, by):
    """Take a swap back by its RunEvent: in the run, and in the slot if the new spool is
    still there; returns the run. Raises as ``drafts.take_back`` does, SpoolArchived besides."""
    added = RunMaterial.objects.filter(run=run, pk=event.before.get("added")).first()
    old = RunMaterial.objects.filter(run=run, pk__in=event.before["materials"]).first()
    slots_of_run = PrinterSlot.objects.filter(printer=run.printer_id)
    slot = slots_of_run.filter(spool=added.spool_id).first() if added else None
    target, former = slots.locked(slot, old.spool) if slot else (None, None)
    run = drafts.take_back(run, event=event, by=by)
    if target is not None and target.spool_id == added.spool_id and former is None:
        slots.put(target, None, old.spool, by=by, at=None)
    return run


@operation("spool.undo_load")
def undo_load(event, *, by, at=None):
    """Take a load back by its SpoolEvent: the spool is where it was, what came out is in
    again, what was opened by it is sealed. Returns the spool.

    Raises UndoNotPermitted, NothingToUndo, SpoolPrinting.
    """
    overrides.require_own(by=by, done_by=event.by_id, done_at=event.at, at=at)
    group = SpoolEvent.objects.filter(group=event.group).order_by("pk")
    slots.lock_printers(group.values("slot__printer"))
    unloaded = group.filter(verb=Verb.UNLOADED, spool__archived_at__isnull=True)
    was = dict(unloaded.values_list("slot", "spool"))
    ids = {event.slot_id, *was} - {None}
    places = PrinterSlot.objects.select_related("printer").in_bulk(ids)
    _require_last(event, places, was)
    target = places[event.slot_id]
    slots.refuse_printing([target])
    with ledger.book([event.spool_id, *was.values()], by=by, at=at) as book:
        slots.take_out(book, target)
        for slot in (places[pk] for pk in was if pk in places):
            slot.spool = book.spools[was[slot.pk]]
            slot.save(update_fields=["spool"])
            history = {"before": TAKEN_BACK, "after": str(slot), "slot": slot, "undoes": event}
            slots.record_event(book, slot.spool, Verb.LOADED, **history)
        spool = book.spools[event.spool_id]
        if group.filter(verb=Verb.OPENED).exists():
            opened_at, spool.opened_at = spool.opened_at, None
            spool.save(update_fields=["opened_at"])
            slots.record_event(book, spool, Verb.OPENED, before=opened_at.isoformat())
    return spool


def _require_last(event, places, was):
    """Raise NothingToUndo unless the load was the last that happened to its spool, and what it
    moved is still as it left it; ``was`` maps the slots to the spools that it took out."""
    last = event.spool.events.filter(verb__in=PLACES).order_by("-pk").first()
    target = places.get(event.slot_id)
    is_there = last == event and target is not None and target.spool_id == event.spool_id
    is_taken = any(slot.spool_id for slot in places.values() if slot != target)
    others = set(was.values()) - {event.spool_id}
    if not is_there or is_taken or PrinterSlot.objects.filter(spool__in=others).exists():
        raise overrides.NothingToUndo(
            _("Spool %(spool)s or what was in %(slot)s was moved since.")
            % {"spool": event.spool.code, "slot": target or event.after},
            spool_id=event.spool_id,
        )
