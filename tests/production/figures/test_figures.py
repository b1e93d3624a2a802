"""Every figure that a face tells is what anybody would reckon from the rows of the farm.

``SPOOLBOOK_MONTHS=50`` lives through more months than the default.
"""

import os

import pytest

from production.models import ProductionRun
from tests.production.figures import interfaces, narrowing
from tests.production.figures.books import Books
from tests.production.figures.month import Month

SEEDS = range(int(os.environ.get("SPOOLBOOK_MONTHS", "3")))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_is_as_reckoned_from_the_rows(api, as_manager, seed):
    Month(seed).live(60)
    wrong = interfaces.wrong(api, as_manager)
    assert not wrong, "\n".join(wrong)


def test_reports_are_of_what_was_asked_for(api):
    """Each way to narrow them, and every two of them together."""
    Month(1).live(60)
    books = Books()
    wrong = interfaces.told([*narrowing.of_runs(api, books), *narrowing.of_entries(api, books)])
    assert not wrong, "\n".join(wrong)


def test_a_month_has_everything_worth_reckoning(farm):
    Month(0).live(60)
    books = Books()
    runs, entries = books.told.values(), books.entries.values()
    assert {run.row.status for run in runs} == set(ProductionRun.Status.values)
    assert {entry.kind for entry in entries} >= {"usage", "waste", "count", "reversal"}
    assert any(entry.cost is None for entry in books.taken())
    assert any(spool.late_cost_per_gram for spool in books.spools.values())
    assert any(len(run.items) > 1 and run.is_booked for run in runs)
    assert any(item.planned_quantity == 0 for item in books.items.values())
    assert any(row.deleted_at for row in books.runs.values())
    assert any(row.reopened_at for row in books.runs.values())
    assert len({books.day(entry.created_at)[:7] for entry in entries}) > 1
