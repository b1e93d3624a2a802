"""Formats of label sheets, rolls and tapes, as data. Millimetres throughout."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.operations.refusals import Invalid
from tenants.operations.text import format_number

A4, LETTER = (210, 297), (215.9, 279.4)
PAPERS = {"A4": A4, "Letter": LETTER}
INCH = 25.4
MARGIN = 1.5  # printers and die cuts are off by as much
NARROW, NARROW_MARGIN = 15, 1  # tapes have none to spare
LARGE, LARGE_MARGIN = 100, 5  # on most of a page, where few printers reach the edge
CUSTOM = "custom"
SIZE = ("width", "height", "paper", "columns", "rows", "gap_x", "gap_y")  # of a custom label
SMALLEST_SIDE, LARGEST_SIDE = 6, 300
MAX_COLUMNS, MAX_ROWS = 20, 50


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Labels of ``size`` in ``columns`` and ``rows``, with ``gap`` between them, in the middle of
    a ``page``; the label of a roll is a page of its own. Nothing is printed in the ``margin`` of
    a label."""

    name: str
    page: tuple
    size: tuple
    columns: int = 1
    rows: int = 1
    gap: tuple = (0, 0)
    margin: float = MARGIN

    @property
    def labels(self):
        return self.columns * self.rows

    def corner(self, place):
        """``(left, top)`` of the label at a ``place``, 0 and up, row by row."""
        row, column = divmod(place, self.columns)
        corner = []
        for axis, count, number in ((0, self.columns, column), (1, self.rows, row)):
            step = self.size[axis] + self.gap[axis]
            margin = (self.page[axis] - count * step + self.gap[axis]) / 2
            corner.append(margin + number * step)
        return tuple(corner)


def _roll(name, width, height, *, margin=None):
    margin = _margin(width, height) if margin is None else margin
    return Sheet(name=name, page=(width, height), size=(width, height), margin=margin)


def _margin(width, height):
    if min(width, height) < NARROW:
        return NARROW_MARGIN
    return MARGIN if min(width, height) < LARGE else LARGE_MARGIN


SHEETS = {
    "L7160": Sheet(
        name="Avery L7160, A4, 21 of 63.5 x 38.1 mm",
        page=A4, columns=3, rows=7, size=(63.5, 38.1), gap=(2.54, 0),
    ),
    "L7158": Sheet(
        name="Avery L7158, A4, 30 of 64 x 26.7 mm",
        page=A4, columns=3, rows=10, size=(64, 26.7), gap=(2.04, 0),
    ),
    "L7651": Sheet(
        name="Avery L7651, A4, 65 of 38.1 x 21.2 mm",
        page=A4, columns=5, rows=13, size=(38.1, 21.2), gap=(2.54, 0),
    ),
    "5160": Sheet(
        name="Avery 5160, Letter, 30 of 2 5/8 x 1 in",
        page=LETTER, columns=3, rows=10, size=(2.625 * INCH, INCH), gap=(0.125 * INCH, 0),
    ),
    "5163": Sheet(
        name="Avery 5163, Letter, 10 of 4 x 2 in",
        page=LETTER, columns=2, rows=5, size=(4 * INCH, 2 * INCH), gap=(0.1875 * INCH, 0),
    ),
    "62x29": _roll("Roll, 62 x 29 mm (Brother DK-11209)", 62, 29),
    "54x25": _roll("Roll, 54 x 25 mm (Dymo 11352)", 54, 25),
    "57x32": _roll("Roll, 57 x 32 mm (Dymo 11354, Zebra)", 57, 32),
    "4x6in": _roll("Roll, 4 x 6 in (Zebra, Rollo)", 4 * INCH, 6 * INCH),
    "tape-9": _roll("Tape, 9 mm, 50 mm long (Brother TZe)", 50, 9),
    "tape-12": _roll("Tape, 12 mm, 60 mm long (Brother TZe, Dymo D1)", 60, 12),
    "tape-24": _roll("Tape, 24 mm, 70 mm long (Brother TZe)", 70, 24, margin=3),  # prints 18 mm
    "tape-62": _roll("Tape, 62 mm, 40 mm long (Brother DK-22205)", 62, 40),
}  # fmt: skip
DEFAULT = "L7160"


def chosen(name, **size):
    """The Sheet of a name in SHEETS; of ``custom``, that of a size: see `custom`.

    Raises Invalid where a size is given for another, or is not known for it.
    """
    if name != CUSTOM:
        errors = {field: [_("Only with the sheet custom.")] for field in size}
    else:
        lacking = [field for field in ("width", "height") if field not in size]
        errors = {field: [_("A custom label needs it, in mm.")] for field in lacking}
        if not size.get("paper"):
            of_paper = (field for field in ("columns", "rows", "gap_x", "gap_y") if field in size)
            errors |= {field: [_("Only with a paper.")] for field in of_paper}
    if errors:
        raise Invalid(_("The size of the labels is not clear."), errors=errors)
    return SHEETS[name] if name != CUSTOM else custom(**size)


def custom(*, width, height, paper="", columns=1, rows=1, gap_x=0, gap_y=0):
    """A Sheet of labels of a size in mm: on a ``paper`` of PAPERS, in its middle, or a roll.

    Raises Invalid where they do not fit on the paper.
    """
    width, height, gap_x, gap_y = map(float, (width, height, gap_x, gap_y))
    name = f"{format_number(width)} x {format_number(height)} mm"
    if not paper:
        return _roll(_("Roll, %(size)s") % {"size": name}, width, height)
    sheet = Sheet(
        name=f"{paper}, {columns * rows} of {name}",
        page=PAPERS[paper],
        columns=columns,
        rows=rows,
        size=(width, height),
        gap=(gap_x, gap_y),
        margin=_margin(width, height),
    )
    errors = {}
    for axis, field in enumerate(("columns", "rows")):
        count = (columns, rows)[axis]
        needed = count * sheet.size[axis] + (count - 1) * sheet.gap[axis]
        if needed > sheet.page[axis] + 0.01:
            figures = {"count": count, "needed": format_number(round(needed, 2))}
            figures |= {"paper": paper, "page": format_number(sheet.page[axis])}
            message = ngettext(
                "%(count)s label needs %(needed)s mm; %(paper)s has %(page)s mm.",
                "%(count)s labels need %(needed)s mm; %(paper)s has %(page)s mm.",
                count,
            )
            errors[field] = [message % figures]
    if errors:
        raise Invalid(_("The labels do not fit on the paper."), errors=errors)
    return sheet
