"""Many spools received at once, and what a spool cost."""

from decimal import Decimal

import pytest
from django.db.models import F
from django.db.models.functions import Coalesce

from inventory import codes
from inventory.models import InventoryTransaction, Spool
from inventory.services import ledger, receiving
from inventory.services.spools import consumption, shelf
from tenants.accounts.models import AuditEvent
from tenants.operations.quantities import InvalidQuantity
from tenants.operations.refusals import Duplicate, Invalid
from tests.factories import a_filament, a_spool
from tests.queries import fresh, queries_of, violations

pytestmark = pytest.mark.usefixtures("farm")


def test_a_delivery_is_received_at_once_and_its_price_shared_out_exactly(operator):
    received = receiving.receive_many(
        filament=a_filament(), count=7, total_price=Decimal(100), lot_number="L-7", by=operator
    )
    prices = [spool.price for spool in Spool.objects.order_by("pk")]
    assert prices == [Decimal("14.2857")] * 6 + [Decimal("14.2858")]
    assert sum(prices) == 100
    assert [spool.pk for spool in received] == sorted(spool.pk for spool in received)
    assert len({spool.code for spool in received}) == 7
    receipts = InventoryTransaction.objects.all()
    assert [(entry.kind, entry.grams) for entry in receipts] == [("receipt", 1000)] * 7
    assert {entry.performed_by for entry in receipts} == {operator}
    assert violations() == []


@pytest.mark.parametrize("total", ["0", "0.0001", "0.0005", "19.99"])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_no_share_is_negative_and_none_is_lost(total, count):
    total = Decimal(total)
    received = receiving.receive_many(
        filament=a_filament(), count=count, total_price=total, by=None
    )
    prices = [spool.price for spool in received]
    assert min(prices) >= 0
    assert sum(prices) == total


def test_the_price_of_each_may_be_said_and_the_nominal_grams_are_the_default():
    received = receiving.receive_many(
        filament=a_filament(net_grams=Decimal(750)), count=2, price=Decimal(15), by=None
    )
    assert [(spool.price, spool.remaining_grams) for spool in received] == [(15, 750)] * 2


@pytest.mark.parametrize(
    "fields",
    [
        {"count": 0},
        {"count": 201},
        {"count": True},
        {"count": "3"},
        {"count": 2, "price": 1, "total_price": 2},
        {"count": 2, "total_price": -1},
        {"count": 2, "initial_grams": 0},
        {"count": 2, "initial_grams": "0.000001", "price": 20},  # a gram would cost 20,000,000
    ],
)
def test_a_delivery_that_can_not_be_is_refused(fields):
    with pytest.raises(Invalid):
        receiving.receive_many(filament=a_filament(), by=None, **{"price": None} | fields)
    assert not Spool.objects.exists()


def test_two_hundred_spools_take_as_many_statements_as_one():
    filament = a_filament()

    def statements(count):
        return queries_of(lambda: receiving.receive_many(filament=filament, count=count, by=None))

    assert statements(1) == statements(200)
    assert Spool.objects.count() == 201


def test_no_spool_of_a_delivery_is_received_when_one_can_not_be(monkeypatch):
    monkeypatch.setattr(ledger.Book, "close", lambda book: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        receiving.receive_many(filament=a_filament(), count=3, by=None)
    assert not Spool.objects.exists()


def costs(spool):
    rate = Coalesce("cost_per_gram", "spool__late_cost_per_gram")
    entries = spool.transactions.filter(kind__in=["usage", "waste"])
    return list(entries.annotate(cost=-F("grams") * rate).values_list("cost", flat=True))


def test_a_price_that_becomes_known_is_what_earlier_entries_cost_and_only_once(operator):
    spool = a_spool(1000, filament=a_filament(price=None))
    consumption.use(spool, grams=100, by=None)
    assert costs(spool) == [None]
    priced = shelf.describe(spool, price=Decimal(30), by=operator)
    assert (priced.price, priced.version) == (30, spool.version + 2)
    consumption.use(spool, grams=100, by=None)
    assert costs(spool) == [3, 3]
    shelf.describe(spool, price=Decimal(90), by=operator)
    consumption.use(spool, grams=100, by=None)
    assert costs(spool) == [3, 3, 9]


def test_an_entry_with_a_cost_never_changes():
    spool = a_spool(1000, price=Decimal(20))
    consumption.use(spool, grams=100, by=None)
    shelf.describe(spool, price=Decimal(50), by=None)
    assert costs(spool) == [2]
    assert fresh(spool).late_cost_per_gram is None


def test_a_price_is_on_record_and_the_same_one_leaves_no_trace(operator):
    spool = a_spool(1000, price=Decimal(20))
    shelf.describe(spool, price=Decimal(25), by=operator)
    assert shelf.describe(spool, price="25.00", by=operator).version == spool.version + 1
    (event,) = AuditEvent.objects.of(spool)
    assert (event.by, event.changes["price"]) == (operator, ["20.0000", "25.0000"])


@pytest.mark.parametrize("price", ["-1", "NaN", "1e12"])
def test_a_price_that_can_not_be_is_refused(price):
    with pytest.raises(InvalidQuantity):
        shelf.describe(a_spool(), price=price, by=None)


def test_a_price_may_become_unknown_again_and_new_entries_take_the_catalogues():
    spool = a_spool(1000, price=Decimal(50), filament=a_filament(price=Decimal(20)))
    shelf.describe(spool, price=None, by=None)
    assert consumption.use(spool, grams=10, by=None).cost_per_gram == Decimal("0.02")


def test_the_price_stays_when_its_record_can_not_be_written(monkeypatch):
    spool = a_spool(1000, price=Decimal(20))
    monkeypatch.setattr(AuditEvent, "save", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        shelf.describe(spool, price=25, by=None)
    assert (fresh(spool).price, fresh(spool).version) == (20, spool.version)


# --- Blank labels --------------------------------------------------------------------------------


def bound(*labels, **fields):
    return receiving.receive_many(filament=a_filament(), codes=labels, by=None, **fields)


def test_each_spool_gets_the_label_that_was_put_on_it():
    first, second = codes.generate(), codes.generate()
    received = bound(f"HTTP://ALPHA.LOCALHOST/S/{first}", f" {second.lower()} ")
    assert [spool.code for spool in received] == [first, second]
    assert violations() == []


def test_there_are_as_many_spools_as_labels():
    with pytest.raises(Invalid, match="1 labels were scanned for 2 spools"):
        bound(codes.generate(), count=2)
    with pytest.raises(Invalid):
        bound()
    assert len(bound(codes.generate(), count=1)) == 1


def test_a_label_that_is_none_or_is_there_twice_is_refused():
    code = codes.generate()
    for labels, why in (((code, "hello"), "Not the code"), ((code, code), "more than once")):
        with pytest.raises(shelf.InvalidSpoolCode, match=why):
            bound(*labels)
    with pytest.raises(shelf.InvalidSpoolCode, match="and 2 more"):
        bound(*map(str, range(12)))


def test_a_label_that_is_or_was_on_a_spool_is_refused():
    spool = a_spool()
    now = shelf.relabel(spool, by=None)
    for code in (spool.code, now.code):
        with pytest.raises(Duplicate, match=code):
            bound(codes.generate(), code)
    assert Spool.objects.count() == 1
