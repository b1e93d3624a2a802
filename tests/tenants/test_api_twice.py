"""Conventions of the API: the same request twice, a row that changed, and pages."""

import hashlib
import secrets
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from inventory.models import Location
from tenants.accounts.models import AuditEvent, DeviceToken, IdempotencyKey
from tenants.web import idempotency
from tests.conftest import FarmAPIClient, program_of
from tests.factories import PASSWORD, make_token, make_user

LOCATIONS = "/api/v1/locations/"


# --- Idempotency-Key -----------------------------------------------------------------------------


def post_once(client, body, key="k-1", path=LOCATIONS):
    return client.post(path, body, headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_first_answer_again(api):
    first, second = (post_once(api, {"name": "Shelf"}) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first["Location"] == second["Location"]
    assert second["Idempotency-Replayed"] == "true"
    assert Location.objects.count() == 1


def test_another_body_with_the_same_key_is_422(api):
    post_once(api, {"name": "Shelf"})
    answer = post_once(api, {"name": "Box"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Location.objects.count() == 1


def test_a_refusal_leaves_no_key(api):
    assert post_once(api, {"name": ""}).status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert post_once(api, {"name": "Shelf"}).status_code == 201


def test_a_key_is_one_persons_own(api):
    post_once(api, {"name": "Shelf"})
    api.force_authenticate(make_user(role="manager"))
    assert post_once(api, {"name": "Box"}).status_code == 201


def test_permission_is_checked_before_an_answer_is_given_again(api, manager):
    post_once(api, {"name": "Shelf"})
    manager.role = "viewer"
    assert post_once(api, {"name": "Shelf"}).status_code == 403


def test_a_key_is_forgotten_after_a_day(api):
    post_once(api, {"name": "Shelf"})
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert post_once(api, {"name": "Box"}).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü"])
def test_a_key_that_is_none_is_400(api, key):
    answer = api.post(LOCATIONS, {"name": "Shelf"}, HTTP_IDEMPOTENCY_KEY=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not Location.objects.exists()


def test_beyond_the_quota_answers_are_dropped_and_nothing_is_done_twice(api, settings, monkeypatch):
    monkeypatch.setattr(idempotency, "LARGE_BYTES", 600)
    monkeypatch.setattr(idempotency, "CLEAR_UP_EVERY", 10**9)
    settings.MAX_STORED_ANSWER_BYTES = 1600
    comment = secrets.token_hex(400)  # which the database can't compress
    large = [{"name": f"Hall-{number}", "comment": comment} for number in range(4)]
    small = [{"name": f"Shelf-{number}"} for number in range(2)]
    bodies = [small[0], *large[:3], small[1], large[3]]
    first = [post_once(api, body, key=body["name"]) for body in bodies]
    assert {answer.status_code for answer in first} == {201}
    again = [post_once(api, body, key=body["name"]) for body in bodies]
    # Small ones stay, however old, and the newest of the large ones.
    assert [answer.status_code for answer in again] == [201, 409, 409, 409, 201, 201]
    assert again[0].content == first[0].content
    assert again[5].content == first[5].content
    problem = again[1].json()
    assert (problem["code"], problem["answered"]) == ("answer_dropped", 201)
    assert problem["location"] == first[1]["Location"]
    assert "carried out once" in problem["detail"]
    assert Location.objects.count() == 6
    reused = post_once(api, {"name": "Another"}, key="Hall-0")
    assert reused.json()["code"] == "idempotency_key_reused"


def test_small_answers_have_a_quota_too_but_none_if_it_is_zero(api, settings, monkeypatch):
    monkeypatch.setattr(idempotency, "CLEAR_UP_EVERY", 1)
    bodies = [{"name": f"Shelf-{number}"} for number in range(3)]
    for settings.MAX_STORED_ANSWER_BYTES, status in ((0, 201), (1, 409)):
        for body in bodies:
            assert post_once(api, body, key=body["name"]).status_code == 201
        again = [post_once(api, body, key=body["name"]).status_code for body in bodies]
        assert again == [status] * len(bodies)
        bodies = [{"name": f"Box-{number}"} for number in range(3)]
    assert Location.objects.count() == 6


def test_small_answers_never_go_far_beyond_the_quota(farm, manager, rf, settings, monkeypatch):
    """At most what is stored between two clearings; old keys go with them."""
    monkeypatch.setattr(idempotency, "CLEAR_UP_EVERY", 5)
    settings.MAX_STORED_ANSWER_BYTES, size = 3_000, 300
    request = rf.post("/", b"", content_type="text/plain")
    request.user, kept = manager, []
    IdempotencyKey.objects.create(user=manager, key="old", status=201, content=b"", headers={})
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))

    def work():
        return HttpResponse(secrets.token_bytes(size))

    for number in range(40):
        idempotency.answer_once(request, f"k-{number}", work)
        stored = IdempotencyKey.objects.exclude(content=None)
        kept.append(sum(len(each.content) for each in stored))
    assert 3_000 < max(kept) <= 3_000 + 5 * size
    assert IdempotencyKey.objects.count() == 40


def refused_repeat(answer, status=201):
    """The problem of a repeated request whose answer was secret."""
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "answer_dropped")
    assert problem["answered"] == status
    assert "make another with a new key" in problem["detail"]
    return problem


def test_a_token_is_made_once_with_one_key(api_client, operator):
    """Nobody is signed in: the key is that of whom the password is of."""
    body = {"username": "otto", "password": PASSWORD, "name": "Slicer", "scope": "all"}
    first, second = (post_once(api_client, body, path="/api/v1/tokens/") for _ in range(2))
    assert first.status_code == 201
    assert refused_repeat(second)["location"] == first["Location"]
    assert DeviceToken.objects.count() == 1
    stored = IdempotencyKey.objects.get()
    assert (stored.user, stored.content) == (operator, None)
    wrong = post_once(api_client, body | {"password": "wrong"}, path="/api/v1/tokens/")
    assert wrong.status_code == 401
    other = post_once(api_client, body | {"name": "Press"}, path="/api/v1/tokens/")
    assert other.json()["code"] == "idempotency_key_reused"


def test_what_a_manager_does_with_a_secret_is_done_once_with_one_key(api_client, manager, operator):
    api_client.force_login(manager)
    person = f"/api/v1/users/{operator.pk}/"
    bodies = {
        "/api/v1/device-tokens/": {"user": operator.pk, "name": "Press", "scope": "all"},
        "/api/v1/users/": {"username": "nina", "role": "operator", "password": "zwiebel-kuchen"},
        f"{person}set-pin/": {"pin": "270419"},
        f"{person}set-password/": {"password": "zwiebel-kuchen", "end_tokens": False},
    }
    for path, body in bodies.items():
        first, second = (post_once(api_client, body, key=path, path=path) for _ in range(2))
        assert first.status_code in (200, 201), (path, first.json())
        refused_repeat(second, first.status_code)
    assert not IdempotencyKey.objects.exclude(content=None).exists()
    assert DeviceToken.objects.count() == 1
    events = AuditEvent.objects.filter(by=manager).exclude(verb__startswith="sign_in")
    assert events.count() == len(bodies)


def test_ones_own_password_sent_again_is_no_wrong_password(api_client, operator):
    api_client.force_login(operator)
    body = {"current_password": PASSWORD, "password": "zwiebel-kuchen", "end_tokens": False}
    first, second = (post_once(api_client, body, path="/api/v1/me/password/") for _ in range(2))
    assert first.status_code == 200
    refused_repeat(second, 200)
    assert not AuditEvent.objects.filter(verb="sign_in_refused").exists()


def test_a_pin_can_not_be_guessed_from_what_is_kept_of_its_request(api_client, manager, operator):
    api_client.force_login(manager)
    body = {"pin": "270419"}
    answer = post_once(api_client, body, path=f"/api/v1/users/{operator.pk}/set-pin/")
    plain = hashlib.sha256(answer.wsgi_request.body).hexdigest()
    assert IdempotencyKey.objects.get().body_hash != plain


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


def test_while_a_key_is_in_use_the_answer_says_when_to_ask_again(committed_farm, in_threads):
    """The first request holds the key as long as the second one asks."""
    user = make_user(role="manager")
    request = RequestFactory().post("/", b"", content_type="text/plain")
    request.user = user

    def ask(_):
        client = program_of(committed_farm, user)
        return post_once(client, {"name": "Shelf"})

    def work():
        answers.extend(in_threads(ask, 1))
        return HttpResponse("done")

    answers = []
    idempotency.answer_once(request, "k-1", work)
    problem = answers[0].json()
    assert (answers[0].status_code, problem["code"]) == (409, "idempotency_key_busy")
    assert answers[0]["Retry-After"] == str(problem["retry_after_seconds"]) == "1"


# --- If-Match ------------------------------------------------------------------------------------


def test_what_has_no_version_matches_none(api):
    path = api.post(LOCATIONS, {"name": "Shelf"})["Location"]
    answer = api.patch(path, {"comment": "x"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert Location.objects.get().comment == ""
    assert api.patch(path, {"comment": "x"}, headers={"If-Match": "*"}).status_code == 200


# --- Pages ---------------------------------------------------------------------------------------


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
