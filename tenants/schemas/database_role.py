"""A database role per farm, with access to that farm's schema alone.

It stops bugs, not people who have the database's password: PostgreSQL denies a request another
farm's rows, by a wrong search path or by raw SQL, and any change of the ledger's rows. Migrations
and commands run as the owner.

Roles belong to the whole server, not to one database, so their names contain the database's.
"""

import hashlib

from django.conf import settings
from django.db import connection
from psycopg import sql

FARMS = "farms"  # the schema of what all farms may call; its role has all of theirs as members
NAME_BYTES = 63  # PostgreSQL cuts longer names off, which would make two roles one


def role_name(database, schema):
    """The role of a farm's requests; no schema's name has a ``.``, so no two farms share one."""
    name = f"{database}.{schema}"
    if len(name.encode()) <= NAME_BYTES:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:20]
    return f"{name.encode()[: NAME_BYTES - 21].decode(errors='ignore')}.{digest}"


def create_role(schema):
    """Create the farm's role and grant it the schema; run again after every migration."""
    role = _ensure_role(schema)
    _grant_to_owner(role)
    options = " WITH INHERIT TRUE" if connection.pg_version >= 160000 else ""
    _run("GRANT {farms} TO {role}" + options, farms=role_of(FARMS), role=role)
    _grant(schema, role)
    _make_append_only(schema, role)


def missing(schemas):
    """Those of the schemas whose role is missing or has no access: a restored database has none."""
    query = """
        SELECT schema FROM unnest(%s::text[], %s::text[]) AS wanted (schema, role)
        WHERE to_regnamespace(quote_ident(schema)) IS NOT NULL
          AND NOT EXISTS (
            SELECT FROM pg_roles
            WHERE rolname = role AND has_schema_privilege(oid, quote_ident(schema), 'USAGE')
        )
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [schemas, [role_of(schema) for schema in schemas]])
        return [row[0] for row in cursor.fetchall()]


def drop_role(schema):
    """Drop the farm's role, after its schema."""
    role = role_of(schema)
    if _scalar("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role]):
        _run("DROP ROLE {role}", role=role)


def close_public():
    """Revoke what every role has by default: access to ``public``, and temporary tables, which
    would outlive a request on a connection that another farm uses next."""
    _run("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    database = connection.settings_dict["NAME"]
    _run("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", database=database)


def open_farms():
    """Let every farm's role call the functions of the schema FARMS; see tenants' migrations."""
    names = {"schema": FARMS, "role": _ensure_role(FARMS)}
    _run("GRANT USAGE ON SCHEMA {schema} TO {role}", **names)
    _run("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}", **names)


def role_of(schema):
    return role_name(connection.settings_dict["NAME"], schema)


def _ensure_role(schema):
    role = role_of(schema)
    if not _scalar("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role]):
        _run("CREATE ROLE {role} NOLOGIN", role=role)
    return role


def _grant_to_owner(role):
    if _scalar("SELECT pg_has_role(session_user, %s, %s)", [role, _set_option()]):
        return
    options = " WITH SET TRUE, INHERIT FALSE" if connection.pg_version >= 160000 else ""
    _run("GRANT {role} TO SESSION_USER" + options, role=role)


def _set_option():
    return "SET" if connection.pg_version >= 160000 else "MEMBER"


def _grant(schema, role):
    names = {"schema": schema, "role": role}
    _run("GRANT USAGE ON SCHEMA {schema} TO {role}", **names)
    for what, rights in (("TABLES", "SELECT, INSERT, UPDATE, DELETE"), ("SEQUENCES", "USAGE")):
        _run(f"GRANT {rights} ON ALL {what} IN SCHEMA {{schema}} TO {{role}}", **names)
        _run(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {{schema}} GRANT {rights} ON {what} TO {{role}}",
            **names,
        )


def _make_append_only(schema, role):
    for table, rights in settings.REVOKED_PRIVILEGES.items():
        if _scalar("SELECT to_regclass(%s) IS NOT NULL", [f"{schema}.{table}"]):
            statement = f"REVOKE {rights} ON {{schema}}.{{table}} FROM {{role}}"
            _run(statement, schema=schema, table=table, role=role)


def _run(statement, **names):
    identifiers = {key: sql.Identifier(name) for key, name in names.items()}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(**identifiers).as_string(cursor.connection))


def _scalar(query, params):
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchone()[0]
