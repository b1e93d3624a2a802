"""What came here beside what is there, field by field, as the printers' API answers it here."""

from decimal import Decimal

import orjson

from production.spoolman import lists, shapes, sorting
from production.spoolman.importing.rows import base_of

LISTS = {
    "vendor": (lists.ALL_VENDORS, shapes.vendors),
    "filament": (lists.ALL_FILAMENTS, shapes.filaments),
    "spool": (lists.ALL_SPOOLS, shapes.spools),
}
DERIVED = ("id", "remaining_length", "used_length")
REMAINING = "remaining_weight"
PLACES = 6  # a microgram: more is not kept


def differences(entity, theirs):
    """``[(number, field, theirs, ours)]`` of the rows that are to be the same: ``{number: values by
    Spoolman's names}``. A value is None where there is none."""
    listing, shape = LISTS[entity]
    known, missing, found = {}, set(theirs), []
    for chunk in listing.chunks([], [sorting.BY_ID]):
        wanted = [row for row in shape(chunk, known) if row["id"] in theirs]
        for ours in _plain(wanted):
            number = ours["id"]
            missing.discard(number)
            there, here = theirs[number], _flat(ours)
            names = (there.keys() | here.keys()) - set(DERIVED)
            for name in sorted(names):
                pair = _value(there.get(name)), _value(here.get(name))
                if pair[0] != pair[1]:
                    found.append((number, name, *pair))
    return found + [(number, "id", number, None) for number in sorted(missing)]


def of_row(row, filament=None):
    """The values that an answer here should have. What is left of a spool is worked out where it
    was not given, and where its initial weight was 0, which is taken for unknown."""
    [found] = _plain([row.given])
    if row.entity != "spool":
        return found
    found = {"archived": False, "used_weight": 0.0} | found
    base = base_of(row, filament)
    if base is None:
        found.pop(REMAINING, None)
    elif REMAINING not in found or row.given.get("initial_weight") == 0:
        found[REMAINING] = float(max(base - row.given.get("used_weight", Decimal(0)), 0))
    return found


def _flat(ours):
    for name in ("vendor", "filament"):
        if name in ours:
            ours[f"{name}_id"] = ours.pop(name)["id"]
    return ours


def _plain(rows):
    content = orjson.dumps(rows, default=_other, option=orjson.OPT_UTC_Z)
    return orjson.loads(content)


def _other(value):
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError


def _value(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return round(value, PLACES)
    return (",".join(value) if isinstance(value, list) else value) or None
