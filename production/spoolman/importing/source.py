"""What there is to import: lists of JSON objects as Spoolman shows them, and settings."""

from collections import Counter
from dataclasses import dataclass, field

import orjson
from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid

ENTITIES = ("vendor", "filament", "spool")
MAX_ROWS = 200_000
MAX_VALUES, MAX_OBJECTS = 10_000_000, 2_000_000  # in one list: 10,000 spools have 400,000, 60,000
NAMED = 5


class NotReadable(Invalid):
    code = "spoolman_not_readable"
    title = "This can't be read as a Spoolman"


@dataclass
class Source:
    """``rows`` and ``fields`` are by the name of their kind: vendor, filament, spool. Rows name
    others by ``filament_id`` and ``vendor_id``. ``fields`` are None where they have to be guessed
    from the values."""

    place: str
    rows: dict
    fields: dict | None = None
    settings: dict = field(default_factory=dict)
    version: str = ""


def loaded(content):
    """What JSON says. Raises orjson.JSONDecodeError, and NotReadable before it takes more memory
    than there may be."""
    if content.count(b",") > MAX_VALUES or sum(map(content.count, (b"{", b"["))) > MAX_OBJECTS:
        raise NotReadable(_("There is more in it than can be imported at once."))
    return orjson.loads(content)


def objects(found, name):
    """A list of JSON objects, each with an id of its own. Raises NotReadable, which names the
    list."""
    if not isinstance(found, list):
        message = _("%(name)s: a list is expected, not %(found)s.")
        raise NotReadable(message % {"name": name, "found": kind_of(found)})
    if len(found) > MAX_ROWS:
        message = _("%(name)s: %(count)s rows are more than can be imported (%(most)s).")
        raise NotReadable(message % {"name": name, "count": len(found), "most": MAX_ROWS})
    for place, row in enumerate(found, 1):
        if not isinstance(row, dict):
            message = _("%(name)s: row %(place)s is %(found)s, not an object.")
            names = {"name": name, "place": place, "found": kind_of(row)}
            raise NotReadable(message % names)
        if not _is_id(row.get("id")):
            message = _("%(name)s: row %(place)s has no usable id.")
            raise NotReadable(message % {"name": name, "place": place})
    counts = Counter(row["id"] for row in found)
    if twice := [number for number, count in counts.items() if count > 1]:
        message = _("%(name)s: several rows have the id %(ids)s.")
        ids = ", ".join(map(str, twice[:NAMED]))
        raise NotReadable(message % {"name": name, "ids": ids})
    return found


def kind_of(value):
    """What a value of JSON is, for a sentence."""
    names = {dict: _("an object"), list: _("a list"), str: _("a text"), bool: _("true or false")}
    if value is None:
        return _("null")
    return names.get(type(value), _("a number"))


def _is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15
