"""Stock in grams and money as of any moment, and what changed it: as a plain reckoning has it."""

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from inventory.models import InventoryTransaction, SpoolEvent
from inventory.services import clock_correcting, filaments, returning, reversing
from inventory.services.spools import consumption, revaluing, scale, shelf
from production.services.reports.stock_value import changes_of_stock, stock_as_of
from tenants.accounts.models import AuditEvent, FarmSettings
from tests.factories import a_filament, a_spool
from tests.production.api_helpers import rows

DRAWN, DAYS, SEED = 60, 40, 17
LATER = timedelta(microseconds=1)


def on(day):
    """Noon in UTC: another day in the farm's zone for each ``day``, summer time or not."""
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    return noon - timedelta(days=DAYS - day)


@pytest.fixture
def lived(farm):
    """Spools of known, unknown and late prices that were used, counted, revalued, archived."""
    known, unknown = a_filament("Known"), a_filament("Unknown", price=None)
    draw = random.Random(SEED)
    spools = [a_spool(filament=known, price=Decimal(price), at=on(0)) for price in (20, 30)]
    spools += [a_spool(filament=unknown, at=on(day)) for day in (1, 2, 3)]
    for day in range(4, 20):
        for spool in spools:
            consumption.use(spool, grams=Decimal(draw.randint(1, 20)), by=None, at=on(day))
    weight = {"gross_grams": Decimal(900), "confirm": True}
    scale.weigh(spools[0], by=None, at=on(21), **weight)
    shelf.describe(spools[2], price=Decimal(25), by=None, at=on(22))  # known late
    shelf.describe(spools[1], price=Decimal(36), by=None, at=on(23))  # corrected
    revaluing.revalue(spools[1], by=None, at=on(24))
    last = InventoryTransaction.objects.filter(spool=spools[0], kind="usage").last()
    reversing.reverse(last, reason="mistyped", by=None, at=on(25), confirm=True)
    shelf.archive(spools[3], discard=False, by=None, at=on(26))
    shelf.restore(spools[3], by=None, at=on(28))
    consumption.waste(spools[2], grams=Decimal(7), by=None, at=on(29))
    shelf.archive(spools[4], discard=False, by=None, at=on(30))
    entry = returning.return_spool(spools[0], credit=Decimal(9), by=None, at=on(31))
    reversing.reverse(entry, reason="kept", by=None, at=on(33))
    returning.return_spool(spools[2], by=None, at=on(34))
    return spools


def happened():
    """``{spool id: [(moment, place, id, row)]}``, in order."""
    found = defaultdict(list)
    for entry in InventoryTransaction.objects.all():
        found[entry.spool_id].append((entry.created_at, 2, entry.pk, entry))
    for event in SpoolEvent.objects.filter(verb__in=("archived", "restored")):
        found[event.spool_id].append((event.at, 3, event.pk, event))
    for event in AuditEvent.objects.filter(object_type="inventory.spool", verb="change"):
        if event.changes.get("price"):
            found[event.object_id].append((event.at, 1, event.pk, event))
    return {spool: sorted(steps, key=lambda step: step[:3]) for spool, steps in found.items()}


def reckoned(story, moment):
    """``{spool id: (grams, rate)}`` of those that held something, one row after another."""
    found = {}
    for spool, steps in story.items():
        grams, rate, is_held = Decimal(0), None, True
        for _at, place, _pk, row in (step for step in steps if step[0] <= moment):
            if place == 1:
                rate = Decimal(row.changes["price"][1]) / 1000
            elif place == 3:
                is_held = row.verb == "restored"
            else:
                grams = row.balance_grams
                rate = rate if row.kind == "reversal" else row.cost_per_gram
        if is_held and grams:
            found[spool] = (grams, rate)
    return found


def test_the_stock_of_drawn_moments_is_that_of_a_plain_reckoning(lived):
    draw, story = random.Random(SEED), happened()
    for _time in range(DRAWN):
        moment = on(0) + timedelta(seconds=draw.randint(-1000, DAYS * 86400))
        expected = reckoned(story, moment)
        found = {int(row["key"]): row for row in stock_as_of(moment, group_by="spool")}
        assert found.keys() == expected.keys()
        for pk, (grams, rate) in expected.items():
            value = None if rate is None else round(grams * rate, 4)
            assert (found[pk]["grams"], found[pk]["value"]) == (grams, value), moment
            assert found[pk]["grams_of_unknown_value"] == (grams if rate is None else 0)
        for whole in stock_as_of(moment):
            known = sum(grams * rate for grams, rate in expected.values() if rate is not None)
            assert whole["grams"] == sum(grams for grams, _rate in expected.values())
            assert whole["known_value"] == round(known, 4)
            assert whole["spools"] == len(expected)


def test_the_changes_between_two_moments_are_the_difference_of_the_stocks(lived):
    draw = random.Random(SEED)
    names = ("grams", "known_value", "grams_of_unknown_value")
    for _time in range(DRAWN):
        days = sorted(draw.sample(range(DAYS), 2))
        since, until = (on(day) for day in days)
        first, last = stock_as_of(since - LATER), stock_as_of(until - LATER)
        changes = changes_of_stock(since, until)
        for name in names:
            difference = sum(row[name] for row in last) - sum(row[name] for row in first)
            summed = sum(row[name] for row in changes)
            assert abs(summed - difference) <= Decimal("0.001"), (days, name)


def test_each_kind_of_change_has_a_row(lived):
    changes = {row["kind"]: row for row in changes_of_stock(None, None)}
    assert list(changes) == [
        *("receipt", "usage", "waste", "return", "count", "reversal"),
        *("archived", "restored", "revaluation", "price_known"),
    ]
    assert (changes["receipt"]["grams"], changes["receipt"]["known_value"]) == (5000, 50)
    assert changes["receipt"]["value"] is None
    assert changes["revaluation"]["grams"] == changes["price_known"]["grams"] == 0
    assert changes["price_known"]["grams_of_unknown_value"] < 0
    assert (changes["return"]["credit"], changes["return"]["known_credit"]) == (None, 9)
    assert (changes["reversal"]["credit"], changes["usage"]["credit"]) == (-9, 0)


def test_an_unknown_credit_that_was_reversed_cancels_out(farm):
    """Returned without a credit, which is reversed and returned again for 12.00."""
    spool, other = a_spool(), a_spool()
    reversing.reverse(returning.return_spool(spool, by=None), reason="12.00", by=None)
    between = timezone.now()
    returning.return_spool(spool, credit=Decimal(12), by=None)
    credits = {row["kind"]: row["credit"] for row in changes_of_stock(None, None)}
    assert (credits["return"], credits["reversal"]) == (12, 0)
    entry = returning.return_spool(other, by=None)
    reversing.reverse(entry, reason="it stays", by=None)
    assert {row["credit"] for row in changes_of_stock(between, entry.created_at)} == {12}
    until = InventoryTransaction.objects.latest("pk").created_at
    [row] = [row for row in changes_of_stock(between, until) if row["kind"] == "return"]
    assert (row["credit"], row["known_credit"]) == (None, 12)


def test_a_price_of_the_filament_makes_spools_without_one_known(farm):
    spool = a_spool(filament=a_filament("Unknown", price=None))
    [row] = stock_as_of(None)
    assert (row["value"], row["grams_of_unknown_value"]) == (None, 1000)
    filaments.update(spool.filament, price=Decimal(30), by=None)
    [row] = stock_as_of(None)
    assert (row["value"], row["grams_of_unknown_value"]) == (30, 0)
    [known] = [row for row in changes_of_stock(None, None) if row["kind"] == "price_known"]
    assert (known["grams"], known["value"], known["known_value"]) == (0, None, 30)


def test_what_was_dated_by_a_wrong_clock_is_in_stock_in_the_order_of_the_ledger(farm):
    """200 g were used by a clock that was hours ahead, then it was set right, and 50 g were used:
    750 g, and not the 800 g of the entry with the latest date."""
    spool = a_spool(1000, price=Decimal(20), at=on(1))
    ahead = timezone.now() + timedelta(hours=5)
    consumption.use(spool, grams=Decimal(200), by=None, at=ahead)
    before = timezone.now()
    clock_correcting.correct_clock(by=None)
    consumption.use(spool, grams=Decimal(50), by=None)
    assert [row["grams"] for row in stock_as_of(None)] == [750]
    assert [row["grams"] for row in stock_as_of(before)] == [1000]
    for since, until in ((before, None), (on(2), ahead + LATER), (before, timezone.now())):
        [usage] = changes_of_stock(since, until)
        assert (usage["kind"], usage["grams"], usage["value"]) == ("usage", -250, -5)


def test_the_api_groups_and_filters_the_stock(lived, api):
    zone = ZoneInfo(FarmSettings.load().timezone)
    day, first, last = (on(each).astimezone(zone).date() for each in (27, 0, 3))
    found = rows(api, "stock-value", f"at={day}&group_by=filament")
    assert [(row["spools"], row["value"] is None) for row in found] == [(2, False), (2, True)]
    [one] = rows(
        api, "stock-value", f"at={on(1).isoformat()}&spool={lived[0].pk}".replace("+", "%2B")
    )
    assert (one["grams"], one["value"]) == ("1000.000000", "20.0000")
    assert rows(api, "stock-value", "at=1999-01-01") == []
    changes = rows(api, "stock-changes", f"since={first}&until={last}")
    assert [(row["kind"], row["grams"]) for row in changes] == [("receipt", "5000.000000")]
