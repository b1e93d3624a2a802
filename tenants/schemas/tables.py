"""The tables of a farm's schema, as the database has them."""

from dataclasses import dataclass

from django.db import connection
from psycopg import sql

TABLES = """
    SELECT relname::text, array_agg(attname::text ORDER BY attnum),
           (SELECT key.attname::text FROM pg_index JOIN pg_attribute key
                ON key.attrelid = indrelid AND key.attnum = indkey[0]
            WHERE indrelid = c.oid AND indisprimary),
           min(attname::text) FILTER (WHERE attidentity <> ''),
           array_agg(attname::text) FILTER (WHERE atttypid = 'numeric'::regtype),
           array_agg(attname::text) FILTER (
               WHERE atttypid = ANY('{timestamptz,date}'::regtype[])),
           array_agg(attname::text) FILTER (WHERE atttypid = 'jsonb'::regtype)
    FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
    WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'
      AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    GROUP BY c.oid ORDER BY relname
"""
# What PostgreSQL stores in a column of these types, and Python can't read or reckon with.
UNREADABLE_NUMBER = "{} = 'NaN'"
UNREADABLE_MOMENT = "NOT ({0} >= '0002-01-01' AND {0} < '9999-01-01')"
MAX_ID = 2**53  # of JSON numbers that every program reads right
# Nested deeper than 32 levels, where a body of a request has less; or a number beyond MAX_ID.
UNREADABLE_JSON = """
    jsonb_path_exists({0}, 'strict $.**{{32}}') OR jsonb_path_exists(
        {0}, 'strict $.**{{0 to 32}} ? (@ > 9007199254740992 || @ < -9007199254740992)')
"""


@dataclass(frozen=True)
class Table:
    """``columns`` are those that are stored; ``identity`` is the one that counts, or None."""

    name: str
    columns: list
    key: str
    identity: str | None
    numbers: list
    moments: list
    documents: list  # columns of JSON

    def read(self):
        """The statement that copies all rows out, in the order of the primary key."""
        query = "COPY (SELECT {columns} FROM {table} ORDER BY {key}) TO STDOUT"
        return self._formatted(query, key=sql.Identifier(self.key))

    def write(self):
        """The statement that copies rows in."""
        return self._formatted("COPY {table} ({columns}) FROM STDIN")

    def last_id(self):
        """The last id given out, 0 before the first, whatever became of its row."""
        if self.identity is None:
            return 0
        query = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, %s)), 0)"
        return _value(query, [self.name, self.identity])

    def go_on_from(self, last_id):
        """Let the ids go on after those of the rows, and after ``last_id``."""
        if self.identity is not None and (last := max(last_id, self._largest_id())):
            query = "SELECT setval(pg_get_serial_sequence(%s, %s), %s)"
            _value(query, [self.name, self.identity, last])

    def has_unreadable_values(self):
        """Whether a value, by SQL alone, got in that no program of ours writes."""
        conditions = [UNREADABLE_NUMBER.format(f'"{name}"') for name in self.numbers]
        conditions += [UNREADABLE_MOMENT.format(f'"{name}"') for name in self.moments]
        conditions += [UNREADABLE_JSON.format(f'"{name}"') for name in self.documents]
        if self.identity is not None:
            conditions.append(f'"{self.identity}" NOT BETWEEN 1 AND {MAX_ID}')
        if not conditions:
            return False
        rows = f'SELECT FROM "{self.name}" WHERE {" OR ".join(conditions)}'  # nosec B608
        return _value(f"SELECT EXISTS ({rows})")

    def _largest_id(self):
        last = f'SELECT coalesce(max("{self.identity}"), 0) FROM "{self.name}"'  # nosec B608
        return _value(last)

    def _formatted(self, statement, **names):
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        return sql.SQL(statement).format(table=sql.Identifier(self.name), columns=columns, **names)


def of(schema):
    """``{name: Table}`` of a schema."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [schema])
        rows = cursor.fetchall()
    return {
        name: Table(name, columns, key, identity, *(names or [] for names in of_a_type))
        for name, columns, key, identity, *of_a_type in rows
    }


def _value(query, values=None):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]
