"""Labels of spools: a QR code of the spool's address, its code, and lines of text."""

import io
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from inventory import codes
from inventory.models import Spool
from inventory.paper import fitting, fonts, qr, swatches
from inventory.paper.fitting import Line
from inventory.paper.sheets import SHEETS
from tenants.operations.refusals import Invalid
from tenants.operations.text import format_number

MARGIN = 1.5 * mm  # printers and die cuts are off by as much
CODE_SHARE = 0.24  # of the side of the QR code, for the code in print under it
MAX_LABELS = 1000
MAX_SPOOLS, MAX_COPIES, MAX_BLANK = 200, 50, 500  # of one request
SMALLEST = 4.5  # points
RULED = 7 * mm


class NotOnSheet(Invalid):
    code = "not_on_sheet"
    title = "The sheet has fewer labels"


class TooManyLabels(Invalid):
    code = "too_many_labels"
    title = "Too many labels at once"


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label; without ``lines`` it is blank but for its code, to be written on."""

    code: str
    address: str
    lines: tuple = ()

    @property
    def text(self):
        return " ".join(line.text for line in self.lines)


def of_spool(spool, *, farm):
    """The Label of a spool (with its filament, maker and material type); ``farm`` is the farm's
    address."""
    filament = spool.filament
    color = filament.color_name or swatches.hexes_of(filament) or _("colour not set")
    lot = _("Lot %(lot)s") % {"lot": spool.lot_number} if spool.lot_number else ""
    figures = {"grams": format_number(spool.initial_grams), "day": spool.received_on.isoformat()}
    received = _("%(grams)s g net, received %(day)s") % figures
    lines = (
        Line(text=filament.material_type.code, scale=1.45, is_bold=True),
        Line(text=filament.name, scale=1.15, is_bold=True, max_rows=4),
        Line(text=color, max_rows=3, colors=swatches.colors_of(filament)),
        Line(text=str(filament.manufacturer or ""), max_rows=3),
        Line(text=lot, max_rows=3),
        Line(text=received, max_rows=3),
    )
    return Label(code=spool.code, address=spool_address(farm, spool.code), lines=lines)


def blank(count, *, farm):
    """``count`` Labels with new codes that are no spool's yet."""
    return [Label(code=code, address=spool_address(farm, code)) for code in fresh_codes(count)]


def spool_address(farm, code):
    return qr.address(farm, f"/S/{code}")


def fresh_codes(count):
    """So many new codes that no spool has or had. They are not stored: a code is taken when a
    spool is received with it or relabelled to it."""
    found = set()
    while len(found) < count:
        new = {codes.generate() for _ in range(count - len(found))}
        found |= new - Spool.objects.taken_codes(new)
    return sorted(found)


def pdf(labels, *, sheet, start=1, copies=1):
    """The PDF of Labels on the sheet of a name in SHEETS.

    The first goes to the place ``start`` (1 is the first of the sheet), each is printed
    ``copies`` times, one after another. Raises NotOnSheet, TooManyLabels.
    """
    on = SHEETS[sheet]
    _require_possible(len(labels) * copies, on, start)
    document = io.BytesIO()
    canvas = Canvas(document, pagesize=(on.page[0] * mm, on.page[1] * mm))
    canvas.setTitle("Spool labels")
    canvas.setCreator("Spoolbook")
    repeated = (label for label in labels for _ in range(copies))
    for number, label in enumerate(repeated, start - 1):
        page, place = divmod(number, on.labels)
        if page and place == 0:
            canvas.showPage()
        _draw(canvas, label, *_box(on, place))
    canvas.save()
    return document.getvalue()


def _require_possible(count, sheet, start):
    if not 1 <= start <= sheet.labels:
        figures = {"sheet": sheet.name, "count": sheet.labels, "start": start}
        message = ngettext(
            "A page of %(sheet)s has %(count)s label: the first can't go to place %(start)s.",
            "A page of %(sheet)s has %(count)s labels: the first can't go to place %(start)s.",
            sheet.labels,
        )
        errors = {"start": [_("From 1 to %(count)s.") % figures]}
        raise NotOnSheet(message % figures, errors=errors, labels=sheet.labels)
    if count == 0:
        raise Invalid(_("Nothing is to be printed: name spools, or a number of blank labels."))
    if count > MAX_LABELS:
        figures = {"count": count, "most": MAX_LABELS}
        message = _(
            "%(count)s labels are too many; a document has at most %(most)s. Print fewer spools or "
            "copies at once."
        )
        errors = {"copies": [_("%(count)s labels together; at most %(most)s.") % figures]}
        raise TooManyLabels(message % figures, errors=errors, count=count)


def _box(sheet, place):
    """``(x, y, width, height)`` in points of the part of a label that is printed on."""
    left, top = sheet.corner(place)
    width, height = (side * mm - 2 * MARGIN for side in sheet.size)
    return left * mm + MARGIN, (sheet.page[1] - top) * mm - MARGIN - height, width, height


def _draw(canvas, label, x, y, width, height):
    """The code to the left of the text, or above it on a label that is higher than wide."""
    if width >= height:
        side = min(height / (1 + CODE_SHARE), width * 0.48)
        _draw_code(canvas, label, x, y + (height - side * (1 + CODE_SHARE)) / 2, side)
        _draw_text(canvas, label, x + side + MARGIN / 2, y, width - side - MARGIN / 2, height)
    else:
        side = min(width, height * 0.5)
        part = side * (1 + CODE_SHARE)
        _draw_code(canvas, label, x + (width - side) / 2, y + height - part, side)
        _draw_text(canvas, label, x, y, width, height - part - MARGIN)


def _draw_code(canvas, label, x, y, side):
    qr.draw(canvas, label.address, x, y + side * CODE_SHARE, side)
    size = min(side * 0.92 / fonts.width(label.code, 1, bold=True), side * CODE_SHARE)
    left = x + (side - fonts.width(label.code, size, bold=True)) / 2
    fonts.draw(canvas, left, y + side * CODE_SHARE * 0.18, label.code, size, bold=True)


def _draw_text(canvas, label, x, y, width, height):
    if not label.lines:
        _rule(canvas, x, y, width, height)
        return
    rows = fitting.fitted(label.lines, width, height, largest=height / 5, smallest=SMALLEST)
    top = y + (height + fitting.height(rows)) / 2
    for row in rows:
        top -= row.size * fitting.LEADING
        base = top + row.size * 0.28
        if row.colors:
            swatches.draw(canvas, row.colors, x, base - row.size * 0.14, row.size)
        canvas.setFillGray(0)
        fonts.draw(canvas, x + fitting.indent(row), base, row.text, row.size, bold=row.is_bold)


def _rule(canvas, x, y, width, height):
    canvas.setStrokeGray(0.6)
    canvas.setLineWidth(0.4)
    count = max(int(height / RULED), 1)
    for number in range(count):
        base = y + height * (number + 0.25) / count
        canvas.line(x, base, x + width, base)
