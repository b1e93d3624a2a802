"""The data of the demo farm."""

from decimal import Decimal

SETTINGS = {"labour_rate": "28", "machine_hour_rate": "1.10", "energy_price_kwh": "0.31"}

LOCATIONS = ("Dry box", "Shelf A", "Shelf B", "Print room")

# Filaments by a short name, with their price a spool; None: unknown.
FILAMENTS = {
    "graphite": ("nordfaden_pla_graphite_1000_175", "19.90"),
    "snow": ("nordfaden_pla_snow_1000_175", "19.90"),
    "signal": ("nordfaden_pla_signal_1000_175", "21.50"),
    "fjord": ("nordfaden_pla_fjord_1000_175", "21.50"),
    "slate": ("kestrel_petg_slate_1000_175", "23.80"),
    "clear": ("kestrel_petg_clear_1000_175", "24.90"),
    "coal": ("kestrel_asa_coal_750_175", "27.40"),
    "anthracite": ("kestrel_petg-cf_anthracite_750_175", "44.00"),
    "moss": ("lumaforge_tpu95_moss_500_175", None),
    "dusk": ("lumaforge_pla_dusk_750_175", "26.00"),
}

REORDER_POINT_GRAMS = "250"

# (filament, net grams or None for a full spool, price or None for the filament's, lot, location)
FIRST_SPOOLS = (
    ("graphite", None, None, "NF-2217", "Shelf A"),
    ("graphite", None, "18.40", "NF-2251", "Shelf A"),
    ("snow", None, None, "NF-2198", "Shelf A"),
    ("snow", None, None, "NF-2198", "Shelf A"),
    ("snow", None, "18.40", "NF-2251", "Shelf A"),
    ("signal", None, None, "NF-2230", "Shelf A"),
    ("fjord", "250", "7.90", "NF-1904", "Shelf A"),
    ("slate", None, None, "KP-0771", "Shelf B"),
    ("slate", None, None, "KP-0771", "Shelf B"),
    ("clear", None, None, "KP-0802", "Dry box"),
    ("coal", None, None, "KP-0644", "Dry box"),
    ("anthracite", None, None, "KP-0310", "Dry box"),
    ("moss", None, None, "LF-118", "Dry box"),
    ("dusk", None, None, "LF-093", "Shelf A"),
)
REORDERED_SPOOLS = (
    ("snow", None, "20.90", "NF-2310", "Shelf A"),
    ("snow", None, "20.90", "NF-2310", "Shelf A"),
    ("slate", None, "24.60", "KP-0855", "Shelf B"),
    ("coal", None, "28.10", "KP-0679", "Dry box"),
)
SUPPLIER = "Filamenthof"

FOUR = ("A1", "A2", "A3", "A4")
PRINTER_FIELDS = (
    "name", "manufacturer", "model", "bed_x_mm", "bed_y_mm", "bed_z_mm", "has_hardened_nozzle",
    "max_nozzle_temp", "max_bed_temp", "hour_rate", "power_watts",
)  # fmt: skip
PRINTERS = (  # and the labels of their slots
    ("Alder", "Voxelwerk", "V4", 256, 256, 256, False, 300, 110, None, 140, FOUR),
    ("Birch", "Voxelwerk", "V4", 256, 256, 256, False, 300, 110, None, 140, FOUR),
    ("Cedar", "Voxelwerk", "V4", 256, 256, 256, True, 300, 110, None, 150, FOUR),
    ("Elm", "Tinkerhaus", "Mono", 250, 210, 220, False, 290, 100, "0.80", 110, ("1",)),
    ("Fir", "Tinkerhaus", "Mono", 250, 210, 220, False, 290, 100, "0.80", 110, ("1",)),
    ("Oak", "Voxelwerk", "XL", 350, 350, 400, True, 320, 120, "2.20", 330, ("1", "2")),
)

PRODUCT_FIELDS = (
    "sku", "name", "units_per_plate", "plate_minutes", "plate_purge_grams", "height_mm",
    "labour_minutes",
)  # fmt: skip
# And their bill of materials: material type, filament or None for any of the type, grams a unit.
PRODUCTS = (
    ("HK-100", "Wall hook", 12, 185, None, 42, "0.5", (("PLA", None, "8.4"),)),
    ("PT-120", "Plant pot 12 cm", 2, 265, None, 118, "1", (("PLA", None, "58"),)),
    ("SG-210", "Door sign, two colours", 2, 230, "11.5", 6, "3",
     (("PLA", "graphite", "36"), ("PLA", "signal", "8.5"))),
    ("CC-330", "Cable clip", 40, 140, None, 14, "0.1", (("PETG", None, "2.1"),)),
    ("BR-405", "Shelf bracket", 4, 250, None, 96, "1.5", (("PETG", "slate", "44"),)),
    ("DA-510", "Drone arm", 3, 205, None, 22, "4", (("PETG-CF", None, "26.5"),)),
    ("EH-610", "Sensor housing", 6, 270, None, 48, "2", (("ASA", None, "17.5"),)),
    ("GK-720", "Gasket", 10, 115, None, 4, "0.3", (("TPU-95A", None, "4.8"),)),
)  # fmt: skip

# Which products a printer makes, as often as they are named.
WORK = {
    "Alder": ("SG-210", "HK-100", "HK-100"),
    "Birch": ("PT-120", "HK-100", "CC-330"),
    "Cedar": ("DA-510", "HK-100", "SG-210", "CC-330"),
    "Elm": ("HK-100", "GK-720", "PT-120"),
    "Fir": ("CC-330", "BR-405", "PT-120"),
    "Oak": ("EH-610", "BR-405", "EH-610"),
}
# What one that is planned too low really takes, as a multiple of its bill of materials.
REALLY_TAKES = {"EH-610": Decimal("1.13")}
SCRAP_REASONS = ("adhesion", "stringing", "warping", "surface_defect", "layer_shift", "dimensional")
