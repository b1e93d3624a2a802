"""Filament that no run took: used, wasted, gone or corrected."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool
from inventory.services import ledger
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from inventory.services.spools import consumption, scale, shelf
from tenants.operations.operation import in_dry_run
from tenants.operations.quantities import InvalidQuantity
from tenants.operations.refusals import Invalid
from tests.factories import a_filament, a_spool
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")

VERBS = {
    "use": lambda spool: consumption.use(spool, grams=5, by=None),
    "waste": lambda spool: consumption.waste(spool, grams=5, by=None),
    "empty": lambda spool: consumption.empty(spool, by=None, confirm=True),
    "empty as waste": lambda spool: consumption.empty(spool, by=None, as_="waste"),
    "adjust": lambda spool: consumption.adjust(spool, grams=-5, reason="Typed twice", by=None),
}


def consume(spool, grams):
    with ledger.book([spool.pk], by=None) as book:
        return book.consume(book.spools[spool.pk], Decimal(grams))


# --- Use and waste -----------------------------------------------------------------------------


def test_a_test_print_takes_grams_from_the_shelf_and_says_why(operator):
    spool = a_spool(1000, price=Decimal(25))
    entry = consumption.use(spool, grams="12.5", by=operator, reason="Test cube", note="Benchy")
    assert (entry.kind, entry.grams, entry.balance_grams) == ("usage", Decimal("-12.5"), 987.5)
    assert (entry.reason, entry.note, entry.performed_by) == ("Test cube", "Benchy", operator)
    assert (entry.cost_per_gram, entry.production_run) == (Decimal("0.025"), None)
    assert fresh(spool).remaining_grams == Decimal("987.5")
    assert fresh(spool).version == spool.version + 1


def test_a_tangled_length_is_waste():
    entry = consumption.waste(a_spool(1000), grams=40, by=None, reason="Tangled")
    assert (entry.kind, entry.grams, entry.balance_grams) == ("waste", -40, 960)


def test_the_scale_says_what_was_used_as_the_book_minus_the_net_weight():
    spool = a_spool(1000)  # on a reel of 200 g
    Spool.objects.update(needs_weighing=True)
    entry = consumption.use(spool, gross_after_grams=Decimal(1130), by=None)
    assert (entry.grams, entry.balance_grams) == (-70, 930)
    assert not fresh(spool).needs_weighing


@pytest.mark.parametrize("amounts", [{}, {"grams": 1, "gross_after_grams": 1100}])
def test_grams_or_a_weight_are_said_and_not_both(amounts):
    with pytest.raises(Invalid, match="either what was taken, or what the scale shows"):
        consumption.use(a_spool(), by=None, **amounts)


@pytest.mark.parametrize("amounts", [{"grams": 0}, {"gross_after_grams": 1200}])
def test_nothing_used_is_no_entry(amounts):
    spool = a_spool(1000)
    with pytest.raises(consumption.NothingToPost):
        consumption.use(spool, by=None, **amounts)
    assert spool.transactions.count() == 1


@pytest.mark.parametrize("grams", ["NaN", "-1", "a lot", "1e30"])
def test_what_is_no_quantity_is_refused(grams):
    with pytest.raises(InvalidQuantity):
        consumption.waste(a_spool(), grams=grams, by=None)


def test_a_spool_does_not_get_heavier_by_being_used():
    spool = a_spool(1000)
    consume(spool, 100)
    with pytest.raises(consumption.AfterAboveBook) as refused:
        consumption.use(spool, gross_after_grams=1101, by=None)
    assert (refused.value.numbers["net_grams"], refused.value.numbers["remaining_grams"]) == (
        901,
        900,
    )


def test_a_weight_below_the_empty_reels_must_be_confirmed_and_then_all_was_used():
    spool = a_spool(1000)
    with pytest.raises(scale.WeighingImplausible, match="20 g less than the empty reel"):
        consumption.use(spool, gross_after_grams=180, by=None)
    assert consumption.use(spool, gross_after_grams=180, by=None, confirm=True).grams == -1000


def test_without_a_tare_the_scale_can_not_say_what_was_used():
    with pytest.raises(scale.TareUnknown):
        spool = a_spool(filament=a_filament(tare_grams=None, manufacturer=None))
        consumption.use(spool, gross_after_grams=900, by=None)


def test_nobody_uses_more_than_there_is_but_claims_do_not_stop_a_fact():
    spool = a_spool(50)
    with ledger.book([spool.pk], by=None) as book:
        book.change_claim(book.spools[spool.pk], 0, Decimal(40))
    with pytest.raises(InsufficientInventory):
        consumption.use(spool, grams=51, by=None)
    consumption.use(spool, grams=30, by=None)
    assert (fresh(spool).remaining_grams, fresh(spool).available_grams) == (20, -20)


def test_a_reason_is_short_the_rest_is_a_note():
    with pytest.raises(Invalid, match="at most 40"):
        consumption.use(a_spool(), grams=1, by=None, reason="r" * 41)


# --- Empty -------------------------------------------------------------------------------------


def test_an_empty_spool_is_counted_to_zero_for_nobody_knows_where_the_rest_went():
    spool = a_spool(1000)
    consume(spool, 970)
    Spool.objects.update(needs_weighing=True)
    entry = consumption.empty(spool, by=None)
    assert (entry.kind, entry.grams, entry.balance_grams) == ("count", -30, 0)
    assert entry.reason == "emptied"
    assert not fresh(spool).needs_weighing


def test_an_empty_spool_is_counted_even_when_the_book_agrees():
    spool = a_spool(100)
    consume(spool, 100)
    assert consumption.empty(spool, by=None).grams == 0


def test_what_is_left_is_waste_when_somebody_says_so():
    spool = a_spool(100)
    entry = consumption.empty(spool, by=None, as_="waste", reason="Brittle")
    assert (entry.kind, entry.grams, entry.reason) == ("waste", -100, "Brittle")
    with pytest.raises(consumption.NothingToPost):
        consumption.empty(spool, by=None, as_="waste")


def test_a_spool_that_is_far_from_empty_by_the_book_must_be_confirmed():
    spool = a_spool(Decimal("50.1"))
    with pytest.raises(consumption.NotEmptyByBook, match=r"50\.1 g are left"):
        consumption.empty(spool, by=None)
    assert consumption.empty(spool, by=None, confirm=True).balance_grams == 0


def test_what_is_left_is_a_count_or_waste_and_nothing_else():
    with pytest.raises(Invalid):
        consumption.empty(a_spool(), by=None, as_="usage")


# --- Adjust ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grams", "left"), [(-20, 80), ("20.5", Decimal("120.5"))])
def test_the_book_is_corrected_by_hand_with_a_reason(grams, left):
    spool = a_spool(100)
    entry = consumption.adjust(spool, grams=grams, reason="Booked on the wrong spool", by=None)
    assert (entry.kind, entry.balance_grams) == ("adjustment", left)
    assert fresh(spool).remaining_grams == left


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"grams": 5, "reason": " "}, consumption.ReasonMissing),
        ({"grams": 0, "reason": "Why not"}, consumption.NothingToPost),
        ({"grams": -101, "reason": "Too many"}, InsufficientInventory),
        ({"grams": 99_999_950, "reason": "More than the book can hold"}, InvalidQuantity),
    ],
)
def test_an_adjustment_is_refused(fields, refusal):
    spool = a_spool(100)
    with pytest.raises(refusal):
        consumption.adjust(spool, by=None, **fields)
    assert fresh(spool).remaining_grams == 100


# --- All of them -------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_an_archived_spool_is_left_alone(verb):
    spool = shelf.archive(a_spool(100), by=None, discard=False)
    with pytest.raises(SpoolArchived, match="restore it first"):
        verb(spool)
    assert fresh(spool).remaining_grams == 100


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_nothing_has_changed_when_the_last_write_fails(verb, monkeypatch):
    spool = a_spool(100)
    before = fresh(spool)

    def broken(*args):
        raise RuntimeError("the balances could not be written")

    monkeypatch.setattr(ledger, "write", broken)
    with pytest.raises(RuntimeError):
        verb(spool)
    after = fresh(spool)
    assert (after.remaining_grams, after.version) == (100, before.version)
    assert spool.transactions.count() == 1


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_dry_run_says_the_entry_and_leaves_none(verb):
    spool = a_spool(100)
    assert in_dry_run(lambda: verb(spool)).balance_grams < 100
    assert fresh(spool).remaining_grams == 100


def test_nothing_is_used_yesterday():
    spool = a_spool(100)
    with pytest.raises(ledger.BackDated):
        consumption.use(spool, grams=1, by=None, at=timezone.now() - timedelta(days=1))
