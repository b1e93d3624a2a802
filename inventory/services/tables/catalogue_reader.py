"""Reads the entries of a SpoolmanDB-shaped catalogue, as the columns of filaments.

Every value is checked: what can't be true is refused with the field's name, never repaired.
"""

import reprlib
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import Filament
from inventory.services.tables.cells import BadCell, clean
from inventory.services.tables.columns import FILAMENT_COLUMNS
from inventory.services.tables.report import ReadTable, Row

FIELDS = {
    "id": "external_id",
    "manufacturer": "manufacturer",
    "name": "name",
    "material": "material",
    "density": "density_g_cm3",
    "diameter": "diameter_mm",
    "weight": "net_grams",
    "spool_weight": "tare_grams",
    "extruder_temp": "nozzle_temp",
    "bed_temp": "bed_temp",
    "color_hex": "color_hex",
}
LOOKS, FLAGS = ("pattern", "finish"), ("translucent", "glow")


def read_catalogue(entries):
    """The ReadTable of ``entries`` (an iterable of what should be dicts)."""
    return ReadTable([_row(number, entry) for number, entry in enumerate(entries, start=1)])


def _row(number, entry):
    row = Row(number, external_id=_("none"))
    if not isinstance(entry, dict):
        row.refuse("", _("An entry is an object with names and values."))
        return row
    row.external_id = reprlib.repr(entry.get("id"))  # safe to print on a terminal
    for field, column in FIELDS.items():
        _read(row, field, column, entry.get(field))
    for field in ("extruder_temp", "bed_temp"):
        if entry.get(field) is None:
            with row.refusing(f"{field}_range"):
                _read(row, f"{field}_range", FIELDS[field], _middle(entry.get(f"{field}_range")))
    if entry.get("color_hexes"):
        row.values.pop("color_hex", None)
        with row.refusing("color_hexes"):
            row.values |= _colors(entry)
    _read_looks(row, entry)
    if entry.get("id") in (None, ""):
        row.refuse("id", _("This is needed."))
    if not row.values.get("tare_grams"):  # 0 is unknown: no reel weighs nothing
        row.values.pop("tare_grams", None)
    return row


def _read(row, field, column, value):
    with row.refusing(field):
        if (value := _value(FILAMENT_COLUMNS[column], value)) not in (None, ""):
            row.values[column] = value


def _value(cell, value):
    """A JSON value as the column stores it; None where there is none. Raises BadCell."""
    if value is None:
        return None
    if cell.is_number:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise BadCell(_("This is not a number."))
        return cell.check(value)
    if not isinstance(value, str):
        raise BadCell(_("This is not a text."))
    text = clean(value)
    return cell.check(text) if text else None


def _middle(ends):
    """Where only a range of temperatures is given, the middle of it."""
    if ends is None:
        return None
    if not isinstance(ends, list | tuple) or len(ends) != 2 or None in ends:
        raise BadCell(_("A range is two temperatures."))
    return sum(_value(FILAMENT_COLUMNS["nozzle_temp"], end) for end in ends) // 2


def _colors(entry):
    hexes, direction = entry["color_hexes"], entry.get("multi_color_direction")
    if not isinstance(hexes, list | tuple) or len(hexes) < 2 or not all(hexes):
        raise BadCell(_("Several colours are a list of at least two."))
    if direction not in Filament.Direction.values:
        raise BadCell(_("Several colours need a multi_color_direction: coaxial or longitudinal."))
    colors = [_value(FILAMENT_COLUMNS["color_hex"], each) for each in hexes]
    return {"multi_color_hexes": colors, "multi_color_direction": direction}


def _read_looks(row, entry):
    """The finish is the look that is seen first; what a filament has no field for is a remark."""
    looks = {}
    for field in LOOKS:
        with row.refusing(field):
            if text := _value(FILAMENT_COLUMNS["comment"], entry.get(field)):
                looks[text.lower()] = f"{text} {field}"
    looks |= {flag: flag for flag in FLAGS if entry.get(flag) is True}
    by_sight = ("translucent", "sparkle", "marble", "glow", *looks)
    seen = [look for look in by_sight if look in looks and look in Filament.Finish.values]
    if seen:
        row.values["finish"] = seen[0]
        del looks[seen[0]]
    _read(row, "finish", "comment", ", ".join(looks.values()))
