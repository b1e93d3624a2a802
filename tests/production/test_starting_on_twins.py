"""What a line's spool has too little of is reserved of its twins in the printer."""

import pytest

from inventory.services import metering
from inventory.services.ledger import InsufficientInventory
from inventory.services.spools import consumption
from production.models import ProductionRun
from production.services import completion
from production.services.printing import slots
from production.services.reports import demand
from production.services.runs import lifecycle
from production.services.undo import last_action
from tests.factories import (
    a_filament,
    a_printer,
    a_printer_token,
    a_run,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.queries import fresh, violations
from tests.responses import text_of


@pytest.fixture
def printer(farm):
    return a_printer()


def loaded(printer, *spools):
    for number, spool in enumerate(spools):
        slots.load(spool, slot=a_slot(str(number), printer=printer), by=None)


def lines(run):
    return list(run.materials.order_by("pk").values_list("spool", "reserved_grams"))


def available(*spools):
    return [fresh(spool).available_grams for spool in spools]


def use(spool, grams, token):
    metering.use(spool.number, by=token.user, token=token, grams=grams)


def a_short_run(spool, printer, by, *, left=60):
    run = a_run((spool, 100), printer=printer)
    consumption.use(spool, by=by, grams=1000 - left)
    return run


def test_the_twins_have_the_rest(printer, manager):
    one, two = spools_of_one(2)
    loaded(printer, one, two)
    run = a_short_run(one, printer, manager)
    assert demand.blockers([run])[run.pk] == []
    run = lifecycle.start(run, by=manager)
    assert lines(run) == [(one.pk, 60), (two.pk, 40)]
    assert [line.planned_grams for line in run.materials.order_by("pk")] == [60, 40]
    assert available(one, two) == [0, 960]
    assert violations() == []
    token = a_printer_token(manager, printer=printer)
    use(one, 60, token)
    use(two, 38, token)
    assert lines(run) == [(one.pk, 0), (two.pk, 2)]
    completion.complete(run, by=manager)
    assert (fresh(one).remaining_grams, fresh(two).remaining_grams) == (0, 962)
    assert violations() == []


def test_what_others_reserved_of_them_does_not_count(printer, manager):
    one, two, three = spools_of_one(3)
    loaded(printer, one, two, three)
    run = a_short_run(one, printer, manager)
    for spool in (two, three):
        a_run((spool, 975))
    assert demand.blockers([run])[run.pk] == []
    a_run((three, 15))
    [blocker] = demand.blockers([run])[run.pk]
    assert (blocker.code, blocker.numbers["missing_grams"]) == ("insufficient_inventory", 40)
    with pytest.raises(InsufficientInventory):
        lifecycle.start(run, by=manager)
    assert lines(run) == [(one.pk, 100)]


def test_another_filament_or_printer_is_no_twin(printer, manager):
    one, two = spools_of_one(2)
    loaded(printer, one, a_spool(1000, filament=a_filament()))
    loaded(a_printer(), two)
    run = a_short_run(one, printer, manager)
    with pytest.raises(InsufficientInventory):
        lifecycle.start(run, by=manager)


@pytest.mark.parametrize("way", ["undo", "unstart"])
def test_the_start_is_taken_back(printer, manager, way):
    one, two = spools_of_one(2)
    loaded(printer, one, two)
    run = a_short_run(one, printer, manager)
    run = lifecycle.start(run, by=manager)
    if way == "undo":
        last_action.undo(run, event=run.events.last().pk, by=manager)
    else:
        lifecycle.unstart(run, by=manager)
    assert lines(run) == [(one.pk, 100)]
    assert run.materials.get().planned_grams == 100
    assert available(one, two) == [-40, 1000]
    assert violations() == []
    lifecycle.start(ProductionRun.objects.get(pk=run.pk), by=manager)
    assert lines(run) == [(one.pk, 60), (two.pk, 40)]
    assert violations() == []


def test_as_planned_where_nothing_was_reported(printer, manager):
    one, two = spools_of_one(2)
    loaded(printer, one, two)
    run = lifecycle.start(a_short_run(one, printer, manager), by=manager)
    completion.complete(run, by=manager, as_planned=True)
    assert (fresh(one).remaining_grams, fresh(two).remaining_grams) == (0, 960)
    assert violations() == []


def test_the_start_page_says_so(printer, manager, floor):
    one, two = spools_of_one(2)
    loaded(printer, one, two)
    run = a_short_run(one, printer, manager)
    said = f"Spool {one.code} has too little: 40 g follow from {two.code} in {two.printer_slot}."
    assert said in text_of(floor.get(f"/floor/runs/{run.pk}/"))


def test_a_spool_that_is_chosen_at_the_start(printer, manager):
    one, two = spools_of_one(2)
    loaded(printer, one, two)
    consumption.use(one, by=manager, grams=940)
    run = a_run((one, 0), printer=printer)
    line = run.materials.get()
    line.spool, line.planned_grams = None, 100
    line.save()
    run = lifecycle.start(run, by=manager, spools={line.pk: one})
    assert lines(run) == [(one.pk, 60), (two.pk, 40)]
    assert violations() == []
