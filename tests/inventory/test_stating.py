"""What clients of the printers' API say is on a spool is booked, and the book adds up."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Filament, Spool, UsageMeter
from inventory.services import filaments, receiving
from inventory.services.receiving import FilamentInactive
from inventory.services.spools import consumption, scale, shelf, stating
from inventory.services.spools.shelf import SpoolRemoved
from inventory.services.spools.stating import InitialUnknown
from tenants.operations.operation import source
from tests.factories import a_filament, a_manufacturer, a_run, a_running_run, a_spool
from tests.queries import fresh, violations

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def consistent(farm):
    token = source.set("device")
    yield
    source.reset(token)
    assert violations() == []


@contextmanager
def source_of(name):
    token = source.set(name)
    yield
    source.reset(token)


def stated(**fields):
    fields.setdefault("filament", a_filament())
    return receiving.receive_stated(by=None, **fields)


def entries(spool):
    rows = spool.transactions.order_by("pk")
    return [(entry.kind, entry.grams, entry.reason) for entry in rows]


def figures(spool):
    spool = fresh(spool)
    return spool.initial_grams, spool.remaining_grams, spool.excess_grams, spool.used_grams


def metered(spool, grams):
    """A meter of a run is open on the spool."""
    at = timezone.now()
    line = a_running_run((spool, 10)).materials.get()
    times = {"started_at": at, "last_report_at": at}
    UsageMeter.objects.create(spool=spool, run_material=line, grams=grams, **times)
    type(line).objects.filter(pk=line.pk).update(metered_grams=grams)
    dates = {"first_used_at": at, "last_used_at": at}
    Spool.objects.filter(pk=spool.pk).update(metered_grams=grams, **dates)
    return fresh(spool)


# -- received -----------------------------------------------------------------------------------


def test_a_spool_is_received_with_what_was_used_before():
    spool = stated(initial_grams=750, used_grams="50.5", first_used_at=THEN)
    assert entries(spool) == [("receipt", 750, ""), ("adjustment", Decimal("-50.5"), "opening")]
    assert figures(spool) == (750, Decimal("699.5"), 0, Decimal("50.5"))
    assert (spool.first_used_at, spool.last_used_at, spool.tare_grams) == (THEN, None, 200)
    assert {entry.source for entry in spool.transactions.all()} == {"device"}
    assert spool.is_sealed is False


def test_what_was_used_beyond_the_initial_grams_is_kept():
    assert figures(stated(used_grams=1500)) == (1000, 0, 500, 1500)
    assert figures(stated(remaining_grams=1200)) == (1000, 1000, 0, 0)
    assert figures(stated(remaining_grams=400)) == (1000, 400, 0, 600)


@pytest.mark.parametrize("initial", [None, 0])
def test_an_initial_weight_that_nobody_knows_is_assumed(initial):
    filament = a_filament(net_grams=None if initial is None else 750)
    spool = stated(filament=filament, initial_grams=initial, used_grams=20)
    assert figures(spool) == (1000, 980, 0, 20)
    assert (spool.is_initial_assumed, spool.needs_weighing) == (True, True)
    with pytest.raises(InitialUnknown):
        stated(filament=filament, initial_grams=initial, remaining_grams=20)


def test_a_spool_may_be_archived_from_the_first_moment():
    spool = stated(is_archived=True, used_grams=1000)
    assert fresh(spool).is_archived
    assert entries(spool)[-1] == ("adjustment", -1000, "opening")


def test_none_is_received_of_a_filament_that_was_removed():
    filament = a_filament()
    stale = Filament.objects.get(pk=filament.pk)
    filaments.remove(filament, by=None)
    for known in (stale, fresh(filament)):
        with pytest.raises(FilamentInactive, match="is removed"):
            stated(filament=known)
    assert not Spool.objects.exists()


# -- measured -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gross", "after", "is_dated"),
    [
        (900, (1000, 700, 0, 300), True),
        (1200, (1000, 1000, 0, 0), True),
        (1250, (1050, 1050, 0, 0), False),
        (150, (1000, 0, 0, 1000), False),
        (200, (1000, 0, 0, 1000), True),
    ],
)
def test_a_measured_weight_is_a_count(gross, after, is_dated):
    spool = a_spool(1000, needs_weighing=True)
    entry = stating.measure(spool, gross_grams=gross, by=None)
    spool = fresh(spool)
    assert figures(spool) == after
    assert (entry.kind, entry.reason, entry.balance_grams) == ("count", "weighed", after[1])
    assert (spool.first_used_at is not None, spool.needs_weighing) == (is_dated, False)


def test_a_weight_is_measured_again_and_posts_a_count_of_nothing():
    spool = a_spool(1000)
    stating.measure(spool, gross_grams=900, by=None)
    assert stating.measure(spool, gross_grams=900, by=None).grams == 0


def test_a_weight_that_a_person_would_be_asked_about_is_booked_and_listed():
    since, spool = timezone.now() - timedelta(hours=1), a_spool(1000)
    stating.measure(spool, gross_grams=1110, by=None)  # 90 g of 1000 g
    stating.measure(spool, gross_grams=1061, by=None)  # 49 g
    assert not scale.doubtful(since).exists()
    entry = stating.measure(spool, gross_grams=900, by=None)
    assert list(scale.doubtful(since)) == [entry]
    scale.weigh(spool, gross_grams=1200, confirm=True, by=None)
    with source_of("floor"):
        scale.weigh(spool, gross_grams=300, confirm=True, by=None)
    assert entry in scale.doubtful(since)
    assert scale.doubtful(since).count() == 2


def test_the_reel_weighs_what_the_spool_the_filament_or_the_maker_says():
    maker = a_manufacturer("Maker", empty_spool_grams=Decimal(100))
    filament = a_filament(manufacturer=maker, tare_grams=Decimal(0))
    spool = a_spool(1000, filament=filament, tare_grams=Decimal(0))
    assert stating.measure(spool, gross_grams=900, by=None).balance_grams == 800
    shelf.describe(spool, by=None, tare_grams=Decimal(250))
    assert stating.measure(spool, gross_grams=900, by=None).balance_grams == 650
    bare = a_spool(1000, filament=a_filament(manufacturer=None, tare_grams=None))
    assert stating.measure(bare, gross_grams=900, by=None).balance_grams == 900


def test_without_any_initial_weight_nothing_is_measured():
    filament = a_filament(net_grams=None)
    spool = stated(filament=filament)
    with pytest.raises(InitialUnknown, match="Initial weight"):
        stating.measure(spool, gross_grams=900, by=None)
    filaments.update(filament, by=None, net_grams=Decimal(750))
    stating.measure(spool, gross_grams=900, by=None)
    assert figures(spool) == (750, 700, 0, 50)
    assert fresh(spool).is_initial_assumed
    stating.measure(spool, gross_grams=1000, by=None)
    assert figures(spool) == (800, 800, 0, 0)
    assert not fresh(spool).is_initial_assumed


def test_what_a_run_has_metered_is_still_to_come_into_the_book():
    spool = metered(a_spool(1000), Decimal("100.000000000004"))
    stating.measure(spool, gross_grams=1000, by=None)
    spool = fresh(spool)
    assert (spool.remaining_grams, round(spool.live_grams, 6)) == (900, 800)
    assert round(spool.used_grams, 6) == 200
    stating.set_used(spool, grams=300, by=None)
    assert fresh(spool).remaining_grams == 800


# -- set ----------------------------------------------------------------------------------------


def test_what_remains_is_counted_and_no_more_than_the_initial_grams():
    spool = a_spool(1000)
    stating.set_remaining(spool, grams="312.5", by=None)
    assert entries(spool)[1:] == [("count", Decimal("-687.5"), "set_by_client")]
    stating.set_remaining(spool, grams=1200, by=None)
    assert figures(spool) == (1000, 1000, 0, 0)


def test_what_was_read_and_sent_back_posts_nothing():
    spool = stated(used_grams=1500)
    before = fresh(spool)
    stating.set_remaining(spool, grams=0, by=None)
    stating.set_used(spool, grams=1500, by=None)
    stating.set_initial(spool, grams=1000, by=None)
    after = fresh(spool)
    assert len(entries(spool)) == 2
    assert (after.excess_grams, after.version) == (before.excess_grams, before.version)


def test_what_was_used_may_be_more_than_there_was():
    spool = a_spool(1000)
    stating.set_used(spool, grams=1200, by=None)
    assert figures(spool) == (1000, 0, 200, 1200)
    stating.set_used(spool, grams=100, by=None)
    assert figures(spool) == (1000, 900, 0, 100)


def test_a_count_of_ours_settles_what_went_beyond():
    spool = stated(used_grams=1200)
    scale.weigh(spool, gross_grams=1250, confirm=True, by=None)
    assert figures(spool) == (1000, 1050, 0, 0)
    stating.set_remaining(spool, grams=1050, by=None)  # as it is answered
    assert figures(spool) == (1000, 1050, 0, 0)


@pytest.mark.parametrize(
    ("initial", "after", "posted"),
    [
        (750, (750, 450, 0, 300), -250),
        (1250, (1250, 950, 0, 300), 250),
        (200, (200, 0, 100, 300), -700),
        (1000, (1000, 700, 0, 300), None),
    ],
)
def test_another_initial_weight_leaves_what_was_used(initial, after, posted):
    spool = a_spool(1000)
    consumption.use(spool, grams=300, by=None)
    stating.set_initial(spool, grams=initial, by=None)
    assert figures(spool) == after
    restated = [("adjustment", posted, "initial_restated")] if posted else []
    assert entries(spool)[2:] == restated


@pytest.mark.parametrize("unknown", [None, 0])
def test_an_initial_weight_can_be_taken_back_and_given_again(unknown):
    spool = a_spool(1000)
    consumption.use(spool, grams=300, by=None)
    stating.set_initial(spool, grams=unknown, by=None)
    assert fresh(spool).is_initial_assumed
    with pytest.raises(InitialUnknown):
        stating.set_remaining(spool, grams=5, by=None)
    stating.set_used(spool, grams=400, by=None)
    stating.set_initial(spool, grams=1000, by=None)
    assert figures(spool) == (1000, 600, 0, 400)
    assert not fresh(spool).is_initial_assumed


def test_less_than_runs_have_reserved_may_be_left():
    spool = a_spool(1000)
    a_run((spool, 600))
    stating.set_initial(spool, grams=500, by=None)
    assert fresh(spool).available_grams == -100


# -- given back ---------------------------------------------------------------------------------


def test_a_use_is_given_back_first_from_what_went_beyond():
    spool = stated(used_grams=1030)
    stating.give_back(spool, grams=20, by=None)
    assert figures(spool) == (1000, 0, 10, 1010)
    stating.give_back(spool, grams=60, by=None)
    assert figures(spool) == (1000, 50, 0, 950)
    assert entries(spool)[-1] == ("adjustment", 50, "given_back")
    assert fresh(spool).last_used_at


def test_no_more_is_given_back_than_was_used():
    spool = stated(used_grams=100)
    stating.give_back(spool, grams=5000, by=None)
    stating.give_back(spool, grams=5, by=None)
    assert figures(spool) == (1000, 1000, 0, 0)
    assert len(entries(spool)) == 3


# -- dates --------------------------------------------------------------------------------------


def test_dates_of_use_are_set_and_cleared_and_entries_do_not_change_them_back():
    spool = a_spool(1000)
    used = consumption.use(spool, grams=10, by=None)
    shelf.describe(spool, by=None, first_used_at=THEN, last_used_at=None)
    spool = fresh(spool)
    assert (spool.first_used_at, spool.last_used_at) == (THEN, None)
    again = consumption.use(spool, grams=10, by=None)
    assert fresh(spool).last_used_at == again.occurred_at
    assert fresh(spool).first_used_at == THEN
    assert used.occurred_at - THEN > timedelta(0)


# -- all of them --------------------------------------------------------------------------------

VERBS = {
    "measure": lambda spool: stating.measure(spool, gross_grams=900, by=None),
    "set_remaining": lambda spool: stating.set_remaining(spool, grams=1, by=None),
    "set_used": lambda spool: stating.set_used(spool, grams=1, by=None),
    "set_initial": lambda spool: stating.set_initial(spool, grams=1, by=None),
    "give_back": lambda spool: stating.give_back(spool, grams=1, by=None),
}


@pytest.mark.parametrize("verb", VERBS)
def test_an_archived_spool_takes_it_and_a_removed_one_does_not(verb):
    spool = shelf.archive(a_spool(1000), by=None, discard=False)
    VERBS[verb](spool)
    shelf.remove(spool, by=None)
    with pytest.raises(SpoolRemoved):
        VERBS[verb](spool)


@pytest.mark.parametrize("verb", VERBS)
def test_when_the_book_is_not_written_nothing_else_is(verb, monkeypatch):
    spool = stated(used_grams=1030)
    before = Spool.objects.values().get(pk=spool.pk)
    monkeypatch.setattr("inventory.services.ledger.write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        VERBS[verb](spool)
    assert Spool.objects.values().get(pk=spool.pk) == before
    assert len(entries(spool)) == 2
