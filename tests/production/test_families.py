"""What asks for a family of material takes its members; one of the member takes only that."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from inventory.services import stock
from production.models import ProductionRun
from production.services import explanation as explained
from production.services.printing import slots
from production.services.reports import demand, explanation
from production.services.requirements import claims, derived, fitting_spools
from production.services.requirements.limits import LimitExceeded
from production.services.runs import lifecycle, lines
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.production.figures.examples import end
from tests.production.floor_helpers import at, page

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def matte(pla):
    return a_material_type("PLA MATTE", family=pla)


def wants(kind, grams=100, *, items=(), **fields):
    line = NewMaterial(material_type=kind, planned_grams=Decimal(grams))
    return lifecycle.create(by=None, materials=[line], items=list(items), **fields)


def of(kind, grams=1000):
    return a_spool(grams, filament=a_filament(material_type=kind))


def codes(run):
    return [blocker.code for blocker in demand.blockers([run])[run.pk]]


def test_a_line_of_the_family_takes_a_spool_of_a_member_and_not_the_reverse(pla, matte):
    plain, dull = of(pla), of(matte)
    for kind, spool in ((pla, plain), (pla, dull), (matte, dull)):
        line = wants(kind).materials.get()
        assert lines.change_material(line, by=None, spool=spool).spool == spool
    with pytest.raises(claims.IncompatibleSpool, match=r"the line asks for PLA MATTE\."):
        lines.change_material(wants(matte).materials.get(), by=None, spool=plain)


def test_spools_of_members_are_proposed_and_found_in_the_printer(pla, matte):
    plain, dull = of(pla), of(matte, grams=2000)
    of_family, of_member = wants(pla), wants(matte)
    for run, expected in ((of_family, [plain, dull]), (of_member, [dull])):
        line = run.materials.get()
        [found] = fitting_spools.of_lines(run, [line]).values()
        assert [each.spool for each in found] == expected
    printer = a_printer()
    slots.load(dull, slot=a_slot(printer=printer), by=None)
    loaded = wants(pla, printer=printer)
    assert codes(loaded) == []
    assert lifecycle.start(loaded, by=None).materials.get().spool == dull


def test_a_spool_of_a_member_is_offered_for_a_swap(floor, pla, matte):
    first, dull, other = of(pla), of(matte), of(a_material_type("PETG"))
    run = wants(pla)
    line = run.materials.get()
    lifecycle.start(run, by=None, spools={line.pk: first})
    offered = page(floor.get(at(run, "swap", line.pk)))
    assert dull.code in offered
    assert other.code not in offered


def test_stock_and_shortage_of_a_family_are_of_its_members_too(pla, matte):
    for kind, stocked, wanted in ((pla, 300, 700), (matte, 500, 150)):
        of(kind, stocked)
        wants(kind, wanted)
    figures = ("remaining_grams", "sealed_count", "wanted_any_grams", "free_grams", "short_grams")
    rows = demand.of_material_types().in_bulk([pla.pk, matte.pk])
    assert [getattr(rows[pla.pk], name) for name in figures] == [800, 2, 850, -50, 50]
    assert [getattr(rows[matte.pk], name) for name in figures] == [500, 1, 150, 350, 0]
    available = stock.available_of_material_types([pla.pk, matte.pk])
    assert available == {pla.pk: 800, matte.pk: 500}


def test_what_keeps_a_run_from_starting_counts_the_stock_of_members(pla, matte):
    for kind, grams in ((pla, 300), (matte, 500)):
        of(kind, grams)
    assert codes(wants(pla, 700)) == ["spools_missing"]
    assert codes(wants(matte, 700)) == ["spools_missing", "stock_insufficient"]
    assert codes(wants(pla, 900)) == ["spools_missing", "stock_insufficient"]


def test_a_product_of_the_family_is_made_of_a_member_and_not_the_reverse(pla, matte):
    of_family, of_member = a_product(grams=10), a_product(grams=10, material_type=matte)
    wants(matte, items=[NewItem(product=of_family, quantity=1)])
    with pytest.raises(LimitExceeded, match=r"No product of the run is made of PLA\."):
        wants(pla, items=[NewItem(product=of_member, quantity=1)])


def test_a_line_of_a_member_is_outdated_by_the_bill_of_the_family(pla, matte):
    filament = a_filament(material_type=matte)
    product = a_product(grams=10)
    item = NewItem(product=product, quantity=2)
    run = lifecycle.create(by=None, items=[item])
    line = run.materials.get()
    lines.change_material(line, by=None, material_type=None, filament=filament)
    lines.change_item(run.items.get(), by=None, quantity=5)
    line = run.materials.get()
    assert (line.filament, line.planned_source) == (filament, derived.OUTDATED)
    lines.change_item(run.items.get(), by=None, quantity=2)
    assert run.materials.get().planned_source == derived.TYPED


def test_families_have_one_level(pla, matte):
    dull = a_material_type("PLA MATTE SOFT", family=matte)
    with pytest.raises(ValidationError, match="PLA MATTE is of the family PLA: name that one"):
        dull.full_clean()
    pla.family = a_material_type("PETG")
    with pytest.raises(ValidationError, match="PLA is a family itself"):
        pla.full_clean()


def of_two_products(kind):
    """What a run cost by product, that makes a product of PLA from a spool of this type."""
    petg = a_material_type("PETG")
    first, second = a_product(grams=10), a_product(grams=20, material_type=petg)
    takes = [(of(kind), 20), (of(petg), 40)]
    run = a_running_run(*takes, items=[(first, 2), (second, 2)])
    end(run, 25, 40, good=(2, 1), scrapped=(0, 1))
    groups = explanation.of_many(ProductionRun.objects.filter(pk=run.pk), group_by="product")
    figures = [group["grams"] for group in groups]
    return figures, [item["grams"] for item in explained.of_run(run).as_dict()["items"]]


def test_a_member_is_explained_by_the_bill_of_its_family(pla, matte):
    assert of_two_products(matte) == of_two_products(pla)
