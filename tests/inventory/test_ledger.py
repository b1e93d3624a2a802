"""The ledger: balances, and that they can't be written otherwise."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from inventory.models import InventoryTransaction, Spool
from inventory.services import ledger
from inventory.services.locking import UnknownSpool
from tests.factories import a_filament, a_run, a_spool
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")


def post(spool, verb, *args, **details):
    with ledger.book([spool.pk], by=None) as book:
        return getattr(book, verb)(book.spools[spool.pk], *args, **details)


def reverse(entry):
    with ledger.book([entry.spool_id], by=None) as book:
        return book.reverse(entry)


def test_a_received_spool_holds_its_initial_grams_and_the_ledger_says_why():
    spool = a_spool(750)
    (entry,) = spool.transactions.all()
    assert (entry.kind, entry.grams, entry.balance_grams) == ("receipt", 750, 750)
    assert fresh(spool).remaining_grams == 750


def test_consuming_takes_grams_and_keeps_the_price_of_the_day():
    spool = a_spool(1000, price=Decimal(25))
    entry = post(spool, "consume", Decimal("12.5"))
    assert (entry.grams, entry.balance_grams) == (Decimal("-12.5"), Decimal("987.5"))
    assert entry.cost_per_gram == Decimal("0.025")
    assert fresh(spool).last_used_at == entry.created_at


def test_an_entry_of_a_spool_without_any_price_has_an_unknown_cost():
    spool = a_spool(filament=a_filament(price=None))
    assert post(spool, "consume", Decimal(1)).cost_per_gram is None


def test_nobody_takes_a_spool_below_zero():
    spool = a_spool(10)
    with pytest.raises(ledger.InsufficientInventory) as refused:
        post(spool, "consume", Decimal("10.000001"))
    (short,) = refused.value.numbers["shortages"]
    assert (short["needed_grams"], short["remaining_grams"]) == (Decimal("10.000001"), 10)
    assert short["spool_code"] == spool.code
    assert fresh(spool).remaining_grams == 10
    assert spool.transactions.count() == 1


def test_every_short_spool_is_named_and_none_is_touched():
    full, low, empty = a_spool(100), a_spool(5), a_spool(1)
    with (
        pytest.raises(ledger.InsufficientInventory) as refused,
        ledger.book([full.pk, low.pk, empty.pk], by=None) as book,
    ):
        for spool in book.spools.values():
            book.consume(spool, Decimal(50))
    assert {short["spool_id"] for short in refused.value.numbers["shortages"]} == {low.pk, empty.pk}
    assert fresh(full).remaining_grams == 100


def test_settling_counts_the_spool_up_by_the_shortfall_first():
    spool, run = a_spool(10), a_run()
    post(spool, "consume", Decimal(15), settle=True, run=run)
    receipt, count, usage = spool.transactions.all()
    assert (count.kind, count.grams, count.production_run) == ("count", 5, run)
    assert (usage.grams, usage.balance_grams) == (-15, 0)


def test_a_count_that_finds_no_difference_is_posted_all_the_same():
    spool = a_spool(100)
    entry = post(spool, "count", Decimal(100))
    assert (entry.kind, entry.grams, entry.balance_grams) == ("count", 0, 100)


def test_a_reversal_mirrors_its_entry_with_the_price_of_then():
    spool = a_spool(100, price=Decimal(2))
    usage = post(spool, "consume", Decimal(30))
    Spool.objects.filter(pk=spool.pk).update(price=Decimal(9))
    reversal = reverse(usage)
    assert (reversal.grams, reversal.cost_per_gram) == (30, usage.cost_per_gram)
    assert fresh(spool).remaining_grams == 100


def test_an_entry_is_reversed_once_and_a_reversal_never():
    spool = a_spool(100)
    usage = post(spool, "consume", Decimal(30))
    reversal = reverse(usage)
    with pytest.raises(ledger.NotReversible):
        reverse(reversal)
    with pytest.raises(DatabaseError, match="unique"), transaction.atomic():
        reverse(usage)


def test_a_reversal_never_takes_a_spool_below_zero():
    spool = a_spool(100)
    receipt = spool.transactions.get()
    post(spool, "consume", Decimal(30))
    with pytest.raises(ledger.InsufficientInventory):
        reverse(receipt)


def test_nothing_is_back_dated():
    spool = a_spool(100)
    yesterday = timezone.now() - timedelta(days=1)
    with (
        pytest.raises(ledger.BackDated),
        ledger.book([spool.pk], by=None, at=yesterday) as book,
    ):
        book.consume(book.spools[spool.pk], Decimal(1))


def test_a_claim_needs_available_grams_and_says_how_many_there_are():
    spool = a_spool(100)
    post(spool, "change_claim", 0, Decimal(70))
    with pytest.raises(ledger.InsufficientInventory) as refused:
        post(spool, "change_claim", 0, Decimal(31))
    (short,) = refused.value.numbers["shortages"]
    assert (short["available_grams"], short["missing_grams"]) == (30, 1)


def test_a_claim_does_not_stop_a_fact():
    spool = a_spool(100)
    post(spool, "change_claim", 0, Decimal(100))
    post(spool, "consume", Decimal(40))
    assert fresh(spool).available_grams == -40


def test_an_archived_spool_can_not_be_claimed():
    spool = a_spool(100)
    Spool.objects.filter(pk=spool.pk).update(archived_at=timezone.now())
    with pytest.raises(ledger.SpoolArchived):
        post(spool, "change_claim", 0, Decimal(1))


def test_an_unknown_spool_is_named():
    with pytest.raises(UnknownSpool, match="424242"), ledger.book([424242], by=None):
        pass


def test_every_change_of_a_spool_moves_its_version():
    spool = a_spool(100)
    before = fresh(spool).version
    post(spool, "change_claim", 0, Decimal(1))
    assert fresh(spool).version == before + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inventory_inventorytransaction SET grams = grams + 1",
        "DELETE FROM inventory_inventorytransaction",
        "TRUNCATE inventory_inventorytransaction CASCADE",
    ],
)
def test_the_database_refuses_to_rewrite_the_ledger(statement):
    a_spool(100)
    with (
        pytest.raises(DatabaseError, match="ledger only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_the_database_refuses_a_balance_without_its_entry():
    spool = a_spool(100)
    with pytest.raises(DatabaseError, match="its ledger says"), transaction.atomic():
        Spool.objects.filter(pk=spool.pk).update(remaining_grams=99)
        connection.check_constraints()


@pytest.mark.parametrize("grams", [Decimal(0), Decimal(5)])
def test_the_database_refuses_a_usage_that_takes_nothing(grams):
    spool = a_spool(100)
    entry = spool.transactions.get()
    entry.pk, entry.kind, entry.grams = None, InventoryTransaction.Kind.USAGE, grams
    entry.balance_grams += grams
    with pytest.raises(DatabaseError, match="ledger_grams_fit_kind"), transaction.atomic():
        entry.save(force_insert=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"balance_grams": Decimal(90)},
        {"grams": Decimal(-11)},
        {"created_at": timezone.now() - timedelta(days=1)},
        {"id": 1},
    ],
)
def test_the_database_refuses_an_entry_that_does_not_follow_the_one_before(changes):
    spool = a_spool(100)
    after = {"kind": "usage", "grams": Decimal(-5), "balance_grams": Decimal(95)}
    changes = after | {"created_at": timezone.now()} | changes
    row = InventoryTransaction(spool=spool, occurred_at=timezone.now(), **changes)
    with pytest.raises(OperationalError, match="do not follow"), transaction.atomic():
        row.save(force_insert=True)
