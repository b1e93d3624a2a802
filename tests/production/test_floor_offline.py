"""A form that the page's script sends, maybe long after it was filled in: JSON, and never as
somebody else. What the script itself does is in tests/browser."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.services.spools import consumption
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, slots
from production.views.floor import PERSON, WAITED
from tests.factories import a_run, a_running_run, a_slot, a_spool, make_user
from tests.production.floor_helpers import page, touch
from tests.queries import fresh


@pytest.fixture
def run(farm):
    return a_running_run((a_spool(), 40))


def whose(user):
    return {PERSON: f"alpha.{user.pk}", "Accept": "application/json"}


def send(client, run, *verb, headers, **fields):
    path = "/".join(["/floor/runs", str(run.pk), *verb, ""])
    return touch(client, path, headers=headers, idempotency_key="a-key", **fields)


def test_what_was_done_is_answered_with_where_to_go_on(floor, operator, run):
    answer = send(floor, run, "complete-as-planned", headers=whose(operator))
    assert answer.json() == {
        "message": f"Run {run.number} is completed: 40 g are booked.",
        "location": f"/floor/runs/{run.pk}/",
    }
    assert "is completed" not in floor.get("/floor/").content.decode()  # as it was answered already


def test_sent_again_as_its_answer_was_lost_it_is_answered_the_same(floor, operator, run):
    first = send(floor, run, "complete-as-planned", headers=whose(operator))
    again = send(floor, run, "complete-as-planned", headers=whose(operator))
    assert again.json() == first.json()
    assert run.transactions.count() == 1


def test_a_new_token_after_a_new_sign_in_makes_no_other_form_of_it(floor, operator, run):
    given = {"headers": whose(operator)}
    first = send(floor, run, "complete-as-planned", **given, csrfmiddlewaretoken="before")
    again = send(floor, run, "complete-as-planned", **given, csrfmiddlewaretoken="after")
    bare = send(floor, run, "complete-as-planned", **given)
    assert first.json() == again.json() == bare.json()


def test_a_refusal_says_why_and_leaves_no_key(floor, operator, run):
    answer = send(floor, run, "start", headers=whose(operator))
    assert answer.status_code == 409
    assert answer.json()["code"] == "invalid_run_status"
    assert run.number in answer.json()["detail"]
    assert send(floor, run, "complete-as-planned", headers=whose(operator)).status_code == 200


def test_figures_that_are_none_are_refused_in_words(floor, operator, run):
    answer = touch(
        floor, f"/floor/runs/{run.pk}/fail/", headers=whose(operator), progress_percent="much"
    )
    assert answer.status_code == 400
    assert "Enter a number." in answer.json()["detail"]


# --- What others did while it waited -------------------------------------------------------------

HOUR = {WAITED: "3600"}


def test_figures_that_waited_do_not_go_over_those_that_others_noted_since(floor, operator, run):
    line = run.materials.get()
    later = {"materials": [MaterialActual(line=line.pk, actual_grams=Decimal(20))]}
    midprint.save_actuals(run, by=make_user(name="Nina"), **later)
    fields = {f"material-{line.pk}-actual_grams": "10"}
    answer = send(floor, run, "note", headers=whose(operator) | HOUR, **fields)
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert "Nina noted figures of run" in answer.json()["detail"]
    again = page(send(floor, run, "note", headers={}, waited="3600", **fields), 409)
    assert 'value="10"' in again
    assert 'name="waited"' not in again  # looked at: it may be done now
    assert fresh(line).actual_grams == 20
    assert send(floor, run, "note", headers=whose(operator), **fields).status_code == 200
    assert fresh(line).actual_grams == 10


@pytest.mark.parametrize("waited_for", ["", "0", "29", "-3600", "x", "1e9", "٣٦٠٠", "9" * 40])
def test_what_hardly_waited_is_done_at_once(floor, operator, run, waited_for):
    midprint.progress(run, by=None, percent=50)
    headers = whose(operator) | {WAITED: waited_for.encode().decode("latin-1")}
    assert send(floor, run, "complete-as-planned", headers=headers).status_code == 200


def test_ones_own_that_waited_is_done_after_ones_own(floor, operator):
    run = a_run((a_spool(), 40))
    headers = whose(operator) | HOUR
    Event = type(run.events.get())
    Event.objects.update(at=run.created_at - timedelta(hours=2))
    assert send(floor, run, "start", headers=headers).status_code == 200
    answer = touch(
        floor, f"/floor/runs/{run.pk}/complete-as-planned/", headers=headers, idempotency_key="b"
    )
    assert answer.status_code == 200


def test_a_weight_that_waited_is_of_the_moment_it_was_typed(floor, operator):
    spool = a_spool(at=timezone.now() - timedelta(hours=2))
    path = f"/floor/spools/{spool.pk}/weigh/"
    assert touch(floor, path, headers=HOUR, gross_grams="1190").status_code == 303
    entry = spool.transactions.last()
    assert timedelta(minutes=59) < entry.created_at - entry.occurred_at < timedelta(minutes=61)


@pytest.mark.parametrize(("basis", "left"), [("then", 940), ("now", 980)])
def test_a_weight_from_before_other_entries_asks_which_it_is(floor, operator, basis, left):
    spool = a_spool(at=timezone.now() - timedelta(hours=2))
    consumption.use(spool, grams=40, by=None)
    path = f"/floor/spools/{spool.pk}/weigh/"
    answer = touch(floor, path, headers=whose(operator) | HOUR, gross_grams="1180")
    assert (answer.status_code, answer.json()["code"]) == (409, "entries_since_weighing")
    form = page(touch(floor, path, headers=HOUR, gross_grams="1180"), 409)
    assert "When was it weighed?" in form
    waited = form.partition('name="waited" value="')[2].partition('"')[0]
    assert 3600 <= int(waited) <= 3700
    response = touch(floor, path, gross_grams="1180", waited=waited, basis=basis)
    assert response.status_code == 303
    assert fresh(spool).remaining_grams == left


def test_a_load_that_waited_does_not_push_out_what_others_loaded_since(floor, operator):
    slot, spool, other = a_slot(), a_spool(), a_spool()
    slots.load(other, slot=slot, by=None)
    form = {f"/floor/spools/{spool.pk}/load/": {"slot": slot.pk}}
    form[f"/floor/slots/{slot.pk}/load/"] = {"spool": spool.code}
    form[f"/floor/slots/{slot.pk}/unload/"] = {}
    for path, fields in form.items():
        answer = touch(floor, path, headers=whose(operator) | HOUR, **fields)
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
        assert f"the system put spool {other.code} into {slot}" in answer.json()["detail"]
    assert fresh(slot).spool == other


# --- Whose it is ---------------------------------------------------------------------------------


def test_it_is_never_done_as_somebody_else(farm_client, operator, manager, run):
    farm_client.force_login(manager)
    answer = send(farm_client, run, "complete-as-planned", headers=whose(operator))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    farm_client.logout()
    answer = send(farm_client, run, "complete-as-planned", headers=whose(operator))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert run.transactions.count() == 0


def test_a_viewer_is_told_that_it_is_not_theirs_to_do(farm_client, viewer, run):
    farm_client.force_login(viewer)
    answer = send(farm_client, run, "complete-as-planned", headers=whose(viewer))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_what_is_gone_is_told(floor, operator, run):
    answer = touch(floor, "/floor/runs/1/complete-as-planned/", headers=whose(operator))
    assert (answer.status_code, answer.json()["code"]) == (404, "missing")


def test_a_page_says_whose_it_is(floor, operator):
    answer = floor.get("/floor/")
    assert answer[PERSON] == f"alpha.{operator.pk}"
    assert f'data-person="alpha.{operator.pk}"' in answer.content.decode()


def test_the_worker_looks_after_the_floor_alone(farm_client):
    answer = farm_client.get("/static/floor-worker.js")
    assert answer["Service-Worker-Allowed"] == "/floor/"
    assert "script" in answer["Content-Type"]
    assert "Service-Worker-Allowed" not in farm_client.get("/static/floor.js")
