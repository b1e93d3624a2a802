"""What Bambu Studio writes at the head of G-code: one figure for each slot that is used."""

import re

from django.utils.translation import gettext as _

from production.slicing import figures, slic3r
from production.slicing.sliced_file import Doubts

NAMED = re.compile(r"(?P<slicer>BambuStudio) (?P<version>\d[\d.]*)")
GRAMS, MM = "total filament weight [g]", "total filament length [mm]"


def generator(comments):
    """``("Bambu Studio", version)``; None without its line."""
    for line in comments.head:
        if found := NAMED.fullmatch(line):
            return "Bambu Studio", found["version"]
    return None


def has_figures(values):
    return GRAMS in values or MM in values


def read(comments, slicer, version):
    """The SlicedFigures of comments with these figures at the head."""
    values = comments.values
    doubts = Doubts()
    grams, lengths = (figures.numbers(values.get(key, "")) for key in (GRAMS, MM))
    count = max(len(grams), len(lengths))
    used = figures.listed_slots(values.get("filament", ""), count, doubts)
    if not used:
        used = list(range(1, count + 1))
        if count > 1:
            detail = _("The file does not say which slots its figures are of: the first are taken.")
            doubts.add("slots_unknown", detail)
    found = figures.slots_of(used, doubts, every_gram=grams, every_length=lengths)
    plate = slic3r.plate_of(values, found, doubts)._replace(picture=comments.picture())
    return slic3r.sliced_file(values, slicer, version, plate, doubts)
