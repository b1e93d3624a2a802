"""The verbs of runs and of their lines, each done once."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from production.models import Reason
from production.services import completion, late_reports, taking_over
from production.services.best_fit import taking
from production.services.printing import midprint
from production.services.runs import (
    changing_printers,
    lifecycle,
    lines,
    queue_order,
    repeats,
    replanning,
    status_change,
)
from tests.factories import (
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.verbs.preparation import (
    a_bare_line,
    reported_elsewhere,
    reported_late,
)


def running():
    return a_running_run((a_spool(), 10))


def completed():
    return completion.complete(running(), by=None, as_planned=True).run


def failed():
    reason = Reason.objects.filter(kind="failure").first()
    return completion.fail(running(), by=None, reason=reason, progress_percent=50).run


def deleted():
    run = a_run()
    lifecycle.delete(run, by=None)
    return run


def reassigned():
    run = completed()
    line, other = of_kin(run)
    return completion.reassign(run, by=None, line=line.pk, spool=other).run


def of_kin(run):
    """The run's only line, and another spool of what it holds."""
    line = run.materials.get()
    return line, a_spool(filament=line.spool.filament)


def forgotten():
    now = timezone.now()
    return repeats.record(by=None, started_at=now - timedelta(hours=2), finished_at=now).run


def assigned():
    line, spool = a_bare_line()
    return taking.assign_spools(line.run, [(line, [spool])], by=None)


def a_failed_plate():
    run = a_running_run(items=[(a_product(), 4)])
    return midprint.note_plate(run, scrapped={run.items.get().pk: 2}, by=None)


def swapped():
    run = running()
    line, other = of_kin(run)
    return midprint.swap_spool(run, by=None, line=line.pk, spool=other, is_empty=True)


def taken_late():
    run, ids = reported_late()
    return late_reports.take_reports(run, meter_ids=ids, by=None)


def taken_over():
    run, spool = reported_elsewhere()
    return taking_over.take_over_reports(run, spool=spool, by=None)


def made_of_a_bill():
    return a_run(items=[(a_product(grams=10), 2)], plate_count=3)


def of_item(verb, **fields):
    return verb(a_run(items=[(a_product(), 2)]).items.get(), by=None, **fields)


def of_material(verb, **fields):
    return verb(a_run((a_spool(), 10)).materials.get(), by=None, **fields)


def reordered():
    return queue_order.reorder(a_run(), after=a_run(priority=2), by=None)


OF_RUNS = {
    "production_run.assign_spools": assigned,
    "production_run.cancel": lambda: lifecycle.cancel(a_run(), by=None),
    "production_run.change_printer": lambda: changing_printers.change_printer(
        running(), printer=a_printer(), by=None
    ),
    "production_run.complete": completed,
    "production_run.correct": lambda: completion.correct(completed(), by=None),
    "production_run.create": a_run,
    "production_run.delete": deleted,
    "production_run.fail": failed,
    "production_run.move": lambda: status_change.update_and_move(a_run(), by=None, notes="Fair"),
    "production_run.note_plate": a_failed_plate,
    "production_run.progress": lambda: midprint.progress(running(), by=None, percent=50),
    "production_run.reassign": reassigned,
    "production_run.record": forgotten,
    "production_run.refresh_plan": lambda: replanning.refresh_plan(made_of_a_bill(), by=None),
    "production_run.reorder": reordered,
    "production_run.reprint": lambda: repeats.reprint(completed(), by=None),
    "production_run.copy": lambda: repeats.copy(completed(), by=None),
    "production_run.restore": lambda: lifecycle.restore(deleted(), by=None),
    "production_run.revert": lambda: completion.revert(completed(), by=None),
    "production_run.save_actuals": lambda: midprint.save_actuals(running(), by=None),
    "production_run.start": running,
    "production_run.swap_spool": swapped,
    "production_run.take_over_reports": taken_over,
    "production_run.take_reports": taken_late,
    "production_run.unstart": lambda: lifecycle.unstart(running(), by=None),
    "production_run.update": lambda: lifecycle.update(a_run(), by=None, notes="Fair"),
    "run_item.add": lambda: lines.add_item(a_run(), by=None, product=a_product(), quantity=2),
    "run_item.change": lambda: of_item(lines.change_item, quantity=3),
    "run_item.remove": lambda: of_item(lines.remove_item),
    "run_material.add": lambda: lines.add_material(a_run(), by=None, spool=a_spool()),
    "run_material.change": lambda: of_material(lines.change_material, planned_grams=Decimal(12)),
    "run_material.remove": lambda: of_material(lines.remove_material),
}
