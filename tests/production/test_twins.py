"""Slots with the same filament follow one another: a run goes on from the one that is reported."""

import pytest

from inventory.models import UsageMeter
from production.services import completion
from production.services.printing import slots
from production.services.undo import last_action
from tests.factories import (
    a_filament,
    a_printer,
    a_printer_token,
    a_running_run,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.queries import fresh, violations
from tests.reporting import report


@pytest.fixture
def token(manager):
    return a_printer_token(manager, kind="bridge")


def loaded(*spools):
    """A printer with them in its slots."""
    printer = a_printer()
    for number, spool in enumerate(spools):
        slots.load(spool, slot=a_slot(str(number), printer=printer), by=None)
    return printer


def lines(run):
    found = run.materials.order_by("pk")
    return list(found.values_list("spool", "metered_grams", "reserved_grams"))


def test_a_run_goes_on_from_the_twin(token):
    one, two = spools_of_one(2)
    run = a_running_run((one, 100), printer=loaded(one, two))
    report(one, token, 60)
    report(two, token, 30)
    report(two, token, 5)
    assert lines(run) == [(one.pk, 60, 0), (two.pk, 35, 5)]
    assert run.events.last().verb == "swap_spool"
    assert fresh(two).printer_slot.label == "1"
    assert violations() == []
    completion.complete(run, by=None)
    assert (fresh(one).remaining_grams, fresh(two).remaining_grams) == (940, 965)
    assert violations() == []


def test_back_and_forth(token):
    one, two = spools_of_one(2)
    run = a_running_run((one, 100), printer=loaded(one, two))
    for spool in (one, two, one, two, one):
        report(spool, token, 10)
    completion.complete(run, by=None, confirm=True)
    assert (fresh(one).remaining_grams, fresh(two).remaining_grams) == (970, 980)
    assert violations() == []


def test_a_manager_takes_it_back(token, manager):
    one, two = spools_of_one(2)
    run = a_running_run((one, 100), printer=loaded(one, two))
    report(one, token, 60)
    report(two, token, 30)
    last_action.undo(run, event=run.events.last().pk, by=manager)
    assert lines(run) == [(one.pk, 60, 40)]
    assert UsageMeter.objects.get(spool=two).run_material is None
    assert violations() == []


def test_another_filament_or_printer_is_no_twin(token):
    one, two = spools_of_one(2)
    other = a_spool(1000, filament=a_filament())
    run = a_running_run((one, 100), printer=loaded(one, other))
    loaded(two)
    report(one, token, 10)
    for spool in (other, two):
        report(spool, token, 10)
    assert lines(run) == [(one.pk, 10, 90)]
    assert violations() == []


def test_what_the_old_spool_gave_is_unknown_where_nothing_was_reported(token):
    one, two = spools_of_one(2)
    run = a_running_run((one, 100), printer=loaded(one, two))
    report(two, token, 30)
    assert lines(run) == [(one.pk, 0, 100), (two.pk, 30, 0)]
    assert run.materials.get(spool=one).actual_grams is None
    assert violations() == []
