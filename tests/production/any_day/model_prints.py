"""What printing does to a `model.Farm`: a run starts, goes on, ends.

Each verb takes the farm first, changes it or raises Refused, and answers what it made.
"""

from dataclasses import replace

from tests.production.any_day.model import (
    OPEN,
    ZERO,
    Line,
    Refused,
    granted,
    require_distinct,
    require_may_undo,
)
from tests.production.any_day.model_actuals import (
    apply_items,
    apply_materials,
    note,
    note_items,
    require_plausible,
)


def start(farm, pk, *, by, named, cleared=False, override=""):
    """``named``: {line id: spool id}."""
    overridden = granted(override, by)
    run = farm.run_for(pk, "planned")
    if run.has_printer:
        require_idle(farm, run)
        if farm.needs_clearing and not cleared:
            raise Refused("PrinterNeedsClearing")
        farm.needs_clearing = False
    if any(line.spool is None and line.plan and line.pk not in named for line in run.lines):
        raise Refused("SpoolsMissing")
    require_distinct(named.get(line.pk, line.spool) for line in run.lines)
    book = farm.book(overridden=overridden)
    for line in run.lines:
        _cover(farm, book, line, named.get(line.pk))
    book.close()
    move(run, "in_progress", by)


def _cover(farm, book, line, named):
    if named is None and line.spool is None:
        return
    spool = farm.spools[line.spool if named is None else named]
    if not book.overridden and not line.fits(spool):
        raise Refused("IncompatibleSpool")
    if named is not None:
        book.place(line, spool, line.plan)
    elif spool.available < 0:
        book.is_short = book.is_short or not book.overridden


def unstart(farm, pk, *, by):
    run = farm.run_for(pk, "in_progress")
    require_may_undo(run, by)
    require_nothing_booked(farm, run)
    move(run, "planned", by)
    run.is_finished = False


def save_actuals(farm, pk, *, materials, items):
    run = farm.run_for(pk, "in_progress")
    note(run, materials)
    note_items(run, items)


def swap_spool(farm, pk, *, by, spool, so_far, is_empty, line, override=""):
    """Answers the new Line."""
    overridden = granted(override, by)
    run = farm.run_for(pk, "in_progress")
    old = run.line_of(so_far) if so_far else next(row for row in run.lines if row.pk == line)
    if old.spool is None:
        raise Refused("NotInRun")
    following = next((row for row in run.lines if follows(old, row, spool)), None)
    require_distinct([spool, *(row.spool for row in run.lines if row is not following)])
    book, had = farm.book(overridden=overridden), farm.spools[old.spool]
    if is_empty:
        old.actual, old.actual_purge = had.remaining, ZERO
        old.before, old.after, old.source = None, None, "typed"
    elif so_far is None:
        raise Refused("ActualsMissing")
    else:
        if so_far.actual_grams is not None and so_far.actual_purge_grams is None:
            so_far = replace(so_far, actual_purge_grams=ZERO)
        apply_materials(farm, run, [old], [so_far])
    left = max(old.reserved - old.took, ZERO)
    had.reserved += old.took - old.reserved
    old.reserved = old.took
    if not overridden and old.took > had.remaining:
        raise Refused("MoreThanOnSpool")
    new = following or Line(old.filament, old.material, None, ZERO, ZERO, expected=ZERO)
    if not overridden and not new.fits(farm.spools[spool]):
        raise Refused("IncompatibleSpool")
    book.place(new, farm.spools[spool], new.reserved + left)
    book.close()
    if following is None:
        run.lines.append(new)
    return new


def follows(old, row, spool):
    """Whether the row is a planned line of the same need, with the spool, that goes on."""
    is_one = (row.filament, row.material) == (old.filament, old.material) and row is not old
    return is_one and row.spool == spool and row.expected is None and row.actual is None


def complete(farm, pk, *, by, materials, items, as_planned=False, confirm=False):
    run = farm.run_for(pk, "in_progress")
    apply_items(run, items, as_planned=as_planned)
    percent = 100 if as_planned else None
    settled = apply_materials(farm, run, run.lines, materials, percent=percent)
    if not confirm:
        require_plausible(run.lines)
    close(farm, run, "usage", settled)
    end(farm, run, "completed", by)


def fail(farm, pk, *, by, materials, percent=None, confirm=False):
    run = farm.run_for(pk, "in_progress")
    for item in run.items:
        if item.good:
            raise Refused("Invalid")
        item.good, item.scrapped, item.is_counted = 0, item.scrapped or 0, False
    settled = apply_materials(farm, run, run.lines, materials, percent=percent)
    estimated = [line for line in run.lines if line.source in ("as_planned", "percent")]
    if percent is not None and run.lines and not estimated:
        raise Refused("PercentAndGrams")
    if not confirm:
        require_plausible(run.lines, may_be_less=True)
    close(farm, run, "waste", settled)
    end(farm, run, "failed", by)


def cancel(farm, pk, *, by, materials):
    run = farm.run_for(pk, *OPEN)
    if materials and run.status == "planned":
        raise Refused("Invalid")
    used = [line for line in run.lines if any(run.line_of(actual) is line for actual in materials)]
    run.closed_after, book = len(farm.ledger), farm.book()
    book.release(run.lines)
    settled = apply_materials(farm, run, used, materials)
    for line in used:
        if line.took:
            spool = farm.spools[line.spool]
            book.take(spool, "waste", line.took, settle=id(line) in settled, run=run.key)
    book.close()
    move(run, "cancelled", by)


def delete(farm, pk):
    run = farm.run_for(pk, "planned", "in_progress", "cancelled")
    require_nothing_booked(farm, run)
    farm.book().release(run.lines)
    run.is_deleted = True


# --- What several of them do -------------------------------------------------------------------


def close(farm, run, kind, settled):
    run.closed_after, book = len(farm.ledger), farm.book()
    book.release(run.lines)
    for line in run.lines:
        if line.took:
            spool = farm.spools[line.spool]
            book.take(spool, kind, line.took, settle=id(line) in settled, run=run.key)
    book.close()


def end(farm, run, status, by):
    if run.has_printer and not run.is_finished:  # else its bed was cleared the first time
        farm.needs_clearing = True
    run.is_finished = True
    move(run, status, by)


def move(run, status, by):
    run.came_from, run.status, run.last_by = run.status, status, by


def require_idle(farm, run):
    if run.has_printer and any(
        other.has_printer and other.status == "in_progress" and not other.is_finished
        for other in farm.runs.values()
        if other is not run and not other.is_deleted
    ):
        raise Refused("PrinterBusy")


def require_nothing_booked(farm, run):
    if farm.standing(run):
        raise Refused("RunHasEntries")
