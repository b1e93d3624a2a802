"""Every verb of the program is seen, whichever way it ends.

A new verb has its story in `verbs.stories`.
"""

import functools
import importlib
import pkgutil
from decimal import Decimal

import pytest
from opentelemetry.trace import StatusCode

import inventory
import production
import tenants
from inventory.services.ledger import InsufficientInventory
from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.run_state import InvalidRunStatus
from tenants.accounts import pins
from tenants.accounts import services as people
from tenants.operations import operation
from tenants.operations.refusals import Busy
from tests.factories import PASSWORD, a_running_run, a_spool, make_user
from tests.production.verbs.stories import NEW, STORIES
from tests.production.verbs.stories_of_runs import OF_RUNS, forgotten, running
from tests.spans import watching

OF_THE_PUBLIC_SITE = {"farm.add", "farm.request_add", "farm.request_drop", "farm.restore"}
ELSEWHERE = {"farm.restore_in_place"}  # in tenants/test_restores: of a farm that is committed


@functools.cache
def verbs():
    """Every decorated function of the program, by its name as an operation."""
    found = {}
    for app in (tenants, inventory, production):
        for module in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if ".migrations" not in module.name:
                here = vars(importlib.import_module(module.name)).values()
                found |= {each.operation_type: each for each in here if is_verb(each)}
    return found


def is_verb(thing):
    return callable(thing) and isinstance(getattr(thing, "operation_type", None), str)


@pytest.fixture
def watched(farm):
    with watching() as watched:
        yield watched


def counted(watched, name, outcome):
    points = watched.points("spoolbook.operations")
    labels = {"operation_type": name, "outcome": outcome}
    return sum(point.value for found, point in points if found == labels)


def test_every_verb_has_its_story_here():
    assert sorted(verbs()) == sorted({*STORIES, *ELSEWHERE}), "Tell a story for a new verb."


@pytest.mark.parametrize("name", STORIES)
def test_a_verb_that_succeeds_is_seen(farm, watched, name):
    STORIES[name]()
    seen = watched.last(name)
    place = "public" if name in OF_THE_PUBLIC_SITE else farm.schema_name
    assert (seen["operation_type"], seen["outcome"], seen["tenant_id"]) == (name, "ok", place)
    assert counted(watched, name, "ok") == len(watched.spans(name))


@pytest.mark.parametrize("name", OF_RUNS)
def test_a_verb_of_a_run_names_the_run(watched, name):
    OF_RUNS[name]()
    first = ProductionRun.objects.order_by("pk").first()  # reprint makes another
    assert watched.last(name)["run_id"] == first.pk


@pytest.mark.parametrize(
    ("error", "outcome", "status"),
    [
        (InvalidRunStatus("It is completed."), "invalid_run_status", StatusCode.UNSET),
        (Busy(), "busy", StatusCode.UNSET),
        (ZeroDivisionError(), "error:ZeroDivisionError", StatusCode.ERROR),
    ],
    ids=["refused", "busy", "broken"],
)
@pytest.mark.parametrize("name", STORIES)
def test_a_verb_that_does_not_succeed_is_seen(watched, monkeypatch, name, error, outcome, status):
    def fail(_work, **_seen):
        raise error

    verb = verbs()[name]  # first: a module imported later would keep the broken function
    monkeypatch.setattr(operation, "in_transaction", fail)
    with pytest.raises(type(error)):
        verb(None, by=None)
    [span] = watched.spans(name)
    assert (span.attributes["outcome"], span.status.status_code) == (outcome, status)
    assert counted(watched, name, outcome) == 1


def test_a_completion_without_enough_filament_is_a_refusal_of_that_run(watched):
    spool = a_spool(100)
    run = a_running_run((spool, 10))
    took = MaterialActual(spool=spool.pk, actual_grams=Decimal(200))
    with pytest.raises(InsufficientInventory):
        completion.complete(run, by=None, materials=[took], confirm=True)
    seen = watched.last("production_run.complete")
    assert (seen["outcome"], seen["run_id"]) == ("insufficient_inventory", run.pk)
    assert counted(watched, "production_run.complete", "insufficient_inventory") == 1


def test_a_completion_that_breaks_down_half_way_is_an_error_of_that_run(watched, monkeypatch):
    run = running()
    monkeypatch.setattr("production.services.run_state.write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        completion.complete(run, by=None, as_planned=True)
    [span] = watched.spans("production_run.complete")
    assert (span.attributes["run_id"], span.status.status_code) == (run.pk, StatusCode.ERROR)


def test_a_dry_run_of_a_completion_is_marked(watched):
    completion.complete(running(), by=None, as_planned=True, dry_run=True)
    assert watched.last("production_run.complete")["dry_run"] is True
    assert counted(watched, "production_run.complete", "ok") == 0


def test_a_forgotten_run_shows_what_it_is_made_of(watched):
    forgotten()
    whole = watched.spans("production_run.record")[0]
    parts = [watched.spans(f"production_run.{verb}")[0] for verb in ("create", "complete")]
    assert {part.parent.span_id for part in parts} == {whole.context.span_id}


def test_secrets_are_not_seen(watched, caplog):
    caplog.set_level("INFO")
    _, secret = people.issue_token(make_user(), name="printer", scope="read", by=None)
    people.set_password(make_user(), password=NEW, by=None)
    pins.set_pin(make_user(), pin="83620174", by=None)
    recorded = [str(vars(line)) for line in caplog.records]
    recorded += [
        str(watched.last(name)) for name in ("token.issue", "user.set_password", "pin.set")
    ]
    assert not any(text in line for text in (secret, PASSWORD, "83620174") for line in recorded)
