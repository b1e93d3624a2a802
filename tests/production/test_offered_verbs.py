"""`allowed`, and the buttons, are without verbs that would be refused by what is known of a run."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from production.models import ProductionRun, RunItem
from production.models.conditions import CONDITIONS
from production.serializers.runs import ProductionRunSerializer
from production.services import completion
from production.services.completion.actuals import ItemCount
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem, NewMaterial
from production.services.transitions import ROWS, allowed
from production.services.undo import last_action
from tenants.accounts.models import FarmSettings
from tenants.api.fast_representation import loaded
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_printer_token,
    a_product,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.production.api_helpers import at
from tests.reporting import report
from tests.responses import done, refused, results

RUNS = "/api/v1/production-runs/"


@pytest.fixture
def printer(farm):
    return a_printer("Voron 3")


@pytest.fixture
def token(manager, printer):
    return a_printer_token(manager, printer=printer)


@pytest.fixture
def other(printer):
    """A spool in the printer that the run does not name."""
    spool = a_spool(1000)
    slots.load(spool, slot=a_slot("2", printer=printer), by=None)
    return spool


@pytest.fixture
def spool(printer):
    spool = a_spool(1000)
    slots.load(spool, slot=a_slot("1", printer=printer), by=None)
    return spool


@pytest.fixture
def run(spool, printer, operator):
    wanted = {"material_type": a_material_type(), "planned_grams": Decimal(100)}
    run = lifecycle.create(
        by=None,
        items=[NewItem(product=a_product(), quantity=4)],
        materials=[NewMaterial(spool=spool, **wanted)],
        printer=printer,
    )
    return lifecycle.start(run, by=operator)


def offered(api, run):
    """The answer of one run, which is that of its list, of CSV, and of services."""
    found = done(api.get(at(run)))["allowed"]
    [row] = [row for row in results(api.get(RUNS)) if row["id"] == run.pk]
    fresh = ProductionRun.objects.get(pk=run.pk)
    as_loaded = loaded(ProductionRunSerializer, ProductionRun.objects.all()).get(pk=run.pk)
    paths = {row.name: row.path for row in ROWS}
    assert row["allowed"] == found
    assert ProductionRunSerializer(fresh).data["allowed"] == found
    assert ProductionRunSerializer(as_loaded).data["allowed"] == found
    assert sorted(filter(None, map(paths.get, allowed(fresh)))) == found
    return found


def complete(run, *, good=4, **how):
    item = RunItem.objects.get(run=run).pk
    counts = [ItemCount(item=item, good_count=good)]
    return completion.complete(run, items=counts, as_planned=True, by=None, **how).run


def test_a_start_is_not_taken_back_once_something_was_reported(api, run, spool, token, operator):
    assert "unstart" in offered(api, run)
    assert last_action.find(by=operator).verb == "start"
    report(spool, token, 5)
    assert "unstart" not in offered(api, run)
    assert last_action.find(by=operator) is None
    refused(api.post(at(run, "unstart")), 409, "run_metered")


def test_what_was_reported_before_the_start_goes_back_with_it(api, printer, spool, token):
    report(spool, token, 5)
    run = a_running_run((spool, 100), printer=printer)
    assert run.materials.get().metered_grams == 5
    assert "unstart" in offered(api, run)
    done(api.post(at(run, "unstart")))


def test_reports_are_taken_over_where_there_are_any(api, run, other, token):
    assert "take-over-reports" not in offered(api, run)
    report(other, token, 5)
    assert "take-over-reports" in offered(api, run)
    complete(run)
    assert "take-over-reports" in offered(api, run)
    done(api.post(at(run, "take-over-reports"), {"spool": other.pk}))
    assert "take-over-reports" not in offered(api, run)


def test_not_those_of_the_device_of_another_printer(api, run, other, manager):
    slots.unload(other.printer_slot, by=None)
    report(other, a_printer_token(manager, name="b", printer=a_printer("Another")), 5)
    assert "take-over-reports" not in offered(api, run)


def test_not_those_of_a_spool_that_another_run_prints_from(api, run, other, token):
    report(other, token, 5)
    spool = a_spool(1000, filament=a_filament())
    slots.load(spool, slot=a_slot("1"), by=None)
    another = a_running_run((spool, 100), printer=a_printer("Another"))
    another.materials.update(spool=other)
    assert "take-over-reports" not in offered(api, run)


def test_not_of_a_run_that_ended_long_ago(api, run, other, token):
    report(other, token, 5)
    FarmSettings.objects.update_or_create(pk=1, defaults={"reports_after_minutes": 10})
    begun = timezone.now() - timedelta(hours=1)
    ProductionRun.objects.filter(pk=run.pk).update(started_at=begun)
    complete(run, finished_at=timezone.now() - timedelta(minutes=9))
    assert "take-over-reports" in offered(api, run)
    FarmSettings.objects.update(reports_after_minutes=8)
    assert "take-over-reports" not in offered(api, run)
    refused(
        api.post(at(run, "take-over-reports"), {"spool": other.pk}), 409, "too_late_to_take_over"
    )


@pytest.mark.parametrize("good", [4, 3])
def test_a_run_is_printed_again_where_something_is_missing(api, run, good):
    complete(run, good=good)
    assert ("reprint" in offered(api, run)) == (good < 4)
    if good == 4:
        refused(api.post(at(run, "reprint")), 409, "nothing_to_reprint")


def buttons(at_admin, run):
    answer = at_admin.get(f"/admin/production/productionrun/{run.pk}/change/")
    return [button["verb"].name for button in answer.context["buttons"]]


def test_the_admin_has_buttons_for_what_is_offered(at_admin, run, spool, other, token):
    assert {"unstart", "delete"} <= set(buttons(at_admin, run))
    report(spool, token, 5)
    assert not {"unstart", "delete", "take_over_reports"} & set(buttons(at_admin, run))
    report(other, token, 5)
    assert "take_over_reports" in buttons(at_admin, run)
    lifecycle.cancel(run, by=None)
    assert "delete" not in buttons(at_admin, run)


def test_every_condition_is_one_of_a_verb():
    assert {row.condition for row in ROWS} - {""} == CONDITIONS.keys()
