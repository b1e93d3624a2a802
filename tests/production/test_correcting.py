"""Correcting a closed run: only what changed moves, and a count stays the truth of the shelf."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool
from inventory.services.ledger import InsufficientInventory
from inventory.services.spools import scale
from production.models import Reason
from production.services import completion
from production.services.completion import plausibility
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.completion.correcting import NothingToReassign
from production.services.requirements.claims import IncompatibleSpool
from production.services.run_state import InvalidRunStatus
from tests.factories import (
    a_filament,
    a_material_type,
    a_product,
    a_running_run,
    a_spool,
)
from tests.production.completed_runs import printed, took
from tests.queries import remaining, violations

pytestmark = pytest.mark.usefixtures("farm")


def correct(run, *materials, **given):
    return completion.correct(run, by=None, materials=materials, **given)


def moves(entries):
    return [(entry.kind, entry.grams) for entry in entries]


@pytest.fixture(autouse=True)
def _all_is_well(farm):
    yield
    assert violations() == []


def test_only_the_line_that_changed_gets_entries():
    one, two = a_spool(1000), a_spool(1000)
    run = printed((one, 100), (two, 50))
    done = correct(run, took(one, 110))
    assert moves(done.entries) == [("reversal", 100), ("usage", -110)]
    assert (remaining(one), remaining(two), done.run.status) == (890, 950, "completed")
    assert done.variance["grams"]["total"]["actual"] == 160
    assert run.events.last().verb == "correct"


def test_a_correction_of_nothing_books_nothing():
    spool = a_spool(1000)
    assert correct(printed((spool, 100)), took(spool, 100)).entries == []


def test_counts_and_minutes_are_corrected_without_an_entry():
    run = printed(items=[(a_product(), 5)])
    item = run.items.get()
    done = correct(
        run,
        items=[ItemCount(item=item.pk, good_count=3, scrapped_count=2)],
        actual_minutes=Decimal(61),
    )
    item.refresh_from_db()
    assert (item.good_count, item.scrapped_count, done.run.actual_minutes) == (3, 2, 61)


def test_after_a_weighing_cost_and_variance_change_and_the_balance_does_not():
    spool = a_spool(1000, price=Decimal(20))
    run = printed((spool, 100))
    scale.weigh(spool, gross_grams=1080, by=None)  # 880 net: the print really took 120
    done = correct(run, took(spool, 120))
    assert moves(done.entries) == [("reversal", 100), ("count", 20), ("usage", -120)]
    assert remaining(spool) == 880
    assert done.variance["cost"]["material"]["actual"] == Decimal("2.4")


def test_a_correction_downwards_after_a_weighing_keeps_the_weighed_balance():
    spool = a_spool(1000)
    run = printed((spool, 100))
    scale.weigh(spool, gross_grams=200, by=None, confirm=True)  # counted empty
    done = correct(run, took(spool, 60))
    assert (remaining(spool), moves(done.entries)) == (
        0,
        [("reversal", 100), ("count", -40), ("usage", -60)],
    )


def test_a_weight_after_is_compared_with_the_book_before_the_run():
    spool = a_spool(1000)
    run = printed((spool, 100))
    printed((spool, 50))
    correct(run, MaterialActual(spool=spool.pk, gross_after_grams=Decimal(1090)))
    assert remaining(spool) == 840


def test_a_settled_line_is_corrected_with_its_count():
    spool = a_spool(50)
    run = a_running_run((spool, 50))
    run = completion.complete(run, by=None, materials=[took(spool, 60, settle=True)]).run
    correct(run, took(spool, 45))
    assert remaining(spool) == 5


def test_a_correction_can_not_take_more_than_there_is():
    spool = a_spool(100)
    run = printed((spool, 90))
    with pytest.raises(InsufficientInventory):
        correct(run, took(spool, 101))
    assert remaining(spool) == 10


def test_an_implausible_correction_must_be_confirmed():
    spool = a_spool(1000)
    run = printed((spool, 100))
    with pytest.raises(plausibility.ActualImplausible):
        correct(run, took(spool, 200))


def test_a_dry_correction_shows_the_compensating_count_and_leaves_all():
    spool = a_spool(1000)
    run = printed((spool, 100))
    scale.weigh(spool, gross_grams=1095, by=None)
    done = correct(run, took(spool, 105), dry_run=True)
    assert [entry.kind for entry in done.entries] == ["reversal", "count", "usage"]
    assert spool.transactions.count() == 3


def test_only_a_completed_run_is_corrected():
    with pytest.raises(InvalidRunStatus):
        correct(a_running_run())


def test_consumption_moves_from_the_wrong_spool_to_the_right_one():
    filament = a_filament()
    wrong, right = (a_spool(1000, filament=filament) for _ in range(2))
    run = printed((wrong, 100))
    line = run.materials.get()
    done = completion.reassign(run, by=None, line=line.pk, spool=right)
    assert (remaining(wrong), remaining(right)) == (1000, 900)
    assert moves(done.entries) == [("reversal", 100), ("usage", -100)]
    line.refresh_from_db()
    assert (line.spool, line.actual_grams) == (right, 100)


def test_consumption_moves_to_another_line_of_the_run():
    filament = a_filament()
    one, two = (a_spool(1000, filament=filament) for _ in range(2))
    run = printed((one, 100), (two, 40))
    line = run.materials.get(spool=one)
    completion.reassign(run, by=None, line=line.pk, spool=two)
    assert (remaining(one), remaining(two)) == (1000, 860)
    assert run.materials.get(spool=two).actual_grams == 140
    assert run.materials.get(spool=one).actual_grams == 0


def test_weighed_spools_keep_their_balance_when_consumption_moves():
    filament = a_filament()
    wrong, right = (a_spool(1000, filament=filament) for _ in range(2))
    run = printed((wrong, 100))
    scale.weigh(wrong, gross_grams=1200, by=None, confirm=True)  # full: it was not this one
    scale.weigh(right, gross_grams=1100, by=None, confirm=True)  # it was this
    line = run.materials.get()
    completion.reassign(run, by=None, line=line.pk, spool=right)
    assert (remaining(wrong), remaining(right)) == (1000, 900)


def test_a_failed_runs_waste_stays_waste_on_the_right_spool():
    filament = a_filament()
    wrong, right = (a_spool(1000, filament=filament) for _ in range(2))
    run = a_running_run((wrong, 100))
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    completion.fail(run, by=None, reason=clogged, materials=[took(wrong, 30)])
    completion.reassign(run, by=None, line=run.materials.get().pk, spool=right)
    assert right.transactions.last().kind == "waste"


def test_a_spool_of_another_material_is_refused():
    spool = a_spool(1000)
    run = printed((spool, 100))
    petg = a_spool(filament=a_filament(material_type=a_material_type("PETG")))
    with pytest.raises(IncompatibleSpool):
        completion.reassign(run, by=None, line=run.materials.get().pk, spool=petg)


def test_there_must_be_something_to_move():
    spool = a_spool(1000)
    run = printed((spool, 100))
    with pytest.raises(NothingToReassign):
        completion.reassign(run, by=None, line=run.materials.get().pk, spool=spool)
    with pytest.raises(NothingToReassign):
        completion.reassign(run, by=None, line=0, spool=spool)


def test_an_archived_spool_comes_back_when_grams_return_to_it():
    filament = a_filament()
    wrong, right = (a_spool(1000, filament=filament) for _ in range(2))
    run = printed((wrong, 1000))
    Spool.objects.filter(pk=wrong.pk).update(archived_at=timezone.now())
    completion.reassign(run, by=None, line=run.materials.get().pk, spool=right)
    assert Spool.objects.get(pk=wrong.pk).archived_at is None
