"""Farms that the public site asks to add or to delete, which the owner's worker does."""

import pytest
from django.db import OperationalError, connection

from tenants.accounts import roles
from tenants.accounts.models import AuditEvent, User
from tenants.accounts.services import WeakPassword
from tenants.farms import requests, services
from tenants.farms.names import InvalidSlug
from tenants.jobs import worker
from tenants.models import FarmRequest, Tenant
from tenants.operations.refusals import Busy, Invalid
from tenants.schemas import migrating
from tests.factories import PASSWORD, make_user
from tests.farm_pool import CHECK_NOW
from tests.tenants.sql_helpers import ask
from tests.tenants.test_prepare import sql

NEW = {"slug": "north", "name": "North", "manager": "Nora", "password": PASSWORD}
QUEUED = (
    "SELECT array_agg(args->>'job') FROM jobs.procrastinate_jobs WHERE args->>'farm' = 'public'"
)


@pytest.fixture
def root(db):
    return make_user(username="root", role=roles.ADMINISTRATOR)


def status(request):
    request.refresh_from_db()
    return request.status


def test_a_farm_is_asked_for_added_asked_away_and_deleted(root):
    asked = requests.request_farm(by=root, timezone="Asia/Tokyo", **NEW)
    assert ask(QUEUED) == [str(asked.pk)]
    requests.carry_out(asked.pk)
    farm = Tenant.objects.get(slug="north")
    assert (status(asked), farm.timezone, asked.finished_at is None) == (
        "done",
        "Asia/Tokyo",
        False,
    )
    requests.carry_out(asked.pk)  # found twice
    away = requests.request_drop(farm, by=root, short_name="north")
    sql(CHECK_NOW)
    requests.carry_out(away.pk)
    assert (status(away), migrating.existing([farm.schema_name])) == ("done", set())
    verbs = AuditEvent.objects.of(farm)
    assert set(verbs.values_list("verb", "by__username")) == {
        ("add", "root"), ("suspend", "root"), ("drop", "root"),
    }  # fmt: skip


def test_what_can_not_be_is_refused_at_once(root):
    with pytest.raises(InvalidSlug):
        requests.request_farm(by=root, **NEW | {"slug": "www"})
    with pytest.raises(services.SlugTaken):
        requests.request_farm(by=root, **NEW | {"slug": "beta"})
    with pytest.raises(Invalid, match="password"):
        requests.request_farm(by=root, **NEW | {"password": "x"})
    for own in ("weakfarm-123", "Ｗｅａｋｆａｒｍ-123", "weak-3-weak-3"):
        with pytest.raises(WeakPassword, match="the name of the farm"):
            new = NEW | {"slug": "weak3", "name": "Weak farm", "password": own}
            requests.request_farm(by=root, **new)
    with pytest.raises(services.UnknownTimezone):
        requests.request_farm(by=root, timezone="Mars", **NEW)
    with pytest.raises(Invalid, match="Type beta to delete"):
        requests.request_drop(Tenant.objects.get(slug="beta"), by=root, short_name="alpha")
    assert not FarmRequest.objects.exists()


def test_what_can_not_be_any_more_is_said_in_the_request(root, monkeypatch):
    twice = [requests.request_farm(by=root, **NEW) for _ in range(2)]
    for each in twice:
        requests.carry_out(each.pk)
    assert [status(each) for each in twice] == ["done", "refused"]
    assert "There is a farm “north” already" in twice[1].detail
    gone = requests.request_drop(Tenant(slug="south"), by=root, short_name="south")
    late = requests.request_farm(by=root, **NEW | {"slug": "south"})
    requests.carry_out(gone.pk)
    root.is_active = False
    root.save()
    requests.carry_out(late.pk)
    assert (status(gone), status(late)) == ("refused", "refused")
    assert "deactivated" in late.detail


@pytest.mark.parametrize(
    ("error", "expected"), [(Busy("later"), "refused"), (RuntimeError("x"), "failed")]
)
def test_a_farm_that_can_not_be_dropped_is_suspended_and_whole(root, monkeypatch, error, expected):
    away = requests.request_drop(Tenant.objects.get(slug="beta"), by=root, short_name="beta")

    def fail(schema):
        raise error

    monkeypatch.setattr(services.database_role, "drop_role", fail)
    requests.carry_out(away.pk)
    assert (status(away), Tenant.objects.get(slug="beta").status) == (expected, "suspended")
    assert migrating.existing(["farm_beta"])


def test_without_the_database_it_is_tried_again(root, monkeypatch):
    asked = requests.request_farm(by=root, **NEW)

    def away(**values):
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(services, "add_farm", away)
        requests.carry_out(asked.pk)
    assert status(asked) == "running"
    requests.carry_out(asked.pk)
    assert status(asked) == "done"
    assert connection.schema_name == "public"


def test_the_worker_finds_it_in_the_queue(committed_farm):
    connection.set_schema_to_public()
    name = f"root-{committed_farm.slug}"
    by = make_user(username=name, role=roles.ADMINISTRATOR)
    asked = requests.request_drop(committed_farm, by=by, short_name=committed_farm.slug)
    worker.work_off()
    assert (status(asked), migrating.existing([committed_farm.schema_name])) == ("done", set())
    asked.delete()
    AuditEvent.objects.filter(by=by)._raw_delete("default")
    User.objects.filter(pk=by.pk)._raw_delete("default")
