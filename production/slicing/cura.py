"""What Cura writes: lengths, or volumes for UltiMaker's printers, and no grams."""

import re
from collections import Counter
from decimal import Decimal

from django.utils.translation import gettext as _

from production.slicing import figures
from production.slicing.objects import LONGEST_NAME, MOST_OBJECTS
from production.slicing.sliced_file import Doubts, Plate, PlateObject, SlicedFigures, Slot

NAMED = re.compile(r"Generated with (?P<slicer>Cura)_SteamEngine (?P<version>\w[\w.+-]*)")
HEADER = "START_OF_HEADER"
PLACEHOLDER = "6666"  # Cura replaces it when it saves; a plug-in that sends the file does not
METRES = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*m\s*")
VOLUME = re.compile(r"extruder_train\.(\d{1,2})\.material\.volume_used")
EVIDENCE = re.compile(
    r"(time|filament used|layer height|flavor|target_machine\.name|print\.time|time_elapsed"
    r"|generator\.\w+|extruder_train\..*)",
    re.IGNORECASE,
)
COPY, SETTING = re.compile(r"\(\d+\)$"), "SETTING_3 "
WHOLE_SECONDS = re.compile(r"([0-9]{1,9})(\.[0-9]{1,9})?")


def generator(comments):
    """``("Cura", version)``; None without its line."""
    for line in comments.head:
        if found := NAMED.fullmatch(line):
            return "Cura", found["version"]
        if line.startswith("GENERATOR.NAME:Cura_SteamEngine"):
            return "Cura", comments.values.get("generator.version", "")
    return None


def read(comments, slicer, version):
    """The SlicedFigures of comments by Cura."""
    values, doubts = comments.values, Doubts()
    if HEADER in comments.head[:5]:
        slots, taken = _volumes(values, doubts), values.get("print.time", "")
    else:
        slots, taken = _lengths(values, doubts), values.get("time", "")
        if taken == PLACEHOLDER:
            taken = values.get("time_elapsed", "")
    if not slots:
        doubts.add_no_material()
    slots, objects = tuple(figures.derive(slot, doubts) for slot in slots), _objects(comments)
    if objects and not _has_first_layer(comments):
        doubts.add_more_objects()
    plate = Plate(
        seconds=_seconds(taken, doubts),
        slots=slots,
        objects=objects,
        picture=comments.picture(),
    )
    nozzle = values.get("extruder_train.0.nozzle.diameter", "")
    return SlicedFigures(
        slicer=slicer,
        slicer_version=version,
        printer_model=values.get("target_machine.name", "")[:100],
        nozzle_mm=figures.number(nozzle),
        layer_height_mm=figures.number(values.get("layer height", "")),
        plates=(plate,),
        doubts=tuple(doubts),
        lines=tuple(
            f"{key}: {value}"[:500] for key, value in values.items() if EVIDENCE.fullmatch(key)
        )[:100],
    )


def _lengths(values, doubts):
    """``Filament used: 1.25m, 2.5m``, one value an extruder."""
    parts = values.get("filament used", "").split(",")
    texts = []
    for slot, text in enumerate(parts, 1):
        found = METRES.fullmatch(text)
        texts.append(str(Decimal(found[1]) * 1000) if found else text.strip())
        if not found and text.strip():
            detail = _("The length of slot %(slot)s is %(text)s, which can't be read.")
            doubts.add("unusable_figure", detail % {"slot": slot, "text": text.strip()[:40]}, slot)
            texts[-1] = "0"
    if texts == [""]:
        return []
    found = figures.slots_of(range(1, len(texts) + 1), doubts, every_length=texts)
    return [Slot(slot, length_mm=mm) for slot, _grams, mm in found]


def _volumes(values, doubts):
    """``EXTRUDER_TRAIN.0.MATERIAL.VOLUME_USED:9172`` in mm³."""
    slots = []
    for key, text in values.items():
        if not (found := VOLUME.fullmatch(key)):
            continue
        slot, volume = int(found[1]) + 1, figures.number(text)
        if volume is None:
            detail = _("The volume of slot %(slot)s is %(text)s, which can't be read.")
            doubts.add("unusable_figure", detail % {"slot": slot, "text": text[:40]}, slot)
        if volume != 0:
            slots.append(Slot(slot, volume_mm3=volume))
    return sorted(slots)


def _seconds(text, doubts):
    found = WHOLE_SECONDS.fullmatch(text)
    if found and 0 < int(found[1]) <= figures.LONGEST_SECONDS:
        return int(found[1])
    doubts.add_no_time()
    return None


def _objects(comments):
    """Meshes, as far as they begin within what is read; ``Hook.stl(1)`` is a copy of Hook.stl."""
    found = dict.fromkeys(line[5:].strip() for line in comments if line.startswith("MESH:"))
    found.pop("NONMESH", None)
    names = Counter()
    for name in list(found)[:MOST_OBJECTS]:
        original = COPY.sub("", name)
        names[(original if original in found else name)[:LONGEST_NAME]] += 1
    return tuple(PlateObject(name, count) for name, count in names.items() if name)


def _has_first_layer(comments):
    """Whether all of the first layer was read, and so each mesh began. The settings that a project
    changed are JSON at the end, cut into lines."""
    if comments.is_whole:
        return True
    settings = "".join(line.removeprefix(SETTING) for line in comments if line.startswith(SETTING))
    return "LAYER:1" in comments.head and "one_at_a_time" not in settings
