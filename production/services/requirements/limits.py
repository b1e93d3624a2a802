"""What a printer can't do, whatever is planned: checked at create, at change and at start.

Temperatures in degrees Celsius, lengths in mm. All that is wrong is reported at once; a manager
may override it.
"""

from fractions import Fraction
from math import ceil

from django.utils.translation import gettext as _

from production.models import BomLine
from tenants.operations.refusals import Refusal


class LimitExceeded(Refusal):
    code = "limit_exceeded"
    title = "The plan breaks a physical limit"


def require_within(run, items, lines, spools=None):
    """Raise LimitExceeded with every limit the run breaks.

    ``items`` and ``lines`` are the run's, saved or not; ``spools`` ({id: spool}) are at hand,
    so that no line is looked up.
    """
    broken = [
        *_plates(run, items),
        *_heights(run, items),
        *_slots(run, lines),
        *_materials(run, lines, spools or {}),
        *_unasked(items, lines),
    ]
    if broken:
        errors = {}
        for field, detail in broken:
            errors.setdefault(field, []).append(detail)
        raise LimitExceeded(
            " ".join(detail for _field, detail in broken),
            errors=errors,
            run_id=run.pk,
            printer_id=run.printer_id,
        )


def plates_needed(items):
    """Plates the items fill together, exactly; products without units per plate count none."""
    shares = [
        Fraction(item.quantity, item.product.units_per_plate)
        for item in items
        if item.product.units_per_plate
    ]
    return max(ceil(sum(shares)), 1)


def _plates(run, items):
    needed = plates_needed(items)
    if needed > run.plate_count:
        message = _("The items fill %(needed)s plates; the run has %(count)s.")
        yield "plate_count", message % {"needed": needed, "count": run.plate_count}


def _heights(run, items):
    for item in items:
        height = item.product.height_mm
        if run.printer and height is not None and height > run.printer.bed_z_mm:
            message = _("%(product)s is %(height)s mm high; %(printer)s prints up to %(most)s mm.")
            figures = {"height": f"{height:f}", "most": f"{run.printer.bed_z_mm:f}"}
            product = item.product.sku
            yield "printer", message % {"product": product, "printer": run.printer, **figures}


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


def _materials(run, lines, spools):
    if run.printer is None:
        return
    for line in lines:
        spool = spools.get(line.spool_id)
        filament = spool.filament if spool else line.filament
        material = filament.material_type if filament else line.material_type
        yield from _heat(run.printer, filament, material)
        if material.is_abrasive and not run.printer.has_hardened_nozzle:
            message = _("%(material)s is abrasive; %(printer)s has no hardened nozzle.")
            yield "printer", message % {"material": material, "printer": run.printer}


def _heat(printer, filament, material):
    nozzle = (filament and filament.nozzle_temp) or material.nozzle_temp_min
    bed = (filament and filament.bed_temp) or material.bed_temp
    nozzle_message = _(
        "%(name)s wants a nozzle of %(wanted)s °C; %(printer)s reaches %(reached)s °C."
    )
    bed_message = _("%(name)s wants a bed of %(wanted)s °C; %(printer)s reaches %(reached)s °C.")
    for message, wanted, reached in (
        (nozzle_message, nozzle, printer.max_nozzle_temp),
        (bed_message, bed, printer.max_bed_temp),
    ):
        if wanted and reached and wanted > reached:
            figures = {"name": filament or material, "wanted": wanted, "reached": reached}
            yield "printer", message % {"printer": printer, **figures}


def _unasked(items, lines):
    """Materials that no bill of materials of the run's products asks for."""
    bom = BomLine.objects.filter(product__in={item.product_id for item in items})
    required = bom.values_list("material_type", "filament")
    types, filaments = {row[0] for row in required}, {row[1] for row in required}
    for line in lines:
        material_type = line.filament.material_type_id if line.filament else line.material_type_id
        if required and material_type not in types and line.filament_id not in filaments:
            message = _("No product of the run is made of %(wanted)s.")
            yield "materials", message % {"wanted": line.filament or line.material_type}
