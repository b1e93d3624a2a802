"""What is done with spools through the API: each verb with its story, and who may."""

from decimal import Decimal

import pytest

from inventory import codes
from inventory.models import InventoryTransaction, Location, Spool
from inventory.services.spools import shelf
from tests.factories import a_filament, a_manufacturer, a_running_run, a_spool
from tests.inventory.api_helpers import LEDGER, SPOOLS, at
from tests.responses import done, refused

# --- Received ----------------------------------------------------------------------------------


def test_a_spool_is_received_of_a_filament_by_the_names_people_know(api):
    filament = a_filament("Deep blue", external_id="polyfil_deepblue")
    for body in (
        {"filament_name": "deep BLUE"},
        {"filament_external_id": "polyfil_deepblue"},
        {"filament_external_id": "polyfil_deepblue", "filament": filament.pk},
    ):
        spool = done(api.post(SPOOLS, body), 201)
        assert (spool["filament"], spool["filament_name"]) == (filament.pk, "Deep blue")
        assert spool["filament_external_id"] == "polyfil_deepblue"
        answer = done(api.put(f"{SPOOLS}{spool['id']}/", spool))
        assert answer == spool | {"revaluation": None}


def test_a_filament_that_is_called_as_others_are_is_not_guessed(api):
    for number in range(3):
        a_filament("Black", manufacturer=a_manufacturer(f"Maker {number}"))
    problem = refused(api.post(SPOOLS, {"filament_name": "black"}), 400, "invalid")
    assert problem["errors"] == {"filament_name": ["3 are called “black”: name the id."]}
    nobody = refused(api.post(SPOOLS, {"filament_external_id": "black"}), 400, "invalid")
    assert list(nobody["errors"]) == ["filament_external_id"]
    assert list(refused(api.post(SPOOLS, {}), 400, "invalid")["errors"]) == ["filament"]
    other = a_filament("White")
    both = {"filament": other.pk, "filament_name": "Black"}
    assert list(refused(api.post(SPOOLS, both), 400, "invalid")["errors"]) == ["filament_name"]


def test_a_delivery_is_received_at_once(api, operator):
    api.force_authenticate(operator)
    a_filament("Deep blue")
    body = {"filament_name": "Deep blue", "count": 3, "total_price": "50", "lot_number": "L1"}
    spools = done(api.post(f"{SPOOLS}receive/", body), 201)["spools"]
    assert [spool["price"] for spool in spools] == ["16.6666", "16.6666", "16.6668"]
    assert {spool["remaining_grams"] for spool in spools} == {"1000.000000"}
    assert len({spool["code"] for spool in spools}) == 3
    assert InventoryTransaction.objects.filter(kind="receipt", source="api").count() == 3
    for more in ({"count": 0}, {"count": 201}, {"count": None}, {"price": "1"}, {"code": "X"}):
        assert api.post(f"{SPOOLS}receive/", body | more).status_code == 400, more
    assert Spool.objects.count() == 3


def test_blank_labels_are_bound_to_the_spools_of_a_delivery(api):
    a_filament("Deep blue")
    blank = [codes.generate(), codes.generate()]
    body = {"filament_name": "Deep blue", "codes": [f"HTTP://X/S/{blank[0]}", blank[1].lower()]}
    spools = done(api.post(f"{SPOOLS}receive/", body), 201)["spools"]
    assert [spool["code"] for spool in spools] == blank
    problem = refused(api.post(f"{SPOOLS}receive/", body), 409, "duplicate")
    assert list(problem["errors"]) == ["codes.0", "codes.1"]
    assert blank[0] in problem["detail"]
    for wrong in ({"codes": "X"}, {"codes": [""]}, {"codes": []}, {"count": 1}):
        assert api.post(f"{SPOOLS}receive/", body | wrong).status_code == 400, wrong
    assert Spool.objects.count() == 2


# --- Grams -------------------------------------------------------------------------------------


def test_filament_is_used_and_thrown_away_outside_of_runs(api):
    spool = a_spool()
    answer = done(api.post(at(spool, "use"), {"grams": "12.5", "reason": "test print"}))
    assert (answer["remaining_grams"], answer["entry"]["kind"]) == ("987.500000", "usage")
    answer = done(api.post(at(spool, "waste"), {"gross_after_grams": 1180}))
    assert (answer["remaining_grams"], answer["entry"]["grams"]) == ("980.000000", "-7.500000")
    refused(api.post(at(spool, "use"), {}), 400, "invalid")
    refused(api.post(at(spool, "use"), {"grams": 1, "gross_after_grams": 1}), 400, "invalid")
    refused(api.post(at(spool, "use"), {"grams": 981}), 409, "insufficient_inventory")
    refused(api.post(at(spool, "waste"), {"grams": 0}), 400, "nothing_to_post")


def test_a_spool_is_emptied(api):
    spool = a_spool(1000)
    refused(api.post(at(spool, "empty")), 409, "not_empty_by_book")
    answer = done(api.post(at(spool, "empty"), {"confirm": True}))
    assert (answer["remaining_grams"], answer["entry"]["kind"]) == ("0.000000", "count")
    answer = done(api.post(at(a_spool(10), "empty"), {"kind": "waste"}))
    assert answer["entry"]["kind"] == "waste"
    assert api.post(at(a_spool(10), "empty"), {"kind": "gift"}).status_code == 400


def test_the_book_is_adjusted_by_a_manager_who_says_why(api, operator):
    spool = a_spool()
    answer = done(api.post(at(spool, "adjust"), {"grams": "-25", "reason": "mislabelled"}))
    assert (answer["remaining_grams"], answer["entry"]["grams"]) == ("975.000000", "-25.000000")
    assert api.post(at(spool, "adjust"), {"grams": "5"}).status_code == 400
    api.force_authenticate(operator)
    body = {"grams": "5", "reason": "found"}
    refused(api.post(at(spool, "adjust"), body), 403, "permission_denied")


def test_the_answer_is_the_spool_as_it_is_read_afterwards(api):
    shelf_b = Location.objects.create(name="Shelf B")
    filament = a_filament("Deep blue", manufacturer=a_manufacturer("Polyfil"))
    spool = a_spool(1000, filament=filament, location=shelf_b, needs_weighing=True)
    bodies = {
        "use": {"grams": "12.5"},
        "waste": {"gross_after_grams": "1180", "confirm": True},
        "adjust": {"grams": -1, "reason": "found"},
        "weigh": {"gross_grams": "1150.25", "confirm": True},
        "empty": {"kind": "waste"},
    }
    for verb, body in bodies.items():
        answer = done(api.post(at(spool, verb), body))
        del answer["entry"]
        answer.pop("saved_for", None)
        assert answer == api.get(f"{SPOOLS}{spool.pk}/").json(), verb


def test_an_entry_that_no_run_made_is_reversed_by_a_manager(api, operator):
    spool = a_spool()
    entry = done(api.post(at(spool, "use"), {"grams": 10}))["entry"]
    address = f"{LEDGER}{entry['id']}/reverse/"
    assert api.post(address, {}).status_code == 400
    answer = api.post(address, {"reason": "wrong spool"})
    reversal = done(answer, 201)
    assert (reversal["reverses"], reversal["grams"]) == (entry["id"], "10.000000")
    assert answer["Location"].endswith(f"{LEDGER}{reversal['id']}/")
    refused(api.post(address, {"reason": "again"}), 409, "already_reversed")
    api.force_authenticate(operator)
    refused(api.post(address, {"reason": "x"}), 403, "permission_denied")
    assert api.post(f"{at(spool)}transactions/{entry['id']}/reverse/").status_code == 404


def test_a_spool_that_prints_is_weighed_for_its_run(api):
    spool = a_spool()
    run = a_running_run((spool, 100))
    answer = done(api.post(at(spool, "weigh"), {"gross_grams": 1110}))
    assert (answer["entry"], answer["remaining_grams"]) == (None, "1000.000000")
    assert answer["saved_for"] == {
        "run": run.pk,
        "run_number": run.number,
        "material": run.materials.get().pk,
        "gross_after_grams": "1110.000000",
    }
    body = {"gross_grams": 1190, "as_count": True}
    answer = done(api.post(at(spool, "weigh"), body))
    assert (answer["saved_for"], answer["entry"]["grams"]) == (None, "-10.000000")


def test_an_archived_spool_is_weighed_only_when_it_is_restored(api):
    spool = shelf.archive(a_spool(), by=None, discard=False)
    answer = api.post(f"{SPOOLS}{spool.pk}/weigh/", {"gross_grams": 1100})
    assert (answer.status_code, answer.json()["code"]) == (409, "spool_archived")
    assert "restore it first" in answer.json()["detail"]
    assert Spool.objects.get().remaining_grams == 1000


# --- The reel ----------------------------------------------------------------------------------


def test_a_spool_is_moved_opened_and_dried(api, operator):
    api.force_authenticate(operator)
    spool, shelf = a_spool(), Location.objects.create(name="Dry box")
    assert done(api.post(at(spool, "move"), {"location_name": "dry box"}))["location"] == shelf.pk
    assert done(api.post(at(spool, "move"), {"location": None}))["location"] is None
    assert list(refused(api.post(at(spool, "move")), 400, "invalid")["errors"]) == ["location"]
    assert done(api.post(at(spool, "open")))["opened_at"]
    refused(api.post(at(spool, "open")), 409, "already_opened")
    assert done(api.post(at(spool, "dry")))["dried_at"]
    assert list(spool.events.values_list("verb", flat=True)) == [
        "moved",
        "moved",
        "opened",
        "dried",
    ]


def test_a_spool_is_found_by_its_old_label_as_well(api):
    spool = a_spool()
    new = done(api.post(at(spool, "relabel")))["code"]
    assert new != spool.code
    for code in (new, spool.code):
        found = done(api.get(f"{SPOOLS}?code={code}"))["results"]
        assert [row["id"] for row in found] == [spool.pk]
    refused(api.post(at(spool, "relabel"), {"code": "nonsense"}), 400, "invalid_spool_code")
    refused(api.post(at(a_spool(), "relabel"), {"code": spool.code}), 409, "duplicate")


def test_a_spool_is_archived_and_restored(api):
    spool = a_spool()
    problem = refused(api.post(at(spool, "archive")), 409, "remainder_undecided")
    assert list(problem["errors"]) == ["discard"]
    answer = done(api.post(at(spool, "archive"), {"discard": True}))
    assert (answer["is_archived"], answer["remaining_grams"]) == (True, "0.000000")
    refused(api.post(at(spool, "use"), {"grams": 1}), 409, "spool_archived")
    assert done(api.post(at(spool, "restore")))["is_archived"] is False
    refused(api.post(at(spool, "restore")), 409, "not_archived")


# --- Who may -----------------------------------------------------------------------------------

VERBS = ["weigh", "use", "waste", "empty", "adjust", "move", "open", "dry", "relabel", "archive",
         "restore"]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_and_a_viewer_do_nothing_with_a_spool(api, viewer, verb):
    spool = a_spool()
    api.force_authenticate(None)
    refused(api.post(at(spool, verb), {}), 401, "not_authenticated")
    api.force_authenticate(viewer)
    refused(api.post(at(spool, verb), {}), 403, "permission_denied")
    spool.refresh_from_db()
    assert (spool.remaining_grams, spool.version) == (Decimal(1000), 2)


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_word_does_nothing_with_a_spool(api, verb):
    spool = a_spool()
    answer = api.post(at(spool, verb), {"unheard": 1})
    assert refused(answer, 400, "invalid")["errors"] == {"unheard": ["There is no such field."]}
