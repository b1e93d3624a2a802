"""What PrusaSlicer, SuperSlicer, OrcaSlicer and its relatives write: ``key = value``, a list for
each figure, with one value a slot."""

import re

from django.utils.translation import gettext as _

from production.slicing import figures
from production.slicing.sliced_file import Doubts, Plate, SlicedFigures, Slot

GENERATED = re.compile(r"generated (?:by|with) (?P<program>.*)", re.IGNORECASE)
PROGRAM = re.compile(
    r"(?P<slicer>[^;]{1,60}?)(?:[ -]v?(?P<version>\d[\w.+-]*)(?: .*)?| on .*)?", re.IGNORECASE
)
GRAMS, MM = "filament used [g]", "filament used [mm]"
TOTAL, PURGE = "total filament used [g]", "total filament used for wipe tower [g]"
TIME, TOTAL_TIME = "estimated printing time (normal mode)", "total estimated time"
EVIDENCE = (
    GRAMS, MM, TOTAL, PURGE, TIME, TOTAL_TIME, "model printing time", "estimated printing time",
    "total filament weight [g]", "total filament length [mm]", "filament",
    "filament_type", "filament_colour", "filament_density", "filament_diameter",
    "filament_settings_id", "printer_model", "nozzle_diameter", "layer_height",
)  # fmt: skip


def generator(comments):
    """``(slicer, version)`` of the line that names them; None without one."""
    for line in comments:
        if (found := GENERATED.fullmatch(line)) and (names := named(found["program"])):
            return names
    return None


def named(program):
    """``(slicer, version)`` of a text such as ``PrusaSlicer 2.9.4``, or None."""
    found = PROGRAM.fullmatch(program)
    return (found["slicer"].strip(), found["version"] or "") if found else None


def read(comments, slicer, version):
    """The SlicedFigures of comments by one of these slicers."""
    return of_values(comments.values, slicer, version, picture=comments.picture())


def of_values(values, slicer, version, *, picture=None):
    """The SlicedFigures of keys, in lower case, and their values."""
    doubts = Doubts()
    grams, lengths = (figures.numbers(values.get(key, "")) for key in (GRAMS, MM))
    if values.get(GRAMS) == "":
        doubts.add("blank_figure", _("The grams of the file are blank."))
    used = list(range(1, max(len(grams), len(lengths)) + 1))
    listed = figures.listed_slots(values.get("filament", ""), 0, doubts)
    if listed and max(listed) > len(used) == len(listed):
        used = listed  # one figure for each slot that is printed with
    found = figures.slots_of(used, doubts, every_gram=grams, every_length=lengths)
    plate = plate_of(values, found, doubts)._replace(picture=picture)
    return sliced_file(values, slicer, version, plate, doubts)


def plate_of(values, found, doubts):
    """The plate with the slots ``found``, ``(slot, grams, mm)``."""
    settings = _settings(values)
    slots = [
        figures.derive(Slot(slot, grams, length_mm=mm, **settings(slot)), doubts)
        for slot, grams, mm in found
    ]
    if not slots:
        doubts.add_no_material()
    figures.check_total(values.get(TOTAL), [slot.grams for slot in slots], doubts)
    purge = figures.purge(values.get(PURGE), [slot.grams for slot in slots], doubts)
    if purge and len(slots) == 1:
        slots = [slots[0]._replace(purge_grams=purge)]
    return Plate(seconds=time(values, doubts), slots=tuple(slots), purge_grams=purge)


def _settings(values):
    lists = {
        name: read(values.get(key, ""))
        for name, key, read in (
            ("material", "filament_type", figures.texts),
            ("color_hex", "filament_colour", figures.texts),
            ("extruder_color", "extruder_colour", figures.texts),
            ("profile", "filament_settings_id", figures.texts),
            ("density_g_cm3", "filament_density", figures.numbers),
            ("diameter_mm", "filament_diameter", figures.numbers),
        )
    }

    def of_slot(slot):
        found = {name: figures.at(each, slot) for name, each in lists.items()}
        colors = (figures.color(found.pop("extruder_color")), figures.color(found["color_hex"]))
        found["color_hex"] = next(filter(None, reversed(colors)), "")
        for name in ("density_g_cm3", "diameter_mm"):
            found[name] = figures.number(found[name]) or None
        for name in ("material", "profile"):
            found[name] = found[name][:100]
        return found

    return of_slot


def time(values, doubts):
    """Seconds of the print in the normal mode."""
    text = values.get(TIME) or _total_time(values) or values.get("estimated printing time", "")
    found = figures.seconds(text)
    if not found:
        doubts.add_no_time()
    return found or None


def _total_time(values):
    """``model printing time: 33m 6s; total estimated time: 39m 12s`` has two on one line."""
    if text := values.get(TOTAL_TIME):
        return text
    return values.get("model printing time", "").partition(TOTAL_TIME + ":")[2].strip()


def sliced_file(values, slicer, version, plate, doubts):
    """The file of one plate."""
    nozzle = figures.numbers(values.get("nozzle_diameter", "")) or [""]
    return SlicedFigures(
        slicer=slicer,
        slicer_version=version,
        printer_model=(values.get("printer_model") or values.get("printer_settings_id", ""))[:100],
        nozzle_mm=figures.number(nozzle[0]),
        layer_height_mm=figures.number(values.get("layer_height", "")),
        plates=(plate,),
        doubts=tuple(doubts),
        lines=tuple(f"{key} = {values[key]}"[:500] for key in EVIDENCE if key in values),
    )
