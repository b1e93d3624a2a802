"""The columns of tables of filaments and of spools, and the other names that they go by: words of
the trade, English and German, as spreadsheets and programs have them."""

from django.utils.translation import gettext_lazy as _

from inventory.models import Filament, Spool
from inventory.services.tables.cells import (
    color,
    count,
    day,
    degrees,
    flag,
    gtin,
    mass,
    money,
    pattern,
    quantity,
    text,
)
from inventory.services.tables.units import DENSITY, LENGTH

MOST_SPOOLS = 200  # of one line
# Ascii alone: what upper case is elsewhere, Python and PostgreSQL do not always agree on.
MATERIAL_LETTERS = r"[A-Z0-9 +./()%_-]"
MATERIAL_CODE = rf"[A-Z0-9]{MATERIAL_LETTERS}{{0,39}}"
FINISH = pattern(
    "|".join(Filament.Finish.values),
    _("“%(value)s” is none of the finishes, such as matte or silk."),
    normalise=str.lower,
)
# What a filament is like, in both tables: that of a spool may make its filament.
OF_FILAMENT = {
    "manufacturer": text(
        100, "maker", "brand", "vendor", "make", "producer", "manufacturer_name", "vendor_name",
        "hersteller", "marke",
    ),
    "name": text(
        150, "filament", "filament_name", "product", "product_name", "spool_name", "bezeichnung",
        "produkt",
    ),
    "material": pattern(
        MATERIAL_CODE,
        _("“%(value)s” is not a code of plain letters, such as PLA or ASA-CF."),
        "material_type", "polymer", "type", "plastic", "material_type_code", "werkstoff",
        normalise=str.upper,
        letters=MATERIAL_LETTERS,
    ),
    "color_name": text(100, "colour_name", "color", "colour", "farbe", "farbname"),
    "color_hex": color(
        "colour_hex", "hex", "color_code", "colour_code", "hex_code", "hex_color", "rgb", "rgba",
        "farbcode",
    ),
    "finish": FINISH,
    "diameter_mm": quantity(
        "diameter", "durchmesser", digits=4, places=2, minimum="0.5", maximum="10",
        dimension=LENGTH,
    ),
    "density_g_cm3": quantity(
        "density", "dichte", digits=6, places=4, minimum="0.1", maximum="25", dimension=DENSITY
    ),
    "nozzle_temp": degrees(
        "extruder_temp", "nozzle_temperature", "extruder_temperature", "print_temperature",
        "printing_temperature", "drucktemperatur", "düsentemperatur",
    ),
    "bed_temp": degrees("bed_temperature", "betttemperatur"),
    "article_number": text(100, "article", "sku", "item_number", "part_number", "artikelnummer"),
    "gtin": gtin("ean", "barcode", "upc"),
}  # fmt: skip
NOTES = ("note", "notes", "remark", "remarks", "comments", "bemerkung", "notiz", "kommentar")
NET = (
    "net", "net_weight", "weight", "grams", "nominal_weight", "gewicht", "nettogewicht", "füllmenge"
)  # fmt: skip
TARE = mass(
    "tare", "empty_spool_grams", "spool_weight", "empty_weight", "empty_spool_weight",
    "reel_weight", "empty_reel", "leergewicht", "spulengewicht",
)  # fmt: skip
PRICES = ("cost", "unit_price", "preis", "kosten", "einkaufspreis")
# A price that is worked out when it is read; no field of a filament.
PER_KG = money("cost_per_kg", "price_kg", "kilopreis", "preis_pro_kg")
FILAMENT_COLUMNS = {
    "external_id": text(200),
    **OF_FILAMENT,
    "net_grams": mass(*NET, above="0"),
    "tare_grams": TARE,
    "price": money(*PRICES),
    "price_per_kg": PER_KG,
    "reorder_point_grams": mass("reorder_point", "reorder_at", "minimum_stock", "meldebestand"),
    "comment": text(2000, *NOTES),
}
SPOOL_COLUMNS = {
    "external_id": text(200, "filament_external_id"),
    **OF_FILAMENT,
    "initial_grams": mass(*NET, "net_grams", "initial", "initial_weight", "full", above="0"),
    "remaining_grams": mass(
        "remaining", "left", "remaining_weight", "weight_left", "net_remaining", "current_weight",
        "rest", "restgewicht", "restmenge",
    ),
    "used_grams": mass("used", "used_weight", "weight_used", "consumed", "verbraucht", "verbrauch"),
    "gross_grams": mass(
        "gross", "scale", "gross_weight", "weight_with_spool", "weight_with_reel", "bruttogewicht"
    ),
    "tare_grams": TARE,
    "quantity": count("qty", "count", "pieces", "spools", "anzahl", "stück", most=MOST_SPOOLS),
    "price": money(*PRICES),
    "price_per_kg": PER_KG,
    "lot_number": text(100, "lot", "lot_nr", "lot_no", "batch", "batch_number", "charge", "los"),
    "supplier": text(100, "shop", "purchased_from", "dealer", "lieferant", "händler"),
    "received_on": day(
        "received", "date", "purchased_on", "purchased", "purchase_date", "bought", "bought_on",
        "date_received", "delivered", "gekauft_am", "kaufdatum", "erhalten", "datum",
    ),
    "location": text(100, "place", "shelf", "storage_location", "storage", "lagerort", "regal"),
    "code": text(20, "spool_code", "label"),
    "comment": text(2000, *NOTES),
    "archived": flag("archiviert"),
    "filament_net_grams": mass(above="0"),
    "filament_tare_grams": mass(),
    "filament_price": money(),
}  # fmt: skip
for _name in Spool.DETAILS:
    SPOOL_COLUMNS.setdefault(_name, text(Spool._meta.get_field(_name).max_length))
# Words that may mean one column or another.
DOUBTFUL = {
    "total_weight": _(
        "with the reel (gross_grams), or without (net_grams, of spools initial_grams)"
    ),
    "temperature": _("of the nozzle (nozzle_temp) or of the bed (bed_temp)"),
    "id": _("of a filament elsewhere (external_id) or of a spool (code)"),
    "menge": _("how many spools (quantity) or how much is left (remaining_grams)"),
    "amount": _("how many spools (quantity) or how much is left (remaining_grams)"),
}
