"""What is kept of a sliced file: its figures as JSON, and as plain values again."""

import unicodedata
from collections import defaultdict
from decimal import Decimal

from django.utils.translation import gettext as _

from production.slicing.sliced_file import Doubt, Plate, PlateObject, Slot, UnreadableFile
from tenants.operations.text import FILLERS, nfc

MOST_DOUBTS = 1_000
LONGEST_FILENAME, LONGEST_EVIDENCE = 255, 60_000
FIGURES = ("grams", "purge_grams", "length_mm", "volume_mm3")
TEXTS = ("source", "material", "color_hex", "profile")
UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
MOST_MM = Decimal(100)  # of a nozzle or a layer
MOST_SLOTS = 64  # of a plate: more than any printer has


def as_row(figures):
    """The columns of a SlicedFile for what was read. Raises UnreadableFile."""
    if any(len(plate.slots) > MOST_SLOTS for plate in figures.plates):
        message = _("A plate of this file takes more than %(most)s materials.")
        raise UnreadableFile(message % {"most": MOST_SLOTS})
    return {
        "slicer": clean(figures.slicer, 100),
        "slicer_version": clean(figures.slicer_version, 60),
        "printer_model": clean(figures.printer_model, 200),
        "nozzle_mm": _small(figures.nozzle_mm),
        "layer_height_mm": _small(figures.layer_height_mm),
        "plates": [_plate(plate) for plate in figures.plates],
        "doubts": [
            each._asdict() | {"detail": clean(each.detail, 500)}
            for each in figures.doubts[:MOST_DOUBTS]
        ],
        "lines": "\n".join(clean(line, 20_000) for line in figures.lines)[:LONGEST_EVIDENCE],
    }


def plates_of(file):
    """The Plates of a SlicedFile, in the order of the file."""
    return [_plate_again(plate) for plate in file.plates]


def doubts_of(file):
    """``{plate index: [Doubt]}`` of a SlicedFile."""
    of_plate = defaultdict(list)
    for doubt in file.doubts:
        of_plate[doubt["plate"]].append(Doubt(**doubt))
    return of_plate


def filename_of(text):
    """A file's name without the folder it was in; never empty."""
    name = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return clean(name, LONGEST_FILENAME) or "file"


def clean(text, most):
    """One line of a text that a stranger wrote, without what can't be seen."""
    seen = (letter for letter in nfc(text[: 2 * most]) if letter == "\t" or _is_seen(letter))
    return " ".join("".join(seen).split())[:most].rstrip()


def _is_seen(letter):
    return unicodedata.category(letter) not in UNSEEN and letter not in FILLERS


def _small(mm):
    return mm if mm is not None and 0 < mm < MOST_MM else None


def _plate(plate):
    return {
        "index": plate.index,
        "name": clean(plate.name, 200),
        "seconds": plate.seconds,
        "purge_grams": _text(plate.purge_grams),
        "slots": [_slot(slot) for slot in plate.slots],
        "objects": [
            {"name": name, "count": each.count}
            for each in plate.objects
            if (name := clean(each.name, 200))
        ],
    }


def _slot(slot):
    figures = {name: _text(getattr(slot, name)) for name in FIGURES}
    return {"slot": slot.slot, **figures, **{name: getattr(slot, name) for name in TEXTS}} | {
        "material": clean(slot.material, 100),
        "profile": clean(slot.profile, 100),
    }


def _text(number):
    return None if number is None else f"{number:f}"


def _plate_again(plate):
    slots = [_slot_again(slot) for slot in plate["slots"]]
    objects = [PlateObject(each["name"], each["count"]) for each in plate["objects"]]
    fields = {name: plate[name] for name in ("index", "name", "seconds")}
    purge = None if plate["purge_grams"] is None else Decimal(plate["purge_grams"])
    return Plate(**fields, slots=tuple(slots), objects=tuple(objects), purge_grams=purge)


def _slot_again(slot):
    figures = {name: None if slot[name] is None else Decimal(slot[name]) for name in FIGURES}
    return Slot(slot["slot"], **figures, **{name: slot[name] for name in TEXTS})
