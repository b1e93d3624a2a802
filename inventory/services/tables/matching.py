"""Finds the filament and the location that a row means.

Names are compared without regard to case and to how many spaces are in them.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from django.utils.translation import gettext as _

from inventory.models import Filament
from inventory.services.tables.cells import BadCell, shorten

MOST_SUGGESTIONS = 20  # a search among thousands of names takes a while


@dataclass(frozen=True)
class Known:
    """What tells one filament from another."""

    pk: int
    external_id: str | None
    maker: str
    name: str
    material: str
    diameter_mm: Decimal
    net_grams: Decimal | None

    def __str__(self):
        return f"{self.maker} {self.name} ({self.material})".strip()


class Catalogue:
    """All filaments of the farm, by their ids and by their names; one query."""

    def __init__(self):
        self.by_external_id = {}
        self.by_name = defaultdict(list)
        self.searches = 0
        columns = ("pk", "external_id", "manufacturer__name", "name", "material_type__code",
                   "diameter_mm", "net_grams")  # fmt: skip
        for pk, external_id, maker, *rest in Filament.objects.values_list(*columns).order_by("pk"):
            self._add(Known(pk, external_id, maker or "", *rest))

    def _add(self, known):
        if known.external_id:
            self.by_external_id[known.external_id] = known
        self.by_name[folded(known.name)].append(known)

    def named(self, cells):
        """The filaments that the values of a row may mean, by name."""
        found = self.by_name.get(folded(cells["name"]), ())
        tests = {
            "manufacturer": lambda known, value: folded(known.maker) == folded(value),
            "material": lambda known, value: known.material == value,
            "diameter_mm": lambda known, value: known.diameter_mm == value,
        }
        for column, fits in tests.items():
            if column in cells:
                found = [known for known in found if fits(known, cells[column])]
        return list(found)

    def the_one(self, cells):
        """The filament that a spool's row means. Raises BadCell with what may be meant."""
        if "external_id" in cells:
            if known := self.by_external_id.get(cells["external_id"]):
                return known
            message = _("There is no filament with the id “%(id)s”.")
            raise BadCell(
                message % {"id": shorten(cells["external_id"])}, errors={"external_id": []}
            )
        if "name" not in cells:
            raise BadCell(_("Which filament? Give its id or its name."), errors={"name": []})
        found = self.named(cells)
        if len(found) == 1:
            return found[0]
        raise BadCell(self._several(found) if found else self._none(cells), errors={"name": []})

    def _several(self, found):
        ids = [known.external_id or _("none") for known in found[:5]]
        return _(
            "%(count)s filaments are called so: give the maker, the material, the diameter or the "
            "external_id (%(ids)s)."
        ) % {"count": len(found), "ids": shorten(", ".join(ids))}

    def _none(self, cells):
        name, material = cells["name"], cells.get("material")
        wanted = shorten(" ".join(filter(None, [cells.get("manufacturer"), name, material])))
        if known := self._like(name):
            message = _("There is no filament “%(name)s”. Did you mean %(known)s?")
            return message % {"name": wanted, "known": shorten(str(known))}
        return _("There is no filament “%(name)s”.") % {"name": wanted}

    def _like(self, name):
        self.searches += 1
        if self.searches > MOST_SUGGESTIONS:
            return None
        close = get_close_matches(folded(name), self.by_name, n=1)
        return self.by_name[close[0]][0] if close else None


def folded(name):
    """A name as it is compared."""
    return " ".join(name.split()).casefold()


def the_place(places, name):
    """The Location that is called so, of ``{folded name: Location}``. Raises BadCell."""
    if place := places.get(folded(name)):
        return place
    close = get_close_matches(folded(name), places, n=1)
    message = _("There is no location “%(name)s”: add it first.")
    if close:
        message = _("There is no location “%(name)s”: did you mean “%(known)s”?")
    names = {"name": shorten(name), "known": places[close[0]].name if close else ""}
    raise BadCell(message % names, errors={"location": []})
