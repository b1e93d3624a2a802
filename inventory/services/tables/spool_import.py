"""Imports spools: one row, one spool, with its receipt in the ledger."""

from collections import Counter
from itertools import islice

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import codes
from inventory.models import Filament, Location, Spool
from inventory.services import ledger, receiving
from inventory.services.past import require_past
from inventory.services.tables.cells import BadCell
from inventory.services.tables.matching import Catalogue, the_place
from inventory.services.tables.report import BATCH, SPOOLS, ImportReport, run_import
from tenants.accounts.models import FarmSettings
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal
from tenants.operations.text import folded, format_number

WEIGHTS = ("remaining_grams", "gross_grams")
DETAILS = ("tare_grams", *Spool.DETAILS, "comment", "code")


def import_spools(rows, *, by, at=None, dry_run=False):
    """Put a spool on the shelf for each of the ``rows`` (`csv_reader.read_spools`); returns an
    ImportReport.

    Every row stands for itself: the good ones are imported, the others reported. A filament is
    named by its external_id or by manufacturer, name and material, as far as they are needed.
    Each is booked as ``receiving.receive`` does. A dry run is the import, taken back. Raises Busy,
    Duplicate.
    """
    return run_import(_import, rows, by=by, at=at, dry_run=dry_run)


@operation("spool.import")
def _import(rows, *, by, dry_run, at=None):
    report, at = ImportReport(SPOOLS, rows, dry_run=dry_run), at or timezone.now()
    left = _plan(report.good, at=at)
    _write(report.good, left, by=by, at=at)
    return report


def _plan(rows, *, at):
    """Make the unsaved spool of each row; a row that can't be one is refused. Returns what is left
    on each: ``{row: grams}``."""
    catalogue, places = Catalogue(), {folded(place.name): place for place in Location.objects.all()}
    _check_codes(rows)
    chosen = {}
    for row in rows:
        with row.refusing():
            chosen[row] = catalogue.the_one(row.values).pk
    filaments = Filament.objects.with_makers().in_bulk(set(chosen.values()))
    today, left = FarmSettings.load().local_date(at), {}
    for row, pk in chosen.items():
        with row.refusing():
            row.instance = _spool(row.values, filaments[pk], places, today)
            weights = {name: row.values.get(name) for name in WEIGHTS}
            left[row] = receiving.set_left(row.instance, at=at, **weights)
            row.detail = _detail(row.instance, left[row])
    return left


def _write(rows, left, *, by, at):
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        received = Spool.objects.bulk_create(row.instance for row in batch)
        with ledger.book([spool.pk for spool in received], by=by, at=at) as book:
            for row, spool in zip(batch, book.spools.values(), strict=True):
                receiving.post_receipt(book, spool, left[row])


def _spool(values, filament, places, today):
    details = {name: values[name] for name in DETAILS if name in values}
    if "location" in values:
        details["location"] = the_place(places, values["location"])
    try:
        require_past(today, received_on=values.get("received_on"))
        spool = receiving.unsaved(
            filament=filament,
            initial_grams=values.get("initial_grams"),
            price=values.get("price"),
            received_on=values.get("received_on", today),
            **details,
        )
    except ValidationError as error:
        raise BadCell("; ".join(error.messages), errors=error.message_dict) from error
    try:
        ledger.rounded_rate(spool.cost_per_gram())
    except Refusal as refusal:
        raise BadCell(_("A gram of it would cost too much."), errors={"price": []}) from refusal
    return spool


def _detail(spool, left):
    figures = {"filament": spool.filament, "grams": format_number(spool.initial_grams)}
    if left == spool.initial_grams:
        return _("A spool of %(filament)s, %(grams)s g.") % figures
    figures["left"] = format_number(left)
    return _("A spool of %(filament)s, %(grams)s g, %(left)s g left.") % figures


def _check_codes(rows):
    """A label that is on a spool already, or on two rows, is no label for a new one."""
    labelled = [row for row in rows if "code" in row.values]
    for row in labelled:
        row.values["code"] = codes.normalise(row.values["code"])
    wanted = Counter(row.values["code"] for row in labelled)
    taken = Spool.objects.taken_codes(wanted)
    for row in labelled:
        code = row.values["code"]
        if not codes.is_valid(code):
            row.refuse("code", _("This is not a spool code; was it mistyped?"))
        elif code in taken:
            row.refuse("code", _("Spool %(code)s is there already.") % {"code": code})
        elif wanted[code] > 1:
            figures = {"code": code, "count": wanted[code]}
            row.refuse("code", _("%(code)s is on %(count)s lines.") % figures)
