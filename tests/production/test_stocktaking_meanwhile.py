"""What happened between the record of a stocktake and its posting."""

from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.models import Location
from inventory.services.spools import consumption, shelf
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.stocktaking import posting, recording, sessions
from tenants.operations.refusals import Invalid
from tests.factories import a_running_run, a_spool
from tests.queries import remaining

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def here():
    return Location.objects.create(name="Shelf A")


def test_what_turned_up_since_it_was_not_found_is_left_alone(here):
    used, moved, gone = (a_spool(1000, location=here) for _ in range(3))
    stocktake = sessions.begin(location=here, by=None)
    for spool in (used, moved, gone):
        recording.record(stocktake, spool=spool, result="not_found", by=None)
    consumption.use(used, grams=100, by=None)
    shelf.move(moved, location=Location.objects.create(name="Dry box"), by=None)
    posting.post(stocktake, reason="Year end", missing="empty", by=None)
    assert [remaining(spool) for spool in (used, moved, gone)] == [900, 1000, 0]


def test_a_weight_after_a_print_says_what_is_there_now(here):
    spool = a_spool(1000, location=here)
    stocktake = sessions.begin(location=here, by=None)
    recording.record(stocktake, spool=spool, net_grams=900, by=None)
    run = a_running_run((spool, 84))
    weighed = MaterialActual(line=run.materials.get().pk, gross_after_grams=Decimal(1016))
    completion.complete(run, by=None, materials=[weighed], confirm=True)
    left = remaining(spool)
    assert left == 1016 - spool.tare()
    posting.post(stocktake, reason="Year end", by=None)
    assert remaining(spool) == left
    assert stocktake.lines.get().outcome == "counted_since"


def test_a_count_is_not_from_before_the_receipt(here):
    spool = a_spool(1000, location=here)
    stocktake = sessions.begin(location=here, by=None)
    before = spool.transactions.get().created_at - timedelta(days=30)
    with pytest.raises(Invalid, match="can't be counted before"):
        recording.record(stocktake, spool=spool, net_grams=990, counted_at=before, by=None)
