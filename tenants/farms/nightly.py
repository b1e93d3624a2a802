"""The backup of each farm that nobody has to think of: one a night, in the farm's own folder."""

import logging
import time
import zoneinfo
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts.audited import audit
from tenants.accounts.models import Backup
from tenants.farms.backups import BackupFailed, back_up
from tenants.farms.services import PUBLIC
from tenants.models import Tenant
from tenants.operations.operation import observed
from tenants.operations.processes import REFRESH_AFTER

logger = logging.getLogger(__name__)

NIGHT_HOUR = 2  # of the farm; a computer that is off then does it when it is on again
MAX_NIGHTLY, MAX_BY_HAND, MAX_FAILED = 30, 5, 30
ALERT_FAILURES = 2
DRAFT_SECONDS = 24 * 3600
ALERT_AGE = timedelta(days=2, hours=2)  # two nights went without one


def back_up_due():
    """Back up all farms that were not since their last night; one that can't be is logged."""
    with schema_context(PUBLIC):
        farms = list(Tenant.objects.order_by("pk"))
    for number, tenant in enumerate(farms, start=1):
        try:
            if is_due(tenant):
                run(tenant)
        except (BackupFailed, DatabaseError) as error:
            logger.error("There is no new backup of %s: %s", tenant.slug, error)
        if number % REFRESH_AFTER == 0:
            connection.close()


def is_due(tenant):
    """Whether there is no nightly backup since the farm's last night."""
    with tenant_context(tenant):
        last = Backup.objects.nightly().successful().latest_first().first()
    now = timezone.now().astimezone(zoneinfo.ZoneInfo(tenant.timezone))
    night = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return last is None or last.at < (night if night <= now else night - timedelta(days=1))


def run(tenant, *, by=None):
    """Back the farm up into its folder, record how that went, and delete old ones; returns the
    Backup. Raises BackupFailed, which is recorded as well."""
    try:
        with observed("farm.back_up", tenant):
            path = back_up(tenant, folder_of(tenant))
    except BackupFailed as refusal:
        with suppress(DatabaseError), tenant_context(tenant):
            Backup.objects.create(by=by, problem=refusal.detail)
            _delete_old(tenant)
        raise
    with tenant_context(tenant):
        backup = Backup.objects.create(by=by, file=path.name, size=path.stat().st_size)
        if by is not None:
            audit("back_up", backup, by=by)
        _delete_old(tenant)
    return backup


def folder_of(tenant):
    return settings.BACKUPS / tenant.slug


def file_of(tenant, backup):
    """Where a backup is, whatever its row says: in the folder of its farm."""
    return folder_of(tenant) / Path(backup.file).name


def state(tenant):
    """How it stands with the backups of the farm we are in, and whether somebody has to look."""
    last = Backup.objects.successful().latest_first().first()
    failures = Backup.objects.failed().latest_first()
    if last is not None:
        failures = failures.filter(pk__gt=last.pk)
    failed = list(failures[:MAX_FAILED])
    since = last.at if last else tenant.created_at
    is_late = since < timezone.now() - ALERT_AGE
    return {
        "last": last,
        "failed": failed,
        "is_alert": is_late or len(failed) >= ALERT_FAILURES,
    }


def _delete_old(tenant):
    nightly = Backup.objects.nightly().latest_first()
    by_hand = Backup.objects.exclude(by=None).latest_first()
    old = [
        *nightly.successful()[MAX_NIGHTLY:],
        *by_hand.successful()[MAX_BY_HAND:],
        *Backup.objects.failed().latest_first()[MAX_FAILED:],
    ]
    for backup in old:
        if backup.file:
            path = file_of(tenant, backup)
            transaction.on_commit(partial(path.unlink, missing_ok=True))
        backup.delete()
    for draft in folder_of(tenant).glob(".*.draft"):  # of one that was killed
        with suppress(FileNotFoundError):
            if draft.stat().st_mtime < time.time() - DRAFT_SECONDS:
                draft.unlink()
