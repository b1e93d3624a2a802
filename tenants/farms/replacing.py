"""A farm restored in its own place, from one of its own backups.

The new schema is made beside the one in use, which is put out of the way under another name: until
the transaction ends, everybody else still sees it under its own one. Its people, hosts and
roles stay.
"""

from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context
from psycopg import sql

from tenants.accounts import access, roles
from tenants.accounts.audited import audit
from tenants.accounts.models import Backup, User
from tenants.farms import nightly, restoring
from tenants.farms.backup_file import InvalidBackup
from tenants.farms.backups import LEFT_OUT
from tenants.farms.services import PUBLIC
from tenants.models import Tenant
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal
from tenants.schemas import migrating, tables
from tenants.schemas.database_role import run

AUDIT_TRAIL = "accounts_auditevent"
NOT_IN_BACKUP = ("accounts_backup", "jobs_job")
# By name, as ids may differ. Nobody's, where the person is not in the backup.
PERSON = """
    (SELECT new.id FROM {new}.accounts_user new JOIN {old}.accounts_user old USING (username)
     WHERE old.id = row.by_id)
"""
TAKE_OVER = (
    "INSERT INTO {new}.{table} ({columns}) SELECT {values} FROM {old}.{table} row WHERE {which}"
)


class NotInBackup(Refusal):
    code = "not_in_backup"
    title = "Whoever restores a farm has to be in the backup"


@dataclass(frozen=True, kw_only=True)
class RestoredInPlace(restoring.Restored):
    """``before``: the file of the backup that was made just before."""

    before: Path


def restore_in_place(tenant, name, *, by, job=None):
    """Let a farm be as in the backup of this ``name`` in its folder; returns RestoredInPlace.

    It is backed up first, and nothing is entered meanwhile. People sign in as they can now, those
    in the backup; who is not in it can't any more, so ``by``, a manager, has to be. Everybody is
    signed out. Its ``job``, the list of backups and the audit trail since then stay. To be called
    with the owner's login. Raises NotInBackup, BackupFailed, InvalidBackup, OtherVersion, Busy.
    """
    with schema_context(PUBLIC):
        farm = Tenant.objects.get(pk=tenant.pk)  # not under the farm's role
        path = nightly.file_of(farm, Backup(file=name))
        with restoring.opened(path) as (reader, head):
            if head.slug != farm.slug:
                raise InvalidBackup(_("This is a backup of %(slug)s.") % {"slug": head.slug})
            return _replace(farm, head, reader, by=by, job=job)


@operation("farm.restore_in_place")
def _replace(farm, head, reader, *, by, job):
    before = _before(farm, by)
    try:
        return _replace_with(farm, head, reader, before, by=by, job=job)
    except BaseException:
        before.unlink(missing_ok=True)
        raise


def _before(farm, by):
    """The file of a backup of all that was entered: from now on, nothing more is."""
    with tenant_context(farm):
        names = [name for name in tables.of(farm.schema_name) if name not in LEFT_OUT]
        _execute("LOCK TABLE {tables} IN EXCLUSIVE MODE", tables=names)
    return nightly.file_of(farm, nightly.run(farm, by=by))


def _replace_with(farm, head, reader, before, *, by, job):
    schema, old = farm.schema_name, f"replaced_{farm.pk}"
    with tenant_context(farm):
        noted = access.note()
    run("ALTER SCHEMA {schema} RENAME TO {old}", schema=schema, old=old)
    restoring.fill(farm, reader, restoring.targets(head))
    _take_over(AUDIT_TRAIL, schema, old, "id > (SELECT coalesce(max(id), 0) FROM {new}.{table})")
    with tenant_context(farm):
        revoked = access.restrict(noted, by=None)
        people = User.objects.active().filter(role=roles.MANAGER)
        if (person := people.filter(username=by.username).first()) is None:
            detail = _("%(user)s is not in this backup, and could not sign in any more.")
            raise NotInBackup(detail % {"user": by.username})
    with schema_context(old):  # the job's progress is written until now
        _execute("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE", tables=NOT_IN_BACKUP)
    _take_over("accounts_backup", schema, old, "true")
    _take_over("jobs_job", schema, old, "id = {job}", job=sql.Literal(job))
    migrating.drop(old)
    changes = {"taken_at": [None, head.taken_at], "before": [None, before.name]}
    with tenant_context(farm):
        audit("restore", Backup.objects.get(file=before.name), by=person, changes=changes)
    audit("restore", farm, by=None, changes=changes)
    made = {"taken_at": head.taken_at, "revoked": revoked, "before": before}
    return RestoredInPlace(tenant=farm, is_compared=True, **made)


def _take_over(name, schema, old, which, **values_of_which):
    """Take over the rows of a table for which the condition holds; its ids go on."""
    identifiers = {
        "new": sql.Identifier(schema),
        "old": sql.Identifier(old),
        "table": sql.Identifier(name),
    }
    values = {"by_id": sql.SQL(PERSON).format(**identifiers), "token_id": sql.SQL("NULL")}
    with schema_context(old):
        table = tables.of(old)[name]
        last_id = table.last_id()
    statement = sql.SQL(TAKE_OVER).format(
        columns=_listed(table.columns),
        values=sql.SQL(", ").join(values.get(each, sql.Identifier(each)) for each in table.columns),
        which=sql.SQL(which).format(**identifiers, **values_of_which),
        **identifiers,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))
    with schema_context(schema):
        table.go_on_from(last_id)


def _execute(statement, **lists):
    with connection.cursor() as cursor:
        parts = {name: _listed(each) for name, each in lists.items()}
        cursor.execute(sql.SQL(statement).format(**parts).as_string(cursor.connection))


def _listed(names):
    return sql.SQL(", ").join(map(sql.Identifier, names))
