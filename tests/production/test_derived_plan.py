"""The plan of a run follows what it is derived from, as long as nobody typed it and it is free."""

import pytest

from inventory.services.ledger import InsufficientInventory
from production.models import BomLine
from production.services.requirements.limits import LimitExceeded
from production.services.runs import lines, repeats
from production.services.runs.replanning import NothingDerived, refresh_plan
from tests.factories import (
    a_filament,
    a_material_type,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.admin_forms import carry_out, fields, page, page_of
from tests.production.api_helpers import RUNS, at
from tests.production.plans import a_hook, plan_of, planned, planned_anew, reserved, with_a_spool
from tests.queries import fresh, violations
from tests.responses import done, refused, results, text_of

pytestmark = pytest.mark.usefixtures("farm")


# --- Items --------------------------------------------------------------------------------------


def test_plates_minutes_materials_and_reservations_follow_the_items(api):
    run = with_a_spool(planned([(a_hook(), 20)]), 400 + 8)
    (item,) = run.items.all()
    assert plan_of(run) == (4, 240, [("PLA", 400, 8)])
    answer = done(api.patch(at(run, "items", item.pk), {"quantity": 10}))
    line = run.materials.get()
    assert plan_of(run) == planned_anew(run) == (2, 120, [("PLA", 200, 4)])
    derived = {(each["material"], each["field"]): each for each in answer["changed"]}
    assert {key: (each["before"], each["after"]) for key, each in derived.items()} == {
        (None, "plate_count"): ("4", "2"),
        (None, "planned_minutes"): ("240.00", "120.00"),
        (line.pk, "planned_grams"): ("400.000000", "200.000000"),
        (line.pk, "planned_purge_grams"): ("8.000000", "4.000000"),
        (line.pk, "reserved_grams"): ("408.000000", "204.000000"),
    }
    assert {each["number"] for each in derived.values()} == {run.number}
    assert run.events.last().before["plate_count"] == "4"  # the trace
    assert done(api.put(at(run, "items", item.pk), answer))["changed"] == []
    more = {"product": a_hook(sku="SECOND").pk, "quantity": 5}
    added = done(api.post(at(run, "items"), more), 201)
    assert plan_of(run) == planned_anew(run) == (3, 180, [("PLA", 300, 6)])
    assert [each["field"] for each in added["changed"]][:2] == ["plate_count", "planned_minutes"]
    assert (reserved(), violations()) == (306, [])
    removed = done(api.delete(at(run, "items", added["id"])))
    assert {each["field"] for each in removed["changed"]} >= {"plate_count", "reserved_grams"}
    done(api.delete(at(run, "items", item.pk)))
    assert (plan_of(run), reserved(), violations()) == ((1, None, []), 0, [])


def item_by_api(request, item, **values):
    done(request.getfixturevalue("api").patch(at(item.run, "items", item.pk), values))


def item_by_admin(request, item, **values):
    client = request.getfixturevalue("as_manager")
    typed = {f"items-0-{name}": str(value) for name, value in values.items()}
    client.post(page_of(item.run), fields(client.get(page_of(item.run))) | typed)


@pytest.mark.parametrize("way_in", [item_by_api, item_by_admin])
def test_a_run_follows_each_field_of_an_item_by_each_way_in(request, way_in):
    petg = a_material_type("PETG")
    other = a_product(grams=7, material_type=petg, units_per_plate=3, plate_minutes=10)
    run = with_a_spool(planned([(a_hook(), 20)]))
    for values in ({"quantity": 7}, {"product": other.pk}, {"quantity": 9}):
        before = plan_of(run)
        way_in(request, run.items.get(), **values)
        assert plan_of(run) == planned_anew(run) != before, values
    assert (plan_of(run), reserved()) == ((3, 30, [("PETG", 63, 0)]), 0)
    before = plan_of(run)
    way_in(request, run.items.get(), order_reference="A-1", bed_position="left")  # no sources
    assert (plan_of(run), violations()) == (before, [])


def test_what_a_change_changed_is_told_in_the_admin(as_manager):
    run = planned([(a_hook(), 20)])
    typed = fields(as_manager.get(page_of(run))) | {"items-0-quantity": "10"}
    text = text_of(as_manager.post(page_of(run), typed, follow=True))
    assert f"{run.number}: plate count 4 → 2" in text
    assert f"{run.number}: planned grams of PLA 400 → 200" in text
    assert plan_of(run) == planned_anew(run)


def test_a_plan_that_the_stock_does_not_cover_is_refused_as_a_whole():
    run = with_a_spool(planned([(a_hook(), 20)]), 500)
    with pytest.raises(InsufficientInventory, match="best fit proposes several"):
        lines.change_item(run.items.get(), quantity=40, by=None)
    assert (plan_of(run), run.items.get().quantity, reserved()) == (
        (4, 240, [("PLA", 400, 8)]),
        20,
        408,
    )


def test_minutes_and_purge_follow_plates_that_were_typed(api):
    run = planned([(a_hook(), 20)])
    answer = done(api.patch(at(run), {"plate_count": 5}))
    assert plan_of(run) == (5, 300, [("PLA", 400, 10)])
    assert [each["field"] for each in answer["changed"]] == [
        "planned_minutes",
        "planned_purge_grams",
    ]
    sources = answer["plate_count_source"], answer["planned_minutes_source"]
    assert sources == ("typed", "bill")
    done(api.patch(at(run), {"planned_minutes": "100"}))
    assert plan_of(run)[1] == 100
    done(api.patch(at(run), {"plate_count": 6}))
    assert (plan_of(run)[1], fresh(run).planned_minutes_source) == (100, "outdated")
    done(api.patch(at(run), {"planned_minutes": None}))  # no longer typed
    assert (plan_of(run)[1], fresh(run).planned_minutes_source) == (360, "bill")


# --- What somebody typed ------------------------------------------------------------------------


def test_what_was_typed_stays_and_is_outdated_until_the_plan_is_taken_anew(api, as_manager):
    spool = a_spool(1000)
    run = a_run((spool, 500), items=[(a_hook(), 20)], plate_count=4, planned_minutes=250)
    item = run.items.get()
    changed = done(api.patch(at(run, "items", item.pk), {"quantity": 10}))["changed"]
    assert {each["field"] for each in changed} == {
        "plate_count_source",
        "planned_source",
    }  # and four plates of an hour still take as long
    assert plan_of(run) == (4, 250, [(str(spool.filament), 500, 0)])
    read = done(api.get(at(run)))
    assert (read["plate_count_source"], read["materials"][0]["planned_source"]) == (
        "outdated",
        "outdated",
    )
    done(api.patch(at(run), {"plate_count": 3}))  # somebody had a look
    assert fresh(run).plate_count_source == "typed"
    words = "The plan is outdated: its products say otherwise since it was typed."
    assert words in text_of(as_manager.get(page_of(run)))
    assert words in text_of(as_manager.get(f"/floor/runs/{run.pk}/"))
    found = [results(api.get(f"{RUNS}?is_plan_outdated={word}")) for word in ("true", "false")]
    assert [len(rows) for rows in found] == [1, 0]
    answer = done(api.post(at(run, "refresh-plan")))
    assert plan_of(run) == (2, 120, [(str(spool.filament), 200, 4)])
    assert (run.materials.get().spool, reserved(), violations()) == (spool, 204, [])
    derived = {each["field"]: (each["before"], each["after"]) for each in answer["changed"]}
    assert derived["plate_count"] == ("3", "2")
    assert derived["planned_source"] == ("outdated", "bill")
    assert done(api.post(at(run, "refresh-plan")))["changed"] == []  # again: nothing is left to do


def test_two_spools_of_a_material_share_what_is_taken_anew_as_before():
    filament = a_filament()
    one, two = a_spool(1000, filament=filament), a_spool(1000, filament=filament)
    run = a_run((one, 300), (two, 100), items=[(a_hook(plate_purge_grams=None), 10)])
    refresh_plan(run, by=None)
    assert [line.planned_grams for line in run.materials.order_by("pk")] == [150, 50]
    lines.change_item(run.items.get(), quantity=4, by=None)  # they follow from now on
    assert [line.planned_grams for line in run.materials.order_by("pk")] == [60, 20]
    assert (reserved(), violations()) == (80, [])


def test_a_plan_is_taken_anew_in_the_admin_after_it_was_shown(as_manager):
    run = planned([(a_hook(), 20)], plate_count=9)
    _seen, answer = carry_out(as_manager, page(run, "refresh_plan"))
    assert (answer.status_code, plan_of(run)) == (302, planned_anew(run))


def test_a_plan_is_not_taken_anew_of_nothing_nor_beyond_the_stock_nor_after_the_start(api):
    with pytest.raises(NothingDerived):
        refresh_plan(a_run((a_spool(), 10), items=[(a_product(), 1)]), by=None)
    run = a_run((a_spool(300), 300), items=[(a_hook(), 20)])
    with pytest.raises(InsufficientInventory):
        refresh_plan(run, by=None)
    assert plan_of(run)[2][0][1:] == (300, 0)
    body = {"override_reason": "A spool is on its way"}
    done(api.post(at(run, "refresh-plan"), body))
    assert plan_of(run)[2][0][1:] == (400, 8)
    refused(api.post(at(a_running_run(), "refresh-plan")), 409, "invalid_run_status")


def test_plates_that_are_too_few_by_now_are_refused_where_they_were_typed():
    run = planned([(a_hook(), 20)], plate_count=4)
    with pytest.raises(LimitExceeded):
        lines.change_item(run.items.get(), quantity=21, by=None)


def test_a_copy_and_a_reprint_derive_what_was_derived_and_keep_what_was_typed():
    hook = a_hook()
    run, typed = planned([(hook, 20)]), planned([(hook, 20)], plate_count=9)
    BomLine.objects.update(grams_per_unit=30)  # behind everybody's back
    assert plan_of(repeats.copy(run, by=None)) == planned_anew(run) == (4, 240, [("PLA", 600, 8)])
    assert plan_of(repeats.copy(typed, by=None)) == (9, 540, [("PLA", 600, 18)])
