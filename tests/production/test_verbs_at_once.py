"""Verbs at once, by people who really are in each other's way: one effect each, or both where both
are right, to the gram; everybody else gets a refusal. Nothing waits for ever, nothing is lost.
"""

import time

import pytest
from django.db import connection

from inventory.models import InventoryTransaction
from inventory.services import receiving
from production.models import ProductionRun, Reason, RunEvent
from production.services import completion
from production.services.completion.correcting import NothingToReassign
from production.services.overrides import NothingToUndo
from production.services.printing import midprint
from production.services.requirements.claims import DuplicateSpool
from production.services.run_state import InvalidRunStatus
from production.services.runs import lifecycle, lines
from production.services.undo import last_action, receipts
from tenants.operations.refusals import Refusal
from tests.factories import a_filament, a_printer, a_run, a_running_run, a_spool, spools_of_one
from tests.production.completed_runs import printed, took
from tests.production.verbs import (
    races_for_a_delivery,
    races_for_a_hold,
    races_for_a_run,
    races_for_filament,
    races_for_the_catalogue,
)
from tests.queries import violations
from tests.responses import refusals

EXPECTED = (Refusal, ProductionRun.DoesNotExist)  # what a loser may hear


@pytest.fixture
def at_once(in_threads):
    """``at_once(one, another)``: what each returned or raised; the books are right afterwards.

    ``late``: the seconds each of them hesitates.
    """

    def run(*works, late=(0,) * 8):
        def one(number):
            time.sleep(late[number])
            return works[number]()

        results = in_threads(one, len(works))
        unexpected = [each for each in results if isinstance(each, Exception)]
        assert all(isinstance(each, EXPECTED) for each in unexpected), results
        assert violations() == []
        return results

    return run


# --- Eight times the same: it happens once ------------------------------------------------------


def starting():
    run = a_run((a_spool(), 10), printer=a_printer())
    return run, lambda: lifecycle.start(run, by=None), InvalidRunStatus


def unstarting():
    run = a_running_run((a_spool(), 10))
    return run, lambda: lifecycle.unstart(run, by=None), InvalidRunStatus


def completing():
    spool = a_spool()
    run = a_running_run((spool, 10))
    return (
        run,
        lambda: completion.complete(run, by=None, materials=[took(spool, 9)]),
        InvalidRunStatus,
    )


def failing():
    run = a_running_run((a_spool(), 10))
    why = Reason.objects.get(kind="failure", code="nozzle_clog")
    return (
        run,
        lambda: completion.fail(run, by=None, reason=why, progress_percent=50),
        InvalidRunStatus,
    )


def cancelling():
    spool = a_spool()
    run = a_running_run((spool, 10))
    return run, lambda: lifecycle.cancel(run, by=None, materials=[took(spool, 4)]), InvalidRunStatus


def deleting():
    run = a_run((a_spool(), 10))
    return run, lambda: lifecycle.delete(run, by=None), ProductionRun.DoesNotExist


def restoring():
    run = a_run((a_spool(), 10))
    lifecycle.delete(run, by=None)
    return run, lambda: lifecycle.restore(run, by=None), InvalidRunStatus


def reverting():
    run = printed((a_spool(), 10))
    return run, lambda: completion.revert(run, by=None), InvalidRunStatus


def reassigning():
    wrong, right = spools_of_one(2)
    run = printed((wrong, 10))
    line = run.materials.get().pk
    return (
        run,
        lambda: completion.reassign(run, by=None, line=line, spool=right),
        NothingToReassign,
    )


def taking_a_note_back():
    run = a_running_run((a_spool(), 10))
    midprint.save_actuals(run, by=None, actual_minutes=5)
    event = run.events.get(verb="save_actuals").pk
    return run, lambda: last_action.undo(run, event=event, by=None), NothingToUndo


def swapping():
    one, two = spools_of_one(2)
    run = a_running_run((one, 10))
    so_far = took(one, 3)
    return run, lambda: midprint.swap_spool(run, by=None, spool=two, so_far=so_far), DuplicateSpool


def adding_a_spool():
    spool = a_spool()
    run = a_run()
    return (
        run,
        lambda: lines.add_material(run, by=None, spool=spool, planned_grams=10),
        DuplicateSpool,
    )


@pytest.mark.parametrize(
    "arrange",
    [
        starting,
        unstarting,
        completing,
        failing,
        cancelling,
        deleting,
        restoring,
        reverting,
        reassigning,
        taking_a_note_back,
        swapping,
        adding_a_spool,
    ],
)
@pytest.mark.usefixtures("committed_farm")
def test_what_eight_do_at_once_to_a_run_is_done_once(at_once, arrange):
    run, work, refusal = arrange()
    events, entries = run.events.count(), run.transactions.count()
    results = at_once(*[work] * 8)
    assert refusals(results) == [refusal] * 7
    assert run.events.count() == events + 1
    assert run.transactions.count() - entries <= 2  # of one carrying out: a reversal and a usage


@pytest.mark.usefixtures("committed_farm")
def test_a_delivery_that_eight_take_back_at_once_goes_once(at_once):
    receipt = receiving.receive_many(filament=a_filament(), count=3, by=None)[0].transactions.get()
    results = at_once(*[lambda: receipts.undo_receipt(receipt, by=None)] * 8)
    assert refusals(results) == [NothingToUndo] * 7
    assert InventoryTransaction.objects.filter(kind="reversal").count() == 3


# --- Two that are in each other's way -----------------------------------------------------------

# Who comes first is chance; so each race is run again with a head start for the one and the other.
HEAD_STARTS = {"nobody first": (0, 0), "one first": (0, 0.004), "another first": (0.004, 0)}
RACES = races_for_a_run.RACES + races_for_filament.RACES + races_for_a_delivery.RACES
RACES += races_for_the_catalogue.RACES + races_for_a_hold.RACES


@pytest.mark.parametrize("late", HEAD_STARTS.values(), ids=HEAD_STARTS.keys())
@pytest.mark.parametrize("race", RACES)
@pytest.mark.usefixtures("committed_farm")
def test_two_at_once_end_as_one_after_the_other_would(at_once, race, late):
    works, judge = race()
    judge(at_once(*works, late=late))


def test_the_races_are_of_real_threads(in_threads):
    backends = in_threads(lambda _: _backend(), 4)
    assert len(set(backends)) == 4
    assert RunEvent.objects.count() == 0


def _backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()
