"""Plans and bulk creates by several people at once."""

import random
from decimal import Decimal

import pytest

from inventory.models import Spool
from production.models import ProductionRun
from production.services import product_plans
from production.services.runs import planning
from production.services.runs.lines import NewMaterial
from tests.factories import a_printer, a_product, a_spool
from tests.queries import violations

pytestmark = pytest.mark.usefixtures("committed_farm")

COUNT = 8


def test_bulk_creates_over_the_same_spools_in_any_order_do_not_deadlock(in_threads):
    spools = [a_spool(10_000) for _ in range(6)]

    def some(number):
        chance = random.Random(number)
        runs = [
            {
                "materials": [
                    NewMaterial(spool=spool, planned_grams=Decimal(1))
                    for spool in chance.sample(spools, 3)
                ]
            }
            for _ in range(20)
        ]
        return planning.create_many(runs, by=None)

    results = in_threads(some, COUNT)
    assert [len(result) for result in results] == [20] * COUNT
    numbers = ProductionRun.objects.values_list("number", flat=True)
    assert sorted(int(number.rpartition("-")[2]) for number in numbers) == list(range(1, 161))
    assert sum(spool.reserved_grams for spool in Spool.objects.all()) == COUNT * 60
    assert violations() == []


def test_of_bulk_creates_that_want_more_than_there_is_each_is_whole_or_not_at_all(in_threads):
    spool = a_spool(100)
    runs = [{"materials": [NewMaterial(spool=spool, planned_grams=Decimal(15))]}] * 2
    results = in_threads(lambda _: planning.create_many(runs, by=None), COUNT)
    refused = [result for result in results if isinstance(result, planning.RunsRefused)]
    assert len(refused) == COUNT - 3
    assert ProductionRun.objects.count() == 6
    assert Spool.objects.get().reserved_grams == 90


def test_plans_at_once_see_what_the_other_queued(in_threads):
    product = a_product(units_per_plate=1)
    printers = [a_printer() for _ in range(COUNT)]
    chance = random.Random(7)
    orders = [chance.sample(printers, COUNT) for _ in range(COUNT)]
    results = in_threads(
        lambda number: product_plans.plan(
            product=product, quantity=3, printers=orders[number], by=None
        ),
        COUNT,
    )
    assert [len(result) for result in results] == [3] * COUNT
    assert {printer.runs.count() for printer in printers} == {3}
