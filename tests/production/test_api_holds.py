"""Holds through the API: placed, listed, found by their spools, released."""

import pytest

from production.services.printing import slots
from tests.factories import a_filament, a_running_run, a_slot, a_spool, spools_of_one
from tests.production.verbs.preparation import planned
from tests.responses import done, refused, results

HOLDS = "/api/v1/holds/"


@pytest.fixture
def spools(farm):
    return spools_of_one(3)


@pytest.fixture
def hold(api, spools):
    body = {"filament": spools[0].filament_id, "reason": "Brittle"}
    return done(api.post(HOLDS, body), 201)


def test_a_hold_is_placed_and_says_what_is_in_use(api, manager, spools):
    slot = a_slot()
    slots.load(spools[1], slot=slot, by=None)
    run = a_running_run((spools[2], 10))
    body = {"filament_name": spools[0].filament.name, "reason": "Brittle"}
    hold = done(api.post(HOLDS, body), 201)
    assert (hold["filament"], hold["spool_count"]) == (spools[0].filament_id, 3)
    assert (hold["placed_by_name"], hold["released_at"]) == (str(manager), None)
    printing, loaded = hold["in_use"]
    runs = [{"id": run.pk, "number": run.number, "status": "in_progress"}]
    assert (printing["spool"], printing["is_printing"], printing["runs"]) == (
        spools[2].pk,
        True,
        runs,
    )
    names = ("spool_code", "printer_name", "slot", "slot_label", "runs")
    expected = [spools[1].code, slot.printer.name, slot.pk, slot.label, []]
    assert [loaded[name] for name in names] == expected
    answer = done(api.get(f"{HOLDS}{hold['id']}/in-use/"))
    assert answer == {"spool_count": 3, "in_use": hold["in_use"]}


def test_holds_and_what_they_hold_are_found(api, manager, spools, hold):
    other = a_spool(lot_number="L7")
    lot = done(api.post(HOLDS, {"lot_number": "l7", "reason": "Wet"}), 201)
    done(api.post(HOLDS, {"delivery_of_code": spools[0].code, "reason": "Wet"}), 201)
    assert [each["id"] for each in results(api.get(f"{HOLDS}?spool={other.code}"))] == [lot["id"]]
    assert len(results(api.get(f"{HOLDS}?spool={spools[0].pk}"))) == 2
    assert [each["id"] for each in results(api.get(f"{HOLDS}?lot_number=L7"))] == [lot["id"]]
    held = results(api.get("/api/v1/spools/?is_held=true"))
    assert {each["id"] for each in held} == {other.pk, *(each.pk for each in spools)}
    assert all(each["is_held"] for each in held)
    assert all(each["available_grams"] == each["remaining_grams"] for each in held)
    for query in ("is_held=false", "available_from=1"):
        assert results(api.get(f"/api/v1/spools/?{query}")) == []
    done(api.post(f"{HOLDS}{hold['id']}/release/", {"note": "Fine"}))
    assert len(results(api.get(f"{HOLDS}?is_open=true"))) == 2
    [released] = results(api.get(f"{HOLDS}?is_open=false"))
    assert (released["release_note"], released["released_by_name"]) == ("Fine", str(manager))


def test_refusals_say_why(api, spools, hold):
    problem = refused(api.post(HOLDS, {"reason": "Brittle"}), 400, "invalid")
    assert problem["errors"] == {"spool": ["Needed."]}
    two = {"lot_number": "L7", "spool": spools[0].pk, "reason": "Brittle"}
    assert set(refused(api.post(HOLDS, two), 400, "invalid")["errors"]) == {"spool", "lot_number"}
    again = {"filament": hold["filament"], "reason": "Wet"}
    assert refused(api.post(HOLDS, again), 409, "already_held")["hold_id"] == hold["id"]
    answer = api.delete(f"{HOLDS}{hold['id']}/").json()
    assert answer["detail"].endswith("A hold is not changed: POST to its release/ ends it.")
    done(api.post(f"{HOLDS}{hold['id']}/release/"))
    refused(api.post(f"{HOLDS}{hold['id']}/release/"), 409, "hold_released")


def test_a_held_spool_is_refused_and_overridden(api, manager, operator, spools, hold):
    slot = a_slot()
    api.force_authenticate(operator)
    load = f"/api/v1/printers/{slot.printer_id}/slots/{slot.pk}/load/"
    problem = refused(api.post(load, {"spool": spools[0].pk}), 409, "spool_held")
    assert problem["hold_ids"] == [hold["id"]]
    assert f"Spool {spools[0].code} is held since" in problem["detail"]
    body = {"spool": spools[0].pk, "override_reason": "Urgent"}
    refused(api.post(load, body), 403, "override_not_permitted")
    run = planned((a_spool(filament=a_filament()), 10))
    line = {"spool": spools[1].pk, "planned_grams": "5"}
    refused(api.post(f"/api/v1/production-runs/{run.pk}/materials/", line), 409, "spool_held")
    api.force_authenticate(manager)
    assert done(api.post(load, body))["spool"] == spools[0].pk
