"""What the months of the tests have in them, and a run of which nothing is known."""

from functools import partial

from production.models import ProductionRun, Reason
from production.services import completion
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem
from tests.factories import a_printer, a_product
from tests.production.figures import explanations, interfaces
from tests.production.figures.books import Books
from tests.production.figures.explained_groups import explained_of, not_compared
from tests.production.figures.month import Month
from tests.production.figures.parts import MEASURES, NOTHING, ORDER
from tests.production.figures.sums import KINDS


def test_what_a_run_without_materials_used_is_unknown(api, as_manager):
    product, why = a_product(), Reason.objects.filter(kind="failure").first()
    for end in (
        partial(completion.complete, as_planned=True),
        partial(completion.fail, reason=why),
    ):
        items = [NewItem(product=product, quantity=3)]
        run = lifecycle.create(by=None, printer=a_printer(), items=items)
        end(lifecycle.start(run, by=None, confirm=True), by=None)
    wrong = [*interfaces.wrong(api, as_manager), *explanations.wrong(api)]
    assert not wrong, "\n".join(wrong)


def test_a_month_has_everything_worth_reckoning(farm):
    Month(5, has_devices=False).live(60)
    books = Books()
    runs, entries = books.live_runs.values(), books.entries.values()
    assert {run.row.status for run in runs} == set(ProductionRun.Status.values)
    assert {entry.kind for entry in entries} >= {"usage", "waste", "count", "reversal"}
    assert any(entry.reason == "revalued" and entry.production_run_id for entry in entries)
    assert any(entry.cost is None for entry in books.taken())
    assert any(spool.late_cost_per_gram for spool in books.spools.values())
    assert any(len(run.items) > 1 and run.is_booked for run in runs)
    assert any(item.planned_quantity == 0 for item in books.items.values())
    assert any(row.deleted_at for row in books.runs.values())
    assert any(row.reopened_at for row in books.runs.values())
    assert any(line.spool_id != line.planned_spool_id for run in runs for line in run.lines)
    assert len({books.day(entry.created_at)[:7] for entry in entries}) > 1
    every = explained_of(books)
    figures = [each for one in every for own in (one.whole, *one.items) for each in own.values()]
    assert {name for each in figures for name, part in each.parts.items() if part} == set(ORDER)
    reasons = {not_compared(each, measure) for each in every for measure in MEASURES}
    assert reasons >= {"open", "nothing_booked", "no_plan", "unknown_price", "unknown_minutes"}
    for one in every:
        assert_that_parts_add_up(one)


def test_devices_report_in_a_month(farm):
    Month(5).live(60)
    books = Books()
    closed = [run for run in books.live_runs.values() if run.is_closed]
    assert {line.actual_source for run in closed for line in run.lines} & {"metered", "sliced"}
    of_no_run = [each for each in books.entries.values() if each.production_run_id is None]
    assert {"", "metered", "sliced"} == set(map(books.source_of, of_no_run))


def assert_that_parts_add_up(explained):
    """The parts of needs, of kinds of cost, and of items are those of the run, exactly."""
    whole, kinds = explained.whole, [explained.whole.get(kind, NOTHING) for kind in KINDS]
    together = [("total", sum(kinds, NOTHING))]
    for measure in ("grams", "material"):
        together.append((measure, sum((need[measure] for need in explained.of_needs), NOTHING)))
    for measure in whole if explained.items else ():
        of_items = sum((item[measure] for item in explained.items), NOTHING)
        together.append((measure, of_items))
        assert of_items.part("share") in (0, None)
    if not explained.is_open:
        for measure, parts in together:
            pairs = [(whole[measure].part(name), parts.part(name)) for name in ORDER[:-1]]
            assert all(None in pair or len(set(pair)) == 1 for pair in pairs), measure
