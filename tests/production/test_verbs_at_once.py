"""Verbs at once, by people who really are in each other's way: one effect each, or both where both
are right, to the gram; everybody else is told why not. Nothing waits for ever, nothing is lost.
"""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import Spool
from inventory.services import handling, shelf, spools
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from inventory.services.shelf import SpoolClaimed
from production.models import PrinterSlot, ProductionRun, Reason, RunEvent
from production.services import (
    completion,
    invariants,
    lifecycle,
    lines,
    midprint,
    planning,
    repeats,
)
from production.services.actuals import MaterialActual
from production.services.claims import DuplicateSpool
from production.services.completion import CountedSince
from production.services.completion.correcting import NothingToReassign
from production.services.lines import NewMaterial, PlanFrozen
from production.services.moves import InvalidRunStatus
from production.services.readiness import PrinterBusy
from tests.factories import a_filament, a_printer, a_run, a_running_run, a_spool

# Who comes first is chance; so each race is run again with a head start for the one and the other.
HEAD_STARTS = {"nobody first": (0, 0), "one first": (0, 0.004), "another first": (0.004, 0)}

Gone = ProductionRun.DoesNotExist


def took(spool, grams):
    return MaterialActual(spool=spool.pk, actual_grams=Decimal(grams))


def spools_of_one(count, grams=1000):
    filament = a_filament()
    return [a_spool(grams, filament=filament) for _ in range(count)]


def completed(*takes):
    return completion.complete(a_running_run(*takes), by=None, as_planned=True).run


def clogged():
    return Reason.objects.get(kind="failure", code="nozzle_clog")


def remaining(spool):
    return Spool.objects.get(pk=spool.pk).remaining_grams


def status(run):
    return ProductionRun.objects.get(pk=run.pk).status


def refusals(results):
    return [type(result) for result in results if isinstance(result, Exception)]


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
        assert all(hasattr(each, "code") or isinstance(each, Gone) for each in unexpected), results
        assert list(invariants.violations()) == []
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
    run, why = a_running_run((a_spool(), 10)), clogged()
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
    return run, lambda: lifecycle.delete(run, by=None), Gone


def reverting():
    run = completed((a_spool(), 10))
    return run, lambda: completion.revert(run, by=None), InvalidRunStatus


def reassigning():
    wrong, right = spools_of_one(2)
    run = completed((wrong, 10))
    line = run.materials.get().pk
    return (
        run,
        lambda: completion.reassign(run, by=None, line=line, spool=right),
        NothingToReassign,
    )


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
        reverting,
        reassigning,
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


# --- Two that are in each other's way -----------------------------------------------------------
#
# Each race answers its two works, and a judge of what they returned: of the results in order.


def start_and_start_on_one_printer():
    printer = a_printer()
    runs = [a_run(printer=printer) for _ in range(2)]

    def judge(results):
        assert refusals(results) == [PrinterBusy]
        assert sorted(map(status, runs)) == ["in_progress", "planned"]

    return [lambda run=run: lifecycle.start(run, by=None) for run in runs], judge


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


def two_runs_take_the_spool_in_a_slot():
    """There is enough on it for one of the two that find it in their printer."""
    spool = a_spool(100)
    printers = [a_printer() for _ in range(2)]
    PrinterSlot.objects.create(printer=printers[0], label="1", spool=spool)
    material = {"filament": spool.filament, "planned_grams": Decimal(60)}
    runs = [
        lifecycle.create(by=None, materials=[NewMaterial(**material)], printer=printer)
        for printer in printers
    ]
    named = {runs[1].materials.get().pk: spool}

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert Spool.objects.get(pk=spool.pk).reserved_grams == 60

    return [
        lambda: lifecycle.start(runs[0], by=None),
        lambda: lifecycle.start(runs[1], by=None, spools=named),
    ], judge


def reassign_and_weigh():
    """Weighed first, the weight stays; weighed last, it is what is there: 900 g either way."""
    wrong, right = spools_of_one(2)
    run = completed((wrong, 100))
    line = run.materials.get().pk

    def judge(results):
        assert refusals(results) == []
        assert (remaining(wrong), remaining(right)) == (1000, 900)

    return [
        lambda: completion.reassign(run, by=None, line=line, spool=right),
        lambda: spools.weigh(right, gross_grams=1100, by=None, confirm=True),
    ], judge


def correct_and_weigh():
    spool = a_spool(1000)
    run = completed((spool, 100))

    def judge(results):
        assert refusals(results) == []
        assert remaining(spool) == 880

    return [
        lambda: completion.correct(run, by=None, materials=[took(spool, 130)]),
        lambda: spools.weigh(spool, gross_grams=1080, by=None, confirm=True),
    ], judge


def correct_and_correct():
    """The second corrects the first: both are done, and the last word counts."""
    spool = a_spool(1000)
    run = completed((spool, 100))

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
    run = completed((spool, 100))

    def judge(results):
        assert refusals(results) in ([], [InvalidRunStatus])
        assert (status(run), remaining(spool)) == ("in_progress", 1000)

    return [
        lambda: completion.correct(run, by=None, materials=[took(spool, 110)]),
        lambda: completion.revert(run, by=None),
    ], judge


def revert_and_weigh():
    """Counted first, the run is not reverted; reverted first, the count is of the full spool."""
    spool = a_spool(1000)
    run = completed((spool, 100))

    def judge(results):
        assert refusals(results) in ([], [CountedSince])
        assert remaining(spool) == 895

    return [
        lambda: completion.revert(run, by=None),
        lambda: spools.weigh(spool, gross_grams=1095, by=None, confirm=True),
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
            assert (remaining(one), remaining(two), status(run)) == (1000, 1000, "in_progress")

    return [
        lambda: midprint.swap_spool(run, by=None, spool=two, so_far=took(one, 3)),
        lambda: completion.complete(run, by=None, materials=[took(one, 10)]),
    ], judge


def create_and_archive():
    spool = a_spool(1000)
    material = NewMaterial(spool=spool, planned_grams=Decimal(10))

    def judge(results):
        created, archived = results
        first = SpoolClaimed if refusals([archived]) else SpoolArchived
        assert refusals(results) == [first]
        after = Spool.objects.get(pk=spool.pk)
        assert (after.is_archived, after.reserved_grams) in ((True, 0), (False, 10))

    return [
        lambda: lifecycle.create(by=None, materials=[material]),
        lambda: shelf.archive(spool, by=None, discard=False),
    ], judge


def create_and_create():
    spool = a_spool(100)
    material = NewMaterial(spool=spool, planned_grams=Decimal(60))

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert ProductionRun.objects.get().number.endswith("-001")

    return [lambda: lifecycle.create(by=None, materials=[material])] * 2, judge


def orders_that_name_their_spools_in_another_order():
    """Two orders of two runs each: all that is asked for is there for one of them."""
    one, two = spools_of_one(2, grams=100)
    orders = [
        [{"materials": [NewMaterial(spool=spool, planned_grams=Decimal(60))]} for spool in order]
        for order in ((one, two), (two, one))
    ]

    def judge(results):
        assert refusals(results) == [planning.RunsRefused]
        assert [run.status for run in ProductionRun.objects.all()] == ["planned"] * 2

    return [lambda runs=runs: planning.create_many(runs, by=None) for runs in orders], judge


def weigh_and_complete():
    """940 g are weighed: before the print's 50 g are booked, or instead of what the book had."""
    spool = a_spool(1000)
    run = a_running_run((spool, 50))

    def judge(results):
        assert refusals(results) == []
        kinds = list(spool.transactions.order_by("pk").values_list("kind", flat=True))
        assert kinds[1:] in (["count", "usage"], ["usage", "count"])
        assert remaining(spool) == (890 if kinds[-1] == "usage" else 940)

    return [
        lambda: spools.weigh(spool, gross_grams=1140, by=None, confirm=True),
        lambda: completion.complete(run, by=None, materials=[took(spool, 50)]),
    ], judge


def complete_and_complete_of_two_runs():
    spool = a_spool(100)
    runs = [a_running_run((spool, 50)) for _ in range(2)]

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert remaining(spool) == 40

    return [
        lambda run=run: completion.complete(run, by=None, materials=[took(spool, 60)])
        for run in runs
    ], judge


def complete_and_cancel():
    spool = a_spool(100)
    run = a_running_run((spool, 50))

    def judge(results):
        assert refusals(results) == [InvalidRunStatus]
        assert (status(run), remaining(spool)) in (("completed", 50), ("cancelled", 100))

    return [
        lambda: completion.complete(run, by=None, as_planned=True),
        lambda: lifecycle.cancel(run, by=None),
    ], judge


def complete_and_use_by_hand():
    spool = a_spool(100)
    run = a_running_run((spool, 60))

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert remaining(spool) in (40, 30)

    return [
        lambda: completion.complete(run, by=None, as_planned=True),
        lambda: handling.use(spool, grams=70, by=None),
    ], judge


def delete_and_start():
    run = a_run((a_spool(), 10))

    def judge(results):
        assert refusals(results) in ([], [Gone])  # started first, it is deleted all the same
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


def record_and_record():
    spool, now = a_spool(100), timezone.now()

    def record():
        return repeats.record(
            by=None,
            spools=[spool],
            materials=[took(spool, 60)],
            started_at=now - timedelta(hours=2),
            finished_at=now,
        )

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert remaining(spool) == 40
        assert ProductionRun.objects.get().number.endswith("-001")

    return [record, record], judge


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


def runs_that_name_their_spools_in_another_order():
    """Locks are taken by id: nobody waits for somebody who waits."""
    one, two = spools_of_one(2)
    runs = [a_running_run((one, 10), (two, 10)), a_running_run((two, 10), (one, 10))]

    def judge(results):
        assert refusals(results) == []
        assert (remaining(one), remaining(two)) == (980, 980)

    return [
        lambda run=run: completion.complete(run, by=None, as_planned=True) for run in runs
    ], judge


def swaps_that_cross():
    """Each run goes on with the spool that the other one leaves."""
    one, two = spools_of_one(2)
    runs = [a_running_run((one, 10)), a_running_run((two, 10))]
    swaps = [(runs[0], one, two), (runs[1], two, one)]

    def judge(results):
        assert refusals(results) == []
        reserved = Spool.objects.order_by("pk").values_list("reserved_grams", flat=True)
        assert list(reserved) == [10, 10]

    return [
        lambda run=run, old=old, new=new: midprint.swap_spool(
            run, by=None, spool=new, so_far=took(old, 3)
        )
        for run, old, new in swaps
    ], judge


RACES = [
    start_and_start_on_one_printer,
    start_and_revert_on_one_printer,
    two_runs_take_the_spool_in_a_slot,
    reassign_and_weigh,
    correct_and_weigh,
    correct_and_correct,
    correct_and_revert,
    revert_and_weigh,
    swap_and_complete,
    create_and_archive,
    create_and_create,
    orders_that_name_their_spools_in_another_order,
    weigh_and_complete,
    complete_and_complete_of_two_runs,
    complete_and_cancel,
    complete_and_use_by_hand,
    delete_and_start,
    delete_and_complete,
    record_and_record,
    reprint_and_reprint,
    change_a_line_and_start,
    runs_that_name_their_spools_in_another_order,
    swaps_that_cross,
]


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
