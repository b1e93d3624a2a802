"""A person decides otherwise than was assumed of a repeat."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import RecognisedRepeat
from inventory.services import metering, overruling, reversing
from inventory.services.ledger import InsufficientInventory
from inventory.services.overruling import AlreadyOverruled
from inventory.services.reversing import CountedSince
from inventory.services.spools import consumption, scale, shelf
from inventory.services.spools.shelf import SpoolRemoved
from tests.factories import a_filament, a_printer, a_printer_token, a_repeat, a_spool
from tests.queries import fresh, remaining, violations
from tests.responses import refusals

MICROGRAM = Decimal("0.000001")


@pytest.fixture
def spool(farm):
    return a_spool(1000, filament=a_filament(density_g_cm3="1.24", diameter_mm="1.75"))


def grams_of(mm):
    return mm * metering.OF_ROUND * Decimal("1.24") * Decimal("1.75") ** 2


def entry_of(repeat):
    return (repeat.entry.kind, repeat.entry.reason, repeat.entry.grams)


def test_what_was_not_counted_again_is_counted_after_all(spool, manager):
    repeat = a_repeat(7, 63, spool=spool, name="voron-3")
    before = fresh(spool).live_grams
    found = overruling.overrule(repeat, by=manager)
    grams = grams_of(7).quantize(MICROGRAM)
    assert entry_of(found) == ("adjustment", "counted_after_all", -grams)
    assert found.entry.performed_by == manager
    assert found.entry.note.startswith("voron-3: 63 mm after 7 mm, ")
    assert abs(before - grams - fresh(spool).live_grams) < MICROGRAM
    assert fresh(found).is_overruled
    assert violations() == []


def test_of_what_was_perhaps_counted_twice_the_first_is_taken_back(spool, manager):
    repeat = a_repeat(50, 60, spool=spool)
    found = overruling.overrule(repeat, by=manager)
    assert entry_of(found) == ("adjustment", "counted_twice", grams_of(50).quantize(MICROGRAM))
    assert abs(1000 - grams_of(60) - fresh(spool).live_grams) < MICROGRAM
    assert violations() == []


def test_what_went_beyond_the_book_is_taken_back_first(manager):
    spool = a_spool(1, filament=a_filament(density_g_cm3="1.24", diameter_mm="1.75"))
    repeat = a_repeat(500, 600, spool=spool)
    excess = grams_of(1100) - 1
    overruling.overrule(repeat, by=manager)
    after = fresh(spool)
    assert abs(after.excess_grams - (excess - grams_of(500))) < MICROGRAM
    assert (after.remaining_grams, fresh(repeat).entry) == (0, None)
    assert fresh(repeat).is_overruled
    assert violations() == []


def test_it_is_decided_once_until_its_entry_is_reversed(spool, manager):
    repeat = a_repeat(spool=spool)
    entry = overruling.overrule(repeat, by=manager).entry
    with pytest.raises(AlreadyOverruled, match="Reverse the entry"):
        overruling.overrule(repeat, by=manager)
    reversing.reverse(entry, reason="a slip", by=manager)
    assert not fresh(repeat).is_overruled
    again = overruling.overrule(repeat, by=manager)
    assert (again.entry.pk > entry.pk, again.is_overruled) == (True, True)
    assert violations() == []


def test_what_was_counted_since_is_right(spool, manager):
    repeat = a_repeat(spool=spool)
    scale.weigh(spool, gross_grams=1190, by=manager, confirm=True)
    before = remaining(spool)
    with pytest.raises(CountedSince, match=f"Spool {spool.code} was counted "):
        overruling.overrule(repeat, by=manager)
    assert remaining(spool) == before


def test_a_count_that_was_reversed_or_only_settled_is_none(manager):
    spool = a_spool(1000)
    repeat = a_repeat(spool=spool)
    scale.weigh(spool, gross_grams=1190, by=manager, confirm=True)
    count = spool.transactions.filter(kind="count").latest("pk")
    reversing.reverse(count, reason="a slip", by=manager)
    metering.use(fresh(spool).number, by=manager, grams=1500)
    metering.close_due(at=timezone.now() + timedelta(hours=2))
    assert spool.transactions.filter(reason="settled").exists()
    with pytest.raises(InsufficientInventory):
        overruling.overrule(repeat, by=manager)


def test_a_spool_that_is_removed_is_left_alone(spool, manager):
    repeat = a_repeat(spool=spool)
    shelf.archive(spool, discard=False, by=manager)
    overruling.overrule(repeat, by=manager)
    other = a_repeat(spool=a_spool())
    shelf.remove(other.spool, by=manager)
    with pytest.raises(SpoolRemoved):
        overruling.overrule(other, by=manager)


def test_two_who_decide_at_once_decide_once(in_threads):
    repeat = a_repeat()
    before = fresh(repeat.spool).live_grams
    results = in_threads(lambda _: overruling.overrule(repeat, by=None), 4)
    assert refusals(results) == [AlreadyOverruled] * 3
    assert before - repeat.grams - fresh(repeat.spool).live_grams < MICROGRAM
    assert repeat.spool.transactions.filter(reason="counted_after_all").count() == 1
    assert violations() == []


# --- Where it is seen -----------------------------------------------------------------------------


def test_days_have_what_was_counted_once_and_what_perhaps_twice(spool, manager):
    token = a_printer_token(manager, kind="moonraker")
    now = timezone.now()
    a_repeat(7, 63, spool=spool)
    a_repeat(50, 60, spool=spool)
    fields = {"unit": "length", "amount": "5", "before": "5", "token": token, "spool": spool}
    RecognisedRepeat.objects.create(
        rule="R3", grams=4, received_at=now - timedelta(days=2), **fields
    )
    today, before = RecognisedRepeat.objects.on_days()
    assert (today["repeats"], today["perhaps"]) == (1, 1)
    assert abs(today["repeated_grams"] - grams_of(7)) < MICROGRAM
    assert abs(today["perhaps_grams"] - grams_of(50)) < MICROGRAM
    assert (before["repeats"], before["repeated_grams"], before["perhaps"]) == (1, 4, 0)
    assert before["perhaps_grams"] == 0


def test_the_api_lists_and_decides(api, spool):
    repeat = a_repeat(7, 63, spool=spool, name="voron-3")
    a_repeat(50, 60)
    [row] = api.get("/api/v1/repeats/?token_name=VORON-3&rule=R1,R2").json()["results"]
    assert (row["token_name"], row["spool_code"], row["rule"]) == ("voron-3", spool.code, "R2")
    assert (row["amount"], row["before"], row["is_overruled"]) == ("63", "7", False)
    address = f"/api/v1/repeats/{repeat.pk}/overrule/"
    done = api.post(address).json()
    assert (done["is_overruled"], done["entry"]) == (True, fresh(repeat).entry_id)
    again = api.post(address)
    assert (again.status_code, again.json()["code"]) == (409, "already_overruled")


def test_the_page_of_a_printer_shows_the_days_and_leads_to_what_was_done(as_manager, spool):
    printer = a_printer("Voron 3")
    repeat = a_repeat(7, 63, spool=spool, printer=printer)
    perhaps = a_repeat(50, 60, spool=spool, printer=printer)
    a_repeat(printer=a_printer("Voron 4"))
    page = as_manager.get(f"/admin/production/printer/{printer.pk}/change/").content.decode()
    assert "Repeated reports" in page
    listed = "/admin/inventory/recognisedrepeat/"
    day = timezone.localdate().isoformat()
    address = f"{listed}?printer={printer.pk}&received_at_from={day}&received_at_to={day}"
    assert address.replace("&", "&amp;") in page
    rows = as_manager.get(address).context["cl"].result_list
    assert {row.pk for row in rows} == {repeat.pk, perhaps.pk}
    one = as_manager.get(f"{listed}{repeat.pk}/change/").content.decode()
    assert ("Count it after all" in one, "before it back" in one) == (True, False)
    other = as_manager.get(f"{listed}{perhaps.pk}/change/").content.decode()
    assert ("Count it after all" in other, "before it back" in other) == (False, True)
    seen = as_manager.get(f"{listed}{repeat.pk}/count/").context["seen"]
    as_manager.post(f"{listed}{repeat.pk}/count/", {"_do": "1", "_seen": seen})
    assert fresh(repeat).is_overruled
    assert "after all" in as_manager.get(f"{listed}{repeat.pk}/change/").content.decode()


def test_the_page_of_a_device_leads_to_its_repeats(as_manager, spool):
    repeat = a_repeat(spool=spool)
    a_repeat()
    address = f"/admin/inventory/recognisedrepeat/?token={repeat.token_id}"
    page = f"/admin/accounts/devicetoken/{repeat.token_id}/change/"
    assert address in as_manager.get(page).content.decode()
    assert [row.pk for row in as_manager.get(address).context["cl"].result_list] == [repeat.pk]


def test_a_printer_without_repeats_shows_none(as_manager):
    page = as_manager.get(f"/admin/production/printer/{a_printer().pk}/change/")
    assert "Repeated reports" not in page.content.decode()


def test_more_than_the_book_has_is_not_counted_after_all(manager):
    spool = a_spool(1)
    repeat = a_repeat(spool=spool)
    consumption.empty(fresh(spool), by=manager)
    with pytest.raises((CountedSince, InsufficientInventory)):
        overruling.overrule(repeat, by=manager)
    assert not fresh(repeat).is_overruled
