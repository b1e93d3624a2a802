"""Verbs of printers: clear one, and change that of a run."""

from production.models import RunMaterial
from production.services import overrides, run_state
from production.services.requirements import limits, readiness
from tenants.accounts import audited
from tenants.operations.operation import operation


@operation("printer.clear")
def clear(printer, *, by):
    """Say that the printer's bed was cleared; returns the printer. It is in the audit trail, unless
    the bed was clear already."""
    return audited.update(printer, by=by, needs_clearing=False)


@operation("production_run.change_printer")
def change_printer(run, *, printer, by, at=None, printer_cleared=False, override_reason=""):
    """Give a run in progress another printer, on which it really prints; returns the run.

    The printer it was on has to be cleared then, and its slots are no longer those of the
    materials. Rates stay as they were frozen at the start. Nothing changes where it is there
    already. Raises PrinterInactive, PrinterBusy, PrinterNeedsClearing, LimitExceeded.
    """
    overridden = overrides.granted(override_reason, by=by)
    for each in sorted({run.printer, printer} - {None}, key=lambda each: each.pk):
        run_state.lock_printer(each)
    run = run_state.lock(run, "change_printer")
    left, run.printer = run.printer, printer
    if left == printer:
        return run
    printer.refresh_from_db()
    readiness.require_free_printer(run, printer_cleared=printer_cleared)
    run_lines = run_state.lock_lines(run)
    for line in run_lines:
        line.slot = None
    if not overridden:
        limits.require_within(run, run_state.items_of(run), run_lines)
    RunMaterial.objects.filter(run=run).update(slot=None)
    if left is not None:
        left.needs_clearing = True
        left.save(update_fields=["needs_clearing"])
    event = {"reason": override_reason, "before": {"printer": left and left.pk}}
    return run_state.save(run, "change_printer", "printer", by=by, at=at, **event)
