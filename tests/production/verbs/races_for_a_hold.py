"""A hold is placed or released while somebody does something with one of its spools: who comes
first is right, and `verify_ledger` finds nothing."""

from decimal import Decimal

from inventory.models import Hold, Spool
from inventory.services import holds, receiving
from inventory.services.held_spools import SpoolHeld
from inventory.services.holds import AlreadyHeld, HoldReleased
from inventory.services.ledger import SpoolArchived
from inventory.services.spools import shelf
from production.models import ProductionRun
from production.services.held_returns import return_held
from production.services.holds import in_use
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from tests.factories import a_filament, a_run, a_slot, a_spool
from tests.production.verbs.preparation import a_bare_line
from tests.production.verbs.stories_of_holds import a_delivery, a_hold
from tests.queries import fresh
from tests.responses import refusals


def against(spool, work):
    """Either the work is refused, or it was faster, and the hold lists what it uses."""

    def judge(results):
        hold = Hold.objects.get()
        if refusals(results):
            assert refusals(results) == [SpoolHeld]
            assert not any(each.is_printing or each.slot for each in in_use(hold))
        else:
            assert [each.spool for each in in_use(hold)] == [spool]
        assert fresh(spool).is_held

    return [lambda: holds.place(filament=spool.filament, reason="Brittle", by=None), work], judge


def hold_and_start():
    spool = a_delivery(5)[2]
    run = a_run((spool, 10))
    works, judge = against(spool, lambda: lifecycle.start(run, by=None))

    def judged(results):
        judge(results)
        is_started = ProductionRun.objects.get().status == "in_progress"
        assert is_started == (not refusals(results))

    return works, judged


def hold_and_create():
    spool = a_delivery(5)[2]
    wanted = [NewMaterial(spool=spool, planned_grams=Decimal(10))]
    return against(spool, lambda: lifecycle.create(items=[], materials=wanted, by=None))


def hold_and_load():
    spool, slot = a_delivery(5)[2], a_slot()
    return against(spool, lambda: slots.load(spool, slot=slot, by=None))


def hold_and_receive():
    """What arrives in this moment is held, whoever comes first."""
    filament = a_filament()

    def judge(results):
        assert refusals(results) == []
        assert Spool.objects.held().count() == 3

    return [
        lambda: holds.place(filament=filament, reason="Brittle", by=None),
        lambda: receiving.receive_many(filament=filament, count=3, by=None),
    ], judge


def hold_a_lot_and_name_it():
    spool, _other = a_spool(), a_spool(lot_number="L7")

    def judge(results):
        assert refusals(results) == []
        assert Spool.objects.held().count() == 2

    return [
        lambda: holds.place(lot_number="L7", reason="Brittle", by=None),
        lambda: shelf.describe(spool, lot_number="L7", by=None),
    ], judge


def hold_and_hold():
    filament = a_delivery()[0].filament

    def judge(results):
        assert refusals(results) == [AlreadyHeld]
        assert Hold.objects.count() == 1

    return [lambda: holds.place(filament=filament, reason="Brittle", by=None)] * 2, judge


def release_and_release():
    hold = a_hold()

    def judge(results):
        assert refusals(results) == [HoldReleased]
        assert not Spool.objects.held().exists()

    return [lambda: holds.release(hold, by=None)] * 2, judge


def return_and_start():
    """Either it goes back, or it is printed from and stays."""
    spools = a_delivery(3)
    line, _spool = a_bare_line(spool=spools[1])
    run, hold = line.run, holds.place(delivery_of=spools[0], reason="Brittle", by=None)

    def judge(results):
        goes_back = refusals(results) == [SpoolArchived]
        assert goes_back or not refusals(results)
        assert len(results[0].entries) == (3 if goes_back else 2)
        assert fresh(spools[1]).is_archived == goes_back

    named = {"spools": {line.pk: spools[1]}, "override_reason": "Urgent"}
    return [
        lambda: return_held(hold, by=None),
        lambda: lifecycle.start(run, by=None, **named),
    ], judge


RACES = [
    return_and_start,
    hold_and_start,
    hold_and_create,
    hold_and_load,
    hold_and_receive,
    hold_a_lot_and_name_it,
    hold_and_hold,
    release_and_release,
]
