"""Who may call, with a token or in a session; and what is never answered with 404."""

import base64
from datetime import timedelta

import pytest
from django.db import OperationalError, ProgrammingError
from django.utils import timezone
from django_tenants.utils import schema_context

from production.spoolman import rows
from tenants.accounts import roles, scopes
from tenants.accounts.models import AuditEvent, DeviceToken
from tenants.accounts.services import revoke_token
from tenants.models import Domain, Tenant
from tests.factories import a_spool, make_token, make_user
from tests.production.spoolman.clients import Printer, a_printer_client, message, ok

PATH = "/api/v1/info"
EVIL = "https://evil.example"


def basic(secret):
    return "Basic " + base64.b64encode(f"voron:{secret}".encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        lambda secret: {"Authorization": basic(secret)},
        lambda secret: {"Authorization": f"Bearer {secret}"},
        lambda secret: {"Authorization": f"Token {secret}"},
        lambda secret: {"X-Api-Key": secret},
        lambda secret: {"X-Api-Key": secret, "Authorization": "Basic of-a-proxy"},
    ],
)
def test_a_token_comes_in_each_header(nobody, manager, headers):
    secret = make_token(manager, scope="printer")
    assert ok(nobody.get(PATH, headers=headers(secret)))
    for wrong in (secret[:-1], "", "ü"):
        message(nobody.get(PATH, headers=headers(wrong)), 401)


def test_without_a_token_nothing_is_answered_and_basic_is_asked_for(nobody):
    for path in (
        PATH,
        "/d//api/v1/info",
        "/d/spb_made-up/api/v1/info",
        "/d/x/api/v1/nothing",
        "/d/x",
    ):
        answer = nobody.get(path)
        message(answer, 401)
        assert answer["WWW-Authenticate"].startswith("Basic ")


def test_an_expired_and_a_revoked_token_are_401_and_never_404(manager):
    expired = a_printer_client(manager)
    revoked = a_printer_client(manager)
    first, second = DeviceToken.objects.order_by("pk")
    DeviceToken.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(days=1))
    revoke_token(second, by=manager)
    for client in (expired, revoked):
        message(client.get("spool/7"), 401)
    assert AuditEvent.objects.filter(verb="sign_in_refused").count() == 2


def test_a_token_of_somebody_who_left_is_401(printer, manager):
    manager.is_active = False
    manager.save()
    message(printer.get("info"), 401)


@pytest.mark.parametrize("scope", [scopes.ALL, scopes.FLOOR, scopes.READ])
def test_other_scopes_open_none_of_these_addresses(manager, nobody, scope):
    secret = make_token(manager, scope=scope)
    assert f"has the scope {scope}." in message(Printer(secret).get("info"), 403)
    message(nobody.get(PATH, headers={"Authorization": f"Token {secret}"}), 403)


@pytest.mark.parametrize("scope", [scopes.PRINTER, scopes.PRINTER_READ])
def test_a_printers_token_opens_nothing_else_by_any_header(manager, nobody, scope):
    secret = make_token(manager, scope=scope)
    for headers in ({"Authorization": f"Token {secret}"}, {"X-Api-Key": secret}):
        for path in ("/api/v1/spools/", "/api/v1/me/"):
            assert nobody.get(path, headers=headers).status_code in (401, 403)
        assert nobody.get("/floor/", headers=headers).status_code == 302
    for path in ("floor/", "admin/", "api/v1/me/", "api/v1/spools/", ""):
        assert nobody.get(f"/d/{secret}/{path}").status_code == 404


def test_a_token_to_read_with_reads_alone(manager):
    client = a_printer_client(manager, scope=scopes.PRINTER_READ)
    assert ok(client.get("info"))
    told = message(client.post("backup"), 403)
    assert told == (
        "This takes accounts.change_farmsettings, which the scope printer_read does not include."
    )


def test_a_token_may_no_more_than_its_person(operator):
    client = a_printer_client(operator)
    told = message(client.post("backup"), 403)
    assert told.endswith("which the role operator does not include.")


def test_a_session_reads_and_writes_with_a_csrf_token(manager):
    client = Printer(enforce_csrf_checks=True)
    client.force_login(manager)
    assert ok(client.get("info"))
    assert message(client.post("backup"), 403).startswith("CSRF failed: ")
    client.get("/admin/accounts/user/add/")
    secret = client.cookies["spoolbook-csrf"].value
    message(client.post("backup", headers={"X-CSRFToken": secret}), 501)


def test_a_token_needs_no_csrf_token(manager):
    client = Printer(make_token(manager, scope="printer"), enforce_csrf_checks=True)
    message(client.post("backup"), 501)


def test_a_token_says_when_it_was_used(printer):
    ok(printer.get("info"))
    assert DeviceToken.objects.get().last_used_at is not None


# --- How often -----------------------------------------------------------------------------------


def test_guesses_are_counted_by_address_and_known_tokens_go_on(printer, nobody, settings):
    settings.SIGN_IN_TRIES_PER_MINUTE = 3
    for _ in range(3):
        message(nobody.get("/d/made-up/api/v1/info"), 401)
    answer = nobody.get("/d/another/api/v1/info")
    assert message(answer, 429).startswith("One address has 3 tries in 60 s")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert ok(printer.get("info"))
    form = {"username": "mona", "password": "wrong"}
    assert nobody.ask("POST", "/api/v1/tokens/", form).status_code == 400  # people may try


def test_a_token_has_so_many_requests_a_minute(printer, settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    ok(printer.get("info")), ok(printer.get("info"))
    answer = printer.get("info")
    message(answer, 429)
    assert int(answer["Retry-After"]) >= 1


# --- Pages of other sites ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 501),
        ({"Origin": "http://alpha.localhost"}, 501),
        ({"Origin": "http://ALPHA.localhost:80"}, 501),
        ({"Origin": "http://fluidd.local", "X-Forwarded-Host": "fluidd.local, x"}, 501),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://alpha.localhost:8080"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
def test_a_page_of_another_site_may_not_write(printer, headers, status):
    message(printer.post("backup", headers=headers), status)
    assert ok(printer.get("info", headers=headers))


def test_a_page_that_is_listed_may_write(printer, settings):
    settings.CORS_ALLOWED_ORIGINS = [EVIL]
    message(printer.post("backup", headers={"Origin": EVIL}), 501)
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_ALLOW_ALL_ORIGINS = [], True
    message(printer.post("backup", headers={"Origin": EVIL}), 501)


# --- Hosts, and farms that are not there ---------------------------------------------------------


@pytest.mark.parametrize("host", ["nobody.localhost", "localhost", "127.0.0.1", "no host!"])
@pytest.mark.parametrize("path", ["/d/x/api/v1/spool/7", "/api/v1/spool/7", "/d/x/", "/metrics"])
def test_an_unknown_host_is_503(nobody, host, path, caplog):
    told = message(nobody.get(path, HTTP_HOST=host), 503)
    assert told == f"No farm answers at {host}: check the address of this server."
    assert {record.levelname for record in caplog.records} == {"WARNING"}


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("alpha.localhost", 200),
        ("printer-3", 200),
        ("192.168.1.7:7125", 200),
        ("[::1]:80", 200),
        ("fluidd.local, evil.example", 200),
        ("evil.example", 503),
        ("no host!", 503),
    ],
)
def test_a_forwarded_host_is_ours_or_nobodys(printer, forwarded, status):
    answer = printer.get("info", headers={"X-Forwarded-Host": forwarded})
    assert answer.status_code == status


def set_status(farm, status):
    with schema_context("public"):
        Tenant.objects.filter(pk=farm.pk).update(status=status)


def test_printers_can_not_tell_a_suspended_farm_from_an_unknown_host(printer, farm):
    set_status(farm, "suspended")
    headers = {"X-Request-ID": "one"}
    for path in ("spool/7", "/api/v1/spool/7", "/d/made-up/", "/metrics"):
        answers = [
            printer.get(path, HTTP_HOST=host, headers=headers)
            for host in ("alpha.localhost", "nobody.localhost")
        ]
        told = [message(answer, 503).replace("nobody", "alpha") for answer in answers]
        expected = "No farm answers at alpha.localhost: check the address of this server."
        assert set(told) == {expected}
        assert [answer["Retry-After"] for answer in answers] == ["60", "60"]
        assert set(answers[0].headers) == set(answers[1].headers)
    assert printer.get("/floor/").status_code == 404


def test_a_forwarded_host_does_not_tell_that_a_farm_is_suspended(printer, other_farm):
    set_status(other_farm, "suspended")
    with schema_context("public"):
        Domain.objects.filter(host="beta.localhost").update(host="beta.example")
    for host in ("beta.example", "nobody.example"):
        message(printer.get("info", headers={"X-Forwarded-Host": host}), 503)


def test_a_closed_farm_is_503(printer, farm):
    set_status(farm, "maintenance")
    answer = printer.get("spool/7")
    message(answer, 503)
    assert answer["Retry-After"] == "60"


def test_a_database_that_is_away_is_503(printer, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(rows.spool_columns, "first", away, raising=False)
        answer = printer.get("spool/7")
    message(answer, 503)
    assert answer["Retry-After"] == "1"
    monkeypatch.setattr("tenants.web.middleware.find_farm", away)
    answer = printer.get("spool/7")
    message(answer, 503)
    assert answer["Retry-After"] == "5"


def test_a_farm_that_is_not_migrated_is_503(printer, monkeypatch):
    def without_column(**_kwargs):
        raise ProgrammingError("no such column")

    monkeypatch.setattr("tenants.schemas.prepare.is_prepared", lambda _schema: False)
    monkeypatch.setattr(rows.spool_columns, "first", without_column)
    answer = printer.get("spool/7")
    message(answer, 503)
    assert answer["Retry-After"] == "60"


def test_a_token_is_not_sent_in_plain_text_where_there_is_https(printer, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert "https://" in message(printer.get("info"), 403)


def test_every_role_reads(farm):
    number = a_spool().number
    for role in roles.FARM_ROLES:
        assert ok(a_printer_client(make_user(role=role)).get(f"spool/{number}"))["id"] == number
