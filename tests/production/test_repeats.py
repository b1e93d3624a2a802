"""Printing again what did not come out, and booking what was forgotten."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool
from inventory.services.ledger import InsufficientInventory
from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.printing import midprint
from production.services.run_state import InvalidRunStatus
from production.services.runs import lifecycle, repeats
from tenants.operations.refusals import Invalid
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.completed_runs import took
from tests.queries import violations

pytestmark = pytest.mark.usefixtures("farm")
NOW = timezone.now


def test_a_reprint_makes_what_was_not_good_and_asks_for_its_share():
    spool, product = a_spool(1000), a_product(grams=20)
    run = a_running_run((spool, 100, 10), items=[(product, 5)], plate_count=5)
    count = ItemCount(item=run.items.get().pk, good_count=3, scrapped_count=2)
    took = MaterialActual(spool=spool.pk, actual_grams=Decimal(100), actual_purge_grams=Decimal(10))
    completion.complete(run, by=None, materials=[took], items=[count])
    again = repeats.reprint(run, by=None, priority=9)
    assert (again.reprint_of, again.status, again.priority, again.plate_count) == (
        run,
        "planned",
        9,
        2,
    )
    assert again.items.get().quantity == 2
    line = again.materials.get()
    assert (line.spool, line.filament, line.planned_grams, line.planned_purge_grams) == (
        None,
        spool.filament,
        40,
        4,
    )


def test_a_run_that_came_out_well_is_not_reprinted():
    run = a_running_run(items=[(a_product(), 5)])
    completion.complete(run, by=None, as_planned=True)
    with pytest.raises(repeats.NothingToReprint):
        repeats.reprint(run, by=None)


def test_an_open_run_is_not_reprinted():
    with pytest.raises(InvalidRunStatus):
        repeats.reprint(a_run(), by=None)


def test_a_copy_plans_the_same_once_more_whatever_became_of_the_run():
    spool, product = a_spool(1000), a_product(grams=20)
    fields = {"printer": a_printer(), "priority": 3, "notes": "Slowly", "planned_minutes": 90}
    run = a_run((spool, 100, 10), items=[(product, 5)], plate_count=5, external_id="x", **fields)
    copies = [repeats.copy(run, by=None)]
    lifecycle.start(run, by=None)
    midprint.swap_spool(
        run, by=None, spool=a_spool(filament=spool.filament), so_far=took(spool, 60)
    )
    copies.append(repeats.copy(run, by=None))
    completion.complete(run, by=None, as_planned=True, confirm=True)
    copies.append(repeats.copy(run, by=None, priority=9))
    for again in copies:
        line = again.materials.get()
        assert (line.spool, line.filament) == (None, spool.filament)
        assert (line.planned_grams, line.planned_purge_grams) == (100, 10)
        assert again.items.get().quantity == 5
        assert (again.status, again.plate_count, again.external_id) == ("planned", 5, None)
        assert {name: getattr(again, name) for name in fields} == fields | {
            "priority": again.priority
        }
    assert [again.priority for again in copies] == [3, 3, 9]
    assert run.events.filter(verb="copy").count() == 3
    assert violations() == []


def record(spool, grams, **fields):
    end = NOW()
    fields = {
        "started_at": end - timedelta(hours=5),
        "finished_at": end - timedelta(hours=2),
    } | fields
    return repeats.record(
        by=None,
        spools=[spool],
        materials=[MaterialActual(spool=spool.pk, actual_grams=Decimal(grams))],
        **fields,
    )


def test_a_forgotten_run_lies_in_the_past_and_is_posted_now():
    spool, printer = a_spool(1000), a_printer()
    a_running_run(printer=printer)  # the printer is busy by now
    made = [repeats.Made(product=a_product(grams=10), good_count=4, scrapped_count=1)]
    done = record(spool, 60, made=made, printer=printer, actual_minutes=Decimal(170))
    run = ProductionRun.objects.get(pk=done.run.pk)
    assert run.status == "completed"
    assert run.finished_at - run.started_at == timedelta(hours=3)
    entry = run.transactions.get()
    assert (entry.grams, NOW() - entry.created_at < timedelta(minutes=1)) == (-60, True)
    assert done.variance["grams"]["total"]["percent"] is None
    assert [event.verb for event in run.events.all()] == ["create", "start", "complete"]
    assert violations() == []


def test_a_recorded_run_takes_all_or_nothing():
    spool = a_spool(50)
    with pytest.raises(InsufficientInventory):
        record(spool, 60)
    assert not ProductionRun.objects.exists()
    assert Spool.objects.get().remaining_grams == 50


def test_a_recorded_run_does_not_end_before_its_start_nor_tomorrow():
    spool = a_spool(50)
    with pytest.raises(Invalid):
        record(spool, 6, finished_at=NOW() - timedelta(hours=9))
    with pytest.raises(Invalid):
        record(spool, 6, finished_at=NOW() + timedelta(hours=9))


def test_a_dry_record_leaves_nothing():
    spool = a_spool(50)
    assert record(spool, 6, dry_run=True).entries[0].grams == -6
    assert not ProductionRun.objects.exists()
