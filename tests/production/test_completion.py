"""Completing a run, and taking it back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import InventoryTransaction, Spool
from inventory.services.ledger import InsufficientInventory
from inventory.services.spools import scale
from production.models import ProductionRun
from production.services import completion, run_state
from production.services.completion import actuals, plausibility
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.overrides import UndoNotPermitted
from production.services.run_state import InvalidRunStatus
from production.services.runs import lifecycle
from tenants.operations.refusals import Invalid
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.completed_runs import took
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")


def complete(run, *materials, **given):
    return completion.complete(run, by=None, materials=materials, **given)


def test_a_completed_run_took_its_actual_grams_from_the_shelf():
    one, two = a_spool(1000), a_spool(500)
    run = a_running_run((one, 100, 5), (two, 40))
    done = complete(run, took(one, 110, 4), took(two, 38))
    assert (done.run.status, fresh(one).remaining_grams, fresh(two).remaining_grams) == (
        "completed",
        886,
        462,
    )
    assert [(entry.kind, entry.grams) for entry in done.entries] == [
        ("usage", -114),
        ("usage", -38),
    ]
    assert fresh(one).reserved_grams == fresh(two).reserved_grams == 0
    assert done.variance["grams"]["total"]["difference"] == Decimal(7)


def test_the_printer_needs_clearing_after_a_run():
    printer = a_printer()
    complete(a_running_run(printer=printer))
    assert fresh(printer).needs_clearing


def test_a_second_completion_has_no_effect():
    spool = a_spool()
    run = a_running_run((spool, 10))
    complete(run, took(spool, 10))
    with pytest.raises(InvalidRunStatus) as refused:
        complete(run, took(spool, 10))
    assert refused.value.numbers["run_status"] == "completed"
    assert fresh(spool).remaining_grams == 990


def test_purge_that_was_planned_and_not_told_is_asked_for_by_itself():
    one, two = a_spool(), a_spool()
    run = a_running_run((one, 10), (two, 10, 2))
    with pytest.raises(actuals.ActualsMissing) as refused:
        complete(run, took(two, 9))
    grams, purge = run.materials.order_by("pk")
    assert refused.value.errors["materials"] == [
        f"Material {grams.pk} has no actual.",
        f"Material {purge.pk} has no actual purge.",
    ]
    question, purged = refused.value.detail.split("Or book it as planned. ")
    assert (one.code in question, two.code in question) == (True, False)
    assert purged.startswith(f"How much was flushed? 2 g of spool {two.code} were planned as purge")


def test_what_nobody_said_is_missing_never_as_planned():
    one, two, product = a_spool(), a_spool(), a_product()
    run = a_running_run((one, 10), (two, 10, 2), items=[(product, 4)])
    item = ItemCount(item=run.items.get().pk, good_count=4)
    with pytest.raises(actuals.ActualsMissing, match="How many"):
        complete(run, took(one, 10), took(two, 10, 2))
    with pytest.raises(actuals.ActualsMissing) as refused:
        complete(run, took(two, 10), items=[item])
    assert len(refused.value.numbers["material_ids"]) == 2  # one unsaid, the purge of the other
    done = complete(run, as_planned=True)
    assert fresh(two).remaining_grams == 988
    assert {line.actual_source for line in done.run.materials.all()} == {"as_planned"}
    assert done.run.items.get().good_count == 4


def test_the_scale_after_the_print_says_what_it_took():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    complete(run, MaterialActual(spool=spool.pk, gross_after_grams=Decimal(1095)))
    assert fresh(spool).remaining_grams == 895
    assert run.materials.get().actual_source == "weighed"


def test_before_and_after_need_no_tare():
    spool = a_spool(filament=a_filament(tare_grams=None))
    run = a_running_run((spool, 100, 5))
    weights = MaterialActual(
        spool=spool.pk, gross_before_grams=Decimal(1200), gross_after_grams=Decimal(1090)
    )
    complete(run, weights)
    line = run.materials.get()
    assert (line.actual_grams, line.actual_purge_grams) == (105, 5)


@pytest.mark.parametrize("before", [None, Decimal(1190)])
def test_a_spool_does_not_get_heavier_by_printing(before):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    weights = MaterialActual(
        spool=spool.pk, gross_before_grams=before, gross_after_grams=Decimal(1201)
    )
    with pytest.raises(actuals.AfterAboveBefore):
        complete(run, weights)
    assert fresh(spool).remaining_grams == 1000


def test_a_slip_of_the_finger_must_be_confirmed():
    spool = a_spool()
    run = a_running_run((spool, Decimal("5.7")))
    with pytest.raises(plausibility.ActualImplausible, match="140 g, planned 5.7 g"):
        complete(run, took(spool, 140))
    complete(run, took(spool, 140), confirm=True)
    assert fresh(spool).remaining_grams == 860


def test_fifty_good_of_five_are_refused():
    product = a_product()
    run = a_running_run(items=[(product, 5)])
    item = run.items.get()
    with pytest.raises(actuals.CountsExceedQuantity):
        complete(run, items=[ItemCount(item=item.pk, good_count=50)])
    with pytest.raises(actuals.CountsExceedQuantity):
        complete(run, items=[ItemCount(item=item.pk, good_count=-1)])
    complete(run, items=[ItemCount(item=item.pk, good_count=3, scrapped_count=1)])


def test_figures_of_another_run_are_refused():
    run, other = a_running_run((a_spool(), 10)), a_running_run((a_spool(), 10))
    with pytest.raises(actuals.NotInRun):
        complete(run, MaterialActual(line=other.materials.get().pk, actual_grams=Decimal(1)))


def test_a_run_takes_all_or_nothing():
    full, low = a_spool(1000), a_spool(50)
    run = a_running_run((full, 100), (low, 50))
    with pytest.raises(InsufficientInventory) as refused:
        complete(run, took(full, 100), took(low, 51))
    (short,) = refused.value.numbers["shortages"]
    assert short["spool_id"] == low.pk
    assert (fresh(full).remaining_grams, fresh(run).status) == (1000, "in_progress")


def test_settling_a_line_books_what_the_print_really_used():
    spool = a_spool(50)
    run = a_running_run((spool, 50))
    done = complete(run, took(spool, 60, settle=True))
    assert [(entry.kind, entry.grams) for entry in done.entries] == [("count", 10), ("usage", -60)]
    assert fresh(spool).remaining_grams == 0


def test_a_dry_run_says_everything_and_does_nothing():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    before = fresh(run)
    done = complete(run, took(spool, 110), dry_run=True)
    assert (done.variance["grams"]["total"]["difference"], done.entries[0].grams) == (10, -110)
    assert fresh(run).status == before.status
    assert fresh(run).version == before.version
    assert fresh(spool).remaining_grams == 1000
    assert not run.transactions.exists()


def test_the_end_lies_between_the_start_and_now():
    run = a_running_run()
    for wrong in (run.started_at - timedelta(minutes=1), timezone.now() + timedelta(days=1)):
        with pytest.raises(Invalid):
            complete(run, finished_at=wrong)


def test_nothing_has_changed_when_the_last_write_fails(monkeypatch):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))

    def broken(*changes):
        raise RuntimeError("the event could not be written")

    monkeypatch.setattr(run_state, "write", broken)
    with pytest.raises(RuntimeError):
        complete(run, took(spool, 100))
    assert (fresh(spool).remaining_grams, fresh(spool).reserved_grams) == (1000, 100)
    assert (fresh(run).status, run.transactions.count()) == ("in_progress", 0)


def test_a_reverted_run_nets_to_zero_and_claims_again():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    complete(run, took(spool, 110))
    run = completion.revert(run, by=None, reason="Wrong run")
    assert (run.status, fresh(spool).remaining_grams, fresh(spool).reserved_grams) == (
        "in_progress",
        1000,
        110,
    )
    assert sum(entry.grams for entry in run.transactions.all()) == 0
    assert run.materials.get().actual_grams == 110
    assert run.finished_at is not None
    assert run.reopened_at is not None
    complete(run)
    assert fresh(spool).remaining_grams == 890


def test_a_settled_run_reverts_to_the_book_as_it_was():
    spool = a_spool(50)
    run = a_running_run((spool, 50))
    complete(run, took(spool, 60, settle=True))
    completion.revert(run, by=None)
    assert fresh(spool).remaining_grams == 50


def test_a_cancelled_run_reverts_to_the_status_it_had():
    spool = a_spool(100)
    for run, status in (
        (a_run((spool, 40)), "planned"),
        (a_running_run((spool, 40)), "in_progress"),
    ):
        lifecycle.cancel(run, by=None)
        assert completion.revert(run, by=None).status == status
    assert fresh(spool).reserved_grams == 80


def test_a_revert_restores_an_archived_spool():
    spool = a_spool(100)
    run = a_running_run((spool, 100))
    complete(run, took(spool, 100))
    Spool.objects.filter(pk=spool.pk).update(archived_at=timezone.now())
    completion.revert(run, by=None)
    assert fresh(spool).archived_at is None
    assert spool.events.get().verb == "restored"


def test_a_count_since_stops_a_revert_unless_a_manager_confirms(operator, manager):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    complete(run, took(spool, 100))
    scale.weigh(spool, gross_grams=1100, by=None)
    with pytest.raises(completion.CountedSince, match=spool.code):
        completion.revert(run, by=manager)
    with pytest.raises(UndoNotPermitted):
        completion.revert(run, by=operator, confirm=True)
    completion.revert(run, by=manager, confirm=True)
    assert (fresh(spool).remaining_grams, fresh(spool).needs_weighing) == (1000, True)


def test_an_operator_undoes_their_own_last_verb_for_half_an_hour(operator, manager):
    begun = timezone.now() - timedelta(minutes=40)
    run = lifecycle.start(a_run(by=operator, at=begun), by=operator, at=begun)
    closed = begun + timedelta(minutes=1)
    run = completion.complete(run, by=operator, at=closed).run
    half_an_hour_later = closed + timedelta(minutes=30)
    with pytest.raises(UndoNotPermitted):
        completion.revert(run, by=operator, at=half_an_hour_later + timedelta(seconds=1))
    run = completion.revert(run, by=operator, at=half_an_hour_later)
    run = completion.complete(run, by=manager).run
    with pytest.raises(UndoNotPermitted):
        completion.revert(run, by=operator)
    assert completion.revert(run, by=manager).status == "in_progress"


def test_a_run_reverts_once():
    run = complete(a_running_run()).run
    completion.revert(run, by=None)
    with pytest.raises(InvalidRunStatus):
        completion.revert(run, by=None)


def test_a_run_that_booked_nothing_is_still_completed():
    run = complete(a_running_run()).run
    assert run.status == ProductionRun.Status.COMPLETED
    assert not InventoryTransaction.objects.exists()
