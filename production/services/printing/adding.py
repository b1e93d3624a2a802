"""Adds several printers of a kind at once, with their slots."""

import re
from collections import Counter

from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from production.models import Printer, PrinterSlot
from tenants.accounts import audited
from tenants.operations.operation import operation
from tenants.operations.refusals import Duplicate, Invalid

MOST = 100  # printers at once
MOST_SLOTS = 16
ONE_SLOT = ("1",)
LONGEST = Printer._meta.get_field("name").max_length
LONGEST_LABEL = PrinterSlot._meta.get_field("label").max_length
TO = r"\s*(?P<to>-|–|\.\.|to)\s*"
SERIES = re.compile(rf"(?P<stem>.*?)(?P<first>[0-9]{{1,6}}){TO}(?P=stem)(?P<last>[0-9]{{1,6}})")
OF_TWO = re.compile(
    rf"(?P<stem>.*?)(?P<first>[0-9]{{1,6}}){TO}(?P<other>.*?)(?P<last>[0-9]{{1,6}})"
)
LIKE = ("manufacturer", "model", "bed_x_mm", "bed_y_mm", "bed_z_mm", "nozzle_diameter_mm")
LIKE += ("has_hardened_nozzle", "max_nozzle_temp", "max_bed_temp", "hour_rate", "power_watts")
LIKE += ("location",)


@operation("printer.add_many")
def add_many(*, names, by, slots=ONE_SLOT, **fields):
    """Add a printer of each name, all or none, with slots of these labels; returns them in order.
    ``fields`` are those of all of them. Raises Invalid, Duplicate with all names that are taken."""
    names = [" ".join(name.split()) for name in names]
    _require_count(names, MOST, "names")
    _require_count(slots, MOST_SLOTS, "slots")
    _require_short(names, LONGEST, "names")
    _require_short(slots, LONGEST_LABEL, "slots")
    _require_free(names)
    return [add(name=name, slots=slots, by=by, **fields) for name in names]


def add(*, by, slots=(), **fields):
    """Add a printer with slots of these labels; returns it. Raises Invalid, Duplicate."""
    printer = audited.create(Printer, by=by, **fields)
    for label in slots:
        audited.create(PrinterSlot, by=by, printer=printer, label=label)
    return printer


def add_slot(printer, *, by):
    """Add the slot of a printer that has just one."""
    return audited.create(PrinterSlot, by=by, printer=printer, label=ONE_SLOT[0])


def like(printer):
    """The fields that another printer like this one has, and the labels of its slots."""
    fields = {name: getattr(printer, name) for name in LIKE}
    return fields, tuple(printer.slots.order_by("pk").values_list("label", flat=True))


def names_of(text):
    """Names in a text: a line or a comma each; "P01-P20" and "P01 to P20" are a series. Raises
    Invalid for a series that is too long, counts down or begins with two different names."""
    names = []
    for part in re.split(r"[\n,;]", text):
        part = " ".join(part.split())
        series = SERIES.fullmatch(part)
        if not series:
            _refuse_of_two(part)
        names += _series(**series.groupdict()) if series else [part] if part else []
    return names


def _refuse_of_two(text):
    """Refuse what looks like a series of two names; "MK4-01" is a name."""
    found = OF_TWO.fullmatch(text)
    if found and (found["to"] != "-" or 0 < len(found["stem"]) == len(found["other"])):
        start, end = found["stem"] + found["first"], found["other"] + found["last"]
        message = _(
            "%(first)s to %(last)s is no series: both begin with the same name, as in %(first)s to "
            "%(example)s. Add a printer that is called %(name)s by itself."
        )
        names = {
            "first": start,
            "last": end,
            "name": text,
            "example": found["stem"] + found["last"],
        }
        raise Invalid(message % names, errors={"names": [message % names]})


def _series(stem, first, last, to):
    count = int(last) - int(first) + 1
    if not 0 < count <= MOST:
        text = _("%(first)s to %(last)s are %(count)s printers: between 1 and %(most)s.")
        figures = {"first": stem + first, "last": stem + last, "count": count, "most": MOST}
        raise Invalid(text % figures, errors={"names": [text % figures]})
    return [f"{stem}{number:0{len(first)}}" for number in range(int(first), int(last) + 1)]


def _require_count(values, most, field):
    if not 0 < len(values) <= most:
        text = _("Between 1 and %(most)s, not %(count)s.") % {"most": most, "count": len(values)}
        raise Invalid(text, errors={field: [text]})
    counts = Counter(value.casefold() for value in values)
    if twice := sorted({value for value in values if counts[value.casefold()] > 1}):
        text = _("%(twice)s is there twice.") % {"twice": ", ".join(twice)}
        raise Invalid(text, errors={field: [text]})


def _require_short(values, most, field):
    if any(not value.strip() or len(value) > most for value in values):
        text = _("Between 1 and %(most)s characters each.") % {"most": most}
        raise Invalid(text, errors={field: [text]})


def _require_free(names):
    wanted = {name.lower(): name for name in names}
    known = Printer.objects.annotate(folded=Lower("name")).filter(folded__in=wanted)
    if taken := sorted(known.values_list("name", flat=True)):
        text = _("There is a printer called %(taken)s already.") % {"taken": ", ".join(taken)}
        raise Duplicate(text, errors={"names": [text]})
