"""Pages that say why there is no other page: in the design, at any host, whatever does not work."""

import json
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.urls import get_resolver

from config.api import pages
from tenants.farms import services
from tenants.web import middleware

LOADED = re.compile(r'(?:src|href)="([^"]+\.\w+)"')
ONWARD = re.compile(r'<a [^>]*href="/')
HANDLERS = {400: "bad_request", 403: "not_permitted", 404: "not_found", 500: "server_error"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
KINDS = {
    "unreadable": 400,
    "form not accepted": 403,
    "not permitted": 403,
    "unknown address": 404,
    "unknown address of the API": 404,
    "unknown address of the public API": 404,
    "unknown host": 404,
    "no such run": 404,
    "sent only": 405,
    "the server failed": 500,
    "closed for maintenance": 503,
    "without a database": 503,
}


def failing(error):
    def fails(*_args):
        raise error

    return fails


@pytest.fixture
def wrong(farm, farm_client, operator, client_at, monkeypatch, settings):
    """``wrong(kind)``: the answer when that is wrong."""
    farm_client.force_login(operator)
    farm_client.raise_request_exception = False

    def answer(kind):
        if kind == "unreadable":
            settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
            return farm_client.post("/accounts/login/", {"username": "a", "password": "b"})
        if kind == "form not accepted":
            farm_client.handler.enforce_csrf_checks = True
            return farm_client.post("/accounts/login/")
        if kind == "unknown host":
            return client_at("nobody.example").get("/")
        if kind == "unknown address of the public API":
            return client_at("localhost").get("/api/v1/nothing/", headers=BROWSER)
        if kind == "closed for maintenance":
            services.close_farm(farm, by=None)
        if kind in ("without a database", "the server failed"):
            error = OperationalError if kind == "without a database" else RuntimeError
            monkeypatch.setattr(middleware, "is_public", failing(error))
        paths = {
            "unknown address": "/x/",
            "unknown address of the API": "/api/v1/nothing/",
            "not permitted": "/floor/device/",
            "sent only": "/accounts/logout/",
        }
        path = paths.get(kind, "/floor/runs/999999/")
        return farm_client.get(path, headers={"X-Request-ID": "one-two", **BROWSER})

    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_of_an_error_is_styled_from_its_own_host(wrong, kind):
    answer = wrong(kind)
    page = answer.content.decode()
    assert answer.status_code == KINDS[kind]
    assert [page.count(each) for each in ('<html lang="en-gb">', "<h1>", "<main ")] == [1, 1, 1]
    loaded = LOADED.findall(page)
    assert {"/static/tokens.css", "/static/admin/js/theme.js"} <= {*loaded}
    assert all(path.startswith("/static/") for path in loaded)
    for path in loaded:  # while nothing else works
        file = answer.client.get(path)
        assert (file.status_code, file["X-Content-Type-Options"]) == (200, "nosniff"), path
    assert ONWARD.search(page.partition("<main ")[2])
    assert ("one-two" in page) == (kind == "the server failed")


@pytest.mark.parametrize("accepted", ["*/*", "application/json", None])
@pytest.mark.parametrize("host", ["alpha.localhost", "localhost"])
def test_a_program_gets_a_problem_for_an_unknown_address_of_the_api(
    client_at, farm, host, accepted
):
    headers = {"Accept": accepted} if accepted else {}
    answer = client_at(host).get("/api/v1/nothing/", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert "end in a slash" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("/api/v1/spool", "message"),
        ("/metrics/", "message"),
        ("/api/version", "error"),
        ("/api/files/local", "error"),
        ("/api/files/local/", "error"),
    ],
)
@pytest.mark.parametrize("accepted", ["*/*", BROWSER["Accept"]], ids=["a program", "a browser"])
@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_printer_and_a_slicer_get_a_sentence(rf, path, member, accepted, status):
    request = rf.get(path, headers={"Accept": accepted})
    answer = getattr(pages, HANDLERS[status])(request, PermissionDenied())
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert json.loads(answer.content).keys() == {member}


@pytest.mark.parametrize("urls", ["config.urls", "config.urls_printers", "config.urls_public"])
def test_every_site_answers_errors_by_the_same_views(urls):
    found = {status: get_resolver(urls).resolve_error_handler(status) for status in HANDLERS}
    assert found == {status: getattr(pages, name) for status, name in HANDLERS.items()}


def test_an_address_that_is_sent_only_says_so_to_people_and_programs(farm_client, operator):
    farm_client.force_login(operator)
    page = farm_client.get("/accounts/logout/")
    assert (page.status_code, page["Allow"]) == (405, "POST, OPTIONS")
    assert "This address takes POST: open the page" in page.content.decode()
    answer = farm_client.get("/accounts/logout/", headers={"Accept": "application/json"})
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("sent_from", "back"),
    [
        ("http://alpha.localhost/floor/pin/?a=1&b=2", '<a href="/floor/pin/?a=1&amp;b=2">Back'),
        ("http://alpha.localhost//evil.example/", '<a href="/evil.example/">Back'),
        ("http://evil.example/floor/pin/", None),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_form_not_taken_leads_back_to_the_page_of_this_site(wrong, sent_from, back):
    client = wrong("form not accepted").client
    answer = client.post("/accounts/login/", headers={"Referer": sent_from})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert back in page if back else "Back to the page" not in page
