"""Which spool is in which slot of a printer: loaded, taken out, swapped while it prints.

Locks are taken in one order: printers by id, their slots, spools by id.
"""

from uuid import uuid4

from django.utils.translation import gettext as _

from inventory.models import SpoolEvent
from inventory.services import ledger
from production.models import Printer, PrinterSlot, RunMaterial
from production.services.printing import midprint
from tenants.accounts import audited
from tenants.operations.operation import in_transaction, operation
from tenants.operations.refusals import Busy, Refusal

Verb = SpoolEvent.Verb


class SpoolPrinting(Refusal):
    code = "spool_printing"
    title = "A run in progress prints from this spool"


class SlotEmpty(Refusal):
    code = "slot_empty"
    title = "The slot is empty already"


class SlotTaken(Refusal):
    code = "slot_taken"
    title = "There is a spool in the slot"


class NothingPrinting(Refusal):
    code = "nothing_printing"
    title = "No run prints from this slot"


@operation("spool.load")
def load(spool, *, slot, by, at=None):
    """Put the spool into a PrinterSlot; returns the slot.

    What was in the slot comes out, and the spool leaves the slot it was in; one that was sealed
    is opened. Where it is there already nothing changes. Raises SpoolPrinting,
    SpoolArchived.
    """
    target, former = locked(slot, spool)
    if target.spool_id == spool.pk:
        return target
    refuse_printing([target, former])
    put(target, former, spool, by=by, at=at)
    return target


@operation("spool.unload")
def unload(slot, *, by, at=None):
    """Take the spool out of a PrinterSlot; returns the slot. Raises SlotEmpty, SpoolPrinting."""
    target, _former = locked(slot)
    if target.spool_id is None:
        raise SlotEmpty(
            _("There is no spool in %(target)s.") % {"target": target}, slot_id=target.pk
        )
    refuse_printing([target])
    with ledger.book([target.spool_id], by=by, at=at) as book:
        take_out(book, target)
    return target


@operation("production_run.swap_in_slot")
def swap(run, *, line, spool, by, at=None, **given):
    """Swap a spool of a run as ``midprint.swap_spool`` does, and load the new one into the slot
    where the old one was; returns the new spool's RunMaterial.

    ``line`` is the id of the RunMaterial; ``so_far``, ``is_empty`` and ``override_reason`` are as
    there, and so is what it raises, SpoolPrinting besides.
    """
    slot = PrinterSlot.objects.filter(spool__run_materials=line, printer=run.printer_id).first()
    target, former = locked(slot, spool) if slot else (None, None)
    new = midprint.swap_spool(run, by=by, at=at, spool=spool, line=line, **given)
    if target is not None and target.spool_id != spool.pk:
        refuse_printing([former], besides=run)
        put(target, former, spool, by=by, at=at)
    return new


def line_printing(slot):
    """The RunMaterial that draws from the spool in the slot now. Raises NothingPrinting."""
    line = _drawing([slot.spool_id]).filter(run__printer=slot.printer_id).first()
    if line is None:
        raise NothingPrinting(
            _("No run prints from %(slot)s: load the spool instead.") % {"slot": slot},
            slot_id=slot.pk,
        )
    return line


def remove(slot, *, by):
    """Take an empty slot off its printer. Raises SlotTaken, InUse."""

    def work():
        target, _former = locked(slot)
        if target.spool_id is not None:
            raise SlotTaken(
                _("Spool %(spool)s is in %(target)s: take it out first.")
                % {"spool": target.spool.code, "target": target},
                slot_id=target.pk,
                spool_id=target.spool_id,
            )
        audited.delete(target, by=by)

    in_transaction(work)


def lock_printers(ids):
    """Lock the printers, and with them their slots."""
    rows = Printer.objects.filter(pk__in=ids).order_by("pk")
    list(rows.select_for_update(no_key=True, of=("self",)))


def locked(slot, spool=None):
    """Lock the printers concerned and their slots: the slot, and the one the spool is in."""
    former = PrinterSlot.objects.filter(spool=spool).first() if spool else None
    printers = {slot.printer_id} | ({former.printer_id} if former else set())
    lock_printers(printers)
    slots = PrinterSlot.objects.filter(printer__in=printers).select_related("printer", "spool")
    slots = slots.order_by("pk").select_for_update(no_key=True, of=("self",))
    slots = {each.pk: each for each in slots}
    if slot.pk not in slots:
        raise Busy(_("The slot was moved or removed at this very moment; try again."))
    holding = PrinterSlot.objects.filter(spool=spool).first() if spool else None
    if holding is not None and holding.printer_id not in printers:
        raise Busy(_("The spool was loaded elsewhere at this very moment; try again."))
    return slots[slot.pk], slots.get(holding.pk) if holding else None


def drawing(slots):
    """``{slot: RunMaterial}`` of the slots whose spool a run in progress draws from."""
    drawn = {slot.spool_id: slot for slot in slots if slot.spool_id}
    return {drawn[line.spool_id]: line for line in _drawing(drawn)}


def refuse_printing(slots, *, besides=None):
    drawn = {slot.spool_id: slot for slot in slots if slot is not None and slot.spool_id}
    line = _drawing(drawn).exclude(run=besides).first()
    if line is not None:
        raise SpoolPrinting(
            _(
                "Run %(run)s prints from spool %(spool)s in %(drawn)s: swap the spool in the "
                "run, or complete it first."
            )
            % {"run": line.run.number, "spool": line.spool.code, "drawn": drawn[line.spool_id]},
            run_id=line.run_id,
            spool_id=line.spool_id,
        )


def _drawing(spools):
    """Lines of runs in progress that draw from these spools, by id."""
    lines = RunMaterial.objects.drawing().filter(spool__in=[pk for pk in spools if pk])
    return lines.select_related("run", "spool").order_by("pk")


def put(target, former, spool, *, by, at):
    """Put the spool into a locked slot, out of its ``former`` one (None: it was in none)."""
    group = uuid4()
    with ledger.book([spool.pk, target.spool_id], by=by, at=at) as book:
        fresh = book.spools[spool.pk]
        if fresh.is_archived:
            raise ledger.SpoolArchived(
                _("Spool %(fresh)s is archived: restore it first.") % {"fresh": fresh.code},
                spool_id=fresh.pk,
            )
        for slot in (former, target):
            if slot is not None and slot.spool_id:
                take_out(book, slot, group=group)
        target.spool = fresh
        target.save(update_fields=["spool"])
        if fresh.is_sealed:
            fresh.opened_at = book.at
            fresh.save(update_fields=["opened_at"])
            record_event(book, fresh, Verb.OPENED, after=book.at.isoformat(), group=group)
        record_event(book, fresh, Verb.LOADED, after=str(target), slot=target, group=group)


def take_out(book, slot, **event):
    spool = book.spools[slot.spool_id]
    slot.spool = None
    slot.save(update_fields=["spool"])
    record_event(book, spool, Verb.UNLOADED, before=str(slot), slot=slot, **event)


def record_event(book, spool, verb, **event):
    SpoolEvent.objects.create(spool=spool, verb=verb, by=book.by, at=book.at, **event)
    book.touch(spool)
