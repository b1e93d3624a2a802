"""Two verbs at once over the same spools: who gets the filament, and what was weighed.

Each race answers its two works, and a judge of what they returned: of the results in order.
"""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from inventory.models import Spool
from inventory.services.doubles import SpoolMerged
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from inventory.services.spools import consumption, merging, revaluing, scale, shelf
from inventory.services.spools.shelf import SpoolClaimed, SpoolLoaded
from production.models import PrinterSlot, ProductionRun
from production.services import completion
from production.services.best_fit import taking
from production.services.completion import CountedSince
from production.services.printing import midprint, slots
from production.services.runs import lifecycle, planning, repeats
from production.services.runs.lines import NewMaterial
from tests.factories import a_printer, a_run, a_running_run, a_spool, spools_of_one
from tests.production.completed_runs import printed, took
from tests.production.verbs.preparation import a_bare_line
from tests.queries import remaining
from tests.responses import refusals


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
    run = printed((wrong, 100))
    line = run.materials.get().pk

    def judge(results):
        assert refusals(results) == []
        assert (remaining(wrong), remaining(right)) == (1000, 900)

    return [
        lambda: completion.reassign(run, by=None, line=line, spool=right),
        lambda: scale.weigh(right, gross_grams=1100, by=None, confirm=True),
    ], judge


def correct_and_weigh():
    spool = a_spool(1000)
    run = printed((spool, 100))

    def judge(results):
        assert refusals(results) == []
        assert remaining(spool) == 880

    return [
        lambda: completion.correct(run, by=None, materials=[took(spool, 130)]),
        lambda: scale.weigh(spool, gross_grams=1080, by=None, confirm=True),
    ], judge


def revert_and_weigh():
    """Counted first, the run is not reverted; reverted first, the count is of the full spool."""
    spool = a_spool(1000)
    run = printed((spool, 100))

    def judge(results):
        assert refusals(results) in ([], [CountedSince])
        assert remaining(spool) == 895

    return [
        lambda: completion.revert(run, by=None),
        lambda: scale.weigh(spool, gross_grams=1095, by=None, confirm=True),
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


def load_and_archive():
    spool, slot = a_spool(1000), PrinterSlot.objects.create(printer=a_printer(), label="1")

    def judge(results):
        loaded, _archived = results
        assert refusals(results) == [SpoolArchived if refusals([loaded]) else SpoolLoaded]

    return [
        lambda: slots.load(spool, slot=slot, by=None),
        lambda: shelf.archive(spool, by=None, discard=False),
    ], judge


def restore_and_create():
    """What the deleted run had reserved is there for it, or for another run."""
    spool = a_spool(100)
    run = a_run((spool, 60))
    lifecycle.delete(run, by=None)
    material = NewMaterial(spool=spool, planned_grams=Decimal(60))

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert ProductionRun.objects.live().count() == 1
        assert Spool.objects.get().reserved_grams == 60

    return [
        lambda: lifecycle.restore(run, by=None),
        lambda: lifecycle.create(by=None, materials=[material]),
    ], judge


def create_and_create():
    spool = a_spool(100)
    material = NewMaterial(spool=spool, planned_grams=Decimal(60))

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert ProductionRun.objects.get().number.endswith("-001")

    return [lambda: lifecycle.create(by=None, materials=[material])] * 2, judge


def orders_that_name_their_spools_in_another_order():
    """Two orders of two runs each: there is enough for one of them."""
    one, two = spools_of_one(2, grams=100)
    orders = [
        [{"materials": [NewMaterial(spool=spool, planned_grams=Decimal(60))]} for spool in order]
        for order in ((one, two), (two, one))
    ]

    def judge(results):
        assert refusals(results) == [planning.RunsRefused]
        assert [run.status for run in ProductionRun.objects.all()] == ["planned"] * 2

    return [lambda runs=runs: planning.create_many(runs, by=None) for runs in orders], judge


def take_one_spool_for_two_runs():
    """The spool has enough for one of two; both are taken together with another run each."""
    spool, other = a_spool(100), a_spool(100)
    lines = [a_bare_line(60, spool=spool)[0] for _ in range(2)]
    more = [a_bare_line(60, spool=other)[0], a_bare_line(40, spool=other)[0]]
    chosen = [
        [(lines[0], [spool]), (more[0], [other])],
        [(more[1], [other]), (lines[1], [spool])],
    ]

    def judge(results):
        refused = [each.refusal.code for done in results for each in done if each.refusal]
        assert refused == ["insufficient_inventory"]
        reserved = Spool.objects.filter(pk__in=[spool.pk, other.pk]).order_by("pk")
        assert list(reserved.values_list("reserved_grams", flat=True)) == [60, 100]

    return [lambda mine=mine: taking.take(mine, by=None) for mine in chosen], judge


def take_and_start():
    """A run is started from its printer while a proposal of another spool for it is taken."""
    line, spool = a_bare_line()
    other = a_spool(filament=spool.filament)

    def judge(results):
        line.refresh_from_db()
        [taken] = results[0]
        assert taken.refusal is None or taken.refusal.code == "invalid_run_status"
        assert line.spool == other
        assert sum(Spool.objects.values_list("reserved_grams", flat=True)) == 10

    return [
        lambda: taking.take([(line, [spool])], by=None),
        lambda: lifecycle.start(line.run, by=None, spools={line.pk: other}),
    ], judge


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
        lambda: scale.weigh(spool, gross_grams=1140, by=None, confirm=True),
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


def complete_and_use_by_hand():
    spool = a_spool(100)
    run = a_running_run((spool, 60))

    def judge(results):
        assert refusals(results) == [InsufficientInventory]
        assert remaining(spool) in (40, 30)

    return [
        lambda: completion.complete(run, by=None, as_planned=True),
        lambda: consumption.use(spool, grams=70, by=None),
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


def revalue_and(verb):
    """Every standing entry has the new price, or what was reversed is reversed once."""
    spool = a_spool(1000, price=20)
    run = printed((spool, 100))
    work = verb(run, shelf.describe(spool, price=30, by=None))

    def judge(results):
        assert refusals(results) == []
        standing = run.transactions.consumption()
        assert {entry.cost_per_gram for entry in standing} <= {Decimal("0.03")}
        assert remaining(spool) == 1000 + sum(entry.grams for entry in standing)

    return [lambda: revaluing.revalue(spool, by=None), work], judge


def revalue_and_correct():
    return revalue_and(
        lambda run, spool: lambda: completion.correct(run, materials=[took(spool, 90)], by=None)
    )


def revalue_and_revert():
    return revalue_and(lambda run, spool: lambda: completion.revert(run, by=None))


def revalue_and_revalue():
    return revalue_and(lambda run, spool: lambda: revaluing.revalue(spool, by=None))


def merge_and_use():
    """What is used of a double goes to the spool, or is refused: nothing is lost."""
    kept, double = spools_of_one(2)

    def judge(results):
        used = 10 if refusals(results) == [] else 0
        assert used or refusals(results) == [SpoolMerged]
        assert (remaining(kept), remaining(double)) == (1000 - used, 0)

    return [
        lambda: merging.merge(kept, double=double, reason="The same tag", by=None),
        lambda: consumption.use(double, grams=10, by=None),
    ], judge


def merge_either_way():
    first, second = spools_of_one(2)

    def judge(results):
        assert refusals(results) == [SpoolMerged]
        assert sorted([remaining(first), remaining(second)]) == [0, 1000]

    return [
        lambda: merging.merge(first, double=second, reason="The same tag", by=None),
        lambda: merging.merge(second, double=first, reason="The same tag", by=None),
    ], judge


RACES = [
    merge_and_use,
    merge_either_way,
    revalue_and_correct,
    revalue_and_revert,
    revalue_and_revalue,
    two_runs_take_the_spool_in_a_slot,
    reassign_and_weigh,
    correct_and_weigh,
    revert_and_weigh,
    create_and_archive,
    load_and_archive,
    restore_and_create,
    create_and_create,
    orders_that_name_their_spools_in_another_order,
    take_one_spool_for_two_runs,
    take_and_start,
    weigh_and_complete,
    complete_and_complete_of_two_runs,
    complete_and_use_by_hand,
    record_and_record,
    runs_that_name_their_spools_in_another_order,
    swaps_that_cross,
]
