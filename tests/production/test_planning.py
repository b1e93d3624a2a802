"""Many runs at once: all or none, and the plates of an order over the printers of a farm."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Spool
from inventory.services.locking import UnknownSpool
from production.models import ProductionRun, RunEvent, RunNumber
from production.services import product_plans
from production.services.requirements import in_use
from production.services.runs import lifecycle, planning
from production.services.runs.lines import NewItem, NewMaterial
from tenants.operations.refusals import Invalid, OverrideNotPermitted
from tests.factories import a_material_type, a_printer, a_product, a_run, a_running_run, a_spool
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


def takes(*claims, **fields):
    """The arguments of a run that takes ``(spool, grams)`` each."""
    lines = [NewMaterial(spool=spool, planned_grams=Decimal(grams)) for spool, grams in claims]
    return {"materials": lines, **fields}


def many(*runs, by=None, **options):
    return planning.create_many(runs, by=by, **options)


def planned(product, quantity, printers, **options):
    """What a plan made: ``(printer, plates, units)`` of each run."""
    runs = product_plans.plan(
        product=product, quantity=quantity, printers=printers, **{"by": None} | options
    )
    return [(run.printer, run.plate_count, run.items.get().quantity) for run in runs]


# --- Many runs ---------------------------------------------------------------------------------


def test_many_runs_are_planned_in_their_order_with_numbers_in_a_row(operator):
    red, blue = a_spool(1000), a_spool(1000)
    runs = many(takes((blue, 10)), takes((red, 20), (blue, 5), notes="Second"), {}, by=operator)
    serials = [int(run.number.rpartition("-")[2]) for run in runs]
    assert serials == [serials[0], serials[0] + 1, serials[0] + 2]
    assert [run.materials.count() for run in runs] == [1, 2, 0]
    assert {run.created_by for run in runs} == {operator}
    assert (fresh(red).reserved_grams, fresh(blue).reserved_grams) == (20, 15)
    assert len({run.created_at for run in runs}) == 1
    assert RunEvent.objects.filter(verb="create").count() == 3
    assert violations() == []


def test_runs_claim_one_after_another_and_the_one_that_is_too_much_is_named():
    spool = a_spool(1000)
    with pytest.raises(planning.RunsRefused) as refused:
        many(takes((spool, 600)), takes((spool, 600)), takes((spool, 400)))
    [causes] = refused.value.numbers["refused"]
    assert (causes["index"], causes["code"]) == (1, "insufficient_inventory")
    assert causes["shortages"][0]["available_grams"] == 400
    [short] = refused.value.numbers["shortages"]
    assert (short["needed_grams"], short["available_grams"]) == (1600, 1000)
    assert (short["missing_grams"], short["spool_code"]) == (600, spool.code)
    assert refused.value.status == 409


def test_everything_that_is_wrong_with_any_run_is_said_at_once_and_none_is_made():
    spool, product = a_spool(100), a_product()
    with pytest.raises(planning.RunsRefused) as refused:
        many(
            takes((spool, 50)),
            takes((spool, 5000)),
            {"items": [NewItem(product=product, quantity=0)]},
            takes((spool, 10), (spool, 10)),
            takes((spool, -1)),
            {"plate_count": 0},
        )
    causes = {each["index"]: each["code"] for each in refused.value.numbers["refused"]}
    assert causes == {
        1: "insufficient_inventory",
        2: "invalid",
        3: "duplicate_spool",
        4: "invalid_quantity",
        5: "invalid",
    }
    assert refused.value.errors["runs"][2] == {"items.0.quantity": ["Between 1 and 1,000,000."]}
    assert "5 of 6 runs can't be planned" in refused.value.detail
    assert not ProductionRun.objects.exists()
    assert not RunNumber.objects.exists()
    assert fresh(spool).reserved_grams == 0


def test_shapes_that_are_wrong_are_400_and_a_cause_is_said_once():
    with pytest.raises(planning.RunsRefused) as refused:
        many(*[{"plate_count": 0}] * 3)
    assert refused.value.status == 400
    assert refused.value.detail.endswith("0, 1, 2: A run has between 1 and 10,000 plates, not 0.")


def test_an_external_id_that_is_there_twice_is_a_duplicate():
    with pytest.raises(planning.RunsRefused) as refused:
        many({"external_id": "shop-1"}, {"external_id": "shop-1"})
    [causes] = refused.value.numbers["refused"]
    assert (causes["index"], causes["code"]) == (1, "duplicate")


@pytest.mark.parametrize("count", [0, 101])
def test_between_1_and_100_runs_are_planned_at_once(count):
    with pytest.raises(planning.TooManyRuns):
        many(*[{}] * count)


def test_a_spool_that_is_not_there_and_an_override_that_is_not_permitted_are_told_as_ever(operator):
    with pytest.raises(UnknownSpool):
        many(takes((Spool(pk=1, filament=a_spool().filament), 1)))
    with pytest.raises(OverrideNotPermitted):
        many({}, {"override_reason": "Must be"}, by=operator)


def test_a_manager_may_overclaim_with_a_reason(manager):
    spool = a_spool(100)
    [run, _] = many(takes((spool, 150), override_reason="More arrives today"), {}, by=manager)
    assert fresh(spool).reserved_grams == 150
    assert run.events.get().reason == "More arrives today"


def test_no_run_is_made_when_the_last_one_breaks_down(monkeypatch):
    made, create = [], lifecycle.create

    def breaks(**fields):
        if len(made) == 2:
            raise ZeroDivisionError
        made.append(create(**fields))

    monkeypatch.setattr(planning.lifecycle, "create", breaks)
    spool = a_spool(100)
    with pytest.raises(ZeroDivisionError):
        many(*[takes((spool, 10))] * 3)
    assert not ProductionRun.objects.exists()
    assert fresh(spool).reserved_grams == 0


def test_the_spools_of_all_runs_are_locked_first_in_the_order_of_their_ids():
    one, two, three = (a_spool() for _ in range(3))
    with CaptureQueriesContext(connection) as queries:
        many(takes((three, 1), (one, 1)), takes((two, 1)))
    locks = [each["sql"] for each in queries if "FOR NO KEY UPDATE" in each["sql"]]
    assert all(str(spool.pk) in locks[0] for spool in (one, two, three))
    assert 'ORDER BY "inventory_spool"."id"' in locks[0]


def test_a_hundred_runs_are_made_at_once():
    spools = [a_spool(10_000) for _ in range(10)]
    runs = [takes((spools[n % 10], 5), (spools[(n + 3) % 10], 5)) for n in range(100)]
    assert len(many(*runs)) == 100
    assert violations() == []


# --- A plan ------------------------------------------------------------------------------------


def test_an_order_becomes_a_run_a_plate_in_turns_with_the_remainder_last():
    product = a_product(grams=10, units_per_plate=4, plate_minutes=90, plate_purge_grams=2)
    one, two = a_printer(), a_printer()
    runs = planned(product, 10, [one, two])
    assert runs == [(one, 1, 4), (two, 1, 4), (one, 1, 2)]
    first, _, last = ProductionRun.objects.order_by("pk")
    assert (first.planned_minutes, first.materials.get().planned_grams) == (90, 40)
    line = last.materials.get()
    assert (line.planned_grams, line.planned_purge_grams, line.spool) == (20, 2, None)
    assert line.material_type == a_material_type()
    assert violations() == []


def test_what_is_queued_already_is_evened_out():
    product = a_product(grams=1, units_per_plate=1, plate_minutes=60)
    busy, free = a_printer(), a_printer()
    a_run(printer=busy, planned_minutes=180)
    runs = planned(product, 5, [busy, free])
    assert [printer for printer, *_ in runs] == [free, free, free, busy, free]


def test_plates_count_where_something_is_not_timed():
    product = a_product(units_per_plate=1, plate_minutes=600)
    busy, free = a_printer(), a_printer()
    a_run(printer=busy, plate_count=2)
    assert [printer for printer, *_ in planned(product, 4, [busy, free])] == [
        free, free, busy, free,
    ]  # fmt: skip


def test_deleted_and_finished_runs_are_no_load():
    product = a_product(units_per_plate=1)
    one, two = a_printer(), a_printer()
    lifecycle.delete(a_run(printer=one, plate_count=9), by=None)
    run = a_running_run(printer=one, plate_count=9)
    ProductionRun.objects.filter(pk=run.pk).update(finished_at=run.started_at)
    assert [printer for printer, *_ in planned(product, 2, [one, two])] == [one, two]


def test_runs_may_hold_several_plates():
    product, printer = a_product(units_per_plate=4, plate_minutes=30), a_printer()
    assert planned(product, 30, [printer], plates_per_run=3) == [(printer, 3, 12)] * 2 + [
        (printer, 2, 6)
    ]
    last = ProductionRun.objects.order_by("pk").last()
    assert last.planned_minutes == 60


def test_all_plates_of_a_printer_may_be_one_run():
    product = a_product(units_per_plate=4)
    one, two, three = a_printer(), a_printer(), a_printer()
    runs = planned(product, 30, [one, two, three], plates_per_run=None)
    assert runs == [(one, 3, 12), (two, 3, 10), (three, 2, 8)]
    assert sum(units for *_, units in runs) == 30


@pytest.mark.parametrize("quantity", [1, 2, 3, 7, 99, 100, 101, 299])
@pytest.mark.parametrize("plates_per_run", [1, 2, 7, None])
def test_every_unit_is_planned_and_no_plate_is_empty(quantity, plates_per_run):
    product, printers = a_product(units_per_plate=3), [a_printer(), a_printer()]
    runs = planned(product, quantity, printers, plates_per_run=plates_per_run)
    assert sum(units for *_, units in runs) == quantity
    assert sum(plates for _, plates, _ in runs) == -(-quantity // 3)


def test_what_is_said_of_the_order_is_said_of_every_run(operator):
    product, due = a_product(units_per_plate=1), date(2026, 5, 1)
    planned(
        product, 2, [a_printer()], by=operator, order_reference="A-7", due_on=due, priority=5,
        notes="Matte side down",
    )  # fmt: skip
    for run in ProductionRun.objects.all():
        assert (run.due_on, run.priority, run.notes) == (due, 5, "Matte side down")
        assert (run.created_by, run.items.get().order_reference) == (operator, "A-7")


def test_a_plan_that_can_not_be_is_refused_by_name():
    product, printer = a_product(units_per_plate=4), a_printer()
    refusals = [
        (product_plans.UnitsPerPlateUnknown, {"product": a_product()}),
        (in_use.ProductInactive, {"product": a_product(units_per_plate=1, is_active=False)}),
        (product_plans.NoPrinters, {"printers": []}),
        (product_plans.NoPrinters, {"printers": [printer, printer]}),
        (in_use.PrinterInactive, {"printers": [printer, a_printer(is_active=False)]}),
        (planning.TooManyRuns, {"quantity": 401}),
        (Invalid, {"quantity": 0}),
        (Invalid, {"quantity": True}),
        (Invalid, {"quantity": 1_000_001}),
        (Invalid, {"quantity": Decimal("1.5")}),
        (Invalid, {"plates_per_run": 0}),
        (Invalid, {"plates_per_run": -1}),
    ]
    for refusal, message in refusals:
        wanted = {"product": product, "quantity": 4, "printers": [printer], "by": None} | message
        with pytest.raises(refusal):
            product_plans.plan(**wanted)
    assert not ProductionRun.objects.exists()


def test_a_printer_that_can_not_make_it_refuses_the_whole_plan():
    product = a_product(units_per_plate=1, height_mm=300)
    high, low = a_printer(bed_z_mm=400), a_printer()
    with pytest.raises(planning.RunsRefused) as refused:
        planned(product, 4, [high, low])
    causes = refused.value.numbers["refused"]
    assert [(each["index"], each["code"]) for each in causes] == [
        (1, "limit_exceeded"), (3, "limit_exceeded"),
    ]  # fmt: skip
    assert not ProductionRun.objects.exists()
