"""A closed run is reverted: it has finished, unless it still prints. A start is taken back."""

import pytest

from production.models import Reason
from production.services import completion
from production.services.printing import midprint, slots
from production.services.requirements.readiness import PrinterBusy
from production.services.runs import lifecycle
from tenants.operations.refusals import Invalid
from tests.factories import a_printer, a_run, a_running_run, a_slot, a_spool, spools_of_one
from tests.production.completed_runs import took
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")


@pytest.mark.parametrize("is_printing", [False, True])
def test_a_reverted_run_has_finished_unless_it_still_prints(is_printing):
    run = a_running_run((a_spool(), 10), printer=a_printer())
    completion.fail(
        run, by=None, reason=Reason.objects.filter(kind="failure").first(), progress_percent=20
    )
    run = completion.revert(run, by=None, is_printing=is_printing)
    assert (run.is_printing, fresh(run.printer).needs_clearing) == (is_printing, not is_printing)
    assert run.outcome_reason is None
    if is_printing:
        with pytest.raises(PrinterBusy, match=run.number):
            a_running_run(printer=run.printer)


def test_what_still_prints_has_its_printer_and_was_started():
    run = a_running_run((a_spool(), 10), printer=a_printer())
    completion.complete(run, by=None, as_planned=True)
    other = a_running_run(printer=run.printer)
    with pytest.raises(PrinterBusy, match=other.number):
        completion.revert(run, by=None, is_printing=True)
    assert completion.revert(run, by=None).finished_at
    cancelled = lifecycle.cancel(a_run(), by=None)
    with pytest.raises(Invalid):
        completion.revert(cancelled, by=None, is_printing=True)


def test_a_start_is_taken_back_by_the_verb_and_what_was_moved_since_stays():
    slot, elsewhere = a_slot(), a_slot()
    spool, other = spools_of_one(2, 1000)
    run = a_run((spool, 10), printer=slot.printer)
    lifecycle.unstart(lifecycle.start(run, by=None), by=None)
    assert (fresh(slot).spool, fresh(spool).opened_at) == (None, None)
    lifecycle.start(run, by=None)
    midprint.swap_spool(run, by=None, spool=other, so_far=took(spool, 5))
    slots.load(spool, slot=elsewhere, by=None)
    assert lifecycle.unstart(run, by=None).status == "planned"
    assert (fresh(slot).spool, fresh(elsewhere).spool) == (other, spool)
