"""Undo of a load: spools are in the slots that they were in."""

from django.utils.translation import gettext as _

from inventory.models import SpoolEvent
from inventory.services import ledger
from production.models import PrinterSlot
from production.services import overrides
from production.services.printing import slots
from tenants.operations.operation import operation

Verb = SpoolEvent.Verb
PLACES = (Verb.LOADED, Verb.UNLOADED)
TAKEN_BACK = "taken back"  # in the history


@operation("spool.undo_load")
def undo_load(event, *, by, at=None):
    """Take a load back by its SpoolEvent: the spool is where it was, what came out is in
    again unless it was archived since, what was opened by it is sealed. Returns the spool.

    Raises UndoNotPermitted, NothingToUndo, SpoolPrinting.
    """
    overrides.require_own(by=by, done_by=event.by_id, done_at=event.at, at=at)
    printers = together([event]).values_list("slot__printer", flat=True)
    slots.lock_printers({*printers} - {None})  # what was opened with it is in no slot
    return put_back(event, by=by, at=at)


def of_start(run):
    """The SpoolEvents of what the last start of the run loaded, newest first; or what a change of
    its printer did since."""
    start = run.events.filter(verb__in=("start", "change_printer")).order_by("-pk").first()
    ids = start.before.get("loads", ()) if start else ()
    return list(SpoolEvent.objects.filter(pk__in=ids).order_by("-pk"))


def together(loads):
    """The SpoolEvents of these loads, and of what came out or was opened with them."""
    return SpoolEvent.objects.filter(group__in=[event.group for event in loads])


def put_back(event, *, by, at, besides=None):
    """As `undo_load` does, whoever did it; the printers are locked. ``besides``: the run whose verb
    it was part of, which prints from there."""
    group = together([event]).order_by("pk")
    was = dict(group.filter(verb=Verb.UNLOADED).values_list("slot", "spool"))
    ids = {event.slot_id, *was} - {None}
    places = PrinterSlot.objects.select_related("printer").in_bulk(ids)
    _require_last(event, places, was)
    target = places[event.slot_id]
    slots.refuse_printing([target], besides=besides)
    with ledger.book([event.spool_id, *was.values()], by=by, at=at) as book:
        slots.take_out(book, target)
        for slot in (places[pk] for pk in was if pk in places):
            if book.spools[was[slot.pk]].is_archived:
                continue
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
