"""A clock that is wrong, or was: nothing is dated by it, and a manager lets posting go on."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.services import clock, receiving, reversing, stock
from inventory.services.clock_correcting import NothingMisdated, correct_clock
from inventory.services.spools import consumption, scale
from tenants.operations.clock import ClockWrong
from tenants.schemas import prepare
from tests.factories import a_filament, a_spool
from tests.inventory.api_helpers import LEDGER, SPOOLS
from tests.production.admin_forms import carry_out
from tests.queries import fresh, violations
from tests.responses import done, refused

TEN_YEARS = timedelta(days=3653)


@pytest.fixture(autouse=True)
def _nobody_looked(monkeypatch):
    """Nor does what other tests saw in the farm last."""
    monkeypatch.setattr(clock, "_looks", {})


@contextmanager
def all_clocks_off_by(monkeypatch, difference):
    now = timezone.now
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now() + difference)
        patch.setattr(clock, "require_agreement", lambda *_: None)
        yield


@pytest.fixture
def spools(farm, monkeypatch):
    """Two spools of 1000 g; of the first one 30 g were used when the clocks were ten years ahead,
    which another process did: this one has looked before."""
    spool, other = a_spool(1000), a_spool(1000)
    with all_clocks_off_by(monkeypatch, TEN_YEARS):
        consumption.use(spool, grams=30, by=None)
    return spool, other


def test_nothing_is_posted_before_the_newest_entry_of_the_farm(spools, monkeypatch):
    misdated, other = spools
    with pytest.raises(ClockWrong, match="there is an entry of 20"):
        consumption.use(misdated, grams=5, by=None)
    consumption.use(other, grams=5, by=None)  # a minute has not passed since it was looked
    monkeypatch.setattr(clock, "LOOK_SECONDS", -1)
    for post in (
        lambda: consumption.use(other, grams=5, by=None),
        lambda: receiving.receive(filament=a_filament(), initial_grams=500, by=None),
        lambda: receiving.receive_many(filament=a_filament(), count=2, by=None),
    ):
        with pytest.raises(ClockWrong, match="“The clock was wrong” on the page"):
            post()
    assert violations() == []


def test_clocks_may_differ_by_a_few_minutes(farm, monkeypatch, settings):
    spool = a_spool(1000)
    with all_clocks_off_by(monkeypatch, timedelta(minutes=4)):
        ahead = consumption.use(spool, grams=5, by=None)
    assert consumption.use(spool, grams=5, by=None).created_at == ahead.created_at
    settings.CLOCK_TOLERANCE = timedelta(minutes=3)
    with pytest.raises(ClockWrong):
        consumption.use(spool, grams=5, by=None)


def test_a_clock_that_is_not_the_databases_is_noticed_at_once_and_when_it_is_set_right(
    farm, monkeypatch
):
    spool, now = a_spool(1000), timezone.now
    for minutes in (-6, 6):
        with monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda off=minutes: now() + timedelta(minutes=off))
            with pytest.raises(ClockWrong, match="the database’s says"):
                consumption.use(spool, grams=5, by=None)
            with pytest.raises(ClockWrong):
                correct_clock(by=None)
        consumption.use(spool, grams=5, by=None)


def test_the_database_is_asked_once_a_minute(farm, monkeypatch):
    spool = a_spool(1000)

    def questions():
        with CaptureQueriesContext(connection) as seen:
            consumption.use(spool, grams=1, by=None)
        return sum("clock_timestamp" in query["sql"] for query in seen)

    assert (questions(), questions()) == (0, 0)
    seen = clock._looks[connection.schema_name]
    clock._looks[connection.schema_name] = type(seen)(
        seen.database_at - timedelta(minutes=1), seen.newest_at, seen.looked - 61
    )
    assert (questions(), questions()) == (1, 0)


def test_a_manager_lets_posting_go_on_with_right_dates(spools, api, operator):
    misdated, other = spools
    refused(api.post(f"{SPOOLS}{misdated.pk}/use/", {"grams": 5}), 503, "clock_wrong")
    (entry,) = done(api.post(f"{LEDGER}correct-clock/", {}))["entries"]
    assert (entry["spool"], entry["kind"], entry["grams"]) == (misdated.pk, "count", "0.000000")
    now = timezone.now()
    for spool in spools:
        used = consumption.use(spool, grams=5, by=None)
        assert abs(used.created_at - now) < timedelta(minutes=1)
    assert (
        stock.with_grams_as_of(timezone.now(), type(misdated).objects.all())
        .get(pk=misdated.pk)
        .grams_then
        == fresh(misdated).remaining_grams
        == 965
    )
    assert violations() == []
    refused(api.post(f"{LEDGER}correct-clock/", {}), 409, "nothing_misdated")
    # What is dated wrongly is taken back and booked again; the correction is no weighing.
    wrong = misdated.transactions.get(created_at__gt=now + TEN_YEARS / 2)
    reversing.reverse(wrong, reason="dated 2036", by=None)
    assert fresh(misdated).last_used_at < timezone.now()
    assert violations() == []
    api.force_authenticate(operator)
    assert api.post(f"{LEDGER}correct-clock/", {}).status_code == 403


def test_the_admin_offers_it_at_the_entry(spools, as_manager):
    misdated, other = spools
    wrong, right = misdated.transactions.last(), other.transactions.last()
    page = "/admin/inventory/inventorytransaction/{}/{}/"
    offered = "The clock was wrong"
    assert offered in as_manager.get(page.format(wrong.pk, "change")).content.decode()
    assert offered not in as_manager.get(page.format(right.pk, "change")).content.decode()
    _seen, answer = carry_out(as_manager, page.format(wrong.pk, "correct-clock"))
    assert answer.status_code == 302
    consumption.use(misdated, grams=5, by=None)


def test_a_misdated_spool_is_weighed_and_its_later_entries_are_not_before_that(spools):
    misdated, _other = spools
    correct_clock(by=None)
    first = scale.weigh(misdated, gross_grams=1100, confirm=True, by=None)
    assert consumption.use(misdated, grams=1, by=None).created_at >= first.created_at
    with pytest.raises(NothingMisdated):
        correct_clock(by=None)


def test_readyz_says_that_a_clock_is_wrong(spools, public_client, monkeypatch):
    monkeypatch.setattr(prepare, "_looked_until", 0)
    assert public_client.get("/readyz").content == b"ok\nfarms-not-ready: 1\n"
    assert "its newest entry is of 20" in next(iter(prepare.farms_not_ready().values()))
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=6))
    answer = public_client.get("/readyz")
    assert answer.status_code == 503
    assert "the database’s says" in answer.content.decode()
