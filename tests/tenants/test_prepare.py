"""Before anybody is served: schemas that are behind, of another version, or without their role."""

from types import SimpleNamespace

import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection
from django_tenants.utils import schema_context, tenant_context

from config import serve
from tenants.management.commands.prepare import SOME_FARMS
from tenants.models import Tenant
from tenants.schemas import database_role, drift, migrating, prepare, privileges
from tests.factories import make_token, make_user
from tests.tenants.test_farms import run


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_only_farms_that_are_behind_are_found(farm, other_farm):
    names = [farm.schema_name, other_farm.schema_name, "farm_that_is_not"]
    assert migrating.examine(names) == ([], {})
    sql("DELETE FROM django_migrations WHERE app = 'accounts'")
    assert migrating.examine(names) == ([farm.schema_name], {})


# --- One farm's trouble is its own ---------------------------------------------------------------


def make_behind(tenant):
    """As if the farm was made before its last table."""
    with tenant_context(tenant):
        sql("DELETE FROM django_migrations WHERE app = 'sessions'; DROP TABLE django_session")


@pytest.fixture
def locked():
    """``locked(tenant)``: another session holds the farm's migrations for itself."""
    others = []

    def lock(tenant):
        other = connection.copy()
        others.append(other)
        other.set_tenant(tenant)
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")

    yield lock
    for other in others:
        other.rollback()
        other.close()


def test_farms_that_can_not_be_prepared_do_not_hinder_the_others(
    committed_farms, locked, client_at, monkeypatch, caplog
):
    broken, busy, fine = committed_farms
    connection.set_schema_to_public()
    with tenant_context(broken):
        sql("DELETE FROM django_migrations WHERE app = 'sessions'")
    make_behind(fine)
    locked(busy)
    monkeypatch.setattr(prepare, "_ready_until", 0.0)
    monkeypatch.setattr(prepare, "_looked_until", 0.0)
    ready = client_at("localhost").get("/readyz")
    assert (ready.status_code, ready.content) == (200, b"ok\nfarms-not-ready: 3\n")
    assert f"{broken.schema_name}': 'migrations are missing" in caplog.text
    assert f"{busy.schema_name}': 'canceling statement due to lock timeout" in caplog.text

    with pytest.raises(CommandError, match=r"(?s)prepared \(2\).*") as error:
        run("prepare")
    assert error.value.returncode == 3
    lines = str(error.value).splitlines()[1:]
    assert sorted(line.partition(":")[0] for line in lines) == sorted(
        [broken.schema_name, busy.schema_name]
    )
    assert "another version" in str(error.value)
    assert migrating.examine([fine.schema_name]) == ([], {})
    assert client_at(f"{fine.slug}.localhost").get("/accounts/login/").status_code == 200


@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/roles/"])
def test_a_farm_that_is_behind_asks_its_own_people_to_wait(
    committed_farm, client_at, settings, path
):
    secret = make_token(make_user(role="viewer"))
    client = client_at(f"{committed_farm.slug}.localhost")
    client.raise_request_exception = False
    cookie = f"{settings.SESSION_COOKIE_NAME}={'x' * 32}"
    headers = {"Authorization": f"Token {secret}"} if "api" in path else {"Cookie": cookie}
    assert client.get(path, headers=headers).status_code == 200
    table = "accounts_devicetoken" if "api" in path else "django_session"
    with tenant_context(committed_farm):
        sql(f"DELETE FROM django_migrations WHERE app = 'sessions'; DROP TABLE {table} CASCADE")
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "This farm is not ready" in answer.content.decode()
    assert client_at("alpha.localhost").get("/accounts/login/").status_code == 200


def test_a_farm_without_a_schema_does_not_stop_the_others(committed_farm):
    with schema_context("public"):
        migrating.drop(committed_farm.schema_name)
        with pytest.raises(prepare.FarmsNotPrepared) as refusal:
            prepare.prepare()
    assert refusal.value.reasons == {committed_farm.schema_name: "its schema is missing"}


def test_when_no_farm_is_prepared_nothing_is_to_be_served(committed_farm, monkeypatch):
    monkeypatch.setattr(prepare, "_farms", lambda: ["farm_that_is_not"])
    connection.set_schema_to_public()
    with pytest.raises(CommandError, match="farm_that_is_not: its schema is missing") as error:
        run("prepare")
    assert error.value.returncode == 1


def test_a_database_that_goes_away_meanwhile_is_no_farms_trouble(committed_farm, monkeypatch):
    def away():
        connection.close()
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(prepare.FarmSettings, "copy_to_public", away)
    connection.set_schema_to_public()
    with pytest.raises(OperationalError, match="lost"):
        prepare.prepare()


def test_serving_goes_on_where_some_farms_are_prepared(monkeypatch):
    def start(command, environment):
        return SimpleNamespace(wait=lambda: 3, poll=lambda: 3)

    monkeypatch.setattr(serve, "start_process", start)
    assert serve.run_step(*serve.PREPARE, {}, ignored=(serve.SOME_FARMS,)) == SOME_FARMS
    with pytest.raises(serve.ProgramError, match="exit code 3"):
        serve.run_step(*serve.DEMO, {})


# --- Of another version ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("ALTER TABLE inventory_spool DROP lot_number", "inventory_spool lacks lot_number"),
        ("ALTER TABLE inventory_spool RENAME lot_number TO lot", "inventory_spool has lot"),
        ("DROP TABLE production_runevent CASCADE", "and 8 more"),
        (
            "ALTER TABLE inventory_spool ADD shade text NOT NULL DEFAULT '';"
            "ALTER TABLE inventory_spool ALTER shade DROP DEFAULT",
            "inventory_spool has shade",
        ),
        (
            "ALTER TABLE inventory_spool DROP CONSTRAINT spool_remaining_not_negative",
            "inventory_spool lacks spool_remaining_not_negative",
        ),
    ],
)
def test_tables_of_another_version_are_told_apart(farm, other_farm, statement, sentence):
    schemas_ = [farm.schema_name, other_farm.schema_name, "public"]
    drift.check(schemas_)
    sql(statement)
    with pytest.raises(drift.OtherVersion, match=sentence) as refusal:
        drift.check(schemas_)
    assert f"the schema {farm.schema_name} " in refusal.value.detail
    assert "git checkout" in refusal.value.detail


def test_what_does_not_hinder_is_left_to_whoever_made_it(farm):
    sql("ALTER TABLE inventory_spool ADD shelf_mark text; CREATE TABLE notes (id int)")
    sql("CREATE INDEX by_comment ON inventory_spool (comment)")
    drift.check([farm.schema_name])


def test_prepare_says_what_happened_and_what_to_do(committed_farm):
    sql("ALTER TABLE inventory_spool DROP lot_number")
    connection.set_schema_to_public()
    with pytest.raises(CommandError, match="made by another version.*lacks lot_number.*DATA="):
        run("prepare")


def test_a_migration_that_finds_its_table_there_already_is_of_another_version(committed_farm):
    sql("DELETE FROM django_migrations WHERE app = 'sessions'")
    connection.set_schema_to_public()
    with pytest.raises(CommandError, match="another version.*already exists"):
        run("prepare")


def test_a_default_farm_that_is_not_there_is_told(committed_farm, settings):
    connection.set_schema_to_public()
    settings.DEFAULT_FARM = "workshop"
    assert "SPOOLBOOK_DEFAULT_FARM is 'workshop': there is no such farm" in run("prepare")
    settings.DEFAULT_FARM = committed_farm.slug
    assert "SPOOLBOOK_DEFAULT_FARM" not in run("prepare")


# --- The database ------------------------------------------------------------------------------


def test_a_farm_whose_role_is_gone_gets_it_again(committed_farm):
    schema = committed_farm.schema_name
    role = f'"{database_role.role_of(schema)}"'
    for what in ("TABLES", "SEQUENCES"):
        sql(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON {what} FROM {role}")
        sql(f"REVOKE ALL ON ALL {what} IN SCHEMA {schema} FROM {role}")
    sql(f"REVOKE ALL ON SCHEMA {schema} FROM {role}")
    sql(f"DROP ROLE {role}")
    connection.set_schema_to_public()
    assert database_role.missing([schema, "farm_that_is_not"]) == [schema]
    assert f"Making the role of {schema}" in run("prepare")
    committed_farm.uses_farm_role = True
    with tenant_context(committed_farm), pytest.raises(Exception, match="permission denied"):
        sql("DELETE FROM inventory_inventorytransaction")


def test_settings_that_public_has_wrong_are_copied_again(committed_farm):
    connection.set_schema_to_public()
    Tenant.objects.filter(pk=committed_farm.pk).update(timezone="Asia/Tokyo", locale="de")
    prepare.prepare()
    copied = Tenant.objects.get(pk=committed_farm.pk)
    assert (copied.timezone, copied.locale) == ("UTC", "en-gb")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ((True, False, False, False), "is read-only"),
        ((False, True, False, False), "ENCODING 'UTF8'"),
        ((False, False, True, False), 'ALTER DATABASE "book" OWNER TO "me"'),
        ((False, False, True, True), 'ALTER DATABASE "book" OWNER TO "me"'),
        ((False, False, False, True), 'ALTER ROLE "me" CREATEROLE'),
    ],
)
def test_a_database_that_does_not_let_us_is_said_with_what_to_do(
    farm, monkeypatch, wrong, sentence
):
    answer = ", ".join(["'me'", "'book'", *map(str, wrong)])
    monkeypatch.setattr(privileges, "PRIVILEGES", f"SELECT {answer}")
    with pytest.raises(privileges.UnusableDatabase, match=sentence):
        privileges.check()


def test_a_read_only_database_is_found_out(committed_farm):
    connection.set_schema_to_public()
    sql("SET default_transaction_read_only = on")
    try:
        with pytest.raises(privileges.UnusableDatabase, match="read-only"):
            privileges.check()
    finally:
        connection.close()
        connection.set_tenant(committed_farm)


def test_a_role_that_may_not_make_roles_is_found_out(committed_farm):
    connection.set_schema_to_public()
    role = database_role.role_of(committed_farm.schema_name)
    sql(f'SET ROLE "{role}"')
    with pytest.raises(privileges.UnusableDatabase, match=f"The role {role} may not make tables"):
        privileges.check()
    sql("RESET ROLE")
    privileges.check()


def test_without_the_right_to_make_roles_adding_a_farm_ends_with_a_sentence(
    committed_farm, monkeypatch
):
    connection.set_schema_to_public()
    monkeypatch.setattr(
        database_role, "create_role", lambda schema: sql("ALTER ROLE postgres CREATEROLE")
    )
    with pytest.raises(CommandError, match="The database does not allow it: permission denied"):
        run("add_farm", "north")
    assert not migrating.existing(["farm_north"])
