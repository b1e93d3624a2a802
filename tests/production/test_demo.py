"""The demo farm: a month that could have happened, and books that agree."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django_tenants.utils import tenant_context

from inventory.models import InventoryTransaction, Spool
from production import demo
from production.demo.month import live_through
from production.models import ProductionRun, RunItem, RunMaterial
from tenants.accounts.models import User
from tenants.farms import services
from tenants.models import Tenant
from tests.budgets import deep
from tests.config.json_answers import WRITTEN, addresses, compared
from tests.conftest import FarmAPIClient, FarmClient
from tests.production.figures import interfaces
from tests.queries import violations
from tests.responses import done, results

SLUG = "demo-of-tests"
BERLIN = ZoneInfo("Europe/Berlin")
AFTERNOON = datetime(2026, 6, 18, 14, 20, tzinfo=BERLIN)
MIDDLE = AFTERNOON - timedelta(days=16)
SUNDAY_NIGHT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def begun(django_db_setup, django_db_blocker):
    """The farm and its story, told as far as the middle of the month."""
    stories = []

    def keep(*args, **kwargs):
        stories.append(live_through(*args, **kwargs))
        return ()

    with django_db_blocker.unblock():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("production.demo.farm.live_through", keep)
            farm, _ = demo.ensure(slug="demo-to-look-at", now=AFTERNOON)
        [story] = stories
        with tenant_context(farm), transaction.atomic():
            next(moment for moment in story if moment > MIDDLE)
        yield farm, story
        services.drop_farm(farm, by=None)


@pytest.fixture(scope="module")
def demo_farm(begun, django_db_blocker):
    """Made once for the tests that only look."""
    farm, story = begun
    with django_db_blocker.unblock(), tenant_context(farm), transaction.atomic():
        for _ in story:
            pass
    return farm


@pytest.fixture
def month(demo_farm, db):
    with tenant_context(demo_farm):
        yield demo_farm


def runs(**what):
    return ProductionRun.objects.filter(**what)


def require_nothing_later_than(now):
    for field in ("created_at", "started_at", "finished_at", "updated_at"):
        assert not runs(**{f"{field}__gt": now}).exists()
    assert not InventoryTransaction.objects.filter(created_at__gt=now).exists()


def test_the_books_agree_in_the_middle_of_the_month(begun, db):
    farm, _ = begun
    with tenant_context(farm):
        assert violations() == []
        assert runs(status="completed").exists()
        assert not runs(created_at__gt=AFTERNOON - timedelta(days=12)).exists()


def test_the_books_agree_and_nothing_is_in_the_future(month):
    assert violations() == []
    require_nothing_later_than(AFTERNOON)


def test_the_month_has_everything_worth_a_look(month):
    assert 60 <= runs().count() <= 95
    assert runs(status="cancelled").count() == 1
    assert runs(reopened_at__isnull=False, status="completed").count() == 1
    assert runs(status="in_progress", finished_at=None).count() == 2
    over = RunMaterial.objects.filter(actual_grams__gt=F("planned_grams") * 13 / 10)
    assert over.filter(run__status="completed").exists()
    assert runs(status="failed").get().outcome_reason.code == "nozzle_clog"
    assert RunItem.objects.filter(good_count__gt=0, scrapped_count__gt=0).exists()
    assert set(RunMaterial.objects.filter(run__status="completed").values_list(
        "actual_source", flat=True
    )) == {"typed", "weighed", "as_planned"}  # fmt: skip
    assert InventoryTransaction.objects.filter(kind="count").count() == 4
    assert InventoryTransaction.objects.filter(kind="usage", cost_per_gram=None).exists()
    assert Spool.objects.filter(remaining_grams__lt=60).exists()
    assert Spool.objects.values("received_on").distinct().count() > 1


@pytest.mark.parametrize("part", interfaces.PARTS)
def test_every_figure_of_it_is_as_reckoned_from_the_rows(month, part):
    manager = User.objects.get(username="manager")
    api, browser = (kind(host="demo-to-look-at.localhost") for kind in (FarmAPIClient, FarmClient))
    api.force_authenticate(manager)
    browser.force_login(manager)
    wrong = interfaces.wrong(api, browser, [part])
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", WRITTEN)
def test_its_rows_are_written_as_the_framework_would(month, name):
    api = FarmAPIClient(host="demo-to-look-at.localhost")
    api.force_authenticate(User.objects.get(username="manager"))
    for address in addresses(name)[:3]:
        rows = results(compared(api, f"{address}?page_size=200"))
        for row in rows[:5]:
            assert done(compared(api, f"{address}{row['id']}/")) == row


def test_today_has_a_queue_and_not_all_of_it_can_start(month):
    queue = runs(status="planned")
    assert queue.count() == 5
    assert not queue.filter(planned_start_at__lt=AFTERNOON).exists()
    assert not queue.filter(due_on=None).exists()
    assert queue.filter(materials__spool=None).count() == 2
    running = runs(status="in_progress").order_by("started_at")
    assert all(AFTERNOON - run.started_at < timedelta(hours=3) for run in running)


def test_people_start_runs_in_working_hours_only(month):
    for run in runs(status="completed"):
        started_at = run.started_at.astimezone(BERLIN)
        assert started_at.weekday() < 5
        assert 8 <= started_at.hour < 17


@deep
def test_it_can_be_made_in_the_night_of_a_weekend_and_again(db):
    farm, is_new = demo.ensure(slug=SLUG, now=SUNDAY_NIGHT)
    assert is_new
    with tenant_context(farm):
        assert violations() == []
        require_nothing_later_than(SUNDAY_NIGHT)
        count = runs().count()
        assert 60 <= count <= 95
    assert demo.ensure(slug=SLUG) == (farm, False)
    with tenant_context(farm):
        assert runs().count() == count


def test_what_was_interrupted_is_made_again(db, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("production.demo.farm.live_through", interrupt)
    with pytest.raises(KeyboardInterrupt):
        demo.ensure(slug=SLUG)
    with tenant_context(Tenant.objects.get(slug=SLUG)):
        assert not User.objects.exists()
    monkeypatch.setattr("production.demo.farm.live_through", lambda *args, **kwargs: ())
    assert demo.ensure(slug=SLUG)[1]
    assert not demo.ensure(slug=SLUG)[1]


def test_the_command_says_how_to_sign_in_and_the_words_work(db, monkeypatch):
    monkeypatch.setattr("production.demo.farm.live_through", lambda *args, **kwargs: ())
    monkeypatch.setenv("PORT", "8123")
    out = StringIO()
    call_command("demo", stdout=out)
    assert "http://demo.localhost:8123/" in out.getvalue()
    headings = next(line for line in out.getvalue().splitlines() if "password" in line)
    assert headings.split() == ["name", "password", "person"]
    with tenant_context(Tenant.objects.get(slug="demo")):
        for role, _, password in demo.SIGN_INS:
            user = User.objects.get(username=role)
            assert (user.role, user.check_password(password)) == (role, True)
            assert f"{role} " in out.getvalue()
            assert password in out.getvalue()
