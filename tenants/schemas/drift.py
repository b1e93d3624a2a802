"""Schemas whose tables differ from the models, whatever django_migrations has recorded.

Before a release migrations may be rewritten, and a program may be older than its data.
"""

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.operations.refusals import Refusal

PUBLIC = "public"
AT_ONCE = 200  # schemas in one query

# Columns and constraints (which may be unique indexes) that a schema lacks, and further columns
# without which no row can be inserted.
DIFFERENCES = """
WITH place AS (SELECT unnest(%(schemas)s::text[]) AS schema),
expected AS (SELECT * FROM unnest(%(tables)s::text[], %(names)s::text[]) AS e (relation, name)),
relation AS (
    SELECT pg_class.oid, nspname::text AS schema, relname::text AS relation
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY(%(schemas)s) AND relname = ANY(%(tables)s)
),
attribute AS (
    SELECT schema, relation, attname::text AS name, attnotnull AND NOT atthasdef
           AND attidentity = '' AS is_wanted
    FROM relation JOIN pg_attribute ON attrelid = relation.oid
    WHERE attnum > 0 AND NOT attisdropped
),
found AS (
    SELECT schema, relation, name FROM attribute
    UNION ALL
    SELECT schema, relation, conname::text
    FROM relation JOIN pg_constraint ON conrelid = relation.oid
    UNION ALL
    SELECT schema, relation, pg_class.relname::text
    FROM relation JOIN pg_index ON indrelid = relation.oid
    JOIN pg_class ON pg_class.oid = indexrelid
)
(SELECT *, 'lacks' FROM (
    SELECT schema, relation, name FROM place CROSS JOIN expected EXCEPT SELECT * FROM found
) AS missing)
UNION ALL
SELECT schema, relation, name, 'has' FROM attribute
WHERE is_wanted AND (relation, name) NOT IN (SELECT relation, name FROM expected)
ORDER BY 1, 4 DESC, 2, 3
"""


class OtherVersion(Refusal):
    code = "other_version"
    title = "The database is of another version"


def check(schemas):
    """Raises OtherVersion when tables of one of the schemas are not as the program expects."""
    for refusal in find(schemas).values():
        raise refusal


def find(schemas):
    """``{schema: OtherVersion}`` of those whose tables are not as the program expects."""
    found = {}
    for start in range(0, len(schemas), AT_ONCE):
        some = schemas[start : start + AT_ONCE]
        for row in (row for kind in (PUBLIC, None) for row in _differences(some, kind)):
            found.setdefault(row[0], []).append(row)
    return {schema: other_version(schema, _summary(rows)) for schema, rows in found.items()}


def other_version(schema, reason):
    detail = _(
        "The tables in the schema %(schema)s were made by another version of Spoolbook, and can't "
        "be brought to this one: %(reason)s. Nothing was lost. Either run the version that made "
        "them (`git log` and `git checkout` bring an earlier one back; `git pull` a newer one), or "
        "begin with an empty database: another folder (make run DATA=...) or DATABASE_URL. Until "
        "its first release Spoolbook does not promise to carry data from one version to the next."
    )
    return OtherVersion(detail % {"schema": schema, "reason": reason})


def _differences(some, kind):
    chosen = [schema for schema in some if (schema == PUBLIC) == (kind == PUBLIC)]
    if not chosen:
        return []
    expected = _expected(settings.SHARED_APPS if kind == PUBLIC else settings.TENANT_APPS)
    tables, names = zip(*expected, strict=True)
    with connection.cursor() as cursor:
        lists = {"schemas": chosen, "tables": list(tables), "names": list(names)}
        cursor.execute(DIFFERENCES, lists)
        return cursor.fetchall()


def _expected(names_of_apps):
    """Each table of some apps with each of its columns and constraints, by their names."""
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.managed and not meta.proxy and meta.app_config.name in names_of_apps:
            columns = [field.column for field in meta.local_concrete_fields]
            constraints = [constraint.name for constraint in meta.constraints]
            yield from ((meta.db_table, name) for name in (*columns, *constraints))


def _summary(differences):
    texts = [f"{relation} {has} {name}" for schema, relation, name, has in differences]
    first, more = ", ".join(texts[:3]), len(texts) - 3
    if more <= 0:
        return first
    text = ngettext("%(first)s and %(more)s more", "%(first)s and %(more)s more", more)
    return text % {"first": first, "more": more}
