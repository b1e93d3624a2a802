"""Devices report while people work: no form, no undo and no version is stopped by it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.services import metering, receiving
from inventory.services.spools import scale
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.overrides import NothingToUndo
from production.services.printing import midprint, slots
from production.services.undo import last_action, receipts
from tests.factories import (
    a_filament,
    a_printer_token,
    a_running_run,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.production.admin_forms import fields
from tests.queries import fresh, violations

HOUR = timedelta(hours=1)


@pytest.fixture
def token(manager):
    return a_printer_token(manager)


def report(spool, token, grams=1, times=1, **more):
    for _ in range(times):
        metering.use(spool.number, token=token, by=token.user, grams=grams, **more)


def report_for_an_hour(spool, token):
    """What is in the ledger by now, and some that is not."""
    report(spool, token, at=timezone.now() - HOUR)
    assert metering.close_due() == 1
    report(spool, token)


def test_a_form_that_was_opened_before_50_reports_saves(as_manager, token):
    spool = a_spool(1000)
    address = f"/admin/inventory/spool/{spool.pk}/change/"
    form = fields(as_manager.get(address))
    report_for_an_hour(spool, token)
    report(spool, token, times=48)
    answer = as_manager.post(address, form | {"comment": "Dry."})
    assert answer.status_code == 302, answer.content
    after = fresh(spool)
    assert (after.comment, after.live_grams) == ("Dry.", 950)
    assert after.version == spool.version + 1
    assert violations() == []


def test_a_load_is_taken_back(token, operator):
    spool, slot = a_spool(1000), a_slot()
    slots.load(spool, slot=slot, by=operator)
    report_for_an_hour(spool, token)
    action = last_action.find(by=operator)
    last_action.undo_event(action.kind, spool.events.get(pk=action.event), by=operator)
    assert fresh(slot).spool is None
    assert violations() == []


def test_a_weighing_is_taken_back(token, operator):
    spool = a_spool(1000)
    entry = scale.weigh(spool, gross_grams=1180, by=operator)
    report_for_an_hour(spool, token)
    assert last_action.find(by=operator).event == entry.pk
    last_action.undo_weighing(entry, by=operator)
    assert fresh(spool).live_grams == 998
    assert violations() == []


def test_a_weighing_that_found_less_than_was_used_since_is_taken_back(token, operator):
    spool = a_spool(1000)
    entry = scale.weigh(spool, gross_grams=205, by=operator, confirm=True)
    report(spool, token, 7, at=timezone.now() - HOUR)
    assert metering.close_due() == 1
    assert last_action.find(by=operator).event == entry.pk
    last_action.undo_weighing(entry, by=operator)
    assert (fresh(spool).live_grams, fresh(spool).used_grams) == (993, 7)
    assert violations() == []


def test_a_swap_is_taken_back(token, operator):
    (one, two), slot = spools_of_one(2), a_slot()
    slots.load(one, slot=slot, by=operator)
    run = a_running_run((one, 30), printer=slot.printer)
    so_far = MaterialActual(spool=one.pk, actual_grams=4)
    midprint.swap_spool(run, by=operator, spool=two, so_far=so_far)
    for spool in (one, two):
        report(spool, token, times=2)
    last_action.undo(run, event=last_action.find(by=operator).event, by=operator)
    assert run.materials.get().spool_id == one.pk
    assert violations() == []


def test_a_completion_is_taken_back(token, operator):
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    report(spool, token, 7)
    completion.complete(run, by=operator, confirm=True)
    report_for_an_hour(spool, token)
    last_action.undo(run, event=last_action.find(by=operator).event, by=operator)
    assert fresh(spool).live_grams == 991
    assert violations() == []


def test_a_delivery_that_was_metered_is_not_taken_back(token, operator):
    one, two = receiving.receive_many(filament=a_filament(), count=2, by=operator)
    assert receipts.may_be_undone(two)
    report(two, token)
    assert last_action.find(by=operator) is None
    assert not receipts.may_be_undone(two)
    with pytest.raises(NothingToUndo, match=f"A device reported that spool {two.code} was used."):
        receipts.undo_receipt(one.transactions.get(), by=operator)
    assert fresh(two).live_grams == two.initial_grams - 1
    assert violations() == []
