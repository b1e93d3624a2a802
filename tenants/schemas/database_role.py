"""A database role per farm, with access to that farm's schema alone.

Statements of a request run under it: PostgreSQL denies them another farm's rows, by a wrong search
path or by raw SQL, and any change of the ledger's rows. What SET ROLE can still reach depends on
the login (see ``tenants.schemas.logins``). Migrations and commands run as the owner.

Roles belong to the whole server, not to one database, so their names contain the database's.
"""

import hashlib
import hmac

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

WEB = "web"  # the login of requests to farms: see tenants.schemas.logins
FARMS = "farms"  # the schema of what all farms may call; its role has all of theirs as members
PUBLIC = "public"
HASH = b"scram-sha-256"
RIGHTS = {"TABLES": "SELECT, INSERT, UPDATE, DELETE", "SEQUENCES": "USAGE"}
KINDS = {"TABLES": list("rvmfp"), "SEQUENCES": ["S"]}
RELATIONS = """
    SELECT relname FROM pg_depend JOIN pg_class ON pg_class.oid = objid
    WHERE refclassid = 'pg_namespace'::regclass AND refobjid = to_regnamespace(quote_ident(%s))
      AND classid = 'pg_class'::regclass AND relkind::text = ANY (%s)
"""
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
    role = ensure_role(schema)
    _grant_to_owner(role)
    grant_role(role, to=ensure_role(WEB), inherit=False)
    grant_role(role_of(FARMS), to=role, inherit=True)
    _grant(schema, role)
    make_append_only(schema, role)
    let_log_in(schema)


def let_log_in(schema):
    """Make the farm's role a login, where farms have logins (see ``tenants.schemas.logins``)."""
    if settings.FARM_LOGIN_KEY:
        role = role_of(schema)
        grant_role(role, to=owner(), inherit=True)  # so that dropping the farm can end its requests
        set_password(role, password_of(schema))


def password_of(schema):
    """Of the login of a farm: whoever has the key can make it."""
    key = settings.FARM_LOGIN_KEY.encode()
    return hmac.new(key, role_of(schema).encode(), "sha256").hexdigest()


def set_password(role, password):
    """It goes over the wire, and into the server's log, as its hash."""
    with connection.cursor() as cursor:
        libpq = connection.connection.pgconn
        secret = libpq.encrypt_password(password.encode(), role.encode(), HASH).decode()
        statement = f"ALTER ROLE {connection.ops.quote_name(role)} LOGIN PASSWORD %s"
        cursor.execute(statement, [secret])


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
    """Drop the farm's role, after its schema, with large objects that it may have made."""
    role = role_of(schema)
    if _scalar("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role]):
        owned = "SET LOCAL ROLE {role}; DROP OWNED BY CURRENT_USER; SET LOCAL ROLE NONE"
        run(f"{owned}; DROP ROLE {{role}}", role=role)


def rows_of_each(schemas, statement):
    """The rows of a statement in each of the schemas, which it names as ``{schema}`` and, as text,
    ``{name}``: in one round trip, and under each farm's role for a login without rights of its own.
    """
    parts = []
    for schema in schemas:
        names = {"schema": sql.Identifier(schema), "name": sql.Literal(schema)}
        if connection.alias == WEB and schema != PUBLIC:
            role = sql.Identifier(role_of(schema))
            parts.append(sql.SQL("SET LOCAL ROLE {}").format(role))
        parts.append(sql.SQL(statement).format(**names))
    rows = []
    with transaction.atomic(), connection.cursor() as cursor:
        query = sql.SQL("; ").join([*parts, sql.SQL("SET LOCAL ROLE NONE")])
        cursor.execute(query.as_string(cursor.connection))
        rows += cursor.fetchall() if cursor.description else []
        while cursor.nextset():
            rows += cursor.fetchall() if cursor.description else []
    return rows


def close_public():
    """Revoke what every role has by default: access to ``public``, and temporary tables, which
    would outlive a request on a connection that another farm uses next."""
    run("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    database = connection.settings_dict["NAME"]
    run("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", database=database)


def open_farms():
    """Let every farm's role call the functions of the schema FARMS; see tenants' migrations."""
    names = {"schema": FARMS, "role": ensure_role(FARMS)}
    run("GRANT USAGE ON SCHEMA {schema} TO {role}", **names)
    run("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}", **names)


def role_of(schema):
    return role_name(connection.settings_dict["NAME"], schema)


def ensure_role(name):
    """The role of a schema, or of a login, made where it is missing; its name."""
    role = role_of(name)
    if not _scalar("SELECT count(*) FROM pg_roles WHERE rolname = %s", [role]):
        run("CREATE ROLE {role} NOLOGIN", role=role)
    return role


def grant_role(role, *, to, inherit):
    """Make ``to`` a member of the role: by SET ROLE, and with its rights at once if it inherits.

    Before PostgreSQL 16 the latter is an attribute of the member. INHERIT comes first: Citus takes
    no other order.
    """
    options = f" WITH INHERIT {str(inherit).upper()}, SET TRUE"
    run(f"GRANT {{role}} TO {{to}}{options if _has_options() else ''}", role=role, to=to)


def _grant_to_owner(role):
    if _scalar("SELECT pg_has_role(session_user, %s, %s)", [role, _set_option()]):
        return
    grant_role(role, to=owner(), inherit=False)


def owner():
    """The login of commands."""
    return _scalar("SELECT session_user", [])


def _has_options():
    return connection.pg_version >= 160000


def _set_option():
    return "SET" if _has_options() else "MEMBER"


def _grant(schema, role):
    names = {"schema": schema, "role": role}
    run("GRANT USAGE ON SCHEMA {schema} TO {role}", **names)
    for what, rights in RIGHTS.items():
        if relations := _named(schema, what):
            run(f"GRANT {rights} ON {{relations}} TO {{role}}", relations=relations, **names)
        run(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {{schema}} GRANT {rights} ON {what} TO {{role}}",
            **names,
        )


def _named(schema, what):
    """The tables or sequences of a schema. GRANT ON ALL looks for them among those of all farms:
    of PostgreSQL's catalogues, only the one of dependencies has an index by schema."""
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS, [schema, KINDS[what]])
        return sql.SQL(", ").join(sql.Identifier(schema, name) for (name,) in cursor.fetchall())


def make_append_only(schema, role):
    for table, rights in settings.REVOKED_PRIVILEGES.items():
        if _scalar("SELECT to_regclass(%s) IS NOT NULL", [f"{schema}.{table}"]):
            statement = f"REVOKE {rights} ON {{schema}}.{{table}} FROM {{role}}"
            run(statement, schema=schema, table=table, role=role)


def run(statement, **names):
    """Execute a statement with identifiers in it, or parts of SQL."""
    identifiers = {
        key: sql.Identifier(name) if isinstance(name, str) else name for key, name in names.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(**identifiers).as_string(cursor.connection))


def _scalar(query, params):
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchone()[0]
