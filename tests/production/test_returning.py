"""Spools go back to their supplier: an entry of its own kind, with credit, and taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import InventoryTransaction, SpoolEvent
from inventory.services import holds, returning, reversing
from inventory.services.holds import HoldReleased
from inventory.services.ledger import SpoolArchived
from inventory.services.returning import NothingToReturn
from inventory.services.spools import consumption, merging, scale, shelf
from inventory.services.spools.returned import SpoolReturned
from inventory.services.spools.shelf import SpoolClaimed, SpoolLoaded
from production.services import completion
from production.services.held_returns import return_held
from production.services.printing import slots
from production.services.reports.consumption import consumption as consumption_report
from production.services.reports.stock_value import changes_of_stock, stock_as_of
from tenants.operations.quantities import InvalidQuantity
from tests.factories import a_running_run, a_slot, a_spool, spools_of_one
from tests.production.completed_runs import took
from tests.production.verbs.preparation import planned
from tests.queries import fresh, remaining, violations
from tests.responses import done, refused

pytestmark = pytest.mark.usefixtures("farm")


def returned(spool, **how):
    return returning.return_spool(spool, **{"by": None, **how})


def test_a_return_takes_all_that_is_left_and_archives_the_spool(manager):
    spool = a_spool(1000)
    consumption.use(spool, grams=Decimal(100), by=None)
    used_at = fresh(spool).last_used_at
    entry = returned(spool, credit=Decimal("15.5"), note="Brittle", by=manager)
    assert (entry.kind, entry.grams, entry.balance_grams) == ("return", -900, 0)
    assert (entry.credit, entry.reason, entry.performed_by) == (
        Decimal("15.5"),
        "returned",
        manager,
    )
    spool = fresh(spool)
    assert (spool.remaining_grams, spool.is_archived, spool.last_used_at) == (0, True, used_at)
    assert spool.events.get().before == "returned"
    assert violations() == []


def test_what_is_in_use_or_empty_is_not_returned():
    claimed, loaded, empty, gone = spools_of_one(4)
    planned((claimed, 10))
    slots.load(loaded, slot=a_slot(), by=None)
    consumption.empty(empty, by=None, as_="waste")
    shelf.archive(gone, discard=False, by=None)
    expected = (SpoolClaimed, SpoolLoaded, NothingToReturn, returning.shelf.ledger.SpoolArchived)
    for spool, refusal in zip((claimed, loaded, empty, gone), expected, strict=True):
        with pytest.raises(refusal):
            returned(spool)
    with pytest.raises(InvalidQuantity):
        returned(a_spool(), credit=Decimal(-1))
    assert not InventoryTransaction.objects.filter(kind="return").exists()


def test_a_return_is_reversed_and_the_spool_is_on_the_shelf_again(manager):
    spool = a_spool(1000)
    hold = holds.place(spool=spool, reason="Brittle", by=manager)
    entry = returned(spool, credit=Decimal(20), by=manager)
    reversal = reversing.reverse(entry, reason="kept", by=manager)
    assert (reversal.grams, reversal.credit) == (1000, -20)
    spool = fresh(spool)
    assert (spool.remaining_grams, spool.is_archived, spool.is_held) == (1000, False, True)
    assert SpoolEvent.objects.filter(spool=spool).last().verb == "restored"
    with pytest.raises(reversing.AlreadyReversed):
        reversing.reverse(entry, reason="again", by=manager)
    holds.release(hold, by=manager)
    assert violations() == []


def test_a_returned_spool_comes_back_by_its_reversal_alone(manager, at_admin):
    used, spool = spools_of_one(2)
    run = a_running_run((spool, 100))
    completion.complete(run, as_planned=True, by=manager)
    entry = returned(spool, by=manager)
    way = f"was returned to the supplier on .*: reverse entry {entry.pk} .return. to have it back"
    for put_back in (
        lambda: shelf.restore(spool, by=manager),
        lambda: completion.revert(run, by=manager),
        lambda: completion.correct(run, materials=[took(spool, 80)], by=manager),
        lambda: merging.merge(spool, double=used, reason="One reel", by=manager),
    ):
        with pytest.raises(SpoolReturned, match=way):
            put_back()
    for choose in (
        lambda: returned(spool, by=manager),
        lambda: scale.weigh(spool, gross_grams=Decimal(700), by=manager, confirm=True),
        lambda: slots.load(spool, slot=a_slot(), by=manager),
    ):
        with pytest.raises(SpoolArchived, match=way):
            choose()
    page = at_admin.get(f"/admin/inventory/spool/{spool.pk}/change/").content.decode()
    assert f"inventorytransaction/{entry.pk}/change/" in page
    assert "/restore/" not in page
    assert "Returned" in at_admin.get(f"/floor/spools/{spool.pk}/").content.decode()
    reversing.reverse(entry, reason="kept", by=manager)
    shelf.archive(spool, discard=False, by=manager)
    assert not shelf.restore(spool, by=manager).is_archived
    completion.revert(run, by=manager)
    assert (remaining(spool), violations()) == (1000, [])


def test_the_spools_of_a_hold_go_back_together_but_for_those_in_use(manager):
    one, two, used, loaded, empty = spools_of_one(5)
    consumption.use(two, grams=Decimal(500), by=None)
    consumption.empty(empty, by=None, as_="waste")
    run, slot = a_running_run((used, 10)), a_slot()
    slots.load(loaded, slot=slot, by=None)
    hold = holds.place(filament=one.filament, reason="Brittle", by=manager)
    tried = return_held(hold, credit=Decimal(10), by=manager, dry_run=True)
    assert (tried.grams, remaining(one)) == (1500, 1000)
    found = return_held(hold, credit=Decimal(10), by=manager)
    assert [(each.spool, each.grams, each.credit, each.note) for each in found.entries] == [
        (one, -1000, Decimal("6.6666"), "Brittle"),
        (two, -500, Decimal("3.3334"), "Brittle"),
    ]
    assert [(each.spool, each.code, each.detail) for each in found.left] == [
        (used, "spool_claimed", f"Open runs name spool {used.code}: {run.number}."),
        (loaded, "spool_loaded", f"Spool {loaded.code} is in {slot}."),
        (empty, "nothing_to_return", f"Spool {empty.code} is empty by the book."),
    ]
    assert fresh(hold).is_open
    with pytest.raises(NothingToReturn, match=f"Spool {loaded.code} is in {slot}"):
        return_held(hold, by=manager)
    holds.release(hold, by=manager)
    with pytest.raises(HoldReleased):
        return_held(hold, by=manager)
    assert violations() == []


def test_reports_have_returns_apart_and_still_close(manager):
    start = timezone.now() - timedelta(days=2)
    kept, back, unknown = spools_of_one(3)
    before = stock_as_of(None)
    since = timezone.now()
    returned(back, credit=Decimal("12.5"))
    reversing.reverse(returned(kept, credit=Decimal(3)), reason="kept", by=manager)
    [first, *_others] = changes_of_stock(since, None)
    assert (first["kind"], first["grams"], first["value"]) == ("return", -2000, -40)
    assert (first["credit"], first["known_credit"]) == (Decimal("15.5"), Decimal("15.5"))
    returned(unknown)
    changes = {row["kind"]: row for row in changes_of_stock(since, None)}
    assert (changes["return"]["credit"], changes["return"]["known_credit"]) == (
        None,
        Decimal("15.5"),
    )
    assert changes["reversal"]["credit"] == -3
    after = stock_as_of(None)
    for name in ("grams", "known_value"):
        assert sum(row[name] for row in changes.values()) == after[0][name] - before[0][name]
    assert consumption_report(since=start) == []


def test_the_api_returns_a_spool_and_the_spools_of_a_hold(api, operator, manager):
    one, two = spools_of_one(2)
    hold = holds.place(filament=one.filament, reason="Brittle", by=None)
    address = f"/api/v1/spools/{one.pk}/return/"
    api.force_authenticate(operator)
    assert api.post(address).status_code == 403
    api.force_authenticate(manager)
    entry = done(api.post(address, {"credit": "12.5"}))["entry"]
    assert (entry["kind"], entry["grams"], entry["credit"]) == ("return", "-1000.000000", "12.5000")
    address = f"/api/v1/holds/{hold.pk}/return/"
    tried = done(api.post(address, {"dry_run": True}))
    assert (tried["dry_run"], tried["entries"][0]["id"], tried["grams"]) == (
        True,
        None,
        "1000.000000",
    )
    answer = done(api.post(address, {"note": "RMA 7"}))
    [entry] = answer["entries"]
    assert (entry["spool"], entry["credit"], entry["note"]) == (two.pk, None, "RMA 7")
    assert (answer["left"], answer["dry_run"]) == ([], False)
    refused(api.post(address), 409, "nothing_to_return")
