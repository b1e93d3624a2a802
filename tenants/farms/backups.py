"""Backup of one farm in one file: its rows, as of one moment."""

import gzip
import os
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context

from tenants.farms.backup_file import SUFFIX, BackupWriter
from tenants.farms.services import PUBLIC
from tenants.operations import progress
from tenants.operations.refusals import Refusal
from tenants.schemas import tables

# What a farm does without when it is restored. The migrations are in the head of the file.
LEFT_OUT = {
    "django_migrations",
    "django_session",
    "accounts_attempt",
    "accounts_backup",
    "accounts_idempotencykey",
    "accounts_pintries",
    "accounts_socketprocess",
    "accounts_tokensocket",
    "jobs_job",
    "jobs_jobfileblock",
    "production_printhost",  # keys of printers; and no copy of a farm is to start prints
}
# Sums of runs, which are folded again, and marks of days that are to be.
DERIVED = {
    "production_explanationsum",
    "production_figuresmark",
    "production_foldeddays",
    "production_variancesum",
}
LEFT_OUT |= DERIVED
# One snapshot; dates and times as every server reads them; no limit but that for locks.
SNAPSHOT = """
    BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    SET LOCAL statement_timeout = 0;
    SET LOCAL datestyle = 'ISO, YMD';
    SET LOCAL timezone = 'UTC'
"""
MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY id"


class BackupFailed(Refusal):
    code = "backup_failed"
    title = "The backup could not be written"


def back_up(tenant, folder):
    """Write the farm, as of one moment, into a new file of ``folder``; returns its path.

    The farm may be in use meanwhile. What the caller has not committed is not in it. Raises
    BackupFailed.
    """
    now = timezone.now()
    path = Path(folder) / f"{tenant.slug}-{now:%Y%m%d-%H%M%S}{SUFFIX}"
    if path.exists():  # of the same second
        path = path.with_name(f"{tenant.slug}-{now:%Y%m%d-%H%M%S.%f}{SUFFIX}")
    try:
        with _written(path) as file:
            _write(tenant, file, now)
    except OSError as error:
        detail = _("%(farm)s can't be written to %(folder)s: %(reason)s.")
        names = {"farm": tenant.slug, "folder": folder, "reason": error}
        raise BackupFailed(detail % names) from error
    except DatabaseError as error:
        detail = _("%(farm)s can't be read: %(reason)s")
        reason = " ".join(str(error).split())
        raise BackupFailed(detail % {"farm": tenant.slug, "reason": reason}) from error
    return path


@contextmanager
def _written(path):
    """A compressed file that is there as a whole, or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Readable by its owner alone: hashes of passwords and tokens are in it.
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        try:
            with gzip.open(raw, "wb", compresslevel=6) as file:
                yield file
            raw.flush()
            os.fsync(raw.fileno())
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)


def _write(tenant, file, now):
    writer, described = BackupWriter(file), _described(tenant)
    with tenant_context(tenant), _snapshot() as cursor:
        cursor.execute(MIGRATIONS)
        migrations = [name for (name,) in cursor.fetchall()]
        writer.head(**described, migrations=migrations, taken_at=now.isoformat())
        for table in tables.of(tenant.schema_name).values():
            if table.name not in LEFT_OUT:
                last = {"last_id": table.last_id(), "last_number": table.last_number()}
                with connection.wrap_database_errors, cursor.copy(table.read()) as rows:
                    writer.table(table.name, table.columns, rows, **last)
            progress.count(1)
    writer.end()


@contextmanager
def _snapshot():
    """A transaction of a kind that Django does not offer, on a connection of its own: the caller
    may be in another."""
    callers = connections[DEFAULT_DB_ALIAS]
    own = connections[DEFAULT_DB_ALIAS] = callers.copy()
    try:
        own.set_tenant(callers.tenant)
        with own.cursor() as cursor:
            cursor.execute(SNAPSHOT)
            try:
                yield cursor
            finally:
                cursor.execute("ROLLBACK")
    finally:
        own.close()
        connections[DEFAULT_DB_ALIAS] = callers


def _described(tenant):
    with schema_context(PUBLIC):
        hosts = list(tenant.domains.order_by("-is_primary", "pk").values_list("host", flat=True))
    return {
        "product": settings.VERSION,
        "slug": tenant.slug,
        "name": tenant.name,
        "status": tenant.status,
        "created_at": tenant.created_at.isoformat(),
        "hosts": hosts,
    }
