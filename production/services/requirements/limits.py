"""What a printer can't do, whatever the plan says: checked at create, at change and at start.

Temperatures in degrees Celsius, lengths in mm. Everything that is wrong is said at once; a
manager may override it.
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
        raise LimitExceeded(
            " ".join(detail for _field, detail in broken),
            errors=_by_field(broken),
            run_id=run.pk,
            printer_id=run.printer_id,
        )


def plates_needed(items):
    """Plates the items fill together, exactly; products that don't say how many fit count none."""
    share = sum(
        (
            Fraction(item.quantity, item.product.units_per_plate)
            for item in items
            if item.product.units_per_plate
        ),
        Fraction(0),
    )
    return max(ceil(share), 1)


def _plates(run, items):
    needed = plates_needed(items)
    if needed > run.plate_count:
        yield (
            "plate_count",
            _("The items fill %(needed)s plates; the run has %(plate_count)s.")
            % {"needed": needed, "plate_count": run.plate_count},
        )


def _heights(run, items):
    for item in items:
        height = item.product.height_mm
        if run.printer and height is not None and height > run.printer.bed_z_mm:
            yield (
                "printer",
                _("%(product)s is %(height)s mm high; %(printer)s prints up to %(bed_z_mm)s mm.")
                % {
                    "product": item.product.sku,
                    "height": f"{height:f}",
                    "printer": run.printer,
                    "bed_z_mm": f"{run.printer.bed_z_mm:f}",
                },
            )


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
            yield (
                "printer",
                _("%(material)s is abrasive; %(printer)s has no hardened nozzle.")
                % {"material": material, "printer": run.printer},
            )


def _heat(printer, filament, material):
    nozzle = (filament and filament.nozzle_temp) or material.nozzle_temp_min
    bed = (filament and filament.bed_temp) or material.bed_temp
    name = filament or material
    if nozzle and printer.max_nozzle_temp and nozzle > printer.max_nozzle_temp:
        yield (
            "printer",
            _(
                "%(name)s wants a nozzle of %(nozzle)s °C; %(printer)s reaches "
                "%(max_nozzle_temp)s °C."
            )
            % {
                "name": name,
                "nozzle": nozzle,
                "printer": printer,
                "max_nozzle_temp": printer.max_nozzle_temp,
            },
        )
    if bed and printer.max_bed_temp and bed > printer.max_bed_temp:
        yield (
            "printer",
            _("%(name)s wants a bed of %(bed)s °C; %(printer)s reaches %(max_bed_temp)s °C.")
            % {"name": name, "bed": bed, "printer": printer, "max_bed_temp": printer.max_bed_temp},
        )


def _unasked(items, lines):
    """Materials that no bill of materials of the run's products asks for."""
    required = list(
        BomLine.objects.filter(product__in={item.product_id for item in items}).values_list(
            "material_type", "filament"
        )
    )
    if not required:
        return
    types, filaments = {row[0] for row in required}, {row[1] for row in required}
    for line in lines:
        material_type = line.filament.material_type_id if line.filament else line.material_type_id
        if material_type not in types and line.filament_id not in filaments:
            wanted = line.filament or line.material_type
            yield (
                "materials",
                _("No product of the run is made of %(wanted)s.") % {"wanted": wanted},
            )


def _by_field(broken):
    errors = {}
    for field, detail in broken:
        errors.setdefault(field, []).append(detail)
    return errors
