"""The plan of a run follows what it is derived from, as long as nobody typed it and it is free."""

from decimal import Decimal

import pytest
from django.urls import reverse

from inventory.models import Spool
from inventory.services.ledger import InsufficientInventory
from production.models import BomLine, PlanSource, ProductionRun
from production.services import completion, products
from production.services.completion.actuals import MaterialActual
from production.services.reports import alerts
from production.services.requirements.limits import LimitExceeded
from production.services.runs import lifecycle, lines, repeats
from production.services.runs.lines import NewItem
from production.services.runs.replanning import NothingDerived, refresh_plan
from tenants.operations import changes
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
from tests.queries import fresh, queries_of, violations
from tests.responses import done, refused, results, text_of

pytestmark = pytest.mark.usefixtures("farm")

BILL, TYPED, OUTDATED = PlanSource.BILL, PlanSource.TYPED, PlanSource.OUTDATED
PRODUCTS = "/api/v1/products/"


def a_hook(**more):
    """Five on a plate of an hour, 20 g each, 2 g of purge a plate."""
    fields = {"units_per_plate": 5, "plate_minutes": 60, "plate_purge_grams": 2}
    return a_product(grams=20, **fields | more)


def planned(items, **fields):
    """A run of ``(product, quantity)`` each, whose materials are derived."""
    items = [NewItem(product=product, quantity=quantity) for product, quantity in items]
    return lifecycle.create(by=None, items=items, **fields)


def plan_of(run):
    """All that is planned of it: plates, minutes, and ``[(material, grams, purge)]``."""
    run = fresh(run)
    materials = [
        (str(line.filament or line.material_type), line.planned_grams, line.planned_purge_grams)
        for line in run.materials.select_related("filament", "material_type")
    ]
    return run.plate_count, run.planned_minutes, sorted(materials)


def planned_anew(run):
    items = run.items.select_related("product").order_by("pk")
    return plan_of(planned([(item.product, item.quantity) for item in items]))


def with_a_spool(run, grams=1000):
    """The run, whose only material is to be taken from a spool."""
    line, filament = run.materials.get(), a_filament()
    lines.change_material(line, spool=a_spool(grams, filament=filament), by=None)
    return run


def reserved():
    return sum(spool.reserved_grams for spool in Spool.objects.all())


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


def test_what_a_change_changed_is_told_in_the_admin(as_manager):
    run = planned([(a_hook(), 20)])
    typed = fields(as_manager.get(page_of(run))) | {"items-0-quantity": "10"}
    text = text_of(as_manager.post(page_of(run), typed, follow=True))
    assert f"{run.number}: plate count 4 → 2" in text
    assert f"{run.number}: planned grams of PLA 400 → 200" in text
    assert plan_of(run) == planned_anew(run)


def test_a_plan_that_the_stock_does_not_cover_is_refused_as_a_whole():
    run = with_a_spool(planned([(a_hook(), 20)]), 500)
    with pytest.raises(InsufficientInventory):
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
    done(api.patch(at(run), {"planned_minutes": None}))  # nobody says any more
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


# --- Products -----------------------------------------------------------------------------------


def by_api(request, row, **values):
    address = f"{PRODUCTS}{row.pk}/"
    if isinstance(row, BomLine):
        address = f"{PRODUCTS}{row.product_id}/bom-lines/{row.pk}/"
    return done(request.getfixturevalue("api").patch(address, values))["changed"]


def by_admin(request, row, **values):
    client = request.getfixturevalue("as_manager")
    product, prefix = row, ""
    if isinstance(row, BomLine):
        product, prefix = row.product, "bom_lines-0-"
    address = reverse("admin:production_product_change", args=[product.pk])
    typed = {f"{prefix}{name}": str(value) for name, value in values.items()}
    answer = client.post(address, fields(client.get(address)) | typed, follow=True)
    return "Changed with it" in text_of(answer)


def by_service(request, row, **values):
    with changes.collected() as changed:
        products.update(row, by=None, **values)
    return changed


# Every field of a product and its bill that a plan is derived from, and another value of it.
SOURCES = {
    "units_per_plate": 4,
    "plate_minutes": Decimal(75),
    "plate_purge_grams": Decimal(3),
    "grams_per_unit": Decimal(25),
    "filament": None,
    "material_type": None,
}
NO_SOURCES = {
    *("id", "sku", "name", "description", "height_mm", "labour_minutes", "is_active"),
    *("product", "gtin", "external_id"),
}


@pytest.mark.parametrize("way_in", [by_api, by_admin, by_service])
def test_planned_runs_follow_each_field_of_a_product_by_each_way_in(request, way_in):
    hook = a_hook()
    bom_line = hook.bom_lines.get()
    other = a_filament(material_type=a_material_type("PETG"))
    run, started = planned([(hook, 20)]), a_running_run((a_spool(), 400), items=[(hook, 20)])
    typed, frozen = a_run((a_spool(), 400), items=[(hook, 20)]), plan_of(started)
    values = SOURCES | {"filament": other.pk, "material_type": other.material_type.pk}
    if way_in is by_service:
        values |= {"filament": other, "material_type": other.material_type}
    known = {field.name for model in (type(hook), BomLine) for field in model._meta.fields}
    assert known == SOURCES.keys() | (known & NO_SOURCES)  # a new field is one or the other
    pairs = [
        {"filament", "material_type"},
        *({n} for n in SOURCES if n not in ("filament", "material_type")),
    ]
    for names in reversed(pairs):
        row = hook if hasattr(hook, next(iter(names))) else bom_line
        before = plan_of(run)
        assert way_in(request, row, **{name: values[name] for name in names}), names
        assert plan_of(run) == planned_anew(run) != before, names
        assert plan_of(started) == frozen
        assert run.events.last().verb == "derive_plan"
    assert plan_of(typed)[2][0][1] == 400
    assert typed.materials.get().planned_source == OUTDATED
    assert violations() == []


def test_runs_follow_lines_of_a_bill_that_come_and_go(api):
    hook = a_hook()
    run = planned([(hook, 20)])
    with_a_spool(run)
    address = f"{PRODUCTS}{hook.pk}/bom-lines/"
    a_material_type("PVA")
    body = {"material_type_code": "PVA", "grams_per_unit": "1.5"}
    added = done(api.post(address, body), 201)
    assert plan_of(run) == planned_anew(run) == (4, 240, [("PLA", 400, 8), ("PVA", 30, 0)])
    assert [(each["field"], each["after"]) for each in added["changed"]][0] == (
        "planned_grams",
        "30.000000",
    )
    removed = done(api.delete(f"{address}{hook.bom_lines.first().pk}/"))
    assert plan_of(run) == planned_anew(run) == (4, 240, [("PVA", 30, 8)])
    assert ("reserved_grams", None) in [
        (each["field"], each["after"]) for each in removed["changed"]
    ]
    assert (reserved(), violations()) == (0, [])
    assert api.delete(f"{PRODUCTS}{a_product().pk}/").status_code == 204


def test_a_run_that_is_short_by_a_corrected_bill_is_short_and_blocks_nothing(api):
    hook = a_hook()
    with_a_spool(planned([(hook, 20)]), 408)
    done(
        api.patch(
            f"{PRODUCTS}{hook.pk}/bom-lines/{hook.bom_lines.get().pk}/", {"grams_per_unit": 30}
        )
    )
    assert (Spool.objects.get().available_grams, violations()) == (-200, [])


def test_accepted_actuals_reach_the_runs_that_are_planned():
    hook = a_product(grams=5)
    run = planned([(hook, 2)])
    ended = a_running_run((a_spool(), 10), items=[(hook, 2)])
    took = MaterialActual(line=ended.materials.get().pk, actual_grams=Decimal(12))
    completion.complete(ended, by=None, materials=[took], as_planned=True)
    alerts.accept(hook, by=None)
    assert plan_of(run) == planned_anew(run)


def test_many_runs_follow_in_as_many_queries_as_one():
    hook = a_hook()
    counts = []
    for grams, more in ((21, 1), (22, 40)):
        for _ in range(more):
            with_a_spool(planned([(hook, 20)]))
        line = hook.bom_lines.get()
        counts.append(
            queries_of(lambda g=grams, row=line: products.update(row, by=None, grams_per_unit=g))
        )
    assert counts[0] == counts[1] <= 30
    assert {
        line.planned_grams for run in ProductionRun.objects.all() for line in run.materials.all()
    } == {440}


def test_a_run_that_is_planned_again_is_derived_of_what_the_products_are_by_then():
    hook = a_hook()
    runs = [planned([(hook, 20)]) for _ in range(2)]
    started = lifecycle.start(with_a_spool(runs[0]), by=None)
    cancelled = lifecycle.cancel(runs[1], by=None)
    products.update(hook.bom_lines.get(), by=None, grams_per_unit=25)
    assert plan_of(started)[2][0][1] == plan_of(cancelled)[2][0][1] == 400
    lifecycle.unstart(started, by=None)
    completion.revert(cancelled, by=None)
    assert plan_of(started)[2][0][1] == plan_of(cancelled)[2][0][1] == 500
    assert (reserved(), violations()) == (508, [])


def test_a_line_that_was_removed_by_hand_stays_away():
    hook = a_hook()
    run = planned([(hook, 20)])
    lines.remove_material(run.materials.get(), by=None)
    lines.change_item(run.items.get(), quantity=10, by=None)
    assert plan_of(run) == (2, 120, [])
    refresh_plan(run, by=None)
    assert plan_of(run) == planned_anew(run)
