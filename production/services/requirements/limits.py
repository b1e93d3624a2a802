"""What a printer can't do, and what no product of the run is made of: checked at create, at change
and at start.

Temperatures in degrees Celsius, lengths in mm. All that is wrong is reported at once; a manager
may override it.
"""

from fractions import Fraction
from math import ceil

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Spool
from tenants.operations.refusals import Refusal

TOO_HOT_A_NOZZLE = gettext_lazy(
    "%(name)s wants a nozzle of %(wanted)s °C; %(printer)s reaches %(reached)s °C."
)
TOO_HOT_A_BED = gettext_lazy(
    "%(name)s wants a bed of %(wanted)s °C; %(printer)s reaches %(reached)s °C."
)


class LimitExceeded(Refusal):
    code = "limit_exceeded"
    title = "The plan breaks a physical limit"


def require_within(run, items, lines, spools=None):
    """Raise LimitExceeded with every limit the run breaks.

    ``items`` and ``lines`` are the run's, saved or not; ``spools`` ({id: spool}) are those of the
    lines that are at hand, the others are read.
    """
    spools = spools or {}
    missing = {line.spool_id for line in lines} - {None, *spools}
    if missing:
        spools = spools | Spool.objects.with_filament().in_bulk(missing)
    prefetch_related_objects([item.product for item in items], "bom_lines")
    if broken := exceeded(run, items, lines, spools):
        errors = {}
        for field, detail in broken:
            errors.setdefault(field, []).append(detail)
        raise LimitExceeded(
            " ".join(detail for _field, detail in broken),
            errors=errors,
            run_id=run.pk,
            printer_id=run.printer_id,
        )


def exceeded(run, items, lines, spools):
    """``[(field, sentence)]`` of each limit that is exceeded; no query where the bills of
    materials of the products are prefetched."""
    return [
        *_plates(run, items),
        *_slots(run, lines),
        *of_printer(run.printer, items, lines, spools),
        *_unasked(items, [line for line in lines if line.sliced_slot is None], spools),
    ]


def of_printer(printer, items, lines, spools):
    """``[(field, sentence)]`` of each limit of a printer (None: of none). No query."""
    if printer is None:
        return []
    return [*_heights(printer, items), *_materials(printer, lines, spools)]


def as_sliced(items, lines, spools):
    """What lines take by the run's sliced file alone: no bill of materials of its items has it."""
    of_file = [line for line in lines if line.sliced_slot is not None]
    return [wanted for wanted, _line in _unmet(items, of_file, spools)]


def plates_needed(items):
    """Plates the items fill together, exactly; products without units per plate count none."""
    shares = [
        Fraction(item.quantity, item.product.units_per_plate)
        for item in items
        if item.product.units_per_plate
    ]
    return max(ceil(sum(shares)), 1)


def _plates(run, items):
    if run.sliced_plates:  # how many are on a plate is known of the file
        return
    needed = plates_needed(items)
    if needed > run.plate_count:
        message = _("The items fill %(needed)s plates; the run has %(count)s.")
        yield "plate_count", message % {"needed": needed, "count": run.plate_count}


def _heights(printer, items):
    for item in items:
        height = item.product.height_mm
        if height is not None and height > printer.bed_z_mm:
            message = _("%(product)s is %(height)s mm high; %(printer)s prints up to %(most)s mm.")
            figures = {"height": f"{height:f}", "most": f"{printer.bed_z_mm:f}"}
            product = item.product.sku
            yield "printer", message % {"product": product, "printer": printer, **figures}


def _slots(run, lines):
    seen = set()
    for line in lines:
        slot = line.slot
        if slot is None:
            continue
        if slot.printer_id != run.printer_id:
            yield "materials", _("Slot %(slot)s is not on the run's printer.") % {"slot": slot}
        if slot.pk in seen:
            yield "materials", _("Slot %(slot)s is on two lines.") % {"slot": slot}
        seen.add(slot.pk)


def _materials(printer, lines, spools):
    for line in lines:
        spool = spools.get(line.spool_id)
        yield from of_filament(printer, spool.filament if spool else line.filament, line)


def of_filament(printer, filament, line):
    """``(field, sentence)`` of what the printer can't do with the filament; None is any of the
    line's material type."""
    material = filament.material_type if filament else line.material_type
    yield from _heat(printer, filament, material)
    if material.is_abrasive and not printer.has_hardened_nozzle:
        message = _("%(material)s is abrasive; %(printer)s has no hardened nozzle.")
        yield "printer", message % {"material": material, "printer": printer}


def _heat(printer, filament, material):
    nozzle = (filament and filament.nozzle_temp) or material.nozzle_temp_min
    bed = (filament and filament.bed_temp) or material.bed_temp
    for message, wanted, reached in (
        (TOO_HOT_A_NOZZLE, nozzle, printer.max_nozzle_temp),
        (TOO_HOT_A_BED, bed, printer.max_bed_temp),
    ):
        if wanted and reached and wanted > reached:
            figures = {"name": filament or material, "wanted": wanted, "reached": reached}
            yield "printer", message % {"printer": printer, **figures}


def _unasked(items, lines, spools):
    for wanted, _line in _unmet(items, lines, spools):
        message = _("No product of the run is made of %(wanted)s.")
        yield "materials", message % {"wanted": wanted}


def _unmet(items, lines, spools):
    """Materials that meet no line of a bill of materials as a whole: of its material type or that
    family, and of its filament where it names one; each with its line."""
    bom = [line for item in items for line in item.product.bom_lines.all()]
    wanted = {(line.filament_id, line.material_type_id) for line in bom}
    for line in lines:
        filament = spools[line.spool_id].filament if line.spool_id else line.filament
        kind = filament.material_type if filament else line.material_type
        met = {(None, kind.pk), (None, kind.family_id), (filament and filament.pk, kind.pk)}
        if wanted and wanted.isdisjoint(met):
            yield filament or line.material_type, line
