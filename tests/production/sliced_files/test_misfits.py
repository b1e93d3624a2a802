"""What of a sliced file is not for a printer: said in the API with codes, and it stops nothing."""

from decimal import Decimal

import pytest

from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.sliced_files import fitting, planning
from production.services.sliced_files.figures import SlotChoice
from tests.factories import a_file_slot, a_plate, a_printer, a_sliced_file, a_slot, a_spool
from tests.production.api_helpers import at
from tests.queries import queries_of
from tests.responses import done, refused

PRUSA = {"manufacturer": "Prusa", "model": "MK4"}
CODES = ["other_printer_model", "other_nozzle", "too_few_slots"]


@pytest.fixture
def left(farm, pla):
    printer = a_printer("Left", **PRUSA)
    a_slot(printer=printer)
    return printer


@pytest.fixture
def file(farm):
    """Two plates, the second of which takes two materials."""
    plates = [a_plate(index=1), a_plate(a_file_slot(1), a_file_slot(2), index=2)]
    return a_sliced_file(plates=plates, printer_model="Bambu X1", nozzle_mm=Decimal("0.6"))


def warned(api, file, printer=None):
    given = {"printer": printer.pk} if printer else {}
    return done(api.get(f"/api/v1/sliced-files/{file.pk}/", given))["warnings"]


def test_a_file_says_what_of_it_is_not_for_a_printer(api, file, left):
    model, nozzle, few = warned(api, file, left)
    assert [each["code"] for each in (model, nozzle, few)] == CODES
    assert model["detail"] == "The file was sliced for Bambu X1, not for Left."
    assert model["numbers"] == {
        "printer_id": left.pk, "wanted_model": "Bambu X1", "printer_model": "MK4",
    }  # fmt: skip
    sizes = [Decimal(nozzle["numbers"][name]) for name in ("wanted_mm", "nozzle_mm")]
    assert sizes == [Decimal("0.6"), Decimal("0.4")]
    assert (few["numbers"]["used_slots"], few["numbers"]["slots"]) == (2, 1)
    assert warned(api, file) == []


def test_of_what_fits_or_is_not_known_nothing_is_said(api, farm, pla):
    printer, unknown = a_printer("Left", **PRUSA), a_printer("Right")
    fits = a_sliced_file(printer_model="Original Prusa MK4", nozzle_mm=Decimal("0.4"))
    assert warned(api, fits, printer) == warned(api, fits, unknown) == []
    assert warned(api, a_sliced_file(), printer) == []
    assert warned(api, a_sliced_file(printer=printer, printer_model="X1"))[0]["code"] == CODES[0]


def test_spools_are_proposed_for_the_printer_that_is_named(api, farm, pla, file):
    answers = []
    for name in ("Left", "Right"):
        slot = a_slot(printer=a_printer(name))
        answers.append(done(api.get(f"/api/v1/sliced-files/{file.pk}/?printer={slot.printer.pk}")))
    assert {len(each["spools"]) for each in answers} == {2}
    refused(api.get(f"/api/v1/sliced-files/{file.pk}/?printer=0"), 400, "invalid")
    refused(api.get(f"/api/v1/sliced-files/{file.pk}/?printer=999999"), 400, "invalid")


def test_a_planned_run_has_them_beside_what_keeps_it_from_starting(api, file, left):
    [run] = planning.plan(file, by=None, plates=[2], printer=left)
    answer = done(api.get(at(run, "blockers")))
    assert [each["code"] for each in answer["warnings"]] == CODES
    assert {each["code"] for each in answer["blockers"]}.isdisjoint(CODES)
    [one] = planning.plan(file, by=None, plates=[1], printer=left)
    assert [each["code"] for each in done(api.get(at(one, "blockers")))["warnings"]] == CODES[:2]
    lifecycle.cancel(one, by=None)
    assert done(api.get(at(one, "blockers")))["warnings"] == []


def test_a_spool_in_another_slot_than_the_file_prints_from_is_a_warning(api, farm, pla):
    printer = a_printer("Left", **PRUSA)
    first, *_rest = [a_slot(label, printer=printer) for label in ("A1", "A2", "A3")]
    spool = slots.load(a_spool(), slot=first, by=None).spool
    file = a_sliced_file(plates=[a_plate(a_file_slot(3))], printer_model="MK4")
    choice = SlotChoice(slot=3, spool=spool)
    [run] = planning.plan(file, by=None, printer=printer, slots=[choice])
    [warning] = done(api.get(at(run, "blockers")))["warnings"]
    assert (warning["code"], warning["numbers"]["file_slot"]) == ("other_slot", 3)
    assert warning["detail"] == (
        f"The file prints slot 3 from spool {spool.code}, which is in A1: assign the slots so at "
        "the printer, or move the spool."
    )
    slots.load(spool, slot=printer.slots.get(label="A3"), by=None)
    assert done(api.get(at(run, "blockers")))["warnings"] == []


def test_it_asks_little(file, left):
    assert queries_of(lambda: fitting.misfits(file, left)) == 1
    assert queries_of(lambda: fitting.misfits(file, None)) == 0
