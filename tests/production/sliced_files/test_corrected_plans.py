"""Plans by a sliced file take the slicer's grams by the factor that was accepted."""

from decimal import Decimal

import pytest

from production.services import explanation
from production.services.runs import lifecycle, repeats
from production.services.sliced_files import planning, spools
from production.services.sliced_files.figures import SlotChoice
from production.services.sliced_files.matching import match
from production.services.sliced_files.proposals import WantedSlot
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
from tests.production.floor_helpers import at, page
from tests.production.sliced_files.sliced_runs import completed, started, weighed
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")


def planned(spool=None, *, file=None, printer=None, copies=1, **choice):
    """A run of one plate that takes 40 g of slot 1."""
    choices = [SlotChoice(slot=1, spool=spool, **choice)]
    how = {"printer": printer, "copies": copies, "slots": choices}
    [run] = planning.plan(file or a_sliced_file(), by=None, **how)
    return run


def of(run):
    line = run.materials.get()
    return [line.planned_grams, line.planned_purge_grams, line.sliced_grams, line.slicer_factor]


def test_a_plan_has_the_factor_of_its_filament_and_says_so(pla):
    spool = a_spool(filament=a_filament(material_type=pla))
    assert of(planned(spool)) == [40, 0, 40, 1]
    a_correction(filament=spool.filament, factor="1.05")
    run = planned(spool, copies=2)
    assert of(run) == [84, 0, 40, Decimal("1.05")]
    assert run.materials.get().planned_source == "file"
    assert fresh(spool).reserved_grams == 124
    run = completed(started(run), weighed(spool, 84))
    found = explanation.of_run(fresh(run)).as_dict()
    assert found["slicer"][0]["factor"] == Decimal("1.05")
    assert "The plan of slot 1 has 1.05 times the slicer's grams." in found["sentence"]


def test_purge_is_multiplied_too_and_the_plan_follows_the_plates(pla):
    spool = a_spool(filament=a_filament(material_type=pla))
    a_correction(filament=spool.filament, factor="1.1")
    file = a_sliced_file(plates=[a_plate(a_file_slot(purge_grams="10"))])
    run = planned(spool, file=file)
    assert of(run)[:2] == [33, 11]
    run = lifecycle.update(run, by=None, plate_count=3)
    assert of(run)[:2] == [99, 33]
    assert of(repeats.copy(run, by=None)) == [99, 33, 40, Decimal("1.1")]


def test_what_somebody_typed_for_the_file_stays(pla):
    spool = a_spool(filament=a_filament(material_type=pla))
    a_correction(filament=spool.filament, factor="1.1")
    assert of(planned(spool, grams=Decimal(50))) == [50, 0, 50, 1]


def test_without_a_spool_the_factor_is_that_of_the_printer(pla):
    printer = a_printer()
    a_correction(printer=printer, factor="0.95")
    assert of(planned(printer=printer)) == [38, 0, 40, Decimal("0.95")]
    assert of(planned()) == [40, 0, 40, 1]


def test_plans_that_there_are_stay_as_they_are(pla):
    spool = a_spool(filament=a_filament(material_type=pla))
    run = planned(spool)
    a_correction(filament=spool.filament, factor="1.1")
    assert of(fresh(run)) == [40, 0, 40, 1]


def test_a_spool_that_has_too_little_for_the_corrected_plan_is_not_chosen(pla):
    filament = a_filament(material_type=pla, color_hex="FFFFFF")
    spool = a_spool(102, filament=filament)
    wanted = [WantedSlot(1, Decimal(100), "PLA", "FFFFFF")]
    assert match(wanted)[0].chosen.spool == spool
    a_correction(filament=filament, factor="1.03")
    [found] = match(wanted)
    assert (found.needed_grams, found.chosen) == (100, None)
    assert found.proposals[0].missing_grams == 1
    assert found.proposals[0].reasons[-1].detail == "Only 102 g available, 103 g needed."


def test_what_a_profile_took_in_another_file_is_learnt(pla):
    spool = a_spool(filament=a_filament(material_type=pla, color_hex="111111"))
    slot = a_file_slot(profile="My black", color_hex="FF0000")
    planned(spool, file=a_sliced_file(plates=[a_plate(slot)]))
    [found] = spools.propose(a_sliced_file("other.gcode", plates=[a_plate(slot)]))
    assert found.chosen.spool == spool
    assert "taken_before" in [each.code for each in found.chosen.reasons]
    red = a_spool(filament=a_filament(material_type=pla, color_hex="FF0000"))
    [found] = spools.propose(a_sliced_file("red.gcode", plates=[a_plate(slot)]))
    assert found.chosen.spool == red  # a near colour is better
    other = a_plate(a_file_slot(profile="My black", color_hex="00FF00"))
    [found] = spools.propose(a_sliced_file("green.gcode", plates=[other]))
    assert found.chosen is None


def test_what_of_the_file_is_not_for_the_printer_is_said_before_the_start(pla, floor, as_manager):
    printer = a_printer("Left", model="MK4", manufacturer="Prusa")
    a_slot(printer=printer)
    plate = a_plate(a_file_slot(1), a_file_slot(2))
    file = a_sliced_file(plates=[plate], printer_model="Bambu X1", nozzle_mm=Decimal("0.6"))
    [run] = planning.plan(file, by=None, printer=printer)
    said = [
        "The file was sliced for Bambu X1, not for Left.",
        "The file was sliced for a nozzle of 0.6 mm; Left has one of 0.4 mm.",
        "The file prints from 2 slots; Left has 1.",
    ]
    for text in (
        page(floor.get(at(run))),
        as_manager.get(f"/admin/production/productionrun/{run.pk}/change/").content.decode(),
    ):
        assert all(each in text for each in said)


def test_of_a_file_that_fits_nothing_is_said(pla, floor):
    printer = a_printer("Left", model="MK4", manufacturer="Prusa")
    file = a_sliced_file(printer_model="Original Prusa MK4", nozzle_mm=Decimal("0.400"))
    [run] = planning.plan(file, by=None, printer=printer)
    assert "The file" not in page(floor.get(at(run)))
