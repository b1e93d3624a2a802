"""What keeps farms apart in the database: each trap that was measured."""

import threading
import time

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django_tenants.utils import schema_context

from config.database import base
from tenants.accounts import roles
from tenants.accounts.models import User
from tenants.farms import services
from tenants.models import Tenant
from tenants.operations.refusals import Busy
from tenants.schemas import database_role, migrating
from tenants.schemas.current import SchemaUnreachable
from tests.conftest import FarmClient, go_to
from tests.factories import PASSWORD, make_user
from tests.tenants.sql_helpers import ask, enter_at_host, walled

# --- What the backend promises -----------------------------------------------------------------


def test_no_foreign_key_leads_from_a_farm_to_another_schema(farm):
    assert (
        ask(
            """
            SELECT count(*) FROM pg_constraint JOIN pg_class here ON here.oid = conrelid
            JOIN pg_class there ON there.oid = confrelid
            WHERE contype = 'f' AND here.relnamespace <> there.relnamespace
            """
        )
        == 0
    )


def test_a_farm_sees_its_own_schema_and_nothing_behind_it(farm):
    assert ask("SHOW search_path") == farm.schema_name
    with pytest.raises(ProgrammingError), transaction.atomic():
        ask("SELECT count(*) FROM tenants_tenant")


def test_a_schema_that_is_not_there_is_refused_and_the_connection_closed(committed_farm):
    with schema_context("farm_that_never_was"), pytest.raises(SchemaUnreachable, match="exist"):
        ask("SELECT 1")
    assert connection.connection is None


@pytest.mark.parametrize("name", ["", "Farm", "farm x", 'a","public', "a'", "1st", "x" * 64])
def test_a_name_that_can_not_be_a_schema_is_refused(farm, name):
    with schema_context(name), pytest.raises(SchemaUnreachable, match="can't be the name"):
        ask("SELECT 1")


def test_a_cancelled_switch_raises_and_closes_instead_of_reading_the_wrong_farm(
    committed_farm, monkeypatch
):
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
    monkeypatch.setattr(base, "SWITCH", "SELECT pg_sleep(5), %s, %s, %s")
    with schema_context("public"), pytest.raises(SchemaUnreachable):
        ask("SELECT 1")
    assert connection.connection is None
    monkeypatch.undo()
    assert ask("SELECT current_schema()") == committed_farm.schema_name


ENOUGH_READS = 500


def begin_in(tenant):
    connection.set_tenant(tenant)


def begin_at_host(tenant):
    enter_at_host(connection, f"{tenant.slug}.localhost")


@pytest.mark.parametrize("begin", [begin_in, begin_at_host])
def test_cancels_at_any_moment_never_show_another_farm(committed_farm, begin):
    neighbour = services.add_farm(slug=f"next-{committed_farm.slug}", name="Next")
    pids, stop, wrong, reads = [], threading.Event(), [], [0]

    def read():
        farms = [walled(committed_farm), walled(neighbour)]
        while not stop.is_set():
            for tenant in farms:
                try:
                    pids[:] = (
                        [connection.connection.info.backend_pid] if connection.connection else []
                    )
                    begin(tenant)
                    seen = ask("SELECT current_schema() || ' ' || current_user")
                except DatabaseError:
                    continue
                reads[0] += 1
                role = database_role.role_name(connection.settings_dict["NAME"], tenant.schema_name)
                if seen != f"{tenant.schema_name} {role}":
                    wrong.append((tenant.schema_name, seen))
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    while reads[0] < ENOUGH_READS and reader.is_alive():
        for pid in list(pids):
            ask("SELECT pg_cancel_backend(%s)", [pid])
    stop.set()
    reader.join()
    services.drop_farm(neighbour, by=None)
    assert wrong == []
    assert reads[0] >= ENOUGH_READS


def test_a_rolled_back_savepoint_leaves_nobody_in_the_wrong_farm(farm, other_farm):
    for _ in range(2):
        with transaction.atomic():
            connection.set_tenant(walled(other_farm))
            assert ask("SELECT current_schema()") == other_farm.schema_name
            transaction.set_rollback(True)
        connection.set_tenant(walled(farm))
        assert ask("SELECT current_schema()") == farm.schema_name
        assert ask("SELECT current_user") == database_role.role_of(farm.schema_name)


def test_after_an_error_and_its_rollback_the_farm_is_the_right_one(farm, other_farm):
    with pytest.raises(ProgrammingError), transaction.atomic():
        connection.set_tenant(other_farm)
        ask("SELECT * FROM nothing_of_this_name")
    connection.set_tenant(farm)
    assert ask("SELECT current_schema()") == farm.schema_name


def test_somebody_who_changes_the_path_by_hand_is_brought_back(farm):
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = public")
    assert ask("SELECT current_schema()") == farm.schema_name


def test_a_raw_cursor_in_a_request_is_in_the_farm_of_the_request(committed_farm):
    with schema_context("public"):
        ask("SELECT 1")
    connection.enter(walled(committed_farm))
    row = connection.connection.execute("SELECT current_schema()").fetchone()
    assert row[0] == committed_farm.schema_name


def test_a_server_side_cursor_reads_its_farm(farm, other_farm):
    make_user(username="ada")
    connection.set_tenant(walled(other_farm))
    assert not list(User.objects.iterator())
    connection.set_tenant(walled(farm))
    assert [user.username for user in User.objects.iterator()] == ["ada"]


def test_a_new_thread_starts_in_public(committed_farm):
    seen = []

    def look():
        seen.append(ask("SELECT current_schema()"))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == ["public"]


def test_after_a_killed_backend_the_next_connection_is_in_the_farm(committed_farm):
    pid = ask("SELECT pg_backend_pid()")
    killer = connection.copy()
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    killer.close()
    with pytest.raises(OperationalError):
        ask("SELECT 1")
    connection.close_if_unusable_or_obsolete()
    connection.set_tenant(walled(committed_farm))
    assert ask("SELECT current_schema()") == committed_farm.schema_name
    assert ask("SELECT current_user") == database_role.role_of(committed_farm.schema_name)


def test_the_path_is_set_once_where_the_server_reports_it(farm, monkeypatch):
    if connection.pg_version < 180000:
        pytest.skip("Before PostgreSQL 18 it is set in front of every statement")
    connection.enter(walled(farm))
    times = []
    switch = base.DatabaseWrapper._switch
    monkeypatch.setattr(
        base.DatabaseWrapper,
        "_switch",
        lambda *args, **options: times.append(1) or switch(*args, **options),
    )
    for _ in range(5):
        User.objects.count()
    assert times == []


# --- A farm whose schema is gone ---------------------------------------------------------------


def test_with_the_schema_gone_the_platforms_administrator_can_not_sign_in_at_the_farm(
    committed_farm,
):
    host = f"{committed_farm.slug}.localhost"
    name = f"root-{committed_farm.slug}"
    with schema_context("public"):
        make_user(username=name, role=roles.ADMINISTRATOR)
    client = FarmClient(host=host)
    assert client.get("/accounts/login/").status_code == 200
    with schema_context("public"):
        migrating.drop(committed_farm.schema_name)
    assert client.get("/api/v1/me/").json()["code"] == "farm_not_ready"
    for _ in range(2):
        answer = client.post("/accounts/login/", {"username": name, "password": PASSWORD})
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert "This farm is not ready" in answer.content.decode()
        assert "sessionid" not in answer.cookies
        connection.close()
    with schema_context("public"):
        User.objects.filter(username=name)._raw_delete("default")


def test_a_session_store_of_a_missing_farm_is_no_session(committed_farm):
    with schema_context("farm_that_never_was"), pytest.raises(SchemaUnreachable):
        SessionStore("some-key").load()


def test_a_farm_that_another_machine_suspends_is_gone_with_the_next_request(committed_farm):
    client = FarmClient(host=f"{committed_farm.slug}.localhost")
    assert client.get("/accounts/login/").status_code == 200
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_tenant SET status = 'suspended' WHERE id = %s", [committed_farm.pk]
        )
    other.close()
    assert client.get("/accounts/login/").status_code == 404


def test_dropping_a_farm_ends_the_requests_that_are_in_it(committed_farm):
    """One in the middle of a transaction, and one that is between two of its statements."""
    requests = [connection.copy(), connection.copy()]
    for each in requests:
        each.enter(walled(committed_farm))
    requests[0].set_autocommit(False)
    with requests[0].cursor() as cursor:
        cursor.execute("SELECT FROM accounts_user FOR UPDATE")
    started = time.monotonic()
    services.drop_farm(committed_farm, by=None)
    assert time.monotonic() - started < 5, "it waited for no timeout"
    for each in requests:
        with pytest.raises(DatabaseError), each.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM accounts_user")
        each.close()
        with pytest.raises(SchemaUnreachable):
            each.enter(walled(committed_farm))
    go_to(committed_farm)
    with pytest.raises(SchemaUnreachable):
        ask("SELECT 1")


def test_a_farm_that_another_user_reads_is_suspended_and_not_dropped(committed_farm, monkeypatch):
    monkeypatch.setattr(migrating, "TERMINATE", "SELECT %s")
    reader = connection.copy()
    reader.set_tenant(committed_farm)
    reader.set_autocommit(False)
    with reader.cursor() as cursor:
        cursor.execute("SELECT FROM accounts_user")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    with pytest.raises(Busy):
        services.drop_farm(committed_farm, by=None)
    reader.close()
    connection.close()
    with schema_context("public"):
        assert Tenant.objects.get(pk=committed_farm.pk).status == "suspended"
    assert User.objects.count() == 1
