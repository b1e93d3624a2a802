"""A form that the page's script sends, maybe long after it was filled in: JSON, and never as
somebody else. What the script itself does is in tests/browser."""

import gzip
from pathlib import Path

import pytest

from production.views.floor import PERSON
from tests.factories import a_running_run, a_spool
from tests.production.touching import touch

STATIC = Path(__file__).resolve().parents[2] / "static"


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
        "said": f"Run {run.number} is completed: 40 g are booked.",
        "location": f"/floor/runs/{run.pk}/",
    }
    assert "is completed" not in floor.get("/floor/").content.decode()  # it was said already


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


def test_the_floors_scripts_are_small():
    scripts = [STATIC / name for name in ("floor-offline.js", "floor-worker.js", "signed-out.js")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < 6_000
