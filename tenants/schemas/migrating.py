"""Create, migrate and drop schemas; find those that are behind."""

import functools

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django_tenants.utils import schema_context
from psycopg import sql

from tenants.schemas import database_role

AT_ONCE = 500  # schemas in one query
LOCK_TIMEOUT = "100ms"  # while only looking
# The names that are expected are given once, as a setting: there may be hundreds of schemas.
EXPECTED = "spoolbook.migrations"
BEHIND = f"""
    SELECT {{name}} WHERE NOT string_to_array(current_setting('{EXPECTED}'), ',')
        <@ ARRAY(SELECT app || '.' || name FROM {{schema}}.django_migrations)
"""  # nosec B608
TERMINATE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
      AND pg_has_role(usesysid, 'USAGE')
      AND pid <> pg_backend_pid()
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


def migrate(schema, targets=None):
    """Apply what is missing in one schema, as far as ``targets``; None: all."""
    with schema_context(schema):
        executor = MigrationExecutor(connection)
        executor.migrate(targets or executor.loader.graph.leaf_nodes())


@functools.cache
def expected():
    """The names of all migrations there are, as ``app.name``."""
    return sorted(f"{app}.{name}" for app, name in _graph().nodes)


def leaves(names):
    """The targets by which `migrate` applies exactly these migrations, named as ``app.name``; None
    where there are none: one needs another that is not among them, or there are none at all."""
    chosen = {node for key, node in _graph().node_map.items() if ".".join(key) in names}
    if not chosen or any(parent not in chosen for node in chosen for parent in node.parents):
        return None
    return [node.key for node in sorted(chosen) if not node.children & chosen]


def _graph():
    return MigrationLoader(None, ignore_no_migrations=True).graph


def examine(schemas_):
    """Those of the schemas where a migration is missing, and ``{schema: reason}`` of those that
    can't be read (locked, of another owner), in a query for hundreds at once.

    A schema that isn't there is neither.
    """
    late, unreadable = [], {}
    for start in range(0, len(schemas_), AT_ONCE):
        more_late, more_unreadable = _examine(schemas_[start : start + AT_ONCE])
        late, unreadable = late + more_late, unreadable | more_unreadable
    return late, unreadable


def is_behind(schema):
    """Whether a migration is missing in the schema. Raises DatabaseError when it is unreadable."""
    return bool(_behind([schema]))


def existing(schemas_):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [schemas_])
        return {row[0] for row in cursor.fetchall()}


def _examine(schemas_):
    """One that can't be read is found by halves: a lock in one is waited for a few times at most,
    however many there are."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            return _behind(schemas_), {}
    except DatabaseError as error:
        if not connection.is_usable():
            raise
        if len(schemas_) == 1:
            return [], {schemas_[0]: " ".join(str(error).split())}
    half = len(schemas_) // 2
    (late, unreadable), (more_late, more_unreadable) = map(
        _examine, (schemas_[:half], schemas_[half:])
    )
    return late + more_late, unreadable | more_unreadable


def _behind(schemas_):
    recorded = _with_a_record(schemas_)
    late = [schema for schema in schemas_ if schema not in recorded]
    late = [schema for schema in late if schema in existing(late)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [EXPECTED, ",".join(expected())])
        rows = database_role.rows_of_each(recorded, BEHIND)
    return late + [schema for (schema,) in rows]


def _with_a_record(schemas_):
    query = "SELECT schemaname FROM pg_tables WHERE tablename = %s AND schemaname = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(query, ["django_migrations", list(schemas_)])
        return [row[0] for row in cursor.fetchall()]


def _run(statement, schema):
    with connection.cursor() as cursor:
        identifier = sql.Identifier(schema)
        cursor.execute(sql.SQL(statement).format(schema=identifier).as_string(cursor.connection))
