"""The kinds of tables that are imported here, and how our own exports of them are read."""

import json
from pathlib import Path

from django.utils.translation import gettext_lazy as _

import production
from inventory.services.tables import neighbours, uploads
from production.services.tables.columns import PRINTER_COLUMNS, PRINTERS, PRODUCT_COLUMNS, PRODUCTS
from production.services.tables.printer_import import import_printers
from production.services.tables.product_import import import_products

FOLDER = Path(production.__file__).parent / "samples"
LONG = 100  # lines: each is added with all that follows from it, at about 50 a second
TABLES = [
    uploads.TableKind(
        what=PRINTERS,
        kind="printer_import",
        title=_("Import of printers: %(name)s"),
        label=_("Import of printers"),
        permission="production.add_printer",
        columns=PRINTER_COLUMNS,
        needed=(("name",),),
        importer=import_printers,
        folder=FOLDER,
        long=LONG,
    ),
    uploads.TableKind(
        what=PRODUCTS,
        kind="product_import",
        title=_("Import of products: %(name)s"),
        label=_("Import of products"),
        permission="production.add_product",
        columns=PRODUCT_COLUMNS,
        needed=(("sku",),),
        importer=import_products,
        folder=FOLDER,
        long=LONG,
    ),
]


def _objects(text):
    """The list of objects in a cell, as the CSV of the API has it; none of what is no such list."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _slots(theirs):
    return {"slots": ", ".join(str(each.get("label")) for each in _objects(theirs.get("slots")))}


def _materials(theirs):
    return {"materials": "; ".join(map(_material, _objects(theirs.get("bom_lines"))))}


def _material(line):
    name = line.get("filament_name")
    what = f"{line.get('material_type_code')} = {name}" if name else line.get("material_type_code")
    return f"{what}: {line.get('grams_per_unit')}"


# Of the admin, and of the API.
OURS = [
    neighbours.Neighbour(
        name="Spoolbook",
        what=PRINTERS,
        known_by=frozenset({"name", "minutes_printed", "bed_x_mm", "is_active"}),
        headings={name: name for name in PRINTER_COLUMNS},
    ),
    neighbours.Neighbour(
        name="Spoolbook",
        what=PRODUCTS,
        known_by=frozenset({"sku", "bom_grams", "materials", "is_active"}),
        headings={name: name for name in PRODUCT_COLUMNS},
    ),
    neighbours.Neighbour(
        name="Spoolbook",
        what=PRINTERS,
        known_by=frozenset({"name", "needs_clearing", "bed_x_mm", "location_name", "slots"}),
        headings={
            **{name: name for name in PRINTER_COLUMNS if name not in ("location", "slots")},
            "location_name": "location",
        },
        complete=_slots,
    ),
    neighbours.Neighbour(
        name="Spoolbook",
        what=PRODUCTS,
        known_by=frozenset({"sku", "bom_lines", "is_active"}),
        headings={name: name for name in PRODUCT_COLUMNS},
        complete=_materials,
    ),
]


def register():
    neighbours.KNOWN.extend(OURS)
    for table in TABLES:
        uploads.register(table)
