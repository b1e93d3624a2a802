"""Makes a product of what a sliced file says of it."""

import re
from collections import defaultdict
from decimal import Decimal

from django.db import connection

from production.models import BomLine, Product
from production.services import products
from production.services.requirements import by_file
from tenants.operations.quantities import grams as to_grams

LONGEST_SKU = 50  # leaves room for a number
LOCK = "SELECT pg_advisory_xact_lock(hashtext('product.of_file'), hashtext(current_schema()))"


def lock():
    """Until the transaction ends, nobody else makes a product of a file: whoever waited sees it."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)


def make(proposed, kinds, *, plate, by):
    """A new Product; ``plate`` is the SettledPlate that it is alone on, whose time, purge and
    materials are its own, else None."""
    fields = {"sku": _free_sku(proposed.name), "name": proposed.name}
    if plate is None:
        return products.create(Product, by=by, **fields)
    purge = sum((slot.purge_grams or Decimal(0) for slot in plate.slots), Decimal(0))
    product = products.create(
        Product,
        by=by,
        units_per_plate=proposed.units,
        plate_minutes=by_file.minutes(plate.seconds, by_file.ONCE),
        plate_purge_grams=purge or None,
        **fields,
    )
    for kind, grams in _by_kind(plate, kinds).items():
        per_unit = to_grams(grams / proposed.units, field="grams_per_unit")
        if per_unit:
            line = {"product": product, "material_type": kind, "grams_per_unit": per_unit}
            products.create(BomLine, by=by, **line)
    return product


def _by_kind(plate, kinds):
    """Grams in the parts by material type; what the farm does not know is left out."""
    found = defaultdict(Decimal)
    for slot in plate.slots:
        choice = plate.choices.get(slot.slot)
        filament = choice and choice.known_filament
        kind = (choice and choice.material_type) or kinds.get(slot.material)
        if kind := kind or (filament and filament.material_type):
            found[kind] += slot.grams - (slot.purge_grams or Decimal(0))
    return found


def _free_sku(name):
    base = re.sub(r"[^\w.]+", "-", name).strip("-").upper()[:LONGEST_SKU] or "PART"
    taken = set(Product.objects.filter(sku__istartswith=base).values_list("sku", flat=True))
    taken = {sku.upper() for sku in taken}
    number, sku = 1, base
    while sku in taken:
        number += 1
        sku = f"{base}-{number}"
    return sku
