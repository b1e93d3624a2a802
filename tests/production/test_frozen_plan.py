"""What the start of a run freezes: its plan, the spools of it and their prices, and an item's bill
of materials."""

from decimal import Decimal

import pytest

from inventory.services.spools import shelf
from production.models import BomLine, Product
from production.services import completion, run_state, variance
from production.services.printing.midprint import swap_spool
from production.services.requirements.claims import IncompatibleSpool
from production.services.runs import lifecycle, lines, repeats
from tests.factories import a_filament, a_material_type, a_product, a_run, a_running_run, a_spool
from tests.production.api_helpers import at
from tests.production.completed_runs import took
from tests.queries import fresh
from tests.responses import refused

pytestmark = pytest.mark.usefixtures("farm")
Frozen = lines.PlanFrozen


def cost_of(run):
    """Planned, actual and difference of what the grams of a run cost."""
    cost = variance.of_run(fresh(run))["cost"]["material"]
    return cost["planned"], cost["actual"], cost["difference"]


def money(*texts):
    return tuple(map(Decimal, texts))


def priced(price, **fields):
    return a_spool(1000, price=Decimal(price), **fields)


def test_a_price_edited_later_moves_no_plan(manager):
    """100 g at 0.026: the plan is 2.60 whether the price is edited before or after the end."""
    spool = priced(26)
    run = a_running_run((spool, 100))
    shelf.describe(spool, price=Decimal(39), by=manager)
    assert cost_of(run) == money("2.6") + (None, None)
    completion.complete(run, by=None, as_planned=True)
    assert cost_of(run) == money("2.6", "3.9", "1.3")
    shelf.describe(spool, price=Decimal(50), by=manager)
    assert cost_of(run) == money("2.6", "3.9", "1.3")


def test_a_swap_a_correction_and_another_spool_leave_the_plan_as_it_was(manager):
    """Planned at 0.02; printed from a spool of another filament at 0.025, at once or afterwards."""
    planned, other = priced(20), priced(25)
    swapped = a_running_run((planned, 100))
    swap_spool(
        swapped, by=manager, spool=other, so_far=took(planned, 0), override_reason="What is there"
    )
    completion.complete(swapped, by=None, as_planned=True, materials=[took(other, 101)])
    run = completion.complete(
        a_running_run((planned, 100)), by=None, materials=[took(planned, 104)]
    ).run
    shelf.describe(planned, price=Decimal(30), by=manager)
    assert cost_of(swapped) == money("2", "2.525", "0.525")
    completion.correct(run, by=manager, materials=[took(planned, 103)])
    assert cost_of(run) == money("2", "3.09", "1.09")
    completion.reassign(
        run, by=manager, line=run.materials.get().pk, spool=other, override_reason="It was that one"
    )
    assert cost_of(run) == money("2", "2.575", "0.575")
    assert fresh(run).materials.get().planned_spool == planned


def test_a_planned_run_is_priced_as_of_now_and_one_without_a_price_as_soon_as_it_has_one(manager):
    known, unknown = priced(20), a_spool(filament=a_filament(price=None))
    run = a_run((known, 100), (unknown, 100), (a_spool(filament=a_filament(price=None)), 0))
    shelf.describe(known, price=Decimal(30), by=manager)
    assert cost_of(run) == (None, None, None)
    lifecycle.start(run, by=None)
    shelf.describe(known, price=Decimal(99), by=manager)
    assert cost_of(run) == (None, None, None)
    shelf.describe(unknown, price=Decimal(50), by=manager)
    assert cost_of(run)[0] == 8
    shelf.describe(unknown, price=Decimal(70), by=manager)
    assert cost_of(run)[0] == 8


def test_a_start_that_is_taken_back_frees_what_it_froze(manager):
    product = a_product(grams=10)
    spool = priced(20)
    run = a_running_run((spool, 50), items=[(product, 5)])
    lifecycle.unstart(run, by=manager)
    line, item = run.materials.get(), run.items.get()
    assert (line.planned_spool, line.planned_cost_per_gram, item.bom) == (None, None, None)
    shelf.describe(spool, price=Decimal(30), by=manager)
    lifecycle.start(fresh(run), by=None)
    assert fresh(line).planned_cost_per_gram == Decimal("0.03")


def test_a_run_recorded_afterwards_is_priced_by_the_spools_it_names():
    spool, moment = priced(20), a_run().created_at
    done = repeats.record(
        by=None,
        started_at=moment,
        finished_at=moment,
        spools=[spool],
        planned={spool.pk: Decimal(100)},
        materials=[took(spool, 110)],
    )
    assert cost_of(done.run) == money("2", "2.2", "0.2")
    assert done.run.materials.get().planned_spool == spool


def test_an_item_keeps_its_bill_of_materials(api):
    petg = a_material_type("PETG")
    exact = a_filament()
    product = a_product(grams=10, labour_minutes=3)
    BomLine.objects.create(
        product=product, material_type=petg, filament=exact, grams_per_unit=Decimal("2.5")
    )
    run = a_running_run((a_spool(), 50), items=[(product, 5)])
    later = lines.add_item(run, by=None, product=product, quantity=1)
    Product.objects.update(labour_minutes=9)
    BomLine.objects.update(grams_per_unit=9)
    pla = product.bom_lines.get(filament=None).material_type
    for item in api.get(at(run)).json()["items"]:
        assert item["bom"] == [
            {"material_type": pla.pk, "filament": None, "grams_per_unit": "10.000000"},
            {"material_type": petg.pk, "filament": exact.pk, "grams_per_unit": "2.500000"},
        ]
        assert (item["bom_grams_per_unit"], item["labour_minutes_per_unit"]) == (
            "12.500000",
            "3.00",
        )
    assert later.planned_quantity == 0


def test_an_item_of_a_started_run_stays_what_it_is(api):
    """For an item that was added after the start as well: the freeze is a rule of the row."""
    run = a_running_run((a_spool(), 50), items=[(a_product(grams=10), 5)])
    lines.add_item(run, by=None, product=a_product(), quantity=1)
    other = a_product("WING")
    for item in run.items.all():
        with pytest.raises(Frozen):
            lines.change_item(item, by=None, product=other)
        path = at(run, "items", item.pk)
        found = refused(api.patch(path, {"product_sku": "WING"}), 409, "plan_frozen")
        assert list(found["errors"]) == ["product"]
        same = {"product": item.product_id, "quantity": 7}
        assert api.patch(path, same).json()["quantity"] == 7
    lines.change_item(a_run(items=[(other, 1)]).items.get(), by=None, product=a_product())


def test_a_line_that_stands_in_for_another_asks_for_what_that_one_does(api, manager):
    black, white = priced(20), priced(25)
    run = a_running_run((black, 100))
    line = run.materials.get()
    with pytest.raises(IncompatibleSpool):
        lines.add_material(run, by=None, spool=white, instead_of=line.pk)
    path = at(run, "materials")
    new = {"spool": white.pk, "instead_of": line.pk, "planned_grams": 10}
    override = {"override_reason": "The customer agreed"}
    refused(api.post(path, new | override | {"filament": white.filament_id}), 400, "no_requirement")
    refused(api.post(path, new | {"instead_of": 0}), 400, "invalid")
    gone = refused(api.post(path, new | {"instead_of": line.pk + 1}), 400, "not_in_run")
    assert list(gone["errors"]) == ["instead_of"]
    added = api.post(path, new | override).json()
    assert (added["filament"], added["planned_spool"]) == (line.filament_id, None)
    assert (added["planned_grams"], added["reserved_grams"]) == ("0.000000", "10.000000")
    assert (line.planned_spool, line.planned_cost_per_gram) == (black, Decimal("0.02"))
    refused(api.patch(f"{path}{added['id']}/", {"instead_of": line.pk}), 400, "invalid")


def test_not_in_run_is_a_service_s_refusal_too():
    run = a_running_run((a_spool(), 100))
    with pytest.raises(run_state.NotInRun):
        lines.add_material(run, by=None, spool=a_spool(), instead_of=10**9)
    assert run.materials.count() == 1


def test_a_price_that_becomes_known_is_readable(api, manager):
    spool = a_spool(filament=a_filament(price=None))
    shelf.describe(spool, price=Decimal(50), by=manager)
    assert api.get(f"/api/v1/spools/{spool.pk}/").json()["late_cost_per_gram"] == "0.05000000"
