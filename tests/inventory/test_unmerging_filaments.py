"""What a merge of filaments leaves as it was, and how it is taken back."""

from decimal import Decimal

import pytest

from inventory.models import UnboundTag
from inventory.services import filament_merging, filaments
from inventory.services.filament_merging import ChangedSinceFilamentMerge
from inventory.services.spools import unbound_tags
from inventory.services.spools.shelf import SpoolClaimed
from production.models import BomLine, ProductionRun
from production.services import explanation as explaining
from production.services import products
from production.services.filament_references import BillChangedSinceMerge
from production.services.reports import explanation, variance
from production.services.runs import lines
from tenants.accounts import roles
from tests.factories import (
    a_filament,
    a_printer_token,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    make_user,
)
from tests.inventory.filament_doubles import a_bill, a_pair, a_plan, merge, rows
from tests.production.completed_runs import completed, printed
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def pair(farm):
    return a_pair()


# --- What is history ----------------------------------------------------------------------------


def explained(run):
    """Parts of the cost of a run, in its explanation and in the report."""
    found = explaining.of_run(fresh(run)).as_dict()["cost"]["total"]["parts"]
    runs = ProductionRun.objects.filter(pk=run.pk)
    return found, [group["cost"]["total"]["parts"] for group in explanation.of_many(runs)]


def one_stood_in(planned, other):
    """A completed run that was to take a spool of a filament, and took one of the other."""
    spool = a_spool(filament=planned, price=Decimal(20))
    run = a_running_run((spool, 100), items=[(a_product(grams=25), 4)])
    given = {"instead_of": run.materials.get().pk, "override_reason": "Black"}
    dearer = a_spool(filament=other, price=Decimal(25))
    lines.add_material(run, by=make_user(role=roles.MANAGER), spool=dearer, **given)
    return completed(run, good=[4], grams=[0, 101])


@pytest.mark.parametrize("is_planned", [True, False])
def test_the_explanation_of_a_closed_run_stays(pair, is_planned):
    target, double = pair
    run = one_stood_in(*((double, target) if is_planned else (target, double)))
    before = explained(run)
    assert before[0]["substitution"] == Decimal("0.505")
    cost = variance.of_many(ProductionRun.objects.all())[0]["cost"]
    merge(target, double)
    assert explained(run) == before
    assert variance.of_many(ProductionRun.objects.all())[0]["cost"] == cost
    later = one_stood_in(target, target)
    parts = explained(later)[0]
    assert (parts["substitution"], parts["price"]) == (0, Decimal("0.505"))
    filament_merging.unmerge(double, by=None)
    assert explained(run) == before


def test_a_run_that_took_both_as_one_stays_so_when_the_merge_is_taken_back(pair):
    target, double = pair
    moved = a_spool(filament=double, price=Decimal(25))
    merge(target, double)
    spool = a_spool(filament=target, price=Decimal(20))
    run = a_running_run((spool, 100), items=[(a_product(grams=25), 4)])
    given = {"instead_of": run.materials.get().pk, "override_reason": "Black"}
    lines.add_material(run, by=make_user(role=roles.MANAGER), spool=moved, **given)
    run = completed(run, good=[4], grams=[0, 101])
    before = explained(run)
    assert before[0]["price"] == Decimal("0.505")
    filament_merging.unmerge(double, by=None)
    assert fresh(moved).filament_id == double.pk
    assert explained(run) == before


def test_reports_sum_the_double_with_the_filament(pair):
    target, double = pair
    printed((a_spool(filament=double), 70))
    printed((a_spool(filament=target), 30))
    (before,) = explanation.of_many(ProductionRun.objects.all())
    merge(target, double)
    (group,) = explanation.of_many(ProductionRun.objects.all(), group_by="filament")
    assert group["key"] == str(target.pk)
    assert group["grams"] == before["grams"]
    (row,) = variance.by_material(ProductionRun.objects.all())
    assert row["grams"]["actual"] == 100


# --- It is taken back ---------------------------------------------------------------------------


def test_everything_is_as_before(pair, manager):
    target, double = pair
    token = a_printer_token(manager, name="reader")
    filaments.update(double, by=None, gtin="4006381333931", color_hex="00FF00", extra={"b": "2"})
    a_spool(filament=double)
    a_spool(filament=target)
    a_bill("ONE", (double, 50))
    a_bill("TWO", (target, 30), (double, 12))
    a_plan(double)
    unbound_tags.note("04A2", filament=double, extra={}, token=token)
    printed((a_spool(filament=double), 70))
    before = rows()
    merge(target, double)
    assert UnboundTag.objects.get().filament_id == target.pk
    filament_merging.unmerge(double, by=None)
    assert rows() == before
    assert violations() == []


def test_what_came_since_stays_with_the_filament(pair):
    target, double = pair
    filaments.update(double, by=None, extra={"b": "2", "c": "3"})
    merge(target, double)
    spool = a_spool(filament=target)
    filaments.update(target, by=None, price=25, extra={"b": "4"})
    filament_merging.unmerge(double, by=None)
    assert fresh(spool).filament_id == target.pk
    assert (fresh(target).price, fresh(target).extra) == (25, {"b": "4"})


def test_a_bill_that_was_changed_since_is_put_back_first(pair):
    target, double = pair
    product = a_bill("TWO", (target, 30), (double, 12))
    merge(target, double)
    line = products.update(product.bom_lines.get(), by=None, grams_per_unit=50)
    with pytest.raises(BillChangedSinceMerge, match="TWO was changed since: .* with 42 g"):
        filament_merging.unmerge(double, by=None)
    products.update(line, by=None, grams_per_unit=42)
    filament_merging.unmerge(double, by=None)
    found = BomLine.objects.filter(product=product).order_by("pk")
    assert [line.grams_per_unit for line in found] == [30, 12]


def test_a_merge_into_what_was_merged_since_waits(pair):
    target, double = pair
    merge(target, double)
    last = a_filament("Last", material_type=target.material_type)
    merge(last, target)
    with pytest.raises(ChangedSinceFilamentMerge, match=f"{target} was merged into {last} since"):
        filament_merging.unmerge(double, by=None)
    filament_merging.unmerge(target, by=None)
    filament_merging.unmerge(double, by=None)
    assert not fresh(double).is_removed


def test_a_spool_that_is_in_a_run_now_goes_back_later(pair):
    target, double = pair
    spool = a_spool(filament=double)
    merge(target, double)
    a_run((fresh(spool), 100))
    with pytest.raises(SpoolClaimed):
        filament_merging.unmerge(double, by=None)
