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
           min(attname::text) FILTER (WHERE attidentity = '' AND EXISTS (
               SELECT FROM pg_depend JOIN pg_class sequence ON sequence.oid = objid
               WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
                 AND refobjid = c.oid AND refobjsubid = attnum AND sequence.relkind = 'S')),
           array_agg(attname::text) FILTER (WHERE atttypid = 'numeric'::regtype),
           array_agg(attname::text) FILTER (WHERE atttypid = 'numeric[]'::regtype),
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
UNREADABLE_NUMBERS = "'NaN' = ANY({0}) OR array_position({0}, NULL) IS NOT NULL"
UNREADABLE_MOMENT = "NOT ({0} >= '0002-01-01' AND {0} < '9999-01-01')"
MAX_ID = 2**53  # of JSON numbers that every program reads right
# Nested deeper than 32 levels, where a body of a request has less; or a number beyond MAX_ID.
UNREADABLE_JSON = """
    jsonb_path_exists({0}, 'strict $.**{{32}}') OR jsonb_path_exists(
        {0}, 'strict $.**{{0 to 32}} ? (@ > 9007199254740992 || @ < -9007199254740992)')
"""


@dataclass(frozen=True)
class Table:
    """``columns`` are those that are stored; ``identity`` is the one that counts, and ``counter``
    another one that does by a sequence, or None."""

    name: str
    columns: list
    key: str
    identity: str | None
    counter: str | None
    numbers: list
    lists: list  # of numbers
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
        return self._last_of(self.identity)

    def last_number(self):
        """The same of the numbers that rows have besides."""
        return self._last_of(self.counter)

    def go_on_from(self, last_id, last_number=0):
        """Let the ids and the numbers go on after those of the rows, and after these."""
        for column, last in ((self.identity, last_id), (self.counter, last_number)):
            if column is not None and (last := max(last, self._largest(column))):
                query = "SELECT setval(pg_get_serial_sequence(%s, %s), %s)"
                _value(query, [self.name, column, last])

    def has_unreadable_values(self):
        """Whether a value, by SQL alone, got in that no program of ours writes."""
        conditions = [UNREADABLE_NUMBER.format(f'"{name}"') for name in self.numbers]
        conditions += [UNREADABLE_NUMBERS.format(f'"{name}"') for name in self.lists]
        conditions += [UNREADABLE_MOMENT.format(f'"{name}"') for name in self.moments]
        conditions += [UNREADABLE_JSON.format(f'"{name}"') for name in self.documents]
        counting = filter(None, [self.identity, self.counter])
        conditions += [f'"{name}" NOT BETWEEN 1 AND {MAX_ID}' for name in counting]
        if not conditions:
            return False
        rows = f'SELECT FROM "{self.name}" WHERE {" OR ".join(conditions)}'  # nosec B608
        return _value(f"SELECT EXISTS ({rows})")

    def _last_of(self, column):
        if column is None:
            return 0
        query = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, %s)), 0)"
        return _value(query, [self.name, column])

    def _largest(self, column):
        return _value(f'SELECT coalesce(max("{column}"), 0) FROM "{self.name}"')  # nosec B608

    def _formatted(self, statement, **names):
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        return sql.SQL(statement).format(table=sql.Identifier(self.name), columns=columns, **names)


def of(schema):
    """``{name: Table}`` of a schema."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [schema])
        rows = cursor.fetchall()
    return {
        name: Table(name, columns, key, identity, counter, *(names or [] for names in of_a_type))
        for name, columns, key, identity, counter, *of_a_type in rows
    }


def _value(query, values=None):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]
