"""What the verbs of runs and spools do to a `model_farm.Farm`; see DESIGN, sections 4 and 5.

Each takes the farm first, changes it or raises Refused, and answers what it made.
"""

from dataclasses import replace
from decimal import Decimal

from tests.production.model_farm import (
    OPEN,
    ZERO,
    Item,
    Line,
    Refused,
    Run,
    apply_items,
    apply_materials,
    granted,
    missing,
    note,
    note_items,
    require_distinct,
    require_may_undo,
    require_plausible,
    share_missing,
    share_of,
)

DOUBTFUL_GRAMS, DOUBTFUL_SHARE = Decimal(50), Decimal("0.1")

# --- Runs --------------------------------------------------------------------------------------


def create(farm, *, lines, quantities, by, has_printer=False, override=""):
    """Lines are ``model_farm.Line``; answers the Run, which has no id yet."""
    overridden = granted(override, by)
    require_distinct(line.spool for line in lines)
    farm.made += 1
    run = Run(farm.made, lines, [Item(quantity) for quantity in quantities], has_printer)
    book = farm.book(overridden=overridden)
    for line in lines:
        if line.spool is not None:
            spool = farm.spools[line.spool]
            if not overridden and not line.fits(spool):
                raise Refused("IncompatibleSpool")
            book.place(line, spool, line.plan)
    book.close()
    run.last_by = by
    return run


def start(farm, pk, *, by, named, cleared=False, override=""):
    """``named``: {line id: spool id}."""
    overridden = granted(override, by)
    run = farm.run_for(pk, "planned")
    if run.has_printer:
        _require_idle(farm, run)
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
    _move(run, "in_progress", by)


def _cover(farm, book, line, named):
    if named is not None:
        spool = farm.spools[named]
        if not book.overridden and not line.fits(spool):
            raise Refused("IncompatibleSpool")
        book.place(line, spool, line.plan)
    elif line.spool is not None and farm.spools[line.spool].available < 0:
        book.is_short = book.is_short or not book.overridden


def unstart(farm, pk, *, by):
    run = farm.run_for(pk, "in_progress")
    require_may_undo(run, by)
    _require_nothing_booked(farm, run)
    _move(run, "planned", by)
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
    require_distinct([spool, *(row.spool for row in run.lines)])
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
    new = Line(old.filament, old.material, None, ZERO, ZERO)
    if not overridden and not new.fits(farm.spools[spool]):
        raise Refused("IncompatibleSpool")
    book.place(new, farm.spools[spool], left)
    book.close()
    run.lines.append(new)
    return new


def complete(farm, pk, *, by, materials, items, as_planned=False, confirm=False):
    run = farm.run_for(pk, "in_progress")
    apply_items(run, items, as_planned=as_planned)
    percent = 100 if as_planned else None
    settled = apply_materials(farm, run, run.lines, materials, percent=percent)
    if not confirm:
        require_plausible(run.lines)
    _close(farm, run, "usage", settled)
    _end(farm, run, "completed", by)


def fail(farm, pk, *, by, materials, percent=None, confirm=False):
    run = farm.run_for(pk, "in_progress")
    for item in run.items:
        if item.good:
            raise Refused("Invalid")
        item.good, item.scrapped = 0, item.scrapped or 0
    settled = apply_materials(farm, run, run.lines, materials, percent=percent)
    if not confirm:
        require_plausible(run.lines, may_be_less=True)
    _close(farm, run, "waste", settled)
    _end(farm, run, "failed", by)


def cancel(farm, pk, *, by, materials):
    run = farm.run_for(pk, *OPEN)
    if materials and run.status == "planned":
        raise Refused("Invalid")
    used = [line for line in run.lines if any(run.line_of(said) is line for said in materials)]
    run.closed_after, book = len(farm.ledger), farm.book()
    book.release(run.lines)
    settled = apply_materials(farm, run, used, materials)
    for line in used:
        if line.took:
            spool = farm.spools[line.spool]
            book.take(spool, "waste", line.took, settle=id(line) in settled, run=run.key)
    book.close()
    _move(run, "cancelled", by)


def delete(farm, pk):
    run = farm.run_for(pk, "planned", "in_progress", "cancelled")
    _require_nothing_booked(farm, run)
    farm.book().release(run.lines)
    run.is_deleted = True


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
    for line in run.lines:
        if line.spool is not None:
            spool = farm.spools[line.spool]
            spool.is_archived = False
            if run.status == "cancelled":
                book.place(line, spool, line.plan)
            else:
                line.reserved = returned.get(line.spool, ZERO)
                spool.reserved += line.reserved
    book.close()
    for pk in {entry.spool for entry in entries}:
        farm.spools[pk].is_archived = False
        farm.spools[pk].needs_weighing |= pk in counted
    if run.came_from == "in_progress" and not run.is_finished:
        _require_idle(farm, run)
    _move(run, run.came_from, by)


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
    _close(farm, run, "usage", settled)
    _end(farm, run, "completed", by)
    return run


# --- Their lines, while they are open ----------------------------------------------------------


def add_material(farm, pk, *, line):
    run = farm.run_for(pk, *OPEN)
    require_distinct([line.spool, *(row.spool for row in run.lines)])
    if line.spool is not None:
        book = farm.book()
        if not line.fits(farm.spools[line.spool]):
            raise Refused("IncompatibleSpool")
        book.place(line, farm.spools[line.spool], line.plan)
        book.close()
    if run.status == "in_progress":
        line.planned = line.purge = ZERO
    run.lines.append(line)
    return line


def change_material(farm, pk, *, line, planned=None, spool=None, drops_spool=False):
    """``planned`` and ``spool`` are what changes, ``drops_spool`` takes the line's away."""
    run = farm.run_for(pk, *OPEN)
    row = next(row for row in run.lines if row.pk == line)
    if run.status == "in_progress" and planned not in (None, row.planned):
        raise Refused("PlanFrozen")
    to = None if drops_spool else (row.spool if spool is None else spool)
    if to is not None:
        require_distinct([to, *(other.spool for other in run.lines if other is not row)])
    claim = row.reserved
    if run.status == "planned":
        row.planned = row.planned if planned is None else planned
        claim = row.plan
    book = farm.book()
    if to is not None and not row.fits(farm.spools[to]):
        raise Refused("IncompatibleSpool")
    book.place(row, None if to is None else farm.spools[to], claim)
    book.close()


def remove_material(farm, pk, *, line):
    run = farm.run_for(pk, *OPEN)
    row = next(row for row in run.lines if row.pk == line)
    farm.book().release([row])
    if run.status == "planned":
        run.lines.remove(row)
    else:
        row.actual, row.actual_purge, row.before, row.after = ZERO, ZERO, None, None


# --- Spools ------------------------------------------------------------------------------------


def receive(farm, spool):
    """The ``model_farm.Spool`` is on the shelf: all its verbs need is its id."""
    farm.spools[spool.pk] = spool
    farm.book().post(spool, "receipt", spool.initial)


def weigh(farm, pk, *, gross, seen=None, basis=None, confirm=False):
    """``seen``: what the book had when it was weighed, ``(grams, number of entries)``."""
    spool, missed = farm.shelved(pk), ZERO
    if seen is not None and seen[1] != sum(entry.spool == pk for entry in farm.ledger):
        if basis is None:
            raise Refused("EntriesSinceWeighing")
        missed = spool.remaining - seen[0] if basis == "then" else ZERO
    net, book = spool.net(gross), spool.remaining - missed
    off = abs(net - book)
    is_far = off > DOUBTFUL_GRAMS and off > book * DOUBTFUL_SHARE
    if (net < 0 or net > spool.initial or is_far) and not confirm:
        raise Refused("WeighingImplausible")
    _count(farm, spool, max(max(net, ZERO) + missed, ZERO))


def take(farm, pk, kind, *, grams=None, gross=None, confirm=False, is_back_dated=False):
    spool, book = farm.shelved(pk), farm.book()
    if gross is not None:
        net = spool.net(gross)
        if net > spool.remaining:
            raise Refused("AfterAboveBook")
        if net < 0 and not confirm:
            raise Refused("WeighingImplausible")
        grams = spool.remaining - max(net, ZERO)
        spool.needs_weighing = False
    if grams == 0:
        raise Refused("NothingToPost")
    if is_back_dated and grams <= spool.remaining:
        raise Refused("BackDated")
    book.take(spool, kind, grams)
    book.close()


def adjust(farm, pk, *, grams):
    if grams == 0:
        raise Refused("NothingToPost")
    spool = farm.shelved(pk)
    if spool.remaining + grams < 0:
        raise Refused("InsufficientInventory")
    farm.book().post(spool, "adjustment", grams)


def empty(farm, pk, *, as_, confirm=False):
    spool = farm.shelved(pk)
    if as_ == "waste":
        take(farm, pk, "waste", grams=spool.remaining)
        spool.needs_weighing = False
        return
    if spool.remaining > DOUBTFUL_GRAMS and not confirm:
        raise Refused("NotEmptyByBook")
    _count(farm, spool, ZERO)


def archive(farm, pk, *, discard=None):
    spool = farm.spools[pk]
    if spool.is_archived:
        raise Refused("AlreadyArchived")
    if any(line.spool == pk for run in farm.open_runs() for line in run.lines):
        raise Refused("SpoolClaimed")
    if spool.remaining and discard is None:
        raise Refused("RemainderUndecided")
    if spool.remaining and discard:
        farm.book().take(spool, "waste", spool.remaining)
    spool.is_archived = True


def restore(farm, pk):
    if not farm.spools[pk].is_archived:
        raise Refused("NotArchived")
    farm.spools[pk].is_archived = False


def reverse(farm, number, *, confirm=False):
    """The entry is the ledger's ``number``-th."""
    entry = farm.ledger[number]
    spool = farm.shelved(entry.spool)
    if entry.run is not None:
        raise Refused("EntryOfRun")
    if entry.is_reversed:
        raise Refused("AlreadyReversed")
    if entry.keeps_a_count:
        raise Refused("KeepsACount")
    if entry.kind == "receipt" and any(_stands_beside(entry, other) for other in farm.ledger):
        raise Refused("ReceiptInUse")
    is_counted = farm.counted(entry.spool, number + 1)
    if is_counted and not confirm:
        raise Refused("CountedSince")
    book = farm.book()
    book.reverse(entry)
    book.close()
    spool.needs_weighing |= is_counted


def _stands_beside(receipt, entry):
    is_other = entry is not receipt and entry.spool == receipt.spool
    return is_other and entry.grams and not entry.is_reversed and entry.kind != "reversal"


# --- What several of them do -------------------------------------------------------------------


def _count(farm, spool, net):
    farm.book().post(spool, "count", net - spool.remaining)
    spool.needs_weighing = False


def _close(farm, run, kind, settled):
    run.closed_after, book = len(farm.ledger), farm.book()
    book.release(run.lines)
    for line in run.lines:
        if line.took:
            spool = farm.spools[line.spool]
            book.take(spool, kind, line.took, settle=id(line) in settled, run=run.key)
    book.close()


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


def _end(farm, run, status, by):
    if run.has_printer and not run.is_finished:  # else its bed was cleared the first time
        farm.needs_clearing = True
    run.is_finished = True
    _move(run, status, by)


def _move(run, status, by):
    run.came_from, run.status, run.last_by = run.status, status, by


def _require_idle(farm, run):
    if run.has_printer and any(
        other.has_printer and other.status == "in_progress" and not other.is_finished
        for other in farm.runs.values()
        if other is not run and not other.is_deleted
    ):
        raise Refused("PrinterBusy")


def _require_nothing_booked(farm, run):
    if farm.standing(run):
        raise Refused("RunHasEntries")
