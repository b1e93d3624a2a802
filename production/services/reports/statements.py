"""Running a statement over the rows that a QuerySet chooses."""

from django.db import DEFAULT_DB_ALIAS, connection

from production.services.reports import sql


def fetched(statement, params, **chosen):
    """The rows of ``statement`` as dicts; ``params`` are its values by name.

    ``chosen`` are QuerySets by name: their ids stand in the statement where ``{name}`` does.
    """
    values = dict(params)
    for name, rows in chosen.items():
        ids = rows.order_by().values("pk").query
        query, given = ids.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
        named = {f"{name}_{place}": value for place, value in enumerate(given)}
        statement = statement.replace(f"{{{name}}}", query % tuple(f"%({key})s" for key in named))
        values |= named
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def names_of(rows, queryset):
    """The names of the rows' keys, ``{key: name}``; one query."""
    found = queryset.in_bulk({row["key"] for row in rows} - {None})
    return {pk: str(each) for pk, each in found.items()}


def with_shares(run_ids):
    """The beginning of a statement: ``WITH`` and the tables ``totals`` (one row a run: what it
    took and cost) and ``shares`` (one row an item: the share of its run it carries, by printed
    grams), of the runs that the query ``run_ids`` chooses."""
    return sql.of_shares().replace("{runs}", run_ids)
