"""Until the start, a plan by a sliced file has the correction of what it is printed with."""

from decimal import Decimal

import pytest

from inventory.services import filament_merging
from inventory.services.ledger import InsufficientInventory
from production.models import SlicerCorrection
from production.services.reports import demand
from production.services.runs import lifecycle, lines, repeats, replanning
from production.services.sliced_files import corrections, planning
from production.services.sliced_files.figures import SlotChoice
from production.services.undo import last_action
from tests.factories import (
    a_correction,
    a_filament,
    a_file_slot,
    a_plate,
    a_printer,
    a_sliced_file,
    a_slot,
    a_spool,
)
from tests.production.sliced_files.sliced_runs import printed
from tests.production.sliced_files.test_corrected_plans import of
from tests.queries import fresh, queries_of, violations

ONE = Decimal(1)


@pytest.fixture
def white(pla):
    """A spool of a filament that takes 5 % more than the slicer says."""
    filament = a_filament("White", material_type=pla)
    a_correction(filament=filament, factor="1.05")
    return a_spool(1000, filament=filament)


@pytest.fixture
def red(pla):
    """A spool of one that nothing is known of."""
    return a_spool(1000, filament=a_filament("Red", material_type=pla))


def planned(spool=None, *, printer=None, **choice):
    """A run of two copies of a plate that takes 40 g of slot 1, 4 g of them purge."""
    file = a_sliced_file(plates=[a_plate(a_file_slot(purge_grams="4"))])
    choices = [SlotChoice(slot=1, spool=spool, **choice)]
    [run] = planning.plan(file, by=None, printer=printer, copies=2, slots=choices)
    return run


def reason(run):
    return run.events.latest("pk").reason


def change(run, **fields):
    lines.change_material(run.materials.get(), by=None, **fields)


CORRECTED, AS_SLICED = (
    [Decimal("75.6"), Decimal("8.4"), 40, Decimal("1.05")],
    [72, 8, 40, ONE],
)


def test_another_spool_before_the_start_changes_the_plan_and_is_in_the_history(white, red):
    run = planned(red)
    assert of(run) == AS_SLICED
    change(run, spool=white)
    assert of(run) == CORRECTED
    assert fresh(white).reserved_grams == 84
    assert fresh(red).reserved_grams == 0
    assert reason(run) == "Slot 1: 1.05 times the slicer's grams, 1 before."
    change(run, spool=red)
    assert of(run) == AS_SLICED
    assert fresh(red).reserved_grams == 80
    change(run, spool=None)
    assert (of(run), reason(run)) == (AS_SLICED, "")
    assert violations() == []


def test_another_spool_of_the_same_filament_changes_nothing(white, red):
    run = planned(red)
    a_correction(filament=red.filament, factor="1.1")
    change(run, spool=a_spool(1000, filament=red.filament))
    assert (of(run), reason(run)) == (AS_SLICED, "")


def test_what_is_chosen_for_the_start_is_what_is_planned(white, red, operator):
    run = planned()
    assert of(run) == AS_SLICED
    run = lifecycle.start(run, by=operator, spools={run.materials.get().pk: white})
    assert of(run) == CORRECTED
    assert fresh(white).reserved_grams == 84
    assert reason(run) == "Slot 1: 1.05 times the slicer's grams, 1 before."
    last_action.undo(run, event=run.events.latest("pk").pk, by=operator)
    assert (of(run), fresh(white).reserved_grams) == (AS_SLICED, 0)
    run = lifecycle.start(run, by=None, spools={run.materials.get().pk: red})
    assert (of(run), reason(run)) == (AS_SLICED, "")
    assert violations() == []


def test_one_that_is_loaded_is_taken_with_its_correction(white):
    slot = a_slot(printer=a_printer())
    slot.spool = white
    slot.save()
    run = lifecycle.start(planned(printer=slot.printer), by=None)
    assert of(run) == CORRECTED
    lifecycle.unstart(run, by=None)
    assert of(run) == CORRECTED
    assert violations() == []


def test_what_the_correction_makes_too_little_is_said_before_the_start(pla):
    filament = a_filament(material_type=pla)
    a_correction(filament=filament, factor="1.05")
    slot = a_slot(printer=a_printer())
    slot.spool = a_spool(82, filament=filament)
    slot.save()
    run = planned(printer=slot.printer)
    [blocker] = demand.blockers([run])[run.pk]
    numbers = blocker.numbers
    assert (numbers["needed_grams"], numbers["missing_grams"]) == (84, 2)
    with pytest.raises(InsufficientInventory):
        lifecycle.start(run, by=None)
    assert of(run) == AS_SLICED
    runs = [run, *(planned(printer=slot.printer) for _ in range(3))]
    asked = [queries_of(lambda some=some: demand.blockers(some)) for some in (runs[:1], runs)]
    assert asked[0] == asked[1]


def test_another_printer_before_the_start_changes_the_plan(white, red):
    printer = a_printer()
    a_correction(filament=red.filament, printer=printer, factor="1.1")
    a_correction(printer=printer, factor="0.95")
    run, without, corrected = planned(red), planned(), planned(white)
    for each in (run, without, corrected):
        lifecycle.update(each, by=None, printer=printer)
    assert of(run) == [Decimal("79.2"), Decimal("8.8"), 40, Decimal("1.1")]
    assert of(without) == [Decimal("68.4"), Decimal("7.6"), 40, Decimal("0.95")]
    assert of(corrected) == CORRECTED
    assert fresh(red).reserved_grams == 88
    assert reason(run) == "Slot 1: 1.1 times the slicer's grams, 1 before."
    lifecycle.update(run, by=None, printer=None, plate_count=4)
    assert of(run) == [144, 16, 40, ONE]
    assert fresh(red).reserved_grams == 160
    assert violations() == []


def test_what_somebody_typed_stays(white, red):
    run = planned(red, grams=Decimal(50))
    change(run, spool=white)
    assert of(run) == [100, 0, 50, ONE]
    run = planned(red)
    change(run, planned_grams=Decimal(60))
    change(run, spool=white)
    assert of(run) == [60, 8, 40, Decimal("1.05")]
    assert run.materials.get().planned_source == "outdated"


def test_a_plan_that_is_taken_anew_has_what_is_accepted_by_then(red):
    run = planned(red)
    a_correction(filament=red.filament, factor="1.05")
    assert of(run) == AS_SLICED
    replanning.refresh_plan(run, by=None)
    assert of(run) == CORRECTED
    assert fresh(red).reserved_grams == 84
    assert reason(run) == "Slot 1: 1.05 times the slicer's grams, 1 before."


def test_a_copy_has_the_correction_until_its_own_spool_is_known(white, red):
    again = repeats.copy(planned(white), by=None)
    assert of(again) == CORRECTED
    change(again, spool=red)
    assert of(again) == AS_SLICED


def test_a_start_by_no_file_asks_no_more(white, red):
    def asked(factor):
        run = planned()
        run.materials.update(sliced_source="typed")
        SlicerCorrection.objects.all().update(factor=factor)
        choice = {run.materials.get().pk: white}
        return queries_of(lambda: lifecycle.start(run, by=None, spools=choice))

    assert asked("1.05") == asked("1")


def test_a_correction_of_a_filament_that_was_merged_leads_on(white, red, manager):
    kept, double, printer = red.filament, white.filament, a_printer()
    filament_merging.merge(kept, double=double, reason="One filament", by=manager)
    assert of(planned(red)) == CORRECTED
    assert of(run := planned(fresh(white))) == CORRECTED
    assert of(planned(filament=fresh(double))) == CORRECTED
    printed(a_spool(filament=kept), 100, 110, printer=printer)
    [row] = corrections.compared(printer.runs.all(), group_by="filament")
    assert (row["filament"], row["correction_factor"]) == (kept.pk, Decimal("1.05"))
    own = corrections.accept(kept, by=None)
    assert of(planned(red))[3] == Decimal("1.1")
    corrections.withdraw(own, by=None)
    assert of(planned(red)) == CORRECTED
    lifecycle.cancel(run, by=None)
    filament_merging.unmerge(fresh(double), by=manager)
    assert of(planned(red)) == AS_SLICED
    assert SlicerCorrection.objects.factors({(double.pk, None)}) == {
        (double.pk, None): Decimal("1.05")
    }
