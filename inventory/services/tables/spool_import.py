"""Imports spools: each row is one, or as many as its quantity, with receipts in the ledger."""

from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory import codes
from inventory.models import Filament, Location, Spool
from inventory.services import clock, held_spools, ledger, receiving
from inventory.services.past import require_past
from inventory.services.tables import known_spools, missing, spool_updates
from inventory.services.tables.cells import BadCell
from inventory.services.tables.matching import FilamentIndex, the_place
from inventory.services.tables.refusals import TableTooLarge
from inventory.services.tables.report import (
    BATCH,
    CREATED,
    SPOOLS,
    ImportReport,
    lock_imports,
    run_import,
)
from tenants.accounts.models import FarmSettings
from tenants.operations import progress
from tenants.operations.operation import operation
from tenants.operations.quantities import money
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number

MAX_SPOOLS = 10_000  # of one table
WEIGHTS = ("remaining_grams", "used_grams", "gross_grams")
DETAILS = ("tare_grams", *Spool.DETAILS, "comment")
# What is wrong with one of these says nothing true of the rest of the row.
OF_SIZE = {"", "initial_grams", "quantity", "name", "external_id"}


class Plan(NamedTuple):
    """What a row wants of each of its spools: the grams that are ``left``, by its own figure if it
    ``is_weighed``, and the Location, if it names one."""

    left: Decimal
    is_weighed: bool
    place: Location | None


def import_spools(table, *, by, at=None, dry_run=False, again=False, create=None, update=False):
    """Put the spools of each row of a ReadTable (`table_reader.read_spools`) on the shelf; returns
    an ImportReport.

    Every row stands for itself: the good ones are imported, the others reported with all that is
    wrong with them. A filament is named by its external_id or by manufacturer, name and material,
    as far as they are needed. Each is booked as ``receiving.receive`` does, all of one moment.
    Rows whose spool is there already are left out, unless ``again``: see `known_spools`. A dry run
    is the import, taken back. What the rows name and the farm has not is made, as far as ``create``
    has its kind of CREATABLE; None is all of them in a neighbour's table. With ``update``, spools
    that are there already get the place and the weight of their rows: see `spool_updates`. Raises
    TableTooLarge, Busy, Duplicate.
    """
    options = {"at": at, "dry_run": dry_run, "again": again, "create": create, "update": update}
    return run_import(_import, table, by=by, **options)


@operation("spool.import")
def _import(table, *, by, dry_run, again, create, update, at=None):
    lock_imports(SPOOLS)
    report, at = ImportReport(SPOOLS, table, dry_run=dry_run), at or clock.now()
    report.create_missing = missing.creatable(create, table, by=by)
    _require_few(report.rows)
    today = FarmSettings.load().local_date(at)
    plans = _plan(report, _filaments(report, by=by), today=today, at=at)
    known_spools.check_labels(report.rows, again=again)
    alike = set()
    if not again:
        alike = known_spools.leave_out(report.good, today=today)
    if update:
        spool_updates.update(report.good, plans, alike=alike, by=by, at=at)
    new = [row for row in report.good if row.outcome == CREATED]
    report.receipt = _write(new, plans, by=by, at=at)
    return report


def _require_few(rows):
    count = sum(row.values.get("quantity", 1) for row in rows)
    if count > MAX_SPOOLS:
        message = _("These are %(count)s spools; at most %(most)s are received at once: split it.")
        figures = {"count": f"{count:,}", "most": f"{MAX_SPOOLS:,}"}
        raise TableTooLarge(message % figures, most_lines=MAX_SPOOLS)


def _plan(report, chosen, *, today, at):
    """Make the unsaved spools of each row; a row that can't be one is refused, with all that is
    wrong with it. Returns the Plan of each of the others."""
    places, plans = missing.make_locations(report), {}
    for row in progress.counting(report.rows):
        place = None
        with row.refusing():
            if "location" in row.values:
                place = the_place(places, row.values["location"])
        with row.refusing():
            require_past(today, received_on=row.values.get("received_on"))
        if row not in chosen or row.problems.keys() & OF_SIZE:
            continue
        with row.refusing():
            row.instances = [
                _spool(row.values, chosen[row], today, location=place, at=at)
                for _each in range(row.values.get("quantity", 1))
            ]
            is_weighed = not row.values.keys().isdisjoint(WEIGHTS)
            plans[row] = Plan(_left(row, at=at), is_weighed, place)
            row.detail = _detail(row, plans[row].left)
    return plans


def _filaments(report, *, by):
    """``{row: Filament}`` of the rows that mean one, locked; the missing ones made if wanted."""
    catalogue, chosen = FilamentIndex(), {}
    rows = [row for row in report.rows if not row.problems.keys() & {"", "name", "external_id"}]
    unknown = [row for row in rows if catalogue.is_missing(row.values)]
    chosen = missing.make_filaments(unknown, report, by=by)
    made = set(unknown) if "filaments" in report.create_missing else set()
    for row in rows:
        if row not in made:
            with row.refusing():
                chosen[row] = catalogue.the_one(row.values).pk
    filaments = Filament.objects.with_makers().order_by("pk")
    filaments = filaments.select_for_update(no_key=True, of=("self",))
    filaments = filaments.in_bulk(set(chosen.values()))
    return {row: filaments[pk] for row, pk in chosen.items()}


def _write(rows, plans, *, by, at):
    """Returns the id of the first receipt; None without any."""
    new, first = iter([(spool, plans[row].left) for row in rows for spool in row.instances]), None
    while batch := list(islice(new, BATCH)):
        received = Spool.objects.bulk_create(spool for spool, _grams in batch)
        held_spools.follow(received)
        with ledger.book([spool.pk for spool in received], by=by, at=at) as book:
            for (_spool, grams), spool in zip(batch, book.spools.values(), strict=True):
                receiving.post_receipt(book, spool, grams)
        first = first or book.entries[0].pk
        progress.count(len(batch))
    return first


# --- What is new --------------------------------------------------------------------------------


def _spool(values, filament, today, *, location, at):
    details = {name: values[name] for name in DETAILS if name in values}
    if "code" in values:
        details["code"] = codes.normalise(values["code"])
    if "received_on" in values:
        details["received_on"] = values["received_on"]
    try:
        spool = receiving.unsaved(
            filament=filament,
            initial_grams=values.get("initial_grams"),
            price=values.get("price"),
            location=location,
            archived_at=at if values.get("archived") else None,
            created_at=at,
            **{"received_on": today, **details},
        )
    except ValidationError as error:
        raise BadCell("; ".join(error.messages), errors=error.message_dict) from error
    if "price_per_kg" in values:
        spool.price = _price(values, spool.initial_grams)
    try:
        ledger.rounded_rate(spool.cost_per_gram())
    except Refusal as refusal:
        raise BadCell(_("A gram of it would cost too much."), errors={"price": []}) from refusal
    return spool


def _price(values, grams):
    """Of what is sold by weight. Raises BadCell, InvalidQuantity."""
    if "price" in values:
        raise BadCell(_("Give price or price_per_kg, not both."), errors={"price_per_kg": []})
    return money(values["price_per_kg"] * grams / 1000, field="price_per_kg")


def _left(row, *, at):
    """What is left on each spool of a row, by one of WEIGHTS. Raises BadCell, and what
    `receiving.set_left` raises."""
    weights = {name: row.values.get(name) for name in WEIGHTS}
    if len(given := [name for name in WEIGHTS if name in row.values]) > 1:
        message = _("Give one of these: %(columns)s.")
        raise BadCell(message % {"columns": ", ".join(given)}, errors=dict.fromkeys(given, []))
    used, initial = weights.pop("used_grams"), row.instance.initial_grams
    if used is not None:
        if used > initial:
            message = _("%(used)s g can't be used of %(initial)s g.")
            figures = {"used": format_number(used), "initial": format_number(initial)}
            raise BadCell(message % figures, errors={"used_grams": []})
        weights["remaining_grams"] = initial - used
    (left,) = {receiving.set_left(spool, at=at, **weights) for spool in row.instances}
    return left


def _detail(row, left):
    spool, count = row.instance, len(row.instances)
    figures = {"filament": spool.filament, "grams": format_number(spool.initial_grams)}
    figures |= {"left": format_number(left), "count": count}
    if left == spool.initial_grams:
        message = ngettext(
            "A spool of %(filament)s, %(grams)s g.",
            "%(count)s spools of %(filament)s, %(grams)s g each.",
            count,
        )
    else:
        message = ngettext(
            "A spool of %(filament)s, %(grams)s g, %(left)s g left.",
            "%(count)s spools of %(filament)s, %(grams)s g each, %(left)s g left on each.",
            count,
        )
    return message % figures
