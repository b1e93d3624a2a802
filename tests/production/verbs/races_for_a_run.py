"""Two verbs at once over one run, or one printer.

Each race answers its two works, and a judge of what they returned: of the results in order.
"""

from decimal import Decimal

from inventory.models import Spool
from production.models import ProductionRun
from production.services import completion, products
from production.services.printing import midprint, slots
from production.services.requirements.claims import DuplicateSpool
from production.services.requirements.readiness import PrinterBusy
from production.services.run_state import InvalidRunStatus
from production.services.runs import changing_printers, lifecycle, lines, repeats
from production.services.runs.lines import NewItem, PlanFrozen
from production.services.taking_over import take_over_reports
from tenants.operations.refusals import Duplicate
from tests.factories import (
    a_filament,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.production.completed_runs import printed, took
from tests.production.verbs.preparation import reported_elsewhere
from tests.queries import remaining, status_of
from tests.responses import refusals


def start_and_start_on_one_printer():
    printer = a_printer()
    runs = [a_run(printer=printer) for _ in range(2)]

    def judge(results):
        assert refusals(results) == [PrinterBusy]
        assert sorted(map(status_of, runs)) == ["in_progress", "planned"]

    return [lambda run=run: lifecycle.start(run, by=None) for run in runs], judge


def start_and_start_on_a_printer_that_is_given():
    """Two runs without a printer, one of them from a spool in another one's slot."""
    printer, spool = a_printer(), a_spool()
    slots.load(spool, slot=a_slot(printer=printer), by=None)
    slots.load(a_spool(), slot=a_slot(printer=a_printer()), by=None)
    runs = [a_run(), a_run((spool, 10))]

    def judge(results):
        assert refusals(results) == [PrinterBusy]
        assert sorted(map(status_of, runs)) == ["in_progress", "planned"]

    return [
        lambda run=run: lifecycle.start(run, printer=printer, by=None, confirm=True) for run in runs
    ], judge


def start_and_revert_on_one_printer():
    """A run that was cancelled while it printed goes on, while another one is started there."""
    printer = a_printer()
    cancelled = lifecycle.cancel(a_running_run(printer=printer), by=None)
    other = a_run(printer=printer)

    def judge(results):
        assert refusals(results) == [PrinterBusy]

    return [
        lambda: lifecycle.start(other, by=None),
        lambda: completion.revert(cancelled, by=None),
    ], judge


def correct_and_correct():
    """The second corrects the first: both are done, and the last word counts."""
    spool = a_spool(1000)
    run = printed((spool, 100))

    def judge(results):
        assert refusals(results) == []
        line = run.materials.get()
        last = run.events.filter(verb="correct").order_by("pk")
        assert (len(last), remaining(spool)) == (2, 1000 - line.actual_grams)
        assert run.transactions.count() == 5

    return [
        lambda grams=grams: completion.correct(run, by=None, materials=[took(spool, grams)])
        for grams in (110, 120)
    ], judge


def correct_and_revert():
    spool = a_spool(1000)
    run = printed((spool, 100))

    def judge(results):
        assert refusals(results) in ([], [InvalidRunStatus])
        assert (status_of(run), remaining(spool)) == ("in_progress", 1000)

    return [
        lambda: completion.correct(run, by=None, materials=[took(spool, 110)]),
        lambda: completion.revert(run, by=None),
    ], judge


def swap_and_complete():
    """Swapped first, the new spool's grams are missing from what the other one says."""
    one, two = spools_of_one(2)
    run = a_running_run((one, 10))

    def judge(results):
        swapped, done = results
        if refusals([swapped]):
            assert refusals(results) == [InvalidRunStatus]
            assert (remaining(one), remaining(two)) == (990, 1000)
        else:
            assert done.code == "actuals_missing"
            assert (remaining(one), remaining(two), status_of(run)) == (
                1000,
                1000,
                "in_progress",
            )

    return [
        lambda: midprint.swap_spool(run, by=None, spool=two, so_far=took(one, 3)),
        lambda: completion.complete(run, by=None, materials=[took(one, 10)]),
    ], judge


def take_over_and_complete():
    """What was reported of another spool is the run's, whoever came first."""
    run, spool = reported_elsewhere()

    def judge(results):
        assert refusals(results) == []
        line = run.materials.get(spool=spool)
        assert (line.actual_grams, remaining(spool), status_of(run)) == (27, 973, "completed")

    return [
        lambda: take_over_reports(run, spool=spool, by=None),
        lambda: completion.complete(run, by=None, as_planned=True),
    ], judge


def take_over_twice():
    run, spool = reported_elsewhere()

    def judge(results):
        assert refusals(results) == [DuplicateSpool]
        assert run.materials.get(spool=spool).metered_grams == 27

    return [lambda: take_over_reports(run, spool=spool, by=None)] * 2, judge


def complete_and_cancel():
    spool = a_spool(100)
    run = a_running_run((spool, 50))

    def judge(results):
        assert refusals(results) == [InvalidRunStatus]
        assert (status_of(run), remaining(spool)) in (("completed", 50), ("cancelled", 100))

    return [
        lambda: completion.complete(run, by=None, as_planned=True),
        lambda: lifecycle.cancel(run, by=None),
    ], judge


def restore_and_create_with_one_external_id():
    run = a_run(external_id="order-7")
    lifecycle.delete(run, by=None)

    def judge(results):
        assert refusals(results) == [Duplicate]
        assert ProductionRun.objects.live().get().external_id == "order-7"

    return [
        lambda: lifecycle.restore(run, by=None),
        lambda: lifecycle.create(by=None, external_id="order-7"),
    ], judge


def delete_and_start():
    run = a_run((a_spool(), 10))

    def judge(results):
        assert refusals(results) in (
            [],
            [ProductionRun.DoesNotExist],
        )
        assert not ProductionRun.objects.live().exists()
        assert Spool.objects.get().reserved_grams == 0

    return [lambda: lifecycle.delete(run, by=None), lambda: lifecycle.start(run, by=None)], judge


def delete_and_complete():
    run = a_running_run((a_spool(), 10))

    def judge(results):
        assert len(refusals(results)) == 1
        assert Spool.objects.get().remaining_grams in (1000, 990)

    return [
        lambda: lifecycle.delete(run, by=None),
        lambda: completion.complete(run, by=None, as_planned=True),
    ], judge


def reprint_and_reprint():
    """Both are wanted: two people each plan the run again."""
    run = lifecycle.cancel(a_run((a_spool(), 10)), by=None)

    def judge(results):
        assert refusals(results) == []
        numbers = ProductionRun.objects.filter(reprint_of=run).values_list("number", flat=True)
        assert len(set(numbers)) == 2

    return [lambda: repeats.reprint(run, by=None)] * 2, judge


def change_a_line_and_start():
    """The claim is of the plan that was frozen, whoever came first."""
    run = a_run((a_spool(), 10))
    line = run.materials.get()

    def judge(results):
        assert refusals(results) in ([], [PlanFrozen])
        line.refresh_from_db()
        assert line.reserved_grams == line.planned_grams == Spool.objects.get().reserved_grams

    return [
        lambda: lines.change_material(line, by=None, planned_grams=Decimal(20)),
        lambda: lifecycle.start(run, by=None),
    ], judge


def of_a_bill_and(verb):
    """A bill of materials is corrected while a run of it comes to be, changes or starts: whoever
    came first, a planned run is of the bill as it is, a started one of the bill it froze."""
    product, filament = a_product(grams=10), a_filament()
    line = product.bom_lines.get()
    items = [NewItem(product=product, quantity=2)]
    run = lifecycle.create(by=None, items=items)
    lines.change_material(run.materials.get(), spool=a_spool(filament=filament), by=None)
    work = verb(run, items)

    def judge(results):
        assert refusals(results) == []
        for each in ProductionRun.objects.all():
            item, material = each.items.get(), each.materials.get()
            grams = 12 if each.status == "planned" else item.bom_grams_per_unit
            assert material.planned_grams == item.quantity * grams

    return [lambda: products.update(line, by=None, grams_per_unit=Decimal(12)), work], judge


def change_a_bill_and_plan_a_run():
    return of_a_bill_and(lambda run, items: lambda: lifecycle.create(by=None, items=items))


def change_a_bill_and_an_item():
    def change(run, items):
        item = run.items.get()
        return lambda: lines.change_item(item, quantity=5, by=None)

    return of_a_bill_and(change)


def change_a_bill_and_start():
    return of_a_bill_and(lambda run, items: lambda: lifecycle.start(run, by=None))


def change_a_bill_and_copy():
    return of_a_bill_and(lambda run, items: lambda: repeats.copy(run, by=None))


def change_printers_crosswise():
    """Two runs exchange their printers: neither waits for the other for ever."""
    one, two = a_printer(), a_printer()
    runs = [a_running_run(printer=one), a_running_run(printer=two)]

    def judge(results):
        assert refusals(results) == [PrinterBusy] * 2

    pairs = zip(runs, (two, one), strict=True)
    return [
        lambda run=run, printer=printer: changing_printers.change_printer(
            run, printer=printer, by=None
        )
        for run, printer in pairs
    ], judge


def change_printer_and_start_there():
    printer = a_printer()
    run, other = a_running_run(printer=a_printer()), a_run(printer=printer)

    def judge(results):
        assert refusals(results) == [PrinterBusy]
        assert ProductionRun.objects.printing().filter(printer=printer).count() == 1

    return [
        lambda: changing_printers.change_printer(run, printer=printer, by=None),
        lambda: lifecycle.start(other, by=None),
    ], judge


RACES = [
    change_a_bill_and_plan_a_run,
    change_a_bill_and_an_item,
    change_a_bill_and_start,
    change_a_bill_and_copy,
    start_and_start_on_one_printer,
    start_and_start_on_a_printer_that_is_given,
    start_and_revert_on_one_printer,
    correct_and_correct,
    correct_and_revert,
    swap_and_complete,
    take_over_and_complete,
    take_over_twice,
    complete_and_cancel,
    restore_and_create_with_one_external_id,
    delete_and_start,
    delete_and_complete,
    reprint_and_reprint,
    change_a_line_and_start,
    change_printers_crosswise,
    change_printer_and_start_there,
]
