"""Backup of one farm in one file, and its restoration, here or in another installation.

The file is gzip. Its first line holds, as JSON behind ``--``, the farm's rows of ``public``; the
rest is the output of ``pg_dump`` for its schema, with PLACEHOLDER for the schema's name, so that it
can be restored under another. Sessions are left out.
"""

import gzip
import json
import os
import re
import subprocess
import tempfile
import zlib
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts.audited import audit
from tenants.accounts.models import FarmSettings
from tenants.farms.names import check_slug, farm_hosts, schema_name
from tenants.farms.services import PUBLIC, checked, claim, making
from tenants.models import Tenant
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal
from tenants.schemas import database_role, drift, migrating
from tenants.schemas.template import PLACEHOLDER, dumping

FORMAT = 1
SUFFIX = ".farm.gz"
FIRST = b"-- spoolbook "
LAST = b"-- spoolbook: this is all of it\n"
LAST_ROW = b"\\.\n"
HEAD = {
    "slug": str,
    "name": str,
    "status": Tenant.Status,
    "created_at": datetime.fromisoformat,
    "hosts": list,
    "taken_at": str,
}
UNREADABLE = (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError)


class BackupFailed(Refusal):
    code = "backup_failed"
    title = "The backup could not be written"


class InvalidBackup(Invalid):
    """Not a file of ``back_up``, or not a whole one."""

    code = "invalid_backup"
    title = "This is no backup of a farm"


# --- Writing -----------------------------------------------------------------------------------


def back_up(tenant, folder):
    """Write the farm, as of one moment, into a new file of ``folder``; returns its path.

    The farm may be in use meanwhile. Raises BackupFailed.
    """
    now = timezone.now()
    path = Path(folder) / f"{tenant.slug}-{now:%Y%m%d-%H%M%S}{SUFFIX}"
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Readable by its owner alone: hashes of passwords and tokens are in it.
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with gzip.open(raw, "wb", compresslevel=6) as file:
                file.write(FIRST + json.dumps(_described(tenant, now)).encode() + b"\n")
                file.writelines(_dumped(tenant.schema_name))
                file.write(LAST)
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(path)
    except OSError as error:
        detail = _("%(farm)s can't be written to %(folder)s: %(reason)s.")
        names = {"farm": tenant.slug, "folder": folder, "reason": error}
        raise BackupFailed(detail % names) from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return path


def _described(tenant, now):
    with schema_context(PUBLIC):
        hosts = list(tenant.domains.order_by("-is_primary", "pk").values_list("host", flat=True))
    return {
        "format": FORMAT,
        "slug": tenant.slug,
        "name": tenant.name,
        "status": tenant.status,
        "created_at": tenant.created_at.isoformat(),
        "hosts": hosts,
        "taken_at": now.isoformat(),
    }


def _dumped(schema):
    flags = ["--encoding=UTF8", f"--exclude-table-data={schema}.django_session"]
    command, environment = dumping(schema, *flags)
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors) as dump,
    ):
        yield from renamed(_without_header(dump.stdout, schema), schema, PLACEHOLDER)
        if dump.wait():
            errors.seek(0)
            reason = " ".join(errors.read().decode(errors="replace").split())
            detail = _("pg_dump could not read %(schema)s: %(reason)s")
            raise BackupFailed(detail % {"schema": schema, "reason": reason})


def _without_header(lines, schema):
    """Without settings of the session and psql's own commands."""
    begun = False
    for line in lines:
        begun = begun or line == f"CREATE SCHEMA {schema};\n".encode()
        if begun and not line.startswith((b"\\restrict", b"\\unrestrict")):
            yield re.sub(rb"^SET default_", b"SET LOCAL default_", line)


def renamed(lines, old, new):
    """A dump with another name for its schema; the rows in it are left as they are."""
    name, in_rows = re.compile(rb"\b%s\b" % re.escape(old.encode())), False
    for line in lines:
        if in_rows:
            in_rows = line != LAST_ROW
        else:
            line = name.sub(new.encode(), line)
            in_rows = _begins_rows(line)
        yield line


def _begins_rows(line):
    return line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n")


# --- Reading -----------------------------------------------------------------------------------


def restore_farm(path, *, by, slug=None, hosts=None):
    """Restore the farm of a file, all of it or nothing, and return it.

    Under its own short name it answers where it did, under another ``slug`` on that one's host;
    ``hosts`` are instead of those of the file. What the file lacks of today's migrations is
    applied. Raises InvalidBackup, InvalidSlug, SlugTaken, InvalidHost, HostTaken, OtherVersion.
    """
    header = _header(path)
    slug = slug or header["slug"]
    check_slug(slug)
    if hosts is None:
        hosts = header["hosts"] if slug == header["slug"] else []
    tenant = Tenant(slug=slug, name=header["name"], schema_name=schema_name(slug))
    tenant.status, tenant.created_at = header["status"], header["created_at"]
    with schema_context(PUBLIC):
        return _restore(checked(tenant), path, farm_hosts(slug, hosts), header["taken_at"], by=by)


@operation("farm.restore")
def _restore(tenant, path, hosts, taken_at, *, by):
    tenant.pk = None
    claim(tenant, hosts)
    with making(tenant.schema_name):
        _load(path, tenant.schema_name)
        if migrating.is_behind(tenant.schema_name):
            migrating.migrate(tenant.schema_name)
        drift.check([tenant.schema_name])
    with tenant_context(tenant):
        FarmSettings.copy_to_public()
    database_role.create_role(tenant.schema_name)
    audit("restore", tenant, by=by, changes={"hosts": [None, hosts], "taken_at": [None, taken_at]})
    return tenant


def _header(path):
    with _explained(path), gzip.open(path, "rb") as file:
        first = file.readline(1_000_000)
        if not first.startswith(FIRST):
            detail = _("%(path)s is no backup of a farm by `manage.py backup_farm`.")
            raise InvalidBackup(detail % {"path": path})
        header = json.loads(first.removeprefix(FIRST))
        if header["format"] != FORMAT:
            detail = _("%(path)s was written by a newer Spoolbook: restore it with that.")
            raise InvalidBackup(detail % {"path": path})
        return {name: read(header[name]) for name, read in HEAD.items()}


def _load(path, schema):
    """Execute the file's SQL, its rows by COPY, in the caller's transaction."""
    with _explained(path), gzip.open(path, "rb") as file, connection.cursor() as cursor:
        file.readline()
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL check_function_bodies = off")
        lines, waiting = renamed(file, PLACEHOLDER, schema), []
        for line in lines:
            if _begins_rows(line):
                _execute(cursor, waiting)
                _copy(cursor, line, lines)
            else:
                waiting.append(line)
        if not waiting or waiting[-1] != LAST:
            raise EOFError("its end is missing")
        _execute(cursor, waiting)


def _execute(cursor, waiting):
    cursor.execute(b"".join(waiting).decode())
    waiting.clear()


def _copy(cursor, statement, lines):
    with cursor.copy(statement.decode()) as rows:
        for line in lines:
            if line == LAST_ROW:
                return
            rows.write(line)
    raise EOFError("it ends among the rows of a table")


@contextmanager
def _explained(path):
    """Turn what a file that is none, not whole or not ours raises into InvalidBackup."""
    try:
        yield
    except UNREADABLE as error:
        detail = _("%(path)s can't be read: %(reason)s.") % {"path": path, "reason": error}
        raise InvalidBackup(detail) from error
