"""Receiving and weighing spools."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool
from inventory.services import ledger, receiving
from inventory.services.spools import scale, shelf
from tenants.operations.quantities import InvalidQuantity
from tenants.operations.refusals import Invalid
from tests.factories import a_filament, a_spool
from tests.queries import remaining

pytestmark = pytest.mark.usefixtures("farm")


def consume(spool, grams):
    with ledger.book([spool.pk], by=None) as book:
        return book.consume(book.spools[spool.pk], Decimal(grams))


def test_a_spool_holds_its_filaments_nominal_grams_unless_told_otherwise():
    spool = receiving.receive(filament=a_filament(net_grams=Decimal(750)), by=None)
    assert (spool.initial_grams, spool.remaining_grams) == (750, 750)


@pytest.mark.parametrize("grams", ["NaN", "Infinity", "-1", "1e30", "0", "spool"])
def test_a_spool_can_not_hold(grams):
    with pytest.raises((InvalidQuantity, Invalid)):
        a_spool(grams)
    assert not Spool.objects.exists()


def test_the_scale_sets_the_book_to_gross_minus_tare():
    spool = a_spool(1000)
    consume(spool, 400)
    entry = scale.weigh(spool, gross_grams=Decimal(790), by=None)
    assert (entry.kind, entry.grams, entry.balance_grams) == ("count", -10, 590)


def test_the_tare_of_the_spool_wins_over_the_filaments_and_that_over_the_makers():
    filament = a_filament(tare_grams=None)
    filament.manufacturer.empty_spool_grams = Decimal(150)
    filament.manufacturer.save()
    spool = a_spool(1000, filament=filament)
    assert scale.weigh(spool, gross_grams=1150, by=None).grams == 0
    filament.tare_grams = Decimal(180)
    filament.save()
    assert scale.weigh(spool, gross_grams=1180, by=None).grams == 0
    Spool.objects.filter(pk=spool.pk).update(tare_grams=Decimal(199))
    assert scale.weigh(spool, gross_grams=1199, by=None).grams == 0


def test_without_any_tare_the_scale_says_nothing():
    spool = a_spool(filament=a_filament(tare_grams=None))
    with pytest.raises(scale.TareUnknown):
        scale.weigh(spool, gross_grams=1000, by=None)


@pytest.mark.parametrize(
    ("gross", "doubt"),
    [(150, "less than the empty reel"), (1250, "than the 1000 g received"), (1000, "off the book")],
)
def test_a_weight_that_is_hard_to_believe_must_be_confirmed(gross, doubt):
    spool = a_spool(1000)
    with pytest.raises(scale.WeighingImplausible, match=doubt):
        scale.weigh(spool, gross_grams=gross, by=None)
    assert remaining(spool) == 1000
    scale.weigh(spool, gross_grams=gross, by=None, confirm=True)
    assert remaining(spool) == max(gross - 200, 0)


def test_a_small_difference_needs_no_confirmation():
    spool = a_spool(300)
    scale.weigh(spool, gross_grams=450, by=None)
    assert remaining(spool) == 250


def test_a_weight_from_before_a_later_entry_asks_which_book_it_is_compared_with():
    spool = a_spool(1000)
    weighed_at = timezone.now()
    consume(spool, 100)
    with pytest.raises(scale.EntriesSinceWeighing) as refused:
        scale.weigh(spool, gross_grams=1190, by=None, weighed_at=weighed_at)
    assert refused.value.numbers["book_then_grams"] == 1000
    assert refused.value.numbers["book_now_grams"] == 900
    entry = scale.weigh(spool, gross_grams=1190, by=None, weighed_at=weighed_at, basis="then")
    assert (entry.grams, entry.balance_grams) == (-10, 890)
    assert entry.occurred_at == weighed_at


def test_a_weighing_ends_the_need_for_one():
    spool = a_spool(1000)
    Spool.objects.filter(pk=spool.pk).update(needs_weighing=True)
    scale.weigh(spool, gross_grams=1200, by=None)
    assert not Spool.objects.get(pk=spool.pk).needs_weighing


def test_a_spool_was_not_weighed_tomorrow():
    tomorrow = timezone.now() + timedelta(days=1)
    with pytest.raises(Invalid):
        scale.weigh(a_spool(), gross_grams=1200, by=None, weighed_at=tomorrow)


def test_an_archived_spool_is_not_weighed_before_it_is_restored():
    spool = shelf.archive(a_spool(1000), discard=False, by=None)
    with pytest.raises(ledger.SpoolArchived, match="restore it first"):
        scale.weigh(spool, gross_grams=Decimal(1100), by=None)
    assert remaining(spool) == 1000
    shelf.restore(spool, by=None)
    assert scale.weigh(spool, gross_grams=Decimal(1100), by=None, confirm=True).grams == -100
