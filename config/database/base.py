"""The database backend that isolates farms.

django-tenants puts ``SET search_path`` in front of statements and swallows its errors: a statement
cancelled at the wrong moment then reads another farm. Here one round trip sets the path and the
role that can access nothing else; the result is compared with the path that the server reports, and
the connection is closed when they can't be set.

A farm's search path contains the farm's own schema and nothing else, so a missing schema is an
error and never means the public one. There are two modes:

- *unrestricted*: migrations, commands, the public site and the look-up of a farm, with the rights
  of the login; the path is ``farm_x`` or ``public``;
- *restricted*: requests to a farm (``tenant.uses_farm_role``), under the farm's own role (see
  ``tenants.schemas.database_role``); the path is ``farm_x, pg_temp``.

The two paths differ so that comparing the path compares the role: both are set together and rolled
back by one rollback.

What statements in a farm may leave behind in the session (settings, locks, cursors, prepared
statements) is cleared by the same round trip: on entering a farm, on leaving one, and at the first
statement of each request. Session settings are those of the connection's options; a command that
sets others with SET keeps them until it enters a farm's role.
"""

import re
import shutil
from contextlib import suppress
from functools import lru_cache

import psycopg
from django.db.utils import OperationalError
from django_tenants.postgresql_backend import base
from psycopg._queries import PostgresQuery, _query2pg_nocache
from psycopg.client_cursor import ClientCursorMixin
from psycopg.pq import Format, TransactionStatus

from config.database import embedded
from tenants.operations.snapshots import SNAPSHOT
from tenants.schemas.current import SchemaUnreachable
from tenants.schemas.database_role import role_name

SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
SWITCH = """
    SELECT set_config('search_path', %s, false), set_config('role', %s, false),
           to_regnamespace(%s) IS NOT NULL
"""
RESET = "RESET ALL; SELECT pg_advisory_unlock_all();"
# After RESET: what a query finds, with the path and the role of that farm, which it sets. A role of
# a longer name is called otherwise (`role_name`), and is left to `enter`.
FIND = """
    SELECT set_config('search_path', %(public)s, false), set_config('role', %(no_role)s, false);
    SELECT found.*, set_config('search_path', schema_name || ', pg_temp', false),
           set_config('role', CASE WHEN octet_length(current_database() || schema_name) < 63
                              THEN current_database() || '.' || schema_name END, false),
           to_regnamespace(schema_name) IS NOT NULL, statement_timestamp(), {snapshot}
    FROM ({query}) AS found
"""
# What a farm may name again by itself: cleared when another farm comes. Psycopg notices that its
# own prepared statements are gone, as long as the connection has a prepare_threshold.
FORGET = "CLOSE ALL; UNLISTEN *; DEALLOCATE ALL;"
NO_ROLE = "none"
PREPARED = object()  # in place of the name of a cursor
MAX_TEXTS = 1000


class RepeatedQuery(PostgresQuery):
    """Psycopg's, for texts that are constants: what it reads in them is kept. Psycopg keeps it for
    128 texts, and for none of more than 4 kB."""

    __slots__ = ()

    def convert(self, query, params):
        query = _encoded(query, self._tx.encoding)
        if params is None:
            return super().convert(query, params)
        found = _placeholders(query, self._tx.encoding)
        self.query, self._want_formats, self._order, self._parts = found
        return self.dump(params)


_placeholders = lru_cache(MAX_TEXTS)(_query2pg_nocache)


@lru_cache(MAX_TEXTS)
def _encoded(query, encoding):
    """The same object each time, which knows its own hash."""
    return query.encode(encoding)


# What makes a cursor one that puts parameters into the text by itself, undone.
BOUND_BY_SERVER = {
    name: getattr(psycopg.Cursor, name)
    for name in vars(ClientCursorMixin)
    if not name.startswith("__") and hasattr(psycopg.Cursor, name)
} | {"_query_cls": RepeatedQuery}


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that has the schema and role of its tenant, or is closed."""

    def __init__(self, *args, **kwargs):
        self._current = self._target = None
        self._is_clean = True  # no farm's role was used since the session was reset
        self._farm = None  # the last one whose role was used
        self._found = None  # the one that was entered as it was found
        self._looked_for = None  # what the last one was found by
        # When the request of a farm began, and PostgreSQL's snapshot then; None if it is not known.
        self.began_at = self.snapshot = None
        self.visited = set()  # parts of farms: PostgreSQL keeps what it has read of their tables
        super().__init__(*args, **kwargs)

    def get_new_connection(self, conn_params):
        self._current, self._is_clean, self._farm, self._looked_for = None, True, None, None
        self.visited.clear()
        connection = super().get_new_connection(conn_params)
        # Of the connection's own class, which OpenTelemetry makes for each: so it has spans too.
        self._preparing = type("PreparingCursor", (connection.cursor_factory,), BOUND_BY_SERVER)
        return connection

    def prepared_cursor(self, *, is_binary=False):
        """A cursor whose statements PostgreSQL prepares when they are repeated on the connection;
        one like any other where they are logged, or are not to be prepared. Rows in binary take
        less to read than texts of numbers and moments."""
        is_plain = self.connection is None or self.connection.prepare_threshold is None
        if is_plain or self.queries_logged:
            return self.cursor()
        cursor = self._cursor(PREPARED)
        if is_binary:
            cursor.cursor.format = Format.BINARY
        return cursor

    def create_cursor(self, name=None):
        if name is PREPARED:
            return self._preparing(self.connection)
        return super().create_cursor(name)

    def get_connection_params(self):
        data = self.settings_dict.get("EMBEDDED")
        if data:
            address = self._start_embedded(data)
            self.settings_dict.update({**address, "NAME": self.settings_dict["NAME"]})
        return super().get_connection_params()

    @staticmethod
    def _start_embedded(data):
        try:
            return embedded.connect(data)
        except embedded.EmbeddedPostgresError as error:
            raise OperationalError(str(error)) from error  # like a server that is down

    def set_tenant(self, tenant, include_public=True):
        """Use a tenant from the next statement on; ``include_public`` is ignored."""
        super().set_tenant(tenant, include_public)
        self._target = self.began_at = self.snapshot = None

    def enter(self, tenant):
        """Switch to a tenant now rather than at the next statement; raises SchemaUnreachable."""
        is_there, self._found = tenant is self._found, None
        began = self.began_at, self.snapshot
        self.set_tenant(tenant)
        if is_there:
            self.began_at, self.snapshot = began
        else:
            self._current = None
            self.cursor().close()

    def find_farm(self, statement, **values):
        """The farm that a compiled statement finds in ``public``, or None; a request begins so.

        The same round trip clears the session before, and sets the path and the role of the farm:
        `enter` has nothing left to do, unless the same values have found another farm. It is not
        prepared, as a farm could put another statement in its place.
        """
        self.set_schema_to_public()
        self._found = self._current = None
        if self.connection is not None and self._is_idle:
            with suppress(psycopg.Error):  # step by step it shows which one failed
                return self._find_and_enter(statement, values)
        with self.cursor() as cursor:
            cursor.execute(statement.text, values)
            row = cursor.fetchone()
        return row and statement.read(row)

    def _find_and_enter(self, statement, values):
        public = self._get_target()
        names = {"public": public[0], "no_role": public[1]}
        is_other = self._farm is not None and self._looked_for not in (None, values)
        clear = f"{FORGET}{RESET}" if is_other else RESET
        find = FIND.format(query=statement.text, snapshot=SNAPSHOT)
        row = self._last_row(clear + find, values | names)
        self.health_check_done, self._looked_for = True, values
        self._farm = None if is_other else self._farm
        if row is None:
            self._current, self._is_clean = public, True
            return None
        self._is_clean = False
        *columns, path, role, exists, self.began_at, self.snapshot = row
        farm = statement.read(columns)
        target = self._target_of(farm.schema_name, farm.pk)
        if exists and (path, role) == target[:2] and self._farm in (None, farm.pk):
            self._current, self._farm, self._found = target, farm.pk, farm
        return farm

    def close_if_unusable_or_obsolete(self):
        """Between requests: also where it has visited so much that its memory has grown."""
        limit = self.settings_dict.get("MAX_VISITS")
        if limit and len(self.visited) >= limit and not self.in_atomic_block:
            self.close()
        super().close_if_unusable_or_obsolete()

    def close_if_health_check_failed(self):
        """At the first statement of a request, in place of ``SELECT 1``: clear the session, or
        close the connection where that is not possible."""
        if self.connection is None or self.health_check_done or not self.health_check_enabled:
            return
        self.health_check_done = True
        self._current, self._is_clean = None, False
        if not self._is_idle:
            self.close()  # a statement has begun a transaction, which nobody would end
            return
        with suppress(SchemaUnreachable):  # closed; a new connection is opened
            self._switch(self._get_target())

    @property
    def _is_idle(self):
        return self.connection.info.transaction_status == TransactionStatus.IDLE

    def _handle_search_path(self, cursor=None):
        connection = self.connection
        if connection.closed or self._is_aborted(connection):
            return  # only a rollback can succeed now, and it restores the old path
        target = self._target = self._target or self._get_target()
        # PostgreSQL 18 reports the path, at once when a rollback changes it. Older servers answer
        # None, which never matches: there it is set in front of every statement.
        path = connection.info.parameter_status("search_path")
        if path == target[0] and self._current == target:
            return
        is_repeated = path is None and self._current == target
        self._switch(target, is_repeated=is_repeated)

    @staticmethod
    def _is_aborted(connection):
        return connection.info.transaction_status == TransactionStatus.INERROR

    def _get_target(self):
        schema, tenant = self.schema_name, self.tenant
        if not SCHEMA_NAME.fullmatch(schema or ""):
            raise SchemaUnreachable(f"{schema!r} can't be the name of a schema")
        if getattr(tenant, "uses_farm_role", False):
            return self._target_of(schema, tenant.pk)
        return schema, NO_ROLE, schema, None

    def _target_of(self, schema, farm):
        """Path, role, schema and farm: created again, that has a new role of the same name."""
        return f"{schema}, pg_temp", role_name(self.settings_dict["NAME"], schema), schema, farm

    def _switch(self, target, *, is_repeated=False):
        path, role, schema, farm = target
        self._current = None
        is_other = role != NO_ROLE and self._farm not in (None, farm)
        is_reset = not is_repeated and (role != NO_ROLE or not self._is_clean)
        statements = f"{FORGET if is_other else ''}{RESET if is_reset else ''}{SWITCH}"
        try:
            exists = self._last_row(statements, [path, role, schema])[2]
        except psycopg.Error as error:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} can't be reached") from error
        if not exists:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} does not exist")
        self._current, self._is_clean = target, role == NO_ROLE
        self._farm = farm or self._farm

    def _last_row(self, statements, params):
        """Of the last of the statements, which are one round trip; None where there is none."""
        with self.connection.cursor() as cursor:
            cursor.execute(statements, params)
            while cursor.nextset():
                pass
            return cursor.fetchone()

    def program(self, name):
        try:
            return str(embedded.binary(name))
        except embedded.EmbeddedPostgresError:
            path = shutil.which(name)
        if path is None:
            raise FileNotFoundError(f"{name} is not installed")
        return path
