"""The columns of tables of filaments and of spools, and the other names that they go by."""

from django.utils.translation import gettext_lazy as _

from inventory.models import Filament, Spool
from inventory.services.tables.cells import (
    color,
    day,
    degrees,
    gtin,
    money,
    pattern,
    quantity,
    text,
)

# Ascii alone: what upper case is elsewhere, Python and PostgreSQL do not always agree on.
MATERIAL_CODE = r"[A-Z0-9][A-Z0-9 +./()%_-]{0,39}"
MATERIAL = pattern(
    MATERIAL_CODE,
    _("“%(value)s” is not a code of plain letters, such as PLA or ASA-CF."),
    "material_type",
    "polymer",
    normalise=str.upper,
)
DIAMETER = quantity("diameter", digits=4, places=2, minimum="0.5", maximum="10")
FINISH = pattern(
    "|".join(Filament.Finish.values),
    _("“%(value)s” is none of the finishes, such as matte or silk."),
    normalise=str.lower,
)
FILAMENT_COLUMNS = {
    "external_id": text(200),
    "manufacturer": text(100, "maker", "brand", "vendor"),
    "name": text(150, "filament", "filament_name"),
    "material": MATERIAL,
    "color_name": text(100, "colour_name", "color", "colour"),
    "color_hex": color("colour_hex", "hex"),
    "finish": FINISH,
    "diameter_mm": DIAMETER,
    "density_g_cm3": quantity("density", digits=6, places=4, minimum="0.1", maximum="25"),
    "net_grams": quantity("grams", "weight", above="0"),
    "tare_grams": quantity("tare", "empty_spool_grams", "spool_weight"),
    "nozzle_temp": degrees("extruder_temp"),
    "bed_temp": degrees(),
    "price": money("cost"),
    "article_number": text(100, "article", "sku"),
    "gtin": gtin("ean", "barcode"),
    "reorder_point_grams": quantity("reorder_point"),
    "comment": text(2000, "note", "notes"),
}
SPOOL_COLUMNS = {
    "external_id": text(200, "filament_external_id"),
    "manufacturer": text(100, "maker", "brand", "vendor"),
    "name": text(150, "filament", "filament_name"),
    "material": MATERIAL,
    "diameter_mm": DIAMETER,
    "initial_grams": quantity("grams", "net_grams", "initial", "weight", above="0"),
    "remaining_grams": quantity("remaining", "left"),
    "gross_grams": quantity("gross", "scale"),
    "tare_grams": quantity("tare", "empty_spool_grams", "spool_weight"),
    "price": money("cost"),
    "lot_number": text(100, "lot", "lot_nr", "batch"),
    "supplier": text(100, "shop"),
    "received_on": day("received", "date", "purchased_on"),
    "location": text(100, "place", "shelf"),
    "code": text(20, "spool_code", "label"),
    "comment": text(2000, "note", "notes"),
}
for _name in Spool.DETAILS:
    SPOOL_COLUMNS.setdefault(_name, text(Spool._meta.get_field(_name).max_length))
