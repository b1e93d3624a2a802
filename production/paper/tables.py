"""Tables and lines of text on a page."""

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from inventory.paper import fonts, swatches

BODY = ParagraphStyle("body", fontName=fonts.REGULAR, fontSize=10, leading=12.5, splitLongWords=1)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=8, leading=9.5, textColor=colors.dimgrey)
LARGE = ParagraphStyle("large", parent=BODY, fontSize=13, leading=16)
TITLE = ParagraphStyle("title", parent=BODY, fontSize=12, leading=15, spaceBefore=9, spaceAfter=3)
PEN_HEIGHT = 7 * mm


class Swatch(Flowable):
    def __init__(self, filament, side=6 * mm):
        super().__init__()
        self.colors, self.width, self.height = swatches.colors_of(filament), side, side

    def wrap(self, *room):
        return self.width, self.height

    def draw(self):
        if self.colors:
            swatches.draw(self.canv, self.colors, 0, 0, self.width)


def text(content, style=BODY, *, bold=False):
    return Paragraph(fonts.markup(content, bold=bold), style)


def title(content):
    return text(content, TITLE, bold=True)


def grid(heads, rows, widths):
    """A table with ruled cells, high enough to be written in by hand; its head on each page."""
    if not rows:
        return text("–")
    head = [text(content, SMALL) for content in heads]
    cells = [[cell or Spacer(1, PEN_HEIGHT) for cell in row] for row in rows]
    table = Table([head, *cells], colWidths=widths, repeatRows=1, hAlign="LEFT")
    table.setStyle(
        [
            ("GRID", (0, 1), (-1, -1), 0.5, colors.grey),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            *((side, (0, 0), (-1, -1), 4) for side in ("LEFTPADDING", "RIGHTPADDING")),
            ("TOPPADDING", (0, 1), (-1, -1), 5),
            ("BOTTOMPADDING", (0, 1), (-1, -1), 6),
        ]
    )
    return table


def beside(cells, width):
    """Cells of equal width in a row, without lines."""
    table = Table([cells], colWidths=[width / len(cells)] * len(cells), hAlign="LEFT")
    table.setStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    return table


def ruled(width, count):
    table = Table([[""]] * count, colWidths=[width], rowHeights=PEN_HEIGHT, hAlign="LEFT")
    table.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.silver)])
    return table
