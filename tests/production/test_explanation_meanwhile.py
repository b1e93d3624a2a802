"""Figures of a run that somebody changes while they are read."""

import pytest

from production.services import explanation
from production.services.undo import last_action
from tests.factories import a_product, a_running_run, a_spool
from tests.production.completed_runs import completed
from tests.queries import fresh


@pytest.mark.usefixtures("farm")
def test_a_run_that_was_opened_again_while_it_was_read_is_not_explained():
    """Its row was read before, its lines after that."""
    run = a_running_run((a_spool(1000), 100), items=[(a_product(grams=25), 4)])
    run = completed(run, good=[4], grams=[120])
    was = fresh(run)
    last_action.undo(run, event=run.events.latest("pk").pk, by=None)
    found = explanation.of_run(was).as_dict()
    assert set(found["grams"]["parts"].values()) == {None}
    assert found["sentence"]
