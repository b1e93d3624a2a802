"""Finding the filament, the maker and the place that a line of a table means.

Names are compared without regard to case and to how many spaces are in them.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from inventory.models import Filament
from inventory.services.tables.catalogue_entries import MATERIAL_CODE
from inventory.services.tables.cells import BadCell, pattern, quantity
from inventory.services.tables.reading import shown

MOST_SUGGESTIONS = 20  # a search among thousands of names takes a while
MATERIAL = pattern(
    MATERIAL_CODE, "a code such as PLA or ASA-CF", "material_type", "polymer", normal=str.upper
)
DIAMETER = quantity("diameter", digits=4, places=2, least="0.5", most="10")


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
        """The filaments that the cells of a line may mean, by name."""
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
        """The filament that a spool's line means. Raises BadCell with what may be meant."""
        if "external_id" in cells:
            if known := self.by_external_id.get(cells["external_id"]):
                return known
            raise BadCell(
                f"There is no filament with the id “{shown(cells['external_id'])}”.",
                errors={"external_id": []},
            )
        if "name" not in cells:
            raise BadCell("Which filament? Give its id or its name.", errors={"name": []})
        found = self.named(cells)
        if len(found) == 1:
            return found[0]
        raise BadCell(self._several(found) if found else self._none(cells), errors={"name": []})

    def _several(self, found):
        ids = [known.external_id or "none" for known in found[:5]]
        return (
            f"{len(found)} filaments are called so: give the maker, the material, the diameter or "
            f"the external_id ({shown(', '.join(ids))})."
        )

    def _none(self, cells):
        name, material = cells["name"], cells.get("material")
        wanted = " ".join(filter(None, [cells.get("manufacturer"), name, material]))
        return f"There is no filament “{shown(wanted)}”.{self._suggestion(name)}"

    def _suggestion(self, name):
        self.searches += 1
        if self.searches > MOST_SUGGESTIONS:
            return ""
        close = get_close_matches(folded(name), self.by_name, n=1)
        return f" Did you mean {shown(str(self.by_name[close[0]][0]))}?" if close else ""


def folded(name):
    """A name as it is compared."""
    return " ".join(name.split()).casefold()


def the_place(places, name):
    """The Location that is called so, of ``{folded name: Location}``. Raises BadCell."""
    if place := places.get(folded(name)):
        return place
    close = get_close_matches(folded(name), places, n=1)
    hint = f"did you mean “{places[close[0]].name}”?" if close else "add it first."
    raise BadCell(f"There is no location “{shown(name)}”: {hint}", errors={"location": []})
