"""More than a spool has by the book is reported around a run: no gram comes out of nothing."""

from decimal import Decimal

import pytest

from inventory.services import ledger, metering, reversing
from inventory.services.spools import scale
from production.models import ProductionRun, Reason
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.late_reports import settle_due
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.undo import last_action
from tests.factories import a_printer_token, a_run, a_running_run, a_slot, a_spool
from tests.queries import fresh, violations


@pytest.fixture
def token(manager):
    return a_printer_token(manager, kind="bridge")


@pytest.fixture
def report(token, manager):
    """Report grams of a spool, which another verb posts at once."""

    def use(spool, grams):
        metering.use(spool.number, token=token, by=token.user, grams=grams)
        slots.load(spool, slot=a_slot(), by=manager)

    return use


def settle():
    settle_due()
    assert violations() == []


def figures(spool):
    """What is on it, and what was used beyond the book."""
    after = fresh(spool)
    return after.live_grams, after.excess_grams


def test_a_weighing_that_is_taken_back_leaves_what_was_used_beyond_the_book(report, operator):
    spool = a_spool(60)
    report(spool, 70)
    entry = scale.weigh(spool, gross_grams=spool.tare() + 25, by=operator)
    assert figures(spool) == (25, 0)
    last_action.undo_weighing(entry, by=operator)
    assert figures(spool) == (0, 10)
    assert violations() == []


def test_only_the_last_weighing_ends_what_was_used_beyond_the_book(report, operator, manager):
    spool = a_spool(60)
    report(spool, 70)
    first = scale.weigh(spool, gross_grams=spool.tare() + 5, by=operator)
    report(spool, 8)
    assert figures(spool) == (0, 3)
    second = scale.weigh(spool, gross_grams=spool.tare() + 6, by=operator)
    reversing.reverse(first, reason="wrong", by=manager, confirm=True)
    assert figures(spool) == (1, 0)
    assert second.grams == 6
    assert violations() == []


def typed(spool, grams):
    grams = Decimal(grams)
    return [MaterialActual(spool=spool.pk, actual_grams=grams, actual_purge_grams=Decimal(0))]


def complete(run, by, **how):
    completion.complete(run, by=by, confirm=True, **how)


def fail(run, by):
    reason = Reason.objects.filter(kind="failure").first()
    completion.fail(run, by=by, reason=reason, progress_percent=100, confirm=True)


def reported_entry(spool):
    found = spool.transactions.not_reversed().filter(reason="reported")
    return found.get()


@pytest.mark.parametrize("close", [lambda *a: complete(*a, as_planned=True), fail])
def test_what_was_assumed_gives_way(report, operator, close):
    spool = a_spool(60)
    run = a_running_run((spool, 40))
    close(run, operator)
    report(spool, 42)
    assert figures(spool) == (0, 22)
    settle()
    assert run.materials.get().actual_source == "sliced"
    assert figures(spool) == (18, 0)


@pytest.mark.parametrize("how", ["typed", "weighed"])
def test_what_was_stated_stays(report, operator, how):
    spool = a_spool(60)
    run = a_running_run((spool, 40))
    weighed = [MaterialActual(spool=spool.pk, gross_after_grams=Decimal(222))]
    complete(run, operator, materials=typed(spool, 38) if how == "typed" else weighed)
    report(spool, 42)
    settle()
    assert run.materials.get().metered_grams == 42
    assert figures(spool) == (22, 0)


def test_what_is_late_adds_to_what_was_metered(report, token, operator):
    spool = a_spool(50)
    run = a_running_run((spool, 45))
    metering.use(spool.number, token=token, by=token.user, grams=45)
    complete(run, operator)
    report(spool, 12)
    settle()
    assert run.materials.get().actual_grams == 57
    assert figures(spool) == (0, 7)


def test_what_a_run_that_starts_takes(report, operator, manager):
    spool = a_spool(60)
    run = a_run((spool, 50))
    report(spool, 65)
    assert figures(spool) == (0, 5)
    lifecycle.start(run, by=manager, printer_cleared=True, override_reason="It is on it.")
    complete(run, operator, materials=typed(spool, 50))
    settle()
    assert figures(spool) == (10, 0)


def test_an_entry_that_a_person_reverses(report, manager):
    spool = a_spool(60)
    report(spool, 65)
    reversing.reverse(reported_entry(spool), reason="Wrong spool.", by=manager)
    assert figures(spool) == (60, 0)
    assert violations() == []


def test_a_run_that_is_reverted_or_undone_was_not_weighed_since(report, manager):
    """What comes back is what the device used."""
    for take_back in (revert, undo):
        spool = a_spool(60)
        run = a_running_run((spool, 40), by=manager)
        complete(run, manager, as_planned=True)
        report(spool, 42)
        take_back(run, manager)
        run = ProductionRun.objects.get(pk=run.pk)
        assert run.status == "in_progress"
        assert figures(spool) == (18, 0)
        assert violations() == []


def revert(run, by):
    completion.revert(run, by=by)


def undo(run, by):
    action = next(iter(run.events.filter(verb="complete")))
    last_action.undo(ProductionRun.objects.get(pk=run.pk), event=action.pk, by=by)


def test_what_one_run_gives_back_is_what_another_used_beyond_the_book(token, manager):
    spool = a_spool(60)
    first, second = a_running_run((spool, 40)), a_running_run((spool, 20))
    complete(first, manager, as_planned=True)
    metering.use(spool.number, token=token, by=token.user, grams=42)
    complete(second, manager)
    assert figures(spool) == (0, 22)
    completion.correct(first, by=manager, materials=typed(spool, 30), confirm=True)
    assert figures(spool) == (0, 12)
    assert violations() == []
    completion.revert(first, by=manager)
    assert figures(spool) == (18, 0)
    assert violations() == []
    completion.revert(second, by=manager)
    assert figures(spool) == (18, 0)  # its meter goes on
    assert violations() == []


def test_what_is_taken_back_of_a_run(report, manager):
    spool = a_spool(60)
    run = a_running_run((spool, 40))
    complete(run, manager, as_planned=True)
    report(spool, 42)
    settle()
    event = run.events.last()
    last_action.undo(ProductionRun.objects.get(pk=run.pk), event=event.pk, by=manager)
    assert figures(spool) == (0, 22)
    assert violations() == []


def test_a_count_without_its_use_is_found(report, manager):
    spool = a_spool(60)
    report(spool, 65)
    with_use = reported_entry(spool)
    with ledger.book([spool.pk], by=manager) as book:
        book.reverse(with_use, reason="alone")
    [violation] = violations()
    assert violation.startswith("settled_for_a_device_goes_with_its_use: ")
