"""The printer of a run in progress is put right."""

from contextlib import suppress

from inventory.services import ledger
from production.models import PrinterSlot, ProductionRun, RunEvent, RunMaterial
from production.services import overrides, run_state
from production.services.printing import slots
from production.services.requirements import limits, readiness
from production.services.undo import loads
from tenants.operations.operation import operation


@operation("production_run.change_printer")
def change_printer(run, *, printer, by, at=None, printer_cleared=False, override_reason=""):
    """Give a run in progress another printer, on which it really prints; returns the run.

    What its start, or the last such change, loaded comes out of the slots again, and into those of
    the printer, as far as it is clear into which; what was loaded before it stays. The printer it
    was on has to be cleared then, unless the run goes back to it. Rates stay as they were frozen
    at the start. Nothing changes where it is there already. Raises PrinterInactive, PrinterBusy,
    PrinterNeedsClearing, LimitExceeded.
    """
    overridden = overrides.granted(override_reason, by=by)
    loaded = loads.of_start(run)
    printers, held = slots.around(run, [], printer=printer)
    moved = loads.together(loaded)
    printers |= {*moved.values_list("slot__printer", flat=True)} - {None}
    held |= {*moved.values_list("spool", flat=True)}
    slots.lock_printers(printers)
    run = run_state.lock(run, "change_printer")
    left, run.printer = run.printer, printer
    if left == printer:
        return run
    printer.refresh_from_db()
    run.changes.watch([printer])
    cleared = printer_cleared or _has_only_own_parts(run, printer)
    readiness.require_free_printer(run, printer_cleared=cleared)
    run_lines = run_state.lock_lines(run)
    for line in run_lines:
        line.slot = None
    if not overridden:
        limits.require_within(run, run_state.items_of(run), run_lines)
    RunMaterial.objects.filter(run=run).update(slot=None)
    at = _move_loads(run, run_lines, loaded, held, by=by, at=at)
    if left is not None:
        left.needs_clearing = True
        left.save(update_fields=["needs_clearing"])
    return run_state.save(run, "change_printer", "printer", by=by, at=at, reason=override_reason)


def _has_only_own_parts(run, printer):
    """Whether the printer is to be cleared only because the run was moved off it."""
    if not printer.needs_clearing:
        return False
    of_printer = {"verb": "change_printer", "before__printer__has_key": str(printer.pk)}
    last = run.events.filter(**of_printer).order_by("-pk").first()
    if last is None or last.before["printer"][str(printer.pk)] != {"needs_clearing": False}:
        return False
    others = ProductionRun.objects.exclude(pk=run.pk)
    since = others.filter(printer=printer, finished_at__gte=last.at)
    moved = RunEvent.objects.filter(**of_printer, run__in=others.filter(started_at__gte=last.at))
    return not (since.exists() or moved.exists())


def _move_loads(run, run_lines, loaded, held, *, by, at):
    """Take what was loaded for the run out again, unless it was moved since, and load what the
    lines still print from and no printer holds; returns the moment."""
    going_on = [line for line in run_lines if line.spool_id and not line.is_swapped_out]
    with ledger.book({*held, *(line.spool_id for line in going_on)}, by=by, at=at) as book:
        at = book.at
    for event in loaded:
        with suppress(overrides.NothingToUndo, slots.SpoolPrinting):
            loads.put_back(event, by=by, at=at, besides=run)
    ids = [line.spool_id for line in going_on]
    inside = {*PrinterSlot.objects.filter(spool__in=ids).values_list("spool", flat=True)}
    to_load = [line for line in going_on if line.spool_id not in inside]
    slots.load_lines(run, to_load, by=by, at=at)
    return at
