"""Which spools a sliced file can be printed from: its plates together, so that one spool has
enough for all of them. Queries only."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F

from production.models import Printer, ProductionRun, RunMaterial, SlicedFile
from production.services.requirements import claims
from production.services.sliced_files import contents, fitting, learnt_profiles
from production.services.sliced_files.matching import match
from production.services.sliced_files.proposals import WantedSlot
from tenants.operations.compiled import IsOneOf

MOST_OF_RUN = 20  # spools of a line, before those that do not meet it are left out
MOST_RUNS = 20  # of a file, among which is the last one whose spools are known


def propose(file, *, printer=None, copies=1, plates=None, by_hand=None):
    """A MatchedSlot for each slot of the file, or of the ``plates`` with these indexes; without a
    printer those of the one that is known to be meant."""
    wanted = wanted_slots(file, plates=plates)
    printer = printer or printer_of(file)
    return match(wanted, printer=printer, plates=copies, by_hand=by_hand)


def of_run(run, lines):
    """``{line id: MatchedSlot}`` of lines of a planned run that are for slots of its file, with
    spools that meet the line; what a line has is chosen for it. Six queries."""
    plates = contents.plates_of(run.sliced_file) if run.sliced_plates else ()
    slots = {
        slot.slot: slot
        for plate in reversed(plates)
        if plate.index in run.sliced_plates
        for slot in plate.slots
    }
    mine = {line.sliced_slot: line for line in lines if line.sliced_slot in slots}
    wanted = [
        WantedSlot(
            number,
            line.planned_total_grams / line.slicer_factor,  # which the spools' own multiply again
            *(getattr(slots[number], name) for name in ("material", "color_hex", "profile")),
        )
        for number, line in mine.items()
    ]
    named = {number: line.spool for number, line in mine.items()}
    matched = match(wanted, printer=run.printer, by_hand=named, most=MOST_OF_RUN) if mine else ()
    return {mine[each.wanted.slot].pk: _met(mine[each.wanted.slot], each) for each in matched}


def _met(line, matched):
    """A MatchedSlot with the spools that meet a line alone."""
    chosen = matched.chosen
    met = [
        each
        for each in matched.proposals
        if each.spool.pk == line.spool_id or claims.matches(line, each.spool)
    ]
    return replace(matched, proposals=tuple(met), chosen=chosen if chosen in met else None)


def wanted_slots(file, *, plates=None):
    """The WantedSlots of a file, in their order, with what was taken the last time that it was
    printed, else for its profile in that colour. Four queries at most, or five."""
    of_slot = defaultdict(list)
    for plate in contents.plates_of(file):
        if plates is None or plate.index in plates:
            for slot in plate.slots:
                of_slot[slot.slot].append(slot)
    taken = _taken(file)
    first = sorted(of_slot.items())[: contents.MOST_SLOTS]
    known = learnt_profiles.taken_for([slots[0] for number, slots in first if number not in taken])
    return [
        _wanted(slots, taken.get(number), known.get(learnt_profiles.look_of(slots[0])))
        for number, slots in first
    ]


def printer_of(file):
    """The printer that a file is for: of the token it was sent with, else the only one in use that
    it fits; None where that is not known."""
    if file.printer is not None:
        return file.printer
    found = [each for each in Printer.objects.active().order_by("pk") if fitting.fits(file, each)]
    return found[0] if len(found) == 1 else None


def _wanted(slots, taken, learnt):
    known = [slot.grams for slot in slots if slot.grams is not None]
    filament, lot = taken or learnt or (None, "")
    return WantedSlot(
        slots[0].slot,
        sum(known, Decimal(0)) if len(known) == len(slots) else None,
        slots[0].material,
        slots[0].color_hex,
        slots[0].profile,
        filament_id=filament,
        lot_number=lot,
        is_learnt=not taken and bool(learnt),
    )


def _taken(file):
    """``{slot: (filament, lot)}`` of the last run of the same file for which spools were named."""
    same = ArraySubquery(SlicedFile.objects.filter(sha256=file.sha256).values("pk"))
    runs = ProductionRun.objects.live().filter(IsOneOf("sliced_file", same))
    # Not by the id itself, in whose order PostgreSQL may look through all runs.
    last = list(runs.order_by((F("pk") + 0).desc()).values_list("pk", flat=True)[:MOST_RUNS])
    if not last:
        return {}
    lines = RunMaterial.objects.filter(sliced_slot__isnull=False, spool__isnull=False)
    rows = lines.filter(run__in=last).order_by("-run", "pk")
    taken, newest = {}, None
    for run, slot, *values in rows.values_list(
        "run", "sliced_slot", "spool__filament", "spool__lot_number"
    ):
        newest = newest or run
        if run == newest:
            taken.setdefault(slot, tuple(values))
    return taken
