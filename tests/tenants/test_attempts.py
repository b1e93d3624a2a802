"""Tries at passwords, and requests, are counted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django_tenants.utils import tenant_context

from tenants.accounts import attempts, known_browsers
from tenants.accounts.models import Attempt
from tenants.web.requests import caller
from tenants.web.throttle_counts import Counts
from tests.conftest import FarmAPIClient
from tests.factories import PASSWORD, make_token

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKENS = "/api/v1/tokens/"
SIGN_IN = "/accounts/login/"
SESSION = "spoolbook-session"


def tries(times, *, seconds=60, at=NOON):
    for _ in range(times):
        attempts.count("address", "10.0.0.1", limit=3, seconds=seconds, at=at)


def test_the_try_beyond_the_limit_is_refused_with_its_numbers(farm):
    tries(3)
    with pytest.raises(attempts.TooManyTries) as refusal:
        tries(1, at=NOON + timedelta(seconds=20))
    assert refusal.value.numbers == {
        "limit": 3,
        "window_seconds": 60,
        "retry_after_seconds": 41,
    }


def test_a_window_ends_in_time_however_often_it_is_tried(farm):
    tries(3)
    for second in range(60):
        with pytest.raises(attempts.TooManyTries):
            tries(1, at=NOON + timedelta(seconds=second))
    tries(3, at=NOON + timedelta(seconds=60))


def test_many_at_once_are_counted_one_by_one(committed_farm, in_threads):
    outcomes = in_threads(lambda _: tries(1), 12)
    assert [str(type(each).__name__) for each in outcomes].count("TooManyTries") == 9
    assert Attempt.objects.get().count == 12


def test_the_counts_outlive_no_crash_and_cost_no_log(farm):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relpersistence FROM pg_class WHERE oid = 'accounts_attempt'::regclass"
        )
        assert cursor.fetchone() == ("u",)


def test_old_counts_are_cleared_up(farm, monkeypatch):
    monkeypatch.setattr(attempts, "PURGE_PROBABILITY", 1)
    tries(1)
    attempts.count("address", "10.0.0.2", limit=3, seconds=60, at=NOON + timedelta(days=2))
    assert Attempt.objects.count() == 1


def test_made_up_names_and_addresses_do_not_fill_the_table(farm, monkeypatch):
    monkeypatch.setattr(attempts, "PLACES", 4)
    for number in range(40):
        attempts.count_sign_in(username=f"n{number}", address=f"10.0.0.{number}", at=NOON)
    kinds = [attempt.whose.partition(" ")[0] for attempt in Attempt.objects.all()]
    assert set(kinds) == {"name", "address"}
    assert max(map(kinds.count, kinds)) <= 4
    assert sum(Attempt.objects.values_list("count", flat=True)) == 80


# --- Signing in ----------------------------------------------------------------------------------


def by_api(client, name, password="wrong"):
    body = {"username": name, "password": password, "name": "x", "scope": "read"}
    return client.post(TOKENS, body).status_code


def by_page(client, name, password="wrong"):
    body = {"username": name, "password": password}
    return client.post(SIGN_IN, body, format="multipart").status_code


@pytest.mark.parametrize(("sign_in", "wrong", "right"), [(by_api, 401, 201), (by_page, 200, 302)])
def test_a_name_is_tried_so_often_an_hour_from_wherever(
    farm, operator, monkeypatch, sign_in, wrong, right
):
    monkeypatch.setattr(attempts, "PER_NAME", 3)
    clients = [
        FarmAPIClient(host="alpha.localhost", REMOTE_ADDR=f"10.0.0.{number}") for number in range(5)
    ]
    assert [sign_in(client, "otto") for client in clients[:3]] == [wrong] * 3
    assert sign_in(clients[3], " OTTO", PASSWORD) == 429
    assert sign_in(clients[4], "mona") == wrong


def test_a_stranger_who_tries_a_name_all_day_does_not_shut_its_owner_out(
    farm, operator, monkeypatch
):
    monkeypatch.setattr(attempts, "PER_NAME", 2)
    own, stranger = (FarmAPIClient(host="alpha.localhost") for _ in range(2))
    assert by_page(own, "otto", PASSWORD) == 302
    assert [by_page(stranger, "otto") for _ in range(3)] == [200, 200, 429]
    assert by_page(stranger, "otto", PASSWORD) == 429
    del own.cookies[SESSION]  # signed out; the browser stays the one it is
    assert [by_page(own, "otto"), by_page(own, "OTTO ", PASSWORD)] == [200, 302]


def test_a_known_browser_has_no_more_tries_and_is_known_for_one_name_at_one_farm(
    farm, operator, manager, monkeypatch
):
    monkeypatch.setattr(attempts, "PER_NAME", 2)
    client = FarmAPIClient(host="alpha.localhost")
    by_page(client, "otto", PASSWORD)
    del client.cookies[SESSION]
    assert [by_page(client, "otto") for _ in range(3)] == [200, 200, 429]
    assert [by_page(client, "mona") for _ in range(3)] == [200, 200, 429]
    stranger, cookie = FarmAPIClient(host="beta.localhost"), known_browsers.COOKIE
    stranger.cookies[cookie] = client.cookies[cookie].value
    assert [by_page(stranger, "otto") for _ in range(3)] == [200, 200, 429]
    stranger.cookies[cookie] = "x"
    assert by_page(stranger, "otto") == 429


def test_a_name_in_other_letters_is_the_same_name(farm, operator, monkeypatch):
    """The sign-in page knows OTTO in wide letters for otto."""
    monkeypatch.setattr(attempts, "PER_NAME", 3)
    client = FarmAPIClient(host="alpha.localhost")
    names = ["otto", "\uff4ftto", "o\uff34to", "\U0001d428tto", "ot\u24e3o"]
    assert [by_page(client, name) for name in names] == [200, 200, 200, 429, 429]


@pytest.mark.parametrize(("sign_in", "right"), [(by_api, 201), (by_page, 302)])
def test_who_knows_the_password_is_not_counted_with_those_who_do_not(
    farm, operator, monkeypatch, sign_in, right
):
    monkeypatch.setattr(attempts, "PER_NAME", 2)
    for number in range(4):
        client = FarmAPIClient(host="alpha.localhost", REMOTE_ADDR=f"10.0.1.{number}")
        sign_in(client, "otto")
        assert sign_in(client, "otto", PASSWORD) == right


def test_an_address_is_counted_over_all_names_and_both_doors(farm, operator, settings):
    settings.SIGN_IN_TRIES_PER_MINUTE = 4
    client = FarmAPIClient(host="alpha.localhost")
    codes = [
        sign_in(client, f"name-{number}") for number in range(3) for sign_in in (by_api, by_page)
    ]
    assert codes == [401, 200, 401, 200, 429, 429]


def test_a_try_inside_of_an_idempotent_request_counts_all_the_same(api_client, manager, settings):
    settings.SIGN_IN_TRIES_PER_MINUTE = 1
    api_client.force_authenticate(manager)
    codes = []
    for number in range(2):
        headers = {"Idempotency-Key": f"try-{number}"}
        body = {"username": "mona", "password": "wrong", "name": "x", "scope": "read"}
        codes.append(api_client.post(TOKENS, body, headers=headers).status_code)
    assert codes == [401, 429]


def test_the_admin_has_no_door_of_its_own(farm_client):
    answer = farm_client.get("/admin/login/?next=/admin/inventory/")
    assert answer["Location"] == "/accounts/login/?next=/admin/inventory/"
    assert farm_client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


# --- Whom it is counted for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_tries_are_counted_by_address_or_network(given, counted):
    address = caller(RequestFactory(REMOTE_ADDR=given).get("/"))
    assert attempts.network(address) == counted


def test_only_a_proxy_that_is_there_may_say_for_whom_it_asks(settings):
    request = RequestFactory(
        REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.9"
    ).get("/")
    settings.USE_X_FORWARDED_HOST = False
    assert caller(request) == "10.0.0.1"
    settings.USE_X_FORWARDED_HOST = True
    assert caller(request) == "203.0.113.9"


# --- Requests ------------------------------------------------------------------------------------


def test_requests_are_counted_by_the_minute():
    counts = Counts()
    assert [counts.add("a", now=600) for _ in range(2)] == [(1, 60), (2, 60)]
    assert counts.add("b", now=659.9) == (1, 1)
    assert counts.add("a", now=660) == (1, 60)


def test_where_there_is_no_place_left_nobody_is_refused():
    counts = Counts(places=4)
    for name in range(100):
        assert counts.add(str(name), now=600)[0] <= 2


def pages(farm_client, user, times, path="/admin/"):
    farm_client.force_login(user)
    return [farm_client.get(path) for _ in range(times)]


def test_a_person_has_so_many_requests_a_minute_at_every_door_and_nobody_else_pays_for_them(
    farm_client, api_client, manager, operator, settings
):
    settings.API_REQUESTS_PER_MINUTE, settings.FARM_REQUESTS_PER_MINUTE = 3, 5
    page, floor = pages(farm_client, manager, 1) + pages(farm_client, manager, 1, "/floor/")
    assert (page.status_code, floor.status_code) == (200, 200)
    assert farm_client.get("/api/v1/me/").status_code == 200
    refused = [farm_client.get(path) for path in ("/api/v1/me/", "/admin/", "/floor/") * 2]
    assert {answer.status_code for answer in refused} == {429}
    assert all(1 <= int(answer["Retry-After"]) <= 60 for answer in refused)
    assert "A token or a person has 3 requests a minute" in refused[1].content.decode()
    api_client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(operator)}")
    assert [api_client.get("/api/v1/me/").status_code for _ in range(2)] == [200, 200]


def test_a_farm_has_so_many_requests_a_minute_however_many_tokens_it_makes(
    farm_client, api_client, manager, other_farm, stranger, settings, client_at
):
    settings.FARM_REQUESTS_PER_MINUTE = 3
    farm_client.get("/accounts/login/")  # by nobody: it is not counted
    for _ in range(3):
        api_client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(manager)}")
        assert api_client.get("/api/v1/me/").status_code == 200
    api_client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(manager)}")
    problem = api_client.get("/api/v1/me/").json()
    assert (problem["code"], problem["limit"]) == ("too_many", 3)
    assert problem["detail"].startswith("All people and devices of a farm have 3 requests")
    assert [answer.status_code for answer in pages(farm_client, manager, 1)] == [429]
    assert farm_client.get("/accounts/login/").status_code == 429  # signed in
    farm_client.logout()
    assert farm_client.get("/accounts/login/").status_code == 200
    with tenant_context(other_farm):
        token = make_token(stranger)
    headers = {"Authorization": f"Token {token}"}
    assert client_at("beta.localhost").get("/api/v1/me/", headers=headers).status_code == 200
