"""Filaments that are in the catalogue twice, and what refers to them."""

import json
from decimal import Decimal

from django.db import connection

from inventory.services import filament_merging
from production.models import BomLine
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from tests.factories import (
    a_filament,
    a_material_type,
    a_product,
)

WHY = "A bridge made it"
TABLES = (
    *("inventory_filament", "inventory_spool", "inventory_unboundtag"),
    *("production_bomline", "production_runmaterial"),
)
COUNTERS = ("version", "last_entry_at")


def a_bill(sku, *lines):
    """A product that takes ``(filament, grams)`` each."""
    product = a_product(sku)
    for filament, grams in lines:
        kind = filament.material_type
        BomLine.objects.create(
            product=product, filament=filament, material_type=kind, grams_per_unit=grams
        )
    return product


def a_plan(filament, grams=100):
    """A planned run that asks for the filament."""
    material = NewMaterial(filament=filament, planned_grams=Decimal(grams))
    return lifecycle.create(by=None, items=[], materials=[material])


def merge(target, double, **given):
    return filament_merging.merge(target, double=double, **{"reason": WHY, "by": None} | given)


def rows():
    """The rows of what a merge changes, but for what only goes up."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT to_jsonb(row) FROM {table} AS row")  # noqa: S608
            for (text,) in cursor.fetchall():
                row = json.loads(text) if isinstance(text, str) else text
                found[table, row["id"]] = {n: v for n, v in row.items() if n not in COUNTERS}
    return found


def a_pair():
    """A filament, and its double, which has a price."""
    kind = a_material_type("PLA")
    return (
        a_filament("Black", material_type=kind, net_grams=1000, price=None),
        a_filament("Black PLA", material_type=kind, net_grams=1000, price=20),
    )
