"""PUT /spool/{id}/use, as each client sends it."""

import hashlib

import pytest
from django.db import connection

from inventory.models import UsageMeter
from inventory.services.spools import merging, shelf
from tenants.accounts import scopes
from tests.factories import a_filament, a_spool
from tests.production.spoolman.clients import a_printer_client, items, message, ok
from tests.queries import fresh, violations


@pytest.fixture
def spool(farm):
    filament = a_filament(density_g_cm3="1.24", diameter_mm="1.75", net_grams=1000)
    return a_spool(1000, filament=filament)


@pytest.fixture
def address(spool):
    return f"spool/{spool.number}/use"


def test_it_answers_the_spool_as_it_is_now(printer, spool, address):
    ok(printer.put(address, {"use_weight": 10}))
    answer = ok(printer.put(address, {"use_weight": "2.5"}))
    assert (answer["id"], answer["remaining_weight"], answer["used_weight"]) == (
        spool.number, 987.5, 12.5,
    )  # fmt: skip
    assert answer["first_used"] <= answer["last_used"]
    assert answer["last_used"].endswith("Z")
    assert answer["filament"]["density"] == 1.24
    assert ok(printer.get(f"spool/{spool.number}")) == answer
    assert violations() == []


def test_moonraker_reports_a_length(printer, address):
    answer = ok(printer.put(address, {"use_length": 100.0}))
    assert answer["used_length"] == pytest.approx(100, abs=1e-6)
    assert answer["used_weight"] == pytest.approx(0.2982549525)


def test_less_gives_back_and_0_is_fine(printer, address):
    ok(printer.put(address, {"use_weight": 10}))
    assert ok(printer.put(address, {"use_weight": -4}))["used_weight"] == 6
    assert ok(printer.put(address, {"use_weight": 0}))["used_weight"] == 6
    assert ok(printer.put(address, {"use_weight": -1000}))["used_weight"] == 0


def test_more_than_is_left_is_counted(printer, address):
    answer = ok(printer.put(address, {"use_weight": 1500}))
    assert (answer["used_weight"], answer["remaining_weight"]) == (1500, 0)


def test_one_of_both(printer, address):
    told = message(printer.put(address, {"use_weight": 1, "use_length": 1}), 400)
    assert told == "Only specify either use_weight or use_length."
    for body in ({}, {"use_weight": None}, {"other": 1}):
        told = message(printer.put(address, body), 400)
        assert told == "Either use_weight or use_length must be specified."


@pytest.mark.parametrize("value", ["NaN", "x", 1e308, [], 10**9])
def test_a_number_is_one(printer, spool, address, value):
    assert items(printer.put(address, {"use_weight": value}))[0][1] == ["body", "use_weight"]
    assert fresh(spool).metered_grams == 0


def test_a_spool_that_is_not_there(printer):
    for number in (7, 10**30):
        told = message(printer.put(f"spool/{number}/use", {"use_length": 1}), 404)
        assert told.startswith("No spool with ID ")
    assert items(printer.put("spool/x/use", {"use_length": 1}))[0][0] == "int_parsing"


def test_who_may_not_use_uses_nothing(manager, viewer, spool, address):
    for client in (a_printer_client(manager, scope=scopes.PRINTER_READ), a_printer_client(viewer)):
        told = message(client.put(address, {"use_weight": 1}), 403)
        assert told.startswith("This takes inventory.use_spool")
    assert fresh(spool).metered_grams == 0


def test_a_request_with_an_idempotency_key_is_counted_once(printer, spool, address):
    key = {"headers": {"Idempotency-Key": "layer-17"}}
    answers = [printer.put(address, {"use_weight": 3}, **key) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert fresh(spool).metered_grams == 3
    ok(printer.put(address, {"use_weight": 3}))
    assert fresh(spool).metered_grams == 6


def test_the_name_of_the_printer_is_kept(printer, address):
    ok(printer.put(address, {"use_weight": 3}, headers={"X-Printer-Name": "MMU 1"}))
    meter = UsageMeter.objects.get()
    assert (meter.printer_name, meter.token.name) == ("MMU 1", "printer")


def test_a_version_that_is_expected_is_compared(printer, spool, address):
    ok(printer.put(address, {"use_weight": 1}))
    message(printer.put(address, {"use_weight": 1}, headers={"If-Match": '"7"'}), 412)
    ok(printer.put(address, {"use_weight": 1}, headers={"If-Match": f'"{spool.version}"'}))
    assert fresh(spool).metered_grams == 2


def test_a_session_reports_too(manager, address):
    client = a_printer_client(manager)
    client.base = "/api/v1/"
    client.force_login(manager)
    ok(client.put(address, {"use_weight": 1}))
    meter = UsageMeter.objects.get()
    assert (meter.token, meter.by) == (None, manager)


def test_a_use_of_a_double_goes_to_the_spool_that_it_is(printer, spool, address):
    kept = a_spool(filament=spool.filament)
    merging.merge(kept, double=spool, reason="The same tag", by=None)
    assert ok(printer.put(address, {"use_weight": 5}))["id"] == kept.number
    assert fresh(kept).metered_grams == 5
    shelf.remove(kept, by=None)
    assert printer.put(address, {"use_weight": 5}).status_code == 404
    assert violations() == []


def test_a_key_whose_first_request_is_under_way_is_tried_again(manager, printer, spool, address):
    key = {"headers": {"Idempotency-Key": "layer-18"}}
    name = f"{connection.schema_name}\n{manager.pk}\nlayer-18".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)
    first = connection.copy()
    try:
        with first.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [number])
        answer = printer.put(address, {"use_weight": 3}, **key)
        assert message(answer, 409).startswith("A request with this Idempotency-Key is under way")
        assert int(answer["Retry-After"]) > 0
    finally:
        first.close()
    assert fresh(spool).metered_grams == 0
