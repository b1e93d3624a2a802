"""Conventions of the API: what an error looks like, who may, who one is."""

from unittest import mock

import pytest
from django.db import InternalError, OperationalError
from django_tenants.utils import tenant_context
from psycopg import errors

from inventory.models import Location
from tenants.accounts.models import DeviceToken
from tests.conftest import FarmAPIClient
from tests.factories import PASSWORD, make_token

LOCATIONS = "/api/v1/locations/"


# --- Errors --------------------------------------------------------------------------------------


def test_an_error_is_a_problem_with_the_correlation_id(api):
    answer = api.get(f"{LOCATIONS}1/", headers={"X-Request-ID": "from-the-slicer"})
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() | {"detail": ""} == {
        "type": "/problems/not_found",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "",
        "correlation_id": "from-the-slicer",
    }


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/nothing/", "/api/v1/locations", f"{LOCATIONS}{10**30}/"]
)
def test_what_is_no_address_is_a_problem_too(api, path):
    answer = api.post(path, {})
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_no_cache_on_the_way_keeps_what_is_somebodys(api, manager):
    assert api.get(LOCATIONS)["Cache-Control"] == "private, no-cache"
    assert api.get(f"{LOCATIONS}1/")["Cache-Control"] == "private, no-cache"
    assert api.get("/api/v1/me/")["Cache-Control"] == "private, no-cache"
    body = {"username": manager.username, "password": PASSWORD, "name": "mine", "scope": "all"}
    for made in (api.post("/api/v1/tokens/", body), api.get("/api/v1/tokens/")):
        assert made["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("jobs/99999999999/", "job with the id 99999999999"),
        ("jobs/7/result/", "job with the id 7"),
        ("production-runs/7/items/", "production run with the id 7"),
    ],
)
def test_a_row_that_is_not_there_is_named(api, path, missing):
    answer = api.get(f"/api/v1/{path}")
    expected = (404, "not_found", f"There is no {missing}.")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == expected


def test_a_method_that_an_address_does_not_have_is_405(api):
    answer = api.put("/api/v1/reasons/", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


def test_a_body_that_is_no_json_is_refused_by_its_type(api):
    answer = api.post(LOCATIONS, {"name": "Shelf"}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_when_the_database_does_not_answer_it_is_503_with_retry_after(api):
    with mock.patch("tenants.accounts.audited.create", side_effect=OperationalError("gone")):
        answer = api.post(LOCATIONS, {"name": "Shelf"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"]


@pytest.mark.parametrize(
    ("cause", "code", "reason"),
    [
        (errors.DiskFull, "unavailable", "The disk of the database is full"),
        (errors.ReadOnlySqlTransaction, "unavailable", "can only be read"),
        (errors.AdminShutdown, "unavailable", "is not available"),
        (errors.QueryCanceled, "busy", "Others are changing the same rows"),
    ],
)
def test_why_the_database_takes_nothing_is_told_by_the_api_and_by_pages(
    api, browser, caplog, cause, code, reason
):
    kind = InternalError if cause is errors.ReadOnlySqlTransaction else OperationalError
    error = kind("could not extend file")
    error.__cause__ = cause("could not extend file")
    with mock.patch("tenants.accounts.audited.create", side_effect=error):
        answer = api.post(LOCATIONS, {"name": "Shelf"})
        page = browser.post("/admin/inventory/location/add/", {"name": "Shelf"})
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert reason in answer.json()["detail"]
    assert (page.status_code, reason in page.content.decode()) == (503, True)
    assert page["Retry-After"]
    logged = [record.message for record in caplog.records if record.name == "tenants.web.failures"]
    assert bool(logged) == (code == "unavailable")
    assert all("could not extend file" in message for message in logged)


def test_when_the_use_of_a_token_can_not_be_noted_reading_goes_on(api_client, viewer, caplog):
    token = {"Authorization": f"Token {make_token(viewer)}"}
    error = InternalError("cannot execute UPDATE in a read-only transaction")
    with mock.patch("django.db.models.query.QuerySet.update", side_effect=error) as update:
        assert api_client.get(LOCATIONS, headers=token).status_code == 200
    assert update.called
    assert "The use of a token is not noted: cannot execute UPDATE" in caplog.text


@pytest.fixture
def browser(farm_client, manager):
    farm_client.force_login(manager)
    farm_client.raise_request_exception = False
    return farm_client


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(api):
    api.raise_request_exception = False
    with mock.patch("tenants.accounts.audited.create", side_effect=KeyError("secret")):
        answer = api.post(LOCATIONS, {"name": "Shelf"})
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert answer["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.content.decode()


# --- Who may -------------------------------------------------------------------------------------


def test_who_is_not_signed_in_gets_401_and_who_may_not_403(api_client, viewer):
    answer = api_client.get(LOCATIONS)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Token")
    api_client.force_authenticate(viewer)
    assert api_client.get(LOCATIONS).status_code == 200
    answer = api_client.post(LOCATIONS, {"name": "Shelf"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not Location.objects.exists()


def test_an_operator_adds_and_a_manager_removes(api_client, operator, manager):
    api_client.force_authenticate(operator)
    pk = api_client.post(LOCATIONS, {"name": "Shelf"}).json()["id"]
    assert api_client.delete(f"{LOCATIONS}{pk}/").status_code == 403
    api_client.force_authenticate(manager)
    assert api_client.delete(f"{LOCATIONS}{pk}/").status_code == 204
    assert not Location.objects.exists()


def test_a_token_of_another_farm_is_no_token(api_client, other_farm, stranger):
    with tenant_context(other_farm):
        secret = make_token(stranger)
    api_client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert api_client.get("/api/v1/me/").status_code == 401


def test_a_session_needs_the_csrf_token_to_write(farm, manager):
    browser = FarmAPIClient(host="alpha.localhost")
    browser.handler.enforce_csrf_checks = True
    browser.force_login(manager)
    assert browser.get(LOCATIONS).status_code == 200
    assert browser.post(LOCATIONS, {"name": "Shelf"}).status_code == 403
    assert not Location.objects.exists()


# --- Tokens and me -------------------------------------------------------------------------------


def test_a_token_is_made_with_a_password_shown_once_and_revoked(api_client, operator):
    body = {"username": "otto", "password": PASSWORD, "name": "Slicer", "scope": "all"}
    answer = api_client.post("/api/v1/tokens/", body)
    assert answer.status_code == 201
    api_client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    listed = api_client.get("/api/v1/tokens/").json()["results"]
    assert [(row["name"], "token" in row) for row in listed] == [("Slicer", False)]
    assert api_client.delete(f"/api/v1/tokens/{listed[0]['id']}/").status_code == 204
    assert api_client.get("/api/v1/me/").status_code == 401


def test_a_wrong_password_makes_no_token(api_client, operator):
    body = {"username": "otto", "password": "wrong", "name": "Slicer", "scope": "all"}
    answer = api_client.post("/api/v1/tokens/", body)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert not DeviceToken.objects.exists()


def test_tokens_of_others_are_not_there(api_client, operator, manager):
    make_token(manager)
    api_client.force_authenticate(operator)
    assert api_client.get("/api/v1/tokens/").json()["total_count"] == 0
    pk = DeviceToken.objects.get().pk
    assert api_client.delete(f"/api/v1/tokens/{pk}/").status_code == 404


def test_me_says_who_i_am_what_i_may_and_where(api_client, viewer):
    api_client.force_authenticate(viewer)
    me = api_client.get("/api/v1/me/").json()
    assert (me["username"], me["role"], me["farm"]["slug"]) == ("vera", "viewer", "alpha")
    assert "inventory.view_spool" in me["permissions"]
    assert "inventory.weigh_spool" not in me["permissions"]
