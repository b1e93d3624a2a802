"""What an installation needs before it serves: every schema migrated, every wall standing."""

import contextlib
import logging
import time

from django.db import connection
from django_tenants.utils import schema_context

from tenants import schemas, wall
from tenants.accounts.models import FarmSettings
from tenants.models import Tenant

logger = logging.getLogger(__name__)

PUBLIC = "public"
PREPARE_LOCK = 7_305_003_001  # two at once would migrate the same schema twice
READY_SECONDS = 10

_ready_until = 0.0


def prepare(*, said=logger.info):
    """Migrate the public schema, then only the farms that are behind; returns their schemas.

    Safe to repeat, and to run from several machines at once.
    """
    with schema_context(PUBLIC), _alone():
        names = schemas.expected()
        if schemas.behind([PUBLIC], names=names):
            said("Migrating the public schema")
            schemas.migrate(PUBLIC)
        wall.close_public()
        FarmSettings.objects.get_or_create(pk=1)
        return _prepare_farms(names, said)


def is_ready():
    """Whether the database answers and no schema is behind; a yes is kept for a while."""
    global _ready_until
    if time.monotonic() < _ready_until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    with schema_context(PUBLIC):
        is_behind = bool(schemas.behind([PUBLIC]) or schemas.behind(_farms()))
    if not is_behind:
        _ready_until = time.monotonic() + READY_SECONDS
    return not is_behind


def _prepare_farms(names, said):
    farms = _farms()
    for missing in sorted(set(farms) - schemas.existing(farms)):
        logger.error("The farm's schema %s is not there; the others are prepared", missing)
    late = schemas.behind(farms, names=names)
    for schema in late:
        said(f"Migrating {schema}")
        schemas.migrate(schema)
        wall.build(schema)
    return late


def _farms():
    return list(Tenant.objects.order_by("pk").values_list("schema_name", flat=True))


@contextlib.contextmanager
def _alone():
    """Nobody else prepares meanwhile; and no limit cuts a migration short."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
        cursor.execute("SET lock_timeout = '30s'")
    try:
        yield
    finally:
        connection.close()  # gives the lock back, and the limits
