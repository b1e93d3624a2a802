"""Two people at one stocktake: each spool is recorded, and all is posted once."""

import threading
import time

import pytest
from django.db import transaction

from inventory.models import InventoryTransaction
from inventory.services import locking
from inventory.services.spools import consumption
from production.services.stocktaking import posting, recording, sessions
from production.services.stocktaking.sessions import InAnotherStocktake, StocktakeClosed
from tenants.operations.refusals import Refusal
from tests.factories import a_spool
from tests.production.verbs.stories_of_stocktakes import a_stocktake, recorded
from tests.queries import fresh, remaining, violations
from tests.responses import refusals

pytestmark = pytest.mark.usefixtures("committed_farm")


@pytest.fixture
def at_once(in_threads):
    """``at_once(one, another)``: what each returned or raised; the book is right afterwards."""

    def run(*works):
        results = in_threads(lambda number: works[number](), len(works))
        assert all(not isinstance(each, Exception) or is_refusal(each) for each in results), results
        assert violations() == []
        return results

    return run


def is_refusal(error):
    return isinstance(error, Refusal)


def counts():
    return InventoryTransaction.objects.filter(reason="stocktake").count()


def post(stocktake):
    return posting.post(stocktake, reason="Year end", missing="empty", by=None)


def test_what_two_post_at_once_is_posted_once(at_once):
    stocktake, line = recorded()
    results = at_once(*[lambda: post(stocktake)] * 4)
    assert refusals(results) == [StocktakeClosed] * 3
    assert (remaining(line.spool), counts()) == (900, 3)
    results = at_once(*[lambda: posting.undo(stocktake, by=None)] * 4)
    assert refusals(results) == [StocktakeClosed] * 3
    assert remaining(line.spool) == 1000


def test_two_record_different_spools_and_the_same_one(at_once):
    stocktake, _line = a_stocktake(4)
    spools = [line.spool for line in stocktake.lines.all()]
    extra = a_spool(100)
    works = [
        lambda spool=spool, grams=grams: recording.record(
            stocktake, spool=spool, net_grams=grams, by=None
        )
        for spool, grams in [*((each, 900) for each in spools), (extra, 90), (extra, 80)]
    ]
    assert refusals(at_once(*works)) == []
    lines = stocktake.lines.counted()
    assert lines.count() == 5
    assert lines.get(spool=extra).records.count() == 2


def test_a_record_comes_before_the_posting_or_is_refused(at_once):
    stocktake, line = recorded()
    results = at_once(
        lambda: recording.record(stocktake, spool=line.spool, net_grams=700, by=None),
        lambda: post(stocktake),
    )
    is_late = refusals(results) == [StocktakeClosed]
    assert remaining(line.spool) == (900 if is_late else 700)


def test_what_is_used_while_it_is_posted_stays_on_top(at_once):
    stocktake, line = recorded()
    results = at_once(
        lambda: consumption.use(line.spool, grams=50, by=None), lambda: post(stocktake)
    )
    assert refusals(results) == []
    assert remaining(line.spool) == 850


def test_entries_that_others_post_meanwhile_do_not_date_it_back(in_threads):
    stocktake, line = recorded()
    locked, posting_begun = threading.Event(), threading.Event()

    def work(number):
        if number:
            locked.wait(10)
            posting_begun.set()
            return post(stocktake)
        with transaction.atomic():
            locking.locked([line.spool_id])
            locked.set()
            posting_begun.wait(10)
            time.sleep(0.2)  # it waits for the spool
            return consumption.use(line.spool, grams=50, by=None)

    assert refusals(in_threads(work, 2)) == []
    assert remaining(line.spool) == 850


def test_of_two_that_begin_to_count_the_same_place_one_is_told(at_once):
    spool = a_spool()
    results = at_once(*[lambda: sessions.begin(by=None)] * 2)
    assert refusals(results) == [InAnotherStocktake]
    assert fresh(spool).stocktake_lines.count() == 1
