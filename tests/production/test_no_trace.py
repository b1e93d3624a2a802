"""What changes nothing leaves no trace: no event, no version, no entry."""

from decimal import Decimal

import pytest

from production.services import completion
from production.services.completion.actuals import ItemCount
from production.services.printing import midprint
from production.services.runs import lifecycle, lines
from tests.factories import a_product, a_running_run, a_spool
from tests.production.api_helpers import at
from tests.production.completed_runs import took
from tests.queries import fresh
from tests.responses import done

pytestmark = pytest.mark.usefixtures("farm")


def traces(run):
    spool = run.materials.get().spool
    return fresh(run).version, run.events.count(), spool.transactions.count(), spool.version


def test_saying_the_same_again_leaves_no_trace():
    spool = a_spool()
    run = a_running_run((spool, 10), items=[(a_product(), 4)])
    item, line = run.items.get(), run.materials.get()
    given = {"materials": [took(spool, 11)], "items": [ItemCount(item=item.pk, good_count=4)]}
    midprint.save_actuals(run, by=None, **given, actual_minutes=9, progress_percent=50)
    open_again = {
        "save_actuals": lambda: midprint.save_actuals(run, by=None, **given, actual_minutes=9),
        "save_actuals of nothing": lambda: midprint.save_actuals(run, by=None),
        "progress": lambda: midprint.progress(run, by=None, percent="50.00"),
        "update": lambda: lifecycle.update(run, by=None, priority=run.priority),
        "change_item": lambda: lines.change_item(item, by=None, good_count=4),
        "change_material": lambda: lines.change_material(line, by=None, actual_grams=Decimal(11)),
    }
    assert_none_leaves_a_trace(run, open_again)
    completion.complete(run, by=None)
    closed_again = {
        "correct": lambda: completion.correct(run, by=None, **given, actual_minutes=9),
        "correct of nothing": lambda: completion.correct(run, by=None, reason="A look"),
    }
    assert_none_leaves_a_trace(run, closed_again)


def assert_none_leaves_a_trace(run, verbs):
    before = traces(run)
    for name, call in verbs.items():
        call()
        assert traces(run) == before, name


def test_a_correction_without_a_figure_is_answered_and_writes_nothing(manager, api):
    run = a_running_run((a_spool(), 10))
    completion.complete(run, by=manager, as_planned=True)
    before = traces(run)
    answer = done(api.post(at(run, "correct"), {}))
    assert (answer["entries"], answer["status"]) == ([], "completed")
    assert traces(run) == before
