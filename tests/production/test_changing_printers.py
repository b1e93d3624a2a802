"""A run in progress that really prints on another printer."""

from decimal import Decimal

import pytest

from inventory.models import MaterialType
from inventory.services import metering
from production.models import Printer, PrinterSlot
from production.services import completion, taking_over
from production.services.printing import slots
from production.services.requirements.in_use import PrinterInactive
from production.services.requirements.limits import LimitExceeded
from production.services.requirements.readiness import PrinterBusy, PrinterNeedsClearing
from production.services.run_state import InvalidRunStatus
from production.services.runs import changing_printers, lifecycle
from production.services.undo import last_action
from tests.factories import (
    a_printer,
    a_printer_token,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
    make_user,
)
from tests.production.floor_helpers import at, page, touch
from tests.queries import fresh, violations
from tests.responses import done, refused

RUNS = "/api/v1/production-runs/"


@pytest.fixture
def run(farm):
    slot, spool = a_slot(printer=a_printer("MK4", hour_rate=Decimal(2))), a_spool(1000)
    slots.load(spool, slot=slot, by=None)
    return a_running_run((spool, 100), printer=slot.printer)


def test_a_run_goes_on_on_another_printer(api, run):
    other, left = a_printer("MK5", hour_rate=Decimal(3)), run.printer
    answer = done(api.post(f"{RUNS}{run.pk}/change-printer/", {"printer_name": "mk5"}))
    assert (answer["printer_name"], answer["status"]) == ("MK5", "in_progress")
    assert answer["hour_rate"] == "2.0000"
    assert [line["slot"] for line in answer["materials"]] == [None]
    assert fresh(left).needs_clearing
    events = done(api.get(f"/api/v1/run-events/?run={run.pk}&verb=change_printer"))["results"]
    assert [event["to_status"] for event in events] == ["in_progress"]
    completion.complete(run, by=None, as_planned=True)
    assert fresh(other).needs_clearing
    assert violations() == []


def test_a_run_that_is_there_already_stays(run):
    before = run.version
    assert changing_printers.change_printer(run, printer=run.printer, by=None).version == before
    assert not fresh(run.printer).needs_clearing


def test_the_other_printer_has_to_be_free_and_able(run):
    MaterialType.objects.update(nozzle_temp_min=200)
    busy = a_running_run(printer=a_printer()).printer
    for printer, refusal in (
        (busy, PrinterBusy),
        (a_printer(needs_clearing=True), PrinterNeedsClearing),
        (a_printer(is_active=False), PrinterInactive),
        (a_printer(max_nozzle_temp=100), LimitExceeded),
    ):
        with pytest.raises(refusal):
            changing_printers.change_printer(run, printer=printer, by=None)
    assert fresh(run).printer == run.printer
    assert not fresh(run.printer).needs_clearing
    cleared = Printer.objects.get(needs_clearing=True)
    assert changing_printers.change_printer(run, printer=cleared, printer_cleared=True, by=None)
    assert not fresh(cleared).needs_clearing


def test_an_operator_changes_it_of_a_run_in_progress(api, operator, viewer, run):
    body = {"printer": a_printer().pk}
    with pytest.raises(InvalidRunStatus):
        changing_printers.change_printer(a_run(), printer=run.printer, by=None)
    api.force_authenticate(viewer)
    refused(api.post(f"{RUNS}{run.pk}/change-printer/", body), 403, "permission_denied")
    api.force_authenticate(operator)
    done(api.post(f"{RUNS}{run.pk}/change-printer/", body))


# --- Slots ---------------------------------------------------------------------------------------


def inside(slot):
    return PrinterSlot.objects.get(pk=slot.pk).spool


def test_what_the_start_loaded_moves_with_the_run_and_back(farm):
    wrong, right = (a_slot(printer=a_printer(name)) for name in ("Elm", "Fir"))
    former, there, spool = a_spool(), a_spool(), a_spool()
    slots.load(former, slot=wrong, by=None)
    slots.load(there, slot=right, by=None)
    run = a_running_run((spool, 10), printer=wrong.printer)
    assert inside(wrong) == spool
    changing_printers.change_printer(run, printer=right.printer, by=None)
    assert (inside(wrong), inside(right)) == (former, spool)
    changing_printers.change_printer(fresh(run), printer=wrong.printer, by=None)
    assert (inside(wrong), inside(right)) == (spool, there)
    lifecycle.unstart(fresh(run), by=None)
    assert (inside(wrong), inside(right)) == (former, there)
    assert violations() == []


def test_the_parts_of_others_are_cleared_before_a_run_goes_back(run):
    left, other, third = run.printer, a_printer(), a_printer()
    run = changing_printers.change_printer(run, printer=other, by=None)
    Printer.objects.update(needs_clearing=False)
    beside = a_running_run(printer=left)
    changing_printers.change_printer(beside, printer=third, by=None)
    assert fresh(left).needs_clearing
    with pytest.raises(PrinterNeedsClearing):
        changing_printers.change_printer(run, printer=fresh(left), by=None)
    Printer.objects.update(needs_clearing=False)
    completion.complete(a_running_run(printer=left), by=None, as_planned=True)
    with pytest.raises(PrinterNeedsClearing):
        changing_printers.change_printer(run, printer=fresh(left), by=None)


def test_a_start_is_taken_back_after_a_change_that_was_undone(farm, operator):
    wrong, right = (a_slot(printer=a_printer(name)) for name in ("Elm", "Fir"))
    former, spool = a_spool(), a_spool()
    slots.load(former, slot=wrong, by=None)
    run = a_running_run((spool, 10), printer=wrong.printer)
    changing_printers.change_printer(run, printer=right.printer, by=operator)
    last_action.undo(run, event=last_action.find(by=operator).event, by=operator)
    assert (inside(wrong), inside(right), fresh(run).printer) == (spool, None, wrong.printer)
    lifecycle.unstart(fresh(run), by=None)
    assert (inside(wrong), inside(right)) == (former, None)
    assert violations() == []


def test_a_change_is_not_undone_once_its_printer_is_taken(run, operator):
    left, other = run.printer, a_printer()
    changing_printers.change_printer(run, printer=other, by=operator)
    event = last_action.find(by=operator).event
    Printer.objects.update(needs_clearing=False)
    busy = a_running_run(printer=left)
    with pytest.raises(PrinterBusy, match=busy.number):
        last_action.undo(fresh(run), event=event, by=operator)
    assert fresh(run).printer == other


def test_what_was_loaded_before_the_start_stays(run):
    other = a_slot(printer=a_printer())
    there = slots.load(a_spool(), slot=other, by=None).spool
    here = run.printer.slots.get()
    changing_printers.change_printer(run, printer=other.printer, by=None)
    assert (inside(here), inside(other)) == (run.materials.get().spool, there)


def test_what_the_other_printer_reported_meanwhile_is_offered_to_the_run(run):
    other = a_slot(printer=a_printer())
    there = slots.load(a_spool(), slot=other, by=None).spool
    token = a_printer_token(make_user(), printer=other.printer)
    metering.use(there.number, grams=12, by=token.user, token=token)
    assert taking_over.offered(run) == set()
    changing_printers.change_printer(run, printer=other.printer, by=None)
    assert taking_over.offered(run) == {there.pk}


# --- The floor -----------------------------------------------------------------------------------


def test_it_is_put_right_on_the_floor_with_a_touch(floor, run):
    free, busy = a_printer("Fir"), a_printer("Oak")
    a_running_run(printer=busy)
    address = at(run, "change-printer")
    assert address in page(floor.get(at(run)))
    asked = page(floor.get(address))
    assert f'value="{free.code}"' in asked
    assert f'value="{busy.code}"' not in asked
    assert "Which printer?" in page(touch(floor, address), 400)
    again = page(touch(floor, address, printer="Nowhere"), 400)
    assert "No printer is called “Nowhere”" in again
    assert 'value="Nowhere"' in again
    assert "is busy with run" in page(touch(floor, address, printer=["", "oak"]), 409)
    touch(floor, address, printer=[free.code, ""])
    assert fresh(run).printer == free


def test_the_bed_is_confirmed_where_it_was_not_cleared(floor, run):
    uncleared = a_printer("Fir", needs_clearing=True)
    address = at(run, "change-printer")
    again = page(touch(floor, address, printer=uncleared.code), 409)
    assert 'name="printer_cleared"' in again
    assert f'value="{uncleared.code}" checked' in again
    touch(floor, address, printer=uncleared.code, printer_cleared="on")
    assert fresh(run).printer == uncleared


def test_it_is_changed_in_the_admin(as_manager, run):
    other = a_printer("MK5")
    address = f"/admin/production/productionrun/{run.pk}/change_printer/"
    page = as_manager.post(address, {"printer": other.pk}).content.decode()
    assert "MK5" in page
