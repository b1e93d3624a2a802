"""Verbs of a run in progress: swap a spool, save drafts, note the progress."""

from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.services import ledger
from production.models import ActualSource, RunMaterial
from production.services import overrides, run_state
from production.services.completion.actuals import (
    ITEM_FIELDS,
    LINE_FIELDS,
    MINUTE_FIELDS,
    ActualsMissing,
    ItemCount,
    apply_materials,
    line_of,
    note,
    note_items,
)
from production.services.printing import slots
from production.services.reported import lines as reported
from production.services.requirements import claims
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_number


class MoreThanOnSpool(Refusal):
    code = "more_than_on_spool"
    title = "The old spool did not have that much"


@operation("production_run.swap_spool")
def swap_spool(
    run, *, by, spool, so_far=None, is_empty=False, line=None, at=None, override_reason=""
):
    """Go on printing from another spool; returns the new spool's RunMaterial.

    ``line`` is the id of the RunMaterial whose spool is swapped (or ``so_far`` names it); what
    that spool gave so far is ``so_far``, a MaterialActual, or all the book has when it
    ``is_empty``; by default what devices reported of it. It is saved on the line, what is left of
    its claim moves to ``spool``, and that is loaded into the printer; where the run has a line
    that follows from it, the print goes on with that one. Raises ActualsMissing, SpoolHeld,
    IncompatibleSpool, DuplicateSpool, InsufficientInventory, SpoolPrinting, MoreThanOnSpool.
    """
    overridden = overrides.granted(override_reason, by=by)
    printers, held = slots.around(run, [spool.pk])
    slots.lock_printers(printers)
    run = run_state.lock(run, "swap_spool")
    lines = run_state.lock_lines(run)
    old = _line_to_swap(lines, line, so_far)
    following = next((row for row in lines if _goes_on(row, old, spool)), None)
    claims.require_distinct([spool.pk, *(row.spool_id for row in lines if row is not following)])
    ids = [old.spool_id, spool.pk, *held]
    with ledger.book(ids, by=by, at=at, allow_overclaim=overridden) as book:
        has = book.spools[old.spool_id].live_grams + old.metered_grams
        left = _keep_so_far(book, old, so_far, is_empty)
        new = following or _line_instead(old, old.slot)
        if not overridden:
            _require_on_spool(book.spools[old.spool_id], old.actual_total_grams, has)
            claims.require_match(new, book.spools[spool.pk])
        claims.require_not_held(book, [book.spools[spool.pk]])
        claims.place(book, new, book.spools[spool.pk], new.reserved_grams + left)
        book.require_enough()
        bulk_update([old], LINE_FIELDS)
        if following is None:
            new.save(force_insert=True)
            run.changes.add(new)
        else:
            bulk_update([new], ["reserved_grams"])
    slots.load_lines(run, [new], by=by, at=book.at, replacing=old.spool_id)
    run_state.save(run, "swap_spool", by=by, at=book.at, **claims.why(book, [new], override_reason))
    return new


def follow(line, slot):
    """Let a printing run go on from the spool in a slot of its printer, as a swap of the line's
    spool without a person; returns the new RunMaterial. What was reported of the old spool is what
    it gave; where nothing was, it may still be drawn from. Raises InvalidRunStatus, NotInRun."""
    run = run_state.lock(line.run, "swap_spool")
    old = _line_to_swap(run_state.lock_lines(run), line.pk, None)
    ids = [old.spool_id, slot.spool_id]
    with ledger.book(ids, by=None, allow_overclaim=True) as book:
        left = ledger.ZERO
        if reported.is_by_meter(old):
            left = _keep_so_far(book, old, None, is_empty=False)
        new = _line_instead(old, slot)
        claims.place(book, new, book.spools[slot.spool_id], left)
        bulk_update([old], LINE_FIELDS)
        new.save(force_insert=True)
    run.changes.add(new)
    run_state.save(run, "swap_spool", by=None, at=book.at, reason=_("The printer went on from it."))
    return new


@operation("production_run.save_actuals")
def save_actuals(
    run, *, by, at=None, materials=(), items=(), actual_minutes=None, progress_percent=None
):
    """Save figures as drafts that prefill the completion, and how far the print is; nothing is
    booked. Returns the run. Raises as `complete` and `progress` do."""
    run = run_state.lock(run, "save_actuals")
    lines, run_items = run_state.lock_lines(run), run_state.lock_items(run)
    note(lines, materials)
    note_items(run_items, items)
    bulk_update(lines, LINE_FIELDS)
    bulk_update(run_items, ITEM_FIELDS)
    if actual_minutes is not None:
        run.set_actual_minutes(actual_minutes)
    if progress_percent is not None:
        _set_progress(run, progress_percent)
    return _save_changed(run, "save_actuals", *MINUTE_FIELDS, "progress_percent", by=by, at=at)


@operation("production_run.note_plate")
def note_plate(run, *, by, scrapped, reason=None, at=None):
    """Save as drafts that a plate failed: ``scrapped`` units more of each item, by its id, with a
    scrap ``reason``; the rest counts as good until it is changed. Returns the run.

    Nothing is booked. Raises NotInRun, CountsExceedQuantity, Invalid where nothing was scrapped.
    """
    run = run_state.lock(run, "note_plate")
    items = run_state.lock_items(run)
    if not any(scrapped.values()):
        raise Invalid(
            _("How many parts were on the failed plate?"), errors={"scrapped": [_("Needed.")]}
        )
    by_id = {item.pk: item for item in items}
    counts = [(by_id.get(pk), pk, count) for pk, count in scrapped.items() if count]
    note_items(items, [_with_more_scrapped(*count, reason) for count in counts])
    bulk_update(items, ITEM_FIELDS)
    reason = str(reason or "")
    return run_state.save(run, "note_plate", by=by, at=at, reason=reason)


@operation("production_run.progress")
def progress(run, *, by, percent, at=None):
    """Note how far the print is, 0 to 100 percent; returns the run."""
    run = run_state.lock(run, "progress")
    _set_progress(run, percent)
    reason = f"{run.progress_percent.normalize():f} %"
    return _save_changed(run, "progress", "progress_percent", by=by, at=at, reason=reason)


def _set_progress(run, percent):
    percent = Decimal(percent)
    if not (percent.is_finite() and 0 <= percent <= 100):
        raise Invalid(
            _("Progress is 0 to 100 percent."), errors={"progress_percent": [_("From 0 to 100.")]}
        )
    run.progress_percent = round(percent, 2)


def _save_changed(run, verb, *fields, **event):
    return run_state.save(run, verb, *fields, **event) if run_state.is_changed(run) else run


def _with_more_scrapped(item, pk, count, reason):
    if item is None:
        return ItemCount(item=pk, good_count=0, scrapped_count=count)  # which is refused
    scrapped = (item.scrapped_count or 0) + count
    left = max(item.quantity - scrapped, 0)
    good = left if item.good_count is None else min(item.good_count, left)
    reason = reason or item.scrap_reason
    return ItemCount(item=pk, good_count=good, scrapped_count=scrapped, scrap_reason=reason)


def _goes_on(row, old, spool):
    return row.spool_id == spool.pk and claims.follows(row, old)


def _require_on_spool(spool, gave, has):
    """Raise MoreThanOnSpool where a spool would have given more than it has by the book."""
    if gave > has:
        figures = {"spool": spool.code, "gave": format_number(gave), "has": format_number(has)}
        text = _(
            "Spool %(spool)s had %(has)s g by the book, so it can't have given %(gave)s g: give "
            "what it gave, or mark it as empty."
        )
        error = _("At most %(has)s g.") % figures
        raise MoreThanOnSpool(
            text % figures,
            errors={"actual_grams": [error]},
            spool_id=spool.pk,
            gave_grams=gave,
            has_grams=has,
        )


def _line_to_swap(lines, pk, so_far):
    found = line_of(lines, so_far).pk if so_far is not None else pk
    for row in lines:
        if row.pk == found and row.spool_id:
            return row
    raise run_state.NotInRun(
        _("Which spool is swapped? Name a material of this run that has one."),
        errors={"material": [_("Not a material of this run with a spool.")]},
        material_id=pk,
    )


def _line_instead(old, slot):
    """A line that goes on where an old one of its run stopped; not saved."""
    wanted = {name: getattr(old, name) for name in ("filament", "material_type", "sliced_slot")}
    return RunMaterial(run=old.run, slot=slot, expected_grams=ledger.ZERO, **wanted)


def _keep_so_far(book, line, so_far, is_empty):
    """Write what the old spool gave on its line and reserve just that; returns what is left."""
    spool = book.spools[line.spool_id]
    if is_empty:
        line.actual_grams, line.actual_purge_grams = reported.all_of(line, spool), ledger.ZERO
        line.gross_before_grams = line.gross_after_grams = None
        line.actual_source, line.added_grams = ActualSource.TYPED, ledger.ZERO
    elif so_far is None and (reported.is_by_meter(line) or reported.is_going_on(line)):
        apply_materials([line], [], book.spools)
    elif so_far is None:
        raise ActualsMissing(
            _("What did spool %(spool)s give so far? Give grams or a weight, or mark it as empty.")
            % {"spool": spool.code},
            material_ids=[line.pk],
        )
    else:
        if so_far.actual_grams is not None and so_far.actual_purge_grams is None:
            so_far = replace(so_far, actual_purge_grams=ledger.ZERO)  # one figure for all it gave
        apply_materials([line], [so_far], book.spools)
    line.metered_before_grams = None  # it gives no more
    used, claim = line.actual_total_grams, line.reserved_grams
    left = max(claim - reported.surplus(line, used), ledger.ZERO)
    book.release(spool, claim)
    line.reserved_grams = reported.rest(line, used)
    book.reclaim(spool, line.reserved_grams)
    return left
