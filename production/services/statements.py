"""Running a statement over the rows that a QuerySet chooses."""

from django.db import DEFAULT_DB_ALIAS, connection


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
