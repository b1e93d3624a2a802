"""What is true between runs and the ledger, and the command that looks: broken here on purpose."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tenants.utils import schema_context

from inventory.models import InventoryTransaction, Spool
from production.models import PrinterSlot, ProductionRun, Reason, RunMaterial
from production.services import completion, invariants
from production.services.completion.actuals import MaterialActual
from production.services.runs import lifecycle
from tenants.models import Tenant
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool


def found():
    return [(violation.invariant, violation.figures) for violation in invariants.violations()]


def names():
    return {name for name, _ in found()}


def complete(run, spool, grams):
    actual = MaterialActual(spool=spool.pk, actual_grams=Decimal(grams))
    return completion.complete(run, by=None, materials=[actual], confirm=True).run


def fail(run, spool, grams):
    actual = MaterialActual(spool=spool.pk, actual_grams=Decimal(grams))
    reason = Reason.objects.get(kind="failure", code="nozzle_clog")
    return completion.fail(run, by=None, materials=[actual], reason=reason).run


@pytest.fixture
def unguarded(farm):
    """The database looks away: its guards of the ledger are off until the rollback."""
    with connection.cursor() as cursor:
        for table in ("inventory_inventorytransaction", "inventory_spool"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def test_all_is_well_after_every_verb(spool, manager):
    complete(a_running_run((spool, 10)), spool, 12)
    completion.revert(complete(a_running_run((spool, 20)), spool, 18), by=manager)
    fail(a_running_run((spool, 25)), spool, 9)
    completion.revert(fail(a_running_run((spool, 26)), spool, 8), by=manager)
    lifecycle.cancel(a_run((spool, 30)), by=None)
    completion.revert(lifecycle.cancel(a_run((spool, 35)), by=None), by=manager)
    lifecycle.delete(a_run((spool, 40)), by=None)
    lifecycle.unstart(a_running_run((spool, 50)), by=None)
    a_run((spool, 60))
    assert found() == []


@pytest.mark.usefixtures("unguarded")
def test_a_reserve_that_no_line_claims_is_found(spool):
    a_run((spool, 60))
    Spool.objects.filter(pk=spool.pk).update(reserved_grams=61)
    ((name, figures),) = found()
    assert name == "reserved_is_the_open_claims"
    assert (figures["reserved_grams"], figures["claimed_grams"]) == (61, 60)


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_claim_of_a_closed_run_is_found(spool, status):
    run = a_run((spool, 60))
    ProductionRun.objects.filter(pk=run.pk).update(status=status)
    assert names() >= {"reserved_is_the_open_claims", "only_open_runs_claim"}


@pytest.mark.usefixtures("unguarded")
def test_a_claim_of_a_deleted_run_is_found(spool):
    run = a_run((spool, 60))
    ProductionRun.objects.filter(pk=run.pk).update(deleted_at=run.created_at)
    assert names() == {"reserved_is_the_open_claims", "only_open_runs_claim"}


@pytest.mark.usefixtures("unguarded")
def test_a_completed_run_that_took_something_else_than_its_actuals_is_found(spool):
    run = complete(a_running_run((spool, 10)), spool, 12)
    RunMaterial.objects.filter(run=run).update(actual_grams=11)
    ((name, figures),) = found()
    assert (name, figures["run_id"]) == ("closed_run_took_its_actuals", run.pk)
    assert (figures["taken_grams"], figures["actual_grams"]) == (12, 11)


@pytest.mark.usefixtures("unguarded")
def test_a_completed_run_that_took_nothing_is_found(spool):
    run = a_running_run((spool, 10))
    RunMaterial.objects.filter(run=run).update(actual_grams=12, reserved_grams=0)
    Spool.objects.filter(pk=spool.pk).update(reserved_grams=0)
    ProductionRun.objects.filter(pk=run.pk).update(status="completed")
    assert names() == {"closed_run_took_its_actuals"}


@pytest.mark.usefixtures("unguarded")
def test_a_completed_run_that_took_of_a_spool_it_does_not_name_is_found(spool):
    run = complete(a_running_run((spool, 10)), spool, 12)
    other = a_spool(500)
    RunMaterial.objects.filter(run=run).update(spool=other)
    assert [figures["spool_id"] for _, figures in found()] == [spool.pk, other.pk]


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("status", ["planned", "in_progress"])
def test_an_open_run_that_took_something_is_found(spool, status):
    run = complete(a_running_run((spool, 10)), spool, 12)
    ProductionRun.objects.filter(pk=run.pk).update(status=status)
    assert dict(found())["unfinished_run_took_nothing"]["taken_grams"] == 12


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_run_that_came_to_nothing_and_used_something_is_found(spool, status):
    run = complete(a_running_run((spool, 10)), spool, 12)
    ProductionRun.objects.filter(pk=run.pk).update(status=status)
    assert "only_completed_runs_use" in names()


@pytest.mark.usefixtures("unguarded")
def test_a_cancelled_run_may_have_wasted_something(spool):
    run = complete(a_running_run((spool, 10)), spool, 12)
    ProductionRun.objects.filter(pk=run.pk).update(status="cancelled")
    InventoryTransaction.objects.filter(production_run=run).update(kind="waste")
    assert found() == []


@pytest.mark.usefixtures("unguarded")
def test_a_reverted_run_that_does_not_net_to_zero_is_found(spool):
    run = complete(a_running_run((spool, 10)), spool, 12)
    ProductionRun.objects.filter(pk=run.pk).update(
        status="in_progress", reopened_at=run.finished_at
    )
    ((name, figures),) = found()
    assert (name, figures["net_grams"]) == ("reverted_run_nets_to_zero", -12)


def test_a_plan_that_is_frozen_too_early_or_too_late_is_found(spool):
    run = a_running_run((spool, 10), items=[(a_product(), 2)])
    run.items.update(planned_quantity=None)
    assert names() == {"frozen_from_the_start_on"}
    run.items.update(planned_quantity=2)
    ProductionRun.objects.filter(pk=run.pk).update(status="planned")
    assert names() == {"frozen_from_the_start_on"}


def test_a_reason_without_a_failure_is_found(spool):
    run = fail(a_running_run((spool, 10)), spool, 8)
    ProductionRun.objects.filter(pk=run.pk).update(outcome_reason=None)
    ((name, figures),) = found()
    assert (name, figures["run_id"]) == ("only_failed_runs_have_a_reason", run.pk)


def test_an_archived_spool_in_a_printer_is_found(spool):
    slot = PrinterSlot.objects.create(printer=a_printer(), label="1", spool=spool)
    Spool.objects.filter(pk=spool.pk).update(archived_at=timezone.now())
    ((name, figures),) = found()
    assert (name, figures["slot_id"]) == ("no_archived_spool_is_loaded", slot.pk)


def test_each_invariant_is_one_query_however_many_rows(spool):
    for _ in range(3):
        a_run((spool, 10))
    with CaptureQueriesContext(connection) as seen:
        assert found() == []
    assert len([query for query in seen if "FROM" in query["sql"]]) == 23


# --- The command -------------------------------------------------------------------------------


def verify(*words):
    """``(whether all is well, the output)``"""
    out = StringIO()
    try:
        with schema_context("public"):
            call_command("verify_ledger", *words, stdout=out)
    except CommandError as error:
        return False, f"{out.getvalue()}{error}"
    return True, out.getvalue()


def slugs():
    """Of all farms: other tests may have left some to lend."""
    with schema_context("public"):
        return list(Tenant.objects.order_by("slug").values_list("slug", flat=True))


def test_the_command_says_that_all_is_well(farm, spool):
    is_well, output = verify("alpha")
    assert is_well
    assert output == "alpha: all is well (1 spools, 1 entries, 0 runs)\n"


def test_the_command_looks_at_every_farm(farm):
    is_well, output = verify()
    assert is_well
    assert [line.partition(":")[0] for line in output.splitlines()] == slugs()


def test_the_command_names_each_row_that_disagrees_and_fails(farm, unguarded, spool):
    Spool.objects.filter(pk=spool.pk).update(remaining_grams=999, reserved_grams=1)
    is_well, output = verify()
    assert not is_well
    assert f"alpha: remaining_is_the_ledger: spool_id {spool.pk}" in output
    assert f"alpha: reserved_is_the_open_claims: spool_id {spool.pk}" in output
    assert "beta: all is well" in output
    assert "do not agree at: alpha." in output


def test_the_command_does_not_know_a_farm_that_is_not_there(farm):
    found = f"There is no farm 'nobody'; there are: {', '.join(slugs())}."
    assert verify("nobody") == (False, found)


def test_a_farm_whose_schema_is_gone_is_not_well(committed_farm):
    schema = committed_farm.schema_name
    rename(schema, f"{schema}_away")
    try:
        is_well, output = verify(committed_farm.slug)
    finally:
        rename(f"{schema}_away", schema)
    assert not is_well
    assert "could not be checked" in output


def rename(before, after):
    with schema_context("public"), connection.cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {before} RENAME TO {after}")
