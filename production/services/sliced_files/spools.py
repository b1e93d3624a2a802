"""Which spools a sliced file can be printed from: its plates together, so that one spool has
enough for all of them. Queries only."""

from collections import defaultdict
from decimal import Decimal

from production.models import Printer, RunMaterial
from production.services.sliced_files import contents, fitting
from production.services.sliced_files.matching import match
from production.services.sliced_files.proposals import WantedSlot


def propose(file, *, printer=None, copies=1, plates=None, by_hand=None):
    """A MatchedSlot for each slot of the file, or of the ``plates`` with these indexes; without a
    printer those of the one that is known to be meant."""
    wanted = wanted_slots(file, plates=plates)
    printer = printer or printer_of(file)
    return match(wanted, printer=printer, plates=copies, by_hand=by_hand)


def wanted_slots(file, *, plates=None):
    """The WantedSlots of a file, in their order, with what was taken the last time that it was
    printed. One query."""
    of_slot = defaultdict(list)
    for plate in contents.plates_of(file):
        if plates is None or plate.index in plates:
            for slot in plate.slots:
                of_slot[slot.slot].append(slot)
    taken = _taken(file)
    first = sorted(of_slot.items())[: contents.MOST_SLOTS]
    return [_wanted(slots, taken.get(number)) for number, slots in first]


def printer_of(file):
    """The printer that a file is for: of the token it was sent with, else the only one in use that
    it fits; None where that is not known."""
    if file.printer is not None:
        return file.printer
    found = [each for each in Printer.objects.active().order_by("pk") if fitting.fits(file, each)]
    return found[0] if len(found) == 1 else None


def _wanted(slots, taken):
    known = [slot.grams for slot in slots if slot.grams is not None]
    filament, lot = taken or (None, "")
    return WantedSlot(
        slots[0].slot,
        sum(known, Decimal(0)) if len(known) == len(slots) else None,
        slots[0].material,
        slots[0].color_hex,
        slots[0].profile,
        filament_id=filament,
        lot_number=lot,
    )


def _taken(file):
    """``{slot: (filament, lot)}`` of the last run of the same file."""
    rows = RunMaterial.objects.filter(
        run__sliced_file__sha256=file.sha256, sliced_slot__isnull=False, spool__isnull=False
    ).exclude(run__deleted_at__isnull=False)
    rows = rows.order_by("-run", "pk")
    found, last = {}, None
    for run, slot, filament, lot in rows.values_list(
        "run", "sliced_slot", "spool__filament", "spool__lot_number"
    )[:100]:
        if run != (last := last or run):
            break
        found.setdefault(slot, (filament, lot))
    return found
