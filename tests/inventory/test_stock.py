"""What is in stock, now and then; figures worked out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import Filament, InventoryTransaction, MaterialType, Spool
from inventory.services import ledger, receiving, reversing, stock
from inventory.services.spools import consumption, scale, shelf
from tenants.accounts.models import FarmSettings
from tests.factories import a_filament, a_material_type, a_spool
from tests.queries import queries_of
from tests.shelf_rows import entries, spools

pytestmark = pytest.mark.usefixtures("farm")

MARCH = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in range(1, 10)]


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def claim(spool, grams):
    with ledger.book([spool.pk], by=None) as book:
        book.change_claim(book.spools[spool.pk], 0, Decimal(grams))


def of(filament):
    return stock.of_filaments().get(pk=filament.pk)


def with_one_and_with_thirty(work, grow):
    """How many queries ``work`` takes with one row, and with thirty more."""
    grow(1)
    few = queries_of(work)
    grow(30)
    return few, queries_of(work)


# --- Low in stock ------------------------------------------------------------------------------


def test_a_spool_is_low_at_a_fifth_of_what_was_on_it():
    FarmSettings.objects.update(low_stock_percent=Decimal(20))
    above, at, below, gone = (a_spool(500) for _ in range(4))
    for spool, grams in ((above, "399.9"), (at, 400), (below, 450)):
        consumption.use(spool, grams=grams, by=None)
    shelf.archive(gone, by=None, discard=True)
    low = stock.low_spools().order_by("pk")
    assert [(spool, spool.is_low_itself, spool.is_to_reorder) for spool in low] == [
        (at, True, False),
        (below, True, False),
    ]
    FarmSettings.objects.update(low_stock_percent=Decimal("20.02"))
    assert above in stock.low_spools()


def test_a_full_spool_is_low_when_its_filament_is_to_be_reordered():
    filament = a_filament(reorder_point_grams=Decimal(1500))
    one, two = a_spool(1000, filament=filament), a_spool(1000, filament=filament)
    a_spool(1000)
    assert not stock.low_spools().exists()
    claim(one, 500)  # 1500 g of 2000 g are available
    low = stock.low_spools().order_by("pk")
    assert [(spool, spool.is_low_itself, spool.is_to_reorder) for spool in low] == [
        (one, False, True),
        (two, False, True),
    ]


# --- As of any moment --------------------------------------------------------------------------


@pytest.fixture
def a_week():
    """1 March: 1000 g; 3 March: 100 g used; 5 March: counted to 880 g; 5 March again: 5 g more."""
    spool = receiving.receive(filament=a_filament(), initial_grams=1000, by=None, at=MARCH[0])
    consumption.use(spool, grams=100, by=None, at=MARCH[2])
    scale.weigh(spool, gross_grams=1080, by=None, at=MARCH[4])
    consumption.adjust(spool, grams=5, reason="Found", by=None, at=MARCH[4])
    return spool


def then(moment):
    """Grams on the shelf of then, by spool."""
    shelf_then = stock.shelf_as_of(moment, Spool.objects.all())
    return dict(shelf_then.values_list("pk", "grams_then"))


@pytest.mark.parametrize(
    ("moment", "grams"),
    [
        (MARCH[0] - timedelta(seconds=1), None),
        (MARCH[0], 1000),
        (MARCH[2] - timedelta(microseconds=1), 1000),
        (MARCH[2], 900),
        (MARCH[3], 900),
        (MARCH[4], 885),
        (MARCH[8], 885),
    ],
)
def test_a_spool_held_then_what_its_last_entry_says(a_week, moment, grams):
    assert then(moment) == ({a_week.pk: grams} if grams else {})


def test_the_shelf_of_then_has_the_spools_of_then(a_week):
    later = receiving.receive(filament=a_filament(), initial_grams=750, by=None, at=MARCH[3])
    untouched = receiving.receive(filament=a_filament(), initial_grams=500, by=None, at=MARCH[0])
    shelf.archive(untouched, by=None, discard=False, at=MARCH[5])
    shelf.restore(untouched, by=None, at=MARCH[7])
    assert then(MARCH[1]) == {a_week.pk: 1000, untouched.pk: 500}
    assert then(MARCH[3]) == {a_week.pk: 900, later.pk: 750, untouched.pk: 500}
    assert then(MARCH[6]) == {a_week.pk: 885, later.pk: 750}
    assert then(MARCH[8]) == {a_week.pk: 885, later.pk: 750, untouched.pk: 500}


def test_the_shelf_of_any_moment_is_one_query(a_week):
    counts = with_one_and_with_thirty(
        lambda: list(stock.shelf_as_of(timezone.now(), Spool.objects.all())),
        lambda count: receiving.receive_many(filament=a_filament(), count=count, by=None),
    )
    assert counts == (1, 1)


def test_a_balance_of_then_is_found_by_the_ledgers_index(a_week):
    entries(300, spool=spools(300).__getitem__, created_at=MARCH[1])  # or another index does
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inventory_inventorytransaction")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    plans = [
        a_week.transactions.as_of(MARCH[3]).last_balance().explain(),
        stock.shelf_as_of(MARCH[3], Spool.objects.all()).explain(),
    ]
    for plan in plans:
        assert "Index Scan Backward using ledger_by_spool" in plan


# --- Filaments ---------------------------------------------------------------------------------


def test_the_stock_of_a_filament_by_hand():
    filament = a_filament(reorder_point_grams=Decimal(1700))
    sealed = a_spool(1000, filament=filament)
    opened = shelf.open(a_spool(500, filament=filament), by=None)
    used = a_spool(750, filament=filament)
    gone = a_spool(200, filament=filament)
    a_spool(333)  # of another filament
    consumption.use(used, grams=150, by=None)
    consumption.waste(used, grams=50, by=None)
    shelf.archive(gone, by=None, discard=True)
    claim(sealed, 300)
    claim(opened, 50)
    found = of(filament)
    assert (found.sealed_count, found.opened_count) == (1, 2)
    assert (found.remaining_grams, found.reserved_grams) == (2050, 350)
    assert found.available_grams == 1700
    assert found.used_grams == 400  # 150 used, 50 wasted, 200 thrown away
    assert found.days_left == Decimal("127.5")  # 1700 / (400 / 30)
    assert found.is_to_reorder  # at the reorder point
    Filament.objects.update(reorder_point_grams=Decimal("1699.99"))
    assert not of(filament).is_to_reorder


def test_a_filament_that_nobody_has_or_uses():
    found = of(a_filament())
    assert (found.sealed_count, found.opened_count, found.remaining_grams) == (0, 0, 0)
    assert (found.used_grams, found.days_left, found.is_to_reorder) == (0, None, False)


def test_use_is_of_the_last_thirty_days_and_without_what_was_taken_back():
    spool = receiving.receive(filament=a_filament(), initial_grams=1000, by=None, at=days_ago(60))
    consumption.use(spool, grams=500, by=None, at=days_ago(31))
    consumption.use(spool, grams=60, by=None, at=days_ago(29))
    slip = consumption.use(spool, grams=140, by=None)
    consumption.adjust(spool, grams=-10, reason="Lost", by=None)
    reversing.reverse(slip, reason="Slip", by=None)
    found = of(spool.filament)
    assert (found.remaining_grams, found.used_grams) == (430, 60)
    assert found.days_left == 215  # 430 / (60 / 30)


def test_an_overclaimed_filament_lasts_no_day():
    spool = a_spool(100)
    claim(spool, 100)
    consumption.use(spool, grams=50, by=None)
    found = of(spool.filament)
    assert (found.available_grams, found.days_left) == (-50, 0)


def test_the_stock_of_a_material_type_is_that_of_its_filaments():
    petg = a_material_type("PETG")
    black, white = a_filament(material_type=petg), a_filament(material_type=petg)
    consumption.use(a_spool(1000, filament=black), grams=100, by=None)
    a_spool(750, filament=white)
    a_spool(333)
    found = stock.of_material_types().get(code="PETG")
    assert (found.sealed_count, found.opened_count) == (1, 1)
    assert (found.remaining_grams, found.used_grams) == (1650, 100)
    assert found.days_left == 495  # 1650 / (100 / 30)


def test_what_is_available_of_some_materials():
    pla, petg = a_material_type("PLA"), a_material_type("PETG")
    black, white = a_filament(material_type=pla), a_filament(material_type=pla)
    spool = a_spool(1000, filament=black)
    a_spool(500, filament=white)
    claim(spool, 200)
    assert stock.available_of_filaments([black.pk, white.pk]) == {black.pk: 800, white.pk: 500}
    assert stock.available_of_material_types([pla.pk, petg.pk]) == {pla.pk: 1300}


def test_the_stock_of_all_filaments_is_one_query():
    def grow(count):
        for _ in range(count):
            consumption.use(a_spool(), grams=1, by=None)

    assert with_one_and_with_thirty(lambda: list(stock.of_filaments()), grow) == (1, 1)
    assert len(stock.of_filaments()) == 31
    assert queries_of(lambda: list(stock.of_material_types())) == 1
    assert queries_of(lambda: list(stock.low_spools())) == 2


def test_stock_can_be_filtered_ordered_and_counted_like_any_list():
    full, low = a_spool(1000).filament, a_spool(10).filament
    Filament.objects.update(reorder_point_grams=Decimal(100))
    assert [*stock.of_filaments().filter(is_to_reorder=True)] == [low]
    assert [*stock.of_filaments().order_by("-available_grams", "pk")] == [full, low]
    assert stock.of_filaments(Filament.objects.with_makers()).count() == 2
    assert MaterialType.objects.count() == 1


def test_consumption_is_what_stands():
    spool = a_spool()
    consumption.waste(spool, grams=1, by=None)
    reversing.reverse(consumption.use(spool, grams=2, by=None), reason="Slip", by=None)
    assert [entry.grams for entry in InventoryTransaction.objects.consumption()] == [-1]


def test_a_sealed_spool_is_neither_opened_nor_used():
    sealed, opened, used = a_spool(), shelf.open(a_spool(), by=None), a_spool()
    consumption.use(used, grams=1, by=None)
    assert list(Spool.objects.sealed()) == [sealed]
    assert set(Spool.objects.opened()) == {opened, used}
