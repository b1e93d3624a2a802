"""What one did last is undone through the API as on the floor: the same people, time, refusals."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import InventoryTransaction, SpoolEvent
from inventory.services import receiving
from inventory.services.spools import consumption
from production.models import RunEvent
from production.services.printing import slots
from production.services.runs import lifecycle
from tests.factories import a_filament, a_run, a_running_run, a_slot, a_spool
from tests.inventory.api_helpers import at as at_spool
from tests.production.api_helpers import at
from tests.queries import fresh, violations
from tests.responses import done, refused

UNDO = "/api/v1/me/undo/"

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def mine(api_client, operator):
    """A program of the operator's."""
    api_client.force_authenticate(operator)
    return api_client


def last(api):
    return done(api.get(UNDO))["undoable"]


def undo(api, undoable):
    return api.post(UNDO, {name: undoable[name] for name in ("kind", "event")})


def long_ago():
    """Everything was done 31 minutes before."""
    then = timezone.now() - timedelta(minutes=31)
    RunEvent.objects.update(at=then)


def test_who_did_nothing_has_nothing_to_undo(mine, manager):
    lifecycle.start(a_run((a_spool(), 10)), by=manager)
    assert last(mine) is None


def test_the_end_of_a_run_is_undone(mine, operator):
    run = a_running_run((a_spool(1000), 40))
    done(mine.post(at(run, "complete"), {"as_planned": True}))
    offer = last(mine)
    assert (offer["kind"], offer["verb"], offer["run"]) == ("run", "complete", run.pk)
    assert offer["spool"] is None
    assert offer["detail"] == f"completed run {run.number}"
    assert offer["event"] == RunEvent.objects.latest("pk").pk
    answer = done(undo(mine, offer))
    assert (answer["run"]["id"], answer["run"]["status"]) == (run.pk, "in_progress")
    assert answer["spools"] == []
    assert RunEvent.objects.latest("pk").by == operator
    assert last(mine) is None
    refused(undo(mine, offer), 409, "nothing_to_undo")
    assert violations() == []


def test_a_weighing_is_undone_by_somebody_who_may_not_reverse(mine):
    spool = a_spool(1000)
    done(mine.post(at_spool(spool, "weigh"), {"gross_grams": "1190"}))
    offer = last(mine)
    assert (offer["kind"], offer["verb"], offer["spool"]) == ("weighing", "weigh", spool.pk)
    (answer,) = done(undo(mine, offer))["spools"]
    assert (answer["remaining_grams"], answer["needs_weighing"]) == ("1000.000000", False)


def test_a_loading_is_undone(mine, operator):
    spool, slot = a_spool(), a_slot()
    slots.load(spool, slot=slot, by=operator)
    assert undo(mine, last(mine)).json()["spools"][0]["id"] == spool.pk
    assert fresh(slot).spool is None


def test_a_whole_delivery_is_undone_in_as_many_queries_however_large(mine, operator):
    filament = a_filament()

    def queries(count):
        receiving.receive_many(filament=filament, count=count, by=operator)
        offer = last(mine)
        assert (offer["kind"], offer["verb"]) == ("receipt", "receive")
        with CaptureQueriesContext(connection) as captured:
            spools = done(undo(mine, offer))["spools"]
        assert [(each["remaining_grams"], each["is_archived"]) for each in spools] == [
            ("0.000000", True)
        ] * count
        return len(captured)

    assert queries(1) == queries(20)
    assert violations() == []


def test_a_request_that_is_sent_again_undoes_once(mine):
    run = a_running_run((a_spool(), 40))
    done(mine.post(at(run, "complete"), {"as_planned": True}))
    offer = last(mine)
    body = {"kind": offer["kind"], "event": offer["event"]}
    answers = [mine.post(UNDO, body, HTTP_IDEMPOTENCY_KEY="undo-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert RunEvent.objects.filter(verb="revert").count() == 1


def test_options_describe_the_body(mine):
    assert done(mine.options(UNDO))["actions"]["POST"].keys() == {"kind", "event"}


# --- What is refused -----------------------------------------------------------------------------


def test_what_another_did_or_long_ago_is_a_managers(mine, manager):
    run = lifecycle.start(a_run((a_spool(), 10)), by=manager)
    event = {"kind": "run", "event": run.events.latest("pk").pk}
    refused(undo(mine, event), 403, "undo_not_permitted")
    other = a_run((a_spool(), 10))
    done(mine.post(at(other, "start"), {}))
    offer = last(mine)
    long_ago()
    assert last(mine) is None
    refused(undo(mine, offer), 403, "undo_not_permitted")
    mine.force_authenticate(manager)
    assert done(undo(mine, offer))["run"]["status"] == "planned"


def test_what_something_was_done_after_is_refused(mine):
    spool = a_spool(1000)
    done(mine.post(at_spool(spool, "weigh"), {"gross_grams": "1190"}))
    offer = last(mine)
    consumption.use(spool, grams=5, by=None)
    assert last(mine) is None
    refused(undo(mine, offer), 409, "nothing_to_undo")
    assert fresh(spool).remaining_grams == 985


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"kind", "event"}),
        ({"kind": "run"}, {"event"}),
        ({"kind": "print", "event": 1}, {"kind"}),
        ({"kind": "run", "event": 0}, {"event"}),
        ({"kind": "run", "event": 10**30}, {"event"}),
        ({"kind": "loading", "event": 2**63 - 1}, {"event"}),
        ({"kind": "receipt", "event": "1"}, {"event"}),
    ],
)
def test_a_body_that_names_nothing_is_400(mine, body, wrong):
    assert set(refused(mine.post(UNDO, body), 400, "invalid")["errors"]) == wrong


def test_events_that_are_no_such_thing_are_refused_and_change_nothing(mine):
    spool, run = a_spool(1000), a_running_run((a_spool(), 10))
    done(mine.post(at_spool(spool, "use"), {"grams": "5", "reason": "test"}))
    done(mine.post(at_spool(spool, "open")))
    done(mine.patch(at(run), {"notes": "Blue box"}))
    used = InventoryTransaction.objects.latest("pk").pk
    for kind, event in {
        "weighing": used,
        "receipt": used,
        "loading": SpoolEvent.objects.latest("pk").pk,
        "unloading": SpoolEvent.objects.latest("pk").pk,
        "run": RunEvent.objects.latest("pk").pk,
    }.items():
        refused(undo(mine, {"kind": kind, "event": event}), 409, "nothing_to_undo")
    assert fresh(spool).remaining_grams == 995


def test_a_deletion_is_undone(mine):
    spool = a_spool(1000)
    run = a_run((spool, 10))
    assert mine.delete(at(run)).status_code == 204
    offer = last(mine)
    assert (offer["verb"], offer["detail"]) == ("delete", f"deleted run {run.number}")
    assert done(undo(mine, offer))["run"]["status"] == "planned"
    assert fresh(spool).reserved_grams == 10
    refused(undo(mine, offer), 409, "nothing_to_undo")


def test_a_viewer_sees_that_there_is_nothing_and_undoes_nothing(api_client, viewer):
    api_client.force_authenticate(viewer)
    assert last(api_client) is None
    refused(api_client.post(UNDO, {"kind": "run", "event": 1}), 403, "permission_denied")
    assert "actions" not in done(api_client.options(UNDO))
    assert api_client.head(UNDO).status_code == 200
