"""What comes in: the bodies of operations, read and checked as a whole before anything is done.

Names are Spoolman's, and a value stands for itself: what was not sent is not there, so that a PATCH
touches what was sent alone. Unknown fields are ignored.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from inventory.models import ExtraField
from production.spoolman import values
from production.spoolman.address import NOTHING
from production.spoolman.answers import InvalidShape, item, item_of, missing
from production.spoolman.values import Unusable, wrong

HEX = re.compile("[0-9A-Fa-f]*", re.ASCII)
HEX_LENGTHS = (6, 8)
ONE_COLOR = "Cannot specify both color_hex and multi_color_hexes."
DIRECTION_MISSING = "Multi-color filament must have multi_color_direction set."
DIRECTION_ALONE = "Single-color filament must not have multi_color_direction set."
MAX_TEMPERATURE = 32_767


class Field(NamedTuple):
    """``is_required`` in a POST; never null unless ``is_nullable``."""

    read: Callable
    is_required: bool = False
    is_nullable: bool = True


def _required(read):
    return Field(read, is_required=True, is_nullable=False)


def _color(value):
    digits = values.text()(value).removeprefix("#")
    if not HEX.fullmatch(digits):
        raise wrong("Invalid character in color code.")
    if digits and len(digits) not in HEX_LENGTHS:
        raise wrong("Color code must be 6 or 8 characters long.")
    return digits.upper() or None


def _colors(value):
    given = values.text()(value)
    if not given:
        return None
    found = [_color(each.strip()) for each in given.split(",")]
    if len(found) < 2:
        raise wrong("Must specify at least two colors in multi_color_hexes.")
    if None in found:
        raise wrong("Color code must be 6 or 8 characters long.")
    return found


SHORT, MIDDLE, LONG = values.text(64), values.text(256), values.text(1024)
# Digits before the point, as our columns have them.
WEIGHT, PRICE = values.number(least=0), values.number(least=0, places=4)
MEASURED = values.number(above=0, digits=2, places=4)  # a density, a diameter
TEMPERATURE = values.whole(least=0, most=MAX_TEMPERATURE)
ID = values.whole()

VENDOR = {
    "name": _required(SHORT),
    "comment": Field(LONG),
    "empty_spool_weight": Field(WEIGHT),
    "external_id": Field(MIDDLE),
    "extra": Field(values.extra),
}
FILAMENT = {
    "name": Field(SHORT),
    "vendor_id": Field(ID),
    "material": Field(SHORT),
    "price": Field(PRICE),
    "density": _required(MEASURED),
    "diameter": _required(MEASURED),
    "weight": Field(values.number(above=0)),
    "spool_weight": Field(WEIGHT),
    "article_number": Field(SHORT),
    "comment": Field(LONG),
    "settings_extruder_temp": Field(TEMPERATURE),
    "settings_bed_temp": Field(TEMPERATURE),
    "color_hex": Field(_color),
    "multi_color_hexes": Field(_colors),
    "multi_color_direction": Field(values.one_of("coaxial", "longitudinal")),
    "external_id": Field(MIDDLE),
    "extra": Field(values.extra),
}
# In the order in which a PATCH takes effect.
SPOOL = {
    "first_used": Field(values.moment),
    "last_used": Field(values.moment),
    "filament_id": _required(ID),
    "price": Field(PRICE),
    "initial_weight": Field(WEIGHT),
    "spool_weight": Field(WEIGHT),
    "remaining_weight": Field(WEIGHT),
    "used_weight": Field(WEIGHT, is_nullable=False),
    "location": Field(SHORT),
    "lot_nr": Field(SHORT),
    "comment": Field(LONG),
    "archived": Field(values.flag, is_nullable=False),
    "extra": Field(values.extra),
}
NEW_SPOOL = SPOOL | {"used_weight": Field(WEIGHT)}
USE = {
    "use_weight": Field(values.number(places=12)),
    "use_length": Field(values.number(digits=10, places=12)),
}
MEASURE = {"weight": _required(values.number())}
RENAME_LOCATION = {"name": _required(values.text(least=1))}
RENAME_VALUE = {
    "value": _required(values.text(least=1)),
    "new_value": _required(values.text(least=1)),
}
EXTRA_FIELD = {
    "name": _required(values.text(128, least=1)),
    "order": Field(values.whole(), is_nullable=False),
    "unit": Field(values.text(16, least=1)),
    "field_type": _required(values.one_of(*ExtraField.Type.values)),
    "default_value": Field(values.text()),
    "choices": Field(values.texts),
    "multi_choice": Field(values.flag),
}


def read(fields, body, *, is_partial=False):
    """The values that were sent, in the order of the fields. Raises InvalidShape."""
    if body is NOTHING:
        raise InvalidShape([missing(["body"])])
    if not isinstance(body, Mapping):
        message = "Input should be a valid dictionary or object to extract fields from"
        raise InvalidShape([item("model_attributes_type", ["body"], message, body)])
    found, items = {}, []
    for name, field in fields.items():
        if name in body:
            try:
                found[name] = _value(field, body[name], is_partial)
            except Unusable as error:
                items.append(item_of(error, ["body", name], body[name]))
        elif field.is_required and not is_partial:
            items.append(missing(["body", name], body))
    items += _items_of_extra(found.get("extra"))
    if items:
        raise InvalidShape(items)
    return found


def read_filament(body, *, is_partial=False):
    """As `read`; the rules of colours look at the body alone, also in a PATCH."""
    found = read(FILAMENT, body, is_partial=is_partial)
    one, several = found.get("color_hex"), found.get("multi_color_hexes")
    direction = found.get("multi_color_direction")
    message = None
    if one and several:
        message = ONE_COLOR
    elif several and not direction:
        message = DIRECTION_MISSING
    elif direction and not several:
        message = DIRECTION_ALONE
    if message:
        raise InvalidShape([item_of(wrong(message), ["body"], body)])
    return found


def _value(field, given, is_partial):
    if given is None and field.is_nullable:
        return None
    if given is None and is_partial and field.is_required:
        raise wrong("Value must not be None.")
    return field.read(given)


def _items_of_extra(extra):
    read_text, items = values.text(), []
    for key, value in (extra or {}).items():
        try:
            read_text(key)
            if value is not None:
                read_text(value)
        except Unusable as error:
            items.append(item_of(error, ["body", "extra", key], value))
    return items
