"""What open runs still need, and what keeps planned runs from starting; figures by hand."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Spool
from inventory.services.ledger import InsufficientInventory
from inventory.services.spools import consumption
from production.models import Printer, PrinterSlot, ProductionRun, RunMaterial
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint
from production.services.reports import demand
from production.services.requirements import readiness
from production.services.runs import lifecycle, lines
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)

pytestmark = pytest.mark.usefixtures("farm")


def a_run_that_wants(grams, *, purge=0, spool=None, filament=None, material_type=None, **fields):
    """A planned run of one line, that names a material and perhaps no spool."""
    line = NewMaterial(
        spool=spool,
        filament=filament,
        material_type=material_type,
        planned_grams=Decimal(grams),
        planned_purge_grams=Decimal(purge),
    )
    return lifecycle.create(by=None, materials=[line], **fields)


def of_filament(filament):
    return demand.of_filaments().get(pk=filament.pk)


def of_type(material_type):
    return demand.of_material_types().get(pk=material_type.pk)


def codes(run):
    return [blocker.code for blocker in demand.blockers([run])[run.pk]]


def only_blocker(run):
    (blocker,) = demand.blockers([run])[run.pk]
    return blocker


def loaded(printer, *spools):
    for number, spool in enumerate(spools, start=1):
        PrinterSlot.objects.create(printer=printer, label=str(number), spool=spool)
    return printer


# --- Demand on the stock -----------------------------------------------------------------------


def test_a_filaments_balance_is_what_is_there_less_claims_less_wants():
    spool = a_spool(1000)
    filament = spool.filament
    a_run((spool, 200, 10))
    a_running_run((spool, 90))
    a_run_that_wants(600, purge=50, filament=filament)
    a_run_that_wants(100, filament=filament)
    found = of_filament(filament)
    assert (found.remaining_grams, found.reserved_grams, found.available_grams) == (1000, 300, 700)
    assert found.wanted_grams == 750
    assert (found.free_grams, found.short_grams) == (-50, 50)


def test_what_was_added_while_printing_is_wanted_without_a_plan():
    spool = a_spool(1000)
    run = a_running_run((spool, 90))
    lines.add_material(run, by=None, filament=spool.filament, planned_grams=Decimal(30))
    loose = {"material_type": spool.filament.material_type, "planned_grams": Decimal(7)}
    added = lines.add_material(run, by=None, **loose)
    assert of_filament(spool.filament).wanted_grams == 30
    found = of_type(spool.filament.material_type)
    assert (found.wanted_exact_grams, found.wanted_any_grams, found.free_grams) == (30, 7, 873)
    noted = MaterialActual(line=added.pk, actual_grams=Decimal(5))
    midprint.save_actuals(run, by=None, materials=[noted])
    assert of_type(spool.filament.material_type).wanted_any_grams == 5
    lines.remove_material(added, by=None)
    assert of_type(spool.filament.material_type).wanted_any_grams == 0


def test_only_open_runs_want_anything():
    filament = a_filament()
    lifecycle.cancel(a_run_that_wants(10, filament=filament), by=None)
    lifecycle.delete(a_run_that_wants(20, filament=filament), by=None)
    a_run_that_wants(40, filament=filament)
    found = of_filament(filament)
    assert (found.wanted_grams, found.free_grams, found.short_grams) == (40, -40, 40)


def test_a_filament_that_nobody_wants_is_free():
    found = of_filament(a_spool(500).filament)
    assert (found.wanted_grams, found.free_grams, found.short_grams) == (0, 500, 0)


def test_a_material_types_balance_is_of_those_who_name_a_filament_and_those_who_do_not():
    petg = a_material_type("PETG")
    black, white = (a_filament(material_type=petg) for _ in range(2))
    spool = a_spool(1000, filament=black)
    a_spool(500, filament=white)
    a_run((spool, 300))
    a_run_that_wants(400, filament=black)
    a_run_that_wants(900, purge=25, material_type=petg)
    a_run_that_wants(5000, material_type=a_material_type("ASA"))
    found = of_type(petg)
    assert (found.remaining_grams, found.reserved_grams, found.available_grams) == (1500, 300, 1200)
    assert (found.wanted_exact_grams, found.wanted_any_grams) == (400, 925)
    assert (found.wanted_grams, found.free_grams, found.short_grams) == (1325, -125, 125)
    assert of_filament(black).free_grams == 300  # 700 available, 400 wanted by name


def test_a_product_that_names_no_filament_is_a_demand_on_its_material_type():
    petg = a_material_type("PETG")
    product = a_product(grams=12, material_type=petg)
    lifecycle.create(by=None, items=[NewItem(product=product, quantity=10)])
    assert of_type(petg).wanted_any_grams == 120


def test_stock_with_demand_is_one_query_for_any_number_of_filaments():
    def queries():
        with CaptureQueriesContext(connection) as seen:
            list(demand.of_filaments())
            list(demand.of_material_types())
        return len(seen)

    a_run_that_wants(10, filament=a_spool().filament)
    few = queries()
    for _ in range(30):
        a_run_that_wants(10, filament=a_spool().filament)
    assert few == queries() == 2


# --- What blocks a run -------------------------------------------------------------------------


def test_a_run_that_can_start_is_not_blocked():
    run = a_run((a_spool(100), 100), printer=a_printer())
    assert demand.blockers([run]) == {run.pk: []}
    lifecycle.start(run, by=None)


def test_runs_that_are_not_planned_are_not_blocked():
    spool = a_spool(100)
    run = a_running_run((spool, 80), printer=a_printer())
    consumption.use(spool, grams=50, by=None)
    assert demand.blockers([run]) == {run.pk: []}


def test_a_spool_that_was_used_by_others_blocks_every_run_that_claims_it():
    spool = a_spool(100)
    runs = [a_run((spool, 60)), a_run((spool, 30))]
    consumption.use(spool, grams=25, by=None)
    found = demand.blockers(runs)
    assert [blocker.code for pk in found for blocker in found[pk]] == ["insufficient_inventory"] * 2
    blocker = only_blocker(runs[0])
    assert blocker.numbers["needed_grams"] == 60
    assert (blocker.numbers["available_grams"], blocker.numbers["missing_grams"]) == (-15, 15)
    assert spool.code in blocker.detail
    with pytest.raises(InsufficientInventory):
        lifecycle.start(runs[0], by=None)


def test_a_line_without_a_spool_says_what_it_wants():
    filament = a_spool(1000).filament
    run = a_run_that_wants(120, purge=5, filament=filament)
    blocker = only_blocker(run)
    assert (blocker.code, blocker.numbers["needed_grams"]) == ("spools_missing", 125)
    assert blocker.numbers["material_id"] == run.materials.get().pk
    with pytest.raises(readiness.SpoolsMissing):
        lifecycle.start(run, by=None)


@pytest.mark.parametrize("kind", ["filament", "material_type"])
def test_a_material_that_is_not_in_stock_says_how_much_is_missing(kind):
    petg = a_material_type("PETG")
    spool = a_spool(100, filament=a_filament(material_type=petg))
    wanted = {"filament": spool.filament, "material_type": petg}[kind]
    run = a_run_that_wants(125, **{kind: wanted})
    missing, short = demand.blockers([run])[run.pk]
    assert (missing.code, short.code) == ("spools_missing", "stock_insufficient")
    assert (short.numbers["wanted_grams"], short.numbers["available_grams"]) == (125, 100)
    assert short.numbers["missing_grams"] == 25
    assert str(wanted) in short.detail


def test_two_lines_of_one_material_want_it_together():
    filament = a_spool(100).filament
    lines = [NewMaterial(filament=filament, planned_grams=Decimal(60)) for _ in range(2)]
    run = lifecycle.create(by=None, materials=lines)
    assert codes(run) == ["spools_missing", "stock_insufficient"] * 2


def test_a_spool_in_the_printer_is_the_one_a_start_takes():
    spool = a_spool(100)
    printer = loaded(a_printer(), spool, a_spool(1000))
    run = a_run_that_wants(80, filament=spool.filament, printer=printer)
    assert codes(run) == []
    a_run((spool, 40))
    blocker = only_blocker(run)
    assert (blocker.code, blocker.numbers["missing_grams"]) == ("insufficient_inventory", 20)
    with pytest.raises(InsufficientInventory):
        lifecycle.start(run, by=None)


def test_two_fitting_spools_in_the_printer_leave_the_choice_to_a_person():
    pla = a_material_type("PLA")
    printer = loaded(a_printer(), a_spool(), a_spool())
    run = a_run_that_wants(10, material_type=pla, printer=printer)
    assert codes(run) == ["spools_missing"]


def test_a_spool_in_the_printer_is_taken_by_one_line_only():
    spool = a_spool(1000)
    lines = [NewMaterial(filament=spool.filament, planned_grams=Decimal(10)) for _ in range(2)]
    run = lifecycle.create(by=None, materials=lines, printer=loaded(a_printer(), spool))
    blocker = only_blocker(run)
    second = run.materials.order_by("pk").last()
    assert (blocker.code, blocker.numbers["material_id"]) == ("spools_missing", second.pk)


def test_a_busy_printer_says_with_which_run():
    printer = a_printer()
    running = a_running_run(printer=printer)
    blocker = only_blocker(a_run(printer=printer))
    assert (blocker.code, blocker.numbers["running_run_number"]) == ("printer_busy", running.number)
    assert running.number in blocker.detail
    completion.complete(running, by=None)
    assert codes(a_run(printer=printer)) == ["printer_needs_clearing"]


def test_a_reopened_run_does_not_hold_its_printer():
    printer = a_printer()
    running = a_running_run(printer=printer)
    completion.complete(running, by=None)
    completion.revert(running, by=None)
    Printer.objects.update(needs_clearing=False)
    assert codes(a_run(printer=printer)) == []


def test_a_printer_out_of_service_blocks_its_runs():
    run = a_run(printer=a_printer())
    Printer.objects.update(is_active=False)
    assert codes(run) == ["printer_inactive"]


def test_an_archived_spool_and_a_wrong_one_are_told():
    spool = a_spool(1000)
    run = a_run((spool, 10))
    Spool.objects.update(archived_at=timezone.now())
    RunMaterial.objects.update(filament=a_filament())
    assert codes(run) == ["spool_archived", "incompatible_spool"]


def test_everything_is_told_of_the_printer_first_then_line_by_line():
    printer = a_printer()
    spool = a_spool(100)
    lines = [
        NewMaterial(filament=a_filament(), planned_grams=Decimal(10)),
        NewMaterial(spool=spool, planned_grams=Decimal(80)),
    ]
    run = lifecycle.create(by=None, materials=lines, printer=printer)
    a_running_run(printer=printer)
    Printer.objects.update(needs_clearing=True, is_active=False)
    consumption.use(spool, grams=90, by=None)
    assert codes(run) == [
        "printer_inactive",
        "printer_busy",
        "printer_needs_clearing",
        "spools_missing",
        "stock_insufficient",
        "insufficient_inventory",
    ]


def test_the_blockers_of_many_runs_take_as_many_queries_as_those_of_one():
    def grow(count):
        for _ in range(count):
            spool = a_spool(100)
            printer = loaded(a_printer(), a_spool(), a_spool())
            lines = [
                NewMaterial(spool=spool, planned_grams=Decimal(50)),
                NewMaterial(filament=a_filament(), planned_grams=Decimal(50)),
                NewMaterial(material_type=a_material_type("ASA"), planned_grams=Decimal(50)),
            ]
            lifecycle.create(by=None, materials=lines, printer=printer)
            a_running_run(printer=printer)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            found = demand.blockers(ProductionRun.objects.filter(status="planned"))
        assert all(len(blockers) == 5 for blockers in found.values())
        return len(seen)

    grow(1)
    few = queries()
    grow(30)
    assert few == queries() == 11
