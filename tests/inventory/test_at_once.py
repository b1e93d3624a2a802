"""The verbs of a spool by several people at once: one effect each, and the book adds up."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from inventory.codes import generate
from inventory.models import Spool, SpoolEvent
from inventory.services import ledger, receiving, reversing
from inventory.services.clock_correcting import NothingMisdated, correct_clock
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from inventory.services.spools import consumption, shelf
from inventory.services.spools.consumption import NothingToPost
from inventory.services.spools.shelf import AlreadyArchived, AlreadyOpened, NotArchived
from tenants.operations.refusals import Duplicate
from tests.factories import a_filament, a_spool
from tests.queries import violations
from tests.responses import refusals

pytestmark = pytest.mark.usefixtures("committed_farm")

COUNT = 8


def test_eight_people_use_what_is_there_and_not_a_gram_more(in_threads):
    spool = a_spool(100)
    results = in_threads(lambda _: consumption.use(spool, grams=30, by=None), COUNT)
    assert refusals(results) == [InsufficientInventory] * 5
    assert Spool.objects.get(pk=spool.pk).remaining_grams == 10
    assert violations() == []


def test_use_waste_and_corrections_at_once_all_count(in_threads):
    spool = a_spool(1000)
    verbs = [
        lambda: consumption.use(spool, grams=10, by=None),
        lambda: consumption.waste(spool, grams="2.5", by=None),
        lambda: consumption.adjust(spool, grams=1, reason="Found", by=None),
        lambda: shelf.dry(spool, by=None),
    ]
    assert refusals(in_threads(lambda number: verbs[number % 4](), COUNT)) == []
    after = Spool.objects.get(pk=spool.pk)
    assert after.remaining_grams == 1000 - 2 * (10 + Decimal("2.5") - 1)
    assert after.version == spool.version + COUNT
    assert violations() == []


def test_a_spool_is_emptied_as_waste_once(in_threads):
    spool = a_spool(100)
    results = in_threads(lambda _: consumption.empty(spool, by=None, as_="waste"), COUNT)
    assert refusals(results) == [NothingToPost] * (COUNT - 1)


def test_an_entry_is_reversed_once(in_threads):
    spool = a_spool(100)
    usage = consumption.use(spool, grams=40, by=None)
    results = in_threads(lambda _: reversing.reverse(usage, reason="Slip", by=None), COUNT)
    assert refusals(results) == [reversing.AlreadyReversed] * (COUNT - 1)
    assert Spool.objects.get(pk=spool.pk).remaining_grams == 100


def test_a_price_that_becomes_known_twice_at_once_is_late_once(in_threads):
    spool = a_spool(1000, filament=a_filament(price=None))
    in_threads(lambda number: shelf.describe(spool, price=number + 1, by=None), COUNT)
    after = Spool.objects.get(pk=spool.pk)
    assert after.late_cost_per_gram is not None
    assert after.version == spool.version + COUNT


def test_deliveries_at_once_are_all_received(in_threads):
    filament = a_filament()
    receive = receiving.receive_many
    results = in_threads(
        lambda _: receive(filament=filament, count=5, total_price=50, by=None), COUNT
    )
    assert refusals(results) == []
    assert Spool.objects.count() == 5 * COUNT
    assert violations() == []


def test_a_spool_is_opened_archived_and_restored_once(in_threads):
    spool = a_spool(100)
    opened = in_threads(lambda _: shelf.open(spool, by=None), COUNT)
    archived = in_threads(lambda _: shelf.archive(spool, by=None, discard=True), COUNT)
    restored = in_threads(lambda _: shelf.restore(spool, by=None), COUNT)
    assert refusals(opened) == [AlreadyOpened] * (COUNT - 1)
    assert refusals(archived) == [AlreadyArchived] * (COUNT - 1)
    assert refusals(restored) == [NotArchived] * (COUNT - 1)
    assert SpoolEvent.objects.count() == 3
    assert spool.transactions.count() == 2


def test_a_spool_is_either_used_or_archived_first(in_threads):
    spool = a_spool(100)
    verbs = [
        lambda: shelf.archive(spool, by=None, discard=True),
        lambda: consumption.use(spool, grams=40, by=None),
    ]
    results = in_threads(lambda number: verbs[number](), 2)
    assert refusals(results) in ([], [SpoolArchived])
    assert Spool.objects.get(pk=spool.pk).remaining_grams == 0
    assert violations() == []


def test_labels_given_at_once_lead_to_one_spool(in_threads):
    spool = a_spool(100)
    results = in_threads(lambda _: shelf.relabel(spool, by=None), COUNT)
    codes = [spool.code, *(result.code for result in results)]
    assert len(set(codes)) == COUNT + 1
    assert [Spool.objects.labelled(code).get().pk for code in codes] == [spool.pk] * (COUNT + 1)


def test_a_blank_label_bound_by_several_at_once_goes_to_one_spool(in_threads):
    filament, code = a_filament(), generate()
    results = in_threads(
        lambda _: receiving.receive_many(filament=filament, codes=[code], by=None), COUNT
    )
    assert refusals(results) == [Duplicate] * (COUNT - 1)
    assert Spool.objects.get().code == code
    assert violations() == []


def test_a_clock_is_corrected_once(in_threads):
    spool, yesterday = a_spool(100), timezone.now() - timedelta(days=1)
    results = in_threads(lambda _: correct_clock(by=None, at=yesterday), COUNT)
    assert refusals(results) == [NothingMisdated] * (COUNT - 1)
    assert spool.transactions.count() == 2
    assert violations() == []


# --- A lock that was lost ------------------------------------------------------------------------


@pytest.fixture
def unlocked(committed_farm, monkeypatch):
    """A spool of 100 g that its first two writers read before either of them writes."""
    spool, both_read, readers = a_spool(100), threading.Barrier(2), iter(range(2))

    def read(ids):
        found = Spool.objects.select_related("filament").in_bulk(ids)
        if next(readers, None) is not None:
            both_read.wait(10)
        return found

    monkeypatch.setattr(ledger, "locked", read)
    return spool


def test_the_second_of_two_writers_without_a_lock_is_refused(unlocked, in_threads):
    @transaction.atomic
    def take(_):
        with ledger.book([unlocked.pk], by=None) as book:
            book.consume(book.spools[unlocked.pk], Decimal(60))

    (refused,) = filter(None, in_threads(take, 2))
    assert (type(refused), refused.__cause__.sqlstate) == (OperationalError, "40001")
    assert Spool.objects.get(pk=unlocked.pk).remaining_grams == 40
    assert violations() == []


def test_a_verb_that_lost_a_lock_begins_again_with_what_is_there(unlocked, in_threads):
    results = in_threads(lambda _: consumption.use(unlocked, grams=60, by=None), 2)
    assert refusals(results) == [InsufficientInventory]
    assert Spool.objects.get(pk=unlocked.pk).remaining_grams == 40
    assert violations() == []
