"""SQL that got past Spoolbook: what it can't do in the database, with the login of the web server.

Each attempt breaks another rule, and is made twice: under the role of the farm alpha, and after
leaving that role. The same statements work for the owner, or the database would refuse anything.
"""

import pytest
from django.conf import settings
from django.db import connection
from psycopg import Error
from psycopg.pq import TransactionStatus

from config.database import FIXED, SITE, WEB, databases, login_urls
from config.database.base import DatabaseWrapper
from tenants.models import Tenant
from tenants.schemas import database_role
from tenants.schemas.logins import FARM
from tests.serving import owner_environment
from tests.tenants.sql_helpers import walled
from tests.tenants.test_session_reset import LEFT, next_request, raw, seen

DENIED = "42501"
NOT_FOUND = "42P01"
# Without the farm's role its path leads nowhere.
NOWHERE = {NOT_FOUND, "3F000"}
KEY = "a key of the farms' logins"
PEOPLE, LEDGER = "farm_beta.accounts_user", "inventory_inventorytransaction"

# The owner may do these.
READ = {
    "a table of another farm": f"SELECT count(*) FROM {PEOPLE}",
    "its rows, by another path": "SET search_path = farm_beta; SELECT count(*) FROM accounts_user",
    "its rows, after RESET ROLE": f"RESET ROLE; SELECT count(*) FROM {PEOPLE}",
    "its rows, without a role in the same statement": (
        f"SELECT set_config('role', 'none', true), (SELECT count(*) FROM {PEOPLE})"
    ),
    "its rows, in a block of code": (
        f"DO $$ BEGIN SET LOCAL ROLE NONE; PERFORM count(*) FROM {PEOPLE}; END $$"
    ),
    "its rows, as XML": f"SELECT query_to_xml('SELECT * FROM {PEOPLE}', true, false, '')",
    "its rows, by a cursor": f"DECLARE theirs CURSOR FOR SELECT * FROM {PEOPLE}",
    "its rows, prepared": f"PREPARE theirs AS SELECT * FROM {PEOPLE}; DEALLOCATE theirs",
    "its rows, copied": f"CREATE TEMPORARY TABLE mine AS SELECT * FROM {PEOPLE}",
    "its plan": f"EXPLAIN ANALYZE SELECT * FROM {PEOPLE}",
    "its ids": "SELECT nextval('farm_beta.accounts_user_id_seq')",
    "its locks": f"LOCK TABLE {PEOPLE}",
    "the queue of jobs": "SELECT count(*) FROM jobs.procrastinate_jobs",
    "people of the public site": "SELECT count(*) FROM public.accounts_user",
    "sessions of the public site": "SELECT count(*) FROM public.django_session",
}
WRITE = {
    "a row in another farm": f"UPDATE {PEOPLE} SET name = 'x'",
    "a farm's status": "UPDATE public.tenants_tenant SET status = 'suspended'",
    "a host to another farm": "UPDATE public.tenants_domain SET tenant_id = tenant_id",
    "a new host": "INSERT INTO public.tenants_domain (host, is_primary, tenant_id)"
    " SELECT 'x.localhost', false, id FROM public.tenants_tenant LIMIT 1",
    "the settings of another farm": "SELECT farms.copy_settings('farm_beta', 'UTC', 'de')",
    "a job of another farm": "SELECT farms.queue_job('farm_beta', 1)",
    "a request of the public site": "SELECT farms.queue_job('public', 1)",
    "a migration that was not made": "INSERT INTO django_migrations (app, name, applied)"
    " VALUES ('inventory', 'x', now())",
    "ids that were given": f"SELECT setval('{LEDGER}_id_seq', 1)",
    "entries, truncated": f"ALTER TABLE {LEDGER} DISABLE TRIGGER USER; TRUNCATE {LEDGER} CASCADE",
    "a trigger off": f"ALTER TABLE {LEDGER} DISABLE TRIGGER USER",
    "another owner of the ledger": f"ALTER TABLE {LEDGER} OWNER TO CURRENT_USER",
    "more rights on the ledger": f"GRANT UPDATE ON {LEDGER} TO {{alpha}}; LOCK {LEDGER}",
    "a rule instead": f"CREATE RULE x AS ON INSERT TO {LEDGER} DO INSTEAD NOTHING",
    "a policy": f"CREATE POLICY x ON {LEDGER}",
    "a constraint less": f"ALTER TABLE {LEDGER} DROP CONSTRAINT {LEDGER}_pkey CASCADE",
    "a column more": f"ALTER TABLE {LEDGER} ADD x int",
    "a table": "CREATE TABLE mine (id int)",
    "a table in public": "CREATE TABLE public.mine (id int)",
    "a temporary table": "CREATE TEMPORARY TABLE mine (id int)",
    "a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a temporary function": "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a type": "CREATE TYPE mine AS ENUM ('a')",
    "a schema": "CREATE SCHEMA mine",
    "an index": f"CREATE INDEX ON {LEDGER} (id)",
    "a comment": f"COMMENT ON TABLE {LEDGER} IS 'x'",
    "the end of a table": "DROP TABLE accounts_user CASCADE",
    "the end of a farm": "DROP SCHEMA farm_alpha CASCADE",
    "a role": "CREATE ROLE spoolbook_mine",
    "rights for later tables": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA farm_alpha"
        " GRANT ALL ON TABLES TO {alpha}"
    ),
    "a setting of the database": "ALTER DATABASE {database} SET statement_timeout = 1",
    "a password of the public site": "ALTER ROLE {site} PASSWORD 'x'",
    "the farm's role for others": "GRANT {beta} TO {site}",
}
# Nobody but a superuser may do these, or nobody at all; ``{owner}`` is the owner.
NEVER = {
    "entries, changed": f"UPDATE {LEDGER} SET note = 'x'",
    "entries, deleted": f"DELETE FROM {LEDGER}",
    "entries, merged": f"MERGE INTO {LEDGER} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "entries, by a conflict": f"INSERT INTO {LEDGER} DEFAULT VALUES ON CONFLICT (id) DO UPDATE"
    " SET note = 'x'",
    "events of runs": "UPDATE production_runevent SET verb = 'x'",
    "events of spools": "DELETE FROM inventory_spoolevent",
    "the audit trail": "DELETE FROM accounts_auditevent",
    "no triggers": "SET session_replication_role = replica",
    "the owner's role": "SET ROLE {owner}",
    "the role of the public site": "SET ROLE {site}",
    "the owner's session": "SET SESSION AUTHORIZATION {owner}",
    "membership in the owner": "GRANT {owner} TO CURRENT_USER",
    "all of the owner's": "DROP OWNED BY {owner}",
    "what the owner has, for me": "REASSIGN OWNED BY {owner} TO CURRENT_USER",
    "a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "hashes of passwords": "SELECT rolpassword FROM pg_authid",
    "samples of columns": "SELECT stavalues1 FROM pg_statistic",
    "a file, read": "SELECT pg_read_file('PG_VERSION')",
    "a folder": "SELECT pg_ls_dir('.')",
    "a file, copied": "COPY accounts_user TO '/tmp/spoolbook-people'",
    "a file, imported": "SELECT lo_import('/etc/passwd')",
    "a file, exported": "SELECT lo_export(1, '/tmp/spoolbook-object')",
    "a program": "COPY accounts_user TO PROGRAM 'cat'",
    "a library": "LOAD '/tmp/spoolbook.so'",
    "a setting of the server": "SELECT pg_reload_conf()",
    "the log": "SET log_statement = 'none'",
    "the statements of others": "SET track_activities = on",
    "a connection to elsewhere": "CREATE FOREIGN DATA WRAPPER x",
    "a subscription": "CREATE SUBSCRIPTION x CONNECTION 'dbname=postgres' PUBLICATION x"
    " WITH (connect = false)",
    "a publication": "CREATE PUBLICATION x FOR ALL TABLES",
    "an event trigger": "CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION x()",
    "the end of the owner's session": "SELECT pg_terminate_backend({pid})",
    "a replica": "SELECT pg_create_physical_replication_slot('x')",
}
LEFT_BY_A_FARM = LEFT | {
    "another farm's role": "SET ROLE {beta}",
    "another path": "SET search_path = pg_catalog",
    "read-only from now on": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "no time": "SET statement_timeout = 1",
    "other quotes": "SET standard_conforming_strings = off",
    "another encoding": "SET client_encoding = 'LATIN1'",
    "an open transaction": "BEGIN",
}


@pytest.fixture(scope="module")
def farms(django_db_setup, django_db_blocker):
    """Alpha and beta, as requests enter them; both have logins."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "FARM_LOGIN_KEY", KEY)
        farms = [walled(Tenant.objects.get(slug=slug)) for slug in ("alpha", "beta")]
        for farm in farms:
            database_role.let_log_in(farm.schema_name)
        yield farms


@pytest.fixture(scope="module")
def session(farms, django_db_blocker):
    """A connection as the web server has it, and the farms."""
    with django_db_blocker.unblock():
        urls = login_urls(owner_environment()["DATABASE_URL"])
        place = databases("", dict(zip((WEB, SITE), urls.values(), strict=True)), settings.DATA)[
            WEB
        ]
        session = DatabaseWrapper({**connection.settings_dict, **place, "EMBEDDED": None}, WEB)
        yield session, farms
        session.close()


@pytest.fixture(scope="module")
def sessions(session, farms, django_db_blocker):
    """Connections as the web server has them: with one login for all farms, and with one each."""
    session, [alpha, _] = session
    with django_db_blocker.unblock():
        own = session.copy(FARM)
        own.settings_dict["USER"] = database_role.role_of(alpha.schema_name)
        own.settings_dict["PASSWORD"] = database_role.password_of(alpha.schema_name)
        yield {WEB: session, FARM: own}
        own.close()


@pytest.fixture
def names(session, django_db_blocker):
    """What statements name, by the keys in them."""
    quote = connection.ops.quote_name
    roles = {"alpha": "farm_alpha", "beta": "farm_beta", "site": SITE, "web": WEB}
    with django_db_blocker.unblock():
        connection.ensure_connection()
        info = connection.connection.info
    names = {key: quote(database_role.role_of(role)) for key, role in roles.items()}
    names |= {"owner": quote(info.user), "database": quote(info.dbname), "pid": info.backend_pid}
    return names


def tried(session, statement):
    """The code of the error that a statement ends with, or None; nothing of it stays."""
    raw(session, "BEGIN")
    try:
        raw(session, statement)
    except Error as error:
        return error.sqlstate
    finally:
        raw(session, "ROLLBACK")
    return None


@pytest.mark.parametrize("login", [WEB, FARM])
@pytest.mark.parametrize("what", [*READ, *WRITE, *NEVER])
def test_it_is_refused(sessions, farms, names, what, login, django_db_blocker):
    session, [alpha, _] = sessions[login], farms
    statement = (READ | WRITE | NEVER)[what].format(**names)
    if what not in NEVER:
        with django_db_blocker.unblock():
            connection.set_tenant(alpha_of_the_owner(alpha))
            connection.cursor().close()
            assert tried(connection, statement) is None
    session.enter(alpha)
    assert tried(session, statement) == (NOT_FOUND if "by another path" in what else DENIED)
    without_role = f"SELECT set_config('role', 'none', true); {statement}"
    assert tried(session, without_role) in {DENIED, *NOWHERE}


def alpha_of_the_owner(alpha):
    alpha = walled(alpha)
    alpha.uses_farm_role = False
    return alpha


@pytest.mark.parametrize("what", LEFT_BY_A_FARM)
def test_the_next_request_does_not_see_it(session, names, what):
    session, [alpha, beta] = session
    next_request(session, beta)
    before = seen(session)
    next_request(session, alpha)
    raw(session, LEFT_BY_A_FARM[what].format(**names))
    next_request(session, beta)
    assert seen(session) == before
    info = session.connection.info
    assert (info.encoding, info.transaction_status) == ("utf-8", TransactionStatus.IDLE)
    assert raw(session, "SELECT '\\' || current_schema()").fetchone() == ("\\farm_beta",)


def test_a_login_that_changes_its_own_defaults_changes_no_connection(session, names):
    session, [alpha, _] = session
    session.enter(alpha)
    fixed = "SELECT array_agg(current_setting(name) ORDER BY name) FROM unnest(%s::text[]) AS name"
    changed = {name: "on" if value == "off" else "off" for name, value in FIXED.items()}
    changed |= {"DateStyle": "German", "IntervalStyle": "iso_8601", "bytea_output": "escape"}
    changed |= {"default_transaction_isolation": "serializable", "statement_timeout": "1"}
    changed |= {"idle_in_transaction_session_timeout": "1", "search_path": "farm_beta"}
    before = session.connection.execute(fixed, [list(changed)]).fetchone()
    raw(session, "RESET ROLE")
    try:
        for name, value in changed.items():
            raw(session, f"ALTER ROLE CURRENT_USER SET {name} = '{value}'")
        session.close()
        session.enter(alpha)
        assert session.connection.execute(fixed, [list(changed)]).fetchone() == before
    finally:
        raw(session, "RESET ROLE; ALTER ROLE CURRENT_USER RESET ALL")


def test_what_others_are_running_is_not_shown(session):
    session, [alpha, _] = session
    other = session.copy()
    other.enter(alpha)
    raw(other, "SELECT 'a secret'")
    session.enter(alpha)
    others = f"SELECT query FROM pg_stat_activity WHERE pid = {other.connection.info.backend_pid}"
    texts = [raw(session, statement).fetchone() for statement in (others, others)]
    raw(session, "RESET ROLE")
    texts.append(raw(session, others).fetchone())
    other.close()
    assert "secret" not in str(texts)


def test_what_is_left_is_another_farms_role_by_its_name(sessions, farms, names):
    statement = f"SET ROLE {names['beta']}; SELECT count(*) FROM {PEOPLE}"
    for session in sessions.values():
        session.enter(farms[0])
    assert tried(sessions[WEB], statement) is None
    assert tried(sessions[FARM], statement) == DENIED
