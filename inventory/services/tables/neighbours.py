"""Exports of other programs, and our own, which are known by their headers.

Each header of theirs has the heading that stands for it here; what has none is left aside. What
takes more than another name is in ``complete``, which gets the texts of a line by their headers
and returns texts by our columns.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from inventory.services.tables.headings import normal
from inventory.services.tables.report import FILAMENTS, PROBLEM, SPOOLS


@dataclass(frozen=True)
class Neighbour:
    name: str
    what: str
    known_by: frozenset
    headings: dict
    complete: Callable = lambda theirs: {}
    note: str = ""

    def heading(self, header):
        """Ours for one of theirs; "" for what is left aside."""
        name = normal(header)
        return self.headings.get(name, name if name == PROBLEM else "")


def of(what, header):
    """The Neighbour whose export of SPOOLS or FILAMENTS has this header, or None."""
    names = set(map(normal, header))
    return next((each for each in KNOWN if each.what == what and each.known_by <= names), None)


def _same(*names):
    return {name: name for name in names}


def _spoolman(theirs):
    return {} if theirs.get("filament_name") else {"name": theirs.get("filament_material", "")}


def _octoprint(theirs):
    """Its prices name their currency, which has to be the farm's."""
    cost, unit = theirs.get("cost", ""), theirs.get("cost_unit", "")
    return {"price": f"{cost} {unit}"} if cost and unit else {}


def _bambuddy(theirs):
    """Its filaments have no names but material, kind and colour; nozzles have a range."""
    names = {"name": f"{theirs.get('material', '')} {theirs.get('subtype', '')}".strip()}
    ends = [theirs.get("nozzle_temp_min", ""), theirs.get("nozzle_temp_max", "")]
    if all(end.isascii() and end.isdigit() and len(end) < 5 for end in ends):
        names["nozzle_temp"] = str(sum(map(int, ends)) // 2)
    return names


# In the exports of the admin and of the API alike.
OF_OUR_SPOOLS = {
    "initial_grams": "initial_grams (g)",
    "remaining_grams": "remaining_grams (g)",
    "tare_grams": "tare_grams (g)",
    **_same("code", "color_hex", "price", "lot_number", "supplier", "received_on", "comment"),
}
KNOWN = [
    Neighbour(
        name="Spoolman",
        what=SPOOLS,
        known_by=frozenset({"filament_id", "filament_material", "used_weight", "archived"}),
        headings={
            "filament_vendor_name": "manufacturer",
            "filament_name": "name",
            "filament_material": "material",
            "filament_price": "filament_price",
            "filament_density": "density_g_cm3",
            "filament_diameter": "diameter_mm",
            "filament_weight": "filament_net_grams (g)",
            "filament_spool_weight": "filament_tare_grams (g)",
            "filament_color_hex": "color_hex",
            "filament_article_number": "article_number",
            "filament_settings_extruder_temp": "nozzle_temp",
            "filament_settings_bed_temp": "bed_temp",
            "filament_external_id": "external_id",
            "initial_weight": "initial_grams (g)",
            "spool_weight": "tare_grams (g)",
            "used_weight": "used_grams (g)",
            "lot_nr": "lot_number",
            "registered": "received_on",
            **_same("price", "location", "comment", "archived"),
        },
        complete=_spoolman,
        note=_(
            "Spoolman’s numbers are left aside: “Import from Spoolman” keeps them, for labels and "
            "printers that have them."
        ),
    ),
    Neighbour(
        name="Spoolman",
        what=FILAMENTS,
        known_by=frozenset({"registered", "material", "density", "diameter", "id"}),
        headings={
            "vendor_name": "manufacturer",
            "weight": "net_grams (g)",
            "spool_weight": "tare_grams (g)",
            "settings_extruder_temp": "nozzle_temp",
            "settings_bed_temp": "bed_temp",
            **_same(
                "name", "material", "price", "density", "diameter", "article_number", "comment",
                "color_hex", "external_id",
            ),
        },
    ),
    Neighbour(
        name="OctoPrint-SpoolManager",
        what=SPOOLS,
        known_by=frozenset({"spool_name", "vendor", "total_weight_g", "used_weight_g"}),
        headings={
            "spool_name": "name",
            "color_name": "color_name",
            "color_code_hex": "color_hex",
            "vendor": "manufacturer",
            "material": "material",
            "density_g_cm3": "density_g_cm3",
            "diameter_mm": "diameter_mm",
            "temperature_c": "nozzle_temp",
            "bed_temperature_c": "bed_temp",
            "total_weight_g": "initial_grams (g)",
            "spool_weight_g": "tare_grams (g)",
            "used_weight_g": "used_grams (g)",
            "purchased_from": "supplier",
            "purchased_on_dd_mm_yyyy": "received_on",
            "cost": "price",
            "note": "comment",
        },
        complete=_octoprint,
    ),
    Neighbour(
        name="Bambuddy",
        what=SPOOLS,
        known_by=frozenset({"subtype", "label_weight", "weight_used", "rgba"}),
        headings={
            "material": "material",
            "brand": "manufacturer",
            "subtype": "name",
            "color_name": "color_name",
            "rgba": "color_hex",
            "label_weight": "initial_grams (g)",
            "weight_used": "used_grams (g)",
            "cost_per_kg": "price_per_kg",
            "nozzle_temp_min": "nozzle_temp",
            "note": "comment",
            "storage_location": "location",
        },
        complete=_bambuddy,
    ),
    Neighbour(
        name="Spoolbook",
        what=SPOOLS,
        known_by=frozenset({"code", "filament_name", "material_type_code", "available_grams"}),
        headings={
            "filament_name": "name",
            "filament_external_id": "external_id",
            "manufacturer_name": "manufacturer",
            "material_type_code": "material",
            "location_name": "location",
            "archived_at": "archived",
            **OF_OUR_SPOOLS,
        },
    ),
    Neighbour(
        name="Spoolbook",
        what=SPOOLS,
        known_by=frozenset({"code", "initial_grams", "remaining_grams", "available_grams"}),
        headings={
            "archived_at": "archived",
            "filament_net_grams": "filament_net_grams (g)",
            **_same(
                "external_id", "manufacturer", "name", "material", "color_name", "diameter_mm",
                "density_g_cm3", "location",
            ),
            **OF_OUR_SPOOLS,
        },
    ),
    Neighbour(
        name="Spoolbook",
        what=FILAMENTS,
        known_by=frozenset({"manufacturer_name", "material_type_code", "name", "net_grams"}),
        headings={
            "manufacturer_name": "manufacturer",
            "material_type_code": "material",
            "net_grams": "net_grams (g)",
            "tare_grams": "tare_grams (g)",
            "reorder_point_grams": "reorder_point_grams (g)",
            **_same(
                "name", "color_name", "color_hex", "finish", "diameter_mm", "density_g_cm3",
                "nozzle_temp", "bed_temp", "price", "article_number", "gtin", "external_id",
                "comment",
            ),
        },
    ),
]  # fmt: skip
