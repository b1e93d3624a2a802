"""Prepare the database before serving: migrate every schema, create roles, copy settings."""

import contextlib
import logging
import time

from django.conf import settings
from django.db import ProgrammingError, connection
from django_tenants.utils import schema_context

from tenants.accounts.models import FarmSettings
from tenants.models import Tenant
from tenants.schemas import database_role, drift, migrating, privileges

logger = logging.getLogger(__name__)

PUBLIC = "public"
NO_RIGHT = "42501"
PREPARE_LOCK = 7_305_003_001  # two at once would migrate the same schema twice
READY_SECONDS = 10

_ready_until = 0.0


def prepare(*, log=logger.info):
    """Migrate the public schema, then only the farms that are behind; returns their schemas.

    Safe to repeat, and to run from several machines at once. Raises OtherVersion when the tables
    are not, and can't become, those of this program; UnusableDatabase.
    """
    with schema_context(PUBLIC), _alone():
        privileges.check()
        names = migrating.expected()
        if migrating.behind([PUBLIC], names=names):
            log("Migrating the public schema")
            _migrate(PUBLIC)
        drift.check([PUBLIC])
        database_role.close_public()
        database_role.open_farms()
        FarmSettings.objects.get_or_create(pk=1)
        late = _prepare_farms(names, log)
        slug = settings.DEFAULT_FARM
        if slug and not Tenant.objects.filter(slug=slug).exists():
            log(f"SPOOLBOOK_DEFAULT_FARM is {slug!r}: there is no such farm (yet).")
        return late


def is_ready():
    """Whether the database answers and no schema is behind; a yes counts for READY_SECONDS."""
    global _ready_until
    if time.monotonic() < _ready_until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    with schema_context(PUBLIC):
        is_behind = bool(migrating.behind([PUBLIC]) or migrating.behind(_farms()))
    if not is_behind:
        _ready_until = time.monotonic() + READY_SECONDS
    return not is_behind


def _prepare_farms(names, log):
    farms = _farms()
    there = sorted(migrating.existing(farms))
    for missing in sorted(set(farms) - set(there)):
        logger.error("The farm's schema %s is missing; the others are prepared", missing)
    late = migrating.behind(farms, names=names)
    for schema in late:
        log(f"Migrating {schema}")
        _migrate(schema)
        database_role.create_role(schema)
    drift.check(there)
    # A dump of the whole database, restored on another server, comes without the roles.
    for schema in database_role.missing(there):
        log(f"Making the role of {schema}")
        database_role.create_role(schema)
    for schema in there:
        with schema_context(schema):
            FarmSettings.copy_to_public()
    return late


def _migrate(schema):
    try:
        migrating.migrate(schema)
    except ProgrammingError as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if state in (None, NO_RIGHT):
            raise
        raise drift.other_version(schema, " ".join(str(error).split())) from error


def _farms():
    return list(Tenant.objects.order_by("pk").values_list("schema_name", flat=True))


@contextlib.contextmanager
def _alone():
    """Hold the lock, so that no other process prepares, and lift the time limits."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
        cursor.execute("SET lock_timeout = '30s'")
    try:
        yield
    finally:
        connection.close()  # releases the lock, and restores the limits
