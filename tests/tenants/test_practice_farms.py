"""Practice farms: asked for by a manager, made by the worker, dropped when they end."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import Spool
from tenants.accounts import roles
from tenants.accounts.models import AuditEvent, User
from tenants.accounts.services import WeakPassword
from tenants.farms import nightly, practice, services
from tenants.jobs import practice as practice_jobs
from tenants.jobs.models import Job
from tenants.models import DroppedFarm, Tenant
from tenants.operations.operation import in_transaction
from tenants.operations.refusals import Busy
from tenants.schemas import migrating
from tenants.web.middleware import find_farm
from tests.conftest import FarmClient, go_to, work_off
from tests.factories import a_spool, make_user
from tests.farm_pool import CHECK_NOW
from tests.queries import violations
from tests.responses import text_of
from tests.tenants.test_prepare import sql

PAGE, PASSWORD = "/practice/", "tries-everything-out"


@pytest.fixture(autouse=True)
def allowed(settings, tmp_path):
    settings.PRACTICE_FARMS, settings.PRACTICE_DAYS = 2, 14
    settings.BACKUPS = tmp_path


@pytest.fixture
def short_month(monkeypatch):
    monkeypatch.setattr("production.demo.farm.live_through", lambda *args, **kwargs: ())


def made(farm, **given):
    """The practice farm of a farm, as the worker makes it."""
    person = {"username": "mona", "name": "Mona", "password": "!"} | given
    return practice.make(farm, **person)[0]


@pytest.fixture
def asked(committed_farm):
    """The farm, in which its manager has asked for a practice farm at its page."""
    manager = make_user(role=roles.MANAGER, username="mona", name="Mona")
    a_spool(code="REALSPOOL")
    client = FarmClient(host=f"{committed_farm.slug}.localhost")
    client.force_login(manager)
    yield committed_farm, client
    connection.set_schema_to_public()
    for each in Tenant.objects.filter(practice_of=committed_farm):
        services.drop_farm(each, by=None)


def test_a_manager_asks_the_worker_makes_it_and_it_ends(asked, short_month):
    farm, client = asked
    assert "Ask for a farm to try everything in" in text_of(client.get("/"))
    assert client.post(PAGE, {"password": PASSWORD}).status_code == 303
    waiting = client.get(PAGE)
    assert ("is being made" in text_of(waiting), waiting["Refresh"]) == (True, "2")
    work_off(farm)
    host = f"{farm.slug}-practice.localhost"
    assert f"http://{host}/" in client.get(PAGE).content.decode()
    assert "Yours is there until" in text_of(client.get("/"))
    go_to(farm)
    job = Job.objects.get()
    assert job.arguments.keys() == {"host", "ends_at"}
    verbs = AuditEvent.objects.of(job).order_by("pk").values_list("verb", "by__username")
    assert list(verbs) == [("ask_for_practice_farm", "mona"), ("make_practice_farm", "mona")]

    there = FarmClient(host=host)
    there.post("/accounts/login/", {"username": "mona", "password": PASSWORD})
    for path in ("/", "/floor/", "/admin/", "/api/v1/spools/"):
        page = there.get(path, headers={"accept": "text/html"})
        assert "Practice farm: ends on" in page.content.decode(), path
        assert "Practice farm: ends on" not in client.get(path).content.decode()
    assert "This is a practice farm" in text_of(there.get(PAGE))
    connection.set_schema_to_public()
    made = Tenant.objects.get(practice_of=farm)
    with tenant_context(made):
        assert violations() == []
        assert not Spool.objects.filter(code="REALSPOOL").exists()
        assert not User.objects.get(username="operator").check_password("prints-all-day")
    practice.end_due()
    assert Tenant.objects.filter(pk=made.pk).exists()
    Tenant.objects.filter(pk=made.pk).update(ends_at=timezone.now())
    nightly.folder_of(made).mkdir()
    practice.end_due()
    assert there.get("/").status_code == 404
    assert not nightly.folder_of(made).exists()
    assert not DroppedFarm.objects.filter(slug=made.slug).exists()
    assert AuditEvent.objects.of(made).filter(verb="drop").exists()


def test_one_of_a_farm_and_as_many_as_are_allowed(db, short_month, settings):
    alpha, beta = Tenant.objects.filter(slug__in=("alpha", "beta")).order_by("slug")
    first = made(alpha)
    assert (first.slug, first.practice_of) == ("alpha-practice", alpha)
    assert first.timezone == alpha.timezone
    with pytest.raises(practice.PracticeFarmExists):
        made(alpha)
    with pytest.raises(practice.NoPracticeFarms):
        made(first)
    settings.PRACTICE_FARMS = 1
    with pytest.raises(practice.PracticeFarmsFull):
        made(beta)
    settings.PRACTICE_FARMS = 0
    with pytest.raises(practice.NoPracticeFarms):
        made(beta)
    assert Tenant.objects.exclude(ends_at=None).count() == 1


def test_what_fails_leaves_nothing(db, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("production.demo.farm.live_through", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        made(Tenant.objects.get(slug="alpha"))
    assert not Tenant.objects.exclude(ends_at=None).exists()
    assert migrating.existing(["farm_alpha_practice"]) == set()


def test_a_farm_that_is_not_dropped_is_tried_again(db, short_month, monkeypatch, caplog):
    farm = made(Tenant.objects.get(slug="alpha"))
    Tenant.objects.filter(pk=farm.pk).update(ends_at=timezone.now())

    def fail(*args, **kwargs):
        raise Busy("later")

    with monkeypatch.context() as patch:
        patch.setattr(services, "drop_farm", fail)
        practice.end_due()
    assert "is not dropped" in caplog.text
    sql(CHECK_NOW)
    practice.end_due()
    assert not Tenant.objects.filter(pk=farm.pk).exists()


def test_the_real_farm_stays_the_only_one_at_an_address(db, short_month):
    Tenant.objects.filter(slug="beta").update(ends_at=timezone.now() + timedelta(days=1))
    assert find_farm("192.0.2.7").slug == "alpha"
    assert Tenant.objects.at_host("alpha.localhost").is_only


def test_a_weak_password_and_a_second_request_are_refused(as_manager, manager):
    weak = {"password": PASSWORD[:5]}
    assert "at least 8" in text_of(as_manager.post(PAGE, weak)).lower()
    with pytest.raises(WeakPassword):
        practice_jobs.start(by=manager, password="x")
    practice_jobs.start(by=manager, password=PASSWORD)
    with pytest.raises(practice.PracticeFarmExists):
        practice_jobs.start(by=manager, password=PASSWORD)
    assert Job.objects.count() == 1


def test_the_password_of_the_real_farm_is_refused(as_manager, manager):
    manager.set_password(PASSWORD)
    manager.save()
    as_manager.force_login(manager)
    text = text_of(as_manager.post(PAGE, {"password": PASSWORD}))
    assert "Choose another password than the one you use here." in text
    assert not Job.objects.exists()


def test_asked_twice_at_once_one_is_made(committed_farm, in_threads):
    manager = make_user(role=roles.MANAGER, username="mona")

    def ask(_number):
        return in_transaction(lambda: practice_jobs.start(by=manager, password=PASSWORD))

    results = in_threads(ask, 2)
    assert sorted(type(each).__name__ for each in results) == ["Job", "PracticeFarmExists"]
    assert Job.objects.count() == 1


def test_one_that_failed_does_not_hide_the_one_that_is_there(farm, manager):
    there = {"ends_at": (timezone.now() + timedelta(days=1)).isoformat(), "host": "x"}
    of = {"kind": practice_jobs.KIND, "by": manager, "title": "Practice farm"}
    made = Job.objects.create(**of, status=Job.Status.DONE, arguments=there)
    Job.objects.create(**of, status=Job.Status.FAILED, arguments={})
    assert practice_jobs.latest() == made


def test_nobody_else_asks_and_not_where_it_is_not_allowed(farm_client, operator, manager, settings):
    farm_client.force_login(operator)
    assert [farm_client.get(PAGE).status_code, farm_client.post(PAGE).status_code] == [403, 403]
    assert PAGE not in farm_client.get("/").content.decode()
    settings.PRACTICE_FARMS = 0
    farm_client.force_login(manager)
    assert PAGE not in farm_client.get("/").content.decode()
    assert "makes no practice farms" in text_of(farm_client.get(PAGE))
    farm_client.post(PAGE, {"password": PASSWORD})
    assert not Job.objects.exists()
