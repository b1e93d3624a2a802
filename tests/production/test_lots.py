"""Traceability: where a lot went, and what the parts of a run or an order came from."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from production.models import RunMaterial
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint
from production.services.reports.lots import lots_of_order, lots_of_run, parts_of_lot, uses_of_lot
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import a_filament, a_manufacturer, a_product, a_run, a_running_run, a_spool

pytestmark = pytest.mark.usefixtures("farm")


def ordered(reference, *takes, product=None):
    """A started run that makes two of a product for an order and takes ``(spool, grams)`` each."""
    run = lifecycle.create(
        by=None,
        items=[NewItem(product=product or a_product(), quantity=2, order_reference=reference)],
        materials=[NewMaterial(spool=spool, planned_grams=grams) for spool, grams in takes],
    )
    return lifecycle.start(run, by=None)


def done(run):
    return completion.complete(run, by=None, as_planned=True).run


def summary(lines):
    return [(line.run.number, line.spool.code, line.used_grams) for line in lines]


def test_a_lot_is_followed_to_runs_parts_and_orders():
    spool, other = a_spool(lot_number="L-7"), a_spool(lot_number="L-8")
    product = a_product("BODY")
    first = done(ordered("A-1", (spool, 30), (other, 5), product=product))
    second = done(ordered("A-2", (spool, 10)))
    done(ordered("A-3", (other, 10)))
    lines = uses_of_lot(" l-7 ")
    assert summary(lines) == [(second.number, spool.code, 10), (first.number, spool.code, 30)]
    assert [line.order_references for line in lines] == [["A-2"], ["A-1"]]
    parts = parts_of_lot("L-7")
    assert [part.order_reference for part in parts] == ["A-2", "A-1"]
    assert (parts[1].product, parts[1].good_count) == (product, 2)


def test_an_order_is_followed_back_to_the_lots_of_all_its_runs():
    one, two, three = (a_spool(lot_number=f"L-{number}") for number in (1, 2, 3))
    done(ordered("A-1", (one, 10), (two, 5)))
    done(ordered("a-1", (two, 7)))
    done(ordered("A-2", (three, 7)))
    lines = lots_of_order("A-1 ")
    assert [(line.lot_number, line.used_grams) for line in lines] == [
        ("L-2", 7), ("L-1", 10), ("L-2", 5),
    ]  # fmt: skip


def test_a_run_is_followed_back_to_its_lots_the_spool_without_one_included():
    spool, other = a_spool(lot_number="L-1"), a_spool()
    run = done(ordered("", (spool, 10), (other, 5)))
    lines = lots_of_run(run.materials.all())
    assert [(line.lot_number, line.order_references) for line in lines] == [("L-1", []), ("", [])]


def test_open_runs_are_told_before_they_took_anything_and_closed_ones_only_if_they_did():
    spool = a_spool(lot_number="L-7")
    planned, running = a_run((spool, 10)), a_running_run((spool, 10))
    lifecycle.cancel(a_run((spool, 10)), by=None)
    lifecycle.delete(a_run((spool, 10)), by=None)
    reverted = completion.revert(done(a_running_run((spool, 10))), by=None)
    lines = uses_of_lot("L-7")
    assert summary(lines) == [
        (run.number, spool.code, 0) for run in (reverted, running, planned)
    ]  # fmt: skip


def test_spools_swapped_in_mid_print_are_both_in_the_run():
    first = a_spool(1000, lot_number="L-1")
    second = a_spool(1000, filament=first.filament, lot_number="L-2")
    run = ordered("A-1", (first, 100))
    so_far = MaterialActual(spool=first.pk, actual_grams=Decimal(40))
    midprint.swap_spool(run, by=None, so_far=so_far, spool=second)
    rest = MaterialActual(spool=second.pk, actual_grams=Decimal(60))
    completion.complete(run, by=None, materials=[rest], as_planned=True, confirm=True)
    lots = {line.lot_number: line.used_grams for line in lots_of_order("A-1")}
    assert lots == {"L-1": 40, "L-2": 60}


def test_consumption_that_was_reassigned_is_in_the_right_lot():
    wrong = a_spool(lot_number="L-1")
    right = a_spool(filament=wrong.filament, lot_number="L-2")
    run = done(ordered("A-1", (wrong, 10)))
    completion.reassign(run, by=None, line=run.materials.get().pk, spool=right)
    assert not uses_of_lot("L-1").exists()
    assert summary(uses_of_lot("L-2")) == [(run.number, right.code, 10)]


def test_one_number_of_two_makers_is_told_apart():
    mine = a_spool(lot_number="L-1")
    maker = a_manufacturer("Another")
    theirs = a_spool(filament=a_filament(manufacturer=maker), lot_number="L-1")
    done(a_running_run((mine, 10)))
    run = done(a_running_run((theirs, 5), items=[(a_product(), 1)]))
    assert uses_of_lot("L-1").count() == 2
    lines = RunMaterial.objects.filter(spool__filament__manufacturer=maker)
    assert summary(uses_of_lot("L-1", lines=lines)) == [(run.number, theirs.code, 5)]
    assert parts_of_lot("L-1", lines=lines).get().run == run


def test_no_lot_and_no_order_lead_nowhere():
    done(ordered("", (a_spool(), 10)))
    assert not uses_of_lot("").exists()
    assert not parts_of_lot(" ").exists()
    assert not lots_of_order(" ").exists()


def test_tracing_takes_one_query_however_many_runs_there_are():
    spool = a_spool(lot_number="L-7")
    for number in range(4):
        done(ordered(f"A-{number}", (spool, 10)))
    with CaptureQueriesContext(connection) as seen:
        for line in uses_of_lot("L-7"):
            filament = line.spool.filament
            str((line.run.printer, filament, filament.material_type, line.order_references))
        for part in parts_of_lot("L-7"):
            str((part.product, part.run))
    assert len(seen) == 2
