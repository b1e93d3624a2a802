"""What was done is answered as done: every write of the API is one transaction with its answer."""

from contextlib import contextmanager
from functools import partial

import pytest
from django.db import OperationalError, connection

from inventory.models import Filament
from production.models import Product
from tenants.accounts.models import IdempotencyKey
from tenants.api.views import BaseViewSet
from tests.config.routes import furnish, ids_of, routes
from tests.conftest import FarmAPIClient, browser_of
from tests.factories import a_running_run, a_spool, make_token, make_user
from tests.production.admin_forms import fields
from tests.production.floor_helpers import touch
from tests.queries import fresh, violations
from tests.responses import refused, text_of

KEY = {"Idempotency-Key": "once"}
WRITES = ("post", "put", "patch", "delete")
RUN = "/api/v1/production-runs/{pk}/"
BODIES = {
    "/api/v1/production-runs/": lambda: {"items": [{"product": id_of(Product), "quantity": 1}]},
    "/api/v1/products/": lambda: {"sku": "NEW", "name": "New"},
    "/api/v1/locations/": lambda: {"name": "New"},
    "/api/v1/spools/": lambda: {"filament": id_of(Filament)},
    "/api/v1/spools/receive/": lambda: {"filament": id_of(Filament), "count": 2},
    "/api/v1/spools/{pk}/adjust/": lambda: {"grams": 1, "reason": "found"},
    "/api/v1/spools/{pk}/use/": lambda: {"grams": 1},
    "/api/v1/spools/{pk}/waste/": lambda: {"grams": 1},
    "/api/v1/spools/{pk}/weigh/": lambda: {"gross_grams": 900, "confirm": True},
    f"{RUN}complete/": lambda: {"as_planned": True},
    f"{RUN}correct/": lambda: {"actual_minutes": 5},
    f"{RUN}fail/": lambda: {"reason_code": "adhesion", "progress_percent": 50},
    f"{RUN}progress/": lambda: {"progress_percent": 50},
}
COUNTED_FIRST = {"POST /api/v1/tokens/"}  # a try at a password, which stays when it is refused
SURELY_DONE = {f"POST {path}" for path in BODIES if path != f"{RUN}correct/"} | {
    f"PATCH {RUN}",
    f"POST {RUN}cancel/",
    f"POST {RUN}copy/",
    f"POST {RUN}unstart/",
    "DELETE /api/v1/locations/{pk}/",
    "PATCH /api/v1/settings/",
    "PUT /api/v1/spools/{pk}/",
}


def id_of(model):
    return model.objects.order_by("pk").last().pk


@pytest.fixture
def client(committed_farm):
    client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(make_user(role='manager'))}")
    furnish("word")  # later, so that it is not this token that is revoked
    return client


@contextmanager
def after_commit(then):
    """``then()`` follows each COMMIT in the block, which may fail because of it."""
    commit = connection._commit

    def committed():
        commit()
        then()

    connection._commit = committed
    try:
        yield
    finally:
        del connection._commit
        connection.execute_wrappers.clear()


def answer_nothing_more():
    connection.execute_wrappers.append(lose)


def lose(*_):
    raise OperationalError("the connection is lost")


def test_nothing_that_can_fail_follows_a_commit(client, monkeypatch):
    done, outside, failed = set(), set(), {}
    finalize = BaseViewSet.finalize_response

    def look(view, request, response, *args, **kwargs):
        is_over = response.is_rendered or response.status_code >= 400 or request.method == "GET"
        if not (is_over or connection.in_atomic_block):
            outside.add(f"{request.method} {request.path}")
        return finalize(view, request, response, *args, **kwargs)

    monkeypatch.setattr(BaseViewSet, "finalize_response", look)
    for name, write in writes(client):
        if name in COUNTED_FIRST:
            continue
        with after_commit(answer_nothing_more):
            answer = write()
        if answer.status_code < 300:
            done.add(name)
        elif answer.status_code >= 500:
            failed[name] = answer.content
    assert (failed, outside) == ({}, set())
    assert SURELY_DONE - done == set()
    assert violations() == []


def writes(client):
    """Each write of each address, deletions last: its name, and a function that sends it."""
    found = [
        (method, route)
        for route in routes()
        for method in WRITES
        if method in (getattr(route.view, "actions", None) or {})
    ]
    found.sort(key=lambda write: (write[0] == "delete", -len(write[1].path)))
    for method, route in found:
        if route.path.startswith(RUN):
            a_running_run((a_spool(100), 10))
        address, body = route.address(*ids_of(route)), {}
        if method in ("put", "patch") and "get" in route.view.actions:
            body = client.get(address).json()
        elif route.path in BODIES:
            body = BODIES[route.path]()
        yield f"{method.upper()} {route.path}", partial(getattr(client, method), address, body)


def test_a_lost_commit_is_told_as_such_and_a_key_leads_to_the_answer(client):
    spool, path = a_spool(100), "/api/v1/spools/{}/use/"
    with after_commit(lose):
        problem = client.post(path.format(spool.pk), {"grams": 10})
        with_key = client.post(path.format(spool.pk), {"grams": 20}, headers=KEY)
    for answer in (problem, with_key):
        assert "look before you do it again" in refused(answer, 503, "outcome_unknown")["detail"]
        assert "Retry-After" not in answer.headers
    again = client.post(path.format(spool.pk), {"grams": 20}, headers=KEY)
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert fresh(spool).remaining_grams == 70
    assert IdempotencyKey.objects.count() == 1


# --- Pages ---------------------------------------------------------------------------------------


@pytest.fixture
def browser(committed_farm):
    return browser_of(committed_farm, make_user(role="manager"))


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "once"}])
def test_a_press_on_the_floor_is_answered_as_done_without_the_database(browser, key):
    run = a_running_run((a_spool(100), 10))
    path = f"/floor/runs/{run.pk}/complete-as-planned/"
    with after_commit(answer_nothing_more):
        assert touch(browser, path, **key).status_code == 303
    assert fresh(run).status == "completed"


def test_a_verb_in_the_admin_is_answered_as_done_without_the_database(browser):
    runs = [a_running_run((a_spool(100), 10)) for _ in range(3)]
    url = f"/admin/production/productionrun/{runs[0].pk}/complete/"
    seen = browser.post(url, fields(browser.get(url)))
    sent = fields(seen) | {"_do": "1"}
    with after_commit(answer_nothing_more):
        assert browser.post(url, sent).status_code == 302
    assert fresh(runs[0]).status == "completed"


def test_of_several_rows_in_the_admin_those_before_a_failure_are_told_as_done(browser):
    url = "/admin/production/productionrun/"
    runs = [a_running_run((a_spool(100), 10)) for _ in range(2)]
    sent = {"action": "do_complete", "_selected_action": [run.pk for run in runs]}
    sent |= {"_seen": browser.post(url, sent).context["seen"], "_do": "1"}
    with after_commit(answer_nothing_more):
        assert browser.post(url, sent).status_code == 302
    assert sorted(fresh(run).status for run in runs) == ["completed", "in_progress"]


def test_a_person_is_told_to_look_first_when_a_commit_was_lost(browser):
    run = a_running_run((a_spool(100), 10))
    path = f"/floor/runs/{run.pk}/complete-as-planned/"
    browser.raise_request_exception = False
    with after_commit(lose):
        answer = touch(browser, path, idempotency_key="once")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, None)
    assert "look before you do it again" in text_of(answer)
    assert touch(browser, path, idempotency_key="once").status_code == 303  # the same press again
    assert run.transactions.count() == 1
