"""The columns of tables of printers and of products, and the other names that they go by, English
and German."""

import re

from django.utils.translation import gettext as _

from inventory.services.tables.cells import (
    BadCell,
    Cell,
    degrees,
    flag,
    money,
    quantity,
    text,
    whole,
)
from inventory.services.tables.units import COUNT, GRAMS, LENGTH, MINUTES, POWER
from production.services.printing.adding import LONGEST_LABEL, MOST_SLOTS
from production.services.tables.bills import CODE_CELL, GRAMS_CELL, LONGEST_FILAMENT, bill

PRINTERS, PRODUCTS = "printers", "products"
MOST_OF_NOTES = 5000  # characters
SIDE = {"digits": 7, "places": 2, "above": "0", "dimension": LENGTH}


def labels(*others):
    """Labels of slots, "A1, A2", as a tuple."""

    def check(value):
        found = tuple(filter(None, map(str.strip, re.split(r"[,;]", value))))
        if not 0 < len(found) <= MOST_SLOTS:
            message = _("Between 1 and %(most)s labels of slots, as in “A1, A2”.")
            raise BadCell(message % {"most": MOST_SLOTS})
        if any(len(label) > LONGEST_LABEL for label in found):
            message = _("A label of a slot has at most %(most)s characters.")
            raise BadCell(message % {"most": LONGEST_LABEL})
        if len({label.lower() for label in found}) < len(found):
            raise BadCell(_("Two slots have the same label."))
        return found

    return Cell(check, others)


PRINTER_COLUMNS = {
    "name": text(100, "printer", "printer_name", "drucker", "bezeichnung"),
    "manufacturer": text(100, "maker", "brand", "vendor", "hersteller", "marke"),
    "model": text(100, "type", "printer_model", "modell", "typ"),
    "bed_x_mm": quantity("bed_x", "x", "x_mm", "width", "breite", **SIDE),
    "bed_y_mm": quantity("bed_y", "y", "y_mm", "depth", "tiefe", **SIDE),
    "bed_z_mm": quantity("bed_z", "z", "z_mm", "height", "höhe", **SIDE),
    "nozzle_diameter_mm": quantity(
        "nozzle", "nozzle_mm", "nozzle_diameter", "düse",
        digits=4, places=2, above="0", dimension=LENGTH,
    ),
    "has_hardened_nozzle": flag("hardened_nozzle", "hardened", "gehärtet"),
    "max_nozzle_temp": degrees("nozzle_temp", "max_nozzle_temperature", "düsentemperatur"),
    "max_bed_temp": degrees("bed_temp", "max_bed_temperature", "betttemperatur"),
    "hour_rate": money("rate", "hourly_rate", "rate_an_hour", "stundensatz"),
    "power_watts": whole("power", "watts", "leistung", dimension=POWER),
    "location": text(100, "place", "room", "standort", "ort"),
    "slots": labels("slot", "slot_labels", "plätze"),
    "is_active": flag("in_use", "active", "aktiv"),
    "notes": text(MOST_OF_NOTES, "note", "comment", "remark", "bemerkung", "notiz"),
}  # fmt: skip
PLATE = {"digits": 10, "places": 2, "dimension": MINUTES}
PRODUCT_COLUMNS = {
    "sku": text(60, "product_sku", "article_number", "item_number", "artikelnummer"),
    "name": text(200, "product", "product_name", "bezeichnung", "produkt"),
    "units_per_plate": whole(
        "units", "per_plate", "parts_per_plate", "stück_pro_platte", minimum="1", dimension=COUNT
    ),
    "plate_minutes": quantity("minutes", "print_time", "plate_time", "druckzeit", **PLATE),
    "plate_purge_grams": quantity("purge", "purge_grams", "spülmenge", dimension=GRAMS),
    "height_mm": quantity(
        "height", "höhe", digits=7, places=2, dimension=LENGTH
    ),
    "labour_minutes": quantity("labour", "labor", "labor_minutes", "arbeitszeit", **PLATE),
    "materials": bill("bom", "bill_of_materials", "stückliste"),
    "material_type": CODE_CELL,
    "filament": text(LONGEST_FILAMENT, "filament_name"),
    "grams_per_unit": GRAMS_CELL,
    "is_active": flag("in_use", "active", "aktiv"),
    "description": text(MOST_OF_NOTES, "note", "notes", "comment", "beschreibung", "bemerkung"),
}  # fmt: skip
