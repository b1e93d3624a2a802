"""Queries of lists: one statement each, whose columns and joins are compiled once in a process.

What a request adds, conditions and an order, is small; all the rest would take Django longer to
write than PostgreSQL to answer. Rows are tuples, in PostgreSQL's binary format: no text of a moment
or a number has to be read. A list of everything is read in chunks.
"""

from contextlib import closing
from functools import cached_property, lru_cache
from itertools import islice

from django.db import connection

from tenants.operations.compiled import Statement, fetch

CHUNK = 1000  # rows
CACHED = 16  # texts of conditions and orders: most requests ask for nothing special


class Listing:
    """Rows of a queryset of tuples that has a condition, and no order.

    ``conditions`` and ``order`` name columns of its own tables alone.
    """

    def __init__(self, rows):
        self.rows = rows
        self._id = f'"{rows.model._meta.db_table}"."id"'
        self._where, self._order = lru_cache(CACHED)(self._where), lru_cache(CACHED)(self._order)

    def page(self, conditions, order, *, limit, offset):
        """The rows of a page, and how many there are of all pages."""
        columns, tables = self._parts
        (where, params), (by, more) = self._where(tuple(conditions)), self._order(tuple(order))
        ids = f"SELECT {self._id} {self._outer(where)} ORDER BY {by} LIMIT %s OFFSET %s"  # nosec B608
        text = (
            f"{columns}, (SELECT count(*) {self._outer(where)}) FROM {tables} "  # nosec B608
            f"WHERE {self._id} IN ({ids}) ORDER BY {by}"
        )
        found = fetch(text, (*params, *params, *more, limit, offset, *more), is_binary=True)
        if found:
            return [row[:-1] for row in found], found[0][-1]
        return [], self._count(where, params) if offset or not limit else 0

    def chunks(self, conditions, order):
        """All rows, in lists. Until the last one, or until it is closed, nothing else can be asked
        on the connection."""
        columns, tables = self._parts
        (where, params), (by, more) = self._where(tuple(conditions)), self._order(tuple(order))
        text = f"{columns} FROM {tables} WHERE {where} ORDER BY {by}"  # nosec B608
        with (
            connection.wrap_database_errors,
            connection.prepared_cursor(is_binary=True) as cursor,
            closing(cursor.cursor.stream(text, (*params, *more), size=CHUNK)) as rows,
        ):
            while chunk := list(islice(rows, CHUNK)):
                yield chunk

    @cached_property
    def _parts(self):
        """The text of the columns, and that of the tables."""
        text = Statement(self.rows).text.partition(" WHERE ")[0]
        columns, _from, tables = text.partition(" FROM ")
        return columns, tables

    def _count(self, where, params):
        return fetch(f"SELECT count(*) {self._outer(where)}", params)[0][0]  # nosec B608

    def _outer(self, where):
        """The tables without those that neither the condition nor the order names: PostgreSQL
        leaves them out, as it knows of outer joins that they take no row away."""
        tables = self._parts[1].replace("INNER JOIN", "LEFT OUTER JOIN")
        return f"FROM {tables} WHERE {where}"

    def _where(self, conditions):
        query = self.rows.filter(*conditions).query
        return _compiled(query, query.where)

    def _order(self, order):
        query, texts, params = self.rows.query.clone(), [], []
        for each in order:
            text, given = _compiled(query, each.resolve_expression(query))
            texts.append(text)
            params += given
        return ", ".join(texts), params


def _compiled(query, expression):
    return query.get_compiler(connection=connection).compile(expression)
