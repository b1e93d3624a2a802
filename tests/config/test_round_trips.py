"""How often a request asks the database, apart from finding and entering its farm."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import FarmAPIClient
from tests.factories import a_printer, a_product, a_running_run, a_spool, make_token, make_user
from tests.production.spoolman.clients import Printer

FINDS_FARM = 'FROM "tenants_tenant"'


@pytest.fixture
def ask(committed_farm):
    """``ask(method, path, body)``: the statements of a request with a token."""
    client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
    token = make_token(make_user(role="manager"))
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    client.get("/api/v1/me/")  # the token's use is noted once a minute

    def statements(method, path, body=None):
        return statements_of(lambda: getattr(client, method)(f"/api/v1/{path}", body))

    return statements


def statements_of(request):
    with CaptureQueriesContext(connection) as seen:
        answer = request()
    assert answer.status_code == 200, answer.content
    return [each["sql"] for each in seen if FINDS_FARM not in each["sql"]]


def test_a_completion(ask):
    takes, makes = [(a_spool(), 10), (a_spool(), 10)], [(a_product(grams=1), 1) for _ in range(2)]
    runs = [a_running_run(*takes, items=makes, printer=a_printer()) for _ in range(2)]
    ask("post", f"production-runs/{runs[0].pk}/complete/", {"as_planned": True})
    found = ask("post", f"production-runs/{runs[1].pk}/complete/", {"as_planned": True})
    assert len(found) <= 12, "\n".join(found)  # the last asks what may be done next


@pytest.mark.parametrize("path", ["spools/", "production-runs/"])
def test_a_list_and_one_of_its_rows(ask, path):
    run = a_running_run((a_spool(), 10))
    pk = run.pk if path == "production-runs/" else run.materials.get().spool_id
    for asked in (path, f"{path}?page_size=1", f"{path}{pk}/"):
        found = ask("get", asked)
        assert len(found) <= 2, "\n".join(found)


@pytest.mark.parametrize(
    ("verb", "body", "most"), [("use", {"grams": "1"}, 5), ("weigh", {"gross_grams": "1100"}, 6)]
)
def test_a_spools_verb(ask, verb, body, most):
    spool = a_spool()
    ask("post", f"spools/{spool.pk}/{verb}/", body)
    found = ask("post", f"spools/{spool.pk}/{verb}/", body)
    assert len(found) <= most, "\n".join(found)


@pytest.mark.parametrize(
    ("agent", "most"), [("curl/8", 2), ("Moonraker/v0.9.3", 3)], ids=["curl", "Moonraker"]
)
def test_a_report_of_a_printer(committed_farm, agent, most):
    token = make_token(make_user(), scope="printer", kind="moonraker")
    printer, spool = Printer(token, host=f"{committed_farm.slug}.localhost"), a_spool()

    def report(mm):
        body, named = {"use_length": mm}, {"HTTP_USER_AGENT": agent}
        return statements_of(lambda: printer.put(f"spool/{spool.number}/use", body, **named))

    for mm in (9, 8):  # opens the meter, and notes the use of the token
        report(mm)
    found = report(7)
    assert len(found) == most, "\n".join(found)
