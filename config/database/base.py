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

import psycopg
from django.db.utils import OperationalError
from django_tenants.postgresql_backend import base
from psycopg.client_cursor import ClientCursorMixin
from psycopg.pq import Format, TransactionStatus

from config.database import embedded
from tenants.schemas.current import SchemaUnreachable
from tenants.schemas.database_role import role_name

SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
SWITCH = """
    SELECT set_config('search_path', %s, false), set_config('role', %s, false),
           to_regnamespace(%s) IS NOT NULL
"""
RESET = "RESET ALL; SELECT pg_advisory_unlock_all();"
# What a farm may name again by itself: cleared when another farm comes. Psycopg notices that its
# own prepared statements are gone, as long as the connection has a prepare_threshold.
FORGET = "CLOSE ALL; UNLISTEN *; DEALLOCATE ALL;"
NO_ROLE = "none"
PREPARED = object()  # in place of the name of a cursor
# What makes a cursor one that puts parameters into the text by itself, undone.
BOUND_BY_SERVER = {
    name: getattr(psycopg.Cursor, name)
    for name in vars(ClientCursorMixin)
    if not name.startswith("__") and hasattr(psycopg.Cursor, name)
}


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that has the schema and role of its tenant, or is closed."""

    def __init__(self, *args, **kwargs):
        self._current = self._target = None
        self._is_clean = True  # no farm's role was used since the session was reset
        self._farm = None  # the last one whose role was used
        super().__init__(*args, **kwargs)

    def get_new_connection(self, conn_params):
        self._current, self._is_clean, self._farm = None, True, None
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
        self._target = None

    def enter(self, tenant):
        """Switch to a tenant now rather than at the next statement; raises SchemaUnreachable."""
        self.set_tenant(tenant)
        self._current = None
        self.cursor().close()

    def close_if_health_check_failed(self):
        """At the first statement of a request, in place of ``SELECT 1``: clear the session, or
        close the connection where that is not possible."""
        if self.connection is None or self.health_check_done or not self.health_check_enabled:
            return
        self.health_check_done = True
        self._current, self._is_clean = None, False
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            self.close()  # a statement has begun a transaction, which nobody would end
            return
        with suppress(SchemaUnreachable):  # closed; a new connection is opened
            self._switch(self.connection, self._get_target())

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
        self._switch(connection, target, is_repeated=is_repeated)

    @staticmethod
    def _is_aborted(connection):
        return connection.info.transaction_status == TransactionStatus.INERROR

    def _get_target(self):
        """Path, role, schema and tenant: a farm created again has a new role of the same name."""
        schema, tenant = self.schema_name, self.tenant
        if not SCHEMA_NAME.fullmatch(schema or ""):
            raise SchemaUnreachable(f"{schema!r} can't be the name of a schema")
        if getattr(tenant, "uses_farm_role", False):
            role = role_name(self.settings_dict["NAME"], schema)
            return f"{schema}, pg_temp", role, schema, tenant.pk
        return schema, NO_ROLE, schema, None

    def _switch(self, connection, target, *, is_repeated=False):
        path, role, schema, farm = target
        self._current = None
        is_other = role != NO_ROLE and self._farm not in (None, farm)
        is_reset = not is_repeated and (role != NO_ROLE or not self._is_clean)
        statements = f"{FORGET if is_other else ''}{RESET if is_reset else ''}{SWITCH}"
        try:
            with connection.cursor() as cursor:
                cursor.execute(statements, [path, role, schema])
                while cursor.nextset():
                    pass
                exists = cursor.fetchone()[2]
        except psycopg.Error as error:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} can't be reached") from error
        if not exists:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} does not exist")
        self._current, self._is_clean = target, role == NO_ROLE
        self._farm = farm or self._farm

    def program(self, name):
        try:
            return str(embedded.binary(name))
        except embedded.EmbeddedPostgresError:
            path = shutil.which(name)
        if path is None:
            raise FileNotFoundError(f"{name} is not installed")
        return path
