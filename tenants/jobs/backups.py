"""Backups and restores as jobs, for the managers of a farm."""

from functools import partial

from django.core import signing
from django.db import connection
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.accounts.models import AuditEvent, Backup
from tenants.farms import nightly, replacing
from tenants.jobs import services
from tenants.jobs.kinds import Result
from tenants.jobs.models import Job
from tenants.operations.refusals import Refusal
from tenants.schemas import tables

BACKUP, RESTORE = "backup", "restore"
LABELS = {BACKUP: gettext_lazy("Backup"), RESTORE: gettext_lazy("Restore")}
MAY_BACK_UP, MAY_RESTORE = "accounts.add_backup", "accounts.restore_backup"
MAX_AGE = 3600  # seconds from the password to the restore
KILOBYTE = 1024


class NotConfirmed(Refusal):
    """Nobody has given a password for this restore, or too long ago."""

    code = "not_confirmed"
    title = "This restore was not confirmed within the last hour: begin it again"


class RestoredMeanwhile(Refusal):
    code = "restored_meanwhile"
    title = "The farm was restored meanwhile: load the page of its backups again"


def last_restore():
    """The id of the event of the farm's last restore as text, "" where there was none."""
    events = AuditEvent.objects.filter(object_type=Backup._meta.label_lower, verb="restore")
    return str(events.latest_first().values_list("pk", flat=True).first() or "")


def start_backup(*, by):
    """Begin a backup of this farm; the one that is not finished yet, where there is one."""
    return services.start(
        BACKUP,
        by=by,
        permission=MAY_BACK_UP,
        title=_("Backup"),
        arguments={},
        total=_tables(),
        instead_of=Job.UNFINISHED,
    )


def start_restore(backup, *, by, since):
    """Begin to restore this farm as one of its backups has it, once ``by`` has given the password.

    ``since`` is what `last_restore` was when ``by`` looked: sent twice, it is done once. Nothing
    but this can begin one: a row of a job that was written by other means is not signed. Raises
    RestoredMeanwhile.
    """
    _require_last(since)
    at = date_format(localtime(backup.at), "DATETIME_FORMAT")
    confirmed = signing.dumps([backup.file, by.pk, since], salt=_salt())
    return services.start(
        RESTORE,
        by=by,
        permission=MAY_RESTORE,
        title=_("Restore: %(at)s") % {"at": at},
        arguments={"confirmed": confirmed},
        total=_tables() + backup.size // KILOBYTE,
    )


def back_up(job, *, by):
    backup = nightly.run(connection.tenant, by=by)
    path = nightly.file_of(connection.tenant, backup)
    return Result(
        name=backup.file,
        url=reverse("admin:accounts_backup_file", args=[backup.pk]),
        discard=partial(path.unlink, missing_ok=True),
    )


def restore(job, *, by):
    """Raises NotConfirmed, RestoredMeanwhile, and as `replacing.restore_in_place` does."""
    name = _confirmed(job, by)
    restored = replacing.restore_in_place(connection.tenant, name, by=by, job=job.pk)
    job.refresh_from_db()
    Job.objects.filter(pk=job.pk).update(arguments={})  # it was confirmed for once
    lines = [*restored.lines(), _("As it was before: %(file)s") % {"file": restored.before.name}]
    return Result(
        name="restored.txt",
        content_type="text/plain; charset=utf-8",
        blocks=["\n".join([*lines, ""]).encode()],
        discard=partial(restored.before.unlink, missing_ok=True),
    )


def _confirmed(job, by):
    """The backup's file. Raises NotConfirmed, RestoredMeanwhile."""
    try:
        name, person, since = signing.loads(
            job.arguments.get("confirmed", ""), salt=_salt(), max_age=MAX_AGE
        )
    except signing.BadSignature as error:
        raise NotConfirmed() from error
    if person != by.pk:
        raise NotConfirmed()
    _require_last(since)
    return name


def _require_last(restore):
    if restore != last_restore():
        raise RestoredMeanwhile()


def _tables():
    """Of a backup, each is a step; of a restore, each kilobyte as well."""
    return len(tables.of(connection.schema_name))


def _salt():
    return f"restore {connection.schema_name}"
