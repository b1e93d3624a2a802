"""Changes of filaments."""

from inventory.models import Filament
from inventory.services import extra_values, filaments, material_types
from production.spoolman import bodies, rows
from production.spoolman.answers import Failure
from production.spoolman.changes import DELETED, is_gone_not_found, without_nulls
from tenants.operations.refusals import InUse

COLUMNS = {
    "density": "density_g_cm3",
    "diameter": "diameter_mm",
    "weight": "net_grams",
    "spool_weight": "tare_grams",
    "settings_extruder_temp": "nozzle_temp",
    "settings_bed_temp": "bed_temp",
}
TEXTS = {"name", "article_number", "comment", "color_hex", "multi_color_direction"}
IN_USE = "Failed to delete filament, see server logs for more information."


def create(call):
    given = bodies.read_filament(call.body)
    fields, by = _columns(given), call.client.user
    maker = fields.get("manufacturer")
    if fields.get("tare_grams") is None and maker is not None:
        fields["tare_grams"] = maker.empty_spool_grams
    fields |= _material(given.get("material"), given["density"], by)
    fields["extra"] = extra_values.merged({}, fields.get("extra", {}))
    made = filaments.create(Filament, by=by, **fields)
    made.refresh_from_db(fields=["number"])
    return rows.filament_shape(made.number)


def update(call):
    given = bodies.read_filament(call.body, is_partial=True)
    number, by = call.number("filament_id"), call.client.user
    row = rows.target_filament(number)
    fields = _columns(given)
    if "material" in given:
        density = given.get("density", row.density_g_cm3)
        fields |= _material(given["material"], density, by)
    if given.get("multi_color_hexes", "") is None:
        fields["multi_color_direction"] = ""
    with is_gone_not_found("filament", number):
        filaments.update(row, by=by, **fields)
    return rows.filament_shape(row.number)


def delete(call):
    number = call.number("filament_id")
    try:
        with is_gone_not_found("filament", number):
            filaments.remove(rows.filament(number), by=call.client.user)
    except InUse as refusal:
        raise Failure(403, IN_USE) from refusal
    return DELETED


def _columns(given):
    """The values by our own names; the material apart. Raises Failure."""
    given = without_nulls(given, TEXTS)
    extra_values.check("filament", given.get("extra") or {})
    given.pop("material", None)
    if "vendor_id" in given:
        number = given.pop("vendor_id")
        given["manufacturer"] = None if number is None else rows.vendor(number)
    if given.get("multi_color_hexes", "") is None:
        given["multi_color_hexes"] = []
    return {COLUMNS.get(name, name): value for name, value in given.items()}


def _material(label, density, by):
    kind = material_types.of_label(label, density=density, by=by)
    return {"material_type": kind, "material_label": label or ""}
