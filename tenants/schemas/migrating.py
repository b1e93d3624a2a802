"""Create, migrate and drop schemas; find those that are behind."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django_tenants.utils import schema_context
from psycopg import sql

AT_ONCE = 500  # schemas in one query
TERMINATE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()
      AND pid IN (
        SELECT pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation
        WHERE relnamespace = to_regnamespace(%s)
      )
"""


def create(schema):
    _run("CREATE SCHEMA {schema}", schema)


def drop(schema):
    _run("DROP SCHEMA IF EXISTS {schema} CASCADE", schema)


def end_transactions(schema):
    """End the connections that have a transaction open in the schema, and wait until they ended."""
    with connection.cursor() as cursor:
        cursor.execute(TERMINATE, [schema])


def migrate(schema):
    """Apply what is missing in one schema."""
    with schema_context(schema):
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


def expected():
    """The names of all migrations there are, as ``app.name``."""
    nodes = MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    return sorted(f"{app}.{name}" for app, name in nodes)


def behind(schemas_, *, names=None):
    """Those of the schemas where a migration is missing, in a query for hundreds at once.

    A schema that isn't there is not behind: nothing can be done about it here.
    """
    names = names or expected()
    late = []
    for start in range(0, len(schemas_), AT_ONCE):
        late += _behind(schemas_[start : start + AT_ONCE], names)
    return late


def existing(schemas_):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [schemas_])
        return {row[0] for row in cursor.fetchall()}


def _behind(schemas_, names):
    recorded = _with_a_record(schemas_)
    late = [schema for schema in schemas_ if schema not in recorded]
    late = [schema for schema in late if schema in existing(late)]
    if not recorded:
        return late
    one = "SELECT {name}, (SELECT count(*) FROM expected WHERE NOT EXISTS (SELECT FROM {table} m "
    one += "WHERE m.app || '.' || m.name = expected.name))"
    parts = [
        sql.SQL(one).format(
            name=sql.Literal(schema), table=sql.Identifier(schema, "django_migrations")
        )
        for schema in recorded
    ]
    query = sql.SQL("WITH expected AS (SELECT unnest({}::text[]) AS name) ").format(
        sql.Literal(names)
    ) + sql.SQL(" UNION ALL ").join(parts)
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.connection))
        return late + [schema for schema, missing in cursor.fetchall() if missing]


def _with_a_record(schemas_):
    query = "SELECT schemaname FROM pg_tables WHERE tablename = %s AND schemaname = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(query, ["django_migrations", list(schemas_)])
        return [row[0] for row in cursor.fetchall()]


def _run(statement, schema):
    with connection.cursor() as cursor:
        identifier = sql.Identifier(schema)
        cursor.execute(sql.SQL(statement).format(schema=identifier).as_string(cursor.connection))
