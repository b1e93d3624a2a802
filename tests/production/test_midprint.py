"""What happens while a run prints."""

from decimal import Decimal

import pytest

from inventory.models import Spool
from inventory.services.ledger import InsufficientInventory
from production.services import completion
from production.services.completion import actuals
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.printing import midprint
from production.services.requirements.claims import DuplicateSpool, IncompatibleSpool
from production.services.run_state import InvalidRunStatus, NotInRun
from tenants.operations.refusals import Invalid
from tests.factories import (
    a_filament,
    a_material_type,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    spools_of_one,
)
from tests.production.completed_runs import took
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")


def gave(spool, grams):
    return MaterialActual(spool=spool.pk, actual_grams=Decimal(grams))


@pytest.fixture
def spare(farm):
    """A full spool of the filament that is printed."""
    return a_spool(1000, filament=a_filament("Galaxy"))


@pytest.fixture
def low(spare):
    return a_spool(100, filament=spare.filament)


def test_a_spool_that_ran_out_gave_all_it_had_and_the_claim_moves_on(low, spare):
    run = a_running_run((low, 90))
    line = run.materials.get()
    Spool.objects.filter(pk=low.pk).update()  # the book says 100
    new = midprint.swap_spool(run, by=None, spool=spare, line=line.pk, is_empty=True)
    line.refresh_from_db()
    assert (line.actual_grams, fresh(low).reserved_grams) == (100, 100)
    assert (new.planned_grams, new.reserved_grams, fresh(spare).reserved_grams) == (0, 0, 0)


def test_the_rest_of_the_claim_moves_to_the_new_spool_and_both_are_booked(low, spare):
    run = a_running_run((low, 90))
    midprint.swap_spool(run, by=None, spool=spare, so_far=gave(low, 30))
    assert (fresh(low).reserved_grams, fresh(spare).reserved_grams) == (30, 60)
    completion.complete(run, by=None, materials=[gave(spare, 62)])
    assert (fresh(low).remaining_grams, fresh(spare).remaining_grams) == (70, 938)
    assert not Spool.objects.exclude(reserved_grams=0).exists()


def test_the_scale_may_say_what_the_old_spool_gave(low, spare):
    run = a_running_run((low, 90))
    weight = MaterialActual(spool=low.pk, gross_after_grams=Decimal(260))
    midprint.swap_spool(run, by=None, spool=spare, so_far=weight)
    assert run.materials.get(spool=low).actual_grams == 40


def test_a_swap_says_what_the_old_spool_gave_and_which_it_was(low, spare):
    run = a_running_run((low, 90))
    with pytest.raises(actuals.ActualsMissing):
        midprint.swap_spool(run, by=None, spool=spare, line=run.materials.get().pk)
    with pytest.raises(NotInRun):
        midprint.swap_spool(run, by=None, spool=spare, is_empty=True)


def test_a_swap_to_the_wrong_or_a_used_spool_is_refused(low, spare):
    run = a_running_run((low, 90))
    petg = a_spool(filament=a_filament(material_type=a_material_type("PETG")))
    with pytest.raises(IncompatibleSpool):
        midprint.swap_spool(run, by=None, spool=petg, so_far=gave(low, 30))
    with pytest.raises(DuplicateSpool):
        midprint.swap_spool(run, by=None, spool=low, so_far=gave(low, 30))


def test_a_swap_to_a_spool_that_is_too_short_changes_nothing(low, spare):
    shorter = a_spool(20, filament=spare.filament)
    run = a_running_run((low, 90))
    with pytest.raises(InsufficientInventory):
        midprint.swap_spool(run, by=None, spool=shorter, so_far=gave(low, 30))
    assert (fresh(low).reserved_grams, run.materials.count()) == (90, 1)


def test_a_run_that_is_not_printing_swaps_nothing(low, spare):
    run = a_run((low, 90))
    with pytest.raises(InvalidRunStatus):
        midprint.swap_spool(run, by=None, spool=spare, so_far=gave(low, 30))


def test_drafts_are_kept_and_prefill_the_completion(low):
    run = a_running_run((low, 50), items=[(a_product(), 4)])
    item = run.items.get()
    midprint.save_actuals(
        run,
        by=None,
        materials=[gave(low, 48)],
        items=[ItemCount(item=item.pk, good_count=3, scrapped_count=1)],
        actual_minutes=Decimal(55),
    )
    assert (fresh(low).remaining_grams, fresh(low).reserved_grams) == (100, 50)
    done = completion.complete(run, by=None)
    assert (done.run.actual_minutes, done.variance["items"][0]["good"]) == (55, 3)
    assert fresh(low).remaining_grams == 52


def test_a_draft_that_can_not_be_is_refused():
    run = a_running_run(items=[(a_product(), 4)])
    count = ItemCount(item=run.items.get().pk, good_count=5)
    with pytest.raises(actuals.CountsExceedQuantity):
        midprint.save_actuals(run, by=None, items=[count])


def test_progress_is_a_percent():
    run = midprint.progress(a_running_run(), by=None, percent="42.5")
    assert run.progress_percent == Decimal("42.5")
    for wrong in ("NaN", -1, 101):
        with pytest.raises(Invalid):
            midprint.progress(run, by=None, percent=wrong)


def test_a_spool_gives_no_more_than_it_has():
    one, two = spools_of_one(2, grams=500)
    run = a_running_run((one, 80))
    with pytest.raises(midprint.MoreThanOnSpool) as refused:
        midprint.swap_spool(run, by=None, spool=two, so_far=took(one, 99999))
    numbers = refused.value.numbers
    assert (numbers["has_grams"], numbers["gave_grams"]) == (500, 99999)
    midprint.swap_spool(run, by=None, spool=two, so_far=took(one, 500))
