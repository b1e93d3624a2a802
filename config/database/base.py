"""The database backend that isolates farms.

django-tenants puts ``SET search_path`` in front of statements and swallows its errors: a statement
cancelled at the wrong moment then reads another farm. Here one statement sets the path and the role
that can access nothing else; the result is compared with the path that the server reports, and the
connection is closed when they can't be set.

A farm's search path contains the farm's own schema and nothing else, so a missing schema is an
error and never means the public one. There are two modes:

- *owner*: migrations, commands, the public site; the path is ``farm_x``;
- *restricted*: requests to a farm (``tenant.uses_farm_role``), under the farm's own role (see
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
SWITCH = """
    SELECT set_config('search_path', %s, false), set_config('role', %s, false),
           to_regnamespace(%s) IS NOT NULL
"""


class SchemaUnreachable(OperationalError):
    """The connection could not be set to the tenant's schema and role; it has been closed."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that has the schema and role of its tenant, or is closed."""

    def __init__(self, *args, **kwargs):
        self._current = self._target = None
        super().__init__(*args, **kwargs)

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
        self.cursor().close()

    def _handle_search_path(self, cursor=None):
        connection = self.connection
        if connection.closed or self._is_aborted(connection):
            return  # only a rollback can succeed now, and it restores the old path
        target = self._target = self._target or self._get_target()
        # PostgreSQL 18 reports the path, at once when a rollback changes it. Older servers answer
        # None, which never matches: there it is set in front of every statement.
        if connection.info.parameter_status("search_path") == target[0] and self._current == target:
            return
        self._switch(connection, target)

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
        return schema, "none", schema, None

    def _switch(self, connection, target):
        path, role, schema, _ = target
        self._current = None
        try:
            with connection.cursor() as cursor:
                exists = cursor.execute(SWITCH, [path, role, schema]).fetchone()[2]
        except psycopg.Error as error:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} can't be reached") from error
        if not exists:
            self.close()
            raise SchemaUnreachable(f"The schema {schema} does not exist")
        self._current = target

    def program(self, name):
        try:
            return str(embedded.binary(name))
        except embedded.EmbeddedPostgresError:
            path = shutil.which(name)
        if path is None:
            raise FileNotFoundError(f"{name} is not installed")
        return path
