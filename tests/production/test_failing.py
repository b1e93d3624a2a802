"""Runs of which nothing usable came, and those given up with something used."""

from decimal import Decimal

import pytest

from inventory.models import Spool
from production.models import Reason
from production.services import completion
from production.services.completion import actuals, plausibility
from production.services.completion.actuals import ItemCount
from production.services.run_state import InvalidRunStatus
from production.services.runs import lifecycle
from tenants.operations.refusals import Invalid
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.completed_runs import took
from tests.queries import remaining

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def clogged(farm):
    return Reason.objects.get(kind="failure", code="nozzle_clog")


def test_a_failed_run_wastes_what_it_took(clogged):
    spool, printer = a_spool(1000, price=Decimal(20)), a_printer()
    run = a_running_run((spool, 100), items=[(a_product(grams=20), 5)], printer=printer)
    done = completion.fail(run, by=None, reason=clogged, materials=[took(spool, 40)])
    assert (done.run.status, done.run.outcome_reason) == ("failed", clogged)
    assert [(entry.kind, entry.grams, entry.reason) for entry in done.entries] == [
        ("waste", -40, "nozzle_clog")
    ]
    assert (remaining(spool), Spool.objects.get().reserved_grams) == (960, 0)
    (item,) = done.variance["items"]
    assert (item["good"], item["cost"]["actual"], item["cost_per_unit"]["actual"]) == (
        0,
        Decimal("0.8"),
        None,
    )
    printer.refresh_from_db()
    assert printer.needs_clearing


def test_progress_says_how_much_of_the_plan_was_wasted(clogged):
    spool = a_spool(1000)
    run = a_running_run((spool, 100, 10))
    done = completion.fail(run, by=None, reason=clogged, progress_percent=Decimal("12.5"))
    assert done.entries[0].grams == Decimal("-13.75")
    assert run.materials.get().actual_source == "percent"


def test_a_failure_has_a_reason(farm):
    scrap = Reason.objects.get(kind="scrap", code="stringing")
    run = a_running_run()
    for wrong in (None, scrap):
        with pytest.raises(Invalid):
            completion.fail(run, by=None, reason=wrong)


def test_a_failed_run_has_no_good_parts(clogged):
    run = a_running_run(items=[(a_product(), 5)])
    count = ItemCount(item=run.items.get().pk, good_count=1)
    with pytest.raises(Invalid, match="complete the run with the rest scrapped"):
        completion.fail(run, by=None, reason=clogged, items=[count])


def test_what_nobody_weighed_is_missing(clogged):
    run = a_running_run((a_spool(), 100))
    with pytest.raises(actuals.ActualsMissing):
        completion.fail(run, by=None, reason=clogged)


def test_a_failed_run_may_take_little_but_not_far_more_than_planned(clogged):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    with pytest.raises(plausibility.ActualImplausible):
        completion.fail(run, by=None, reason=clogged, materials=[took(spool, 151)])
    completion.fail(run, by=None, reason=clogged, materials=[took(spool, 1)])


def test_a_planned_run_can_not_fail(clogged):
    with pytest.raises(InvalidRunStatus):
        completion.fail(a_run(), by=None, reason=clogged)


def test_a_failed_run_reverts(clogged, manager):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    completion.fail(run, by=None, reason=clogged, materials=[took(spool, 30)])
    run = completion.revert(run, by=manager)
    assert (run.status, remaining(spool), Spool.objects.get().reserved_grams) == (
        "in_progress",
        1000,
        30,
    )


def test_cancelling_may_book_what_was_used():
    one, two = a_spool(1000), a_spool(1000)
    run = a_running_run((one, 100), (two, 100))
    run = lifecycle.cancel(run, by=None, materials=[took(one, 12)])
    assert [(entry.kind, entry.grams) for entry in run.transactions.all()] == [("waste", -12)]
    assert (remaining(one), remaining(two)) == (988, 1000)
    run = completion.revert(run, by=None)
    assert (remaining(one), run.status) == (1000, "in_progress")
    assert set(Spool.objects.values_list("reserved_grams", flat=True)) == {100}


def test_a_run_that_was_not_started_has_used_nothing():
    spool = a_spool()
    run = a_run((spool, 100))
    with pytest.raises(Invalid):
        lifecycle.cancel(run, by=None, materials=[took(spool, 12)])
