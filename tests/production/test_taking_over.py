"""What is reported of a spool that the run does not name is taken over with one touch."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import UsageMeter
from inventory.services import ledger, metering
from inventory.services.spools import scale
from production.models import ProductionRun, Reason
from production.services import completion, late_reports
from production.services.overrides import NothingToUndo
from production.services.printing import slots
from production.services.printing.slots import SpoolPrinting
from production.services.reports import devices
from production.services.requirements.claims import DuplicateSpool, IncompatibleSpool
from production.services.run_state import InvalidRunStatus
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from production.services.taking_over import NothingReported, TooLate, take_over_reports
from production.services.undo import last_action
from tenants.operations.refusals import OverrideNotPermitted
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_printer_token,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.production.api_helpers import at
from tests.production.floor_helpers import page_after, touch
from tests.queries import fresh, violations
from tests.reporting import report
from tests.responses import done, refused, text_of

HOUR = timedelta(hours=1)


@pytest.fixture
def printer(farm):
    return a_printer("Voron 3")


@pytest.fixture
def token(manager, printer):
    return a_printer_token(manager, printer=printer)


@pytest.fixture
def spools(printer):
    """The one that the run names, and another PLA, which is no twin, in the other slot."""
    one, two = a_spool(1000), a_spool(1000, filament=a_filament())
    for label, spool in (("1", one), ("2", two)):
        slots.load(spool, slot=a_slot(label, printer=printer), by=None)
    return one, two


@pytest.fixture
def run(spools, printer):
    wanted = {"material_type": a_material_type(), "planned_grams": Decimal(100)}
    materials = [NewMaterial(spool=spools[0], **wanted)]
    run = lifecycle.create(by=None, materials=materials, printer=printer)
    return lifecycle.start(run, by=None)


def figures(spool):
    after = fresh(spool)
    return after.remaining_grams, after.live_grams, after.available_grams


def post(spool):
    """As any verb that reads it."""
    with ledger.book([spool.pk], by=None):
        pass


def line_of(run, spool):
    return run.materials.get(spool=spool)


def undo(run, by):
    run = ProductionRun.objects.get(pk=run.pk)
    return last_action.undo(run, event=run.events.last().pk, by=by)


def test_an_open_meter_goes_on_as_the_runs(run, spools, token, operator):
    one, two = spools
    report(two, token, 30)
    take_over_reports(run, spool=two, by=operator)
    line = line_of(run, two)
    assert (line.metered_grams, line.reserved_grams, line.slot.label) == (30, 0, "2")
    assert figures(two) == (1000, 970, 970)
    assert devices.mismatches() == []
    report(two, token, 25)
    assert UsageMeter.objects.get().grams == 55
    assert violations() == []
    completion.complete(run, by=operator, as_planned=True, confirm=True)
    assert line_of(run, two).actual_grams == 55
    assert figures(two) == (945, 945, 945)
    assert violations() == []


def test_what_was_posted_by_then_is_reversed(run, spools, token, operator):
    _one, two = spools
    report(two, token, 40)
    scale.weigh(two, gross_grams=1155, by=operator)  # 5 g less than the book had
    report(two, token, 20)
    take_over_reports(run, spool=two, by=operator)
    assert line_of(run, two).metered_grams == 60
    assert figures(two)[1] == 935
    assert violations() == []
    completion.complete(run, by=operator, as_planned=True, confirm=True)
    assert line_of(run, two).actual_grams == 60
    assert figures(two) == (935, 935, 935)
    assert violations() == []


def test_of_a_run_that_has_just_ended_it_is_booked(run, spools, manager, operator):
    one, two = spools
    token = a_printer_token(manager, name="m", kind="moonraker", printer=run.printer)
    report(two, token, 95)
    completion.complete(run, by=operator, as_planned=True)
    take_over_reports(run, spool=two, by=operator)
    line = line_of(run, two)
    assert (line.actual_grams, line.actual_source) == (95, "metered")
    assert figures(two) == (905, 905, 905)
    [entry] = run.transactions.not_reversed().filter(spool=two)
    assert (entry.kind, entry.grams) == ("usage", -95)
    assert UsageMeter.objects.get().entry == entry
    assert violations() == []
    completion.revert(ProductionRun.objects.get(pk=run.pk), by=manager)
    assert figures(two) == (1000, 905, 905)
    assert violations() == []


def test_of_a_failed_run_it_is_waste(run, spools, token, operator):
    _one, two = spools
    report(two, token, 12)
    reason = Reason.objects.filter(kind="failure").first()
    completion.fail(run, by=operator, reason=reason, progress_percent=10)
    take_over_reports(run, spool=two, by=operator)
    [entry] = run.transactions.not_reversed().filter(spool=two)
    assert (entry.kind, entry.grams) == ("waste", -12)
    assert violations() == []


@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize("grams", [30, 1200])  # of 1000
@pytest.mark.parametrize("is_weighed", [False, True])
def test_undo_restores_what_was(run, spools, token, operator, is_over, grams, is_weighed):
    _one, two = spools
    report(two, token, grams)
    if is_weighed:  # posts it
        scale.weigh(two, gross_grams=1150, by=operator, confirm=True)
        report(two, token, 7)
    if is_over:
        completion.complete(run, by=operator, as_planned=True)
        post(two)
    before, excess = figures(two)[1:], fresh(two).excess_grams
    take_over_reports(run, spool=two, by=operator)
    undo(run, operator)
    assert not run.materials.filter(spool=two).exists()
    assert figures(two)[1:] == before
    assert violations() == []
    post(two)
    assert figures(two) == (before[0], *before)
    assert fresh(two).excess_grams in (excess, grams - 1000)
    assert UsageMeter.objects.filter(run_material=None).exists()
    assert violations() == []
    take_over_reports(run, spool=two, by=operator)
    assert figures(two)[1:] == before
    assert violations() == []


def test_undo_after_something_else_is_refused(run, spools, token, operator):
    report(spools[1], token, 30)
    completion.complete(run, by=operator, as_planned=True)
    take_over_reports(run, spool=spools[1], by=operator)
    event = run.events.last()
    completion.revert(ProductionRun.objects.get(pk=run.pk), by=operator)
    with pytest.raises(NothingToUndo):
        last_action.undo(ProductionRun.objects.get(pk=run.pk), event=event.pk, by=operator)


def test_a_spool_that_it_names_is_refused(run, spools, token):
    with pytest.raises(DuplicateSpool, match="names spool .* already"):
        take_over_reports(run, spool=spools[0], by=None)


def test_another_material_is_refused_unless_overridden(run, printer, token, operator, manager):
    petg = a_filament(material_type=a_material_type("PETG"))
    other = a_spool(1000, filament=petg)
    report(other, token, 30)
    with pytest.raises(IncompatibleSpool, match=r"the run asks for .*a manager overrides"):
        take_over_reports(run, spool=other, by=operator)
    with pytest.raises(OverrideNotPermitted):
        take_over_reports(run, spool=other, by=operator, override_reason="It was PETG")
    assert figures(other) == (1000, 970, 970)
    take_over_reports(run, spool=other, by=manager, override_reason="It was PETG")
    line = line_of(run, other)
    assert (line.filament, line.metered_grams) == (petg, 30)
    assert run.events.last().reason == f"30 g of spool {other.code}: It was PETG"
    assert violations() == []


def test_a_run_that_ended_long_ago_is_refused(run, spools, token):
    report(spools[1], token, 30)
    completion.complete(run, by=None, as_planned=True)
    with pytest.raises(TooLate, match="more than 12 hours ago"):
        take_over_reports(run, spool=spools[1], by=None, at=timezone.now() + 13 * HOUR)


def test_the_spool_of_another_running_run_is_refused(run, spools, token):
    report(spools[1], token, 30)
    other = a_running_run((spools[1], 10))
    with pytest.raises(SpoolPrinting, match=f"Run {other.number} prints from spool"):
        take_over_reports(run, spool=spools[1], by=None)


def test_where_nothing_was_reported_it_is_refused(run, spools, manager, printer):
    _one, two = spools
    elsewhere = a_printer_token(manager, name="x", printer=a_printer())
    report(two, elsewhere, 30)
    with pytest.raises(NothingReported):
        take_over_reports(run, spool=two, by=None)
    report(two, a_printer_token(manager, name="y", printer=printer), 3, at=run.started_at - HOUR)
    with pytest.raises(NothingReported):
        take_over_reports(run, spool=two, by=None)
    assert not run.materials.filter(spool=two).exists()


def test_a_planned_or_cancelled_run_is_refused(spools, printer):
    run = a_run((spools[0], 10), printer=printer)
    with pytest.raises(InvalidRunStatus):
        take_over_reports(run, spool=spools[1], by=None)
    lifecycle.cancel(run, by=None)
    with pytest.raises(InvalidRunStatus):
        take_over_reports(run, spool=spools[1], by=None)


def test_the_job_leaves_alone_what_was_taken_over(run, spools, token, operator):
    _one, two = spools
    report(two, token, 30)
    completion.complete(run, by=operator, as_planned=True)
    take_over_reports(run, spool=two, by=operator)
    late_reports.settle_due(at=timezone.now() + HOUR)
    metering.close_due(at=timezone.now() + HOUR)
    assert figures(two) == (970, 970, 970)
    assert violations() == []


# -- over the API, on the floor and in the admin ---------------------------------------------------


def test_over_the_api(run, spools, token, api, operator):
    api.force_authenticate(operator)
    two = spools[1]
    problem = refused(
        api.post(at(run, "take-over-reports"), {"spool": two.pk}), 409, "nothing_reported"
    )
    assert problem["spool_id"] == two.pk
    report(two, token, 30)
    answer = done(api.post(at(run, "take-over-reports"), {"spool_code": two.code}))
    assert [line["spool"] for line in answer["materials"]] == [spools[0].pk, two.pk]
    refused(api.post(at(run, "take-over-reports"), {}), 400, "invalid")


def test_on_the_floor_by_one_touch(run, spools, token, floor):
    two = spools[1]
    report(two, token, 30)
    page = f"/floor/printers/{run.printer_id}/"
    address = f"/floor/runs/{run.pk}/take-over/"
    assert address in floor.get(page).content.decode()
    text = page_after(floor, touch(floor, address, spool=two.code))
    assert f"Run {run.number} has what was reported." in text
    assert line_of(run, two).metered_grams == 30
    assert address not in floor.get(page).content.decode()
    assert "names spool" in page_after(floor, touch(floor, address, spool=two.code))


@pytest.mark.parametrize("start", ["index", "printer"])
def test_in_the_admin_by_one_press(run, spools, token, at_admin, start):
    two = spools[1]
    report(two, token, 30)
    printer = f"/admin/production/printer/{run.printer_id}"
    page = {"index": "/admin/", "printer": f"{printer}/change/"}[start]
    assert f"{printer}/take-over/" in at_admin.get(page).content.decode()
    body = {"run": run.pk, "spool": two.pk, "from": start}
    response = at_admin.post(f"{printer}/take-over/", body, follow=True)
    assert response.redirect_chain[0][0] == page
    assert f"Run {run.number} has what was reported." in text_of(response)
    assert line_of(run, two).metered_grams == 30
    response = at_admin.post(f"{printer}/take-over/", body, follow=True)
    assert "names spool" in text_of(response)
    response = at_admin.post(f"{printer}/take-over/", body | {"run": 0}, follow=True)
    assert "Nothing was taken over" in text_of(response)


def test_the_runs_page_offers_what_was_reported(run, spools, token, at_admin):
    two = spools[1]
    url = f"/admin/production/productionrun/{run.pk}/take_over_reports/"
    assert two.code not in text_of(at_admin.get(url))
    report(two, token, Decimal(30))
    assert two.code in text_of(at_admin.get(url))
    assert spools[0].code not in text_of(at_admin.get(url))
    at_admin.post(url, {"spool": two.pk}, follow=True)
