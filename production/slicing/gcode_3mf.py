"""Sliced projects of Bambu Studio, OrcaSlicer and relatives: `.gcode.3mf`, a zip archive."""

import json
import re
from collections import Counter
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

from production.slicing import archives, bambu, figures, gcode, slic3r
from production.slicing.comments import Comments, comments_of
from production.slicing.objects import LONGEST_NAME, MOST_OBJECTS
from production.slicing.sliced_file import (
    MOST_PICTURES,
    DamagedFile,
    Doubts,
    NotSliced,
    Plate,
    PlateObject,
    SlicedFigures,
    Slot,
)

SLICES, SETTINGS = "Metadata/slice_info.config", "Metadata/project_settings.config"
NAMES = "Metadata/model_settings.config"
LARGEST_XML, LARGEST_SETTINGS = 1024 * 1024, 2 * 1024 * 1024
HEAD = 64 * 1024  # bytes of the moves of a plate: enough for what its slicer says of itself
MOST_PLATES = 100
PLATE_GCODE = re.compile(r"Metadata/plate_([1-9][0-9]{0,3})\.gcode")
INDEX = re.compile(r"[1-9][0-9]{0,3}")
METRES_TO_MM = Decimal(1000)
UNPARSABLE = ParseError, DefusedXmlException, ValueError, LookupError


def read(archive):
    """The SlicedFigures of an opened archive. Raises UnreadableFile."""
    sliced = {
        int(found[1]): name for name in archive.namelist() if (found := PLATE_GCODE.fullmatch(name))
    }
    if not sliced:
        raise NotSliced(
            _(
                "This project was not sliced. Slice it, and export the plate as a sliced file "
                "(.gcode.3mf, or G-code)."
            )
        )
    head = _head(archive, sliced[min(sliced)])
    slicer, version = bambu.generator(head) or slic3r.generator(head) or ("", "")
    described = _plates(archive)
    if not described:
        return _of_gcode(archive, sliced)
    settings, first = _settings(archive), _metadata(described[0])
    plates, doubts, lines = _described(archive, described[:MOST_PLATES], sliced, settings)
    if not plates:
        raise NotSliced(_("No plate of this project was sliced."))
    doubts += _of_left_out({plate.index for plate in plates}, sliced)
    return SlicedFigures(
        slicer=slicer or _("a relative of Bambu Studio"),
        slicer_version=version,
        printer_model=_printer_model(settings, head, first),
        nozzle_mm=figures.number(first.get("nozzle_diameters", "").split(",")[0]),
        layer_height_mm=figures.number(str(settings.get("layer_height", ""))),
        plates=tuple(plates),
        doubts=tuple(doubts),
        lines=tuple(lines),
    )


def _described(archive, elements, sliced, settings):
    """``(plates, doubts, lines)`` of the plates that were sliced."""
    plates, doubts, lines = [], [], []
    names = _plate_names(archive)
    for place, element in enumerate(elements, 1):
        index, plate, doubted = _plate(element, place, settings)
        if index not in sliced:
            continue
        if any(each.index == index for each in plates):
            doubted.add("plate_twice", _("The file has this plate twice."))
        picture = _picture(archive, index) if len(plates) < MOST_PICTURES else None
        plates.append(plate._replace(name=names.get(index, ""), picture=picture))
        doubts += doubted
        lines += _evidence(element, index)
    return plates, doubts, lines


def _of_left_out(read, sliced):
    """A doubt, of the last plate that is read, where others are in the archive besides."""
    if left_out := sorted(sliced.keys() - read):
        doubts = Doubts(max(read))
        detail = _("Plates of the file are not read: %(count)s, such as %(index)s.")
        doubts.add("plates_left_out", detail % {"count": len(left_out), "index": left_out[0]})
        return doubts
    return []


def _plates(archive):
    """The elements of the plates. Raises DamagedFile."""
    data = archives.contents(archive, SLICES, most=LARGEST_XML)
    if data is None:
        return []
    try:
        return _plates_of(data)
    except UNPARSABLE:
        raise DamagedFile(_("The list of plates in this file can't be read.")) from None


def _plates_of(data):
    return fromstring(data, forbid_dtd=True).findall("plate")


def _plate_names(archive):
    """``{index: name}`` as people have named plates, or none."""
    data = archives.beginning(archive, NAMES, LARGEST_XML + 1)
    if data is None or len(data) > LARGEST_XML:
        return {}
    try:
        plates = map(_metadata, _plates_of(data))
    except UNPARSABLE:
        return {}
    return {
        int(each["plater_id"]): each.get("plater_name", "")[:100]
        for each in plates
        if INDEX.fullmatch(each.get("plater_id", ""))
    }


def _picture(archive, index):
    return archives.picture(archive, f"Metadata/plate_{index}.png")


def _plate(element, place, settings):
    metadata = _metadata(element)
    index = int(metadata["index"]) if INDEX.fullmatch(metadata.get("index", "")) else place
    doubts = Doubts(index)
    slots = [
        slot for each in element.findall("filament") if (slot := _slot(each, settings, doubts))
    ]
    if len({slot.slot for slot in slots}) < len(slots):
        doubts.add("slot_twice", _("A slot is named twice."))
    slots = [figures.derive(slot, doubts) for slot in slots]
    if not slots:
        doubts.add_no_material()
    figures.check_total(metadata.get("weight"), [slot.grams for slot in slots], doubts)
    taken = figures.number(metadata.get("prediction", ""))
    if not taken or taken > figures.LONGEST_SECONDS:
        doubts.add_no_time()
        taken = None
    names = Counter(
        each.get("name", "").strip()[:LONGEST_NAME]
        for each in element.findall("object")[:MOST_OBJECTS]
        if each.get("skipped") != "true"
    )
    plate = Plate(
        index=index,
        seconds=None if taken is None else int(taken),
        slots=tuple(sorted(slots, key=lambda each: each.slot)),
        objects=tuple(PlateObject(name, count) for name, count in names.items() if name),
    )
    return index, plate, doubts


def _slot(element, settings, doubts):
    """The Slot of ``<filament id="1" type="PLA" color="#FFFFFF" used_m="2.31" used_g="6.94"/>``."""
    text = element.get("id", "")
    if not figures.SLOT.fullmatch(text):
        doubts.add("unusable_slot", _("A slot is called %(text)s.") % {"text": text[:40]})
        return None
    slot = int(text)
    metres = figures.number(element.get("used_m", ""))
    length = None if metres is None else str(metres * METRES_TO_MM)
    found = figures.slots_of(
        [slot], doubts, every_gram=[element.get("used_g", "").strip()], every_length=[length]
    )
    if not found:
        return None
    _number, grams, mm = found[0]
    return Slot(
        slot,
        grams,
        length_mm=mm or None,
        material=(element.get("type") or _setting(settings, "filament_type", slot))[:100],
        color_hex=figures.color(element.get("color", "")),
        profile=_setting(settings, "filament_settings_id", slot)[:100],
        density_g_cm3=figures.number(_setting(settings, "filament_density", slot)) or None,
        diameter_mm=figures.number(_setting(settings, "filament_diameter", slot)) or None,
    )


def _setting(settings, key, slot):
    """The text of a setting that has a value for each slot."""
    values = settings.get(key)
    return str(figures.at(values, slot)) if isinstance(values, list) else ""


def _settings(archive):
    """The settings of the project, or none: they only add names to the figures."""
    data = archives.beginning(archive, SETTINGS, LARGEST_SETTINGS + 1)
    if data is None or len(data) > LARGEST_SETTINGS:
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _metadata(element):
    return {each.get("key", ""): each.get("value", "") for each in element.findall("metadata")}


def _printer_model(settings, head, metadata):
    """The name that the G-code of a plate has, too: the list of plates has a code for it."""
    name = settings.get("printer_model") or head.values.get("printer_model")
    return str(name or metadata.get("printer_model_id", ""))[:100]


def _evidence(element, index):
    lines = [f"plate {index}"]
    for each in [*element.findall("metadata"), *element.findall("filament")]:
        attributes = " ".join(f'{key}="{value}"' for key, value in each.attrib.items())
        lines.append(f"<{each.tag} {attributes}/>"[:500])
    return lines[:200]


def _head(archive, name):
    return Comments(comments_of(archives.beginning(archive, name, HEAD) or b""))


def _of_gcode(archive, sliced):
    """Where the list of plates is missing: what the plates' own G-code says at its head."""
    found = []
    for index, name in sorted(sliced.items())[:MOST_PLATES]:
        file = gcode.read(_head(archive, name))
        picture = _picture(archive, index) if len(found) < MOST_PICTURES else None
        plate = file.plates[0]
        plate = plate._replace(index=index, picture=picture or plate.picture)
        doubts = tuple(doubt._replace(plate=index) for doubt in file.doubts)
        found.append(file._replace(plates=(plate,), doubts=doubts))
    return found[0]._replace(
        plates=tuple(plate for file in found for plate in file.plates),
        doubts=tuple(doubt for file in found for doubt in file.doubts),
        lines=tuple(line for file in found for line in file.lines),
    )
