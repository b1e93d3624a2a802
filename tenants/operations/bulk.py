"""Writing many rows of one table in one statement."""

from django.db import connection


def bulk_update_unnest(rows, fields):
    """Write the named ``fields`` of model instances with one ``UPDATE ... FROM unnest(...)``.

    All rows are of one model. ``bulk_update`` builds a CASE for each value, which costs several
    times as much; the statement here is the same whatever the number of rows.
    """
    if not rows:
        return
    meta = rows[0]._meta
    columns = [meta.pk, *(meta.get_field(name) for name in fields)]
    arrays = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
        for field in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(meta, columns), arrays)


def _statement(meta, columns):
    names = [connection.ops.quote_name(field.column) for field in columns]
    casts = ", ".join(f"%s::{_array_type(field)}[]" for field in columns)
    sets = ", ".join(f"{name} = written.{name}" for name in names[1:])
    table = connection.ops.quote_name(meta.db_table)
    return (
        f"UPDATE {table} AS target SET {sets} FROM unnest({casts}) AS written ({', '.join(names)}) "
        f"WHERE target.{names[0]} = written.{names[0]}"  # nosec B608
    )


def _array_type(field):
    if field.primary_key:
        return "bigint"
    return field.db_type(connection)
