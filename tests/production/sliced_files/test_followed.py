"""A run that is planned by a sliced file follows its plates; quantities alone make its plan
older."""

from decimal import Decimal

import pytest

from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import ItemCount
from production.services.runs import lifecycle, lines, repeats, replanning
from production.services.sliced_files import planning
from production.services.sliced_files.figures import SlotChoice
from production.services.sliced_files.planning import PlateProduct
from tests.factories import (
    a_filament,
    a_file_slot,
    a_material_type,
    a_plate,
    a_printer,
    a_product,
    a_sliced_file,
    a_slot,
    a_spool,
)
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def spool(farm):
    return a_spool(filament=a_filament(material_type=a_material_type("PLA")))


@pytest.fixture
def run(spool):
    """Two copies of a plate with 4 hooks of 30 g and 3 g of purge, in 100 minutes."""
    slot = a_file_slot(1, "33", purge_grams="3")
    file = a_sliced_file(plates=[a_plate(slot, seconds=6000)])
    product = PlateProduct(plate=1, units=4, product=a_product("H-1", name="Hook", grams=7))
    choice = SlotChoice(slot=1, spool=spool)
    [made] = planning.plan(file, by=None, copies=2, products=[product], slots=[choice])
    return made


def state(run):
    """Plates, minutes, grams and purge, each with its source."""
    run = fresh(run)
    line = run.materials.order_by("pk").first()
    return [
        (run.plate_count, run.plate_count_source),
        (run.planned_minutes, run.planned_minutes_source),
        (line.planned_grams, line.planned_purge_grams, line.planned_source),
    ]


def ended(run, *, scrapped):
    """The run, completed as planned with 8 units."""
    item = run.items.get().pk
    counts = [ItemCount(item=item, good_count=8 - scrapped, scrapped_count=scrapped)]
    return completion.complete(run, by=None, items=counts, as_planned=True).run


def is_older(run):
    return ProductionRun.objects.with_outdated_plan().filter(pk=run.pk).exists()


AS_PLANNED = [(2, "file"), (200, "file"), (60, 6, "file")]
OLDER = [(2, "outdated"), (200, "outdated"), (60, 6, "outdated")]


def test_plates_scale_it_and_what_is_reserved(run, spool):
    assert state(run) == AS_PLANNED
    lifecycle.update(run, by=None, plate_count=3)
    assert state(run) == [(3, "outdated"), (300, "outdated"), (90, 9, "outdated")]
    assert fresh(spool).reserved_grams == 99
    lines.change_item(run.items.get(), by=None, quantity=12)
    assert state(run) == [(3, "file"), (300, "file"), (90, 9, "file")]
    assert violations() == []


def test_quantities_alone_make_the_plan_older(run, spool):
    lines.change_item(run.items.get(), by=None, quantity=16)
    assert state(run) == OLDER
    assert is_older(run)
    assert fresh(spool).reserved_grams == 66
    lifecycle.update(run, by=None, plate_count=4)
    assert state(run) == [(4, "file"), (400, "file"), (120, 12, "file")]
    assert not is_older(run)


def test_another_product_makes_the_plan_older_until_it_goes(run):
    item = lines.add_item(run, by=None, product=a_product(grams=5), quantity=1)
    assert state(run) == OLDER
    assert run.materials.count() == 1
    lines.remove_item(item, by=None)
    assert state(run) == AS_PLANNED


def test_the_plan_is_taken_anew_from_the_file(run):
    lines.change_item(run.items.get(), by=None, quantity=15)
    lines.change_material(run.materials.get(), by=None, planned_grams=Decimal(50))
    lifecycle.update(run, by=None, planned_minutes=Decimal(5))
    assert state(run)[1:] == [(5, "typed"), (50, 6, "typed")]
    replanning.refresh_plan(run, by=None)
    assert state(run) == [(4, "file"), (400, "file"), (120, 12, "file")]  # plates are whole
    assert not is_older(run)
    lines.change_item(run.items.get(), by=None, quantity=16)
    assert state(run) == [(4, "file"), (400, "file"), (120, 12, "file")]


def test_plates_left_to_the_program_are_those_that_the_quantities_need(run):
    lines.change_item(run.items.get(), by=None, quantity=20)
    lifecycle.update(run, by=None, plate_count=None)
    assert state(run) == [(5, "file"), (500, "file"), (150, 15, "file")]


def test_what_was_typed_stays_and_is_outdated(run):
    lines.change_material(run.materials.get(), by=None, planned_grams=Decimal(50))
    lifecycle.update(run, by=None, planned_minutes=Decimal(190))
    lines.change_item(run.items.get(), by=None, quantity=12)
    lifecycle.update(run, by=None, plate_count=3)
    assert state(run) == [(3, "file"), (190, "outdated"), (50, 6, "outdated")]
    lifecycle.update(run, by=None, planned_minutes=None)
    assert state(run)[1] == (300, "file")


def test_a_change_of_the_bill_leaves_it_as_it_is(run):
    with replanning.following(run.items.get().product, by=None):
        run.items.get().product.bom_lines.update(grams_per_unit=99)
    assert state(run) == AS_PLANNED


def test_it_starts_and_is_taken_back_as_it_was(run, spool):
    started = lifecycle.start(run, by=None)
    assert started.items.get().planned_quantity == 8
    lifecycle.unstart(started, by=None)
    assert state(run) == AS_PLANNED
    assert violations() == []


def test_a_copy_is_planned_by_the_same_file(run):
    again = repeats.copy(run, by=None)
    assert state(again) == AS_PLANNED
    assert (again.sliced_file, again.sliced_plates) == (run.sliced_file, [1])
    line = again.materials.get()
    assert (line.sliced_slot, line.sliced_grams, line.spool) == (1, 33, None)
    lifecycle.update(again, by=None, plate_count=1)
    assert state(again)[2] == (30, 3, "outdated")


def test_a_reprint_of_all_is_of_the_file_and_one_of_some_is_not(run, spool):
    done = ended(lifecycle.start(run, by=None), scrapped=8)
    again = repeats.reprint(done, by=None)
    assert state(again) == AS_PLANNED
    other = repeats.copy(run, by=None)
    chosen = {other.materials.get().pk: spool}
    started = lifecycle.start(other, by=None, spools=chosen)
    part = repeats.reprint(ended(started, scrapped=2), by=None)
    assert part.sliced_file is None
    assert state(part)[2] == (15, Decimal("1.5"), "typed")


def test_twins_share_what_the_file_takes_and_a_copy_has_it_once(farm):
    printer = a_printer()
    filament = a_filament(material_type=a_material_type("PLA"))
    for label in ("1", "2"):
        slot = a_slot(label, printer=printer)
        slot.spool = a_spool(50, filament=filament)
        slot.save()
    first = printer.slots.order_by("label").first()
    [run] = planning.plan(
        a_sliced_file(plates=[a_plate(a_file_slot(1, "70"))]), by=None, printer=printer
    )
    line = run.materials.get()
    lifecycle.start(run, by=None, spools={line.pk: first.spool})
    planned = [(each.planned_grams, each.sliced_slot) for each in run.materials.order_by("pk")]
    assert planned == [(50, 1), (20, 1)]
    again = repeats.copy(run, by=None)
    assert [each.planned_grams for each in again.materials.all()] == [70]
