"""The house rules of the API: who may, what a body may be, what an error looks like."""

import json
from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import Location, Manufacturer
from tenants.accounts.models import AuditEvent, DeviceToken, IdempotencyKey
from tests.conftest import FarmAPIClient
from tests.factories import PASSWORD, a_manufacturer, make_token, make_user

LOCATIONS = "/api/v1/locations/"


@pytest.fixture
def managing(api_client, manager):
    api_client.force_authenticate(manager)
    return api_client


def raw(client, body, path=LOCATIONS):
    return client.generic("POST", path, body, content_type="application/json")


# --- Errors ------------------------------------------------------------------------------------


def test_an_error_is_a_problem_with_the_correlation_id(managing):
    answer = managing.get(f"{LOCATIONS}1/", headers={"X-Request-ID": "from-the-slicer"})
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
def test_what_is_no_address_is_a_problem_too(managing, path):
    answer = managing.post(path, {})
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_a_method_that_an_address_does_not_have_is_405(managing):
    answer = managing.put("/api/v1/reasons/", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


def test_a_body_that_is_no_json_is_refused_by_its_type(managing):
    answer = managing.post(LOCATIONS, {"name": "Shelf"}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_when_the_database_does_not_answer_it_is_503_with_retry_after(managing):
    with mock.patch("tenants.accounts.records.add", side_effect=OperationalError("gone")):
        answer = managing.post(LOCATIONS, {"name": "Shelf"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"]


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(managing):
    managing.raise_request_exception = False
    with mock.patch("tenants.accounts.records.add", side_effect=KeyError("secret")):
        answer = managing.post(LOCATIONS, {"name": "Shelf"})
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert answer["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.content.decode()


# --- Who may -----------------------------------------------------------------------------------


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


# --- Tokens and me -----------------------------------------------------------------------------


def test_a_token_is_made_with_a_password_shown_once_and_revoked(api_client, operator):
    body = {"username": "otto", "password": PASSWORD, "name": "Slicer"}
    answer = api_client.post("/api/v1/tokens/", body)
    assert answer.status_code == 201
    api_client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    listed = api_client.get("/api/v1/tokens/").json()["results"]
    assert [(row["name"], "token" in row) for row in listed] == [("Slicer", False)]
    assert api_client.delete(f"/api/v1/tokens/{listed[0]['id']}/").status_code == 204
    assert api_client.get("/api/v1/me/").status_code == 401


def test_a_wrong_password_makes_no_token(api_client, operator):
    body = {"username": "otto", "password": "wrong", "name": "Slicer"}
    answer = api_client.post("/api/v1/tokens/", body)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert not DeviceToken.objects.exists()


def test_tokens_of_others_are_not_there(api_client, operator, manager):
    make_token(manager)
    api_client.force_authenticate(operator)
    assert api_client.get("/api/v1/tokens/").json()["total_count"] == 0
    pk = DeviceToken.objects.get().pk
    assert api_client.delete(f"/api/v1/tokens/{pk}/").status_code == 404


def test_guessing_passwords_is_slowed_down(api_client, operator):
    body = {"username": "otto", "password": "wrong", "name": "Slicer"}
    with mock.patch("tenants.api.house.SignInThrottle.get_rate", return_value="1/min"):
        client = FarmAPIClient(host="alpha.localhost", REMOTE_ADDR="10.9.8.7")
        answers = [client.post("/api/v1/tokens/", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    assert int(answers[1]["Retry-After"]) > 0


def test_me_says_who_i_am_what_i_may_and_where(api_client, viewer):
    api_client.force_authenticate(viewer)
    me = api_client.get("/api/v1/me/").json()
    assert (me["username"], me["role"], me["farm"]["slug"]) == ("vera", "viewer", "alpha")
    assert "inventory.view_spool" in me["permissions"]
    assert "inventory.weigh_spool" not in me["permissions"]


# --- Bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "null",
        "[]",
        '"shelf"',
        '{"name": NaN}',
        '{"name": "a", "name": "b"}',
        '{"name": "\\u0000"}',
        '{"name": "\\ud800"}',
        '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"name": ' + "[" * 30 + "]" * 30 + "}",
        '{"name": ' + "9" * 5_000 + "}",
        '{"name": 1e99999999999999999999}',
        '{"name": "x", "unheard": 1}',
        '{"name": "x", "id": 7}',
        '{"name": {"a": 1}}',
        b'{"name": "\xff"}',
    ],
)
def test_a_bad_body_is_400_and_writes_nothing(managing, body):
    answer = raw(managing, body)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not Location.objects.exists()


def test_a_body_beyond_the_limit_is_413(managing):
    answer = raw(managing, json.dumps({"comment": "x" * 3_000_000}))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_an_unknown_field_is_named(managing):
    answer = managing.post(LOCATIONS, {"name": "Shelf", "colour": "red"})
    assert answer.json()["errors"] == {"colour": ["There is no such field."]}


def test_what_was_read_can_be_edited_and_sent_back(managing):
    there = managing.post(LOCATIONS, {"name": "Shelf"}).json()
    path = f"{LOCATIONS}{there['id']}/"
    answer = managing.put(path, there | {"comment": "dry"})
    assert (answer.status_code, answer.json()["comment"]) == (200, "dry")
    answer = managing.put(path, there | {"id": there["id"] + 1})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["id"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("12.3456785", "12.345679"),
        (12.3456785, "12.345679"),
        (7, "7.000000"),
        ("0.1", "0.100000"),
        (None, None),
    ],
)
def test_a_quantity_is_a_string_or_a_number_and_rounded_half_up(managing, given, kept):
    body = {"name": "Maker", "empty_spool_grams": given}
    assert managing.post("/api/v1/manufacturers/", body).json()["empty_spool_grams"] == kept


@pytest.mark.parametrize(
    "given",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "-1",
        -1,
        "1e30",
        "123456789",
        "1_0",
        "ten",
        True,
        [],
        "9" * 999,
    ],
)
def test_a_quantity_is_never(managing, given):
    answer = managing.post("/api/v1/manufacturers/", {"name": "X", "empty_spool_grams": given})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["empty_spool_grams"])
    assert not Manufacturer.objects.exists()


def test_a_change_through_the_api_is_in_the_audit_trail(managing, manager):
    managing.post(LOCATIONS, {"name": "Shelf"})
    event = AuditEvent.objects.get(object_type="inventory.location")
    assert (event.verb, event.by, event.object_label) == ("add", manager, "Shelf")


# --- Uniqueness --------------------------------------------------------------------------------


def test_a_name_that_is_taken_is_a_duplicate(managing):
    managing.post(LOCATIONS, {"name": "Shelf"})
    answer = managing.post(LOCATIONS, {"name": "SHELF"})
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate")
    assert list(answer.json()["errors"]) == ["name"]


# --- Lists -------------------------------------------------------------------------------------


def test_a_list_comes_in_pages(managing):
    for number in range(5):
        a_manufacturer(f"Maker {number}")
    answer = managing.get("/api/v1/manufacturers/?page_size=2&page=2&ordering=-name").json()
    assert [row["name"] for row in answer.pop("results")] == ["Maker 2", "Maker 1"]
    assert answer.pop("next").endswith("page=3&page_size=2")
    assert answer.pop("previous")
    assert answer == {"total_count": 5, "page": 2, "page_size": 2, "total_pages": 3}


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=one",
        "page=" + "9" * 5000,
        "page_size=0",
        "page_size=201",
        "page_size=" + "9" * 5000,
        "ordering=password",
        "ordering=comment",
        "search=%00",
        "unheard=1",
        "page=1%00",
    ],
)
def test_a_parameter_that_makes_no_sense_is_400(managing, query):
    answer = managing.get(f"{LOCATIONS}?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"]


def test_a_page_too_far_is_404(managing):
    assert managing.get(f"{LOCATIONS}?page=99").status_code == 404


def test_a_list_is_searched(managing):
    for name in ("North shelf", "South shelf"):
        managing.post(LOCATIONS, {"name": name})
    found = managing.get(f"{LOCATIONS}?search=north").json()["results"]
    assert [row["name"] for row in found] == ["North shelf"]


# --- Idempotency-Key ---------------------------------------------------------------------------


def post_once(client, body, key="k-1", path=LOCATIONS):
    return client.post(path, body, headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_first_answer_again(managing):
    first, second = (post_once(managing, {"name": "Shelf"}) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first["Location"] == second["Location"]
    assert second["Idempotency-Replayed"] == "true"
    assert Location.objects.count() == 1


def test_another_body_with_the_same_key_is_422(managing):
    post_once(managing, {"name": "Shelf"})
    answer = post_once(managing, {"name": "Box"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Location.objects.count() == 1


def test_a_refusal_leaves_no_key(managing):
    assert post_once(managing, {"name": ""}).status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert post_once(managing, {"name": "Shelf"}).status_code == 201


def test_a_key_is_one_persons_own(managing):
    post_once(managing, {"name": "Shelf"})
    managing.force_authenticate(make_user(role="manager"))
    assert post_once(managing, {"name": "Box"}).status_code == 201


def test_permission_is_checked_before_an_answer_is_given_again(managing, manager):
    post_once(managing, {"name": "Shelf"})
    manager.role = "viewer"
    assert post_once(managing, {"name": "Shelf"}).status_code == 403


def test_a_key_is_forgotten_after_a_day(managing):
    post_once(managing, {"name": "Shelf"})
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert post_once(managing, {"name": "Box"}).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü"])
def test_a_key_that_is_none_is_400(managing, key):
    answer = managing.post(LOCATIONS, {"name": "Shelf"}, HTTP_IDEMPOTENCY_KEY=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not Location.objects.exists()


def test_an_answer_with_a_secret_is_not_kept(api_client, operator):
    api_client.force_login(operator)
    body = {"username": "otto", "password": PASSWORD, "name": "Slicer"}
    assert post_once(api_client, body, path="/api/v1/tokens/").status_code == 201
    assert not IdempotencyKey.objects.exists()


def test_one_key_sixty_four_times_at_once_has_one_effect(committed_farm, in_threads):
    secret = make_token(make_user(role="manager"))

    def post(_):
        client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        return post_once(client, {"name": "Shelf"})

    answers = in_threads(post, 64)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    made = [a for a in answers if a.status_code == 201 and not a.has_header("Idempotency-Replayed")]
    assert len(made) == 1
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency_key_busy"}
    assert Location.objects.count() == 1


# --- If-Match ----------------------------------------------------------------------------------


def test_what_has_no_version_matches_none(managing):
    path = managing.post(LOCATIONS, {"name": "Shelf"})["Location"]
    answer = managing.patch(path, {"comment": "x"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert Location.objects.get().comment == ""
    assert managing.patch(path, {"comment": "x"}, headers={"If-Match": "*"}).status_code == 200


# --- Pages -------------------------------------------------------------------------------------


def test_people_explore_the_api_in_pages_that_load_nothing_from_elsewhere(farm_client, manager):
    farm_client.force_login(manager)
    for path in (
        "/api/v1/",
        LOCATIONS,
        "/api/v1/production-runs/",
        "/api/v1/spools/",
        "/api/v1/docs/",
    ):
        page = farm_client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200, path
        assert page["Content-Type"].startswith("text/html")
        text = page.content.decode()
        assert 'src="http' not in text
        assert '<link rel="stylesheet" type="text/css" href="http' not in text


def test_a_page_offers_nobody_the_sign_in(farm_client):
    page = farm_client.get(LOCATIONS, headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert "/accounts/login/?next=/api/v1/locations/" in page.content.decode()


def test_an_error_in_a_page_is_a_page(farm_client, manager):
    farm_client.force_login(manager)
    page = farm_client.get(f"{LOCATIONS}999/", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("body", ["{", '{"name": "\\u0000"}', "x" * 3_000_000, "null", "[1]", "{}"])
def test_a_bad_body_sent_from_a_page_is_answered_with_a_page(farm_client, manager, body):
    farm_client.force_login(manager)
    page = farm_client.post(
        LOCATIONS, body, content_type="application/json", headers={"Accept": "text/html"}
    )
    assert page.status_code in (400, 413)
    assert page["Content-Type"].startswith("text/html")
