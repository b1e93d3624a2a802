"""Prepare the database before serving: migrate every schema, create roles, copy settings."""

import contextlib
import logging
import time

from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django_tenants.utils import schema_context

from tenants.accounts.models import FarmSettings
from tenants.models import Tenant
from tenants.operations.processes import in_processes
from tenants.operations.refusals import Refusal
from tenants.schemas import (
    database_role,
    drift,
    farm_checks,
    job_queue,
    logins,
    migrating,
    privileges,
    template,
)

logger = logging.getLogger(__name__)

PUBLIC = "public"
NO_RIGHT = "42501"
PREPARE_LOCK = 7_305_003_001  # two at once would migrate the same schema twice
LOOK_SECONDS = 10

_ready_until = _looked_until = 0.0
_not_ready = {}


class FarmsNotPrepared(Refusal):
    """The others are; ``reasons`` are those of each farm, by its schema."""

    code = "farms_not_prepared"
    title = "Some farms could not be prepared"

    def __init__(self, reasons, *, is_any_prepared):
        super().__init__("\n".join(f"{schema}: {why}" for schema, why in sorted(reasons.items())))
        self.reasons, self.is_any_prepared = reasons, is_any_prepared


def prepare(*, log=logger.info, processes=1):
    """Migrate the public schema, then only the farms that are behind, by so many ``processes``;
    returns their schemas.

    Safe to repeat, and to run from several machines at once. Raises OtherVersion when the public
    tables are not, and can't become, those of this program; UnusableDatabase; FarmsNotPrepared,
    after all other farms are.
    """
    with schema_context(PUBLIC), _alone():
        privileges.check()
        if migrating.is_behind(PUBLIC):
            log("Migrating the public schema")
            _migrate(PUBLIC)
        drift.check([PUBLIC])
        database_role.close_public()
        job_queue.install()
        database_role.open_farms()
        logins.prepare(log=log)
        template.load()
        FarmSettings.objects.get_or_create(pk=1)
        farms = _farms()
        late, reasons = _prepare_farms(farms, log, processes)
        for schema in farms:
            if schema not in reasons:
                database_role.let_log_in(schema)
        slug = settings.DEFAULT_FARM
        if slug and not Tenant.objects.filter(slug=slug).exists():
            log(f"SPOOLBOOK_DEFAULT_FARM is {slug!r}: there is no such farm (yet).")
        for schema, reason in _checked([name for name in farms if name not in reasons]).items():
            log(f"{schema}: {reason}")
        if reasons:
            raise FarmsNotPrepared(reasons, is_any_prepared=len(reasons) < len(farms))
        return late


def is_ready():
    """Whether the database answers and what all farms share is migrated; a yes about that counts
    for LOOK_SECONDS. Raises DatabaseError, InterfaceError."""
    global _ready_until
    with schema_context(PUBLIC), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if time.monotonic() < _ready_until:
            return True
        if migrating.is_behind(PUBLIC):
            return False
    _ready_until = time.monotonic() + LOOK_SECONDS
    return True


def farms_not_ready():
    """``{schema: reason}`` of the farms that can't be served, looked for every LOOK_SECONDS."""
    global _looked_until, _not_ready
    if time.monotonic() >= _looked_until:
        _looked_until = time.monotonic() + LOOK_SECONDS  # for other threads as well, from now on
        with schema_context(PUBLIC):
            farms = _farms()
            late, reasons = migrating.examine(farms)
            reasons |= _missing(farms) | dict.fromkeys(late, "migrations are missing")
            reasons |= _checked([schema for schema in farms if schema not in reasons])
        if reasons and reasons != _not_ready:
            logger.error("Farms that are not ready: %s", reasons)
        _not_ready = reasons
    return _not_ready


def is_prepared(schema):
    """Whether one farm can be served by this program. Raises DatabaseError."""
    with schema_context(PUBLIC):
        is_there = bool(migrating.existing([schema]))
        return is_there and not (migrating.is_behind(schema) or database_role.missing([schema]))


def _prepare_farms(farms, log, processes):
    """Prepare each farm that can be; returns those that were behind, and why the others aren't."""
    late, reasons = migrating.examine(farms)
    reasons |= _missing(farms)
    there = [schema for schema in farms if schema not in reasons]
    done = in_processes(_migrate_farm, late, count=processes)
    for number, (schema, reason, failure) in enumerate(done, start=1):
        if reason := reason or failure:
            reasons.setdefault(schema, reason)
        log(f"{number} of {len(late)}: {schema} is {'not ' if reason else ''}migrated")
    for schema, refusal in drift.find(there).items():
        reasons.setdefault(schema, refusal.detail)
    # A dump of the whole database, restored on another server, comes without the roles.
    for schema in database_role.missing(there):
        with _noting(schema, reasons):
            log(f"Making the role of {schema}")
            database_role.create_role(schema)
    for schema in there:
        if schema not in reasons:
            with _noting(schema, reasons), schema_context(schema):
                FarmSettings.copy_to_public()
    return [schema for schema in late if schema not in reasons], reasons


def _migrate_farm(schema):
    """Returns why it is not possible, or None."""
    reasons = {}
    _lift_limits()
    with _noting(schema, reasons):
        _migrate(schema)
        database_role.create_role(schema)
    return reasons.get(schema)


def _checked(farms):
    """What apps find in farms that are migrated; a lock on one of them is not waited for."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [migrating.LOCK_TIMEOUT])
            return farm_checks.examine(farms)
    except DatabaseError as error:
        if not connection.is_usable():
            raise
        logger.warning("The farms were not checked: %s", " ".join(str(error).split()))
        return {}


def _missing(farms):
    there = migrating.existing(farms)
    return {schema: "its schema is missing" for schema in farms if schema not in there}


@contextlib.contextmanager
def _noting(schema, reasons):
    """Note what goes wrong with one farm, and go on, unless the database is away."""
    try:
        yield
    except Exception as error:
        if not connection.is_usable():
            raise
        if not isinstance(error, (DatabaseError, Refusal)):
            logger.exception("%s could not be prepared", schema)
        reasons.setdefault(schema, " ".join(str(error).split()) or type(error).__name__)


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
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
    _lift_limits()
    try:
        yield
    finally:
        connection.close()  # releases the lock, and restores the limits


def _lift_limits():
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = '30s'")
