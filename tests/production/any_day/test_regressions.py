"""Sequences in which random days found faults."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool
from inventory.services import reversing
from inventory.services.spools import consumption, scale
from production.models import Printer
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.completion.plausibility import ActualImplausible
from production.services.printing import midprint
from production.services.requirements.readiness import PrinterBusy, SpoolsMissing
from production.services.run_state import NotInRun
from production.services.runs import lifecycle, lines, repeats
from production.services.runs.lines import NewMaterial
from tests.factories import a_filament, a_printer, a_run, a_running_run, a_spool, spools_of_one
from tests.production.completed_runs import printed, took
from tests.queries import remaining, violations

pytestmark = pytest.mark.usefixtures("farm")


def weighs(spool, gross):
    return MaterialActual(spool=spool.pk, gross_after_grams=Decimal(gross))


def correct(run, *materials):
    return completion.correct(run, by=None, materials=materials)


def swapped():
    """A run that took 60 g of one spool, then 40 g of another: (run, one, another)."""
    one, two = spools_of_one(2)
    run = a_running_run((one, 100))
    midprint.swap_spool(run, by=None, spool=two, so_far=took(one, 60))
    return completion.complete(run, by=None, materials=[took(two, 40)]).run, one, two


@pytest.fixture(autouse=True)
def _all_is_well(farm):
    yield
    assert violations() == []


# --- After a weighing ---------------------------------------------------------------------------


def test_a_weighed_balance_outlives_a_second_correction():
    spool = a_spool(1000)
    run = printed((spool, 100))
    scale.weigh(spool, gross_grams=1080, by=None)
    correct(run, took(spool, 120))
    correct(run, took(spool, 110))
    assert remaining(spool) == 880


def test_a_weighing_between_two_completions_does_not_keep_the_second_one_closed():
    spool = a_spool(1000)
    run = completion.revert(printed((spool, 100)), by=None)
    scale.weigh(spool, gross_grams=1190, by=None)
    run = completion.complete(run, by=None, as_planned=True).run
    completion.revert(run, by=None)
    assert remaining(spool) == 990


def test_a_run_corrected_after_a_weighing_is_not_simply_reverted_either():
    spool = a_spool(1000)
    run = printed((spool, 100))
    scale.weigh(spool, gross_grams=1080, by=None)
    correct(run, took(spool, 120))
    with pytest.raises(completion.CountedSince):
        completion.revert(run, by=None)


def test_keeping_a_weighed_balance_is_no_weighing_for_those_who_came_after_it():
    spool = a_spool(1000)
    early = printed((spool, 100))
    scale.weigh(spool, gross_grams=1080, by=None)
    late = printed((spool, 50))
    sample = consumption.use(spool, grams=10, by=None)
    correct(early, took(spool, 120))  # posts a count that nobody made
    assert remaining(spool) == 820
    correct(late, took(spool, 60))
    reversing.reverse(sample, reason="Not taken", by=None)
    assert remaining(spool) == 820


def test_a_spool_that_was_said_to_be_untouched_keeps_its_weighed_balance():
    one, two = spools_of_one(2)
    run = a_running_run((one, 100), (two, 10))
    materials = [took(one, 0), took(two, 10)]
    completion.complete(run, by=None, materials=materials, confirm=True)
    scale.weigh(one, gross_grams=1160, by=None)
    correct(run, took(one, 50))
    assert remaining(one) == 960


def test_a_run_that_took_nothing_keeps_a_weighed_balance_however_often_it_is_corrected():
    spool = a_spool(1000)
    run = a_running_run((spool, 50))
    completion.complete(run, by=None, materials=[took(spool, 0)], confirm=True)
    scale.weigh(spool, gross_grams=1160, by=None)
    for grams in (50, 45):
        correct(run, took(spool, grams))
        assert remaining(spool) == 960


def test_a_run_that_took_nothing_is_corrected_by_a_weight_from_before_other_runs():
    spool = a_spool(1000)
    run = a_running_run((spool, 10))
    completion.complete(run, by=None, materials=[took(spool, 0)], confirm=True)
    printed((spool, 50))
    correct(run, weighs(spool, 1190))
    assert remaining(spool) == 940


# --- A weight is compared once ------------------------------------------------------------------


def test_what_was_weighed_stays_when_something_else_is_corrected():
    spool = a_spool(1000)
    run = printed((spool, 100))
    printed((spool, 50))
    correct(run, weighs(spool, 1090))
    assert correct(run).entries == []
    assert remaining(spool) == 840


def test_a_weight_is_compared_with_the_book_before_the_run_after_other_corrections_too():
    spool = a_spool(1000)
    run = printed((spool, 100))
    printed((spool, 50))
    correct(run, took(spool, 105))
    correct(run, weighs(spool, 1090))
    assert remaining(spool) == 840


def test_a_spool_weighed_when_it_was_swapped_gave_what_it_gave_then():
    one, two = spools_of_one(2)
    run = a_running_run((one, 100))
    midprint.swap_spool(run, by=None, spool=two, so_far=weighs(one, 1140))
    printed((one, 50))
    completion.complete(run, by=None, materials=[took(two, 40)])
    assert (remaining(one), remaining(two)) == (890, 960)


def test_a_reverted_run_is_completed_with_what_was_weighed_whatever_came_between():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    completion.complete(run, by=None, materials=[weighs(spool, 1095)])
    completion.revert(run, by=None)
    printed((spool, 50))
    completion.complete(run, by=None)
    assert remaining(spool) == 845


def test_grams_typed_over_a_weight_go_before_it():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    midprint.save_actuals(run, by=None, materials=[weighs(spool, 1095)])
    lines.change_material(run.materials.get(), by=None, actual_grams=Decimal(99))
    completion.complete(run, by=None)
    assert remaining(spool) == 901


# --- Slips --------------------------------------------------------------------------------------


def test_a_correction_is_plausible_together_with_what_the_other_spool_gave():
    run, one, _ = swapped()
    correct(run, took(one, 45))  # 85 g of 100 g planned
    assert remaining(one) == 955


def test_a_slip_in_correcting_the_second_spool_must_be_confirmed():
    run, _, two = swapped()
    with pytest.raises(ActualImplausible):
        correct(run, took(two, 400))


def test_a_spool_named_twice_in_a_cancellation_is_wasted_once():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    lifecycle.cancel(run, by=None, materials=[took(spool, 10), took(spool, 20)])
    assert remaining(spool) == 980


# --- Materials without a spool ------------------------------------------------------------------


@pytest.fixture
def running_without_a_spool(farm):
    run = lifecycle.create(by=None, materials=[NewMaterial(filament=a_filament())])
    return lifecycle.start(run, by=None)


def test_what_was_taken_was_taken_from_a_spool(running_without_a_spool):
    run = running_without_a_spool
    line = run.materials.get().pk
    actual = MaterialActual(line=line, actual_grams=Decimal(5))
    weighed = MaterialActual(line=line, gross_after_grams=Decimal(900))
    for verb in (completion.complete, lifecycle.cancel):
        for material in (actual, weighed):
            with pytest.raises(SpoolsMissing):
                verb(run, by=None, materials=[material])
    nothing = MaterialActual(line=line, actual_grams=Decimal(0))
    assert lifecycle.cancel(run, by=None, materials=[nothing]).transactions.count() == 0


def test_a_line_whose_spool_was_taken_away_is_not_booked_as_planned():
    run = a_running_run((a_spool(), 100))
    lines.change_material(run.materials.get(), by=None, spool=None)
    with pytest.raises(SpoolsMissing):
        completion.complete(run, by=None, as_planned=True)


def test_where_no_spool_is_none_can_be_swapped(running_without_a_spool):
    line = running_without_a_spool.materials.get()
    so_far = MaterialActual(line=line.pk, actual_grams=Decimal(5))
    spare = a_spool(filament=line.filament)
    with pytest.raises(NotInRun):
        midprint.swap_spool(running_without_a_spool, by=None, spool=spare, so_far=so_far)


def test_lines_may_exchange_their_spools_at_the_start():
    one, two = spools_of_one(2)
    run = a_run((one, 10), (two, 20))
    first, second = run.materials.order_by("pk")
    lifecycle.start(run, by=None, spools={first.pk: two, second.pk: one})
    reserved = Spool.objects.order_by("pk").values_list("reserved_grams", flat=True)
    assert list(reserved) == [20, 10]


# --- The printer --------------------------------------------------------------------------------


def test_a_run_cancelled_while_it_printed_does_not_go_on_where_another_one_prints():
    printer = a_printer()
    run = lifecycle.cancel(a_running_run(printer=printer), by=None)
    other = a_running_run(printer=printer)
    with pytest.raises(PrinterBusy):
        completion.revert(run, by=None)
    completion.complete(other, by=None)
    assert completion.revert(run, by=None).status == "in_progress"


def test_a_run_that_was_cancelled_by_mistake_leaves_its_parts_on_the_bed():
    printer = a_printer()
    run = lifecycle.cancel(a_running_run(printer=printer), by=None)
    completion.complete(completion.revert(run, by=None), by=None)
    assert Printer.objects.get(pk=printer.pk).needs_clearing


def test_a_run_recorded_later_leaves_nothing_on_the_bed():
    printer, now = a_printer(), timezone.now()
    times = {"started_at": now - timedelta(days=2), "finished_at": now - timedelta(days=1)}
    repeats.record(by=None, printer=printer, **times)
    assert not Printer.objects.get(pk=printer.pk).needs_clearing
