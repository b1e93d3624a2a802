"""Rows of one table or several, written in one statement.

Its text depends on the columns alone, and the rows of a table are one parameter: so it is made once
in a process, and PostgreSQL prepares it as it does compiled queries. ``bulk_update`` of Django
builds a CASE for each value, which costs several times as much.
"""

import json
from datetime import date
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.utils.functional import Promise
from psycopg.types.json import Jsonb

from tenants.operations.compiled import fetch

# The values of these are stored as they are.
PLAIN = {
    (kind.get_prep_value, kind.to_python)
    for kind in (
        models.BooleanField,
        models.CharField,
        models.DateField,
        models.DateTimeField,
        models.DecimalField,
        models.ForeignKey,
        models.IntegerField,
        models.TextField,
    )
}
ROWS = "json_to_recordset(%({name})s::json) AS written ({columns})"
UPDATE = 'UPDATE {table} AS target SET {sets} FROM {rows} WHERE target."{pk}" = written."{pk}"'
INSERT = 'INSERT INTO {table} ({names}) SELECT {names} FROM {rows} RETURNING "{pk}"'


class Update:
    """The named ``fields`` of model instances, all of one model."""

    text = UPDATE

    def __init__(self, rows, fields):
        self.rows, self.fields = rows, tuple(dict.fromkeys(fields))
        self.model = type(rows[0]) if rows else None

    @property
    def key(self):
        return type(self), self.model, self.fields

    @classmethod
    def columns(cls, model, fields):
        return [model._meta.pk, *(model._meta.get_field(name) for name in fields)]


class Insert(Update):
    """New model instances, which get their ids; all columns that PostgreSQL does not generate."""

    text = INSERT

    def __init__(self, rows):
        super().__init__(rows, ())

    @classmethod
    def columns(cls, model, fields):
        columns = model._meta.concrete_fields
        return [column for column in columns if not (column.primary_key or column.generated)]


def bulk_update(rows, fields):
    """Write the named ``fields`` of model instances, all of one model."""
    write(Update(rows, fields))


def bulk_insert(rows):
    """Insert model instances, all of one model; they get their ids."""
    write(Insert(rows))


def write(*changes):
    """Write Updates, and at most one Insert, in one statement: each of a table of its own, as none
    sees what another does."""
    changes = sorted((each for each in changes if each.rows), key=lambda each: each.text == INSERT)
    if not changes:
        return
    text, columns = _statement(tuple(each.key for each in changes))
    params = {f"rows{n}": _as_json(each.rows, columns[n]) for n, each in enumerate(changes)}
    inserted = changes[-1].rows if isinstance(changes[-1], Insert) else None
    ids = fetch(text, params, has_rows=bool(inserted))
    for row, (pk,) in zip(inserted or (), ids or (), strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, DEFAULT_DB_ALIAS


def _as_json(rows, columns):
    values = [
        {
            name: prepare(getattr(row, attname), connection) if prepare else getattr(row, attname)
            for name, attname, prepare in columns
        }
        for row in rows
    ]
    return ENCODE(values)


def _other(value):
    """What JSON has no word for."""
    if isinstance(value, (Decimal, UUID, Promise)):
        return str(value)
    if isinstance(value, date):  # or a moment
        return value.isoformat()
    if isinstance(value, Jsonb):
        return json.loads(value.dumps(value.obj))
    raise TypeError


ENCODE = json.JSONEncoder(default=_other).encode


@lru_cache(500)
def _statement(keys):
    """The text, and `_read` of the columns of each change."""
    models = [model for _kind, model, _fields in keys]
    if len({*models}) < len(models) or [kind for kind, *_more in keys].count(Insert) > 1:
        raise ValueError("Changes of one statement are of different tables, and one inserts")
    found = [kind.columns(model, fields) for kind, model, fields in keys]
    parts = [_part(keys[n][0].text, columns, f"rows{n}") for n, columns in enumerate(found)]
    first = ", ".join(f"change{n} AS ({part})" for n, part in enumerate(parts[:-1]))
    text = f"WITH {first} {parts[-1]}" if first else parts[-1]
    return text, [[_read(column) for column in each] for each in found]


def _read(column):
    """A column's name, attribute, and what makes the value to be stored of it."""
    is_plain = (type(column).get_prep_value, type(column).to_python) in PLAIN
    return column.column, column.attname, None if is_plain else column.get_db_prep_save


def _part(text, columns, name):
    names = [f'"{column.column}"' for column in columns]
    types = [f'"{column.column}" {column.cast_db_type(connection)}' for column in columns]
    return text.format(
        table=f'"{columns[-1].model._meta.db_table}"',
        names=", ".join(names),
        sets=", ".join(f"{each} = written.{each}" for each in names[1:]),
        rows=ROWS.format(name=name, columns=", ".join(types)),
        pk=columns[-1].model._meta.pk.column,
    )
