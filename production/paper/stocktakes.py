"""A stocktake on paper, to be signed: every spool, what the book said and what was counted."""

import io
from itertools import groupby

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from inventory.paper import fitting, fonts
from production.services.stocktaking import review
from tenants.operations.text import format_number, half_up

PAGE = landscape(A4)
MARGIN, ROW, SIZE, GAP = 12 * mm, 5.2 * mm, 8.5, 4 * mm
WIDTH = PAGE[0] - 2 * MARGIN
BOTTOM = MARGIN + 8 * mm
NOTHING, VALUE = "–", 6  # the column of money
# The heads of the columns, their widths, and whether they are figures.
COLUMNS = [
    (gettext_lazy("Spool"), 24 * mm, False),
    (gettext_lazy("Filament"), WIDTH - 230 * mm, False),
    (gettext_lazy("Book, g"), 20 * mm, True),
    (gettext_lazy("Counted, g"), 22 * mm, True),
    (gettext_lazy("Difference, g"), 24 * mm, True),
    (gettext_lazy("Posted, g"), 20 * mm, True),
    (gettext_lazy("Value"), 22 * mm, True),
    (gettext_lazy("Found"), 34 * mm, False),
    (gettext_lazy("Who"), 34 * mm, False),
    (gettext_lazy("When"), 30 * mm, False),
]


def pdf(stocktake, *, farm_name, currency, printed_at):
    """The PDF of a stocktake: its lines by place, with their spools and who counted them, the
    totals, and lines to sign."""
    fonts.load()
    lines = stocktake.lines.with_spool().select_related("counted_by", "entry")
    lines = lines.order_by("place", "pk")
    found = review.review(stocktake)
    return _List(stocktake, found, farm_name, currency, printed_at).drawn(lines)


class _List:
    def __init__(self, stocktake, found, farm_name, currency, printed_at):
        self.stocktake, self.review, self.currency = stocktake, found, currency
        names = {"pk": stocktake.pk, "farm": farm_name}
        self.title = _("Stocktake %(pk)s of %(farm)s") % names
        self.foot = _("%(title)s · printed %(moment)s") % {
            "title": self.title,
            "moment": _moment(printed_at),
        }
        self.content = io.BytesIO()
        self.canvas = Canvas(self.content, pagesize=PAGE)
        self.canvas.setTitle(self.title)
        self.y = PAGE[1] - MARGIN

    def drawn(self, lines):
        self._head()
        for place, of_place in groupby(lines, key=lambda line: line.place):
            self._room(3)
            self._text(place or _("Without a place"), size=11, bold=True, height=ROW * 1.6)
            self._heads()
            for line in of_place:
                done = _done(line)
                if self._room(2 if done else 1):
                    self._heads()
                self._row(_cells(line))
                if done:
                    self._text(f"    {done}", size=SIZE)
        self._totals()
        self._end_page()
        self.canvas.save()
        return self.content.getvalue()

    def _head(self):
        stocktake = self.stocktake
        self._text(self.title, size=16, bold=True, height=ROW * 1.8)
        facts = [stocktake.place or stocktake.get_scope_display(), stocktake.get_status_display()]
        facts.append(_("begun %(moment)s") % {"moment": _moment(stocktake.begun_at)})
        if stocktake.closed_at:
            facts.append(_("closed %(moment)s") % {"moment": _moment(stocktake.closed_at)})
        if stocktake.reason:
            facts.append(stocktake.reason)
        self._text(" · ".join(facts), size=10, height=ROW * 1.4)

    def _totals(self):
        self._room(11)
        total = self.review.total
        self._text(_("Total"), size=11, bold=True, height=ROW * 1.6)
        figures = {
            "recorded": total.recorded,
            "expected": total.expected,
            "not_found": total.not_found,
            "unexpected": total.unexpected,
            "unknown": total.unknown,
        }
        counts = _(
            "%(recorded)s of %(expected)s spools recorded, %(not_found)s not found, "
            "%(unexpected)s found elsewhere, %(unknown)s"
        )
        codes = ngettext("%(count)s unknown code", "%(count)s unknown codes", total.unknown)
        figures["unknown"] = codes % {"count": total.unknown}
        self._text(counts % figures, size=10)
        self._sums(_("Counted"), self.review.differences)
        self._sums(_("Not found"), self.review.not_found)
        self._sums(_("Together"), self.review.together)
        if self.review.posted:
            self._sums(_("Posted"), self.review.posted)
        self.y -= 12 * mm
        half = WIDTH / 2 - 10 * mm
        for number, name in enumerate((_("Counted by, date"), _("Checked by, date"))):
            left = MARGIN + number * (half + 20 * mm)
            self.canvas.line(left, self.y, left + half, self.y)
            fonts.draw(self.canvas, left, self.y - ROW, name, SIZE)

    def _sums(self, name, sums):
        figures = {"name": name, "count": sums.count, "grams": _signed(sums.grams)}
        figures |= {"value": _money(sums.value), "currency": self.currency}
        text = ngettext(
            "%(name)s: %(count)s difference, %(grams)s g, %(value)s %(currency)s",
            "%(name)s: %(count)s differences, %(grams)s g, %(value)s %(currency)s",
            sums.count,
        )
        if sums.unpriced:
            text = _("%(sum)s without %(unpriced)s whose cost is unknown") % {
                "sum": text % figures,
                "unpriced": sums.unpriced,
            }
        else:
            text %= figures
        self._text(text, size=10)

    def _heads(self):
        heads = [str(head) for head, _width, _is_figure in COLUMNS]
        heads[VALUE] = f"{heads[VALUE]}, {self.currency}"
        self._row(heads, bold=True)

    def _row(self, cells, *, bold=False):
        left = MARGIN
        for text, (_head, width, is_figure) in zip(cells, COLUMNS, strict=True):
            room = width - GAP
            text = fitting.shortened(fonts.cleaned(text), room, SIZE, bold=bold)
            indent = room - fonts.width(text, SIZE, bold=bold) if is_figure else 0
            fonts.draw(self.canvas, left + indent, self.y - ROW + 1.6 * mm, text, SIZE, bold=bold)
            left += width
        self.y -= ROW
        self.canvas.setStrokeGray(0.3 if bold else 0.8)
        self.canvas.line(MARGIN, self.y, MARGIN + WIDTH, self.y)

    def _text(self, text, *, size, bold=False, height=ROW):
        text = fitting.shortened(fonts.cleaned(text), WIDTH, size, bold=bold)
        fonts.draw(self.canvas, MARGIN, self.y - height + 1.6 * mm, text, size, bold=bold)
        self.y -= height

    def _room(self, rows):
        """Begin another page if so many rows don't fit on this one; whether it did."""
        if self.y - rows * ROW >= BOTTOM:
            return False
        self._end_page()
        self.y = PAGE[1] - MARGIN
        return True

    def _end_page(self):
        page = _("page %(page)s") % {"page": self.canvas.getPageNumber()}
        foot = fitting.shortened(fonts.cleaned(f"{self.foot} · {page}"), WIDTH, 8)
        fonts.draw(self.canvas, MARGIN, MARGIN / 2, foot, 8)
        self.canvas.showPage()


def _cells(line):
    spool = line.spool
    book = line.expected_grams if line.book_grams is None else line.book_grams
    return [
        spool.code if spool else NOTHING,
        str(spool.filament) if spool else line.text,
        _number(book),
        _number(line.counted_grams),
        _signed(line.difference_grams),
        _signed(line.posted_grams),
        _money(line.posted_value if line.outcome else line.difference_value),
        _found(line),
        str(line.counted_by or "") if line.result else "",
        _moment(line.counted_at) if line.counted_at else "",
    ]


def _done(line):
    """What posting did with a line, unless that is just that its difference was posted."""
    if line.outcome == line.Outcome.POSTED and line.posted_grams == line.difference_grams:
        return line.get_place_outcome_display()
    return line.done


def _found(line):
    text = line.get_result_display()
    if line.spool_id and not line.is_expected:
        text = _("%(text)s, elsewhere") % {"text": text}
    return text


def _number(value):
    return NOTHING if value is None else format_number(value)


def _signed(value):
    if value is None:
        return NOTHING
    return f"{'+' if value > 0 else ''}{format_number(value)}"


def _money(value):
    if value is None:
        return NOTHING
    rounded = half_up(value, 2)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded):.2f}"


def _moment(at):
    return f"{localtime(at):%Y-%m-%d %H:%M}"
