"""What a printer reports while a run prints is what that run took: each gram once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import UsageMeter
from inventory.services import metering
from inventory.services.spools import scale
from production.models import ProductionRun, Reason
from production.services import completion, explanation
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, slots
from production.services.reported.lines import RunMetered
from production.services.runs import lifecycle
from production.services.undo import last_action
from tests.factories import (
    a_printer,
    a_printer_token,
    a_running_run,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.queries import SAVEPOINT, fresh, queries_of, violations
from tests.reporting import report


def line_of(run):
    return run.materials.get()


def balances(spool):
    after = fresh(spool)
    return after.remaining_grams, after.live_grams, after.reserved_grams, after.available_grams


def entries(spool):
    found = spool.transactions.exclude(kind="receipt").order_by("pk")
    return [(kind, float(grams)) for kind, grams in found.values_list("kind", "grams")]


def undo_last(by):
    action = last_action.find(by=by)
    last_action.undo(ProductionRun.objects.get(pk=action.run), event=action.event, by=by)


def test_a_report_is_of_the_run_at_once_and_what_is_available_stays(spool, run, token):
    assert balances(spool) == (1000, 1000, 100, 900)
    report(spool, token, 30)
    report(spool, token, "12.5")
    assert balances(spool) == (1000, Decimal("957.5"), Decimal("57.5"), 900)
    line = line_of(run)
    assert (line.metered_grams, line.reserved_grams) == (Decimal("42.5"), Decimal("57.5"))
    assert line.actual_grams is None
    assert violations() == []


def test_more_than_was_claimed_is_off_what_is_available(spool, run, token):
    report(spool, token, 90)
    report(spool, token, 30)
    assert balances(spool) == (1000, 880, 0, 880)
    assert violations() == []


def test_parts_of_a_microgram_leave_nothing_reserved(spool, run, token):
    for _ in range(5):
        report(spool, token, "0.0000004")
    assert line_of(run).reserved_grams == Decimal("99.999998")
    assert violations() == []


def test_a_report_is_one_statement_and_no_change_of_the_run_or_the_spool(spool, run, token):
    report(spool, token)
    before = fresh(run), fresh(spool), run.events.count()
    assert queries_of(lambda: report(spool, token)) == 1 + SAVEPOINT
    after = fresh(run), fresh(spool), run.events.count()
    assert [each.version for each in after[:2]] == [each.version for each in before[:2]]
    assert (after[0].updated_at, after[2]) == (before[0].updated_at, before[2])


def test_a_completion_takes_what_was_reported(spool, run, token, operator):
    report(spool, token, 97)
    done = completion.complete(run, by=operator)
    line = line_of(run)
    assert (line.actual_grams, line.actual_source) == (97, "metered")
    assert entries(spool) == [("usage", -97.0)]
    assert balances(spool) == (903, 903, 0, 903)
    assert UsageMeter.objects.get().entry == done.entries[0]
    assert violations() == []


def test_as_planned_fills_only_what_no_meter_touched(manager, operator):
    one, two = a_spool(1000), a_spool(1000)
    run = a_running_run((one, 50), (two, 50), printer=a_printer())
    report(one, a_printer_token(manager, kind="bridge"), 44)
    completion.complete(run, by=operator, as_planned=True)
    found = list(run.materials.order_by("pk").values_list("actual_grams", "actual_source"))
    assert found == [(44, "sliced"), (50, "as_planned")]
    assert violations() == []


def test_what_was_typed_or_weighed_wins(spool, run, token, operator):
    report(spool, token, 97)
    actual = MaterialActual(spool=spool.pk, gross_after_grams=Decimal(1090))
    completion.complete(run, by=operator, materials=[actual])
    line = line_of(run)
    assert (line.actual_grams, line.actual_source) == (110, "weighed")
    assert line.metered_grams == 97
    assert balances(spool) == (890, 890, 0, 890)
    assert violations() == []


def test_a_failed_and_a_cancelled_run_waste_what_was_reported(spool, token, operator):
    reason = Reason.objects.filter(kind="failure").first()
    run = a_running_run((spool, 100))
    report(spool, token, 20)
    completion.fail(run, by=operator, reason=reason)
    run = a_running_run((spool, 100))
    report(spool, token, 30)
    lifecycle.cancel(run, by=operator)
    assert entries(spool) == [("waste", -20.0), ("waste", -30.0)]
    assert balances(spool) == (950, 950, 0, 950)
    assert violations() == []


def test_a_percent_fills_only_what_no_meter_touched(operator, token):
    one, two = a_spool(1000), a_spool(1000)
    run = a_running_run((one, 50), (two, 50))
    report(one, token, 10)
    reason = Reason.objects.filter(kind="failure").first()
    completion.fail(run, by=operator, reason=reason, progress_percent=40)
    found = list(run.materials.order_by("pk").values_list("actual_grams", "actual_source"))
    assert found == [(10, "metered"), (20, "percent")]
    assert violations() == []


def test_a_swap_keeps_what_the_old_spool_gave(token, operator):
    (one, two), slot = spools_of_one(2), a_slot()
    slots.load(one, slot=slot, by=operator)
    run = a_running_run((one, 100), printer=slot.printer, by=operator)
    report(one, token, 40)
    midprint.swap_spool(run, by=operator, spool=two, line=line_of(run).pk)
    assert (balances(one), balances(two)) == ((1000, 960, 0, 960), (1000, 1000, 60, 940))
    assert violations() == []
    report(one, token, 2)  # late
    report(two, token, 55)
    assert violations() == []
    completion.complete(run, by=operator)
    assert (entries(one), entries(two)) == ([("usage", -42.0)], [("usage", -55.0)])
    assert violations() == []


def test_a_swap_taken_back_lets_the_meter_go_on(token, operator):
    (one, two), slot = spools_of_one(2), a_slot()
    slots.load(one, slot=slot, by=operator)
    run = a_running_run((one, 100), printer=slot.printer, by=operator)
    report(one, token, 40)
    midprint.swap_spool(run, by=operator, spool=two, line=line_of(run).pk)
    report(one, token, 2)
    report(two, token, 5)
    undo_last(operator)
    assert balances(one) == (1000, 958, 58, 900)
    assert violations() == []
    report(one, token, 50)
    completion.complete(run, by=operator)
    assert entries(one) == [("usage", -92.0)]
    assert balances(two)[1] == 995
    assert violations() == []


def test_a_completion_taken_back_lets_the_meter_go_on(spool, run, token, operator):
    report(spool, token, 40)
    completion.complete(run, by=operator, confirm=True)
    undo_last(operator)
    assert balances(spool) == (1000, 960, 60, 900)
    assert line_of(run).actual_grams is None
    assert violations() == []
    report(spool, token, 60)
    completion.complete(run, by=operator)
    assert balances(spool) == (900, 900, 0, 900)
    assert violations() == []


@pytest.mark.parametrize("is_printing", [True, False])
def test_a_run_reverted_takes_what_was_reported_again(spool, run, token, manager, is_printing):
    report(spool, token, 40)
    completion.complete(run, by=manager, confirm=True)
    completion.revert(run, by=manager, is_printing=is_printing)
    assert balances(spool)[:2] == (1000, 960)
    assert violations() == []
    report(spool, token, 50)
    completion.complete(run, by=manager)
    assert balances(spool) == (910, 910, 0, 910)
    assert violations() == []


def test_what_went_beyond_the_book_is_settled_by_the_completion_and_its_undo(token, operator):
    spool = a_spool(50)
    run = a_running_run((spool, 50), by=operator)
    report(spool, token, 60)
    assert fresh(spool).used_grams == 60
    completion.complete(run, by=operator)
    assert (fresh(spool).remaining_grams, fresh(spool).used_grams) == (0, 60)
    assert violations() == []
    undo_last(operator)
    assert (fresh(spool).remaining_grams, fresh(spool).used_grams) == (50, 60)
    assert violations() == []


def test_a_weighing_while_it_prints_is_of_what_is_on_it_now(spool, run, token, operator):
    report(spool, token, 40)
    scale.weigh(spool, gross_grams=1150, by=operator)
    assert balances(spool)[:2] == (990, 950)
    report(spool, token, 50)
    completion.complete(run, by=operator)
    assert balances(spool)[:2] == (900, 900)
    assert violations() == []


def test_a_start_with_reports_is_not_taken_back(spool, run, token, operator):
    report(spool, token, 1)
    for verb in (lifecycle.unstart, lifecycle.delete):
        with pytest.raises(RunMetered, match="1 g"):
            verb(run, by=operator)
    assert last_action.find(by=operator) is None
    with pytest.raises(RunMetered):
        last_action.undo(run, event=run.events.get(verb="start").pk, by=operator)
    assert violations() == []


def test_what_is_given_back_is_taken_off_the_run(spool, run, token):
    report(spool, token, 40)
    report(spool, token, -10)
    assert line_of(run).metered_grams == 30
    assert balances(spool) == (1000, 970, 70, 900)
    report(spool, token, -30)
    assert balances(spool) == (1000, 1000, 100, 900)
    assert violations() == []
    lifecycle.unstart(run, by=None)
    assert violations() == []


def test_a_correction_and_a_reassignment_take_the_meters_along(run, spool, token, manager):
    other = a_spool(1000, filament=spool.filament)
    report(spool, token, 97)
    completion.complete(run, by=manager)
    actual = MaterialActual(spool=spool.pk, actual_grams=Decimal(99))
    completion.correct(run, by=manager, materials=[actual])
    assert violations() == []
    completion.reassign(run, by=manager, line=line_of(run).pk, spool=other)
    assert UsageMeter.objects.get().spool == other
    assert violations() == []
    completion.revert(run, by=manager)
    assert balances(other)[:2] == (1000, 903)
    assert violations() == []


def test_the_spool_tells_the_printer_and_the_printer_the_run(manager):
    """One token for two printers, whose runs both name the spools of both."""
    token = a_printer_token(manager, kind="bridge")
    one, two = a_spool(1000), a_spool(1000)
    runs = []
    for spool in (one, two):
        slot = a_slot()
        slots.load(spool, slot=slot, by=manager)
        runs.append(a_running_run((one, 50), (two, 50), printer=slot.printer))
    report(one, token, 3)
    report(two, token, 5)
    metered = [list(run.materials.values_list("metered_grams", flat=True)) for run in runs]
    assert metered == [[3, 0], [0, 5]]
    assert violations() == []


def test_a_printer_that_runs_something_else_takes_a_meter_without_run(manager):
    token = a_printer_token(manager, kind="bridge")
    spool, slot = a_spool(1000), a_slot()
    a_slot("2", printer=slot.printer)
    slots.load(spool, slot=slot, by=manager)
    a_running_run((a_spool(1000), 50), printer=slot.printer)
    assert fresh(slot).spool == spool
    named = a_running_run((spool, 50), printer=a_printer())
    report(spool, token, 3)
    assert line_of(named).metered_grams == 0
    assert UsageMeter.objects.get().run_material is None
    assert violations() == []


def test_a_token_of_a_printer_tells_the_run(manager):
    spool, printer = a_spool(1000), a_printer()
    token = a_printer_token(manager, kind="moonraker", printer=printer)
    others = a_running_run((spool, 50), printer=a_printer())
    run = a_running_run((spool, 50), printer=printer)
    report(spool, token, 3)
    assert (line_of(run).metered_grams, line_of(others).metered_grams) == (3, 0)
    assert violations() == []


def test_what_was_closed_meanwhile_takes_no_more(spool, run, token, operator):
    report(spool, token, 30)
    completion.complete(run, by=operator, confirm=True)
    report(spool, token, 2)
    assert UsageMeter.objects.open().get().run_material is None
    assert balances(spool)[:2] == (970, 968)
    assert violations() == []


def test_two_devices_of_one_line_are_one_entry(spool, run, manager, operator):
    for kind in ("moonraker", "scale"):
        report(spool, a_printer_token(manager, kind=kind), 30)
    completion.complete(run, by=operator, confirm=True)
    assert entries(spool) == [("usage", -60.0)]
    assert line_of(run).actual_source == "metered"
    assert violations() == []


def test_reports_hours_apart_stay_one_meter(spool, run, token):
    now = timezone.now()
    for hours in (1, 2, 9):
        report(spool, token, 5, at=now + timedelta(hours=hours))
    metering.close_due(at=now + timedelta(days=1))
    assert UsageMeter.objects.get().grams == 15
    assert entries(spool) == []


def sentence(run):
    return explanation.of_run(fresh(run)).as_dict()["sentence"]


def test_what_was_reported_beside_a_weight_is_told(spool, run, token, operator):
    report(spool, token, 97)
    actual = MaterialActual(spool=spool.pk, gross_after_grams=Decimal(1090))
    completion.complete(run, by=operator, materials=[actual])
    told = f"Of spool {spool.code} 97 g were reported, 110 g weighed."
    assert sentence(run).endswith(told)


def test_what_is_as_sliced_was_not_measured(spool, run, manager):
    report(spool, a_printer_token(manager, kind="bridge"), 100)
    completion.complete(run, by=manager)
    told = "100 g of 100 g are as sliced or planned, nobody measured them."
    assert sentence(run).endswith(told)


def test_what_was_metered_was_measured(spool, run, token, manager):
    report(spool, token, 100)
    completion.complete(run, by=manager)
    assert "nobody measured" not in sentence(run)
