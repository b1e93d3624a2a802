"""An old backup lets nobody in whose access was revoked after it was made."""

import pytest
from django.db import connection
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts import devices, pins
from tenants.accounts import services as people
from tenants.accounts.models import AuditEvent, DeviceToken, FloorDevice, User
from tenants.farms import backups, restoring, services
from tenants.models import DroppedFarm
from tests.conftest import FarmAPIClient
from tests.factories import PASSWORD, make_token, make_user
from tests.tenants.test_farms import run

PIN = "739104"


@pytest.fixture
def before(committed_farm, tmp_path):
    """The secrets that worked when a backup was made, and its path."""
    secrets = {}
    for name in ("mona", "gone", "changed", "demoted"):
        user = make_user(username=name, role="manager")
        secrets[name] = make_token(user, name=f"token of {name}")
        pins.set_pin(user, pin=PIN, by=None)
    mona = User.objects.get(username="mona")
    secrets["stolen"] = make_token(mona, name="the stolen one")
    secrets["tablet"] = devices.register(name="Bench", by=mona)[1]
    secrets["lost"] = devices.register(name="Lost", by=mona)[1]
    return secrets, backups.back_up(committed_farm, tmp_path)


def revoke():
    """What is done when a token is stolen and people leave."""
    users = {user.username: user for user in User.objects.all()}
    people.revoke_token(DeviceToken.objects.get(name="the stolen one"), by=None)
    devices.revoke(FloorDevice.objects.get(name="Lost"), by=None)
    people.deactivate(users["gone"], by=None)
    people.set_password(users["changed"], password=f"{PASSWORD}-2", by=None)
    pins.clear_pin(users["changed"], by=None)
    people.set_role(users["demoted"], role="viewer", by=None)


def let_in(tenant, secrets):
    """Which of the tokens, tablets, passwords and PINs work, and with which role."""
    with tenant_context(tenant):
        found = {
            user.username: (user.is_active and user.check_password(PASSWORD), user.has_pin)
            for user in User.objects.exclude(username="manager")
        }
        tablets = {name for name in ("tablet", "lost") if devices.by_secret(secrets[name])}
    client = FarmAPIClient(host=f"{tenant.slug}.localhost")
    roles = {}
    for name in secrets.keys() - {"tablet", "lost"}:
        answer = client.get("/api/v1/me/", HTTP_AUTHORIZATION=f"Token {secrets[name]}")
        if answer.status_code == 200:
            roles[name] = answer.json()["role"]
    return found, tablets, roles


def test_restored_itself_those_revoked_since_stay_out(committed_farm, before):
    secrets, path = before
    revoke()
    services.drop_farm(committed_farm, by=None)
    restored = restoring.restore_farm(path, by=None)
    try:
        assert restored.is_compared
        with schema_context("public"):
            assert DroppedFarm.noted(restored.tenant.slug) is None  # the hashes are not needed now
        assert restored.revoked["people"] == ["gone", "changed", "demoted"]
        assert set(restored.revoked["tokens"]) >= {"token of gone", "the stolen one"}
        assert restored.revoked["devices"] == ["Lost"]
        found, tablets, roles = let_in(restored.tenant, secrets)
        assert found == {
            "mona": (True, True),
            "gone": (False, False),
            "changed": (False, False),
            "demoted": (True, True),
        }
        with tenant_context(restored.tenant):
            assert User.objects.get(username="changed").check_password(f"{PASSWORD}-2")
        assert (tablets, roles["mona"], roles["demoted"]) == ({"tablet"}, "manager", "viewer")
        assert not roles.keys() & {"gone", "stolen"}
        with tenant_context(restored.tenant):
            changed = AuditEvent.objects.filter(object_label="the stolen one").latest_first()
            assert changed[0].changes["revoked_at"][0] is None
    finally:
        services.drop_farm(restored.tenant, by=None)


@pytest.mark.parametrize("keep_access", [False, True])
def test_a_copy_lets_nobody_in_unless_that_is_wanted(committed_farm, before, keep_access):
    secrets, path = before
    revoke()
    restored = restoring.restore_farm(path, slug="a-copy", keep_access=keep_access, by=None)
    try:
        assert not restored.is_compared
        found, tablets, roles = let_in(restored.tenant, secrets)
        assert set(found.values()) == {(keep_access, keep_access)}
        assert tablets == ({"tablet", "lost"} if keep_access else set())
        assert len(roles) == (5 if keep_access else 0)
        with tenant_context(restored.tenant):
            assert User.objects.active().count() == 5
    finally:
        services.drop_farm(restored.tenant, by=None)


def test_where_it_is_not_known_who_was_revoked_nobody_is_let_in(committed_farm, before, capsys):
    """As in another installation, or when the database was lost."""
    secrets, path = before
    services.drop_farm(committed_farm, by=None)
    connection.set_schema_to_public()
    services.DroppedFarm.objects.all().delete()
    output = run("restore_farm", str(path))
    assert "Nobody can sign in" in output
    tenant = services.Tenant.objects.get(slug=committed_farm.slug)
    try:
        found, tablets, roles = let_in(tenant, secrets)
        assert (set(found.values()), tablets, roles) == ({(False, False)}, set(), {})
    finally:
        services.drop_farm(tenant, by=None)


def test_the_command_names_what_was_revoked_since(committed_farm, before):
    _secrets, path = before
    revoke()
    services.drop_farm(committed_farm, by=None)
    connection.set_schema_to_public()
    output = run("restore_farm", str(path))
    assert "People: gone, changed, demoted" in output
    assert "Tablets: Lost" in output
    run("drop_farm", committed_farm.slug, yes=True)
