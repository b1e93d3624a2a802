"""Events: what is told of a change, to whom, and what is not told."""

import pytest
from django.db import transaction

from inventory.models import Manufacturer
from inventory.services import filaments, manufacturers
from inventory.services.spools import consumption, shelf
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tenants.live.announcing import announce
from tenants.live.notes import ACCESS
from tests.config.sockets.live import Device, heard, heard_nothing
from tests.conftest import go_to
from tests.factories import a_filament, a_spool


@pytest.fixture
def spool(device):
    return a_spool(1000)


@pytest.fixture
def everything(device, spool):
    with device.open("/") as websocket:
        yield websocket


def told(websocket):
    """Type, kind and number of the next event."""
    (event,) = heard(websocket)
    payload = event["payload"]
    return event["type"], event["resource"], payload.get("id", payload.get("key"))


# --- What comes from clients ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/use", {"use_length": 12.5}),
        ("PUT", "/use", {"use_weight": -1}),
        ("PUT", "/measure", {"weight": 900}),
        ("PATCH", "", {"comment": "dry"}),
        ("PATCH", "", {"archived": True}),
        ("PATCH", "", {"remaining_weight": 400}),
        ("PATCH", "", {"location": "Shelf A"}),
    ],
)
def test_a_change_of_a_spool_is_told_as_it_is_read(device, spool, everything, method, path, body):
    device.send(method, f"/spool/{spool.number}{path}", body)
    expected = device.send("GET", f"/spool/{spool.number}")
    assert heard(everything) == [{"type": "updated", "resource": "spool", "payload": expected}]
    assert heard_nothing(everything)


def test_a_spool_is_added_and_deleted(device, spool, everything):
    made = device.send("POST", "/spool", {"filament_id": spool.filament.number})
    assert heard(everything) == [{"type": "added", "resource": "spool", "payload": made}]
    device.send("DELETE", f"/spool/{made['id']}")
    (event,) = heard(everything)
    assert (event["type"], event["resource"]) == ("deleted", "spool")
    assert event["payload"] == made | {"archived": True}
    assert heard_nothing(everything)


@pytest.mark.parametrize(
    ("kind", "body", "change"),
    [
        ("vendor", {"name": "Prusament"}, {"comment": "Prague"}),
        ("filament", {"density": 1.24, "diameter": 1.75}, {"price": 25}),
    ],
)
def test_a_vendor_and_a_filament_are_added_changed_and_deleted(
    device, everything, kind, body, change
):
    made = device.send("POST", f"/{kind}", body)
    assert heard(everything) == [{"type": "added", "resource": kind, "payload": made}]
    changed = device.send("PATCH", f"/{kind}/{made['id']}", change)
    assert heard(everything) == [{"type": "updated", "resource": kind, "payload": changed}]
    device.send("DELETE", f"/{kind}/{made['id']}")
    assert heard(everything) == [{"type": "deleted", "resource": kind, "payload": changed}]
    assert heard_nothing(everything)


def test_a_setting_is_told_and_its_reset_is_deleted_with_the_default(device, everything):
    for sent, value, kind in (("true", "true", "updated"), ("", "false", "deleted")):
        device.send("POST", "/setting/round_prices", sent)
        setting = {"value": value, "is_set": kind == "updated", "type": "boolean"}
        payload = {"key": "round_prices", "setting": setting}
        assert heard(everything) == [{"type": kind, "resource": "setting", "payload": payload}]


def test_a_field_is_a_setting_that_changed(device, everything):
    device.send("POST", "/field/spool/mmu", {"name": "MMU", "field_type": "text"})
    assert told(everything) == ("updated", "setting", "extra_fields_spool")
    device.send("DELETE", "/field/spool/mmu")
    assert told(everything) == ("updated", "setting", "extra_fields_spool")
    assert heard_nothing(everything)


# --- What comes from our own faces ---------------------------------------------------------------


def test_whatever_a_service_does_to_a_spool_is_told(device, spool, everything):
    by = device.user
    shelf.describe(spool, by=by, comment="dry")
    consumption.use(spool, grams=10, by=by)
    shelf.archive(spool, by=by, discard=False)
    shelf.restore(spool, by=by)
    assert [told(everything) for _ in range(4)] == [("updated", "spool", spool.number)] * 4
    shelf.remove(spool, by=by)
    shelf.restore(spool, by=by)
    assert told(everything) == ("deleted", "spool", spool.number)
    assert told(everything) == ("added", "spool", spool.number)


def test_whatever_a_service_does_to_a_filament_and_a_manufacturer_is_told(device, everything):
    by = device.user
    maker = manufacturers.create(Manufacturer, by=by, name="Prusament")
    maker.refresh_from_db()
    filament = a_filament()
    filaments.update(filament, by=by, price=21)
    manufacturers.delete(maker, by=by)
    assert told(everything) == ("added", "vendor", maker.number)
    assert told(everything) == ("updated", "filament", filament.number)
    assert told(everything) == ("deleted", "vendor", maker.number)


def test_what_was_erased_is_told_as_it_was(device, everything):
    maker = manufacturers.create(Manufacturer, by=device.user, name="Prusament", comment="x")
    expected = heard(everything)[0]["payload"]
    manufacturers.delete(maker, by=device.user)
    assert heard(everything) == [{"type": "deleted", "resource": "vendor", "payload": expected}]


def test_settings_of_the_farm_are_told(device, everything):
    change_settings(FarmSettings.load(), by=device.user, currency="USD", labour_rate=20)
    (event,) = heard(everything)
    setting = {"value": '"USD"', "is_set": True, "type": "string"}
    assert event["payload"] == {"key": "currency", "setting": setting}
    assert heard_nothing(everything)


# --- What is not told ----------------------------------------------------------------------------


def test_what_is_rolled_back_is_not_told(device, spool, everything):
    with transaction.atomic():
        shelf.describe(spool, by=device.user, comment="never")
        transaction.set_rollback(True)
    with transaction.atomic():
        shelf.describe(spool, by=device.user, comment="kept")
        with transaction.atomic():
            manufacturers.create(Manufacturer, by=device.user, name="never")
            transaction.set_rollback(True)
    assert told(everything) == ("updated", "spool", spool.number)
    assert heard_nothing(everything)


def test_spools_are_not_told_when_their_filament_or_vendor_changes(device, spool, everything):
    filament = device.send("GET", f"/spool/{spool.number}")["filament"]["id"]
    vendor = device.send("POST", "/vendor", {"name": "Prusament"})["id"]
    device.send("PATCH", f"/filament/{filament}", {"vendor_id": vendor})
    device.send("DELETE", f"/vendor/{vendor}")
    assert told(everything) == ("added", "vendor", vendor)
    assert told(everything) == ("updated", "filament", filament)
    assert told(everything) == ("deleted", "vendor", vendor)
    assert heard_nothing(everything)
    announce(ACCESS)
    assert told(everything) == ("updated", "filament", filament)
    assert heard_nothing(everything)


def test_renames_are_told_when_the_farm_is_looked_after(device, spool, everything):
    device.send("PATCH", f"/spool/{spool.number}", {"location": "A", "lot_nr": "1"})
    heard(everything)
    device.send("PATCH", "/location/A", {"name": "B"})
    assert heard_nothing(everything)
    announce(ACCESS)
    assert told(everything) == ("updated", "spool", spool.number)


# --- To whom -------------------------------------------------------------------------------------


def test_an_event_goes_to_all_to_its_kind_and_to_its_one(device, spool):
    other = a_spool(1000)
    with (
        device.open("/") as everything,
        device.open("/spool") as spools,
        device.open(f"/spool/{spool.number}") as own,
        device.open(f"/spool/{other.number}") as others,
        device.open("/filament") as of_filaments,
        device.open("/spool/999999") as none,
    ):
        shelf.describe(spool, by=device.user, comment="dry")
        for websocket in (everything, spools, own):
            assert told(websocket) == ("updated", "spool", spool.number)
        for websocket in (others, of_filaments, none):
            assert heard_nothing(websocket)


def test_nothing_goes_to_another_farm(live, committed_farms):
    first, second = committed_farms[:2]
    spool, ours = a_spool(1000), Device(live, first)
    go_to(second)
    theirs = Device(live, second)
    with ours.open("/") as our_websocket, theirs.open("/") as their_websocket:
        go_to(first)
        shelf.describe(spool, by=ours.user, comment="ours")
        assert told(our_websocket) == ("updated", "spool", spool.number)
        assert heard_nothing(their_websocket)


# --- Order, and how often ------------------------------------------------------------------------


def test_events_come_in_the_order_of_the_commits(device, everything):
    spools = [a_spool(1000) for _ in range(40)]
    for _ in spools:
        heard(everything)
    for spool in spools:
        shelf.describe(spool, by=device.user, comment="in turn")
    numbers = [event["payload"]["id"] for event in heard(everything, 40)]
    assert numbers == [spool.number for spool in spools]


def test_one_transaction_tells_each_row_once(device, everything):
    with transaction.atomic():
        spool = a_spool(1000)
        shelf.describe(spool, by=device.user, comment="a")
        shelf.describe(spool, by=device.user, comment="b")
    events = heard(everything)
    while events[-1]["resource"] != "spool":
        events += heard(everything)
    assert events[-1]["type"] == "added"
    assert events[-1]["payload"]["comment"] == "b"
    assert heard_nothing(everything)


def test_a_spool_in_use_is_told_once_a_second_and_its_last_state_wins(device, spool, everything):
    for _ in range(10):
        device.send("PUT", f"/spool/{spool.number}/use", {"use_weight": 1})
    events = heard(everything)
    while events[-1]["payload"]["used_weight"] < 10:
        events += heard(everything)
    assert len(events) < 10
    assert heard_nothing(everything)
