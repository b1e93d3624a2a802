"""What devices metered is taken off at once, before it is in the ledger."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool, UsageMeter
from inventory.services import stock
from tests.factories import a_run, a_spool
from tests.inventory.api_helpers import SPOOLS, at, found
from tests.queries import fresh, violations

METERED = Decimal("250.123456789012")
LEFT = Decimal("749.876543")


@pytest.fixture
def spool(farm):
    spool, now = a_spool(1000), timezone.now()
    a_run((spool, 600))
    UsageMeter.objects.create(spool=spool, grams=METERED, started_at=now, last_report_at=now)
    dates = {"first_used_at": now, "last_used_at": now}
    Spool.objects.filter(pk=spool.pk).update(metered_grams=METERED, **dates)
    return fresh(spool)


def test_what_is_left_and_available_follows_the_meters(spool):
    assert spool.live_grams == LEFT
    assert spool.available_grams == LEFT - 600
    assert spool.used_grams == METERED
    spool.remaining_grams = Decimal(100)
    assert spool.live_grams == 0
    assert violations() == []


def test_a_meter_that_is_not_in_the_balance_is_found(spool):
    Spool.objects.update(metered_grams=0)
    [violation] = violations()
    assert violation.startswith("metered_is_the_open_meters: ")


def test_lists_and_sums_know_it(spool):
    listed = Spool.objects.with_available().with_live().get()
    assert (listed.live, listed.available) == (LEFT, LEFT - 600)
    filament = stock.of_filaments().get()
    assert filament.remaining_grams == LEFT
    assert filament.available_grams == LEFT - 600
    assert stock.available_of_filaments([filament.pk])[filament.pk] == LEFT - 600
    assert not stock.low_spools().exists()
    Spool.objects.update(metered_grams=801)
    assert stock.low_spools().get() == spool
    assert Spool.objects.holding().exists()
    Spool.objects.update(metered_grams=1000)
    assert not Spool.objects.holding().exists()


def test_the_api_answers_filters_and_orders_by_it(spool, api):
    answer = api.get(at(spool)).json()
    assert (answer["remaining_grams"], answer["available_grams"]) == ("749.876543", "149.876543")
    other = a_spool(800)
    assert found(api, SPOOLS, "ordering=remaining_grams") == [spool.pk, other.pk]
    assert found(api, SPOOLS, "remaining_below=760") == [spool.pk]
    assert found(api, SPOOLS, "available_from=150") == [other.pk]


def test_pages_show_it(spool, as_manager):
    for page in ("/admin/inventory/spool/", f"/admin/inventory/spool/{spool.pk}/change/"):
        assert "749.88" in as_manager.get(page).content.decode()
    assert "749.88" in as_manager.get(f"/floor/spools/{spool.pk}/").content.decode()
