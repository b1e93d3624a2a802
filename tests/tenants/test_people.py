"""Users, roles, tokens, and the sign-in pages."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django.urls import get_resolver
from django.utils import timezone
from django_tenants.utils import schema_context
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIRequestFactory

from tenants.accounts import roles, services
from tenants.accounts.models import AuditEvent, DeviceToken, FarmSettings, User
from tenants.api.access import TokenAuthentication
from tenants.operations.refusals import Duplicate, InUse, Invalid
from tests.factories import PASSWORD, make_token, make_user

# --- Roles -------------------------------------------------------------------------------------


def test_each_farm_role_may_what_the_one_below_may():
    viewer, operator, manager = (roles.permissions(role) for role in roles.FARM_ROLES)
    assert viewer < operator < manager


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("production.view_productionrun", {"viewer", "operator", "manager"}),
        ("production.complete_productionrun", {"operator", "manager"}),
        ("inventory.weigh_spool", {"operator", "manager"}),
        ("inventory.add_spool", {"operator", "manager"}),
        ("production.override_productionrun", {"manager"}),
        ("production.change_printer", {"manager"}),
        ("accounts.add_user", {"manager"}),
        ("inventory.change_inventorytransaction", set()),
        ("inventory.delete_inventorytransaction", set()),
        ("accounts.delete_user", set()),
        ("tenants.add_tenant", {"administrator"}),
        ("no.such_thing", set()),
    ],
)
def test_who_may_what(permission, allowed):
    assert {role for role in roles.ALL if User(role=role).has_perm(permission)} == allowed


def test_permissions_cost_no_query(farm, operator, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert operator.has_perms(["production.start_productionrun", "inventory.view_spool"])
        assert operator.has_module_perms("production")
        assert not operator.has_module_perms("tenants")


def test_the_platforms_administrator_means_nothing_in_a_farm():
    administrator = User(role=roles.ADMINISTRATOR)
    apps = {permission.partition(".")[0] for permission in roles.permissions(administrator.role)}
    assert apps == {"tenants"}


def test_who_left_may_nothing():
    gone = User(role=roles.MANAGER, is_active=False)
    assert not gone.has_perm("production.view_productionrun")
    assert not gone.has_module_perms("production")
    assert not gone.is_staff


# --- People ------------------------------------------------------------------------------------


def test_adding_somebody_is_on_record_without_their_password(farm, manager):
    user = services.add_user(username=" Ada ", password=PASSWORD, role="operator", by=manager)
    assert user.username == "ada"
    event = AuditEvent.objects.of(user).get()
    assert (event.verb, event.by, event.by_name) == ("add", manager, "Mona Manager")
    assert event.changes["username"] == [None, "ada"]
    assert user.password not in str(event.changes)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"username": "OTTO"}, "duplicate"),
        ({"username": "two words"}, "invalid"),
        ({"username": ""}, "invalid"),
        ({"password": "short"}, "weak_password"),
        ({"password": "password1"}, "weak_password"),
        ({"role": "administrator"}, "invalid_role"),
        ({"role": "king"}, "invalid_role"),
        ({"email": "nonsense"}, "invalid"),
    ],
)
def test_who_can_not_be_added(farm, manager, operator, wrong, code):
    values = {"username": "ada", "password": PASSWORD, "role": "viewer", **wrong}
    with pytest.raises((Invalid, Duplicate)) as refusal:
        services.add_user(by=manager, **values)
    assert refusal.value.code == code
    assert refusal.value.errors


def test_only_administrators_can_be_added_on_the_public_site(db):
    with pytest.raises(services.InvalidRole):
        services.add_user(username="ada", password=PASSWORD, role="manager", by=None)


def test_the_database_knows_one_user_of_a_name_in_whatever_case(farm, operator):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="Otto")


def test_nobody_is_deleted(farm, operator):
    with pytest.raises(InUse, match="deactivated"):
        operator.delete()


def test_the_last_manager_stays(farm, manager):
    with pytest.raises(services.LastManager):
        services.deactivate(manager, by=manager)
    with pytest.raises(services.LastManager):
        services.set_role(manager, role="viewer", by=manager)
    other = make_user(role="manager")
    services.deactivate(manager, by=other)
    with pytest.raises(services.LastManager):
        services.set_role(other, role="operator", by=other)


def test_two_managers_at_once_do_not_shut_each_other_out(committed_farm, in_threads):
    second = make_user(role="manager", username="second")
    first = User.objects.get(username="manager")
    results = in_threads(lambda n: services.deactivate([first, second][n], by=None), 2)
    assert sorted(type(result).__name__ for result in results) == ["LastManager", "User"]
    assert User.objects.active().filter(role="manager").count() == 1


def test_who_was_deactivated_is_signed_out_and_stays_out(farm, farm_client, operator):
    farm_client.force_login(operator)
    assert farm_client.get("/").status_code == 200
    services.deactivate(operator, by=None)
    assert farm_client.get("/").status_code == 302
    assert authenticate(username="otto", password=PASSWORD) is None


def test_a_new_password_ends_the_sessions(farm, farm_client, operator):
    farm_client.force_login(operator)
    services.set_password(operator, password="completely-other-1", by=None)
    assert farm_client.get("/").status_code == 302
    event = AuditEvent.objects.of(operator).latest_first().first()
    assert event.changes == {"password": ["(hidden)", "(hidden)"]}


# --- Tokens ------------------------------------------------------------------------------------


def sign_in(secret, scheme="Token"):
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"{scheme} {secret}")
    return TokenAuthentication().authenticate(request)


def test_a_token_signs_its_owner_in_and_is_kept_as_a_hash_only(farm, operator):
    secret = make_token(operator)
    assert secret.startswith("spb_")
    user, token = sign_in(secret)
    assert user == operator
    assert secret not in str(list(DeviceToken.objects.values()))
    assert secret not in str(list(AuditEvent.objects.values()))
    assert token.hash not in str(list(AuditEvent.objects.values()))


def test_every_unusable_token_is_refused_in_the_same_words(farm, operator, manager):
    now = timezone.now()
    revoked, left = make_token(operator), make_token(manager)
    services.revoke_token(DeviceToken.objects.get(user=operator), by=None)
    make_user(role="manager")
    services.deactivate(manager, by=None)
    expired = make_token(operator, expires_at=now + timedelta(days=1))
    DeviceToken.objects.exclude(expires_at=None).update(expires_at=now)
    messages = set()
    for secret in (revoked, left, expired, "spb_nothing", "two words", "é", ""):
        with pytest.raises(AuthenticationFailed) as refusal:
            sign_in(secret)
        messages.add(str(refusal.value))
    assert messages == {"This token is not valid."}


def test_other_schemes_are_left_to_others(farm):
    assert sign_in("abc", scheme="Bearer") is None
    assert TokenAuthentication().authenticate_header(None) == "Token"


def test_a_token_is_noted_as_used_once_a_minute(farm, operator, django_assert_num_queries):
    secret = make_token(operator)
    sign_in(secret)
    used = DeviceToken.objects.get().last_used_at
    assert used
    with django_assert_num_queries(1):
        sign_in(secret)
    DeviceToken.objects.update(last_used_at=used - timedelta(minutes=2))
    sign_in(secret)
    assert DeviceToken.objects.get().last_used_at >= used


def test_a_token_is_revoked_once(farm, operator):
    make_token(operator)
    token = services.revoke_token(DeviceToken.objects.get(), by=None)
    with pytest.raises(services.TokenRevoked):
        services.revoke_token(token, by=None)


def test_who_left_gets_no_token(farm, operator):
    with pytest.raises(services.UserInactive):
        services.issue_token(
            services.deactivate(operator, by=None), name="mk4", scope="read", by=None
        )


def test_a_token_of_one_farm_is_nobodys_at_another(farm, other_farm, operator):
    secret = make_token(operator)
    with schema_context(other_farm.schema_name), pytest.raises(AuthenticationFailed):
        sign_in(secret)


# --- Settings ----------------------------------------------------------------------------------


def test_there_is_one_row_of_settings(farm):
    with pytest.raises(IntegrityError), transaction.atomic():
        FarmSettings.objects.create(pk=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        FarmSettings.objects.create()
    assert FarmSettings.load().variance_alert_percent == 10


# --- Pages -------------------------------------------------------------------------------------


def test_signing_in_and_out(farm_client, operator):
    assert farm_client.get("/")["Location"] == "/accounts/login/?next=/"
    wrong = farm_client.post("/accounts/login/", {"username": "otto", "password": "wrong"})
    assert b"belong together" in wrong.content
    right = farm_client.post("/accounts/login/", {"username": "Otto", "password": PASSWORD})
    assert right["Location"] == "/"
    assert b"Alpha" in farm_client.get("/").content
    assert farm_client.get("/accounts/logout/").status_code == 405
    assert farm_client.post("/accounts/logout/").status_code == 302
    assert farm_client.get("/").status_code == 302


def test_signing_in_does_not_lead_to_other_sites(farm_client, operator):
    form = {"username": "otto", "password": PASSWORD, "next": "https://evil.example/"}
    assert farm_client.post("/accounts/login/", form)["Location"] == "/"


def test_a_stranger_can_not_sign_in(farm_client, stranger):
    form = {"username": "sami", "password": PASSWORD}
    assert farm_client.post("/accounts/login/", form).status_code == 200
    assert farm_client.get("/").status_code == 302


def test_the_public_site_has_its_own_map():
    public, farm = get_resolver("config.urls_public"), get_resolver("config.urls")
    assert "home" not in public.reverse_dict
    assert "landing" not in farm.reverse_dict
