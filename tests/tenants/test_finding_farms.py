"""A request finds its farm and enters it in one round trip, and enters no other than that."""

from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from django_tenants.utils import schema_context

from tenants.farms import services
from tenants.models import Tenant
from tenants.schemas import database_role
from tenants.schemas.current import SchemaUnreachable
from tests.conftest import FarmAPIClient
from tests.factories import a_spool, make_token, make_user
from tests.tenants.sql_helpers import ask, enter_at_host, find_farm, walled

WHERE = "SELECT current_schema(), current_user::text, session_user::text"


@pytest.fixture
def session(committed_farm):
    """A database session that has served the farm."""
    other = connection.copy()
    other.enter(walled(committed_farm))
    yield other
    other.close()


@pytest.fixture
def round_trips(monkeypatch):
    """A list of those that connections have made."""
    made, wait = [], psycopg.Connection.wait

    def wait_and_note(*args, **more):
        made.append(1)
        return wait(*args, **more)

    monkeypatch.setattr(psycopg.Connection, "wait", wait_and_note)
    return made


def host_of(farm):
    return f"{farm.slug}.localhost"


def where(session):
    return session.connection.execute(WHERE).fetchone()


def place_of(farm):
    return farm.schema_name, database_role.role_of(farm.schema_name)


def test_a_farm_is_found_and_entered_by_one_round_trip(session, committed_farm, round_trips):
    for _ in range(2):
        round_trips.clear()
        assert enter_at_host(session, host_of(committed_farm)) == committed_farm
        assert len(round_trips) == 1
        assert where(session)[:2] == place_of(committed_farm)


def test_a_get_makes_one_for_its_farm_one_for_its_rows_and_one_for_a_token_not_known(
    committed_farm, round_trips
):
    client = FarmAPIClient(host=host_of(committed_farm))
    token = make_token(make_user(role="manager"))
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    paths = ["/api/v1/spools/", f"/api/v1/spools/{a_spool().pk}/"]
    client.get(paths[0])  # the token's use is noted once a minute
    for path in paths:
        for writes, expected in ((lambda: None, 2), (a_spool, 3)):
            client.get(path)  # compiled, and prepared
            writes()
            round_trips.clear()
            assert client.get(path).status_code == 200
            assert len(round_trips) == expected


@pytest.mark.parametrize("host", ["unknown", "suspended"])
def test_where_no_farm_answers_the_session_is_in_public(session, committed_farm, host):
    if host == "suspended":
        services.suspend_farm(committed_farm, by=None)
        host = host_of(committed_farm)
    assert find_farm(session, host) is None
    schema, role, login = where(session)
    assert (schema, role) == ("public", login)


def test_a_farm_that_is_found_and_not_entered_is_left_by_the_next_statement(
    session, committed_farm
):
    find_farm(session, host_of(committed_farm))
    with session.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_tenant")
    schema, role, login = where(session)
    assert (schema, role) == ("public", login)


def test_a_farm_can_not_put_a_statement_of_its_own_in_place_of_the_one_that_finds_farms(
    session, committed_farm
):
    for _ in range(5):
        enter_at_host(session, host_of(committed_farm))
    prepared = session.connection.execute("SELECT statement FROM pg_prepared_statements")
    assert not [text for (text,) in prepared if "tenants_" in text]


def test_a_farm_whose_role_is_called_otherwise_as_its_name_is_too_long_is_entered(
    session, committed_farm
):
    farm = services.add_farm(slug=f"{committed_farm.slug}-{'x' * 63}"[:63], name="Long")
    try:
        assert "." + farm.schema_name not in database_role.role_of(farm.schema_name)
        for _ in range(2):
            enter_at_host(session, host_of(farm))
            assert where(session)[:2] == place_of(farm)
    finally:
        session.close()
        services.drop_farm(farm, by=None)


@pytest.mark.parametrize("kind", ["SCHEMA", "ROLE"])
def test_a_farm_that_is_found_and_is_not_there_is_not_entered(session, committed_farm, kind):
    schema, role = place_of(committed_farm)
    name = schema if kind == "SCHEMA" else role
    with renamed(kind, name), pytest.raises(SchemaUnreachable):
        enter_at_host(session, host_of(committed_farm))
    assert session.connection is None


@contextmanager
def renamed(kind, name):
    def rename(name, to):
        with schema_context("public"):
            database_role.run(f"ALTER {kind} {{name}} RENAME TO {{to}}", name=name, to=to)

    rename(name, f"{name[:50]}_away")
    yield
    rename(f"{name[:50]}_away", name)


def test_after_its_connection_was_ended_the_next_request_has_a_new_one(session, committed_farm):
    ask("SELECT pg_terminate_backend(%s)", [session.connection.info.backend_pid])
    enter_at_host(session, host_of(committed_farm))
    assert where(session)[:2] == place_of(committed_farm)


def test_a_farm_is_found_with_all_that_is_known_of_it(session, committed_farm):
    found = vars(find_farm(session, host_of(committed_farm)))
    with schema_context("public"):
        expected = vars(Tenant.objects.at_host(host_of(committed_farm)))
    assert found | {"_state": None} == expected | {"_state": None}


def test_who_leaves_a_farm_finds_a_session_as_new(session, committed_farm):
    assert find_farm(session, "nobody.localhost") is None  # nothing to clear since
    enter_at_host(session, host_of(committed_farm))
    session.connection.execute("SET statement_timeout = '2s'")
    session.set_schema_to_public()
    with session.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("30s",)
