"""Finds the filament and the location that a row means, by names in any case and spacing."""

from collections import defaultdict
from difflib import get_close_matches

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from inventory.models import Filament
from inventory.services.tables.cells import BadCell, shorten
from tenants.operations.text import folded

MAX_SUGGESTIONS = 20  # a search among thousands of names takes a while
NAMED = 5  # ids that a refusal names
OF_OTHERS = 0.85  # how much alike the name of another maker's filament has to be
# What identifies a filament.
COLUMNS = ("pk", "external_id", "name", "color_name", "diameter_mm", "net_grams", "is_active")
NAMES = {"maker": Coalesce("manufacturer__name", Value("")), "material": F("material_type__code")}
# What tells filaments of one name apart, and the net grams of a reel in either kind of table.
DISTINGUISHING = ("manufacturer", "material", "color_name", "diameter_mm", "initial_grams")


class FilamentIndex:
    """All filaments of the farm, by ids and names, and those of their doubles; one query."""

    def __init__(self):
        self.by_external_id, self.by_name, self.searches = {}, defaultdict(list), 0
        there = Q(removed_at=None) | Q(merged_into__isnull=False, merged_into__removed_at=None)
        rows = Filament.objects.filter(there).annotate(**NAMES)
        rows = rows.order_by("pk").values_list(*COLUMNS, "merged_into", *NAMES, named=True)
        for known in sorted(rows, key=lambda row: row.merged_into is not None):
            if known.merged_into is not None:
                known = known._replace(pk=known.merged_into)
            self.by_external_id.setdefault(known.external_id, known)  # the oldest
            self.by_name[folded(known.name)].append(known)

    def named(self, cells):
        """The filaments that the values of a row may mean, by name; one for each of its names."""
        return [
            known
            for known in self.by_name.get(folded(cells["name"]), ())
            if folded(cells.get("manufacturer", known.maker)) == folded(known.maker)
            and cells.get("material", known.material) == known.material
            and cells.get("diameter_mm", known.diameter_mm) == known.diameter_mm
            and _has_color(known, cells.get("color_name"))
        ]

    def is_missing(self, cells):
        """Whether there is no filament that a spool's row may mean, though it names one."""
        if "name" not in cells:
            return False
        if "external_id" in cells:
            return cells["external_id"] not in self.by_external_id
        return not self.named(cells)

    def the_one(self, cells):
        """The filament that a spool's row means. Raises BadCell with what may be meant."""
        if "external_id" in cells:
            if known := self.by_external_id.get(cells["external_id"]):
                return known
            message = _("There is no filament with the id “%(id)s”.")
            names = {"id": shorten(cells["external_id"])}
            raise BadCell(message % names, errors={"external_id": []})
        if "name" not in cells:
            raise BadCell(_("Which filament? Give its id or its name."), errors={"name": []})
        found = _narrowed(distinct(self.named(cells)), cells)
        if len(found) == 1:
            return found[0]
        raise BadCell(_several(found, cells) if found else self._none(cells), errors={"name": []})

    def _none(self, cells):
        wanted = [cells.get("manufacturer"), cells["name"], cells.get("material")]
        names = {"name": shorten(" ".join(filter(None, wanted)))}
        known = self._like(cells["name"], cells.get("manufacturer"))
        if known is None:
            return _("There is no filament “%(name)s”.") % names
        names["known"] = shorten(f"{known.maker} {known.name} ({known.material})".strip())
        return _("There is no filament “%(name)s”. Did you mean %(known)s?") % names

    def _like(self, name, maker):
        """One that is called alike; of another than the ``maker``, if it is given, very much so."""
        self.searches += 1
        if self.searches > MAX_SUGGESTIONS:
            return None
        close = get_close_matches(folded(name), self.by_name, n=NAMED)
        found = [known for each in close for known in self.by_name[each]]
        of_maker = [known for known in found if maker and folded(known.maker) == folded(maker)]
        if maker and not of_maker:
            very = get_close_matches(folded(name), close, n=1, cutoff=OF_OTHERS)
            found = [known for known in found if folded(known.name) in very]
        return next(iter(of_maker or found), None)


def distinct(found):
    """Each filament once, however many of its names were found."""
    return list({known.pk: known for known in reversed(found)}.values())


def _has_color(known, color_name):
    """Whether the filament may have the colour: not where both have a name, and another one."""
    return not (color_name and known.color_name) or folded(color_name) == folded(known.color_name)


def _narrowed(found, cells):
    """Of several, those in use, of the net grams and the colour that the row names."""
    color_name = cells.get("color_name")
    net_grams = cells.get("filament_net_grams", cells.get("initial_grams"))
    for is_meant in (
        lambda known: known.is_active,
        lambda known: known.net_grams == net_grams,
        lambda known: folded(known.color_name) == folded(color_name or ""),
    ):
        found = [known for known in found if is_meant(known)] or found
    return found


def _several(found, cells):
    ids = sorted(shorten(known.external_id) for known in found if known.external_id)
    wanted = [name for name in DISTINGUISHING if name not in cells]
    if ids:
        more = ", …" if len(ids) > NAMED else ""
        wanted.append(f"external_id ({', '.join(ids[:NAMED])}{more})")
    names = {"count": len(found), "columns": _(" or ").join(wanted)}
    if not wanted:
        message = _("%(count)s filaments are called so: merge them, or give them ids.")
    else:
        message = _("%(count)s filaments are called so: give %(columns)s.")
    return message % names


def the_place(places, name):
    """The Location that is called so, of ``{folded name: Location}``. Raises BadCell."""
    if place := places.get(folded(name)):
        return place
    names = {"name": shorten(name)}
    message = _("There is no location “%(name)s”: add it first.")
    if close := get_close_matches(folded(name), places, n=1):
        names["known"] = places[close[0]].name
        message = _("There is no location “%(name)s”: did you mean “%(known)s”?")
    raise BadCell(message % names, errors={"location": []})
