"""Figures, times and lists as slicers write them. What can't be used is None, and a doubt."""

import re
from decimal import Decimal
from itertools import zip_longest

from django.utils.translation import gettext as _

from production.slicing.sliced_file import DERIVED, SLICER
from tenants.operations.quantities import GramsField
from tenants.operations.text import format_number, half_up

MOST = Decimal(10) ** 7  # grams: no print takes as much
LARGEST = Decimal(10) ** 9  # any other figure: mm, mm³, seconds
LONGEST_SECONDS = 10_000 * 3600
LONGEST_TEXT, MOST_SLOTS = 20_000, 256  # of a list
LONGEST_DURATION = 60  # characters: its pattern takes the cube of them where it does not match
TOLERANCE = Decimal("0.05")  # grams, between a total and the sum of its parts
PI = Decimal("3.14159265358979323846")
NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?")
DURATION = re.compile(
    r"(?:(\d{1,4})\s*d)?\s*(?:(\d{1,6})\s*h)?\s*(?:(\d{1,8})\s*m)?\s*(?:(\d{1,9})(?:\.\d{1,9})?\s*s)?"
)
SLOT = re.compile(r"[1-9][0-9]{0,2}")
COLOR = re.compile(r"#?([0-9A-Fa-f]{6})([0-9A-Fa-f]{2})?")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|([^;]*)')


def number(text):
    """``text`` as a Decimal of 0 or more; None where it is none, or is too large to be true."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    found = Decimal(text)
    return found if 0 <= found < LARGEST else None


def numbers(text):
    """``8.38, 0.00`` as a list of texts; an empty text has none."""
    parts = re.split(r"[,;]", text[:LONGEST_TEXT], maxsplit=MOST_SLOTS)
    return [each.strip() for each in parts[:MOST_SLOTS]] if text.strip() else []


def texts(text):
    """``PLA;"Generic; matt"`` as a list."""
    found, rest = [], text[:LONGEST_TEXT].strip()
    while rest and len(found) < MOST_SLOTS:
        match = QUOTED.match(rest)
        quoted, plain = match.groups()
        value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        found.append(value.strip())
        rest = rest[match.end() :].partition(";")[2]
    return found


def seconds(text):
    """``1d 2h 3m 4s`` in seconds; None where it is no duration."""
    text = text.strip()
    found = DURATION.fullmatch(text) if len(text) <= LONGEST_DURATION else None
    if not found or not any(found.groups()):
        return None
    days, hours, minutes, rest = (int(each or 0) for each in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    return total if total <= LONGEST_SECONDS else None


def color(text):
    """``#FF8000`` and ``ff8000FF`` as 6 digits, "" where it is no colour."""
    found = COLOR.fullmatch(text.strip())
    return found[1].upper() if found else ""


def at(values, slot, default=""):
    """Of a list with one value a slot, that of the slot; where it has but one value, that."""
    if len(values) == 1:
        return values[0]
    return values[slot - 1] if slot <= len(values) else default


def listed_slots(text, count, doubts):
    """The numbers of the slots that a file lists for ``count`` figures (0: for some of them), as
    ``1,3``: [] of none, and of a list that can't be right."""
    parts = numbers(text)
    found = [int(each) for each in parts if SLOT.fullmatch(each)]
    is_right = len(found) == len(parts) == len(set(found)) and count in (0, len(found))
    if parts and not is_right:
        detail = _(
            "The file says that its figures are of the slots %(text)s, which can't be right."
        )
        doubts.add("unusable_slot", detail % {"text": text[:40]})
    return found if is_right else []


def slots_of(used, doubts, *, every_gram=(), every_length=()):
    """``(slot, grams, mm)`` of what is printed with, from one text a slot.

    ``used`` are the slots' numbers, in the order of the texts. A slot whose figures are 0, or
    missing, is left out; one with a figure that can't be used stays, without it.
    """
    found = []
    for slot, grams, length in zip_longest(used, every_gram, every_length, fillvalue=None):
        if slot is None:
            doubts.add("more_figures_than_slots", _("There are more figures than slots."))
            break
        weight, length_mm = (_checked(each, slot, doubts) for each in (grams, length))
        if weight == 0 and length_mm:
            weight = None  # a profile without density
        if weight == 0 or (weight is None and length_mm == 0):
            continue
        if weight is None and length_mm is None and not grams and not length:
            continue
        found.append((slot, weight, length_mm))
    return found


def _checked(text, slot, doubts):
    if text is None:
        return None
    if text == "":
        doubts.add(
            "blank_figure", _("The figure of slot %(slot)s is blank.") % {"slot": slot}, slot
        )
        return None
    found = number(text)
    if found is None:
        detail = _("The figure of slot %(slot)s is %(text)s, which can't be right.")
        doubts.add("unusable_figure", detail % {"slot": slot, "text": text[:40]}, slot)
        return None
    return found


def check_total(total, grams, doubts):
    """Doubt the grams of the slots where the total, a text or None, is another."""
    if total is None:
        return
    text, total = total, number(total)
    if total is None:
        detail = _("The file says %(text)s g altogether, which can't be right.")
        doubts.add("unusable_figure", detail % {"text": text[:40]})
    elif None not in grams and abs(total - sum(grams)) > TOLERANCE:
        detail = _("The file says %(total)s g altogether, and %(sum)s g for its slots.")
        figures = {"total": format_number(total), "sum": format_number(sum(grams))}
        doubts.add("total_differs", detail % figures)


def purge(text, grams, doubts):
    """Grams of purge of a plate, a part of those of its slots; None where it is not known."""
    if text is None:
        return None
    found = number(text)
    if found is None or (None not in grams and found > sum(grams) + TOLERANCE):
        detail = _("The file says %(text)s g of purge, which can't be right.")
        doubts.add("unusable_figure", detail % {"text": text[:40] or "–"})
        return None
    return found


def derive(slot, doubts):
    """The slot with grams: by the slicer, or by its length or volume and what the file says of
    its filament: pi/4 d² · length · density. More than a print can take are left out."""
    if slot.grams is None:
        slot = _by_volume(slot, doubts)
    if slot.grams is None or slot.grams < MOST:
        return slot
    doubts.add("unusable_figure", _("More grams than a print can take."), slot.slot)
    return slot._replace(grams=None, source=SLICER)


def _by_volume(slot, doubts):
    volume = slot.volume_mm3
    if volume is None and slot.length_mm is not None and slot.diameter_mm:
        volume = slot.length_mm * slot.diameter_mm**2 * PI / 4
    if volume is None or not slot.density_g_cm3:
        detail = _("The file does not say how many grams slot %(slot)s takes.")
        doubts.add("no_grams", detail % {"slot": slot.slot}, slot.slot)
        return slot
    grams = half_up(volume * slot.density_g_cm3 / 1000, GramsField.places)
    return slot._replace(grams=grams, source=DERIVED)
