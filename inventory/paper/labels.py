"""Labels of spools: a QR code of the spool's address, its code, and lines of text.

What is printed of them is chosen by the names in CONTENTS.
"""

import io
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from inventory import codes
from inventory.models import Spool
from inventory.paper import fitting, fonts, qr, swatches
from inventory.paper.fitting import Line
from tenants.operations.refusals import Invalid
from tenants.operations.text import format_number

CONTENTS = {
    "qr": gettext_lazy("QR code"),
    "code": gettext_lazy("Code in print"),
    "material": gettext_lazy("Material type"),
    "name": gettext_lazy("Name of the filament"),
    "color": gettext_lazy("Colour"),
    "maker": gettext_lazy("Manufacturer"),
    "lot": gettext_lazy("Lot"),
    "received": gettext_lazy("Net weight and day of receipt"),
    "temperatures": gettext_lazy("Temperatures"),
    "reel": gettext_lazy("Weight of the empty reel"),
}
USUAL = tuple(CONTENTS)[:-2]
GAP = 1.5 * mm
CODE_SHARE = 0.24  # of the side of the QR code, for the code in print under it
MAX_LABELS = 1000
MAX_SPOOLS, MAX_COPIES, MAX_BLANK = 200, 50, 500  # of one request
SMALLEST = 4.5  # points
LEGIBLE = 9  # points that one or two lines have also on a narrow tape
LOW = 12 * mm  # has no room for a line for each
RULED = 7 * mm


class NotOnSheet(Invalid):
    code = "not_on_sheet"
    title = "The sheet has fewer labels"


class CodeCut(Invalid):
    code = "label_too_small"
    title = "The code does not fit on the label"


class TooManyLabels(Invalid):
    code = "too_many_labels"
    title = "Too many labels at once"


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label with ``lines`` by their names; one that ``is_blank`` has room to be written on
    instead."""

    code: str
    address: str
    lines: dict = field(default_factory=dict)
    is_blank: bool = False

    @property
    def text(self):
        return " ".join(line.text for line in self.lines.values())


def of_spool(spool, *, farm):
    """The Label of a spool (with its filament, maker and material type); ``farm`` is the farm's
    address."""
    filament, maker = spool.filament, spool.filament.manufacturer
    lot = _("Lot %(lot)s") % {"lot": spool.lot_number} if spool.lot_number else ""
    figures = {"grams": format_number(spool.initial_grams), "day": spool.received_on.isoformat()}
    received = _("%(grams)s g net, received %(day)s") % figures
    lines = {
        "material": Line(text=filament.material_type.code, scale=1.45, is_bold=True),
        "name": Line(text=filament.name, scale=1.15, is_bold=True, max_rows=4),
        "color": Line(text=_color(filament), max_rows=3, colors=swatches.colors_of(filament)),
        "maker": Line(text=str(maker or ""), max_rows=3),
        "lot": Line(text=lot, max_rows=3),
        "received": Line(text=received, max_rows=3),
        "temperatures": Line(text=_temperatures(filament), max_rows=2),
        "reel": Line(text=_reel(spool), max_rows=2),
    }
    return Label(code=spool.code, address=spool_address(farm, spool.code), lines=lines)


def _color(filament):
    return filament.color_name or swatches.hexes_of(filament) or _("colour not set")


def _temperatures(filament):
    """In degrees Celsius; what is not known of the filament is its material type's."""
    material = filament.material_type
    ends = (material.nozzle_temp_min, material.nozzle_temp_max)
    ends = (filament.nozzle_temp,) if filament.nozzle_temp is not None else ends
    nozzle = "–".join(str(each) for each in ends if each is not None)
    bed = filament.bed_temp if filament.bed_temp is not None else material.bed_temp
    parts = [_("Nozzle %(degrees)s °C") % {"degrees": nozzle}] if nozzle else []
    parts += [_("bed %(degrees)s °C") % {"degrees": bed}] if bed is not None else []
    return ", ".join(parts)


def _reel(spool):
    tare = spool.tare()
    return "" if tare is None else _("Empty reel %(grams)s g") % {"grams": format_number(tare)}


def blank(count, *, farm):
    """``count`` Labels with new codes that are no spool's yet."""
    return [
        Label(code=code, address=spool_address(farm, code), is_blank=True)
        for code in fresh_codes(count)
    ]


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


def pdf(labels, *, sheet, start=1, copies=1, contents=USUAL):
    """The PDF of Labels on a Sheet.

    The first goes to the place ``start`` (1 is the first of the sheet), each is printed
    ``copies`` times, one after another. Raises NotOnSheet, TooManyLabels, CodeCut.
    """
    _require_possible(len(labels) * copies, sheet, start)
    document = io.BytesIO()
    canvas = Canvas(document, pagesize=(sheet.page[0] * mm, sheet.page[1] * mm))
    canvas.setTitle("Spool labels")
    canvas.setCreator("Spoolbook")
    repeated = (label for label in labels for _ in range(copies))
    for number, label in enumerate(repeated, start - 1):
        page, place = divmod(number, sheet.labels)
        if page and place == 0:
            canvas.showPage()
        _draw(canvas, _without(label, contents), *_box(sheet, place))
    canvas.save()
    return document.getvalue()


def is_readable(label, sheet, *, contents=USUAL):
    """Whether any phone can be expected to read the QR code of a Label on a Sheet; true without
    one."""
    label = _without(label, contents)
    layout = _layout(label, *_box(sheet, 0)[2:])
    return not label.address or qr.module(label.address, layout.side) >= qr.READABLE


def is_whole(label, sheet, *, contents=USUAL):
    """Whether each line of a Label on a Sheet is printed as a whole."""
    return _layout(_without(label, contents), *_box(sheet, 0)[2:]).is_whole


def _without(label, contents):
    """The Label without what is not to be printed."""
    left_out = CONTENTS.keys() - set(contents)
    return replace(
        label,
        code="" if "code" in left_out else label.code,
        address="" if "qr" in left_out else label.address,
        lines={name: line for name, line in label.lines.items() if name not in left_out},
    )


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
    margin = sheet.margin * mm
    width, height = (side * mm - 2 * margin for side in sheet.size)
    return left * mm + margin, (sheet.page[1] - top) * mm - margin - height, width, height


@dataclass(frozen=True)
class _Layout:
    """Where the parts of a label are, in points: the ``side`` of the QR code, 0 without one, the
    height of the ``part`` with the code in print under it, and the ``rows`` in the text's box."""

    side: float
    part: float
    box: tuple
    rows: list
    is_whole: bool


def _layout(label, width, height):
    """The QR code to the left of the text, or above it on a label that is higher than wide. The
    code in print is a line of the text where there is no room for it under a sharp QR code."""
    side, part, box = 0, 0, (0, 0, width, height)
    if label.address:
        side, part = _code_part(label, width, height)
        left = side + GAP / 2
        is_wide = width >= height
        box = (left, 0, width - left, height) if is_wide else (0, 0, width, height - part - GAP)
    lines = list(label.lines.values())
    if label.code and part == side:
        lines.insert(0, Line(text=label.code, scale=1.15, is_bold=True))
    rows, is_whole = _fitted(lines, *box[2:])
    if label.code and part == side and not any(label.code in row.text for row in rows):
        raise CodeCut(
            _("The code %(code)s does not fit on this label. Leave it out, or take a larger label.")
            % {"code": label.code},
            errors={"contents": [_("The code in print does not fit.")]},
        )
    return _Layout(side, part, box, rows, is_whole)


def _fitted(lines, width, height):
    """The rows of lines, and whether all are whole: one under the other, or joined where that
    takes less room."""
    largest = max(height / 5, min(height / 2, LEGIBLE))
    for arranged in (lines, list(_joined(lines))):
        rows, is_whole = fitting.fitted(arranged, width, height, largest=largest, smallest=SMALLEST)
        if is_whole and height >= LOW:
            break
    return rows, is_whole


def _code_part(label, width, height):
    """Side of the QR code, and the height of it with the code in print under it, if it is."""
    share = CODE_SHARE if label.code else 0
    if width < height:
        side = min(width, height * 0.5)
        return side, side * (1 + share)
    side = min(height / (1 + share), width * 0.48)
    if width >= 2 * height and qr.module(label.address, side) < qr.SHARP:
        side, share = min(height, width * 0.48), 0
    return side, side * (1 + share)


def _draw(canvas, label, x, y, width, height):
    layout = _layout(label, width, height)
    if label.address:
        left = 0 if width >= height else (width - layout.side) / 2
        base = (height - layout.part) / (2 if width >= height else 1)
        _draw_code(canvas, label, x + left, y + base, layout.side, layout.part)
    left, base, *box = layout.box
    _draw_rows(canvas, layout.rows, x + left, y + base, *box)
    if label.is_blank and not layout.rows:
        _rule(canvas, x + left, y + base, *box)


def _draw_code(canvas, label, x, y, side, part):
    room = part - side
    qr.draw(canvas, label.address, x, y + room, side)
    if room:
        size = min(side * 0.92 / fonts.width(label.code, 1, bold=True), room)
        left = x + (side - fonts.width(label.code, size, bold=True)) / 2
        fonts.draw(canvas, left, y + room * 0.18, label.code, size, bold=True)


def _draw_rows(canvas, rows, x, y, width, height):
    top = y + (height + fitting.height(rows)) / 2
    for row in rows:
        top -= row.size * fitting.LEADING
        base = top + row.size * 0.28
        if row.colors:
            swatches.draw(canvas, row.colors, x, base - row.size * 0.14, row.size)
        canvas.setFillGray(0)
        fonts.draw(canvas, x + fitting.indent(row), base, row.text, row.size, bold=row.is_bold)


def _joined(lines):
    """The bold lines in one, and the others in another."""
    for is_bold in (True, False):
        of_weight = [line for line in lines if line.text and line.is_bold == is_bold]
        colors = next((line.colors for line in of_weight if line.colors), ())
        text = " · ".join(line.text for line in of_weight)
        yield Line(text=text, is_bold=is_bold, max_rows=3, colors=colors)


def _rule(canvas, x, y, width, height):
    canvas.setStrokeGray(0.6)
    canvas.setLineWidth(0.4)
    count = max(int(height / RULED), 1)
    for number in range(count):
        base = y + height * (number + 0.25) / count
        canvas.line(x, base, x + width, base)
