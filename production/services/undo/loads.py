"""Undo of a load and of an unload: spools are in the slots that they were in."""

from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, Location, SpoolEvent
from inventory.services import ledger, reversing
from inventory.services.spools import shelf
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


@operation("spool.undo_unload")
def undo_unload(event, *, by, at=None):
    """Take an unload back by its SpoolEvent: the spool is in its slot again, at the location and
    with the grams that it had in the book. Returns the spool.

    Raises UndoNotPermitted, NothingToUndo, and as ``reversing.reverse`` does.
    """
    overrides.require_own(by=by, done_by=event.by_id, done_at=event.at, at=at)
    slot = PrinterSlot.objects.select_related("printer").filter(pk=event.slot_id).first()
    slots.lock_printers({slot.printer_id} if slot else ())
    together_with = {"spool": event.spool_id, "created_at": event.at}
    counts = InventoryTransaction.objects.filter(
        **together_with, kind="count", performed_by=event.by_id, production_run=None
    )
    with ledger.book([event.spool_id], by=by, at=at) as book:
        spool = book.spools[event.spool_id]
        _require_still_out(event, slot, spool)
        entry = _require_last_entry(counts.first(), spool)
        slot.refresh_from_db(fields=["spool"])
        _put_at_former_location(book, spool, event)
        slots.put_in(book, slot, spool, before=TAKEN_BACK, undoes=event)
    if entry is not None and entry.grams:  # the ledger has no reversal of one that moved nothing
        reversing.reverse(entry, reason=TAKEN_BACK, by=by, at=at)
    return spool


def of_start(run):
    """The SpoolEvents of what the last start of the run loaded, newest first; or what a change of
    its printer, or the undo of one, did since."""
    undone = Q(verb="take_back", reason="change_printer")
    found = run.events.filter(Q(verb__in=("start", "change_printer")) | undone)
    start = found.order_by("-pk").first()
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
        slots.take_out(book, target, undoes=event)
        for slot in (places[pk] for pk in was if pk in places):
            if book.spools[was[slot.pk]].is_archived:
                continue
            slots.put_in(book, slot, book.spools[was[slot.pk]], before=TAKEN_BACK, undoes=event)
        spool = book.spools[event.spool_id]
        if group.filter(verb=Verb.OPENED).exists():
            opened_at, spool.opened_at = spool.opened_at, None
            spool.save(update_fields=["opened_at"])
            slots.record_event(book, spool, Verb.OPENED, before=opened_at.isoformat())
    return spool


def _require_still_out(event, slot, spool):
    """Raise NothingToUndo unless nothing happened to the spool and its slot after the unload."""
    last = event.spool.events.filter(verb__in=PLACES).order_by("-pk").first()
    is_out = last == event and event.undoes_id is None and not spool.is_archived
    is_alone = not together([event]).filter(verb=Verb.LOADED).exists()
    if not (is_out and is_alone and slot) or PrinterSlot.objects.filter(
        pk=slot.pk, spool__isnull=False
    ):
        raise overrides.NothingToUndo(
            _("Spool %(spool)s or what was in %(slot)s was moved since.")
            % {"spool": event.spool.code, "slot": slot or event.before},
            spool_id=event.spool_id,
        )


def _require_last_entry(entry, spool):
    """The count that the unload made, None without one. Raises NothingToUndo where the ledger went
    on since, or it was reversed."""
    if entry is None:
        return None
    later = InventoryTransaction.objects.not_metered().filter(spool=spool, pk__gt=entry.pk)
    if later.exists():
        text = _("The ledger of spool %(spool)s moved since.")
        raise overrides.NothingToUndo(text % {"spool": spool.code}, spool_id=spool.pk)
    return entry


def _put_at_former_location(book, spool, event):
    """Where it was before the unload, unless it was moved since, or that place is gone."""
    moves = spool.events.filter(verb=Verb.MOVED, pk__gt=event.pk).order_by("-pk")
    moved = moves.first()
    if moved is None or moved.at != event.at or moved.by_id != event.by_id:
        return
    former = Location.objects.filter(name=moved.before).first()
    if former is not None or not moved.before:
        spool.location = former
        shelf.write(book, spool, "location")
        shelf.record(book, spool, Verb.MOVED, before=moved.after, after=moved.before)


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
