"""The backend that keeps farms apart.

django-tenants puts ``SET search_path`` in front of statements and swallows its errors: a statement
cancelled at the wrong moment then reads another farm. Here the path, and with it the role that can
reach nothing else, are asked for in one statement, compared with what the server reports, and the
connection is closed when they can't be had.

A farm's search path holds the farm's own schema and nothing else, so a schema that is gone is an
error and never the public one. There are two modes:

- *owner*: migrations, commands, the public site; the path is ``farm_x``;
- *walled*: requests to a farm (``tenant.uses_farm_role``), under the farm's own role (see
  ``tenants.schemas.database_role``); the path is ``farm_x, pg_temp``.

The two paths differ so that comparing the path compares the role: both are set by one statement
and rolled back by one rollback.
"""

import re
import shutil

import psycopg
from django.db.utils import OperationalError
from django_tenants.postgresql_backend import base
from psycopg.pq import TransactionStatus

from config.database import embedded
from tenants.schemas.database_role import role_name

SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
REACH = """
    SELECT set_config('search_path', %s, false), set_config('role', %s, false),
           to_regnamespace(%s) IS NOT NULL
"""


class SchemaUnreachable(OperationalError):
    """The connection could not be put into the schema that was asked for; it has been closed."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is in the schema and role it should be in, or closed."""

    def __init__(self, *args, **kwargs):
        self._reached = self._target = None
        super().__init__(*args, **kwargs)

    def get_connection_params(self):
        data = self.settings_dict.get("EMBEDDED")
        if data:
            server = self._started(data)
            self.settings_dict.update({key: server[key] for key in server if key != "NAME"})
        return super().get_connection_params()

    @staticmethod
    def _started(data):
        try:
            return embedded.connect(data)
        except embedded.EmbeddedPostgresError as error:
            raise OperationalError(str(error)) from error  # as of a server that is down

    def set_tenant(self, tenant, include_public=True):
        """Be in a tenant from the next statement on; ``include_public`` is never heeded."""
        super().set_tenant(tenant, include_public)
        self._target = None

    def enter(self, tenant):
        """Go to a tenant now rather than at the next statement; raises SchemaUnreachable."""
        self.set_tenant(tenant)
        self.cursor().close()

    def _handle_search_path(self, cursor=None):
        connection = self.connection
        if connection.closed or self._is_aborted(connection):
            return  # nothing but a rollback can succeed now, and it brings the old path back
        wanted = self._target = self._target or self._wanted()
        # PostgreSQL 18 reports the path, at once when a rollback changes it. Older servers answer
        # None, which never matches: there it is set in front of every statement.
        if connection.info.parameter_status("search_path") == wanted[0] and self._reached == wanted:
            return
        self._reach(connection, wanted)

    @staticmethod
    def _is_aborted(connection):
        return connection.info.transaction_status == TransactionStatus.INERROR

    def _wanted(self):
        """Path, role, schema, and whose: a farm made anew has a new role of the same name."""
        schema, tenant = self.schema_name, self.tenant
        if not SCHEMA_NAME.fullmatch(schema or ""):
            raise SchemaUnreachable(f"{schema!r} can't be the name of a schema")
        if getattr(tenant, "uses_farm_role", False):
            role = role_name(self.settings_dict["NAME"], schema)
            return f"{schema}, pg_temp", role, schema, tenant.pk
        return schema, "none", schema, None

    def _reach(self, connection, wanted):
        path, role, schema, _ = wanted
        self._reached = None
        try:
            with connection.cursor() as cursor:
                exists = cursor.execute(REACH, [path, role, schema]).fetchone()[2]
        except psycopg.Error as error:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} can't be reached") from error
        if not exists:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} is not there")
        self._reached = wanted

    def program(self, name):
        """The path of one of PostgreSQL's programs: the embedded server's, else the system's.

        Raises FileNotFoundError.
        """
        try:
            return str(embedded.binary(name))
        except embedded.EmbeddedPostgresError:
            path = shutil.which(name)
        if path is None:
            raise FileNotFoundError(f"{name} is not installed")
        return path
