"""Verbs of closed runs of a `model.Farm`: reverted, corrected, repeated.

Each verb takes the farm first, changes it or raises Refused, and answers what it made.
"""

from tests.production.any_day.model import (
    ZERO,
    Line,
    Refused,
    granted,
    require_may_undo,
)
from tests.production.any_day.model_actuals import (
    apply_items,
    apply_materials,
    estimates,
    missing,
    require_plausible,
    share_missing,
    share_of,
)
from tests.production.any_day.model_plans import create
from tests.production.any_day.model_prints import close, end, move, require_idle


def revert(farm, pk, *, by, confirm=False):
    run = farm.run_for(pk, "completed", "failed", "cancelled")
    require_may_undo(run, by)
    entries, since = farm.standing(run), farm.booked_after(run)
    counted = {e.spool for e in entries if farm.counted(e.spool, since, run=run)}
    if counted and not (confirm and granted("confirm", by)):
        raise Refused("CountedSince")
    book, returned = farm.book(), {}
    for entry in entries:
        book.reverse(entry)
        if entry.kind in ("usage", "waste"):
            returned[entry.spool] = returned.get(entry.spool, ZERO) - entry.grams
    farm.require_not_returned({*(e.spool for e in entries), *(row.spool for row in run.lines)})
    _forget_estimates(run)
    guessed = {id(line): sum(figures) for line, figures in estimates(run.lines)}
    for line in run.lines:
        if line.spool is not None:
            spool = farm.spools[line.spool]
            spool.is_archived = False
            due = guessed.get(id(line), _due(line, run))
            if run.status == "cancelled":
                book.place(line, spool, due)
            else:
                is_known = line.actual is not None
                line.reserved = returned.get(line.spool, ZERO) if is_known else due
                spool.reserved += line.reserved
    book.close()
    for pk in {entry.spool for entry in entries}:
        farm.spools[pk].is_archived = False
        farm.spools[pk].needs_weighing |= pk in counted
    if run.came_from == "in_progress" and not run.is_finished:
        require_idle(farm, run)
    move(run, run.came_from, by)


def _forget_estimates(run):
    for line in run.lines:
        if line.source in ("as_planned", "percent"):
            line.actual, line.actual_purge, line.source = None, None, ""
    for item in run.items:
        if run.status == "failed" or not item.is_counted:
            item.good, item.scrapped = None, item.scrapped or None


def _due(line, run):
    """What it claims; where one goes on for another, a known one took what it took."""
    need = [other for other in run.lines if other.wants == line.wants]
    if any(other.expected == 0 and not other.due for other in need):
        return line.took or ZERO
    return line.due


def correct(farm, pk, *, by, materials, items, confirm=False):
    run = farm.run_for(pk, "completed")
    require_may_undo(run, by)
    apply_items(run, items, as_planned=False)
    before = {id(line): line.took for line in run.lines}
    settled = apply_materials(
        farm, run, run.lines, materials, book_of=lambda spool: farm.balance_before(spool, run)
    )
    changed = [line for line in run.lines if line.took != before[id(line)]]
    if not confirm:
        require_plausible(run.lines, changed=changed)
    book, since = farm.book(), farm.booked_after(run)
    counted = {line.spool for line in changed if farm.counted(line.spool, since, run=run)}
    for line in changed:
        entries = farm.standing(run, line.spool)
        words = {
            "kind": "usage",
            "settle": id(line) in settled,
            "is_counted": line.spool in counted,
        }
        _rebook(farm, book, run, line.spool, entries, line.took, **words)
    farm.require_not_returned([line.spool for line in changed])
    for line in changed:
        farm.spools[line.spool].is_archived = False
    book.close()


def reassign(farm, pk, *, by, line, spool, settle=False, override=""):
    overridden = granted(override, by)
    run = farm.run_for(pk, "completed", "failed")
    require_may_undo(run, by)
    wrong = next((row for row in run.lines if row.pk == line), None)
    if wrong is None or not wrong.took or wrong.spool == spool:
        raise Refused("NothingToReassign")
    if not overridden and not wrong.fits(farm.spools[spool]):
        raise Refused("IncompatibleSpool")
    book, since = farm.book(), farm.booked_after(run)
    counted = {at for at in (wrong.spool, spool) if farm.counted(at, since, run=run)}
    entries = farm.standing(run, wrong.spool)
    kind = next(entry.kind for entry in entries if entry.kind != "count")
    words = {"kind": kind, "settle": settle}
    at_wrong, at_right = wrong.spool in counted, spool in counted
    _rebook(farm, book, run, wrong.spool, entries, ZERO, is_counted=at_wrong, **words)
    _rebook(farm, book, run, spool, [], wrong.took, is_counted=at_right, **words)
    farm.require_not_returned([wrong.spool, spool])
    book.close()
    farm.spools[wrong.spool].is_archived = farm.spools[spool].is_archived = False
    _take_over(run, wrong, spool)


def _take_over(run, wrong, spool):
    other = next((line for line in run.lines if line.spool == spool), None)
    if other is None:
        wrong.spool = spool
    else:
        other.actual = (other.actual or ZERO) + wrong.actual
        other.actual_purge = (other.actual_purge or ZERO) + (wrong.actual_purge or ZERO)
        wrong.actual = wrong.actual_purge = ZERO
    wrong.before = wrong.after = None


def _rebook(farm, book, run, pk, entries, grams, *, kind, settle, is_counted):
    """Take ``grams`` instead of what the entries took; what was counted since stays."""
    spool = farm.spools[pk]
    weighed = spool.remaining
    for entry in entries:
        book.reverse(entry)
    if is_counted and weighed + grams != spool.remaining:
        book.post(spool, "count", weighed + grams - spool.remaining, keeps_a_count=True)
    if grams:
        book.take(spool, kind, grams, settle=settle, run=run.key)


def reprint(farm, pk, *, by):
    """Answers the new Run."""
    run = farm.run_for(pk, "completed", "failed", "cancelled")
    share = share_missing(run.items)
    if share == 0:
        raise Refused("NothingToReprint")
    return create(
        farm,
        by=by,
        has_printer=run.has_printer,
        quantities=[missing(item) for item in run.items if missing(item)],
        lines=[
            Line(*line.wants, None, share_of(line.planned, share), share_of(line.purge, share))
            for line in run.lines
        ],
    )


def record(farm, *, by, lines, quantities, materials, items, has_printer=False):
    """Answers the Run, which has no id yet. Its printer is not taken: it finished long ago."""
    run = create(farm, by=by, lines=lines, quantities=quantities, has_printer=has_printer)
    apply_items(run, items, as_planned=False)
    settled = apply_materials(farm, run, run.lines, materials)
    require_plausible(run.lines)
    run.status, run.is_finished = "in_progress", True
    close(farm, run, "usage", settled)
    end(farm, run, "completed", by)
    return run
