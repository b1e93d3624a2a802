"""What the spool of a line has too little of is reserved of its twins: spools of the same filament
in other slots of the printer, which follow when it is empty."""

from decimal import Decimal
from typing import NamedTuple

from inventory.services import ledger
from inventory.services.ledger import ZERO
from production.models import PrinterSlot, RunMaterial
from production.services import run_state
from production.services.requirements import claims
from tenants.operations.bulk import bulk_update

PLANNED = {"planned_grams", "planned_purge_grams"}


class Share(NamedTuple):
    """Grams that follow from the spool in a slot."""

    slot: PrinterSlot
    spool: object
    grams: object


def short_of(line, spool):
    """How much more the line wants of the spool than it could reserve of it."""
    if spool.pk == line.spool_id:
        return max(-spool.available_grams, ZERO)
    return max(line.planned_total_grams - spool.available_grams, ZERO)


def shares(line, spool, loaded, *, taken):
    """Shares of twins of the spool, among the ``loaded`` ``(slot, spool)`` of its printer, that
    make up for what it has too little for the line; none where they don't have enough together.
    ``taken`` are the ids of spools that the run draws from otherwise."""
    found, short = [], short_of(line, spool)
    if short > line.planned_total_grams:  # others reserved more of it than there is
        return []
    for slot, twin in loaded:
        is_twin = twin.filament_id == spool.filament_id and _is_offered(twin)
        if short and is_twin and twin.pk not in taken and twin.available_grams > 0:
            part = min(twin.available_grams, short)
            found.append(Share(slot, twin, part))
            short -= part
    return [] if short else found


def _is_offered(spool):
    return not (spool.is_archived or spool.is_held)


def reserve(book, run, run_lines, chosen):
    """Move what a line's spool (``{line id: spool}`` chosen, else its own) has too little of, plan
    and claim, to lines that follow, of its twins, of which the book has the spools. Returns these
    lines, not saved, and what those that they follow still reserve: ``{line id: grams}``.
    """
    spools = {line.pk: _spool_of(book, line, chosen) for line in run_lines}
    taken = {spool.pk for spool in spools.values() if spool}
    new, rest, loaded = [], {}, None
    for line in run_lines:
        spool = spools[line.pk]
        short = short_of(line, spool) if spool and claims.matches(line, spool) else ZERO
        if not short:
            continue
        loaded = _loaded(book, run) if loaded is None else loaded
        wanted = line.reserved_grams if spool.pk == line.spool_id else line.planned_total_grams
        found = shares(line, spool, loaded, taken=taken)
        if short > wanted or not found:
            continue
        rest[line.pk] = wanted - short
        for share in found:
            taken.add(share.spool.pk)
            new.append(following(line, share))
            book.change_claim(share.spool, ZERO, share.grams)
    return new, rest


def _spool_of(book, line, chosen):
    spool = chosen.get(line.pk)
    return book.spools.get(spool.pk if spool else line.spool_id)


def _loaded(book, run):
    slots = PrinterSlot.objects.filter(printer=run.printer_id, spool__isnull=False)
    rows = slots.order_by("label", "pk")
    return [(slot, book.spools[slot.spool_id]) for slot in rows if slot.spool_id in book.spools]


def following(line, share):
    """A line for the grams that follow from another spool, not saved; the line has so much less
    of its plan."""
    part = min(share.grams, line.planned_grams)
    purge = share.grams - part
    line.planned_grams -= part
    line.planned_purge_grams -= purge
    wanted = {"filament": line.filament, "material_type": line.material_type}
    plan = {"planned_grams": part, "planned_purge_grams": purge}
    plan |= {"planned_source": line.planned_source, "sliced_slot": line.sliced_slot}
    claim = {"spool": share.spool, "reserved_grams": share.grams}
    return RunMaterial(run=line.run, slot=share.slot, **wanted, **plan, **claim)


def add(run, run_lines, following):
    """Save the lines that `reserve` made, and those that they follow."""
    if following:
        bulk_update(run_lines, sorted(PLANNED))
        run.changes.is_short = True
    for line in following:
        line.save(force_insert=True)
        run.changes.add(line)


def drop(run, *, by, at):
    """Delete the lines that the start made of twins; those that they follow have all of their plan
    again, and reserve it, though their spools have too little."""
    start = run.events.filter(verb="start").order_by("-pk").first()
    was = start.before.get("runmaterial", {}) if start else {}
    new = {int(pk) for pk, before in was.items() if before is None}
    if not new:
        return
    run_lines = run_state.lock_lines(run)
    ids = [line.spool_id for line in run_lines]
    with ledger.book(ids, by=by, at=at, allow_overclaim=True) as book:
        for line in run_lines:
            before = was.get(str(line.pk)) or {}
            for name in PLANNED & before.keys():
                setattr(line, name, Decimal(before[name]))
            if line.pk in new or PLANNED & before.keys():
                grams = ZERO if line.pk in new else line.planned_total_grams
                claims.place(book, line, book.spools[line.spool_id], grams)
        bulk_update(run_lines, ("reserved_grams", *PLANNED))
    RunMaterial.objects.filter(pk__in=new).delete()
