"""Taking back an entry that no run made."""

from decimal import Decimal

import pytest

from inventory.models.ledger import COMPENSATED
from inventory.services import ledger, reversing
from inventory.services.ledger import InsufficientInventory, NotReversible, SpoolArchived
from inventory.services.spools import consumption, scale, shelf
from production.services import completion
from production.services.completion.actuals import MaterialActual
from tests.factories import a_running_run, a_spool
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


def reverse(entry, **said):
    return reversing.reverse(entry, **{"reason": "Typed wrong", "by": None} | said)


def test_a_slip_is_taken_back_gram_by_gram_at_the_price_of_then(manager):
    spool = a_spool(1000, price=Decimal(20))
    usage = consumption.use(spool, grams=140, by=None)
    shelf.describe(spool, price=Decimal(50), by=None)
    reversal = reverse(usage, by=manager, note="It was 14.0")
    assert (reversal.kind, reversal.grams, reversal.reverses) == ("reversal", 140, usage)
    assert reversal.cost_per_gram == Decimal("0.02")
    assert (reversal.reason, reversal.note, reversal.performed_by) == (
        "Typed wrong",
        "It was 14.0",
        manager,
    )
    assert fresh(spool).remaining_grams == 1000
    assert violations() == []


def test_a_reversal_says_why():
    usage = consumption.use(a_spool(), grams=1, by=None)
    with pytest.raises(consumption.ReasonMissing):
        reverse(usage, reason="")


def test_an_entry_is_reversed_once_and_a_reversal_never():
    usage = consumption.use(a_spool(), grams=1, by=None)
    reversal = reverse(usage)
    with pytest.raises(reversing.AlreadyReversed) as refused:
        reverse(usage)
    assert refused.value.numbers["reversed_by_id"] == reversal.pk
    with pytest.raises(NotReversible):
        reverse(reversal)


def test_an_entry_of_a_run_is_the_runs_to_take_back():
    spool = a_spool(1000)
    run = a_running_run((spool, 10))
    completion.complete(run, by=None, as_planned=True)
    with pytest.raises(reversing.EntryOfRun, match=run.number) as refused:
        reverse(run.transactions.get())
    assert refused.value.numbers["run_id"] == run.pk
    assert fresh(spool).remaining_grams == 990


def test_a_receipt_is_taken_back_only_when_nothing_else_stands():
    spool = a_spool(1000)
    receipt = spool.transactions.get()
    usage = consumption.use(spool, grams=10, by=None)
    consumption.adjust(spool, grams=10, reason="Found", by=None)
    with pytest.raises(reversing.ReceiptInUse) as refused:
        reverse(receipt)
    assert refused.value.numbers["entries"] == 2
    reverse(usage)
    reverse(spool.transactions.get(kind="adjustment"))
    assert reverse(receipt).balance_grams == 0


def test_nothing_is_taken_back_below_zero():
    spool = a_spool(100)
    found = consumption.adjust(spool, grams=50, reason="Found", by=None)
    consumption.use(spool, grams=120, by=None)
    with pytest.raises(InsufficientInventory):
        reverse(found)
    assert fresh(spool).remaining_grams == 30


def test_what_is_older_than_a_count_is_taken_back_only_when_confirmed():
    spool = a_spool(1000)
    usage = consumption.use(spool, grams=100, by=None)
    count = scale.weigh(spool, gross_grams=1100, by=None)
    with pytest.raises(reversing.CountedSince) as refused:
        reverse(usage)
    assert refused.value.numbers["counted_entry_id"] == count.pk
    reverse(usage, confirm=True)
    assert (fresh(spool).remaining_grams, fresh(spool).needs_weighing) == (1000, True)


def test_a_count_itself_can_be_taken_back_unless_it_moved_nothing():
    spool = a_spool(1000)
    count = scale.weigh(spool, gross_grams=1190, by=None)
    assert reverse(count).balance_grams == 1000
    assert not fresh(spool).needs_weighing
    with pytest.raises(NotReversible):
        reverse(scale.weigh(spool, gross_grams=1200, by=None))


def test_a_count_that_keeps_what_was_weighed_is_not_taken_back_by_hand():
    spool = a_spool(1000)
    run = a_running_run((spool, 100))
    completion.complete(run, by=None, as_planned=True)
    scale.weigh(spool, gross_grams=1090, by=None)
    actual = MaterialActual(spool=spool.pk, actual_grams=Decimal(120))
    completion.correct(run, by=None, materials=[actual], confirm=True)
    compensation = spool.transactions.get(reason=COMPENSATED)
    with pytest.raises(
        reversing.CompensatingCount, match="correct that run again, or weigh"
    ) as refused:
        reverse(compensation, confirm=True)
    assert refused.value.numbers["entry_id"] == compensation.pk
    assert fresh(spool).remaining_grams == 890
    assert violations() == []


def test_a_discarded_rest_comes_back_once_the_spool_is_restored():
    spool = shelf.archive(a_spool(100), by=None, discard=True)
    waste = spool.transactions.get(kind="waste")
    with pytest.raises(SpoolArchived):
        reverse(waste)
    shelf.restore(spool, by=None)
    assert reverse(waste).balance_grams == 100


def test_the_entry_stands_when_the_last_write_fails(monkeypatch):
    spool = a_spool(100)
    usage = consumption.use(spool, grams=30, by=None)
    monkeypatch.setattr(ledger.Book, "_date_uses", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reverse(usage)
    assert (fresh(spool).remaining_grams, spool.transactions.count()) == (70, 2)
