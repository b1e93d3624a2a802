"""Each row of ``production/services/transitions.py`` has all that its verb needs; a failure says
where it is missing."""

import inspect
import re

import pytest
from django.urls import NoReverseMatch, reverse

from production.admin.run_verbs import FORMS, VERBS
from production.api.runs import ProductionRunViewSet
from production.models import ProductionRun, RunEvent
from production.serializers.verbs import RUN_BODIES
from production.services import run_state
from production.services.transitions import BUTTON, EVENTS, ROWS, TRANSITIONS, leading_to
from tenants.accounts import roles
from tenants.api.serializers import NoBody
from tenants.web.forms import VerbForm
from tests.config.test_roles import API
from tests.factories import a_run
from tests.production.verbs import cases_of_runs, stories

ADMIN = {verb.name: verb for verb in VERBS}


def extra_arguments(row):
    """Arguments of the service beside those of all verbs: a verb with some needs a form."""
    found = inspect.signature(row.call).parameters
    return [name for name in found if name not in {"run", "row", "by", "at"}]


def lacks_words(row):
    if "%(run)s" not in row.done:
        yield 'services/transitions.py: done must name the run, as in "started run %(run)s".'
    if row.label and "%(run)s" not in row.success:
        yield "services/transitions.py: the admin's success must name the %(run)s."
    if (row.path or row.label) and not row.summary:
        yield "services/transitions.py: a summary is missing, for the API and the admin."


def lacks_undo(row):
    if row.undone_by and row.undone_by not in TRANSITIONS:
        yield f"services/transitions.py: undone_by names {row.undone_by}, which has no row."
    elif row.undone_by and any(row.moves.values()):
        back = TRANSITIONS[row.undone_by].moves
        if any(source not in back.get(to, ()) for source, tos in row.moves.items() for to in tos):
            yield f"services/transitions.py: {row.undone_by} does not lead back from there."


def lacks_api(row):
    if not row.path:
        return
    if (extra := extra_arguments(row)) and RUN_BODIES[row.action] is NoBody:
        yield f"production/serializers/verbs.py: RUN_BODIES has no body for {', '.join(extra)}."
    if f"/production-runs/{{pk}}/{row.path}/ " not in API:
        yield "tests/config/test_roles.py: its address has no row."


def lacks_admin(row):
    if row.label and (extra := extra_arguments(row)) and ADMIN[row.name].form is VerbForm:
        yield f"production/admin/run_verbs.py: FORMS has no form for {', '.join(extra)}."


def lacks_floor(row):
    if row.floor in (None, BUTTON):
        return
    if not any(is_address(row.floor, args) for args in ([1], [1, 1])):
        yield f"production/floor_urls.py: there is no address called {row.floor}."


def is_address(name, args):
    try:
        return bool(reverse(name, args=args))
    except NoReverseMatch:
        return False


def lacks_tests(row):
    of_undo = "undo" if row.permission == "undo" else row.name
    name = getattr(row.call, "operation_type", f"production_run.{of_undo}")
    if name not in stories.STORIES:
        yield f"tests/production/verbs/stories_of_runs.py: there is no story of {name}."
    if name not in cases_of_runs.CASES:
        yield f"tests/production/verbs/cases_of_runs.py: there is no rollback of {name}."


LACKS = [lacks_words, lacks_undo, lacks_api, lacks_admin, lacks_floor, lacks_tests]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_verb_has_all_that_it_needs(row):
    assert callable(row.call)  # else the row names a service that is not there
    assert [missing for lacks in LACKS for missing in lacks(row)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_verb_is_done_by_its_role_and_those_above(row):
    least = roles.FARM_ROLES.index(row.role)
    for index, role in enumerate(roles.FARM_ROLES):
        assert (row.codename in roles.permissions(role)) == (index >= least), role


def test_every_body_and_form_is_of_a_verb():
    actions = {row.action for row in ROWS if row.path}
    assert RUN_BODIES.keys() - actions == {"record", "bulk", "plan"}
    assert actions <= {each.__name__ for each in ProductionRunViewSet.get_extra_actions()}
    assert FORMS.keys() <= {row.name for row in ROWS if row.label}


def test_one_verb_at_most_leads_from_a_status_to_another():
    pairs = [(source, to) for row in ROWS for source, tos in row.moves.items() for to in tos]
    assert len(pairs) == len(set(pairs))
    assert leading_to("planned", source="cancelled") == "revert"
    assert leading_to("planned", source="completed") is None


def test_an_event_is_recorded_of_a_verb_that_has_a_row(farm):
    run = a_run()
    with pytest.raises(ValueError, match="No Transition records “explode”"):
        run_state.record(run, "explode", came_from=run.status, by=None, at=run.created_at)
    assert len(EVENTS) == sum(len(row.events) or 1 for row in ROWS)  # no event is of two verbs
    longest = RunEvent._meta.get_field("verb").max_length
    assert all(re.fullmatch("[a-z_]+", event) and len(event) <= longest for event in EVENTS)
    assert {status for row in ROWS for status in row.moves} == set(ProductionRun.Status)
