"""Bills of materials as a text: "PLA: 8; PETG = Polyfil Sky: 2.5", grams in one unit."""

import re
from difflib import get_close_matches
from typing import NamedTuple

from django.utils.translation import gettext as _

from inventory.models import Filament, MaterialType
from inventory.services.tables.cells import BadCell, Cell, pattern, quantity, shorten
from inventory.services.tables.columns import MATERIAL_CODE, MATERIAL_LETTERS
from inventory.services.tables.units import GRAMS
from tenants.operations.text import folded

LONGEST, LONGEST_FILAMENT = 2000, 300  # characters
ENTRY = re.compile(
    r"\s*(?P<code>[^=:;]+?)\s*(?:=\s*(?P<filament>.+?)\s*)?"
    r":\s*(?P<grams>[+-]?[0-9][0-9.,'’]*)\s*(?:g|gr|grams?|gramm)?\s*(?:;|\Z)",
    re.IGNORECASE,
)
GRAMS_CELL = quantity("grams", "gramm", "weight", "gewicht", above="0", dimension=GRAMS)
CODE_CELL = pattern(
    MATERIAL_CODE,
    _("“%(value)s” is not a code of plain letters, such as PLA or ASA-CF."),
    "material", "polymer", "material_type_code", "werkstoff",
    normalise=str.upper,
    letters=MATERIAL_LETTERS,
)  # fmt: skip


class BillEntry(NamedTuple):
    """A line of a bill: the code of a material type or "", a filament's name or "", and grams."""

    code: str
    filament: str
    grams: object


def bill(*others):
    """A cell with a bill of materials, as BillEntries."""
    return Cell(_entries, others)


def text_of(product):
    """The bill of materials of a product as `bill` reads it."""
    return "; ".join(map(_text, product.bom_lines.all()))


def _entries(value):
    if len(value) > LONGEST:
        raise BadCell(_("Longer than %(longest)s characters.") % {"longest": LONGEST})
    found, place = [], 0
    while value[place:].strip(" ;"):
        entry = ENTRY.match(value, place)
        if not entry:
            message = _("“%(value)s” is not understood: write it like “PLA: 8; PETG: 2.5”.")
            raise BadCell(message % {"value": shorten(value[place:].strip())})
        code = CODE_CELL.read(entry["code"])
        found.append(BillEntry(code, entry["filament"] or "", GRAMS_CELL.read(entry["grams"])))
        place = entry.end()
    return tuple(found)


def _text(line):
    code = line.material_type.code
    what = f"{code} = {line.filament}" if line.filament_id else code
    return f"{what}: {line.grams_per_unit.normalize():f}"


class Materials:
    """The farm's material types and filaments, by what a table calls them."""

    def __init__(self):
        self._types = {kind.code: kind for kind in MaterialType.objects.all()}
        self._by_name = None

    def find(self, entry):
        """``(material type, filament or None)`` of a BillEntry. Raises BadCell."""
        if not entry.filament:
            return self._type(entry.code), None
        wanted = entry.code and self._type(entry.code)
        named = self._named(entry.filament)
        found = [each for each in named if not wanted or each.material_type_id == wanted.pk]
        found = [each for each in found if each.is_active] or found
        if len(found) == 1:
            return found[0].material_type, found[0]
        names = {"name": shorten(entry.filament), "code": entry.code, "count": len(found)}
        if found:
            names["numbers"] = ", ".join(f"#{each.pk}" for each in found[:5])
            message = _("%(count)s filaments are called “%(name)s”: write one of %(numbers)s.")
        elif named:
            message = _("“%(name)s” is no filament of %(code)s.")
        else:
            message = _("There is no filament “%(name)s”: add it first.")
        raise BadCell(message % names)

    def _type(self, code):
        if kind := self._types.get(code):
            return kind
        names = {"code": code}
        message = _("There is no material type “%(code)s”: add it first.")
        if close := get_close_matches(code, self._types, n=1):
            names["known"] = close[0]
            message = _("There is no material type “%(code)s”: did you mean %(known)s?")
        raise BadCell(message % names)

    def _named(self, name):
        """The filaments that are called so: by maker and name, by name, or by the number."""
        if self._by_name is None:
            self._by_name = {}
            for filament in Filament.objects.present().with_makers().order_by("pk"):
                for key in {folded(str(filament)), folded(filament.name), f"#{filament.pk}"}:
                    self._by_name.setdefault(key, []).append(filament)
        return self._by_name.get(folded(name), [])
