"""What an entry of a SpoolmanDB-shaped catalogue must be, field by field.

An entry comes from somebody else's file: every value is looked at before it is believed, and what
can't be believed is refused with the field's name, never repaired and never allowed to crash.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from inventory.models import Filament
from tenants.operations.quantities import GramsField, rounded
from tenants.operations.refusals import Invalid
from tenants.operations.text import first_invisible_character, nfc

COLOR = re.compile(r"[0-9A-F]{6}([0-9A-F]{2})?")
# Ascii alone: what upper case is elsewhere, Python and PostgreSQL do not always agree on.
MATERIAL_CODE = re.compile(r"[A-Z0-9][A-Z0-9 +./()%_-]{0,39}")
GRAMS = {"digits": GramsField.digits, "places": GramsField.places}
DEGREES = {"digits": 6, "places": 0, "least": "0", "most": "1000"}
REMARKS = ("finish", "pattern")


class BrokenEntry(Invalid):
    """An entry of a catalogue that can't be imported; the others can."""

    code = "broken_entry"
    title = "This entry of the catalogue can't be used"


@dataclass(frozen=True)
class Entry:
    """One believable entry. ``density_g_cm3`` None: the material type's; ``filament`` holds the
    other values by the names of the model's fields."""

    external_id: str
    manufacturer: str
    material: str
    density_g_cm3: Decimal | None
    filament: dict


def parsed(raw):
    """``raw`` as an Entry. Raises BrokenEntry."""
    if not isinstance(raw, dict):
        raise BrokenEntry(f"an entry is an object, this is {_kind(raw)}")
    return Entry(
        external_id=_text(raw, "id", longest=200),
        manufacturer=_text(raw, "manufacturer", longest=100, required=False),
        material=_material(raw),
        density_g_cm3=_number(raw, "density", digits=6, places=4, least="0.1", most="25"),
        filament={
            "name": _text(raw, "name", longest=150),
            "diameter_mm": _diameter(raw),
            "net_grams": _number(raw, "weight", least="1", **GRAMS),
            # 0 stands for "nobody weighed it": a reel of 0 g would spoil every weighing.
            "tare_grams": _number(raw, "spool_weight", least="0", **GRAMS) or None,
            "nozzle_temp": _temperature(raw, "extruder_temp"),
            "bed_temp": _temperature(raw, "bed_temp"),
            "comment": _remarks(raw),
            **_colors(raw),
        },
    )


def _text(raw, field, *, longest, required=True):
    value = raw.get(field)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise BrokenEntry(f"{field} must be text, not {_kind(value)}")
    value = nfc(" ".join(value.split()))
    if required and not value:
        raise BrokenEntry(f"{field} is missing")
    if len(value) > longest:
        raise BrokenEntry(f"{field} is longer than {longest} characters")
    if unseen := first_invisible_character(value):
        raise BrokenEntry(f"{field} contains a character that can't be seen ({unseen})")
    return value


def _material(raw):
    code = _text(raw, "material", longest=40).upper()
    if not MATERIAL_CODE.fullmatch(code):
        raise BrokenEntry("material must be a short code of plain letters, such as PLA or ASA-CF")
    return code


def _number(raw, field, *, digits, places, least, most=None):
    """The field as a Decimal in its bounds, None when it is not there."""
    value = raw.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise BrokenEntry(f"{field} must be a number, not {_kind(value)}")
    try:
        number = rounded(value, digits=digits, places=places, field=field)
    except Invalid as error:
        raise BrokenEntry(f"{field}: {error}") from error
    if number < Decimal(least) or (most and number > Decimal(most)):
        raise BrokenEntry(f"{field} of {number.normalize():f} can't be true")
    return number


def _diameter(raw):
    number = _number(raw, "diameter", digits=4, places=2, least="0.5", most="10")
    return Decimal("1.75") if number is None else number


def _temperature(raw, field):
    """Degrees Celsius; where only a range is given, the middle of it."""
    if raw.get(field) is None:
        return _middle(raw, f"{field}_range")
    return int(_number(raw, field, **DEGREES))


def _middle(raw, field):
    ends = raw.get(field)
    if ends is None:
        return None
    if not isinstance(ends, list | tuple) or len(ends) != 2 or None in ends:
        raise BrokenEntry(f"{field} must be two temperatures")
    low, high = (_number({field: end}, field, **DEGREES) for end in ends)
    return int(low + high) // 2


def _colors(raw):
    several = raw.get("color_hexes") or []
    direction = raw.get("multi_color_direction")
    if not several:
        return {"color_hex": _color(raw.get("color_hex"), "color_hex", required=False)}
    if not isinstance(several, list | tuple) or len(several) < 2:
        raise BrokenEntry("color_hexes must be a list of at least two colours")
    if direction not in Filament.Direction.values:
        raise BrokenEntry("several colours need a multi_color_direction: coaxial or longitudinal")
    return {
        "multi_color_hexes": [_color(value, "color_hexes") for value in several],
        "multi_color_direction": direction,
    }


def _color(value, field, *, required=True):
    if value in (None, "") and not required:
        return ""
    digits = value.strip().removeprefix("#").upper() if isinstance(value, str) else ""
    if not COLOR.fullmatch(digits):
        raise BrokenEntry(f"{field} must be 6 or 8 hex digits, such as FF8800")
    return digits


def _remarks(raw):
    """What the catalogue says of the look and the book has no field for."""
    text = {field: _text(raw, field, longest=60, required=False) for field in REMARKS}
    said = [f"{text} {field}" for field, text in text.items() if text]
    said += [words for words in ("translucent", "glow") if raw.get(words) is True]
    return ", ".join(said)


def _kind(value):
    names = {dict: "an object", list: "a list", bool: "true or false", str: "text"}
    return names.get(type(value), "nothing" if value is None else "a number")
