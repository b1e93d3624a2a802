"""Undo of a change of the printer of a run in progress: it goes on on the one it was on."""

from datetime import datetime

from inventory.models import Spool, SpoolEvent
from production.models import Printer, PrinterSlot, ProductionRun
from production.services import row_changes, run_state
from production.services.overrides import NothingToUndo
from production.services.printing import slots
from production.services.requirements import readiness
from production.services.undo import loads, put_back
from tenants.operations.bulk import bulk_update

VERB = "change_printer"


def put_printer_back(run, done, *, by):
    """Take back the last RunEvent of a run, ``done``, which changed its printer: what it loaded
    comes out, and what it took out goes into its slots again, unless others filled these. Returns
    the run. Raises NothingToUndo, PrinterBusy, SpoolPrinting."""
    loaded = list(SpoolEvent.objects.filter(pk__in=done.before.get("loads", ())).order_by("-pk"))
    taken = _taken_out(run, done)
    printers = {run.printer_id, *(event.slot.printer_id for event in taken)}
    printers |= {int(pk) for pk in done.before.get("printer", ())}
    printers |= {*loads.together(loaded).values_list("slot__printer", flat=True)}
    slots.lock_printers(printers - {None})
    run = run_state.lock(run, VERB)
    put_back.require_last(run, done.pk)
    lines = run_state.lock_lines(run)
    for event in loaded:
        loads.put_back(event, by=by, at=None, besides=run)
    _put_printers_back(run, done)
    row_changes.put_back([run], done.before)
    readiness.require_untaken_printer(run, since=done.at)
    bulk_update(*row_changes.put_back(lines, done.before))
    at = _load_again(run, taken, by=by)
    event = {"reason": done.verb, "before": {"loads": [each.pk for each in run.changes.loads]}}
    return run_state.save(run, "take_back", "printer", by=by, at=at, **event)


def _taken_out(run, done):
    """The SpoolEvents of what the change took out of slots that are still there."""
    spools = run.materials.exclude(spool=None).values("spool")
    out = SpoolEvent.objects.filter(verb="unloaded", at=done.at, spool__in=spools)
    out = out.filter(slot__in=PrinterSlot.objects.all()).exclude(undoes=None)
    return list(out.select_related("slot").order_by("pk"))


def _put_printers_back(run, done):
    """Whether their beds are to be cleared is as it was, where no other run has printed since."""
    ids = [int(pk) for pk in done.before.get("printer", ())]
    later = ProductionRun.objects.filter(printer__in=ids, finished_at__gt=done.at)
    used = {*later.exclude(pk=run.pk).values_list("printer", flat=True)}
    printers = Printer.objects.in_bulk(ids) | {run.printer_id: run.printer}
    rows = [row for pk, row in printers.items() if pk not in used and row is not None]
    bulk_update(*row_changes.put_back(rows, done.before))


def _load_again(run, taken, *, by):
    at = None
    for event in taken:
        target, former = slots.locked(event.slot, event.spool)
        if target.spool_id == event.spool_id:
            continue
        try:
            slots.refuse_printing([target, former], besides=run)
        except slots.SpoolPrinting as refusal:
            raise NothingToUndo(refusal.detail, run_id=run.pk) from refusal
        slots.put(target, former, event.spool_id, by=by, at=at, changes=run.changes)
        at = at or run.changes.loads[-1].at
        _open_as_before(event)
    return at


def _open_as_before(event):
    """A spool that the change has sealed was opened when the start loaded it."""
    sealed = SpoolEvent.objects.filter(spool=event.spool_id, verb="opened", at=event.at)
    if found := sealed.exclude(before="").first():
        opened_at = datetime.fromisoformat(found.before)
        Spool.objects.filter(pk=event.spool_id).update(opened_at=opened_at)
