"""What was reported before the start of the wrong run is not lost: the right one has it."""

import pytest

from inventory.services import metering
from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.reported.lines import RunMetered
from production.services.runs import lifecycle
from production.services.undo import last_action
from tests.factories import a_printer_token, a_run, a_running_run, a_spool
from tests.queries import fresh, violations


@pytest.fixture
def report(manager):
    token = a_printer_token(manager, kind="bridge")
    return lambda spool, grams: metering.use(spool.number, token=token, by=token.user, grams=grams)


@pytest.fixture
def wrong(report, operator):
    """A run that was started after another was reported, of the same spool."""
    spool = a_spool(1000)
    run = a_run((spool, 90))
    report(spool, 100)
    return lifecycle.start(run, by=operator, printer_cleared=True)


def unstart(run, by):
    lifecycle.unstart(run, by=by)


def undo(run, by):
    action = last_action.find(by=by)
    last_action.undo(ProductionRun.objects.get(pk=run.pk), event=action.event, by=by)


@pytest.mark.parametrize("take_back", [unstart, undo])
def test_a_start_is_taken_back_and_the_next_run_has_it(wrong, operator, take_back):
    line = wrong.materials.get()
    assert (line.metered_grams, line.reserved_grams) == (100, 0)
    take_back(wrong, operator)
    line = wrong.materials.get()
    assert (line.metered_grams, line.reserved_grams) == (0, 90)
    spool = fresh(line.spool)
    assert (spool.live_grams, spool.available_grams) == (900, 810)
    assert violations() == []
    right = a_running_run((spool, 100))
    assert right.materials.get().metered_grams == 100
    completion.complete(right, by=operator)
    assert fresh(spool).remaining_grams == 900
    assert violations() == []


def test_not_once_more_was_reported(wrong, operator, report):
    report(wrong.materials.get().spool, 5)
    assert last_action.find(by=operator) is None
    with pytest.raises(RunMetered, match="105 g"):
        lifecycle.unstart(wrong, by=operator)
    event = wrong.events.last().pk
    with pytest.raises(RunMetered, match="105 g"):
        last_action.undo(ProductionRun.objects.get(pk=wrong.pk), event=event, by=operator)


def test_a_run_cancelled_with_0_wastes_what_was_reported(wrong, operator):
    line = wrong.materials.get()
    nothing = MaterialActual(spool=line.spool_id, actual_grams=0, actual_purge_grams=0)
    lifecycle.cancel(wrong, by=operator, materials=[nothing])
    line = wrong.materials.get()
    assert (line.actual_total_grams, line.actual_source) == (100, "sliced")
    assert fresh(line.spool).remaining_grams == 900
    assert violations() == []
    undo(wrong, operator)
    assert fresh(line.spool).live_grams == 900
    assert violations() == []
