"""A farm made again from a backup, which may come from anybody.

Our own migrations make the tables. From the file come rows, copied into known tables and columns
under the farm's own role, with every constraint and trigger at work; then it is migrated on. All of
it is one transaction.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts import access, roles
from tenants.accounts.audited import audit
from tenants.accounts.models import FarmSettings, User
from tenants.farms.backup_file import BackupReader, InvalidBackup
from tenants.farms.backups import DERIVED, LEFT_OUT
from tenants.farms.json_shapes import malformed_table
from tenants.farms.names import check_slug, farm_hosts, schema_name
from tenants.farms.services import PUBLIC, checked, claim, make_schema
from tenants.models import DroppedFarm, Tenant
from tenants.operations.operation import operation
from tenants.schemas import database_role, drift, migrating, tables, template

# Classes of SQLSTATE, and states, by which PostgreSQL refuses a row; 40001 is of the ledger.
OF_ROWS = ("22", "23", "54", "40001", "P0001")
# Of PostgreSQL's messages: where a row is, and the values in it, which may be secrets.
PLACE = re.compile(r"COPY (\w+), (line \d+)")
VALUE = re.compile(r'(: |value )".*"', re.DOTALL)
KINDS = {"people": _lazy("People"), "tokens": _lazy("Tokens"), "devices": _lazy("Tablets")}
READING = "SET LOCAL statement_timeout = 0; SET LOCAL datestyle = 'ISO, YMD'"


@dataclass(frozen=True, kw_only=True)
class Restored:
    """``revoked``: names of people, tokens and devices that are in the file and were not let in.

    ``is_compared``: these are what was revoked after the backup, and no others.
    """

    tenant: Tenant
    taken_at: object
    revoked: dict
    is_compared: bool

    def lines(self):
        """Who can't sign in as when the backup was made."""
        taken = f"{self.taken_at:%Y-%m-%d %H:%M} UTC"
        yield _("Revoked or changed since %(taken)s, and so it stays:") % {"taken": taken}
        for kind, names in self.revoked.items():
            listed = {"kind": KINDS[kind], "names": ", ".join(names) or _("none")}
            yield _("  %(kind)s: %(names)s") % listed


def restore_farm(path, *, by, slug=None, hosts=None, keep_access=False):
    """Restore the farm of a file, all of it or nothing, and return what became of it (Restored).

    Under its own short name it answers where it did, under another ``slug`` on that one's host;
    ``hosts`` are instead of those of the file. Whoever could sign in when the farm was dropped
    can again, as then; nobody can where that is not known, or in a copy. With ``keep_access``
    everybody of the file can. Raises InvalidBackup, InvalidSlug, SlugTaken, InvalidHost,
    HostTaken, OtherVersion.
    """
    with opened(path) as (reader, head), schema_context(PUBLIC):
        last = targets(head)
        slug = slug or head.slug
        check_slug(slug)
        if hosts is None:
            hosts = head.hosts if slug == head.slug else []
        tenant = Tenant(slug=slug, name=head.name, schema_name=schema_name(slug))
        tenant.status, tenant.created_at = head.status, head.created_at
        hosts = farm_hosts(slug, hosts)
        if last is None:
            template.load()  # before the transaction: pg_dump must see what it dumps
        names = {"last": last, "hosts": hosts, "keep_access": keep_access, "by": by}
        return _restore(checked(tenant), head, reader, **names)


@contextmanager
def opened(path):
    """The reader of a file, and its head. Raises InvalidBackup."""
    try:
        with open(path, "rb") as raw:
            reader = BackupReader(raw, Path(path).stat().st_size)
            yield reader, reader.head()
    except OSError as error:
        detail = _("%(path)s can't be read: %(reason)s.") % {"path": path, "reason": error}
        raise InvalidBackup(detail) from error


def targets(head):
    """The last migrations of the file, None where they are all of today's. Raises OtherVersion,
    InvalidBackup where it is a state in which no farm can be."""
    if unknown := head.migrations - set(migrating.expected()):
        detail = _(
            "This backup was written by Spoolbook %(product)s and has migrations that are not "
            "known here (%(names)s): restore it with that version."
        )
        names = ", ".join(sorted(unknown)[:3])
        raise drift.OtherVersion(detail % {"product": head.product, "names": names})
    if head.migrations == set(migrating.expected()):
        return None
    if (last := migrating.leaves(head.migrations)) is None:
        raise InvalidBackup(_("The migrations that this backup names don't make a farm."))
    return last


@operation("farm.restore")
def _restore(tenant, head, reader, *, last, hosts, keep_access, by):
    tenant.pk = None
    claim(tenant, hosts)
    fill(tenant, reader, last)
    noted = DroppedFarm.noted(tenant.slug) if tenant.slug == head.slug else None
    with tenant_context(tenant):
        revoked = {} if keep_access else access.restrict(noted, by=None)
    if tenant.slug == head.slug:
        DroppedFarm.forget(tenant.slug)
    changes = {"hosts": [None, hosts], "taken_at": [None, head.taken_at]}
    audit("restore", tenant, by=by, changes=changes)
    is_compared = noted is not None and not keep_access
    return Restored(tenant=tenant, taken_at=head.taken_at, revoked=revoked, is_compared=is_compared)


def fill(tenant, reader, last):
    """Make the farm's schema by the migrations as far as ``last``, copy the rows of the file into
    it, and migrate it on, as the owner and in a transaction. Raises InvalidBackup, SlugTaken."""
    schema = tenant.schema_name
    make_schema(schema, None if last else template.load(), last)
    database_role.create_role(schema)
    with _of_the_file():
        _copy_rows(reader, tenant)
        if migrating.is_behind(schema):
            migrating.migrate(schema)
            database_role.create_role(schema)
        drift.check([schema])
        with tenant_context(tenant):
            if table := malformed_table():
                raise _unreadable(table)
            _check_people_and_settings()
            FarmSettings.copy_to_public()


def _copy_rows(reader, tenant):
    known = tables.of(tenant.schema_name)
    derived = DERIVED & known.keys()
    known = {name: table for name, table in known.items() if name not in LEFT_OUT}
    last = {}
    tenant.uses_farm_role = True
    try:
        with tenant_context(tenant), connection.cursor() as cursor:
            cursor.execute(READING)
            for section in reader.sections():
                table = known.get(section.table)
                if table is None or table.columns != section.columns:
                    raise _other_tables(section.table)
                _copy_table(cursor, table, section, reader)
                last[table.name] = (section.last_id, section.last_number)
            if missing := known.keys() - last.keys():
                raise _other_tables(min(missing))
            # No table is altered while one of its rows is to be checked.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            for name in derived:
                cursor.execute(f"DELETE FROM {name}")  # nosec B608 - what triggers made of the rows
            for table in known.values():
                if table.has_unreadable_values():
                    raise _unreadable(table.name)
    finally:
        tenant.uses_farm_role = False
    with tenant_context(tenant):
        for name, counted in last.items():
            known[name].go_on_from(*counted)


def _copy_table(cursor, table, section, reader):
    with connection.wrap_database_errors, cursor.copy(table.write()) as rows:
        for line in section.rows:
            rows.write(line)
    if cursor.rowcount != reader.count(table.name):
        raise _unreadable(table.name)


def _check_people_and_settings():
    """What programs rely on, and the database can't check."""
    try:
        FarmSettings.load().full_clean()
        for user in User.objects.all():
            user.full_clean(exclude=["password"], validate_unique=False)
            is_cheap = access.is_cheap_hash(user.password) and access.is_cheap_hash(user.pin_hash)
            if user.role not in roles.FARM_ROLES or not is_cheap:
                raise ValidationError(user.username)
    except (ValidationError, ObjectDoesNotExist) as error:
        detail = _("The people or the settings in this backup are not valid: %(reason)s.")
        raise InvalidBackup(detail % {"reason": error}) from error


@contextmanager
def _of_the_file():
    """Turn what PostgreSQL refuses of the rows of a file into InvalidBackup."""
    try:
        yield
    except DatabaseError as error:
        if not (getattr(error.__cause__, "sqlstate", None) or "").startswith(OF_ROWS):
            raise
        detail = _("The rows of this backup are not those of a farm: %(reason)s")
        raise InvalidBackup(detail % {"reason": _reason(error.__cause__.diag)}) from error


def _reason(diagnostics):
    """Table, line and cause, without the values of the row."""
    place = PLACE.search(diagnostics.context or "")
    names = place.groups() if place else filter(None, [diagnostics.table_name])
    cause = VALUE.sub(r"\1…", diagnostics.message_primary or "")
    return ": ".join(filter(None, [", ".join(names), cause]))


def _other_tables(name):
    detail = _("The table %(table)s of this backup is not as the migrations that it names make it.")
    return InvalidBackup(detail % {"table": name[:63]})


def _unreadable(name):
    detail = _("The table %(table)s of this backup has a row that Spoolbook would not write.")
    return InvalidBackup(detail % {"table": name})
