"""Every sign-in and every refusal leaves a trace: who, from where, by what way, how it ended."""

import io
import json
import logging

import pytest
from django.db import OperationalError

from config.logging import JsonFormatter
from tenants.accounts import attempts, devices, floor_sessions, pins, services, sign_ins
from tenants.accounts.models import AuditEvent, DeviceToken
from tenants.operations.operation import client_address
from tests.conftest import FarmAPIClient
from tests.factories import PASSWORD, make_token, make_user

ADDRESS = "203.0.113.9"
TOKENS = "/api/v1/tokens/"
KNOWN = ("tenant_id", "username", "address", "source", "way", "outcome")


@pytest.fixture
def lines():
    """The log as it is written: ``lines("spoolbook.sign_in")`` are those of a logger."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)

    def of(logger):
        found = map(json.loads, stream.getvalue().splitlines())
        return [line for line in found if line["logger"] == logger]

    yield of
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def client(farm):
    return FarmAPIClient(host="alpha.localhost", REMOTE_ADDR=ADDRESS)


def by_page(client, username, password=PASSWORD):
    form = {"username": username, "password": password}
    return client.post("/accounts/login/", form, format="multipart")


def by_api(client, username, password):
    body = {"username": username, "password": password, "name": "x", "scope": "read"}
    return client.post(TOKENS, body)


def with_token(client, secret, path="/api/v1/me/", body=None):
    headers = {"Authorization": f"Token {secret}"}
    return client.post(path, body, headers=headers) if body else client.get(path, headers=headers)


def by_pin(client, user, pin):
    _tablet, secret = devices.register(name="Door", by=user)
    client.cookies[floor_sessions.COOKIE] = secret
    form = {"person": user.pk, "pin": pin, "next": "/floor/"}
    return client.post("/floor/who/", form, format="multipart")


OTTO = ("farm_alpha", "otto", ADDRESS)
EXPECTED = [
    (*OTTO, "admin", "password", "wrong_password"),
    ("farm_alpha", "unknown", ADDRESS, "admin", "password", "unknown_name"),
    (*OTTO, "admin", "password", "ok"),
    (*OTTO, "api", "password", "wrong_password"),
    (*OTTO, "api", "password", "wrong_password"),
    (*OTTO, "api", "password", "too_many_tries"),
    (*OTTO, "api", "token", "token_ended"),
    ("farm_alpha", "unknown", ADDRESS, "api", "token", "unknown_token"),
    (*OTTO, "floor", "pin", "wrong_pin"),
    (*OTTO, "floor", "pin", "ok"),
    ("farm_alpha", "nina", ADDRESS, "api", "confirmation", "wrong_password"),
]


def test_each_way_in_leaves_one_line_and_one_event(client, operator, lines, monkeypatch):
    pins.set_pin(operator, pin="270419", by=operator)
    revoked, usable = make_token(operator), make_token(make_user(username="nina"))
    services.revoke_token(DeviceToken.objects.get(user=operator), by=None)
    spare = {"username": "nina", "name": "x", "scope": "read"}
    last = AuditEvent.objects.latest_first().first().pk
    monkeypatch.setattr(attempts, "PER_NAME", 2)
    by_page(client, "otto", "guess")
    by_page(client, "the-password-typed-here", "x")
    by_page(client, "Otto")
    by_api(client, "otto", "guess")
    by_api(client, "otto", "guess")
    by_api(client, "otto", PASSWORD)  # one too many
    with_token(client, revoked)
    with_token(client, "spb_guessed")
    by_pin(client, operator, "111111")
    by_pin(client, operator, "270419")
    with_token(client, usable, "/api/v1/me/password/", spare | {"current_password": "guess"})
    seen = lines("spoolbook.sign_in")
    assert [tuple(line[name] for name in KNOWN) for line in seen] == EXPECTED
    verbs = ("sign_in", "sign_in_refused")
    events = AuditEvent.objects.filter(pk__gt=last, verb__in=verbs).order_by("pk")
    assert [
        (
            event.object_label.replace("Otto Operator", "otto"),
            event.address,
            event.source,
            event.changes["way"][1],
            event.changes.get("outcome", [None, "ok"])[1],
        )
        for event in events
    ] == [row[1:] for row in EXPECTED]
    assert {event.by_name for event in events} == {"Otto Operator", "nina", "unknown"}
    text = str(list(AuditEvent.objects.values())) + str(seen)
    assert not any(secret in text for secret in ("typed-here", "guess", "111111", PASSWORD))


def test_a_refused_confirmation_is_by_whoever_is_signed_in(client, operator, monkeypatch):
    monkeypatch.setattr(attempts, "PER_NAME", 1)
    body = {"current_password": "guess", "password": "x", "end_tokens": True}
    path, secret = "/api/v1/me/password/", make_token(operator)
    assert [with_token(client, secret, path, body).status_code for _ in range(2)] == [403, 429]
    for event in AuditEvent.objects.filter(verb="sign_in_refused"):
        assert (event.by, event.by_name, event.object_id) == (operator, str(operator), operator.pk)
    assert AuditEvent.objects.filter(verb="sign_in_refused").count() == 2


def test_tokens_and_tablets_are_traced_with_who_and_from_where(client, manager, lines):
    by_page(client, "mona")
    made = by_api(client, "mona", PASSWORD).json()
    with_token(client, made["token"])
    path = f"{TOKENS}{made['id']}/"
    client.delete(path)
    events = AuditEvent.objects.filter(object_type="accounts.devicetoken").order_by("pk")
    assert [(each.verb, each.by, each.address, each.source) for each in events] == [
        ("add", manager, ADDRESS, "api"),
        ("change", manager, ADDRESS, "api"),
    ]
    came_in = lines("spoolbook.sign_in")[1:]  # after that by the page
    assert [(each["source"], each["username"], each["way"]) for each in came_in] == [
        ("api", "mona", "password")
    ]
    assert AuditEvent.objects.filter(verb="sign_in", source="api").get().by == manager
    done = [line for line in lines("spoolbook.operation") if line["message"].startswith("token.")]
    assert [(line["message"], line["user_id"], line["address"]) for line in done] == [
        ("token.issue", manager.pk, ADDRESS),
        ("token.revoke", manager.pk, ADDRESS),
    ]


def test_refused_requests_are_logged_with_farm_person_and_address_and_no_traceback(
    client, operator, lines, settings
):
    settings.USE_X_FORWARDED_HOST = True
    client.defaults["HTTP_X_FORWARDED_FOR"] = "1.1.1.1, 2001:db8::7"
    secret = make_token(operator)
    client.get("/api/v1/me/")
    with_token(client, secret, "/api/v1/users/")
    client.force_login(operator)
    client.get("/admin/accounts/user/")
    settings.API_REQUESTS_PER_MINUTE = 1
    client.get("/floor/")
    settings.API_REQUESTS_PER_MINUTE = 0
    logged = lines("django.request")
    assert [(line["status_code"], line["username"]) for line in logged] == [
        (401, "unknown"),
        (403, "otto"),
        (403, "otto"),
        (429, "otto"),
    ]
    assert {(line["tenant_id"], line["address"]) for line in logged} == {
        ("farm_alpha", "2001:db8::7")
    }
    assert not any("exception" in line for line in logged)


def refusals(count, addresses, user=None, way="password", outcome="unknown_name"):
    for number in range(count):
        token = client_address.set(addresses(number))
        sign_ins.refused(user, way=way, outcome=outcome)
        client_address.reset(token)


@pytest.mark.parametrize(
    ("addresses", "events"),
    [
        (lambda _number: ADDRESS, sign_ins.OF_AN_ADDRESS + 1),  # and the hundredth
        (lambda number: f"2001:db8::{number:x}", sign_ins.OF_AN_ADDRESS + 1),  # one network
        (lambda number: f"10.0.0.{number}", sign_ins.OF_A_FARM),
    ],
)
def test_an_attack_does_not_fill_the_audit_trail(farm, lines, addresses, events):
    refusals(120, addresses)
    assert AuditEvent.objects.filter(verb="sign_in_refused").count() == events
    assert len(lines("spoolbook.sign_in")) == 120


@pytest.mark.parametrize("addresses", [lambda _number: ADDRESS, lambda number: f"10.0.0.{number}"])
def test_what_anybody_can_send_takes_no_place_from_what_is_somebodys(
    farm, operator, client, addresses
):
    refusals(120, addresses, way="token", outcome="unknown_token")
    refusals(120, addresses)
    refusals(120, addresses, user=operator, outcome="wrong_password")
    mona = make_user(username="mona")
    ended, usable = make_token(mona), make_token(operator)
    services.revoke_token(DeviceToken.objects.get(user=mona), by=None)
    with_token(client, ended)
    body = {"current_password": "guess", "password": "x", "end_tokens": True}
    with_token(client, usable, "/api/v1/me/password/", body)
    newest = AuditEvent.objects.filter(verb="sign_in_refused").order_by("-pk")[:2]
    seen = [(each.changes["way"][1], each.object_id) for each in newest]
    assert seen == [("confirmation", operator.pk), ("token", mona.pk)]


def test_a_device_that_polls_with_an_ended_token_takes_no_place_from_other_tokens(farm, operator):
    polling, other = operator, make_user(username="mona")
    for user in (*[polling] * 20, other):
        refusals(1, lambda _number: ADDRESS, user=user, way="token", outcome="token_ended")
    refused = AuditEvent.objects.filter(verb="sign_in_refused")
    assert refused.filter(object_id=polling.pk).count() == sign_ins.OF_AN_ADDRESS
    assert refused.filter(object_id=other.pk).count() == 1


def test_a_database_that_takes_no_trace_changes_no_refusal(client, operator, lines, monkeypatch):
    def full(*_args, **_kwargs):
        raise OperationalError("no room")

    monkeypatch.setattr(attempts, "tally", full)
    assert with_token(client, "spb_guessed").status_code == 401
    logged = [line["message"] for line in lines("spoolbook.sign_in")]
    assert logged == ["sign_in_refused", "A refusal is not in the audit trail: no room"]
