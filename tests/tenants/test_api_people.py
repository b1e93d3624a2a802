"""People, roles, tokens and settings through the API."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.utils import timezone

from tenants.accounts import roles, services
from tenants.accounts.models import AuditEvent, DeviceToken, FarmSettings, IdempotencyKey, User
from tests.conftest import FarmAPIClient
from tests.factories import PASSWORD, a_printer, make_token, make_user

USERS, TOKENS, SETTINGS = "/api/v1/users/", "/api/v1/device-tokens/", "/api/v1/settings/"
AUDIT = "/api/v1/audit-events/"
NINA = {"username": "Nina", "password": PASSWORD, "role": "operator", "name": "Nina Neumann"}


def of(user, verb=""):
    return f"{USERS}{user.pk}/{verb}"


# --- People --------------------------------------------------------------------------------------


def test_a_manager_lets_somebody_in(api, manager):
    answer = api.post(USERS, NINA)
    assert answer.status_code == 201
    me = answer.json()
    assert (me["username"], me["role"], me["is_active"]) == ("nina", "operator", True)
    assert answer["Location"].endswith(f"/api/v1/users/{me['id']}/")
    assert "password" not in str(me)
    assert authenticate(username="nina", password=PASSWORD)
    assert AuditEvent.objects.of(User.objects.get(username="nina")).get().by == manager


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"username": "mona"}, 409, "username"),
        ({"username": "MONA"}, 409, "username"),
        ({"username": "two words"}, 400, "username"),
        ({"password": "short"}, 400, "password"),
        ({"password": "nina-neumann"}, 400, "password"),
        ({"role": "administrator"}, 400, "role"),
        ({"email": "nowhere"}, 400, "email"),
        ({"is_active": False}, 400, "is_active"),
    ],
)
def test_who_can_not_be_let_in(api, wrong, status, field):
    answer = api.post(USERS, NINA | wrong)
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field])
    assert not User.objects.filter(username="nina").exists()


def test_people_are_listed_filtered_and_searched(api, operator, viewer):
    services.deactivate(viewer, by=None)
    found = {
        query: [row["username"] for row in api.get(f"{USERS}?{query}").json()["results"]]
        for query in ("", "role=operator,viewer", "is_active=true", "search=vera", "ordering=-role")
    }
    assert found == {
        "": ["mona", "otto", "vera"],
        "role=operator,viewer": ["otto", "vera"],
        "is_active=true": ["mona", "otto"],
        "search=vera": ["vera"],
        "ordering=-role": ["vera", "otto", "mona"],
    }


def test_what_was_read_of_somebody_can_be_edited_and_sent_back(api, operator):
    there = api.get(of(operator)).json()
    answer = api.put(of(operator), there | {"name": "Otto Other", "role": "viewer"})
    assert (answer.status_code, answer.json()["role"]) == (200, "viewer")
    changes = [event.changes for event in AuditEvent.objects.of(operator).latest_first()]
    assert changes == [{"name": ["Otto Operator", "Otto Other"]}, {"role": ["operator", "viewer"]}]


@pytest.mark.parametrize("body", [{"username": "otto2"}, {"is_active": False}, {"password": "x"}])
def test_what_is_not_changed_by_patch(api, operator, body):
    assert api.patch(of(operator), body).status_code == 400
    assert api.delete(of(operator)).status_code == 405


@pytest.mark.parametrize(
    ("method", "verb", "body"),
    [("patch", "", {"role": "viewer", "name": "Nobody"}), ("post", "deactivate/", {})],
)
def test_the_last_manager_stays_one(api, manager, method, verb, body):
    answer = getattr(api, method)(of(manager, verb), body)
    assert (answer.status_code, answer.json()["code"]) == (409, "last_manager")
    manager.refresh_from_db()
    assert (manager.role, manager.name, manager.is_active) == ("manager", "Mona Manager", True)


def test_a_manager_may_stay_one_while_being_renamed(api, manager):
    answer = api.patch(of(manager), {"name": "Mona M.", "role": "manager"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Mona M.")


def test_who_is_deactivated_is_out_at_once_and_for_good(api, operator):
    program = FarmAPIClient(host="alpha.localhost")
    program.credentials(HTTP_AUTHORIZATION=f"Token {make_token(operator)}")
    browser = FarmAPIClient(host="alpha.localhost")
    browser.force_login(operator)
    codes = []
    for verb in ("deactivate/", "deactivate/", "reactivate/"):
        assert api.post(of(operator, verb)).status_code == 200
        codes.append([each.get("/api/v1/me/").status_code for each in (program, browser)])
    assert codes == [[401, 401]] * 3


def test_a_new_password_is_set_and_neither_kept_nor_shown(api, operator):
    headers = {"Idempotency-Key": "new-password"}
    body = {"password": "another-one-8"}
    answer = api.post(of(operator, "set-password/"), body, headers=headers)
    assert answer.status_code == 200
    assert b"another-one-8" not in answer.content
    assert authenticate(username="otto", password="another-one-8")
    assert IdempotencyKey.objects.get().content is None
    assert api.post(of(operator, "set-password/"), {"password": "1"}).status_code == 400


def test_a_password_that_was_refused_is_not_shown_again(api, operator):
    page = api.post(
        of(operator, "set-password/"), {"password": "secret1"}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 400
    assert b"secret1" not in page.content


@pytest.mark.parametrize("path", [USERS, TOKENS])
def test_a_list_costs_the_same_however_long(api, path, django_assert_num_queries):
    api.get(path)  # finds the farm
    for _ in range(2):
        make_token(make_user())
        make_token(make_user())
        with django_assert_num_queries(2):  # its farm, and one
            api.get(path)


# --- Roles ---------------------------------------------------------------------------------------


def test_everybody_may_read_what_the_roles_may(api_client, viewer):
    api_client.force_authenticate(viewer)
    found = {row["role"]: row["permissions"] for row in _results(api_client, "/api/v1/roles/")}
    assert found == {role: sorted(roles.permissions(role)) for role in roles.FARM_ROLES}


# --- Tokens of everybody -------------------------------------------------------------------------


def _results(client, path):
    return client.get(path).json()["results"]


def test_a_manager_issues_a_token_for_a_device(api, manager, operator):
    body = {"username": "Otto", "name": "Printer 4", "scope": "floor"}
    answer = api.post(TOKENS, body, headers={"Idempotency-Key": "printer-4"})
    assert answer.status_code == 201
    secret = answer.json()["token"]
    program = FarmAPIClient(host="alpha.localhost")
    program.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    me = program.get("/api/v1/me/").json()
    assert (me["username"], me["scope"]) == ("otto", "floor")
    assert AuditEvent.objects.of(DeviceToken.objects.get()).get().by == manager
    listed = api.get(answer["Location"])
    assert listed.json()["username"] == "otto"
    assert secret not in str(list(IdempotencyKey.objects.values())) + listed.content.decode()


def test_a_token_may_tell_what_device_it_is_for_and_of_which_printer(api, operator):
    printer = a_printer()
    body = {"user": operator.pk, "name": "Voron", "scope": "printer", "kind": "moonraker"}
    made = api.post(TOKENS, body | {"printer": printer.pk}).json()
    assert (made["kind"], made["printer"]) == ("moonraker", printer.pk)
    api.post(TOKENS, body | {"kind": ""})
    for query in ("kind=moonraker", f"printer={printer.pk}"):
        assert [row["id"] for row in _results(api, f"{TOKENS}?{query}")] == [made["id"]]
    errors = api.post(TOKENS, body | {"printer": 10**17, "kind": "toaster"}).json()["errors"]
    assert errors.keys() == {"printer", "kind"}
    printer.delete()
    assert DeviceToken.objects.get(pk=made["id"]).printer is None


def test_a_token_is_for_somebody_who_is_there(api, operator):
    services.deactivate(operator, by=None)
    codes = [
        api.post(TOKENS, {"name": "Printer", "scope": "read", **who}).json()["code"]
        for who in ({"username": "otto"}, {"username": "nobody"}, {"user": 10**17}, {})
    ]
    assert codes == ["user_inactive", "invalid", "invalid", "invalid"]


def test_a_token_that_has_expired_already_is_not_made(api, manager):
    past = (timezone.now() - timedelta(days=1)).isoformat()
    answer = api.post(
        TOKENS, {"user": manager.pk, "name": "x", "scope": "read", "expires_at": past}
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["expires_at"])


def test_tokens_of_all_are_listed_and_revoked(api, operator, manager):
    secret = make_token(operator, name="Printer")
    make_token(manager, name="Slicer")
    rows = _results(api, f"{TOKENS}?username=otto")
    assert [(row["name"], row["username"], "token" in row) for row in rows] == [
        ("Printer", "otto", False)
    ]
    path = f"{TOKENS}{rows[0]['id']}/"
    assert api.delete(path).status_code == 204
    again = api.delete(path)
    assert (again.status_code, again.json()["code"]) == (409, "token_revoked")
    names = {
        query: [row["name"] for row in _results(api, f"{TOKENS}?{query}")]
        for query in ("is_usable=true", "is_usable=false", f"user={manager.pk}", "search=print")
    }
    assert names == {
        "is_usable=true": ["Slicer"],
        "is_usable=false": ["Printer"],
        f"user={manager.pk}": ["Slicer"],
        "search=print": ["Printer"],
    }
    program = FarmAPIClient(host="alpha.localhost")
    program.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert program.get("/api/v1/me/").status_code == 401


def test_a_token_ends_when_it_expires(api_client, operator):
    secret = make_token(operator, expires_at=timezone.now() + timedelta(days=1))
    api_client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert api_client.get("/api/v1/me/").status_code == 200
    DeviceToken.objects.update(expires_at=timezone.now())
    assert api_client.get("/api/v1/me/").status_code == 401


# --- Settings ------------------------------------------------------------------------------------


def test_everybody_reads_the_settings_and_a_manager_changes_them(api_client, viewer, manager):
    api_client.force_authenticate(viewer)
    assert api_client.get(SETTINGS).json()["timezone"] == "Europe/Berlin"
    assert api_client.patch(SETTINGS, {"currency": "CHF"}).status_code == 403
    api_client.force_authenticate(manager)
    there = api_client.get(SETTINGS).json()
    answer = api_client.put(SETTINGS, there | {"labour_rate": "41.5", "run_prefix": "ALF"})
    assert (answer.status_code, answer.json()["labour_rate"]) == (200, "41.5000")
    assert FarmSettings.load().run_prefix == "ALF"
    event = AuditEvent.objects.of(FarmSettings.load()).latest_first().first()
    assert (event.by, sorted(event.changes)) == (manager, ["labour_rate", "run_prefix"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"currency": "XXX"},
        {"run_prefix": "a"},
        {"labour_rate": "-1"},
        {"low_stock_percent": "1001"},
        {"locale": "klingon"},
        {"locale": "../../etc"},
        {"id": 2},
    ],
)
def test_settings_that_make_no_sense_are_refused(api, wrong):
    answer = api.patch(SETTINGS, wrong)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, list(wrong))


def test_a_new_time_zone_counts_from_the_next_request(api):
    api.patch(SETTINGS, {"timezone": "Asia/Tokyo"})
    assert api.get("/api/v1/me/").json()["farm"]["timezone"] == "Asia/Tokyo"


def test_ones_own_password_is_changed_on_record(farm_client, operator):
    farm_client.force_login(operator)
    secret = make_token(operator)
    form = {
        "old_password": PASSWORD,
        "new_password1": "another-one-8",
        "new_password2": "another-one-8",
    }
    page = farm_client.post("/admin/password_change/", form)
    assert list(page.context["form"].errors) == ["tokens"]  # that is asked
    form["tokens"] = "end"
    same = form | {"new_password1": PASSWORD, "new_password2": PASSWORD}
    page = farm_client.post("/admin/password_change/", same)
    assert page.context["form"].errors["new_password1"] == [services.SAME_PASSWORD]
    assert farm_client.post("/admin/password_change/", form).status_code == 302
    assert farm_client.get("/admin/password_change/done/").status_code == 200
    assert AuditEvent.objects.of(operator).get().by == operator
    assert not DeviceToken.objects.not_revoked().filter(hash=DeviceToken.hash_of(secret)).exists()
    assert authenticate(username="otto", password="another-one-8")


def test_managers_read_who_changed_what(api, manager, operator):
    assert api.patch(of(operator), {"name": "Otto the First"}).status_code == 200
    query = {"object_type": "accounts.user", "object_id": operator.pk}
    [event] = api.get(AUDIT, query_params=query).json()["results"]
    assert (event["by"], event["verb"]) == (manager.pk, "change")
    assert event["changes"]["name"][1] == "Otto the First"
    assert api.get(f"{AUDIT}?after_id={event['id']}").json()["results"] == []


def test_a_manager_says_how_figures_of_a_bridge_are_read(api, manager):
    body = {"user": manager.pk, "name": "AMS", "scope": "printer", "kind": "bridge"}
    options = {"counts_up": True, "makes_spools": True}
    for given in ({}, options):
        made = api.post(TOKENS, body | given)
        assert made.status_code == 201, made.content
        expected = options if given else dict.fromkeys(options, False)
        shown = api.get(f"{TOKENS}{made.json()['id']}/").json()
        assert {name: shown[name] for name in options} == expected
        assert {name: made.json()[name] for name in options} == expected
    refused = api.post(TOKENS, body | {"counts_up": "yes"})
    assert refused.status_code == 400
