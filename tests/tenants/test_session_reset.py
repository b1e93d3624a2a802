"""What statements in one farm leave behind in a session, and the next request does not find."""

from contextlib import suppress

import psycopg
import pytest
from django.db import connection

from tests.tenants.sql_helpers import enter_at_host, walled

LEFT = {
    "a timeout": "SET statement_timeout = '2s'",
    "read-only transactions": "SET default_transaction_read_only = on",
    "another time zone": "SET TimeZone = 'Asia/Tokyo'",
    "a setting of one's own": "SET spoolbook.mark = 'x'",
    "no role": "SELECT set_config('role', 'none', false)",
    "a lock": "SELECT pg_advisory_lock(42)",
    "a shared lock": "SELECT pg_advisory_lock_shared(42)",
    "a cursor": "DECLARE left_over CURSOR WITH HOLD FOR SELECT 1",
    "a listener": "LISTEN left_over",
    "a prepared statement": "PREPARE left_over AS SELECT 1",
}
SEEN = """
    SELECT current_setting('statement_timeout'), current_setting('default_transaction_read_only'),
           current_setting('TimeZone'), coalesce(current_setting('spoolbook.mark', true), ''),
           (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
           (SELECT count(*) FROM pg_cursors WHERE is_holdable),
           (SELECT count(*) FROM pg_listening_channels()),
           (SELECT count(*) FROM pg_prepared_statements)
"""


@pytest.fixture
def session(committed_farms):
    """A database session that served the first farm; the farms, as requests enter them."""
    other = connection.copy()
    farms = [walled(farm) for farm in committed_farms]
    other.enter(farms[0])
    yield other, farms
    other.close()


def raw(session, statement):
    """Past the backend, as no code of ours does."""
    return session.connection.execute(statement)


def seen(session):
    return raw(session, f"SELECT (current_user, {SEEN.strip().removeprefix('SELECT')})").fetchone()


def next_request(session, farm):
    session.close_if_unusable_or_obsolete()
    session.set_schema_to_public()
    with session.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_tenant")
    session.enter(farm)


def request_at_host(session, farm):
    enter_at_host(session, f"{farm.slug}.localhost")


REQUESTS = [next_request, request_at_host]


@pytest.mark.parametrize("enter", [type(connection.copy()).enter, *REQUESTS])
def test_the_next_farm_finds_a_session_as_new(session, enter):
    session, [farm, other, _] = session
    enter(session, other)
    before, pid = seen(session), session.connection.info.backend_pid
    found = {}
    for what, statement in LEFT.items():
        enter(session, farm)
        raw(session, statement)
        enter(session, other)
        found[what] = (seen(session), session.connection.info.backend_pid)
    assert found == dict.fromkeys(LEFT, (before, pid))


@pytest.mark.parametrize("enter", [type(connection.copy()).enter, *REQUESTS])
def test_the_next_request_to_the_same_farm_or_to_the_public_site_finds_it_as_new(session, enter):
    session, [farm, *_] = session
    leave = """
        SELECT set_config('role', 'none', false), set_config('search_path', 'public', false),
               set_config('statement_timeout', '2s', false), pg_advisory_lock(42)
    """
    enter(session, farm)
    before = seen(session)
    raw(session, leave)
    enter(session, farm)
    assert seen(session) == before
    session.close_if_unusable_or_obsolete()
    session.set_schema_to_public()
    for _ in range(2):
        with session.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("30s",)
        raw(session, "SET statement_timeout = '2s'")
        session.close_if_unusable_or_obsolete()


@pytest.mark.parametrize("request_to", REQUESTS)
def test_the_same_farm_finds_its_own_prepared_statements(session, request_to):
    session, [farm, *_] = session
    raw(session, LEFT["a prepared statement"])
    request_to(session, farm)
    assert raw(session, "EXECUTE left_over").fetchone() == (1,)


def test_statements_that_psycopg_prepares_are_forgotten_with_those_of_the_server(session):
    session, farms = session
    session.connection.prepare_threshold = 0
    entered = [*farms[:2], *farms[:2]]
    for farm in entered:
        session.enter(farm)
    for farm in entered:
        session.enter(farm)
        with psycopg.Cursor(session.connection) as cursor:
            assert [cursor.execute("SELECT 1").fetchone() for _ in range(2)] == [(1,), (1,)]


@pytest.mark.parametrize("request_to", REQUESTS)
@pytest.mark.parametrize(
    "statement",
    ["BEGIN", "SET statement_timeout = 1", "BEGIN; SELECT 1 / 0"],
    ids=["an open transaction", "no time", "a failed transaction"],
)
def test_a_session_that_can_not_be_cleared_is_replaced(session, statement, request_to):
    session, [farm, *_] = session
    pid = session.connection.info.backend_pid
    with suppress(psycopg.DataError):
        raw(session, statement)
    request_to(session, farm)
    if statement.startswith("BEGIN"):
        assert session.connection.info.backend_pid != pid
    with session.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.005)")


def test_a_command_keeps_the_limits_that_it_has_set(session):
    session, [farm, other, _] = session
    session.set_schema_to_public()
    with session.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SELECT pg_advisory_lock(42)")
    farm.uses_farm_role = False
    session.set_tenant(farm)
    with session.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone() == ("0",)
        cursor.execute("SELECT pg_advisory_unlock(42)")
        assert cursor.fetchone() == (True,)
