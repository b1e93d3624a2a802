"""Taking a closed run back: one reversal per ledger entry, claims as before."""

from django.db.models import Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, Spool, SpoolEvent
from inventory.services import ledger
from inventory.services.reversing import CountedSince
from inventory.services.spools.returned import require_not_returned
from production.models import ESTIMATED, ActualSource, ProductionRun, RunEvent
from production.services import overrides, run_state
from production.services.completion.actuals import ITEM_FIELDS, LINE_FIELDS, MINUTE_FIELDS
from production.services.completion.estimates import (
    estimates,
    expected,
    goes_on,
    requirements,
)
from production.services.reported import lines as reported
from production.services.reported import taking
from production.services.requirements import bom, claims, derived, readiness
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid

Status = ProductionRun.Status
Kind = InventoryTransaction.Kind
REVERTED = "reverted"


@operation("production_run.revert")
def revert(run, *, by, at=None, reason="", confirm=False, is_printing=False):
    """Take a closed run back to the status before it, one reversal per ledger entry.

    The grams return to their spools and are claimed again; what somebody gave stays for editing,
    estimates do not. Raises CountedSince when a spool was counted since, unless a manager
    confirms: the spools concerned then need weighing. An operator may revert their own last verb
    for a while only. The print stays finished, unless ``is_printing``: it goes on, as one that was
    cancelled while it printed does. Raises PrinterBusy then, if another run is on its printer.
    """
    bom.locked(run.items.values_list("product", flat=True))
    run = run_state.lock(run, "revert")
    overrides.require_may_undo(run, by=by, at=at)
    lines, items = run_state.lock_lines(run), run_state.lock_items(run)
    entries = standing_entries(run)
    spool_ids = {line.spool_id for line in lines} | {entry.spool_id for entry in entries}
    with ledger.book(spool_ids, by=by, at=at, leaves_meters=is_printing) as book:
        entries = standing_entries(run)  # again: its spools may have been revalued until now
        counted = counted_since(run, {entry.spool_id for entry in entries})
        if counted and not (confirm and overrides.granted("confirm", by=by)):
            refuse_counted(run, [book.spools[pk] for pk in counted])
        for entry in entries:
            book.reverse(entry, reason=REVERTED, note=reason)
        require_not_returned(book.spools.values())
        restore(book.spools.values(), by=by, at=book.at)
        reported.reopen(book, lines)
        _drop_estimates(run, lines, items, is_printing=is_printing)
        _claim_again(book, run, lines, entries)
        if is_printing:
            taking.take_since(book, run, lines, since=_closing_event(run).at)
        bulk_update(lines, LINE_FIELDS)
        bulk_update(items, ITEM_FIELDS)
    Spool.objects.filter(pk__in=counted).update(needs_weighing=True)
    event = {"by": by, "at": book.at, "reason": reason}
    return _reopen(run, counted=counted, is_printing=is_printing, **event)


def standing_entries(run):
    """The run's ledger entries that are not reversed, newest first: the order to undo them in."""
    return list(run.transactions.not_reversed().order_by("-pk"))


def counted_since(run, spool_ids):
    """Ids of the spools with a standing count, not of this run, after the run was booked."""
    counts = InventoryTransaction.objects.counts().filter(spool__in=spool_ids)
    since = counts.exclude(_before(run)).exclude(production_run=run)
    return set(since.values_list("spool", flat=True))


def books_before(run, spool_ids):
    """Net grams of the spools by the book before the run was booked: ``{spool id: grams}``."""
    earlier = InventoryTransaction.objects.filter(_before(run), spool__in=spool_ids)
    last = earlier.order_by("spool_id", "-pk").distinct("spool_id")
    return dict(last.values_list("spool_id", "balance_grams"))


def _before(run):
    """What the ledger had when the run was closed, before it booked anything.

    Corrections come later, but speak of the same print."""
    closed_at = _closing_event(run).at
    reverted = run.transactions.filter(kind=Kind.REVERSAL, reason=REVERTED).order_by("-pk")
    booked = run.transactions.filter(
        pk__gt=Coalesce(Subquery(reverted.values("pk")[:1]), 0), created_at__lte=closed_at
    )
    first = booked.order_by("pk").values_list("pk", flat=True).first()
    return Q(pk__lt=first) if first else Q(created_at__lte=closed_at)


def restore_unreturned(book, entries):
    """`restore`, of the spools of the entries that are reversed. Raises SpoolReturned."""
    spools = [book.spools[entry.spool_id] for entry in entries]
    require_not_returned(spools)
    restore(spools, by=book.by, at=book.at)


def restore(spools, *, by, at):
    """Bring archived and removed spools back: grams are about to return to them."""
    archived = [spool for spool in spools if spool.is_archived]
    for spool in archived:
        if spool.is_removed:
            SpoolEvent.objects.create(spool=spool, verb=SpoolEvent.Verb.UNREMOVED, by=by, at=at)
        spool.archived_at = spool.removed_at = None
        SpoolEvent.objects.create(spool=spool, verb=SpoolEvent.Verb.RESTORED, by=by, at=at)
    rows = Spool.objects.filter(pk__in=[spool.pk for spool in archived])
    rows.update(archived_at=None, removed_at=None)


def refuse_counted(run, spools):
    """Raise CountedSince if there are any of these spools, which were counted since."""
    if not spools:
        return
    codes = ", ".join(spool.code for spool in spools)
    raise CountedSince(
        _(
            "Run %(run)s can't simply be reverted: %(codes)s was weighed since. A manager may "
            "confirm; the spools then need weighing."
        )
        % {"run": run.number, "codes": codes},
        run_id=run.pk,
        spool_ids=[spool.pk for spool in spools],
    )


def _drop_estimates(run, lines, items, *, is_printing):
    """Clear what is no statement: as planned, by percent, or 0 good because the run failed. What
    devices reported is told by their meters."""
    if run.actual_minutes_source in ESTIMATED:
        run.set_actual_minutes(None)
    for line in lines:
        if not is_printing:
            line.metered_before_grams = None  # what was given is of the whole print
        if line.actual_source in ESTIMATED or line.is_reported:
            line.actual_grams = line.actual_purge_grams = None
            line.actual_source = ""
    for item in items:
        if run.status == Status.FAILED or item.good_count_source != ActualSource.TYPED:
            item.good_count, item.good_count_source = None, ""
            item.scrapped_count = item.scrapped_count or None


def _claim_again(book, run, lines, entries):
    """Claim what was returned, of lines that are unknown again what they are expected to take."""
    due = _due(lines)
    if run.status == Status.CANCELLED:
        for line in lines:
            if line.spool_id:
                grams = reported.rest(line, due[line.pk])
                claims.place(book, line, book.spools[line.spool_id], grams)
        return
    returned = {}
    for entry in entries:
        if entry.kind in (Kind.USAGE, Kind.WASTE):
            returned[entry.spool_id] = returned.get(entry.spool_id, ledger.ZERO) - entry.grams
    for line in lines:
        if line.spool_id is None:
            continue
        is_known = line.actual_grams is not None
        grams = returned.get(line.spool_id, ledger.ZERO) if is_known else due[line.pk]
        line.reserved_grams = reported.rest(line, grams)
        book.reclaim(book.spools[line.spool_id], line.reserved_grams)


def _due(lines):
    """What lines are expected to take: ``{line id: grams}``. Where one goes on for another, a
    known one took what it took."""
    guessed, due = estimates(lines), {}
    for whole in requirements(lines):
        has_rest = any(map(goes_on, whole))
        for line in whole:
            grams = (line.actual_total_grams or ledger.ZERO) if has_rest else expected(line)
            due[line.pk] = sum(guessed.get(line.pk, (grams,)))
    return due


def _reopen(run, *, counted, is_printing, **event):
    status, run.reopened_at = _closing_event(run).from_status, event["at"]
    run.outcome_reason = None
    if is_printing:
        _go_on_printing(run, status)
    if status == Status.IN_PROGRESS and run.finished_at is None:
        readiness.require_idle_printer(run)
    fields = ["reopened_at", "finished_at", "outcome_reason", *MINUTE_FIELDS]
    if status == Status.PLANNED:
        derived.catch_up(run, by=event["by"], at=event["at"])
        fields += derived.RUN_FIELDS
    event["overrides"] = [f"counted_since:{pk}" for pk in sorted(counted)]
    return run_state.save(run, "revert", *fields, to=status, **event)


def _go_on_printing(run, status):
    if status != Status.IN_PROGRESS:
        raise Invalid(
            _("Run %(run)s was not started, so it can't print.") % {"run": run.number},
            errors={"is_printing": [_("It was not started.")]},
        )
    run.finished_at = None
    if run.printer is not None:
        run.printer.needs_clearing = False
        run.printer.save(update_fields=["needs_clearing"])


def _closing_event(run):
    closing = RunEvent.objects.filter(run=run, to_status=run.status).exclude(from_status=run.status)
    return closing.order_by("-pk")[0]
