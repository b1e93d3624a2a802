"""Finds makers' filaments by words: in the catalogue kept for all farms, and in the bundled one."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from inventory.models import Filament, Manufacturer
from inventory.services import manufacturers, material_types
from inventory.services.tables import shared_catalogue
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.filament_import import DEFAULTS
from inventory.services.tables.matching import FilamentIndex
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid
from tenants.operations.text import one_line

BUNDLED = Path(__file__).parents[2] / "samples" / "filaments.json"
MOST = 30  # entries that are shown
NAMES = {"manufacturer": "manufacturer_name", "material": "material_type_code"}


class Entry(NamedTuple):
    """An entry, in the words of the import, and the farm's filament that it is, or None."""

    values: dict
    filament: int | None

    @property
    def fields(self):
        """As the API takes a new filament."""
        return {NAMES.get(name, name): value for name, value in self.values.items()}


class NoSuchEntry(Invalid):
    code = "no_such_entry"
    title = "There is no such entry in the catalogue"


def find(text):
    """The first Entries that have all words of a text in their maker, name and material. What can't
    be true of a filament is left out."""
    words = one_line(text.replace("\0", " "))
    shared = shared_catalogue.find(shared_catalogue.FILAMENT, words, limit=MOST)
    found = [json.loads(content) for content in shared] + _in_bundled(words)
    rows = read_catalogue({str(each.get("id")): each for each in found}.values()).rows[:MOST]
    good = [row.values for row in rows if row.is_ok and {"name", "material"} <= row.values.keys()]
    index = FilamentIndex() if good else None
    return [Entry(values, _known(index, values)) for values in good]


@operation("filament.choose_entry")
def choose(text, *, external_id, by):
    """Make the maker and the material type of an entry, where they are missing; returns the values
    of the fields of a filament that is like it. Raises NoSuchEntry."""
    found = [entry for entry in find(text) if entry.values["external_id"] == external_id]
    if not found:
        message = _("There is no “%(id)s” in the catalogue any more: search again.")
        raise NoSuchEntry(message % {"id": external_id[:100]})
    values = dict(found[0].values)
    name, material = values.pop("manufacturer", None), values.pop("material")
    density = values.get("density_g_cm3") or material_types.OTHER_DENSITY
    values["material_type"] = material_types.of_label(material, density=density, by=by)
    if name:
        makers = Manufacturer.objects.present().filter(name__iexact=name).order_by("twin", "pk")
        values["manufacturer"] = makers.first() or manufacturers.create(
            Manufacturer, by=by, name=name
        )
    return values


def double_of(filament):
    """Another filament of the same maker, name, material, colour and size, or None."""
    cells = {
        "manufacturer": filament.manufacturer.name if filament.manufacturer_id else "",
        "name": filament.name,
        "material": filament.material_type.code,
        "diameter_mm": filament.diameter_mm,
        "color_name": filament.color_name,
        "net_grams": filament.net_grams,
    }
    found = [pk for pk in _named(FilamentIndex(), cells) if pk != filament.pk]
    return Filament.objects.with_makers().get(pk=found[0]) if found else None


def _known(index, values):
    """The id of the farm's filament that an entry is, or None."""
    if known := index.by_external_id.get(values["external_id"]):
        return known.pk
    return next(iter(_named(index, DEFAULTS | values)), None)


def _named(index, cells):
    net_grams = cells.get("net_grams")
    return [
        known.pk
        for known in index.named(cells)
        if None in (net_grams, known.net_grams) or net_grams == known.net_grams
    ]


@cache
def _bundled():
    return [(shared_catalogue.words_of(each), each) for each in json.loads(BUNDLED.read_text())]


def _in_bundled(text):
    words = text.lower().split()
    return [each for its, each in _bundled() if words and all(word in its for word in words)]
