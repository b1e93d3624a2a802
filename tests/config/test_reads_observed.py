"""Reads are operations too: every list, row, report, document and page has a span, a measurement
and, at DEBUG, a log line."""

import json
import logging
import re

import pytest
from django.urls import resolve
from opentelemetry.trace import StatusCode
from rest_framework.test import APIClient

from config.logging import JsonFormatter
from production.models import ProductionRun
from production.services.reports import today, variance
from tenants.api import csv_format
from tenants.web import csv_export
from tenants.web.reads import operation_type
from tests.config.routes import furnish, ids_of, routes
from tests.factories import a_spool
from tests.spans import watching

# What reads nothing of a farm.
UNOBSERVED = re.compile(
    r"/|/accounts/.*|/admin/\w+/\w+/{object_id}/|/api/|/api/v1/((docs|schema)/(script)?)?"
    r"|/(s|p|r)/.*|/(spool|filament)/show/.*|/help/.*|/practice/"
)
NAMES = {
    "/api/v1/production-runs/": "production_run.list",
    "/api/v1/production-runs/{pk}/": "production_run.get",
    "/api/v1/production-runs/{pk}/variance/": "production_run.variance",
    "/api/v1/production-runs/{pk}/traveller/": "production_run.traveller",
    "/api/v1/production-runs/{run_id}/materials/": "run_material.list",
    "/api/v1/spools/{spool_id}/transactions/": "inventory_transaction.list",
    "/api/v1/spools/labels/": "spool.labels",
    "/api/v1/reports/variance/": "report.variance",
    "/api/v1/reports/lot-parts/": "report.lot_parts",
    "/api/v1/me/": "me.get",
    "/api/v1/me/undo/": "undo.get",
    "/api/v1/settings/": "farm_settings.get",
    "/admin/": "admin.index",
    "/admin/production/productionrun/": "production_run.list",
    "/admin/production/productionrun/csv/": "production_run.export",
    "/admin/production/productionrun/{object_id}/change/": "production_run.get",
    "/floor/": "floor.today",
    "/floor/runs/{pk}/": "floor.run",
}
QUERIES = {
    "/api/v1/spools/labels/": {"blank": 1},
    "/api/v1/reports/lot-parts/": {"lot": "okapi"},
}


@pytest.fixture
def furnished(farm):
    furnish("okapi")


@pytest.fixture
def watched(farm):
    with watching() as watched:
        yield watched


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, "spoolbook.operation")
    return caplog


def counts(watched):
    """How often each operation was measured, by its name and outcome."""
    return {
        (labels["operation_type"], labels["outcome"]): point.value
        for labels, point in watched.points("spoolbook.operations")
    }


def test_every_address_that_is_read_has_an_operation():
    for route in routes():
        ids = ["inventory" if word == "admin" else 1 for word in route.words]
        match = resolve(route.address(*ids))
        has_get = "get" in getattr(match.func, "actions", {"get": ""})
        if has_get and not UNOBSERVED.fullmatch(route.path):
            assert re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", operation_type(match)), route.path


def test_each_kind_of_read_is_one_operation(furnished, as_manager, log):
    for route in routes():
        if (name := NAMES.get(route.path)) is None:
            continue
        with watching() as watched:
            response = as_manager.get(route.address(*ids_of(route)), QUERIES.get(route.path))
        assert response.status_code == 200, route.path
        assert counts(watched) == {(name, "ok"): 1}, route.path
        seen = watched.last(name)
        is_of_run = {"production-runs", "productionrun", "runs"} & set(route.words)
        run_id = ProductionRun.objects.get().pk if is_of_run else None
        assert (seen["tenant_id"], seen.get("run_id")) == ("farm_alpha", run_id), route.path
    assert {record.levelname for record in log.records} == {"DEBUG"}


def test_a_read_has_its_facts_in_the_log(api, watched, log):
    api.get("/api/v1/production-runs/", headers={"X-Request-ID": "request-7"})
    line = json.loads(JsonFormatter().format(log.records[-1]))
    span = watched.spans("production_run.list")[0]
    facts = {
        "operation_type": "production_run.list",
        "tenant_id": "farm_alpha",
        "correlation_id": "request-7",
        "outcome": "ok",
    }
    assert dict(span.attributes) == facts
    assert line.items() >= (facts | {"level": "DEBUG"}).items()
    assert line["duration_ms"] > 0
    assert line["trace_id"] == f"{span.context.trace_id:032x}"


@pytest.mark.parametrize(
    ("address", "status", "name", "outcome"),
    [
        ("/api/v1/spools/999999/", 404, "spool.get", "not_found"),
        ("/api/v1/spools/?page=x", 400, "spool.list", "invalid"),
        ("/api/v1/spools/?format=xml", 406, "spool.list", "not_acceptable"),
        ("/api/v1/users/", 403, "user.list", "permission_denied"),
        ("/admin/accounts/user/", 403, "user.list", "forbidden"),
        ("/floor/runs/999999/", 404, "floor.run", "not_found"),
    ],
)
def test_a_read_that_is_refused_is_no_error(at_admin, watched, address, status, name, outcome):
    assert at_admin.get(address).status_code == status
    [span] = watched.spans(name)
    assert (span.attributes["outcome"], span.status.status_code) == (outcome, StatusCode.UNSET)
    assert counts(watched) == {(name, outcome): 1}


@pytest.mark.parametrize(
    ("broken", "address", "name"),
    [
        ((variance, "of_many"), "/api/v1/reports/variance/", "report.variance"),
        ((today, "board"), "/floor/", "floor.today"),
    ],
)
def test_a_read_that_breaks_down_is_an_error(
    furnished, as_manager, watched, monkeypatch, broken, address, name
):
    monkeypatch.setattr(*broken, lambda *_, **__: 1 / 0)
    as_manager.raise_request_exception = False
    assert as_manager.get(address).status_code == 500
    [span] = watched.spans(name)
    assert span.attributes["outcome"] == "error:ZeroDivisionError"
    assert span.status.status_code == StatusCode.ERROR
    assert [event.name for event in span.events] == ["exception"]


@pytest.fixture
def streamed(manager, monkeypatch):
    """A CSV of two rows that is sent row by row."""
    a_spool(), a_spool()
    for module in (csv_export, csv_format):
        monkeypatch.setattr(module, "CHUNK", 1)
    client = APIClient(HTTP_HOST="alpha.localhost")
    client.force_authenticate(manager)
    with watching() as watched:
        yield client.get("/api/v1/spools/?format=csv"), watched


def test_an_export_is_observed_to_its_last_row(streamed):
    response, watched = streamed
    assert counts(watched) == {}
    assert len(list(response.streaming_content)) == 3
    assert counts(watched) == {("spool.list", "ok"): 1}


def test_an_export_that_breaks_down_half_way_is_an_error(streamed, monkeypatch):
    response, watched = streamed
    next(response.streaming_content)
    monkeypatch.setattr(csv_format, "_cell", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(response.streaming_content)
    assert counts(watched) == {("spool.list", "error:ZeroDivisionError"): 1}


def test_an_export_that_nobody_receives_is_aborted(streamed):
    response, watched = streamed
    next(response.streaming_content)
    response.close()
    assert counts(watched) == {("spool.list", "aborted"): 1}
