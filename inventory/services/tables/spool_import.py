"""Imports spools: one row, one spool, with its receipt in the ledger."""

from collections import Counter, defaultdict, deque
from itertools import islice

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from inventory import codes
from inventory.models import Filament, InventoryTransaction, Location, Spool
from inventory.services import clock, ledger, receiving
from inventory.services.past import require_past
from inventory.services.tables.cells import BadCell
from inventory.services.tables.matching import FilamentIndex, the_place
from inventory.services.tables.report import (
    BATCH,
    CREATED,
    SPOOLS,
    UNCHANGED,
    ImportReport,
    lock_imports,
    run_import,
)
from tenants.accounts.models import FarmSettings
from tenants.operations import progress
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal
from tenants.operations.text import folded, format_number

WEIGHTS = ("remaining_grams", "gross_grams")
DETAILS = ("tare_grams", *Spool.DETAILS, "comment", "code")


def import_spools(rows, *, by, at=None, dry_run=False, again=False):
    """Put a spool on the shelf for each of the ``rows`` (`csv_reader.read_spools`); returns an
    ImportReport.

    Every row stands for itself: the good ones are imported, the others reported. A filament is
    named by its external_id or by manufacturer, name and material, as far as they are needed.
    Each is booked as ``receiving.receive`` does, all of one moment. Rows whose spool is there
    already are left out, unless ``again``: see ``_leave_out_known``. A dry run is the import, taken
    back. Raises Busy, Duplicate.
    """
    return run_import(_import, rows, by=by, at=at, dry_run=dry_run, again=again)


@operation("spool.import")
def _import(rows, *, by, dry_run, again, at=None):
    lock_imports(SPOOLS)
    report, at = ImportReport(SPOOLS, rows, dry_run=dry_run), at or clock.now()
    today = FarmSettings.load().local_date(at)
    left = _plan(report.good, today=today, at=at)
    _check_labels(report.good, again=again)
    if not again:
        _leave_out_known(report.good, today=today)
    new = [row for row in report.good if row.outcome == CREATED]
    report.receipt = _write(new, left, by=by, at=at)
    return report


def _plan(rows, *, today, at):
    """Make the unsaved spool of each row; a row that can't be one is refused. Returns what is left
    on each: ``{row: grams}``."""
    catalogue, places = (
        FilamentIndex(),
        {folded(place.name): place for place in Location.objects.all()},
    )
    chosen, left = {}, {}
    for row in progress.counting(rows):
        with row.refusing():
            chosen[row] = catalogue.the_one(row.values).pk
    filaments = Filament.objects.with_makers().order_by("pk")
    filaments = filaments.select_for_update(no_key=True, of=("self",))
    filaments = filaments.in_bulk(set(chosen.values()))
    for row, pk in chosen.items():
        with row.refusing():
            row.instance = _spool(row.values, filaments[pk], places, today)
            weights = {name: row.values.get(name) for name in WEIGHTS}
            left[row] = receiving.set_left(row.instance, at=at, **weights)
            row.detail = _detail(row.instance, left[row])
    return left


def _write(rows, left, *, by, at):
    """Returns the id of the first receipt; None without any."""
    rest, first = iter(rows), None
    while batch := list(islice(rest, BATCH)):
        received = Spool.objects.bulk_create(row.instance for row in batch)
        with ledger.book([spool.pk for spool in received], by=by, at=at) as book:
            for row, spool in zip(batch, book.spools.values(), strict=True):
                receiving.post_receipt(book, spool, left[row])
        first = first or book.entries[0].pk
        progress.count(len(batch))
    return first


# --- What is there already ----------------------------------------------------------------------


def _check_labels(rows, *, again):
    """Refuse labels that are none, or on several rows, or on a spool already; where that is the
    spool of the row, it is there already."""
    labelled = [row for row in rows if "code" in row.values]
    wanted = Counter(row.instance.code for row in labelled)
    taken = Spool.objects.taken_codes(wanted)
    owners = Spool.objects.filter(code__in=taken) if not again else ()
    owners = {spool.code: spool for spool in owners}
    for row in labelled:
        code = row.instance.code
        owner = owners.get(code)
        if not codes.is_valid(code):
            row.refuse("code", _("This is not a spool code; was it mistyped?"))
        elif wanted[code] > 1:
            figures = {"code": code, "count": wanted[code]}
            row.refuse("code", _("%(code)s is on %(count)s lines.") % figures)
        elif owner and _key(owner) == _key(row.instance):
            _leave_out(row, owner)
        elif code in taken:
            row.refuse("code", _("Spool %(code)s is there already.") % {"code": code})


def _leave_out_known(rows, *, today):
    """Leave out each row for which there is a spool of the same filament, lot, grams and price: one
    received on that day, or, for a row without a day, one that was imported. Of several equal rows
    as many are left out as there are spools."""
    rows = [row for row in rows if "code" not in row.values]
    of_day, imported, used = defaultdict(deque), defaultdict(deque), set()
    days = {row.instance.received_on for row in rows}
    for spool in _standing({row.instance.filament_id for row in rows}, days):
        of_day[_key(spool), spool.received_on].append(spool)
        if spool.is_imported:
            imported[_key(spool)].append(spool)
    for row in rows:
        key = _key(row.instance)
        found = _next(of_day[key, row.instance.received_on], used)
        if found is None and "received_on" not in row.values:
            found = _next(imported[key], used)
        if found is not None:
            _leave_out(row, found)


def _standing(filaments, days):
    """The spools of these filaments whose receipts stand: imported ones, and those of the days."""
    receipts = InventoryTransaction.objects.filter(spool=OuterRef("pk"), kind="receipt")
    receipts = receipts.not_reversed()
    spools = Spool.objects.filter(Exists(receipts), filament__in=filaments)
    spools = spools.annotate(is_imported=Exists(receipts.filter(source="import")))
    return spools.filter(Q(is_imported=True) | Q(received_on__in=days)).order_by("pk")


def _key(spool):
    return spool.filament_id, spool.lot_number, spool.initial_grams, spool.price


def _next(spools, used):
    while spools:
        spool = spools.popleft()
        if spool.pk not in used:
            used.add(spool.pk)
            return spool
    return None


def _leave_out(row, spool):
    row.outcome, row.instance = UNCHANGED, spool
    names = {"code": spool.code, "day": spool.received_on}
    row.detail = _("Spool %(code)s, received on %(day)s, is the same: it is there already.") % names


# --- What is new --------------------------------------------------------------------------------


def _spool(values, filament, places, today):
    details = {name: values[name] for name in DETAILS if name in values}
    if "code" in details:
        details["code"] = codes.normalise(details["code"])
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
