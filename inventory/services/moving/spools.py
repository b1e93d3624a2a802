"""Spools that come from another server, each with its receipt, what was used of it before, and its
tags."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_lazy

from inventory.models import InventoryTransaction, Spool, SpoolEvent, SpoolTag, UsageMeter
from inventory.models.ledger import OPENING
from inventory.services import clock, held_spools, ledger
from inventory.services.moving import arrivals
from inventory.services.moving.arrivals import BATCH, CHANGED, IMPORT, NEW, batched
from inventory.services.spools import tag_values
from tenants.accounts import audited
from tenants.accounts.models import AuditEvent, FarmSettings
from tenants.operations import progress
from tenants.operations.bulk import bulk_update
from tenants.operations.refusals import Refusal

AS_RECEIVED = 2  # the version of a spool that had its receipt, and nothing else
TOO_DEAR = gettext_lazy("A gram of it would cost too much.")
CHANGED_NOW = gettext_lazy("It was changed here just now: import again.")
# Of the values of an arrival; the others are columns as they are.
LEFT_GRAMS, IS_ARCHIVED = "remaining_grams", "is_archived"
NO_COLUMNS = (LEFT_GRAMS, IS_ARCHIVED, "filament_id")  # of a new row, which has its filament
COLUMNS = (
    "filament_id", "initial_grams", "is_initial_assumed", "tare_grams", "price", "lot_number",
    "location_id", "comment", "extra", "archived_at",
)  # fmt: skip


class Now(NamedTuple):
    at: datetime
    by: object
    settings: FarmSettings
    note: str


def move_spools(rows, *, by, note, at=None):
    """Receive the new ones, and change the others, whose balances are adjusted. ``note`` is that of
    their entries."""
    now = Now(at or clock.now(), by, FarmSettings.load(), note)
    arrivals.match(Spool, rows)
    for batch in batched(rows):
        arrivals.sort_out(batch, touched=_touched)
        _receive([row for row in batch if row.outcome == NEW], now)
        _change([row for row in batch if row.outcome == CHANGED], now)
        progress.count(len(batch))
    _tag([row for row in rows if row.outcome in (NEW, CHANGED)], now)


def _receive(rows, now):
    for row in rows:
        row.instance = _unsaved(row, now)
    rows = [row for row in rows if _has_cost(row)]
    with audited.refusals(Spool()):
        spools = Spool.objects.bulk_create(row.instance for row in rows)
    held_spools.follow(spools, by=now.by, at=now.at)
    with ledger.book([spool.pk for spool in spools], by=now.by, at=now.at) as book:
        for row, made in zip(rows, spools, strict=True):
            spool = book.spools[made.pk]
            book.receive(spool, note=now.note)
            _adjust(book, spool, row.values, now)


def _unsaved(row, now):
    values = row.values
    is_used = values[LEFT_GRAMS] < values["initial_grams"] or values["excess_grams"]
    columns = {name: values[name] for name in values if name not in NO_COLUMNS}
    return Spool(
        number=row.number,
        created_at=row.registered,
        received_on=now.settings.local_date(min(row.registered, now.at)),
        opened_at=now.at if is_used and not values["first_used_at"] else None,
        archived_at=now.at if values[IS_ARCHIVED] else None,
        **columns,
        **row.of_new,
    )


def _has_cost(row):
    """Whether the ledger can say what a gram of it costs; else it is left."""
    try:
        ledger.rounded_rate(row.instance.cost_per_gram())
    except Refusal:
        row.instance = None
        row.leave(TOO_DEAR)
        return False
    return True


def _change(rows, now):
    """Those that were metered or changed since they were looked at are left."""
    with ledger.book([row.instance.pk for row in rows], by=now.by, at=now.at) as book:
        changed = []
        for row in rows:
            spool = book.spools[row.instance.pk]
            if spool.version != row.instance.version or spool.metered_grams:
                row.leave(CHANGED_NOW)
                continue
            _set(spool, row, now)
            row.instance = spool
            if not _has_cost(row):
                continue
            _adjust(book, spool, row.values, now)
            book.touch(spool)
            changed.append(spool)
            values = {name: [str(old), str(new)] for name, (old, new) in row.changes.items()}
            audited.audit("import", spool, by=now.by, at=now.at, changes=values)
        bulk_update(changed, COLUMNS)
        held_spools.follow(changed, by=now.by, at=now.at)


def _set(spool, row, now):
    for name, value in row.values.items():
        if name not in (LEFT_GRAMS, IS_ARCHIVED):
            setattr(spool, name, value)
    if row.values[IS_ARCHIVED] != spool.is_archived:
        spool.archived_at = now.at if row.values[IS_ARCHIVED] else None


def _adjust(book, spool, values, now):
    if grams := values[LEFT_GRAMS] - spool.remaining_grams:
        book.adjust(spool, grams, reason=OPENING, note=now.note)


def _tag(rows, now):
    """Put the tags that extra values name on these spools, without an event, by which they would
    be touched. One that is on another spool here stays there; of several new ones it is on the
    newest that is not archived."""
    renamed = [row.instance for row in rows if "extra" in row.changes]
    for spools in batched(renamed):
        SpoolTag.objects.filter(spool__in=spools).delete()
    spools = sorted((row.instance for row in rows), key=lambda each: (each.is_archived, -each.pk))
    named = [
        SpoolTag(spool=spool, uid=uid, bound_at=now.at)
        for spool in spools
        for uid in tag_values.uids_in(spool.extra)
    ]
    with audited.refusals(SpoolTag()):
        SpoolTag.objects.bulk_create(named, batch_size=BATCH, ignore_conflicts=True)


def _touched(ids):
    """The ids of the spools that anybody but an import did something to."""
    rows = [
        InventoryTransaction.objects.exclude(source=IMPORT),
        SpoolEvent.objects.all(),
        UsageMeter.objects.all(),
    ]
    found = set()
    for each in rows:
        found.update(each.filter(spool__in=ids).values_list("spool", flat=True))
    spools = Spool.objects.filter(pk__in=ids)
    found.update(spools.filter(run_materials__isnull=False).values_list("pk", flat=True))
    found |= arrivals.touched_records(Spool)(ids)
    changes = Counter(_changes_by_imports(ids))
    versions = spools.values_list("pk", "version")
    return found | {pk for pk, version in versions if version != AS_RECEIVED + changes[pk]}


def _changes_by_imports(ids):
    events = AuditEvent.objects.filter(object_type=Spool._meta.label_lower, object_id__in=ids)
    return events.filter(source=IMPORT).values_list("object_id", flat=True)
