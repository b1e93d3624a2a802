"""What the farm of the day is: its catalogue, a printer, a product, an order."""

KEY = {"HTTP_IDEMPOTENCY_KEY": "delivery-4711"}
LINES = """manufacturer;name;material;density_g_cm3;net_grams;tare_grams;price;color_hex
Nordfaden;PETG Clear;PETG;1.27;1000;212;27.50;E8EEF0
Nordfaden;PETG Sea Blue;PETG;1.27;1000;212;27.50;1B6CA8
"""
DELIVERED = """manufacturer;name;initial_grams;lot_number;location;price
Nordfaden;PETG Clear;1000;N-2611;Shelf B2;27.50
Nordfaden;PETG Sea Blue;1000;N-2614;Shelf B2;27.50
Nordfaden;PETG Sea Bleu;1000;N-2614;Shelf B2;27.50
"""
CATALOGUE = [
    {
        "id": "kupferwerk_asa_black_750_175",
        "manufacturer": "Kupferwerk",
        "name": "ASA Black",
        "material": "ASA",
        "density": 1.07,
        "diameter": 1.75,
        "weight": 750,
        "spool_weight": 195,
        "color_hex": "101214",
        "extruder_temp": 250,
        "bed_temp": 100,
    }
]
PLA = {
    "code": "PLA",
    "name": "Polylactic acid",
    "density_g_cm3": "1.2400",
    "nozzle_temp_min": 190,
    "nozzle_temp_max": 230,
    "bed_temp": 60,
}
NORDFADEN = {"name": "Nordfaden", "empty_spool_grams": "212"}
SHELF = {"name": "Shelf B2", "comment": "Second rack, dry box"}
BLACK = {
    "manufacturer_name": "Nordfaden",
    "material_type_code": "PLA",
    "name": "PLA Graphite Black",
    "color_name": "Graphite black",
    "color_hex": "26282B",
    "net_grams": "1000",
    "tare_grams": "212",
    "price": "24.99",
    "reorder_point_grams": "500",
}
ORANGE = BLACK | {
    "name": "PLA Signal Orange",
    "color_name": "Signal orange",
    "color_hex": "F26B21",
    "price": "26.50",
}
BLACK_SPOOL = {
    "filament_name": "PLA Graphite Black",
    "lot_number": "N-2598",
    "price": "24.99",
    "supplier": "Faden & Co.",
    "location_name": "Shelf B2",
}
PRINTER = {
    "name": "Mk4 left",
    "manufacturer": "Prusa Research",
    "model": "MK4S",
    "bed_x_mm": "250",
    "bed_y_mm": "210",
    "bed_z_mm": "220",
    "hour_rate": "1.20",
    "power_watts": 120,
    "location_name": "Shelf B2",
}
SIGN = {
    "sku": "SIGN-2",
    "name": "Door sign, two colours",
    "units_per_plate": 2,
    "plate_minutes": "230",
    "plate_purge_grams": "11.5",
    "labour_minutes": "3",
}
BLACK_LINE = {
    "material_type_code": "PLA",
    "filament_name": "PLA Graphite Black",
    "grams_per_unit": "36",
}
ORANGE_LINE = BLACK_LINE | {"filament_name": "PLA Signal Orange", "grams_per_unit": "8.5"}
ORDER = "ORDER-2214"
ITEM = {"product_sku": "SIGN-2", "quantity": 4, "order_reference": ORDER}
RUN = {
    "printer_name": "Mk4 left",
    "priority": 2,
    "due_on": "2026-03-04",
    "notes": "Door signs for the town hall",
    "items": [ITEM],
}
