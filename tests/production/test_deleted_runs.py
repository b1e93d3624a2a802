"""A deleted run is nobody's but a manager's, who sees and restores it."""

import pytest

from inventory.services.ledger import InsufficientInventory, SpoolArchived
from inventory.services.spools import shelf
from production.models import ProductionRun
from production.services import run_state
from production.services.requirements.readiness import PrinterBusy
from production.services.runs import lifecycle
from tenants.operations.refusals import Duplicate
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.api_helpers import RUNS, at
from tests.queries import fresh, violations
from tests.responses import done, refused, text_of

pytestmark = pytest.mark.usefixtures("farm")


def deleted(*takes, **fields):
    run = a_run(*takes, **fields)
    lifecycle.delete(run, by=None)
    return run


def test_an_external_id_is_free_again_when_its_run_was_deleted(api_client, manager):
    api_client.force_authenticate(manager)
    order = {"external_id": "order-7", "items": [{"product": a_product().pk, "quantity": 1}]}
    old = done(api_client.post(RUNS, order), 201)["id"]
    assert "external_id" in refused(api_client.post(RUNS, order), 409, "duplicate")["errors"]
    assert api_client.delete(at(old)).status_code == 204
    new = done(api_client.post(RUNS, order), 201)
    problem = refused(api_client.post(at(old, "restore")), 409, "duplicate")
    assert new["number"] in problem["detail"]
    done(api_client.patch(at(new["id"]), {"external_id": "order-7b"}))
    assert done(api_client.post(at(old, "restore")))["external_id"] == "order-7"


def test_a_manager_lists_deleted_runs_and_restores_them(api_client, manager, operator):
    spool = a_spool()
    run, live = deleted((spool, 10)), a_run()
    api_client.force_authenticate(manager)
    (row,) = done(api_client.get(f"{RUNS}?is_deleted=true"))["results"]
    assert (row["id"], row["allowed"], bool(row["deleted_at"])) == (run.pk, ["restore"], True)
    for query in ("", "?is_deleted=false"):
        assert [each["id"] for each in done(api_client.get(RUNS + query))["results"]] == [live.pk]
    refused(api_client.get(at(run)), 404, "not_found")
    refused(api_client.post(at(live, "restore")), 409, "invalid_run_status")
    api_client.force_authenticate(operator)
    refused(api_client.get(f"{RUNS}?is_deleted=true"), 403, "permission_denied")
    refused(api_client.post(at(run, "restore")), 403, "permission_denied")
    api_client.force_authenticate(manager)
    answer = done(api_client.post(at(run, "restore")))
    assert (answer["status"], answer["deleted_at"]) == ("planned", None)
    assert fresh(spool).reserved_grams == 10
    assert violations() == []


def test_the_admin_shows_deleted_runs_to_managers_only(farm_client, manager, operator):
    run = deleted()
    path = "/admin/production/productionrun/"
    farm_client.force_login(manager)
    assert run.number not in text_of(farm_client.get(path))
    assert run.number in text_of(farm_client.get(f"{path}?is_deleted=yes"))
    text = text_of(farm_client.get(f"{path}{run.pk}/change/"))
    assert f"{path}{run.pk}/restore/" in text
    assert 'name="_save"' not in text
    assert "Print its traveller" not in text
    farm_client.force_login(operator)
    assert run.number not in text_of(farm_client.get(f"{path}?is_deleted=yes"))
    assert farm_client.get(f"{path}{run.pk}/change/").status_code != 200


def test_what_a_deleted_run_gave_back_and_others_took_is_named():
    spool, printer = a_spool(20), a_printer()
    planned = deleted((spool, 15))
    other = a_run((spool, 10))
    with pytest.raises(InsufficientInventory):
        lifecycle.restore(planned, by=None)
    lifecycle.delete(other, by=None)
    shelf.archive(spool, by=None, discard=False)
    with pytest.raises(SpoolArchived):
        lifecycle.restore(planned, by=None)
    run = a_running_run(printer=printer)
    lifecycle.delete(run, by=None)
    other = a_running_run(printer=printer)
    with pytest.raises(PrinterBusy, match=other.number):
        lifecycle.restore(run, by=None)
    assert ProductionRun.objects.live().count() == 1
    assert violations() == []


def test_a_live_run_is_not_restored_and_a_deleted_one_does_nothing_else():
    run = a_run(external_id="order-7")
    with pytest.raises(run_state.InvalidRunStatus):
        lifecycle.restore(run, by=None)
    lifecycle.delete(run, by=None)
    with pytest.raises(ProductionRun.DoesNotExist):
        lifecycle.cancel(run, by=None)
    a_run(external_id="order-7")
    with pytest.raises(Duplicate):
        lifecycle.restore(run, by=None)
