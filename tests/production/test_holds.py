"""Holds: spools that are not offered, not chosen and not started; what happens is recorded."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Hold, Spool, SpoolEvent
from inventory.services import filament_merging, holds, receiving
from inventory.services.held_spools import SpoolHeld
from inventory.services.holds import AlreadyHeld, HoldReleased
from inventory.services.spools import consumption, merging, retyping, scale, shelf
from production.models import RunEvent
from production.services import completion, estimating
from production.services.best_fit import taking
from production.services.best_fit.proposals import best_fit
from production.services.holds import in_use
from production.services.printing import midprint, slots
from production.services.reports import demand
from production.services.requirements import wanted_spools
from production.services.runs import lifecycle, lines, repeats
from production.services.runs.lines import NewMaterial
from production.services.undo import last_action
from tenants.operations.refusals import Invalid, OverrideNotPermitted
from tests.factories import (
    a_filament,
    a_printer,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.production.completed_runs import took
from tests.production.verbs.preparation import a_bare_line, planned
from tests.queries import fresh, remaining, violations

pytestmark = pytest.mark.usefixtures("farm")

WHY = "Brittle"


def held(spool=None, **target):
    return holds.place(**({"spool": spool} if spool else target), reason=WHY, by=None)


def are_held(*spools):
    assert violations() == []
    return [fresh(each).is_held for each in spools]


# -- what a hold covers ----------------------------------------------------------------------------


def test_a_hold_is_of_a_spool_a_filament_a_lot_or_a_delivery(operator, manager):
    filament = a_filament()
    one, two = receiving.receive_many(filament=filament, count=2, lot_number="L7", by=operator)
    later, other = a_spool(filament=filament, lot_number="l7"), a_spool(lot_number="L8")
    every = one, two, later, other
    for target, covered in (
        ({"spool": one}, [True, False, False, False]),
        ({"delivery_of": two}, [True, True, False, False]),
        ({"filament": filament}, [True, True, True, False]),
        ({"lot_number": " L7 "}, [True, True, True, False]),
    ):
        hold = holds.place(**target, reason=WHY, by=operator)
        assert are_held(*every) == covered
        assert [*hold.spools().order_by("pk")] == [
            spool for spool, is_held in zip(every, covered, strict=True) if is_held
        ]
        assert all(
            [*Hold.objects.of_spool(spool)] == ([hold] if is_held else [])
            for spool, is_held in zip(every, covered, strict=True)
        )
        released = holds.release(hold, by=manager, note="Tested: fine")
        assert (released.released_by, released.release_note) == (manager, "Tested: fine")
        Hold.objects.all().delete()
        assert are_held(*every) == [False] * 4


def test_it_is_in_the_history_and_the_version(operator):
    spool, gone = spools_of_one(2)
    shelf.archive(gone, by=None, discard=False)
    version = fresh(spool).version
    hold = holds.place(filament=spool.filament, reason=WHY, by=operator)
    holds.release(hold, by=None)
    events = SpoolEvent.objects.filter(verb__in=("held", "released")).order_by("pk")
    assert [(each.spool, each.verb, each.by) for each in events] == [
        (spool, "held", operator),
        (spool, "released", None),
    ]
    assert fresh(spool).version == version + 2


def test_a_spool_is_held_until_the_last_of_its_holds_is_released():
    spool = a_spool(lot_number="L7")
    first, second = held(spool), held(lot_number="L7")
    holds.release(first, note="Dry", by=None)
    assert are_held(spool) == [True]
    assert spool.events.last().after == "Dry. Another hold still covers it."
    holds.release(second, by=None)
    assert are_held(spool) == [False]
    with pytest.raises(HoldReleased, match="was released"):
        holds.release(second, by=None)


def test_what_is_received_later_of_a_lot_or_a_filament_is_held():
    filament = a_filament()
    hold, lot = held(filament=filament), held(lot_number="L7")
    spools = [
        receiving.receive(filament=filament, by=None),
        *receiving.receive_many(filament=filament, count=2, by=None),
        receiving.receive_stated(filament=filament, used_grams=5, by=None),
        receiving.receive(filament=a_filament(), lot_number="l7", by=None),
    ]
    assert all(spool.is_held for spool in spools)
    events = [[each.verb, each.after] for spool in spools for each in spool.events.all()]
    assert events == [["held", WHY]] * 5
    assert lot.reason == WHY
    holds.release(hold, by=None)
    assert are_held(*spools) == [False] * 4 + [True]


def test_it_follows_what_becomes_of_a_spool():
    filament, spool = a_filament(), a_spool()
    held(filament=filament), held(lot_number="L7")
    assert shelf.describe(spool, lot_number="L7", by=None).is_held
    assert not shelf.describe(spool, lot_number="", by=None).is_held
    former = spool.filament
    assert retyping.retype(spool, filament=filament, by=None).is_held
    assert not retyping.retype(spool, filament=former, by=None).is_held
    assert are_held(spool) == [False]


def test_an_operator_does_not_free_a_spool_by_changing_it(operator, manager):
    spool, former = a_spool(lot_number="L7"), a_filament()
    hold = held(lot_number="L7")
    with pytest.raises(SpoolHeld, match="only a manager may change that.*Brittle"):
        shelf.describe(spool, lot_number="L8", by=operator)
    shelf.describe(spool, lot_number="l7", by=operator)
    shelf.describe(spool, lot_number="L8", by=manager)
    shelf.describe(spool, lot_number="L7", by=operator)
    holds.release(hold, by=manager)
    held(filament=spool.filament)
    with pytest.raises(SpoolHeld):
        retyping.retype(spool, filament=former, by=operator)
    events = [each.verb for each in spool.events.order_by("pk")]
    assert events == ["held", "released", "held", "released", "held"]


def test_a_delivery_is_held_once_by_any_of_its_spools(operator):
    one, two = receiving.receive_many(filament=a_filament(), count=2, by=operator)
    held(delivery_of=one)
    with pytest.raises(AlreadyHeld, match=f"What came with spool {one.code} is held since"):
        held(delivery_of=two)


def test_it_follows_doubles():
    target, double = spools_of_one(2)
    held(double)
    merging.merge(target, double=double, reason="A bridge", by=None)
    assert are_held(target, double) == [True, True]
    assert Hold.objects.of_spool(target).count() == 1
    merging.unmerge(double, by=None)
    assert are_held(target, double) == [False, True]
    kind = target.filament.material_type
    other, spool = a_filament(material_type=kind), a_spool()
    held(filament=target.filament)
    filament_merging.merge(other, double=target.filament, reason="A bridge", by=None)
    assert are_held(receiving.receive(filament=other, by=None), target, spool) == [1, 1, 0]
    filament_merging.unmerge(target.filament, by=None)
    assert are_held(a_spool(filament=other), target) == [False, True]


def test_a_hold_is_of_one_thing_with_a_reason_and_once(operator):
    spool = a_spool(lot_number="L7")
    for given in ({}, {"spool": spool, "lot_number": "L7"}, {"lot_number": "  "}):
        with pytest.raises(Invalid, match="name one of them"):
            holds.place(**given, reason=WHY, by=None)
    with pytest.raises(Invalid, match="reason"):
        holds.place(spool=spool, reason=" ", by=None)
    hold = holds.place(lot_number="L7", reason=WHY, by=operator)
    with pytest.raises(AlreadyHeld, match=f"Lot L7 is held since .* by {operator}: Brittle. Rel"):
        held(lot_number="l7")
    holds.release(hold, by=None)
    held(lot_number="l7")
    with pytest.raises(shelf.SpoolRemoved):
        held(shelf.remove(spool, by=None))
    assert Hold.objects.count() == 2


# -- not offered -----------------------------------------------------------------------------------


def test_what_is_held_is_not_offered():
    line, spool = a_bare_line()
    run, dear = line.run, a_spool(filament=spool.filament, price=Decimal(40))

    def offered():
        [wanted] = wanted_spools.of_run(run)
        [proposed] = best_fit().proposals
        [row] = demand.of_filaments().filter(pk=spool.filament_id)
        return (
            {each.spool for each in wanted.spools},
            {each.spool for each in proposed.shares},
            estimating.of_run(run).materials[0].rate.mean,
            (row.remaining_grams, row.held_grams, row.available_grams, row.short_grams),
        )

    first = offered()
    assert (first[0], first[3]) == ({spool, dear}, (2000, 0, 2000, 0))
    held(spool)
    assert offered() == ({dear}, {dear}, Decimal("0.04"), (2000, 1000, 1000, 0))
    held(dear)
    assert offered()[0] == offered()[1] == set()
    codes = [each.code for each in demand.blockers([run])[run.pk]]
    assert codes == ["spools_missing", "stock_insufficient"]


# -- not chosen, not started -----------------------------------------------------------------------


def chosen(spool):
    """Calls that choose a spool for a run, each ready to be called with an ``override_reason``."""
    wanted = [NewMaterial(spool=spool, planned_grams=Decimal(10))]
    run, (other,) = planned(), spools_of_one(1)
    line = lines.add_material(run, filament=spool.filament, planned_grams=10, by=None)
    another = a_running_run((a_spool(filament=spool.filament), 10))
    return {
        "create": lambda **how: lifecycle.create(items=[], materials=wanted, **how),
        "add": lambda **how: lines.add_material(
            planned((other, 5)), spool=spool, planned_grams=0, **how
        ),
        "change": lambda **how: lines.change_material(line, spool=spool, **how),
        "swap": lambda **how: midprint.swap_spool(
            another, spool=spool, line=another.materials.get().pk, is_empty=True, **how
        ),
        "load": lambda **how: slots.load(spool, slot=a_slot(), **how),
    }


@pytest.mark.parametrize("verb", ["create", "add", "change", "swap", "load"])
def test_what_is_held_is_not_chosen_but_by_a_manager_who_overrides(verb, operator, manager):
    spool = a_spool()
    hold = holds.place(spool=spool, reason=WHY, by=operator)
    call = chosen(spool)[verb]
    with pytest.raises(SpoolHeld) as refused:
        call(by=operator)
    assert f"Spool {spool.code} is held since" in refused.value.detail
    assert f"by {operator}: Brittle. Take another spool" in refused.value.detail
    assert refused.value.numbers == {
        "spool_id": spool.pk,
        "spool_ids": [spool.pk],
        "hold_ids": [hold.pk],
    }
    with pytest.raises(OverrideNotPermitted):
        call(by=operator, override_reason="Urgent")
    call(by=manager, override_reason="Urgent")
    if verb == "load":
        assert spool.events.get(verb="loaded").before == "Urgent"
    else:
        event = RunEvent.objects.order_by("pk").last()
        assert (event.reason, event.overrides) == ("Urgent", [f"held:{spool.code}"])


def test_a_run_does_not_start_with_what_is_held_since(operator, manager):
    spool, other = spools_of_one(2)
    run = a_run((spool, 10))
    hold = held(spool)
    assert [each.code for each in demand.blockers([run])[run.pk]] == ["spool_held"]
    with pytest.raises(SpoolHeld) as refused:
        lifecycle.start(run, by=operator)
    assert refused.value.errors == {"spools": [f"Spool {spool.code} is held."]}
    lifecycle.start(run, by=manager, override_reason="Only a jig")
    start = run.events.get(verb="start")
    assert (start.reason, start.overrides) == ("Only a jig", [f"held:{spool.code}"])
    lifecycle.unstart(run, by=manager)
    line = run.materials.get()
    lifecycle.start(run, spools={line.pk: other}, by=operator)  # it takes another one
    holds.release(hold, by=None)
    assert violations() == []


def test_a_start_takes_no_held_spool_from_the_slots():
    spool, other = spools_of_one(2)
    printer = a_printer()
    for label, each in (("1", spool), ("2", other)):
        slots.load(each, slot=a_slot(label, printer=printer), by=None)
    run = lifecycle.create(
        printer=printer,
        items=[],
        materials=[NewMaterial(filament=spool.filament, planned_grams=Decimal(1500))],
        by=None,
    )
    hold = held(spool)
    assert [each.code for each in demand.blockers([run])[run.pk]] == ["insufficient_inventory"]
    held(other)
    holds.release(hold, by=None)
    hold = held(spool)
    slots.unload(spool.printer_slot, by=None)
    found = {each.code: each.detail for each in demand.blockers([run])[run.pk]}
    assert "which is in the printer, is held: choose another" in found["spool_held"]
    assert "insufficient_inventory" not in found
    with pytest.raises(SpoolHeld, match=other.code):
        lifecycle.start(run, by=None)


def test_what_was_proposed_and_is_held_since_is_not_taken():
    line, spool = a_bare_line()
    held(spool)
    with pytest.raises(SpoolHeld):
        taking.assign_spools(line.run, [(line, [spool])], by=None)


# -- recorded all the same -------------------------------------------------------------------------


def test_what_happens_to_a_held_spool_is_recorded(operator):
    spool, slot = a_spool(), a_slot()
    run = a_running_run((spool, 10), printer=slot.printer)
    done = a_running_run((spool, 10))
    held(spool)
    slots.load(spool, slot=slot, by=operator, is_reported=True)
    completion.complete(done, by=operator, as_planned=True)
    completion.revert(done, by=operator)
    completion.complete(done, by=operator, materials=[took(spool, 12)])
    midprint.progress(run, percent=50, by=operator)
    completion.complete(run, by=operator, as_planned=True)
    scale.weigh(spool, gross_grams=1200, by=operator, confirm=True)
    consumption.use(spool, grams=5, by=operator)
    right = a_running_run((a_spool(filament=spool.filament), 10))
    completion.complete(right, by=operator, as_planned=True)
    completion.reassign(right, line=right.materials.get().pk, spool=spool, by=operator)
    assert are_held(spool) == [True]
    assert remaining(spool) < 1000


def test_a_run_that_was_forgotten_is_recorded_with_a_held_spool(operator):
    spool, now = a_spool(), timezone.now()
    held(spool)
    times = {"started_at": now - timedelta(hours=2), "finished_at": now - timedelta(hours=1)}
    repeats.record(made=[], spools=[spool], materials=[took(spool, 30)], by=operator, **times)
    assert remaining(spool) == 970


def test_a_plan_that_has_a_held_spool_is_undone_and_changed(operator):
    spool = a_spool()
    run = planned((spool, 10))
    lifecycle.cancel(run, by=operator)
    held(spool)
    last_action.undo(run, event=run.events.last().pk, by=operator)
    line = run.materials.get()
    assert (line.spool, line.reserved_grams) == (spool, 10)
    lines.change_material(line, planned_grams=Decimal(12), by=operator)
    assert fresh(spool).reserved_grams == 12


# -- what is in use --------------------------------------------------------------------------------


def test_what_is_loaded_and_printed_from_is_listed():
    free, planned_for, loaded, printing = spools_of_one(4)
    slot = a_slot()
    slots.load(loaded, slot=slot, by=None)
    waiting = planned((planned_for, 10))
    running = a_running_run((printing, 10))
    found = in_use(held(filament=free.filament))
    assert [(each.spool, each.slot, each.runs, each.is_printing) for each in found] == [
        (printing, None, [running], True),
        (loaded, slot, [], False),
        (planned_for, None, [waiting], False),
    ]
    assert Spool.objects.held().count() == 4
