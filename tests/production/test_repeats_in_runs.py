"""What a printer repeats while its run prints, or is over by then, is in one meter, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import RecognisedRepeat, UsageMeter
from inventory.services import metering
from production.models import ProductionRun
from production.services import completion
from production.services.undo import last_action
from tests.factories import a_filament, a_printer, a_running_run, a_spool
from tests.queries import SAVEPOINT, fresh, queries_of, violations


@pytest.fixture
def spool(farm):
    return a_spool(1000, filament=a_filament(density_g_cm3="1.24", diameter_mm="1.75"))


@pytest.fixture
def run(spool, operator):
    return a_running_run((spool, 20), printer=a_printer(), by=operator)


@pytest.fixture
def report(spool, token):
    """``report(mm, seconds)``: so long ago."""
    now, number = timezone.now(), fresh(spool).number

    def work(mm, seconds=0):
        at = now - timedelta(seconds=seconds)
        how = {"by": token.user, "token": token, "agent": "Moonraker"}
        return metering.use(number, length_mm=Decimal(mm), at=at, **how)

    return work


def mm_of(grams):
    return (grams / (metering.OF_ROUND * Decimal("1.24") * Decimal("1.75") ** 2)).quantize(1)


def undo_last(by):
    action = last_action.find(by=by)
    last_action.undo(ProductionRun.objects.get(pk=action.run), event=action.event, by=by)


def test_the_line_has_what_is_new_in_a_repeat(spool, run, report):
    for mm, seconds in ((700, 33), (6300, 22), (6300, 11), (100, 5)):
        report(mm, seconds)
    line, meter = run.materials.get(), UsageMeter.objects.get()
    assert mm_of(line.metered_grams) == 6400
    assert (meter.run_material, meter.reports, meter.repeats) == (line, 4, 2)
    assert abs(fresh(spool).reserved_grams + line.metered_grams - 20) < Decimal("0.000001")
    assert violations() == []


def test_a_report_of_a_run_is_two_statements(run, report):
    report(700, 20)
    assert queries_of(lambda: report(500, 15)) == 2 + SAVEPOINT


def test_what_is_repeated_after_the_completion_is_new_in_part(spool, run, report, operator):
    """Wherever that is counted then, it is counted once."""
    report(2000, 12)
    completion.complete(run, by=operator, confirm=True)
    report(6300)
    assert mm_of(fresh(spool).used_grams) == 6300
    assert [(each.rule, each.before) for each in RecognisedRepeat.objects.all()] == [("R2", "2000")]
    assert sum(UsageMeter.objects.values_list("repeats", flat=True)) == 1
    assert violations() == []


def test_what_is_repeated_after_the_completion_was_taken_back_is_of_the_run(
    spool, run, report, operator
):
    report(2000, 12)
    completion.complete(run, by=operator, confirm=True)
    undo_last(operator)
    report(6300)
    meter = UsageMeter.objects.get()
    assert (mm_of(meter.grams), meter.run_material) == (6300, run.materials.get())
    completion.complete(fresh(run), by=operator, confirm=True)
    assert mm_of(run.materials.get().actual_grams) == 6300
    assert RecognisedRepeat.objects.count() == 1
    assert violations() == []


def test_what_is_repeated_after_the_start_was_reported_before(spool, report, operator):
    report(2000, 12)
    a_running_run((spool, 20), printer=a_printer(), by=operator)
    report(6300)
    assert mm_of(fresh(spool).used_grams) == 6300
    assert [each.before for each in RecognisedRepeat.objects.all()] == ["2000"]
    assert violations() == []
