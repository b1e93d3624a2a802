"""/spool: made, changed, measured and taken away; and how the ledger has it."""

import json
from decimal import Decimal

import pytest

from inventory.models import ExtraField, InventoryTransaction, Spool
from inventory.services.invariants import violations
from inventory.services.spools import shelf
from production.spoolman.shapes import mm_per_gram
from tenants.accounts import roles
from tests.factories import a_filament, a_run, a_spool, make_user
from tests.production.spoolman.clients import a_printer_client, items, message, ok

MADE = {"id", "registered", "filament", "used_weight", "used_length", "archived", "extra"}


@pytest.fixture
def filament(farm):
    """Of 1,000 g on a reel of 200 g."""
    made = a_filament()
    made.refresh_from_db()
    return made


@pytest.fixture
def empty_filament(farm):
    """Of which nothing is known."""
    made = a_filament(net_grams=None, tare_grams=None, price=None)
    made.refresh_from_db()
    return made


@pytest.fixture(autouse=True)
def _the_ledger_is_right(farm):
    yield
    assert list(violations()) == []


def a_made_spool(printer, filament, **body):
    return ok(printer.post("spool", {"filament_id": filament.number} | body))


def entries(number):
    """``[(kind, grams, reason, source)]`` of a spool."""
    rows = InventoryTransaction.objects.filter(spool__number=number).order_by("pk")
    return [tuple(row) for row in rows.values_list("kind", "grams", "reason", "source")]


def test_a_spool_is_made_with_all_its_fields(printer, filament):
    body = {
        "first_used": "2024-05-01T12:00:00.123456Z",
        "last_used": "2024-05-02T12:00:00Z",
        "price": 19.5,
        "initial_weight": 800.0,
        "spool_weight": 150.0,
        "used_weight": 300.0,
        "location": "Shelf A",
        "lot_nr": "L1",
        "comment": "x",
        "archived": False,
    }
    made = a_made_spool(printer, filament, **body)
    per_gram = mm_per_gram(1.24, 1.75)
    assert made == body | {
        "id": made["id"],
        "registered": made["registered"],
        "filament": ok(printer.get(f"filament/{filament.number}")),
        "remaining_weight": 500.0,
        "remaining_length": 500 * per_gram,
        "used_length": 300 * per_gram,
        "extra": {},
    }
    assert ok(printer.get(f"spool/{made['id']}")) == made
    assert entries(made["id"]) == [
        ("receipt", Decimal(800), "", "device"),
        ("adjustment", Decimal(-300), "opening", "device"),
    ]


def test_weights_are_those_of_the_filament(printer, filament):
    made = a_made_spool(printer, filament)
    assert (made["initial_weight"], made["spool_weight"]) == (1000.0, 200.0)
    assert (made["remaining_weight"], made["used_weight"]) == (1000.0, 0.0)
    assert made.keys() >= MADE
    assert "first_used" not in made
    made = a_made_spool(printer, filament, remaining_weight=250)
    assert (made["remaining_weight"], made["used_weight"]) == (250.0, 750.0)
    made = a_made_spool(printer, filament, remaining_weight=2000)
    assert (made["remaining_weight"], made["used_weight"]) == (1000.0, 0.0)
    made = a_made_spool(printer, filament, used_weight=1500)
    assert (made["remaining_weight"], made["used_weight"]) == (0.0, 1500.0)


def test_what_is_not_known_is_left_out(printer, empty_filament):
    made = a_made_spool(printer, empty_filament)
    assert made.keys() == MADE
    assert (made["used_weight"], made["used_length"]) == (0.0, 0.0)
    assert a_made_spool(printer, empty_filament, initial_weight=0).keys() == MADE
    body = {"filament_id": empty_filament.number, "remaining_weight": 5}
    told = "Failed to create spool, see server logs for more information."
    assert message(printer.post("spool", body), 400) == told


def test_one_weight_at_a_time(printer, filament):
    body = {"filament_id": filament.number, "remaining_weight": 5, "used_weight": 5}
    told = "Only specify either remaining_weight or used_weight."
    assert message(printer.post("spool", body), 400) == told
    number = a_made_spool(printer, filament)["id"]
    assert message(printer.patch(f"spool/{number}", body), 400) == told


def test_an_archived_spool_is_made(printer, filament):
    made = a_made_spool(printer, filament, archived="true")
    assert made["archived"] is True
    assert ok(printer.get(f"spool/{made['id']}")) == made


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, [("missing", "filament_id")]),
        ({"filament_id": None}, [("int_type", "filament_id")]),
        ({"filament_id": "x"}, [("int_parsing", "filament_id")]),
        ({"filament_id": 1, "first_used": "yesterday"}, [("datetime_parsing", "first_used")]),
        ({"filament_id": 1, "first_used": 1e300}, [("datetime_parsing", "first_used")]),
        ({"filament_id": 1, "last_used": []}, [("datetime_type", "last_used")]),
        ({"filament_id": 1, "archived": None}, [("bool_type", "archived")]),
        ({"filament_id": 1, "archived": 2}, [("bool_parsing", "archived")]),
        ({"filament_id": 1, "used_weight": -0.1}, [("greater_than_equal", "used_weight")]),
        ({"filament_id": 1, "lot_nr": "x" * 65}, [("string_too_long", "lot_nr")]),
        ({"filament_id": 1, "location": 5}, [("string_type", "location")]),
    ],
)
def test_a_spool_has_a_shape(printer, body, found):
    answered = items(printer.post("spool", body))
    assert [(kind, place[-1]) for kind, place, _text in answered] == found


def test_an_unknown_filament_is_404(printer, filament):
    told = "No filament with ID 1900077 found."
    assert message(printer.post("spool", {"filament_id": 1900077}), 404) == told
    number = a_made_spool(printer, filament)["id"]
    assert message(printer.patch(f"spool/{number}", {"filament_id": 1900077}), 404) == told
    assert message(printer.patch("spool/1900078", {}), 404) == "No spool with ID 1900078 found."


# --- PATCH ---------------------------------------------------------------------------------------


def test_a_patch_touches_what_was_sent(printer, filament):
    made = a_made_spool(printer, filament, comment="a", price=5, used_weight=100)
    path = f"spool/{made['id']}"
    posted = entries(made["id"])
    assert ok(printer.patch(path, {})) == made
    changed = {"lot_nr": "L2", "location": "Shelf B", "spool_weight": 180.0, "price": 7.0}
    assert ok(printer.patch(path, changed)) == made | changed
    assert ok(printer.patch(path, {"location": "shelf b"}))["location"] == "Shelf B"
    nulls = dict.fromkeys(["lot_nr", "location", "spool_weight", "price", "comment"])
    left = ok(printer.patch(path, nulls))
    assert left.keys() & nulls.keys() == set()
    assert entries(made["id"]) == posted
    for name in ("filament_id", "used_weight", "archived"):
        assert printer.patch(path, {name: None}).status_code == 422


def test_when_it_was_used_is_set_and_cleared(printer, filament):
    path = f"spool/{a_made_spool(printer, filament)['id']}"
    given = {"first_used": 1714564800, "last_used": 1714564800123}  # bridges send milliseconds
    spool = ok(printer.patch(path, given))
    assert spool["first_used"] == "2024-05-01T12:00:00Z"
    assert spool["last_used"] == "2024-05-01T12:00:00.123000Z"
    given = {"first_used": "2024-05-01T14:00:00+02:00", "last_used": "2024-05-01 12:00"}
    spool = ok(printer.patch(path, given))
    assert spool["first_used"] == spool["last_used"] == "2024-05-01T12:00:00Z"
    spool = ok(printer.patch(path, {"first_used": None, "last_used": None}))
    assert spool.keys() & given.keys() == set()


def test_weights_are_counts_of_the_ledger(printer, filament):
    made = a_made_spool(printer, filament)
    path = f"spool/{made['id']}"
    assert ok(printer.patch(path, {"remaining_weight": 400}))["used_weight"] == 600.0
    assert ok(printer.patch(path, {"remaining_weight": 400}))["remaining_weight"] == 400.0
    assert ok(printer.patch(path, {"used_weight": 1200}))["remaining_weight"] == 0.0
    assert ok(printer.get(path))["used_weight"] == 1200.0
    assert ok(printer.patch(path, {"used_weight": 0}))["remaining_weight"] == 1000.0
    # the initial weight of the same body counts first
    both = ok(printer.patch(path, {"remaining_weight": 700, "initial_weight": 800}))
    assert (both["initial_weight"], both["used_weight"]) == (800.0, 100.0)
    restated = ok(printer.patch(path, {"initial_weight": 900}))
    assert (restated["used_weight"], restated["remaining_weight"]) == (100.0, 800.0)
    reasons = [reason for _kind, _grams, reason, _source in entries(made["id"])]
    assert {*reasons} == {"", "set_by_client", "initial_restated"}


def test_an_initial_weight_is_forgotten(printer, empty_filament):
    path = f"spool/{a_made_spool(printer, empty_filament, initial_weight=500)['id']}"
    assert ok(printer.get(path))["remaining_weight"] == 500.0
    assert ok(printer.patch(path, {"initial_weight": None})).keys() == MADE
    told = "Failed to update spool, see server logs for more information."
    assert message(printer.patch(path, {"remaining_weight": 5}), 400) == told
    assert ok(printer.patch(path, {"initial_weight": 500, "remaining_weight": 5}))


def test_another_filament_keeps_what_was_used(printer, filament, empty_filament):
    path = f"spool/{a_made_spool(printer, empty_filament, used_weight=100)['id']}"
    spool = ok(printer.patch(path, {"filament_id": filament.number}))
    assert spool["filament"]["id"] == filament.number
    assert (spool["used_weight"], spool["initial_weight"]) == (100.0, 1000.0)


def test_archived_and_back(printer, filament):
    made = a_made_spool(printer, filament, used_weight=100)
    path = f"spool/{made['id']}"
    assert ok(printer.patch(path, {"archived": True})) == made | {"archived": True}
    ok(printer.patch(path, {"archived": True}))
    assert ok(printer.patch(path, {"comment": "x", "location": "Box"}))["location"] == "Box"
    assert ok(printer.patch(path, {"archived": False}))["archived"] is False


def test_a_spool_that_a_run_names_is_not_archived_retyped_or_deleted(
    printer, filament, empty_filament
):
    spool = a_spool(filament=filament)
    spool.refresh_from_db()
    a_run((spool, 10))
    path = f"spool/{spool.number}"
    for body in ({"archived": True}, {"filament_id": empty_filament.number}):
        message(printer.patch(path, body), 400)
    message(printer.delete(path), 403)
    assert ok(printer.get(path))["archived"] is False


def test_what_happens_in_a_patch_happens_as_a_whole(printer, filament):
    made = a_made_spool(printer, filament)
    path = f"spool/{made['id']}"
    message(printer.patch(path, {"remaining_weight": 5, "filament_id": 1900077}), 404)
    message(printer.patch(path, {"remaining_weight": 5, "extra": {"x": "1"}}), 400)
    assert ok(printer.get(path)) == made


def test_happy_hare_sends_no_type_and_the_whole_map(printer, filament):
    """Its body has no Content-Type; ``extra`` and ``location`` come together."""
    path = f"spool/{a_made_spool(printer, filament)['id']}"
    for key, kind in (("printer_name", "text"), ("mmu_gate_map", "integer")):
        ok(printer.post(f"field/spool/{key}", {"name": key, "field_type": kind}, content_type=""))
    extra = {"printer_name": '"mmu"', "mmu_gate_map": "3"}
    body = {"extra": extra, "location": "mmu @ MMU Gate:3"}
    raw = json.dumps(body).encode()
    spool = ok(printer.patch(path, raw, content_type="", headers={"X-Printer-Name": "mmu"}))
    assert (spool["extra"], spool["location"]) == (extra, "mmu @ MMU Gate:3")
    spool = ok(printer.patch(path, raw, content_type="application/x-www-form-urlencoded"))
    assert spool["extra"] == extra


def test_bambu_bridges_tag_spools(printer, filament):
    ExtraField.objects.create(entity="spool", key="tag", name="Tag", field_type="text", position=1)
    path = f"spool/{a_made_spool(printer, filament)['id']}"
    assert ok(printer.patch(path, {"extra": {"tag": '"04A2"'}}))["extra"] == {"tag": '"04A2"'}


# --- Measure -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gross", "figures", "is_used"),
    [
        (700, (1000, 500, 500), True),
        (200, (1000, 1000, 0), True),
        (100, (1000, 1000, 0), False),
        (1200, (1000, 0, 1000), True),
        (1500, (1300, 0, 1300), False),
        ("700.5", (1000, 499.5, 500.5), True),
    ],
)
def test_a_scale_says_what_is_left(printer, filament, gross, figures, is_used):
    path = f"spool/{a_made_spool(printer, filament, used_weight=300)['id']}"
    spool = ok(printer.put(f"{path}/measure", {"weight": gross}))
    found = tuple(spool[name] for name in ("initial_weight", "used_weight", "remaining_weight"))
    assert (found, "last_used" in spool) == (figures, is_used)
    assert len(spool.get("last_used", "2026-11-28T11:50:59Z")) == 20  # whole seconds
    assert ok(printer.get(path)) == spool


def test_what_can_not_be_measured(printer, empty_filament):
    number = a_made_spool(printer, empty_filament)["id"]
    answer = printer.put(f"spool/{number}/measure", {"weight": 5})
    assert message(answer, 400) == "Initial weight is not set."
    assert message(printer.put("spool/1900077/measure", {"weight": 5}), 400) == "Spool not found."
    assert items(printer.put(f"spool/{number}/measure", {})) == [
        ("missing", ["body", "weight"], "Field required")
    ]
    for weight in (None, "x", "Infinity", 1e300, []):
        assert printer.put(f"spool/{number}/measure", {"weight": weight}).status_code == 422


# --- DELETE --------------------------------------------------------------------------------------


def test_a_deleted_spool_is_gone_and_its_entries_stay(printer, filament):
    made = a_made_spool(printer, filament, location="Shelf", lot_nr="L")
    path = f"spool/{made['id']}"
    assert ok(printer.delete(path)) == {"message": "Success!"}
    told = f"No spool with ID {made['id']} found."
    for answer in (printer.get(path), printer.patch(path, {}), printer.delete(path)):
        assert message(answer, 404) == told
    assert ok(printer.get("location")) == ok(printer.get("lot-number")) == []
    assert entries(made["id"])
    shelf.restore(Spool.objects.get(number=made["id"]), by=None)
    assert ok(printer.get(path)) == made


def test_a_number_is_never_used_again(printer, filament):
    first = a_made_spool(printer, filament)["id"]
    ok(printer.delete(f"spool/{first}"))
    assert a_made_spool(printer, filament)["id"] == first + 1


# --- Retries, and who may ------------------------------------------------------------------------


def test_a_request_with_a_key_has_its_effect_once(printer, filament):
    body, headers = {"filament_id": filament.number}, {"Idempotency-Key": "k"}
    first = printer.post("spool", body, headers=headers)
    again = printer.post("spool", body, headers=headers)
    assert (ok(first), again["Idempotency-Replayed"]) == (ok(again), "true")
    message(printer.post("spool", {"filament_id": 1900077}, headers=headers), 400)
    assert Spool.objects.count() == 1


def test_a_version_that_is_expected_is_checked(printer, filament):
    path = f"spool/{a_made_spool(printer, filament)['id']}"
    version = Spool.objects.get().version
    stale = {"If-Match": f'"{version + 1}"'}
    message(printer.patch(path, {"comment": "x"}, headers=stale), 412)
    fresh = {"If-Match": f'"{version}"'}
    assert ok(printer.patch(path, {"comment": "x"}, headers=fresh))["comment"] == "x"


def test_who_may_change_may_not_weigh_or_archive_with_it(printer, filament, monkeypatch):
    path = f"spool/{a_made_spool(printer, filament)['id']}"
    operator = a_printer_client(make_user(role=roles.OPERATOR))
    less = roles.PERMISSIONS[roles.OPERATOR] - {"inventory.weigh_spool", "inventory.archive_spool"}
    monkeypatch.setitem(roles.PERMISSIONS, roles.OPERATOR, less)
    ok(operator.patch(path, {"comment": "x"}))
    for name in ("initial_weight", "remaining_weight", "used_weight"):
        assert "weigh_spool" in message(operator.patch(path, {name: 1}), 403)
    assert "archive_spool" in message(operator.patch(path, {"archived": True}), 403)
