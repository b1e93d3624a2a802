"""What is reported around a run, and what it is booked by: each gram is in the book once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import UsageMeter
from inventory.services import metering, run_lines
from inventory.services.spools import scale
from production.models import ProductionRun, Reason
from production.services import completion, late_reports
from production.services.completion.actuals import MaterialActual
from production.services.late_reports import settle_due
from production.services.overrides import UndoNotPermitted
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.undo import last_action
from tenants.jobs import minutely
from tests.conftest import go_to
from tests.factories import (
    a_printer,
    a_printer_token,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
    make_user,
)
from tests.queries import fresh, queries_of, violations
from tests.reporting import report

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def token(manager):
    return a_printer_token(manager, kind="bridge")


def line_of(run):
    return run.materials.get()


def figures(spool):
    after = fresh(spool)
    return after.remaining_grams, after.live_grams, after.available_grams


def settle():
    """As the minute's job does, once the meters are over."""
    settle_due(at=timezone.now() + HOUR)
    assert violations() == []


def start(run, by):
    return lifecycle.start(run, by=by, printer_cleared=True)


def test_before_the_start(spool, token, operator):
    """OpenSpoolMan reports the whole print when it begins, before anybody pressed Start."""
    run = a_run((spool, 100))
    report(spool, token, 96)
    start(run, operator)
    assert (line_of(run).metered_grams, line_of(run).reserved_grams) == (96, 4)
    assert figures(spool) == (1000, 904, 900)
    assert violations() == []
    completion.complete(run, by=operator, as_planned=True)
    assert (line_of(run).actual_grams, line_of(run).actual_source) == (96, "sliced")
    assert figures(spool) == (904, 904, 904)
    settle()
    assert figures(spool) == (904, 904, 904)


def test_before_the_start_and_posted_by_then(spool, token, operator):
    run = a_run((spool, 100))
    report(spool, token, 96)
    slots.load(spool, slot=a_slot(), by=operator)  # posts it
    assert fresh(spool).remaining_grams == 904
    start(run, operator)
    assert line_of(run).metered_grams == 96
    completion.complete(run, by=operator)
    assert figures(spool) == (904, 904, 904)
    assert violations() == []


def test_long_before_the_start_it_is_of_no_run(spool, token, operator):
    run = a_run((spool, 100))
    report(spool, token, 5, at=timezone.now() - 40 * MINUTE)
    start(run, operator)
    assert line_of(run).metered_grams == 0
    assert figures(spool) == (995, 995, 895)
    report(spool, token, 5)
    assert line_of(run).metered_grams == 5
    assert violations() == []


def test_after_a_completion_as_planned_it_replaces_what_was_assumed(spool, token, operator):
    run = a_running_run((spool, 100))
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 60)
    report(spool, token, 33)
    assert figures(spool) == (900, 807, 807)
    settle()
    assert (line_of(run).actual_grams, line_of(run).actual_source) == (93, "sliced")
    assert figures(spool) == (907, 907, 907)
    event = run.events.last()
    assert (event.verb, event.reason) == ("take_reports", f"93 g of spool {spool.code}")
    settle()
    assert figures(spool) == (907, 907, 907)


def test_it_is_taken_back_and_then_of_no_run(spool, token, operator, manager):
    run = a_running_run((spool, 100))
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 93)
    ids = list(UsageMeter.objects.values_list("pk", flat=True))
    late_reports.take_reports(run, meter_ids=ids, by=None)
    assert figures(spool) == (907, 907, 907)
    event = run.events.last()
    last_action.undo(ProductionRun.objects.get(pk=run.pk), event=event.pk, by=manager)
    assert (line_of(run).actual_grams, line_of(run).actual_source) == (100, "as_planned")
    assert figures(spool) == (807, 807, 807)
    assert violations() == []
    settle()
    assert figures(spool) == (807, 807, 807)


def test_after_a_failure_by_percent(spool, token, operator):
    run = a_running_run((spool, 100))
    reason = Reason.objects.filter(kind="failure").first()
    completion.fail(run, by=operator, reason=reason, progress_percent=40)
    report(spool, token, 45)
    settle()
    assert (line_of(run).actual_grams, line_of(run).actual_source) == (45, "sliced")
    assert figures(spool) == (955, 955, 955)
    kinds = spool.transactions.filter(reversed_by=None, production_run=run)
    assert [entry.kind for entry in kinds.exclude(kind="reversal")] == ["waste"]


def test_after_a_completion_that_was_weighed_it_is_evidence_alone(spool, token, operator):
    run = a_running_run((spool, 100))
    actual = MaterialActual(spool=spool.pk, gross_after_grams=Decimal(1096))
    completion.complete(run, by=operator, materials=[actual])
    report(spool, token, 99)
    settle()
    line = line_of(run)
    assert (line.actual_grams, line.actual_source) == (104, "weighed")
    assert line.metered_grams == 99
    assert figures(spool) == (896, 896, 896)


def test_what_was_posted_by_another_verb_meanwhile_is_reversed(spool, token, operator):
    run = a_running_run((spool, 100))
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 93)
    slots.load(spool, slot=a_slot(), by=operator)
    assert figures(spool) == (807, 807, 807)
    settle()
    assert figures(spool) == (907, 907, 907)


def test_a_spool_that_was_weighed_since_keeps_its_balance(spool, token, operator):
    run = a_running_run((spool, 100))
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 93)
    scale.weigh(spool, gross_grams=1105, by=operator, confirm=True)
    assert figures(spool) == (905, 905, 905)
    settle()
    assert line_of(run).actual_grams == 93
    assert figures(spool) == (905, 905, 905)


def test_what_is_no_figure_of_the_run_is_of_none(spool, token, operator):
    run = a_running_run((spool, 100))
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 400)
    settle()
    metering.close_due(at=timezone.now() + HOUR)
    assert line_of(run).actual_source == "as_planned"
    assert UsageMeter.objects.get().is_apart
    assert figures(spool) == (500, 500, 500)
    settle()


def test_late_reports_of_a_metered_run_add_to_it(spool, token, operator):
    run = a_running_run((spool, 100))
    report(spool, token, 90)
    completion.complete(run, by=operator)
    report(spool, token, 8)
    settle()
    assert line_of(run).actual_grams == 98
    assert figures(spool) == (902, 902, 902)


def test_closed_by_mistake_while_it_prints(spool, token, operator):
    """Complete, 10 reports, undo, 10 reports, complete."""
    run = a_running_run((spool, 100), printer=a_printer(), by=operator)
    for _ in range(5):
        report(spool, token, 4)
    completion.complete(run, by=operator, confirm=True)
    for _ in range(10):
        report(spool, token, 4)
    action = last_action.find(by=operator)
    last_action.undo(ProductionRun.objects.get(pk=run.pk), event=action.event, by=operator)
    assert (line_of(run).metered_grams, line_of(run).reserved_grams) == (60, 40)
    assert figures(spool) == (1000, 940, 900)
    assert violations() == []
    for _ in range(10):
        report(spool, token, 4)
    completion.complete(run, by=operator)
    assert line_of(run).actual_grams == 100
    assert figures(spool) == (900, 900, 900)
    settle()
    assert figures(spool) == (900, 900, 900)


def test_a_revert_of_a_print_that_goes_on(spool, token, manager):
    run = a_running_run((spool, 100), printer=a_printer())
    report(spool, token, 20)
    completion.complete(run, by=manager, confirm=True)
    report(spool, token, 30)
    scale.weigh(spool, gross_grams=1150, by=manager)  # posts it
    completion.revert(run, by=manager, is_printing=True, confirm=True)
    assert line_of(run).metered_grams == 50
    assert figures(spool)[1] == 950
    assert violations() == []
    report(spool, token, 50)
    completion.complete(run, by=manager)
    assert figures(spool)[0] == 900
    settle()


def test_two_runs_of_one_spool_back_to_back(spool, token, operator):
    printer = a_printer()
    first = a_running_run((spool, 100), printer=printer)
    completion.complete(first, by=operator, as_planned=True)
    report(spool, token, 95)  # of the first, late
    second = start(a_run((spool, 50), printer=printer), operator)
    assert line_of(second).metered_grams == 0
    report(spool, token, 48)
    completion.complete(second, by=operator)
    settle()
    assert (line_of(first).actual_grams, line_of(second).actual_grams) == (95, 48)
    assert figures(spool) == (857, 857, 857)


def test_of_the_token_of_another_printer_it_is_of_no_run(spool, manager, operator):
    token = a_printer_token(manager, kind="bridge", printer=a_printer())
    run = a_running_run((spool, 100), printer=a_printer())
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 93)
    settle()
    assert line_of(run).actual_source == "as_planned"
    assert UsageMeter.objects.get().is_apart  # and not looked at again


def test_what_no_run_names_costs_few_queries_however_much_it_is(token):
    for _ in range(5):
        report(a_spool(1000), token, 5)
    assert queries_of(lambda: settle_due(at=timezone.now() + HOUR)) <= 4  # and the settings


def test_an_operator_may_not_take_back_what_the_system_took(spool, token, operator):
    run = a_running_run((spool, 100))
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 93)
    settle()
    event = run.events.last().pk
    with pytest.raises(UndoNotPermitted):
        last_action.undo(ProductionRun.objects.get(pk=run.pk), event=event, by=make_user())


def test_the_worker_lets_runs_have_it_in_each_farm(committed_farms):
    began = timezone.now() - HOUR
    runs = []
    for farm in committed_farms:
        go_to(farm)
        spool, token = a_spool(1000), a_printer_token(make_user(), kind="bridge")
        run = a_running_run((spool, 100))
        completion.complete(run, by=None, as_planned=True)
        report(spool, token, 93, at=timezone.now() - 20 * MINUTE)
        ProductionRun.objects.update(started_at=began, finished_at=began)
        runs.append(run)
    minutely.work_in_all()
    for farm, run in zip(committed_farms, runs, strict=True):
        go_to(farm)
        assert line_of(run).actual_grams == 93
        assert violations() == []


def completed_hours_ago(spool, hours):
    run = a_running_run((spool, 100))
    completion.complete(run, by=None, as_planned=True)
    at = timezone.now() - hours * HOUR
    ProductionRun.objects.filter(pk=run.pk).update(started_at=at - HOUR, finished_at=at)
    return run


def test_the_hours_of_a_print_are_one_figure(spool, token):
    """It was completed as planned before the bridge reported its layers, for three hours."""
    run = completed_hours_ago(spool, 3.2)
    for hours in (3, 2, 1):
        began = timezone.now() - hours * HOUR
        for layer in range(3):
            report(spool, token, 11, at=began + layer * MINUTE)
        metering.close_due()
        assert violations() == []
    assert (line_of(run).actual_grams, line_of(run).actual_source) == (99, "sliced")
    assert figures(spool) == (901, 901, 901)
    assert not UsageMeter.objects.filter(is_apart=True).exists()


def test_what_is_too_little_to_the_end_is_of_no_run(spool, token):
    run = completed_hours_ago(spool, 11)
    report(spool, token, 11, at=timezone.now() - 3 * HOUR)
    metering.close_due()
    assert not UsageMeter.objects.get().is_apart  # there may be more
    long_ago = timezone.now() - 13 * HOUR
    ProductionRun.objects.update(started_at=long_ago, finished_at=long_ago)
    metering.close_due()
    assert UsageMeter.objects.get().is_apart
    assert line_of(run).actual_source == "as_planned"
    assert figures(spool) == (889, 889, 889)


def test_a_run_that_starts_while_the_first_report_waits_has_it(spool, token, operator, monkeypatch):
    """Between the look at the runs and the lock of the spool."""
    run, lock = a_run((spool, 100)), run_lines.lock

    def and_then_start(number, *, waits=True, **how):
        found = lock(number, waits=waits, **how)
        if waits:
            start(run, operator)
        return found

    monkeypatch.setattr(run_lines, "lock", and_then_start)
    report(spool, token, 5)
    assert (line_of(run).metered_grams, line_of(run).reserved_grams) == (5, 95)
    assert UsageMeter.objects.get().run_material == line_of(run)
    assert violations() == []
