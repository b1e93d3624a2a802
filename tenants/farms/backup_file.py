"""The file of a backup: lines of JSON and rows as COPY writes them, compressed by gzip.

    {"format": "spoolbook-farm", "version": 2, "migrations": [...], "slug": "north", ...}
    {"table": "accounts_user", "columns": ["id", ...], "last_id": 7, "last_number": 0}
    1<tab>...                      one line a row
    \\.
    ...                            further tables
    {"rows": {"accounts_user": 1, ...}, "sha256": "..."}

The digest is of all lines before the last. A reader needs one line at a time, and no line, no table
and no file is trusted to have an end: a file may come from anybody.
"""

import gzip
import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.models import Tenant
from tenants.operations import progress
from tenants.operations.refusals import Invalid
from tenants.schemas.tables import MAX_ID

FORMAT, VERSION = "spoolbook-farm", 2
SUFFIX = ".farm.gz"
OF_SQL = b"-- spoolbook "  # version 1
END_OF_ROWS = b"\\.\n"
KILOBYTE = 1024
MAX_HEAD_BYTES = 65_536  # of the first line and of each line of JSON
MAX_LINE_BYTES = 16 * 2**20
# What the rows of a farm shrink to is a fifth to a twentieth.
MAX_RATIO, ALWAYS_BYTES = 100, 32 * 2**20
UNREADABLE = (OSError, EOFError, zlib.error, ValueError, RecursionError)


class InvalidBackup(Invalid):
    """Not a file of ``back_up``, or not a whole one."""

    code = "invalid_backup"
    title = "This is no backup of a farm"


class BackupWriter:
    """Writes a file in order: the head, tables, the end."""

    def __init__(self, file):
        self._file, self._digest, self._rows = file, hashlib.sha256(), {}

    def head(self, **head):
        self._json({"format": FORMAT, "version": VERSION, **head})

    def table(self, name, columns, rows, *, last_id, last_number):
        """``rows`` as COPY returns them, one at a time."""
        last = {"last_id": last_id, "last_number": last_number}
        self._json({"table": name, "columns": columns, **last})
        self._rows[name] = 0
        for row in rows:
            self._write(row)
            self._rows[name] += 1
        self._write(END_OF_ROWS)

    def end(self):
        self._json({"rows": self._rows, "sha256": self._digest.hexdigest()})

    def _json(self, value):
        self._write(json.dumps(value).encode() + b"\n")

    def _write(self, data):
        self._digest.update(data)
        self._file.write(data)


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a file says of itself, of the types that it must have."""

    slug: str
    name: str
    status: str
    created_at: datetime
    hosts: list
    migrations: frozenset
    product: str
    taken_at: datetime


@dataclass(frozen=True)
class Section:
    """A table of a file; its ``rows`` are to be read before the next one."""

    table: str
    columns: list
    last_id: int
    last_number: int
    rows: object


class BackupReader:
    """Reads a file in order, with a bound for all that it reads. Raises InvalidBackup."""

    def __init__(self, raw, size):
        self._raw, self._counted = raw, 0
        self._file = gzip.GzipFile(fileobj=raw)
        self._bytes_left = max(size * MAX_RATIO, ALWAYS_BYTES)
        self._digest, self._rows = hashlib.sha256(), {}

    def head(self):
        line = self._line(MAX_HEAD_BYTES)
        if line.startswith(OF_SQL):
            raise InvalidBackup(
                _(
                    "This backup is SQL, which is not executed any more: restore it with the "
                    "version of Spoolbook that wrote it, update that, and back the farm up again."
                )
            )
        head = _object(line)
        if head.get("format") != FORMAT:
            raise InvalidBackup(_("This is no backup of a farm by `manage.py backup_farm`."))
        if head.get("version") != VERSION:
            raise InvalidBackup(
                _("This backup was written by a newer Spoolbook: restore it there.")
            )
        return _checked(head)

    def sections(self):
        """Each table; after the last one, what the file says at its end is compared."""
        while True:
            digest = self._digest.hexdigest()
            line = _object(self._line(MAX_HEAD_BYTES))
            if "table" not in line:
                break
            yield self._section(line)
        if line.get("rows") != self._rows or line.get("sha256") != digest:
            raise InvalidBackup(
                _("The rows of this backup are not those that were written: it was damaged.")
            )
        if self._read(1):
            raise InvalidBackup(_("Something follows the end of this backup."))

    def _section(self, line):
        name, columns = line.get("table"), line.get("columns")
        last = line.get("last_id"), line.get("last_number", 0)
        is_table = isinstance(name, str) and isinstance(columns, list)
        if not (is_table and all(type(each) is int and 0 <= each <= MAX_ID for each in last)):
            detail = _("A table of this backup is not described as one: %(line)s.")
            raise InvalidBackup(detail % {"line": str(line)[:200]})
        if name in self._rows:
            raise InvalidBackup(_("The table %(table)s is in this backup twice.") % {"table": name})
        self._rows[name] = 0
        return Section(name, columns, *last, self._rows_of(name))

    def _rows_of(self, name):
        while (line := self._line(MAX_LINE_BYTES)) != END_OF_ROWS:
            self._rows[name] += 1
            if self._rows[name] % progress.STEP == 0:
                self._count_kilobytes()
            yield line
        self._count_kilobytes()

    def _count_kilobytes(self):
        """Of the file: what they shrink to is known beforehand."""
        read = self._raw.seek(0, os.SEEK_CUR) // KILOBYTE
        progress.count(read - self._counted)
        self._counted = read

    def count(self, name):
        return self._rows[name]

    def _line(self, limit):
        line = self._read(limit + 1)
        if line.endswith(b"\n"):
            self._digest.update(line)
            return line
        if len(line) > limit:
            detail = _("A line of this backup is longer than %(limit)s bytes.")
            raise InvalidBackup(detail % {"limit": limit})
        raise InvalidBackup(_("This backup is not whole: its end is missing."))

    def _read(self, limit):
        try:
            line = self._file.readline(limit)
        except UNREADABLE as error:
            detail = _("This is no backup of a farm, or a damaged one: %(reason)s.")
            raise InvalidBackup(detail % {"reason": error}) from error
        self._bytes_left -= len(line)
        if self._bytes_left < 0:
            detail = _("This backup is more than %(ratio)s times as large as its file.")
            raise InvalidBackup(detail % {"ratio": MAX_RATIO})
        return line


def _object(line):
    try:
        value = json.loads(line)
    except UNREADABLE as error:
        raise InvalidBackup(_("This is no backup of a farm: a line is no JSON.")) from error
    if not isinstance(value, dict):
        raise InvalidBackup(_("This is no backup of a farm: a line is no JSON object."))
    return value


def _text(value):
    if not isinstance(value, str) or not value.isprintable() or len(value) > 253:
        raise ValueError(value)
    return value


def _texts(value):
    if not isinstance(value, list):
        raise TypeError(value)
    return [_text(each) for each in value]


def _moment(value):
    """Aware, and no later than now, for the clocks of two computers at least about."""
    at = datetime.fromisoformat(value)
    if not timezone.now() - timedelta(days=36_500) < at < timezone.now() + timedelta(days=1):
        raise ValueError(value)
    return at


FIELDS = {
    "slug": _text,
    "name": _text,
    "status": Tenant.Status,
    "created_at": _moment,
    "hosts": _texts,
    "migrations": lambda value: frozenset(_texts(value)),
    "product": _text,
    "taken_at": _moment,
}


def _checked(head):
    fields = {}
    for name, read in FIELDS.items():
        try:
            fields[name] = read(head[name])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            detail = _("The first line of this backup has no valid “%(name)s”.")
            raise InvalidBackup(detail % {"name": name}) from error
    return Head(**fields)
