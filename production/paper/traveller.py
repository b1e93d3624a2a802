"""The traveller: a run on paper, with what it makes, what to load, and boxes to fill in by hand."""

import io
from functools import partial

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
)

from inventory.paper import fitting, fonts, qr, swatches
from production.models import Picture
from production.paper import tables
from production.services.reports.today import OpenRun
from tenants.operations.quantities import duration
from tenants.operations.refusals import Invalid
from tenants.operations.text import format_number

MARGIN, HEAD, CODE, PICTURE = 14 * mm, 40 * mm, 34 * mm, 26 * mm
WIDTH = A4[0] - 2 * MARGIN
MAX_RUNS = 100
NOTHING = "–"


class TooManyTravellers(Invalid):
    code = "too_many_travellers"
    title = "Too many runs for one document"


def run_address(farm, number):
    return qr.address(farm, f"/R/{number}")


def pdf(runs, *, farm, farm_name, printed_at):
    """The PDF of runs (``ProductionRun.objects.for_paper()``), each beginning a page of A4.

    ``farm`` is the farm's address, ``printed_at`` an aware moment. Raises TooManyTravellers.
    """
    if not 1 <= len(runs) <= MAX_RUNS:
        message = _("%(count)s runs; a document has 1 to %(most)s.")
        raise TooManyTravellers(message % {"count": len(runs), "most": MAX_RUNS})
    fonts.load()
    content, story = io.BytesIO(), []
    title = _("Runs of %(farm)s") % {"farm": farm_name}
    document = BaseDocTemplate(content, pagesize=A4, title=title)
    names = {"farm": farm_name, "moment": _moment(printed_at)}
    foot = _("%(farm)s · printed %(moment)s") % names
    thumbnails = _thumbnails(runs)
    for run in runs:
        frame = Frame(MARGIN, MARGIN, WIDTH, A4[1] - HEAD - 2 * MARGIN, *[0] * 4)
        thumbnail = thumbnails.get(OpenRun(run).picture)
        head = partial(_head, run, run_address(farm, run.number), thumbnail, foot)
        document.addPageTemplates(PageTemplate(id=run.number, frames=[frame], onPage=head))
        story += [NextPageTemplate(run.number), PageBreak()] if story else []
        story += _story(run)
    document.build(story)
    return content.getvalue()


def _thumbnails(runs):
    """Of all that is printed, by hash; each is in the document once."""
    hashes = {OpenRun(run).picture for run in runs} - {None}
    rows = Picture.objects.filter(sha256__in=hashes).values_list("sha256", "thumbnail")
    return {sha256: ImageReader(io.BytesIO(bytes(thumbnail))) for sha256, thumbnail in rows}


def _head(run, address, thumbnail, foot, canvas, document):
    """The number, the printer, what is printed and the code, on each page of a run."""
    top = A4[1] - MARGIN
    status = run.get_status_display()
    names = {"status": status, "moment": _moment(run.created_at)}
    qr.draw(canvas, address, A4[0] - MARGIN - CODE, top - CODE, CODE)
    lines = [
        fitting.Line(text=run.number, scale=2.2, is_bold=True),
        fitting.Line(text=str(run.printer or _("No printer yet")), scale=1.4, max_rows=2),
        fitting.Line(text=_("%(status)s · made %(moment)s") % names),
    ]
    width = WIDTH - CODE - 4 * mm
    if thumbnail is not None:
        width -= PICTURE + 4 * mm
        place = A4[0] - MARGIN - CODE - 4 * mm - PICTURE, top - 4 * mm - PICTURE, PICTURE, PICTURE
        canvas.drawImage(thumbnail, *place, mask="auto", preserveAspectRatio=True)
    rows, _is_whole = fitting.fitted(lines, width, CODE - 4 * mm, largest=12, smallest=5)
    for row in rows:
        top -= row.size * fitting.LEADING
        fonts.draw(canvas, MARGIN, top, row.text, row.size, bold=row.is_bold)
    canvas.setStrokeGray(0.3)
    under = A4[1] - MARGIN - HEAD + 3 * mm
    canvas.line(MARGIN, under, A4[0] - MARGIN, under)
    names = {"run": run.number, "page": document.page, "foot": foot}
    footer = fitting.shortened(_("%(run)s · page %(page)s · %(foot)s") % names, WIDTH, 8)
    fonts.draw(canvas, MARGIN, MARGIN / 2, footer, 8)


def _story(run):
    facts = {
        "Plates": run.plate_count,
        "Planned time": _minutes(run.planned_minutes),
        "Planned start": _moment(run.planned_start_at),
        "Due": run.due_on or NOTHING,
        "Priority": run.priority,
        "Reprint of": run.reprint_of or NOTHING,
    }
    if run.sliced_file:
        plates = ", ".join(map(str, run.sliced_plates))
        names = {"file": run.sliced_file, "plates": plates}
        facts["Sliced file"] = _("%(file)s, plates %(plates)s") % names
    cells = [
        [tables.text(name, tables.SMALL), tables.text(fact, bold=True)]
        for name, fact in facts.items()
    ]
    story = [tables.beside(cells, WIDTH), tables.title("Makes"), _items(run)]
    story += [tables.title("Load"), _materials(run)]
    if run.notes.strip():
        story += [tables.title("Notes"), *map(tables.text, run.notes.strip().splitlines())]
    return [*story, KeepTogether([tables.title("By hand"), *_by_hand(run)])]


def _items(run):
    rows = [
        [
            [
                tables.text(item.product.sku, bold=True),
                tables.text(item.product.name),
                *_small(_("Order %(value)s"), item.order_reference),
                *_small(_("On the bed: %(value)s"), item.bed_position),
            ],
            tables.text(f"{item.quantity} ×", tables.LARGE, bold=True),
            _known(item.good_count),
            _known(item.scrapped_count),
            _known(item.scrap_reason),
        ]
        for item in run.items.all()
    ]
    heads = ["Product", "Quantity", "Good", "Scrapped", "Why scrapped"]
    return tables.grid(heads, rows, [WIDTH - 105 * mm, 20 * mm, 22 * mm, 22 * mm, 41 * mm])


def _materials(run):
    heads = ["Slot", "", "Material", "Spool", "Planned"]
    heads += ["Scale before", "Scale after", "or: grams used"]
    rest = WIDTH - (12 + 10 + 36 + 24 + 3 * 19) * mm
    widths = [12 * mm, 10 * mm, rest, 36 * mm, 24 * mm, *[19 * mm] * 3]
    return tables.grid(heads, [_material_row(line) for line in run.materials.all()], widths)


def _material_row(line):
    purge = line.planned_purge_grams
    return [
        tables.text(line.slot.label if line.slot else str(line.sliced_slot or NOTHING), bold=True),
        tables.Swatch(_filament(line)) if _filament(line) else "",
        _material(line),
        _spool(line),
        [
            tables.text(_planned(line), bold=True),
            *_small(_("%(value)s g of it purge"), purge and format_number(purge)),
        ],
        _known(line.gross_before_grams),
        _known(line.gross_after_grams),
        _known(line.actual_total_grams),
    ]


def _planned(line):
    return f"{format_number(line.planned_total_grams)} g" if line.has_plan else NOTHING


def _material(line):
    filament = _filament(line)
    if filament is None:
        return [tables.text(f"any {line.material_type.code}", bold=True)]
    color = filament.color_name or swatches.hexes_of(filament)
    kind = " · ".join(filter(None, [filament.material_type.code, color]))
    return [tables.text(filament, bold=True), tables.text(kind)]


def _spool(line):
    """Its code and where it is; room for the code where none is chosen yet."""
    spool = line.spool
    if spool is None:
        return [tables.text("not chosen yet", tables.SMALL), tables.text("\u00a0", tables.LARGE)]
    slot = getattr(spool, "printer_slot", None)
    place = str(spool.location or _("Location not set"))
    if slot:
        place = _("in %(slot)s") % {"slot": slot}
    book = _("%(grams)s g by the book")
    if spool.lot_number:
        book = _("%(grams)s g by the book, lot %(lot)s")
    figures = {"grams": format_number(spool.live_grams), "lot": spool.lot_number}
    return [
        tables.text(spool.code, tables.LARGE, bold=True),
        tables.text(place),
        tables.text(book % figures, tables.SMALL),
    ]


def _by_hand(run):
    known = [_moment(run.started_at), _moment(run.finished_at)]
    known += [_minutes(run.actual_minutes), run.outcome_reason]
    cells = [_known(None if value == NOTHING else value) for value in known]
    heads = ["Started", "Finished", "Time it took", "Failed or stopped: why", "Who"]
    widths = [34 * mm, 34 * mm, 28 * mm, 50 * mm, WIDTH - 146 * mm]
    return [tables.grid(heads, [[*cells, ""]], widths), tables.ruled(WIDTH, 3)]


def _filament(line):
    return line.spool.filament if line.spool else line.filament


def _known(value):
    """A value that is known, or room to write."""
    if value is None:
        return ""
    return tables.text(format_number(value) if hasattr(value, "quantize") else value)


def _small(message, value):
    return [tables.text(message % {"value": value}, tables.SMALL)] if value else []


def _minutes(minutes):
    return NOTHING if minutes is None else duration(minutes)


def _moment(at):
    return NOTHING if at is None else f"{localtime(at):%Y-%m-%d %H:%M}"
