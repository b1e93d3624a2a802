"""A run in progress that really prints on another printer."""

from decimal import Decimal

import pytest

from inventory.models import MaterialType
from production.models import Printer
from production.services import completion
from production.services.printing import printers, slots
from production.services.requirements.in_use import PrinterInactive
from production.services.requirements.limits import LimitExceeded
from production.services.requirements.readiness import PrinterBusy, PrinterNeedsClearing
from production.services.run_state import InvalidRunStatus
from tests.factories import a_printer, a_run, a_running_run, a_slot, a_spool
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
    assert printers.change_printer(run, printer=run.printer, by=None).version == before
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
            printers.change_printer(run, printer=printer, by=None)
    assert fresh(run).printer == run.printer
    assert not fresh(run.printer).needs_clearing
    cleared = Printer.objects.get(needs_clearing=True)
    assert printers.change_printer(run, printer=cleared, printer_cleared=True, by=None)
    assert not fresh(cleared).needs_clearing


def test_a_manager_changes_it_of_a_run_in_progress(api, operator, run):
    body = {"printer": a_printer().pk}
    with pytest.raises(InvalidRunStatus):
        printers.change_printer(a_run(), printer=run.printer, by=None)
    api.force_authenticate(operator)
    refused(api.post(f"{RUNS}{run.pk}/change-printer/", body), 403, "permission_denied")


def test_it_is_changed_in_the_admin(as_manager, run):
    other = a_printer("MK5")
    address = f"/admin/production/productionrun/{run.pk}/change_printer/"
    page = as_manager.post(address, {"printer": other.pk}).content.decode()
    assert "MK5" in page
