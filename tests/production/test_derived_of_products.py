"""Planned runs follow the products that they are derived from, as long as nobody typed."""

from decimal import Decimal

import pytest
from django.urls import reverse

from inventory.models import Spool
from production.models import BomLine, PlanSource, ProductionRun
from production.services import completion, products
from production.services.completion.actuals import MaterialActual
from production.services.reports import alerts
from production.services.runs import lifecycle, lines, replanning
from production.services.runs.replanning import refresh_plan
from tenants.operations import side_effects
from tests.factories import (
    a_filament,
    a_material_type,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.admin_forms import fields
from tests.production.plans import a_hook, plan_of, planned, planned_anew, reserved, with_a_spool
from tests.queries import queries_of, violations
from tests.responses import done, text_of

pytestmark = pytest.mark.usefixtures("farm")

PRODUCTS = "/api/v1/products/"


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
    with side_effects.collected() as changed:
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
    *("product", "gtin", "external_id", "photo"),
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
    assert typed.materials.get().planned_source == PlanSource.OUTDATED
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


def test_a_bill_that_its_runs_can_not_follow_stays_as_it_was(monkeypatch):
    hook = a_hook()
    run = with_a_spool(planned([(hook, 20)]))
    before = plan_of(run), reserved(), run.events.count()

    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr(replanning.RunEvent.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        products.update(hook.bom_lines.get(), by=None, grams_per_unit=30)
    assert hook.bom_lines.get().grams_per_unit == 20
    assert (plan_of(run), reserved(), run.events.count()) == before


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
