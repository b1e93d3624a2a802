"""Slots of printers: which spool is loaded, unloaded, or used by a run.

Locks are taken in one order: printers by id, their slots, spools by id.
"""

from uuid import uuid4

from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import SpoolEvent
from inventory.services import held_spools, ledger
from inventory.services.spools import scale, shelf
from inventory.services.spools.returned import refusal_of_archived
from production.models import Printer, PrinterSlot, RunMaterial
from production.services import overrides
from production.services.printing import active_spool
from production.services.requirements import claims
from tenants.accounts import audited
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.operation import in_transaction, operation
from tenants.operations.refusals import Busy, Invalid, Refusal

Verb = SpoolEvent.Verb
TEXT_LENGTH = SpoolEvent._meta.get_field("before").max_length
ANY = object()  # whatever is in the slot
AS_NOTED = object()  # the place of a spool stays


class SpoolPrinting(Refusal):
    code = "spool_printing"
    title = "A run in progress prints from this spool"


class SlotEmpty(Refusal):
    code = "slot_empty"
    title = "The slot is empty already"


class SlotTaken(Refusal):
    code = "slot_taken"
    title = "There is a spool in the slot"


class SlotChanged(Refusal):
    code = "slot_changed"
    title = "Another spool is in the slot by now"


class NothingPrinting(Refusal):
    code = "nothing_printing"
    title = "No run prints from this slot"


@operation("spool.load")
def load(
    spool,
    *,
    slot,
    by,
    at=None,
    only_free=False,
    instead_of=ANY,
    override_reason="",
    is_reported=False,
):
    """Put the spool into a PrinterSlot; returns the slot.

    What was in the slot comes out, and the spool leaves the slot it was in, unless ``only_free``;
    one that was sealed is opened. Where it is there already nothing changes. ``instead_of`` is the
    id of the spool that is in the slot as far as the caller knows, None for none. One that is held
    needs a manager's ``override_reason``, unless its printer reports that it is there. Raises
    SpoolPrinting, SpoolArchived, SpoolHeld, SlotChanged, with ``only_free`` SlotTaken.
    """
    overridden = overrides.granted(override_reason, by=by)
    target, former = locked(slot, spool)
    if target.spool_id == spool.pk:
        return target
    _require_seen(target, instead_of)
    if only_free:
        _require_free(target, former)
    refuse_printing([target, former])
    is_any = overridden or is_reported
    put(target, former, spool.pk, by=by, at=at, is_any=is_any, remark=override_reason)
    return target


@operation("spool.unload")
def unload(
    slot,
    *,
    by,
    at=None,
    spool=ANY,
    location=AS_NOTED,
    gross_grams=None,
    remaining_grams=None,
    confirm=False,
):
    """Take the spool out of a PrinterSlot; returns the slot.

    If they are given, the spool is put at a ``location`` (None: not set), and counted: by what the
    scale shows with the reel, ``gross_grams``, or what is left of it, ``remaining_grams``;
    ``confirm`` accepts a weight that is hard to believe. ``spool`` is the id of what is in the
    slot as far as the caller knows. Raises SlotEmpty, SlotChanged, SpoolPrinting, Invalid,
    TareUnknown, WeighingImplausible.
    """
    if gross_grams is not None and remaining_grams is not None:
        error = _("Either this or the weight with the reel.")
        text = _("Give the weight with the reel, or what is left without it; not both.")
        raise Invalid(text, errors={"remaining_grams": [error]})
    target, _former = locked(slot)
    if target.spool_id is None:
        raise SlotEmpty(
            _("There is no spool in %(target)s.") % {"target": target}, slot_id=target.pk
        )
    _require_seen(target, spool)
    refuse_printing([target])
    spool = target.spool
    with ledger.book([spool.pk], by=by, at=at) as book:
        take_out(book, target)
    how = {"by": by, "at": book.at}
    if location is not AS_NOTED:
        shelf.move(spool, location=location, **how)
    _count(spool, gross_grams, remaining_grams, confirm=confirm, **how)
    return target


def _count(spool, gross_grams, remaining_grams, **how):
    if gross_grams is not None:
        scale.weigh(spool, gross_grams=gross_grams, **how)
    if remaining_grams is not None:
        scale.count_left(spool, remaining_grams=remaining_grams, **how)


def _require_seen(slot, spool_id):
    """Raise SlotChanged where another spool is in the slot than somebody saw there."""
    if spool_id is not ANY and slot.spool_id != spool_id:
        text = _("%(slot)s is empty by now: look at it again.") % {"slot": slot}
        if slot.spool_id is not None:
            text = _("Spool %(spool)s is in %(slot)s by now: look at it again.")
            text %= {"spool": slot.spool.code, "slot": slot}
        raise SlotChanged(text, slot_id=slot.pk, spool_id=slot.spool_id)


def around(run, spool_ids, *, printer=None):
    """The ids of the printers whose slots `load_lines` may change for the run, if it draws from
    these spools besides its own, and of the spools that are in those slots; on a ``printer`` if it
    is given another."""
    on = {run.printer_id} if printer is None else {run.printer_id, printer.pk}
    rows = [row for pk in on for row in _of_run(run, spool_ids, pk).values_list("printer", "spool")]
    printers = {pk for pk, _spool in rows} | (on - {None} if printer is not None else set())
    return printers, {spool for _pk, spool in rows}


def load_lines(run, lines, *, by, at, replacing=None):
    """Load the spools of these lines of the (locked) run into its printer, each where it is clear
    into which slot: that of the spool it is ``replacing``, the one its line names, or the only one
    that is free. What the printer holds already stays, and so does what another run prints from."""
    spools = [line.spool_id for line in lines if line.spool_id]
    rows = (
        _of_run(run, [*spools, replacing], run.printer_id)
        .select_related("printer", "spool")
        .order_by("pk")
    )
    rows = list(rows.select_for_update(no_key=True, of=("self",)))
    own = [slot for slot in rows if slot.printer_id == run.printer_id]
    former = {slot.spool_id: slot for slot in rows if slot.spool_id in spools}
    targets = _targets(own, run, lines, replacing)
    held = {pk for pk in (*targets, *(slot.spool_id for slot in targets.values())) if pk}
    others = {line.spool_id for line in _drawing(spools=list(held)) if line.run_id != run.pk}
    for pk, target in targets.items():
        if target.spool_id == pk or {pk, target.spool_id} & others:
            continue
        put(target, former.get(pk), pk, by=by, at=at, changes=run.changes)


def _of_run(run, spool_ids, printer_id):
    own = Q(printer=printer_id, printer__isnull=False)
    drawn = Q(spool__in=run.materials.exclude(spool=None).values("spool"))
    return PrinterSlot.objects.filter(own | drawn | Q(spool__in=[pk for pk in spool_ids if pk]))


def _targets(own, run, lines, replacing):
    """``{spool id: slot}`` of what is to be loaded into the run's ``own`` slots."""
    if left := [slot for slot in own if replacing and slot.spool_id == replacing]:
        return {line.spool_id: left[0] for line in lines}
    drawn = set(run.materials.values_list("spool", flat=True)) - {replacing}
    free = {slot.pk: slot for slot in own if slot.spool_id not in drawn}
    here = {slot.spool_id for slot in own}
    targets, rest = {}, {}
    for line in lines:
        if line.spool_id and line.spool_id not in here:
            slot = free.pop(line.slot_id, None)
            if slot is None:  # of lines that follow each other the first
                rest.setdefault(claims.requirement(line), line.spool_id)
            else:
                targets[line.spool_id] = slot
    empty = [slot for slot in free.values() if slot.spool_id is None]
    candidates = empty or list(free.values())
    if len(rest) == len(candidates) == 1:
        [first] = rest.values()
        targets[first] = candidates[0]
    return targets


def _require_free(target, former):
    for slot in (target, former):
        if slot is not None and slot.spool_id is not None:
            raise _taken(slot)


def line_printing(slot):
    """The RunMaterial that draws from the spool in the slot now. Raises NothingPrinting."""
    lines = _drawing(spools=[slot.spool_id] if slot.spool_id else [])
    line = next((line for line in lines if line.run.printer_id == slot.printer_id), None)
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
            raise _taken(target)
        audited.delete(target, by=by)

    in_transaction(work)


def _taken(slot):
    return SlotTaken(
        _("Spool %(spool)s is in %(target)s: take it out first.")
        % {"spool": slot.spool.code, "target": slot},
        slot_id=slot.pk,
        spool_id=slot.spool_id,
    )


def lock_printers(ids):
    """Lock the printers, and with them their slots."""
    _printers(ids=list(ids))


def locked(slot, spool=None):
    """Lock the printers concerned and their slots: the slot, and the one the spool is in."""
    former = PrinterSlot.objects.filter(spool=spool).first() if spool else None
    printers = {slot.printer_id} | ({former.printer_id} if former else set())
    lock_printers(printers)
    slots = {each.pk: each for each in _slots(printers=list(printers))}
    if slot.pk not in slots:
        raise Busy(_("The slot was moved or removed at this very moment; try again."))
    holding = PrinterSlot.objects.filter(spool=spool).first() if spool else None
    if holding is not None and holding.printer_id not in printers:
        raise Busy(_("The spool was loaded elsewhere at this very moment; try again."))
    return slots[slot.pk], slots.get(holding.pk) if holding else None


def drawing(slots):
    """``{slot: RunMaterial}`` of the slots from which a run in progress draws: on their printer, or
    on one that is not known."""
    held = {slot.spool_id: slot for slot in slots if slot is not None and slot.spool_id}
    lines = _drawing(spools=list(held))
    pairs = [(held[line.spool_id], line) for line in lines]
    return {slot: line for slot, line in pairs if line.run.printer_id in {None, slot.printer_id}}


def refuse_printing(slots, *, besides=None):
    """Raise SpoolPrinting where a run in progress, ``besides`` one, draws from one of the slots."""
    for slot, line in drawing(slots).items():
        if besides is not None and line.run_id == besides.pk:
            continue
        raise SpoolPrinting(
            _(
                "Run %(run)s prints from spool %(spool)s in %(drawn)s: swap the spool in the "
                "run, or complete it first."
            )
            % {"run": line.run.number, "spool": line.spool.code, "drawn": slot},
            run_id=line.run_id,
            spool_id=line.spool_id,
        )


@compiled(spools=IDS)
def _drawing(spools):
    """Lines of runs in progress that draw from these spools, by id."""
    lines = RunMaterial.objects.drawing().filter(IsOneOf("spool", spools))
    return lines.select_related("run", "spool").order_by("pk")


@compiled(ids=IDS)
def _printers(ids):
    printers = Printer.objects.filter(IsOneOf("pk", ids)).order_by("pk")
    return printers.select_for_update(no_key=True, of=("self",))


@compiled(printers=IDS)
def _slots(printers):
    slots = PrinterSlot.objects.filter(IsOneOf("printer", printers)).order_by("pk")
    slots = slots.select_related("printer", "spool")
    return slots.select_for_update(no_key=True, of=("self",))


def put(target, former, spool_id, *, by, at, changes=None, is_any=True, remark=""):
    """Put the spool of that id into a locked slot, out of its ``former`` one (None: it was in
    none). The load is among the ``changes`` of a run's verb, if it is part of one. Unless it
    ``is_any``, raises SpoolHeld; the ``remark`` is for its history."""
    group = uuid4()
    with ledger.book([spool_id, target.spool_id], by=by, at=at) as book:
        fresh = book.spools[spool_id]
        if fresh.is_archived:
            raise refusal_of_archived(fresh)
        if not is_any:
            held_spools.require_free([fresh])
        for slot in (former, target):
            if slot is not None and slot.spool_id:
                take_out(book, slot, group=group)
        if fresh.is_sealed:
            fresh.opened_at = book.at
            fresh.save(update_fields=["opened_at"])
            record_event(book, fresh, Verb.OPENED, after=book.at.isoformat(), group=group)
        event = put_in(book, target, fresh, before=remark[:TEXT_LENGTH], group=group)
    if changes is not None:
        changes.loads.append(event)


def put_in(book, slot, spool, **event):
    """Put a spool that is in no slot into a locked slot that is empty; returns the SpoolEvent."""
    slot.spool = spool
    slot.save(update_fields=["spool"])
    active_spool.changed(slot.printer)
    return record_event(book, spool, Verb.LOADED, after=str(slot), slot=slot, **event)


def take_out(book, slot, **event):
    spool = book.spools[slot.spool_id]
    slot.spool = None
    slot.save(update_fields=["spool"])
    record_event(book, spool, Verb.UNLOADED, before=str(slot), slot=slot, **event)
    active_spool.changed(slot.printer)


def record_event(book, spool, verb, **event):
    book.touch(spool)
    return SpoolEvent.objects.create(spool=spool, verb=verb, by=book.by, at=book.at, **event)
