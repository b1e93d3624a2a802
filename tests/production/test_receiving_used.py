"""A spool that is half used is received as what it is, by every way in; and one of a filament that
is out of use by none."""

from decimal import Decimal

import pytest

from inventory.models import Filament, InventoryTransaction, Spool
from inventory.services import ledger, receiving, stock
from inventory.services.receiving import FilamentInactive
from inventory.services.spools.scale import TareUnknown
from production.services.undo import last_action, receipts
from tenants.operations.refusals import Invalid
from tests.factories import a_filament
from tests.inventory.api_helpers import SPOOLS
from tests.inventory.tables import results_by_line, spools
from tests.production.floor_helpers import page, touch
from tests.queries import fresh, violations
from tests.responses import done, refused, text_of

pytestmark = pytest.mark.usefixtures("farm")

RECEIVE = "/admin/inventory/spool/receive/"
HALF = [("receipt", 1000, ""), ("adjustment", -600, "used before")]


def entries(spool):
    return list(spool.transactions.order_by("pk").values_list("kind", "grams", "reason"))


def receive_by_api(client, filament, **given):
    return client.post(SPOOLS, {"filament": filament.pk} | given)


def receive_many(client, filament, **given):
    return client.post(f"{SPOOLS}receive/", {"filament": filament.pk, "count": 1} | given)


def receive_in_the_admin(client, filament, **given):
    return client.post(RECEIVE, {"filament": filament.pk, "count": 1} | given)


def receive_on_the_floor(client, filament, **given):
    path = f"/floor/receive/{filament.pk}/"
    return touch(client, path, count=1, initial_grams="1000", codes="", **given)


@pytest.fixture(params=["api", "api many", "admin", "floor", "table"])
def receive(request, api, as_manager):
    """``receive(filament, **given)`` by one of the ways in; returns what was wrong, or ""."""

    def by_table(filament, **given):
        report = spools(["name", *given], [filament.name, *given.values()])
        return " ".join(row.problem for row in report.refused)

    def by_request(filament, **given):
        way, client = {
            "api": (receive_by_api, api),
            "api many": (receive_many, api),
            "admin": (receive_in_the_admin, as_manager),
            "floor": (receive_on_the_floor, as_manager),
        }[request.param]
        answer = way(client, filament, **given)
        return "" if answer.status_code in (201, 302, 303) else text_of(answer)

    return by_table if request.param == "table" else by_request


@pytest.mark.parametrize("given", [{"remaining_grams": "400"}, {"gross_grams": "600"}])
def test_what_is_left_is_said_or_weighed(receive, given):
    assert receive(a_filament(tare_grams=200), **given) == ""
    spool = Spool.objects.get()
    assert (entries(spool), spool.remaining_grams) == (HALF, 400)
    assert (spool.initial_grams, spool.is_sealed) == (1000, False)
    assert stock.of_filaments().get().opened_count == 1
    assert violations() == []


def test_what_can_not_be_left_is_refused_and_says_why(receive):
    filament = a_filament(tare_grams=200)
    for given, why in (
        ({"remaining_grams": "1001"}, "1001 g can&#x27;t be left of 1000 g"),
        ({"gross_grams": "1201"}, "1001 g can&#x27;t be left of 1000 g"),
        ({"gross_grams": "199"}, "weighs 200 g: 199 g can&#x27;t be one with filament on it"),
    ):
        message = receive(filament, **given).replace("'", "&#x27;")
        assert why in message, message
    both = receive(filament, remaining_grams="11", gross_grams="211")
    assert "not both" in both or "Give one of these: remaining_grams, gross_grams." in both, both
    bare = a_filament(tare_grams=None)
    assert "has no weight yet: enter it, or give what is left." in receive(bare, gross_grams="600")
    assert not Spool.objects.exists()


def test_a_filament_out_of_use_is_received_by_no_way(receive):
    filament = a_filament("Old", is_active=False)
    assert receive(filament)
    assert not Spool.objects.exists()
    Filament.objects.update(is_active=True)
    assert receive(filament) == ""


def test_a_full_one_and_an_empty_one_are_the_ends(api):
    filament = a_filament(tare_grams=200)
    full = done(receive_by_api(api, filament, gross_grams="1200"), 201)
    empty = done(receive_by_api(api, filament, remaining_grams="0"), 201)
    assert (full["remaining_grams"], full["opened_at"]) == ("1000.000000", None)
    assert (empty["remaining_grams"], empty["opened_at"] is None) == ("0.000000", False)
    opened = "2026-03-01T08:00:00Z"
    older = done(receive_by_api(api, filament, remaining_grams="5", opened_at=opened), 201)
    assert older["opened_at"] == opened
    at = f"{SPOOLS}{full['id']}/"
    refused(api.patch(at, {"remaining_grams": "500"}), 400, "invalid")
    refused(api.patch(at, {"gross_grams": "500"}), 400, "invalid")
    done(api.patch(at, {"remaining_grams": "1000"}))  # as it was read


def test_several_equal_ones_are_received_together_and_taken_back_together(operator):
    filament = a_filament(tare_grams=Decimal(200))
    many = receiving.receive_many(filament=filament, count=3, gross_grams="600", by=operator)
    assert [spool.remaining_grams for spool in many] == [400] * 3
    found = last_action.find(by=operator)
    assert (found.verb, found.text) == ("receive", "received 3 spools")
    receipt = InventoryTransaction.objects.get(pk=found.event)
    receipts.undo_receipt(receipt, by=operator)
    assert {fresh(spool).remaining_grams for spool in many} == {0}
    assert entries(many[0])[2:] == [
        ("reversal", 600, "taken back"), ("reversal", -1000, "taken back"),
    ]  # fmt: skip
    assert violations() == []


def test_nothing_is_received_when_the_last_thing_breaks_down(monkeypatch):
    monkeypatch.setattr(ledger.Book, "close", lambda book: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        receiving.receive(filament=a_filament(), remaining_grams=1, by=None)
    assert not Spool.objects.exists()


def test_a_command_or_another_service_is_refused_alike():
    filament = a_filament(tare_grams=None)
    with pytest.raises(TareUnknown):
        receiving.receive(filament=filament, gross_grams=600, by=None)
    with pytest.raises(Invalid):
        receiving.receive(filament=filament, remaining_grams=1, gross_grams=600, by=None)
    with pytest.raises(FilamentInactive):
        receiving.receive(filament=a_filament(is_active=False), by=None)


def test_the_floor_keeps_what_was_typed(floor):
    filament = a_filament(tare_grams=200)
    again = page(receive_on_the_floor(floor, filament, gross_grams="1300", lot_number="L7"), 400)
    assert 'value="1300"' in again
    assert 'value="L7"' in again
    assert results_by_line(spools(["name", "gross"], [filament.name, "600"]))
