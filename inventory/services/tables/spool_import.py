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
from inventory.services.tables.columns import FILAMENT_COLUMNS
from inventory.services.tables.matching import FilamentIndex, the_place
from inventory.services.tables.refusals import TableTooLarge
from inventory.services.tables.report import (
    BATCH,
    CREATABLE,
    CREATED,
    SPOOLS,
    Defaults,
    ImportReport,
    lock_imports,
    run_import,
)
from tenants.accounts.models import FarmSettings
from tenants.operations import progress
from tenants.operations.operation import in_dry_run, operation
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


def import_spools(
    table, *, by, at=None, dry_run=False, again=False, create=None, update=False,
    default_net_grams=None, default_tare_grams=None,
):  # fmt: skip
    """Put the spools of each row of a ReadTable (`table_reader.read_spools`) on the shelf; returns
    an ImportReport.

    Every row stands for itself: the good ones are imported, the others reported with all that is
    wrong with them. A filament is named by its external_id or by manufacturer, name and material,
    as far as they are needed. Each is booked as ``receiving.receive`` does, all of one moment.
    Rows whose spool is there already are left out, unless ``again``: see `known_spools`. A dry run
    is the import, taken back. What the rows name and the farm has not is made, as far as ``create``
    has its kind of CREATABLE; None is all of them in a neighbour's table. With ``update``, spools
    that are there already get the place and the weight of their rows: see `spool_updates`. Where
    neither a row nor its filament says how much is on a spool, or what its reel weighs, it is
    ``default_net_grams`` and ``default_tare_grams`` (Decimal or text, "" for none). Raises
    TableTooLarge, BadCell, Busy, Duplicate.
    """
    options = {"at": at, "dry_run": dry_run, "again": again, "create": create, "update": update}
    defaults = Defaults(
        _default("net_grams", default_net_grams), _default("tare_grams", default_tare_grams)
    )
    return run_import(_import, table, by=by, defaults=defaults, **options)


def _default(column, given):
    if given in (None, ""):
        return None
    try:
        return FILAMENT_COLUMNS[column].read(given)
    except BadCell as refusal:
        raise BadCell(refusal.detail, errors={f"default_{column}": [refusal.detail]}) from refusal


@operation("spool.import")
def _import(table, *, by, dry_run, again, create, update, defaults, at=None):
    lock_imports(SPOOLS)
    report, at = ImportReport(SPOOLS, table, dry_run=dry_run), at or clock.now()
    report.create_missing = missing.creatable(create, table, by=by)
    report.defaults = defaults
    _require_few(report.rows)
    today, catalogue = FarmSettings.load().local_date(at), FilamentIndex()
    how = {"by": by, "today": today, "at": at}
    if missing.has_any(report.rows, catalogue):
        tried = in_dry_run(lambda: _try(table, catalogue, defaults, again=again, **how))
        report.faults = {row.number: _faults_of(row, report) for row in tried.refused}
        report.lacking = tried.lacking
    plans = _plan(report, catalogue, **how)
    for row in report.rows:
        row.refuse_too(report.faults.get(row.number, {}))
    known_spools.check_labels(report.rows, again=again)
    alike = set()
    if not again:
        alike = known_spools.leave_out(report.good, today=today)
    if update:
        spool_updates.update(report.good, plans, alike=alike, by=by, at=at)
    new = [row for row in report.good if row.outcome == CREATED]
    report.receipt = _write(new, plans, by=by, at=at)
    return report


def _try(table, catalogue, defaults, *, again, **how):
    """The ImportReport of what would be refused if all that is missing was made."""
    report = ImportReport(SPOOLS, table, dry_run=True)
    report.create_missing, report.defaults = list(CREATABLE), defaults
    with progress.counted_by(None):
        _plan(report, catalogue, **how)
    known_spools.check_labels(report.rows, again=again)
    return report


def _faults_of(row, report):
    """Those of a tried row; without what only a new filament would need, unless it is wanted."""
    if "filaments" in report.create_missing or "material" in row.values:
        return row.problems
    return {name: text for name, text in row.problems.items() if name not in {"material", *OF_SIZE}}


def _require_few(rows):
    count = sum(row.values.get("quantity", 1) for row in rows)
    if count > MAX_SPOOLS:
        message = _("These are %(count)s spools; at most %(most)s are received at once: split it.")
        figures = {"count": f"{count:,}", "most": f"{MAX_SPOOLS:,}"}
        raise TableTooLarge(message % figures, most_lines=MAX_SPOOLS)


def _plan(report, catalogue, *, by, today, at):
    """Make the unsaved spools of each row; a row that can't be one is refused, with all that is
    wrong with it. Returns the Plan of each of the others."""
    chosen = _filaments(report, catalogue, by=by)
    places, plans = missing.make_locations(report), {}
    for row in progress.counting(report.rows):
        place = None
        is_left = row.number in report.faults and "locations" in report.create_missing
        with row.refusing():
            if "location" in row.values and not is_left:
                place = the_place(places, row.values["location"])
        with row.refusing():
            require_past(today, received_on=row.values.get("received_on"))
        if row not in chosen or row.problems.keys() & OF_SIZE:
            continue
        values = _with_defaults(row, chosen[row], report)
        with row.refusing():
            row.instances = [
                _spool(values, chosen[row], today, location=place, at=at)
                for _each in range(values.get("quantity", 1))
            ]
            is_weighed = not row.values.keys().isdisjoint(WEIGHTS)
            plans[row] = Plan(_left(row, at=at), is_weighed, place)
            row.detail = _detail(row, plans[row].left)
    return plans


def _with_defaults(row, filament, report):
    """The values of a row, with the defaults for what neither it nor its filament says; what would
    be needed and is nowhere is noted."""
    values = dict(row.values)
    if filament.net_grams is None and "initial_grams" not in values:
        values["initial_grams"] = report.defaults.default_net_grams
        if values["initial_grams"] is None:
            report.lacking.add("default_net_grams")
    if "gross_grams" not in values:
        return values
    spool = Spool(filament=filament, tare_grams=values.get("tare_grams"))
    if spool.tare() is None and report.defaults.default_tare_grams is not None:
        spool.tare_grams = values["tare_grams"] = report.defaults.default_tare_grams
    if spool.tare() is None:
        report.lacking.add("default_tare_grams")
    with row.refusing():
        receiving.require_tare(spool)
    return values


def _filaments(report, catalogue, *, by):
    """``{row: Filament}`` of the rows that mean one, locked; the missing ones made if wanted."""
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
        held_spools.follow(received, by=by, at=at)
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
