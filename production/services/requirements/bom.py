"""Grams that a run needs by the bills of materials of its products."""

from collections import defaultdict
from decimal import Decimal
from math import ceil

from production.models import BomLine, Product

LOCK = "SELECT * FROM production_product WHERE id = ANY(%s) ORDER BY id FOR SHARE"

FROZEN = ("planned_quantity", "bom", "bom_grams_per_unit", "labour_minutes_per_unit")


def locked(product_ids):
    """Fresh products, ``{id: Product}``: neither they nor their bills change until the transaction
    ends. They come before all other locks. One query."""
    return {product.pk: product for product in Product.objects.raw(LOCK, [sorted(product_ids)])}


def bills(product_ids):
    """The bills of materials: ``{product id: [BomLine]}``. One query."""
    lines = BomLine.objects.filter(product__in=set(product_ids)).order_by("pk")
    of_product = defaultdict(list)
    for line in lines.select_related("material_type", "filament__material_type"):
        of_product[line.product_id].append(line)
    return of_product


def freeze(items):
    """Keep on run items what one unit of their product takes by now: its bill of materials, the
    grams of it, and a person's minutes. Not saved. One query."""
    of_product = bills(item.product_id for item in items)
    for item in items:
        lines = of_product[item.product_id]
        item.bom = [
            {
                "material_type": line.material_type_id,
                "filament": line.filament_id,
                "grams_per_unit": str(line.grams_per_unit),
            }
            for line in lines
        ]
        item.bom_grams_per_unit = sum((line.grams_per_unit for line in lines), Decimal(0))
        item.labour_minutes_per_unit = item.product.labour_minutes


def requirements(items, of_product=None):
    """What the items take: ``[(material type, filament or None, grams, purge grams)]``.

    ``items`` have a product and a quantity. Grams of one material are summed over the products;
    the purge of a product's plates goes to the material it uses most of. One query, unless the
    ``bills`` are at hand.
    """
    if of_product is None:
        of_product = bills(item.product.pk for item in items)
    needs = {}
    for item in items:
        _add_needs(needs, item, of_product[item.product.pk])
    return [(key[0], key[1], *figures) for key, figures in needs.items()]


def planned_minutes(items):
    """Minutes the plates of the items take; None when a product's plates are not timed."""
    if not items or any(item.product.plate_minutes is None for item in items):
        return None
    return sum(item.product.plate_minutes * plates(item.product, item.quantity) for item in items)


def plates(product, quantity):
    """Bed loads that ``quantity`` units fill; one if it is not set how many fit on a plate."""
    return ceil(Decimal(quantity) / product.units_per_plate) if product.units_per_plate else 1


def _add_needs(needs, item, lines):
    for line in lines:
        figures = needs.setdefault((line.material_type, line.filament), [Decimal(0), Decimal(0)])
        figures[0] += line.grams_per_unit * item.quantity
    if lines and item.product.plate_purge_grams:
        most = max(lines, key=lambda line: line.grams_per_unit)
        purge = item.product.plate_purge_grams * plates(item.product, item.quantity)
        needs[most.material_type, most.filament][1] += purge
