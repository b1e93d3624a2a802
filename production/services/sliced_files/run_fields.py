"""Plates of a sliced file as the arguments of `lifecycle.create`."""

from collections import defaultdict
from decimal import Decimal

from django.utils.translation import gettext as _

from production.models import PlanSource
from production.services.runs.lines import NewItem, NewMaterial
from production.services.sliced_files import figures, requiring
from tenants.operations.refusals import Invalid


class NothingOnPlate(Invalid):
    code = "nothing_on_plate"
    title = "Nothing is known of this plate"


class SlotsDiffer(Invalid):
    code = "slots_differ"
    title = "A slot has several materials"


def together(mine):
    """Each product once, with all of its units."""
    units, products = defaultdict(int), {}
    for product, count in mine:
        products[product.pk] = product
        units[product.pk] += count
    return [(products[pk], count) for pk, count in units.items()]


def of_plates(file, plates, made, *, kinds, bills, copies, order_reference):
    """The arguments for one run of SettledPlates, each printed ``copies`` times. ``made`` is
    ``{plate: [(product, units)]}``, ``kinds`` the MaterialType of what the slicer names, ``bills``
    those of the products. Queries nothing. Raises UnknownMaterial, NothingOnPlate, SlotsDiffer."""
    on_plates = together([each for plate in plates for each in made[plate.index]])
    items = [
        NewItem(
            product=product,
            quantity=units * copies,
            sliced_quantity=units,
            order_reference=order_reference,
        )
        for product, units in on_plates
    ]
    bill = [line for product, _units in on_plates for line in bills[product.pk]]
    materials = _materials(plates, bill, kinds, copies)
    figures = {"plate": plates[0].index}
    if not items and not materials:
        message = _("Plate %(plate)s: name what it makes, or what it takes.") % figures
        raise NothingOnPlate(message, errors={"products": [message]})
    if not materials and not bill:
        message = _(
            "Plate %(plate)s: neither the file nor a bill of materials says what it takes. Enter "
            "the grams of its first slot."
        )
        raise NothingOnPlate(message % figures, errors={"slots": [message % figures]})
    seconds = [plate.seconds for plate in plates]
    return {
        "items": items,
        "materials": materials or None,
        "plate_count": len(plates) * copies,
        "sliced_file": file,
        "sliced_plates": [plate.index for plate in plates],
        "sliced_seconds": None if None in seconds else sum(seconds),
        "remark": _remark(plates, bill, materials),
    }


def _materials(plates, bill, kinds, copies):
    """A NewMaterial for each slot, of all of the plates together."""
    of_slot = defaultdict(list)
    for plate in plates:
        for slot in plate.slots:
            of_slot[slot.slot].append((plate, slot))
    return [_material(each, bill, kinds, copies) for _slot, each in sorted(of_slot.items())]


def _material(used, bill, kinds, copies):
    plate, slot = used[0]
    for other, same in used[1:]:
        if kinds.get(same.material) != kinds.get(slot.material):
            names = {"slot": slot.slot, "one": plate.index, "other": other.index}
            message = _(
                "Slot %(slot)s has another material on plate %(other)s than on plate %(one)s: plan "
                "a run for each plate."
            )
            raise SlotsDiffer(message % names, errors={"is_one_run": [message % names]})
    choice = plate.choices.get(slot.slot)
    grams = sum((each.grams for _plate, each in used), Decimal(0))
    purge = sum((each.purge_grams or Decimal(0) for _plate, each in used), Decimal(0))
    is_purged = any(each.purge_grams is not None for _plate, each in used)
    return NewMaterial(
        spool=choice and choice.spool,
        slot=choice and choice.printer_slot,
        **requiring.requirement(plate, slot, choice, bill, kinds),
        planned_grams=(grams - purge) * copies,
        planned_purge_grams=purge * copies,
        planned_source=PlanSource.FILE,
        of_file={
            "sliced_slot": slot.slot,
            "sliced_grams": grams,
            "sliced_purge_grams": purge if is_purged else None,
            "sliced_source": figures.source_of(each for _plate, each in used),
        },
    )


def _remark(plates, bill, materials):
    """What a manager should know of how the run was planned: for the history of the run."""
    texts = []
    if extra := requiring.beyond(bill, materials):
        names = ", ".join(str(each) for each in extra)
        texts.append(_("As sliced, in no bill of materials: %(names)s.") % {"names": names})
    if doubts := [each for plate in plates for each in plate.confirmed]:
        details = " ".join(each.detail for each in doubts[: figures.MOST_DETAILS])
        texts.append(_("Doubtful, and confirmed: %(details)s") % {"details": details})
    return " ".join(texts)
