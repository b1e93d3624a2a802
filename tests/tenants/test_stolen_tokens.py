"""What the thief of a token can do: as much as the token, and nothing once it is revoked."""

import pytest
from django.contrib.sessions.models import Session

from tenants.accounts import attempts, services
from tenants.accounts.models import AuditEvent, DeviceToken, FloorDevice, User
from tests.conftest import FarmAPIClient
from tests.factories import PASSWORD, make_token, make_user

V1 = "/api/v1"
NEW = "completely-other-1"
SAME = str(services.SAME_PASSWORD)
NINA = {"username": "nina", "password": NEW, "role": "manager"}
SPARE = {"username": "mona", "name": "Spare", "scope": "all"}
OWN = {"password": NEW, "end_tokens": False}


def program(secret):
    client = FarmAPIClient(host="alpha.localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


@pytest.fixture
def stolen(manager):
    """A manager's token with the scope all, in the wrong hands."""
    return program(make_token(manager))


def ways_in(operator):
    """``(method, path, body)`` of everything that lets somebody in, or opens a lock."""
    user, gone = f"{V1}/users/{operator.pk}/", make_user(is_active=False)
    tablet = FloorDevice.objects.create(name="Door", hash="x", registered_by=operator)
    return [
        ("post", f"{V1}/device-tokens/", SPARE),
        ("post", f"{V1}/users/", NINA),
        ("post", f"{V1}/me/password/", OWN),
        ("post", f"{user}set-password/", {"password": NEW}),
        ("post", f"{user}set-pin/", {"pin": "270419"}),
        ("post", f"{user}unlock/", {}),
        ("post", f"{user}unlock-pin/", {}),
        ("patch", user, {"role": "manager"}),
        ("put", user, {"role": "manager", "name": "Otto", "email": ""}),
        ("post", f"{V1}/users/{gone.pk}/reactivate/", {}),
        ("post", f"{V1}/floor-devices/{tablet.pk}/unlock/", {}),
    ]


def everything():
    rows = [*User.objects.order_by("pk"), *DeviceToken.objects.order_by("pk")]
    last_used = {"last_used_at", "last_login", "_state"}
    stored = [{k: v for k, v in vars(row).items() if k not in last_used} for row in rows]
    changes = AuditEvent.objects.exclude(verb="sign_in_refused").count()
    return stored, FloorDevice.objects.count(), Session.objects.count(), changes


def test_a_thief_lets_nobody_in_and_has_nothing_left_once_the_token_is_revoked(
    stolen, operator, manager
):
    ways = ways_in(operator)
    before, wrong = everything(), []
    for method, path, body in ways:
        for status, code, more in (
            (400, "password_needed", {}),
            (403, "wrong_password", {"current_password": "x"}),
        ):
            answer = getattr(stolen, method)(path, body | more)
            if (answer.status_code, answer.json()["code"]) != (status, code) or answer.cookies:
                wrong.append((method, path, code, answer.content))
    guess = {"username": "mona", "password": "guess", "name": "x", "scope": "all"}
    assert stolen.post(f"{V1}/tokens/", guess).status_code == 401
    assert stolen.post(f"{V1}/floor-devices/", {"name": "Own"}).status_code == 405
    for page in ("/floor/device/", "/floor/pin/", "/admin/password_change/"):
        assert "/login/?next=" in stolen.post(page, {})["Location"]
    assert (wrong, everything()) == ([], before)
    services.revoke_token(DeviceToken.objects.get(), by=manager)
    for method, path, body in ways:
        answer = getattr(stolen, method)(path, body | {"current_password": PASSWORD})
        assert answer.status_code == 401, path
    assert stolen.get(f"{V1}/me/").status_code == 401


def test_with_the_password_a_token_does_all_of_it(stolen, operator, manager):
    for method, path, body in ways_in(operator):
        answer = getattr(stolen, method)(path, body | {"current_password": PASSWORD})
        assert answer.status_code in (200, 201), (path, answer.content)
        User.objects.filter(pk=manager.pk).update(password=manager.password)  # after me/password/


def test_tries_at_the_password_are_counted_for_the_person_and_stay_counted(
    stolen, manager, monkeypatch
):
    monkeypatch.setattr(attempts, "PER_NAME", 2)
    body = SPARE | {"current_password": "wrong"}
    codes = [stolen.post(f"{V1}/device-tokens/", body).status_code for _ in range(3)]
    right = SPARE | {"current_password": PASSWORD}
    codes.append(stolen.post(f"{V1}/device-tokens/", right).status_code)
    assert codes == [403, 403, 429, 429]
    body = {"username": "mona", "password": PASSWORD, "name": "x", "scope": "read"}
    assert stolen.post(f"{V1}/tokens/", body).status_code == 201  # strangers are counted apart


def test_tries_with_a_stolen_token_do_not_lock_its_owner_out(
    stolen, manager, as_manager, monkeypatch
):
    monkeypatch.setattr(attempts, "PER_NAME", 2)
    body = SPARE | {"current_password": "wrong"}
    codes = [stolen.post(f"{V1}/device-tokens/", body).status_code for _ in range(3)]
    assert codes == [403, 403, 429]
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW, "tokens": "end"}
    assert as_manager.post("/admin/password_change/", form).status_code == 302
    for _ in range(2):
        attempts.count_confirmation(manager, address="203.0.113.9")
    services.unlock(manager, by=manager)
    attempts.count_confirmation(manager, address="203.0.113.9")


def test_right_passwords_are_not_held_against_a_program(stolen, api, operator, monkeypatch):
    monkeypatch.setattr(attempts, "PER_NAME", 2)
    right, wrong = {"current_password": PASSWORD}, {"current_password": "wrong"}
    path = f"{V1}/users/{operator.pk}/unlock/"
    codes = [stolen.post(path, body).status_code for body in [right, right, wrong, right, right]]
    assert codes == [200, 200, 403, 200, 200]
    weak = right | OWN | {"password": "1"}  # in a session
    assert [api.post(f"{V1}/me/password/", weak).status_code for _ in range(3)] == [400] * 3


def test_a_revoked_token_takes_those_made_with_it_along(stolen, manager):
    spare = stolen.post(f"{V1}/device-tokens/", SPARE | {"current_password": PASSWORD}).json()
    own = program(spare["token"])
    second = own.post(f"{V1}/device-tokens/", SPARE | {"current_password": PASSWORD}).json()
    first = DeviceToken.objects.get(made_with=None)
    assert [spare["made_with"], second["made_with"]] == [first.pk, spare["id"]]
    services.revoke_token(first, by=manager)
    assert not DeviceToken.objects.not_revoked().exists()
    assert program(second["token"]).get(f"{V1}/me/").status_code == 401
    with pytest.raises(services.TokenRevoked):  # a request that was under way
        services.issue_token(manager, name="Late", scope="all", by=manager, made_with=first)


def test_who_was_deactivated_does_not_come_back_with_what_they_had(farm, operator, manager):
    token, browser = program(make_token(operator)), FarmAPIClient(host="alpha.localhost")
    browser.force_login(operator)
    services.deactivate(operator, by=manager)
    services.reactivate(operator, by=manager)
    assert [each.get(f"{V1}/me/").status_code for each in (token, browser)] == [401, 401]
    signed_in = {"username": "otto", "password": PASSWORD}
    assert browser.post("/accounts/login/", signed_in, format="multipart").status_code == 302
    assert AuditEvent.objects.filter(object_type="accounts.devicetoken").count() == 2


@pytest.mark.parametrize("end_tokens", [True, False])
def test_ones_own_password_is_changed_with_the_old_one(operator, end_tokens):
    browser, other = (FarmAPIClient(host="alpha.localhost") for _ in range(2))
    token = program(make_token(operator))
    for each in (browser, other):
        each.force_login(operator)
    path, body = f"{V1}/me/password/", {"password": NEW, "current_password": PASSWORD}
    assert list(browser.post(path, body).json()["errors"]) == ["end_tokens"]
    body |= {"end_tokens": end_tokens}
    assert browser.post(path, body | {"password": "1"}).json()["code"] == "weak_password"
    same = browser.post(path, body | {"password": PASSWORD}).json()
    assert (same["code"], same["errors"]) == ("weak_password", {"password": [SAME]})
    assert browser.post(path, body | {"current_password": "x"}).json()["code"] == "wrong_password"
    answer = browser.post(path, body)
    assert (answer.status_code, answer.json()["username"]) == (200, "otto")
    assert answer["Cache-Control"] == "no-store"
    codes = [each.get(f"{V1}/me/").status_code for each in (browser, other, token)]
    assert codes == [200, 401, 401 if end_tokens else 200]


def test_nobody_sets_their_own_password_without_the_old_one(api, as_manager, manager):
    answer = api.post(f"{V1}/users/{manager.pk}/set-password/", {"password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (409, "old_password_needed")
    form = {"name": "", "email": "", "role": "manager", "is_active": "on", "new_password": NEW}
    page = as_manager.post(f"/admin/accounts/user/{manager.pk}/change/", form, follow=True)
    assert "Use “Change password” in the admin" in page.content.decode()
    form = {"old_password": "guess", "new_password1": NEW, "new_password2": NEW, "tokens": "end"}
    page = as_manager.post("/admin/password_change/", form)
    assert "That is not the password of mona" in page.content.decode()
    manager.refresh_from_db()
    assert manager.check_password(PASSWORD)


@pytest.mark.parametrize("end_tokens", [True, False])
def test_a_new_password_from_a_manager_ends_tokens_unless_asked_not_to(api, operator, end_tokens):
    make_token(operator)
    body = {"password": NEW} | ({} if end_tokens else {"end_tokens": False})
    assert api.post(f"{V1}/users/{operator.pk}/set-password/", body).status_code == 200
    assert DeviceToken.objects.not_revoked().exists() is not end_tokens


def test_a_name_that_strangers_locked_is_unlocked_by_a_manager(
    api, as_manager, operator, monkeypatch
):
    monkeypatch.setattr(attempts, "PER_NAME", 1)

    def sign_in(password=PASSWORD):
        form = {"username": "otto", "password": password}
        client = FarmAPIClient(host="alpha.localhost")
        return client.post("/accounts/login/", form, format="multipart").status_code

    def by_action():
        form = {"action": "unlock", "_selected_action": operator.pk}
        return as_manager.post("/admin/accounts/user/", form).status_code

    unlocks = [
        lambda: api.post(f"{V1}/users/{operator.pk}/unlock/").status_code,
        by_action,
        lambda: services.set_password(operator, password=PASSWORD, by=None) and 200,
    ]
    for unlock in unlocks:
        assert [sign_in("guess"), sign_in()] == [200, 429]
        assert unlock() in (200, 302)
        assert sign_in() == 302
    assert AuditEvent.objects.filter(verb="unlock", object_id=operator.pk).count() == 2


@pytest.mark.parametrize(
    ("password", "is_refused"),
    [
        ("Spool-Book.2026", True),
        ("my-farm-ALPHA-1", True),
        ("al-pha-al-pha", True),
        ("filament-of-petg-8", False),
    ],
)
def test_the_names_of_farm_and_program_are_no_passwords(farm, operator, password, is_refused):
    if not is_refused:
        services.set_password(operator, password=password, by=None)
        return
    with pytest.raises(services.WeakPassword, match="contains the name of the"):
        services.set_password(operator, password=password, by=None)
