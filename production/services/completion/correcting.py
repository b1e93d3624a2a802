"""Correcting what a closed run booked, without opening it again.

Only the lines that changed get entries. A count is the truth of the shelf: where a spool was
counted after the entry that is corrected, the correction also posts a compensating count, so
that cost and variance change and the weighed balance does not.
"""

from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction
from inventory.models.ledger import COMPENSATED
from inventory.services import ledger
from inventory.services.spools.returned import require_not_returned
from production.services import overrides, run_state, variance
from production.services.completion.actuals import (
    ITEM_FIELDS,
    LINE_FIELDS,
    MINUTE_FIELDS,
    apply_items,
    apply_materials,
)
from production.services.completion.closing import Completion, apply_minutes, set_finish
from production.services.completion.plausibility import require_plausible
from production.services.completion.reverting import (
    books_before,
    counted_since,
    restore,
    standing_entries,
)
from production.services.reported import lines as reported
from production.services.requirements import claims
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation, with_dry_run
from tenants.operations.refusals import Refusal

Kind = InventoryTransaction.Kind


class NothingToReassign(Refusal):
    code = "nothing_to_reassign"
    title = "There is nothing to move to this spool"


@with_dry_run
@operation("production_run.correct")
def correct(
    run,
    *,
    by,
    at=None,
    materials=(),
    items=(),
    actual_minutes=None,
    finished_at=None,
    confirm=False,
    reason="",
):
    """Correct the actuals of a completed run; returns a Completion with the new entries.

    ``materials``, ``items``, ``actual_minutes``, ``finished_at`` and ``confirm`` are as in
    `complete`; what is not given stays, and where nothing is different nothing is written. A weight
    after is compared with the book as it was before this run's entry. Raises as `complete` does.
    """
    run = run_state.lock(run, "correct")
    overrides.require_may_undo(run, by=by, at=at)
    lines, run_items = run_state.lock_lines(run), run_state.lock_items(run)
    apply_items(run_items, items, as_planned=False)
    apply_minutes(run, actual_minutes)
    before = {line.pk: line.actual_total_grams for line in lines}
    with ledger.book([line.spool_id for line in lines], by=by, at=at) as book:
        entries = standing_entries(run)  # under the locks: a spool may have been revalued
        books = books_before(run, book.spools)
        settled = apply_materials(lines, materials, book.spools, books=books)
        changed = [line for line in lines if line.actual_total_grams != before[line.pk]]
        if not confirm:
            has_minutes = actual_minutes is not None
            require_plausible(run, lines, book.spools, changed=changed, has_minutes=has_minutes)
        rebook_lines(book, run, changed, entries, settled)
        require_not_returned([line.spool for line in changed])
        restore([line.spool for line in changed], by=by, at=book.at)
    set_finish(run, at=book.at, finished_at=finished_at)
    return _corrected(run, "correct", lines, run_items, book, by=by, reason=reason)


@with_dry_run
@operation("production_run.reassign")
def reassign(run, *, by, line, spool, at=None, settle=False, reason="", override_reason=""):
    """Move what a line consumed from the wrong spool to the right one; returns a Completion.

    ``line`` is the RunMaterial's id, ``spool`` the right Spool; ``settle`` as in `complete`.
    Raises NotInRun, NothingToReassign, IncompatibleSpool, InsufficientInventory.
    """
    overridden = overrides.granted(override_reason, by=by)
    run = run_state.lock(run, "reassign")
    overrides.require_may_undo(run, by=by, at=at)
    lines = run_state.lock_lines(run)
    wrong = next((row for row in lines if row.pk == line), None)
    if wrong is None or not wrong.actual_total_grams or wrong.spool_id == spool.pk:
        raise NothingToReassign(
            _("Line %(line)s of run %(run)s has nothing to move there.")
            % {"line": line, "run": run.number}
        )
    with ledger.book([wrong.spool_id, spool.pk], by=by, at=at) as book:
        right = book.spools[spool.pk]
        if not overridden:
            claims.require_match(wrong, right)
        entry = _rebook_elsewhere(book, run, wrong, right, settle=settle)
        require_not_returned(book.spools.values())
        restore(book.spools.values(), by=by, at=book.at)
        _move_actuals(book, wrong, right, lines, entry)
    items, reason = run_state.lock_items(run), override_reason or reason
    return _corrected(run, "reassign", lines, items, book, by=by, reason=reason)


def rebook_lines(book, run, changed, entries, settled=(), **details):
    """Reverse those of the run's ``entries`` that are of lines that changed, and book the actuals
    of these instead; their meters go with them."""
    counted = counted_since(run, book.spools)
    for line in changed:  # whose spool is the book's
        own = [entry for entry in entries if entry.spool_id == line.spool_id]
        how = {"is_counted": line.spool_id in counted, "settle": line.pk in settled, **details}
        how |= {"is_reported": line.is_reported, "is_weighed": line.is_weighed}
        took = _rebook(book, run, line.spool, own, line.actual_total_grams, **how)
        reported.relink(book, line, took)


def _rebook(
    book, run, spool, entries, grams, *, is_counted, is_weighed=False, kind=Kind.USAGE, **details
):
    """Reverse ``entries`` (newest first) of a spool and take ``grams`` instead, in the entry that
    is returned; the balance stays where the spool was weighed since (``is_counted``)."""
    balance = spool.remaining_grams + grams
    for entry in entries:
        book.reverse(entry, reason="corrected")
    if is_counted and balance != spool.remaining_grams:
        note = _("Run %(run)s was corrected; the weighed balance stays.") % {"run": run.number}
        book.count(spool, balance, reason=COMPENSATED, note=note)
    if grams:
        take = book.waste if kind == Kind.WASTE else book.consume
        details.setdefault("occurred_at", entries[-1].occurred_at if entries else None)
        return take(spool, grams, run=run, is_counted=is_weighed and not is_counted, **details)
    return None


def _rebook_elsewhere(book, run, wrong, right, *, settle):
    entries = [entry for entry in standing_entries(run) if entry.spool_id == wrong.spool_id]
    booked = next(entry for entry in entries if entry.kind in (Kind.USAGE, Kind.WASTE))
    counted = counted_since(run, book.spools)
    spool = book.spools[wrong.spool_id]
    _rebook(book, run, spool, entries, ledger.ZERO, is_counted=spool.pk in counted)
    details = {"kind": booked.kind, "reason": booked.reason, "settle": settle}
    details |= {"occurred_at": booked.occurred_at, "is_reported": wrong.is_reported}
    grams, is_counted = wrong.actual_total_grams, right.pk in counted
    return _rebook(book, run, right, [], grams, is_counted=is_counted, **details)


def _move_actuals(book, wrong, right, lines, entry):
    """The right spool may be on another line of the run already: then that line took it all."""
    other = next((line for line in lines if line.spool_id == right.pk), None)
    if other is None:
        wrong.spool = right
        reported.relink(book, wrong, entry, to=wrong)
    else:
        other.spool = right
        reported.relink(book, wrong, entry, to=other)
        other.metered_grams += wrong.metered_grams
        wrong.metered_grams = ledger.ZERO
        for line in (other, wrong):
            if line.metered_before_grams is not None:
                line.metered_before_grams = line.metered_grams
        other.actual_grams = (other.actual_grams or ledger.ZERO) + wrong.actual_grams
        purge = wrong.actual_purge_grams or ledger.ZERO
        other.actual_purge_grams = (other.actual_purge_grams or ledger.ZERO) + purge
        other.added_grams += wrong.added_grams
        wrong.actual_grams = wrong.actual_purge_grams = wrong.added_grams = ledger.ZERO
    wrong.gross_before_grams = wrong.gross_after_grams = None


def _corrected(run, verb, lines, items, book, *, by, reason):
    bulk_update(lines, ("spool", *LINE_FIELDS))
    bulk_update(items, ITEM_FIELDS)
    fields = ("finished_at", *MINUTE_FIELDS)
    if book.entries or run_state.is_changed(run):
        run_state.save(run, verb, *fields, by=by, at=book.at, reason=reason)
    return Completion(run=run, entries=book.entries, figures=variance.loaded(run))
