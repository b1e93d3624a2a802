"""Plans runs by a sliced file: what its plates make and take, in the time that they take.

Locks: the sliced file comes first, then products, and all that `lifecycle.create` locks.
"""

from collections import defaultdict
from dataclasses import dataclass

from inventory.services import material_types
from production.models import Product, SlicedFile
from production.services.requirements import bom
from production.services.runs import lifecycle, planning
from production.services.sliced_files import (
    correcting,
    figures,
    learning,
    new_products,
    proposing,
    run_fields,
)
from tenants.operations.operation import operation

MOST_COPIES = planning.MAX_PLATES


@dataclass(frozen=True, kw_only=True)
class PlateProduct:
    """So many of a product on a plate; without ``product`` a new one is made of ``name``."""

    plate: int
    units: int
    product: Product | None = None
    name: str = ""


@operation("sliced_file.plan")
def plan(
    file,
    *,
    by,
    at=None,
    plates=None,
    copies=1,
    is_one_run=False,
    products=None,
    slots=(),
    seconds=None,
    confirm=False,
    order_reference="",
    **fields,
):
    """Plan a run for each of the plates, or one for all of them; returns the runs in that order.

    Each plate is printed ``copies`` times. ``products`` are PlateProducts: None takes those that
    are proposed, and makes the new ones. ``slots`` are SlotChoices, ``seconds`` are typed ones by
    plate, ``fields`` those of a planned run. What was chosen is proposed for the same file from now
    on, and the products own its plates. Raises DoubtfulFigures (unless ``confirm``), GramsUnknown,
    UnknownPlate, UnknownMaterial, NothingOnPlate, and as `lifecycle.create` and `create_many` do.
    """
    file = SlicedFile.objects.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
    planning.require_count(copies, "copies", MOST_COPIES)
    how = {"slots": slots, "seconds": seconds, "confirm": confirm}
    settled = figures.settle(file, plates=plates, **how)
    kinds = material_types.of_labels({slot.material for each in settled for slot in each.slots})
    made = _made(file, settled, products, kinds, by=by)
    bills = bom.bills(bom.locked({product.pk for each in made.values() for product, _ in each}))
    each = {"kinds": kinds, "bills": bills, "copies": copies, "order_reference": order_reference}
    groups = [settled] if is_one_run else [[plate] for plate in settled]
    runs = [fields | run_fields.of_plates(file, group, made, **each) for group in groups]
    runs = correcting.corrected(runs)
    learning.learn(file, settled, made, at=at)
    if len(runs) == 1:
        return [lifecycle.create(by=by, at=at, **runs[0])]
    return planning.create_many(runs, by=by, at=at)


def _made(file, settled, products, kinds, *, by):
    """``{plate: [(product, units)]}``; new products are made, one after another."""
    of_plate = {plate.index: plate for plate in settled}
    if products is None or any(each.product is None for each in products):
        new_products.lock()
    if products is None:
        products = [each for each in proposing.propose(file) if each.plate in of_plate]
    figures.require_plates(settled, [each.plate for each in products], "products")
    on_plate = defaultdict(list)
    for each in products:
        on_plate[each.plate].append(each)
    made, new = {plate: [] for plate in of_plate}, {}
    for index, mine in on_plate.items():
        for each in mine:
            product = each.product or new.get(each.name)
            if product is None:
                alone = of_plate[index] if len(mine) == 1 else None
                product = new_products.make(each, kinds, plate=alone, by=by)
                new[each.name] = product
            made[index].append((product, each.units))
    return {index: run_fields.together(mine) for index, mine in made.items()}
