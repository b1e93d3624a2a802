"""Which spools are proposed for a line, in which order, and why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Location, Spool
from production.models import PrinterSlot
from production.services import completion
from production.services.printing import midprint, slots
from production.services.requirements import fitting_spools
from production.services.runs import lifecycle, lines
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.production.completed_runs import took
from tests.production.floor_helpers import page, touch
from tests.queries import queries_of
from tests.responses import done

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def orange():
    return a_filament("Signal orange", color_hex="ff6600")


def a_run_of(filament, grams=200, *, order="SO-9", **fields):
    """A planned run whose line has no spool."""
    items = [NewItem(product=a_product(), quantity=1, order_reference=order)]
    wanted = {"filament": filament} if filament.__class__.__name__ == "Filament" else {}
    wanted = wanted or {"material_type": filament}
    line = NewMaterial(**wanted, planned_grams=Decimal(grams))
    return lifecycle.create(by=None, items=items, materials=[line], **fields)


def opened(grams, *, days=1, **fields):
    spool = a_spool(grams, **fields)
    Spool.objects.filter(pk=spool.pk).update(opened_at=timezone.now() - timedelta(days=days))
    return spool


def offered(run, **how):
    """FittingSpools of the only line of the run."""
    rows = run.materials.select_related("spool", "filament", "material_type")
    [found] = fitting_spools.of_lines(run, list(rows), **{"most": 20} | how).values()
    return found


def spools_of(run, **how):
    return [each.spool for each in offered(run, **how)]


def reasons(run, **how):
    return [[reason.code for reason in each.reasons] for each in offered(run, **how)]


def test_the_best_come_first(orange):
    printer, other = a_printer(), a_printer()
    a_spool(900, filament=a_filament())  # of another filament
    archived = a_spool(900, filament=orange)
    Spool.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    loaded, elsewhere, printed = (opened(900, filament=orange) for _ in range(3))
    for spool, slot in ((loaded, printer), (elsewhere, other)):
        slots.load(spool, slot=a_slot(printer=slot), by=None)
    a_running_run((printed, 100), printer=a_printer())
    sealed = a_spool(250, filament=orange)
    large, small, little, least = (opened(each, filament=orange) for each in (800, 300, 150, 50))
    of_lot, used = (opened(850, filament=orange, lot_number=lot) for lot in ("L-7", "l-7"))
    a_run((used, 850), items=[(a_product(), 1)])  # of no order, and all of it is taken
    run = a_run_of(orange, printer=printer)
    took_it = lifecycle.create(
        by=None,
        items=[NewItem(product=a_product(), quantity=1, order_reference="so-9")],
        materials=[NewMaterial(spool=of_lot, planned_grams=Decimal(10))],
    )
    assert spools_of(run) == [
        loaded, of_lot, small, large, sealed, elsewhere, little, least, printed,
    ]  # fmt: skip
    lifecycle.cancel(took_it, by=None)
    assert spools_of(run)[1:4] == [small, large, of_lot]


def test_of_equal_spools_the_one_dried_last_comes_first(orange):
    long_ago, lately, never = (opened(500, filament=orange) for _ in range(3))
    for spool, days in ((long_ago, 40), (lately, 3)):
        dried_at = timezone.now() - timedelta(days=days)
        Spool.objects.filter(pk=spool.pk).update(dried_at=dried_at)
    found = offered(a_run_of(orange))
    assert [each.spool for each in found] == [lately, long_ago, never]
    assert "Dried 3 days ago." in [reason.detail for reason in found[0].reasons]


def test_each_has_its_reasons(orange):
    shelf, printer = Location.objects.create(name="Shelf A2"), a_printer("Elm")
    here = opened(150, filament=orange)
    slots.load(here, slot=a_slot("A1", printer=printer), by=None)
    on_shelf = a_spool(340, filament=orange, location=shelf, lot_number="L-7")
    run = a_run_of(orange, 232, printer=printer)
    before = lifecycle.create(
        by=None,
        items=[NewItem(product=a_product(), quantity=1, order_reference="SO-9")],
        materials=[NewMaterial(spool=on_shelf, planned_grams=Decimal(20))],
    )
    enough, short = offered(run)
    assert [reason.detail for reason in enough.reasons] == [
        "From Shelf A2.",
        f"Of the same lot as run {before.number} of the order, L-7.",
        "Sealed.",
        "320 g available, 232 g needed.",
    ]
    assert [reason.detail for reason in short.reasons] == [
        "Loaded in Elm A1.",
        "Opened already.",
        "Only 150 g available, 232 g needed.",
    ]
    assert (enough.is_enough, enough.missing_grams) == (True, 0)
    assert (short.is_enough, short.missing_grams) == (False, 82)


def test_what_a_line_has_comes_first_whatever_it_is(orange):
    own = a_spool(100, filament=orange)
    better = opened(900, filament=orange)
    run = a_run((own, 100))
    found = offered(run)
    assert [each.spool for each in found] == [own, better]
    assert found[0].is_enough
    Spool.objects.filter(pk=own.pk).update(archived_at=timezone.now())
    assert spools_of(run) == [own, better]


def test_a_swap_is_for_what_is_left_and_for_the_same_filament_first(orange):
    old = a_spool(300, filament=orange)
    other = opened(110, filament=a_filament("Red"))
    enough, least = opened(120, filament=orange), opened(60, filament=orange)
    run = a_run_of(orange.material_type, 250, order="")
    line = run.materials.get()
    lifecycle.start(run, by=None, spools={line.pk: old})
    assert spools_of(run, is_swapped=True) == [enough, least, other]
    assert reasons(run, is_swapped=True)[0][-1] == "too_little"
    midprint.save_actuals(run, by=None, materials=[took(old, 150)])
    found = offered(run, is_swapped=True)
    assert [each.spool for each in found] == [enough, least, other]
    assert (found[0].is_enough, found[1].missing_grams) == (True, 40)


def test_before_the_start_enough_counts_more_than_the_filament_that_was_planned(orange):
    own, red = a_spool(200, filament=orange), opened(900, filament=a_filament("Red"))
    few, many = opened(50, filament=orange), opened(950, filament=orange)
    run = a_run_of(orange.material_type)
    lines.change_material(run.materials.get(), by=None, spool=own)
    assert spools_of(run) == [own, many, red, few]


def test_twins_in_the_printer_follow_what_has_too_little(orange):
    printer = a_printer()
    for label in ("A1", "A2"):
        spool = opened(150, filament=orange)
        slots.load(spool, slot=a_slot(label, printer=printer), by=None)
    a_spool(190, filament=orange)
    found = offered(a_run_of(orange, 200, printer=printer))
    codes = [[reason.code for reason in each.reasons][-1] for each in found]
    assert codes == ["twins_follow", "twins_follow", "too_little"]


def test_a_need_of_no_known_grams_takes_the_one_with_most(orange):
    few, many = (opened(grams, filament=orange) for grams in (100, 700))
    found = offered(a_run_of(orange, 0))
    assert [each.spool for each in found] == [many, few]
    assert found[0].is_enough is None


def test_members_of_a_family_meet_it_and_not_the_reverse():
    pla = a_material_type("PLA")
    matte = a_material_type("PLA MATTE", family=pla)
    plain, dull = (opened(500, filament=a_filament(material_type=each)) for each in (pla, matte))
    assert spools_of(a_run_of(pla)) == [plain, dull]
    assert spools_of(a_run_of(matte)) == [dull]


def test_it_takes_as_many_queries_for_many_spools_and_lines(orange):
    def ask(run):
        rows = list(run.materials.select_related("spool", "filament", "material_type"))
        return queries_of(lambda: fitting_spools.of_lines(run, rows))

    one = a_run((opened(500, filament=orange), 100))
    few = ask(one)
    many = a_run(*((opened(500, filament=a_filament()), 100) for _ in range(6)))
    assert ask(many) == few == 3


def test_a_closed_run_of_the_order_counts_too(orange):
    spool, larger = (opened(each, filament=orange, lot_number="L-8") for each in (300, 900))
    smaller = opened(250, filament=orange, lot_number="L-9")
    before = lifecycle.create(
        by=None,
        items=[NewItem(product=a_product(), quantity=1, order_reference="SO-9")],
        materials=[NewMaterial(spool=spool, planned_grams=Decimal(290))],
    )
    lifecycle.start(before, by=None)
    completion.complete(before, by=None, as_planned=True)
    assert spools_of(a_run_of(orange))[:2] == [larger, smaller]


def test_the_api_tells_what_fits_an_open_run(api, orange):
    old, next_one = opened(300, filament=orange), a_spool(900, filament=orange)
    run = a_run_of(orange, 200)
    address = f"/api/v1/production-runs/{run.pk}/fitting-spools/"
    [material] = done(api.get(address))["materials"]
    assert (material["needed_grams"], material["is_swapped"]) == ("200.000000", False)
    assert [each["spool_code"] for each in material["spools"]] == [old.code, next_one.code]
    assert material["spools"][0]["is_enough"]
    assert material["spools"][0]["reasons"][0] == {
        "code": "opened",
        "detail": "Opened already.",
    }
    lifecycle.start(run, by=None, spools={run.materials.get().pk: old})
    [material] = done(api.get(address))["materials"]
    assert material["is_swapped"]
    assert [each["spool_code"] for each in material["spools"]] == [next_one.code]
    lifecycle.cancel(run, by=None)
    assert done(api.get(address))["materials"] == []


def test_an_empty_slot_is_loaded_with_what_its_next_run_wants_with_a_touch(floor, orange):
    printer = a_printer("Elm")
    first, second = a_slot("A1", printer=printer), a_slot("A2", printer=printer)
    petg = a_filament(material_type=a_material_type("PETG"))
    fits, other = a_spool(900, filament=orange), a_spool(900, filament=petg)
    run = a_run_of(orange, printer=printer)
    a_run_of(petg, printer=printer)
    shown = page(floor.get(f"/floor/slots/{first.pk}/load/"))
    assert f"Or for run {run.number}: " in shown
    assert fits.code in shown
    assert other.code not in shown
    touch(floor, f"/floor/slots/{first.pk}/load/", spool=["", fits.code])
    assert PrinterSlot.objects.get(pk=first.pk).spool == fits
    shown = page(floor.get(f"/floor/slots/{second.pk}/load/"))
    assert other.code in shown
