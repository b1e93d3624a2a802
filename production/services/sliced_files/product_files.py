"""Plans a product by the plates of sliced files that it owns: those that fit a printer."""

from contextlib import suppress
from typing import NamedTuple

from inventory.services import material_types
from production.services.requirements import bom, by_file
from production.services.sliced_files import fitting, learning, requiring, run_fields
from production.services.sliced_files.figures import SettledPlate
from production.slicing.sliced_file import Slot


class PlateLoad(NamedTuple):
    """How many units a plate has, and how long it prints: of a file or of the product."""

    units_per_plate: int | None
    plate_minutes: object


def by_printer(product, printers):
    """``{printer id: ProductFile}``: of each printer the newest current plate that fits it and that
    the product has alone. Two queries."""
    rows = product.files.filter(is_current=True, is_shared=False).order_by("-sliced_file", "plate")
    rows = [
        row
        for row in rows.select_related("sliced_file").prefetch_related("slots")
        if _is_known(row)
    ]
    found = {}
    for printer in printers:
        if row := next((row for row in rows if fitting.fits(row, printer)), None):
            found[printer.pk] = row
    return found


def plate_load(product, files, printers):
    """The PlateLoad of all printers: that of their files where these have equally many units."""
    own = PlateLoad(product.units_per_plate, product.plate_minutes)
    if len(files) < len(printers) or len({row.units for row in files.values()}) > 1:
        return own
    seconds = [row.seconds for row in files.values()]
    minutes = own.plate_minutes if None in seconds else by_file.minutes(max(seconds), by_file.ONCE)
    return PlateLoad(next(iter(files.values())).units, minutes)


def needs(product, files):
    """What `run_of` has to know of a product and its files (`by_printer`): the MaterialType of what
    the slicers name, and its bill. Two queries at most."""
    if not files:
        return {}
    labels = {slot.material for row in files.values() for slot in row.slots.all()}
    return {"kinds": material_types.of_labels(labels), "bills": bom.bills([product.pk])}


def run_of(row, product, *, copies, order_reference, **needs):
    """The arguments of `lifecycle.create` for so many copies of a plate; None where its material is
    not known. The last plate is printed as a whole, too. Queries nothing."""
    plate = SettledPlate(row.plate, row.seconds, _slots(row), {})
    made = {row.plate: [(product, row.units)]}
    each = {"copies": copies, "order_reference": order_reference}
    with suppress(requiring.UnknownMaterial):
        return run_fields.of_plates(row.sliced_file, [plate], made, **needs, **each)
    return None


def _is_known(row):
    slots = row.slots.all()
    return bool(slots) and all(slot.grams is not None for slot in slots)


def _slots(row):
    return tuple(
        Slot(**{name: getattr(slot, name) for name in learning.SLOT_FIELDS})
        for slot in row.slots.all()
    )
