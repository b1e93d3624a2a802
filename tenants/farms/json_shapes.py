"""What is in the columns of JSON of a farm: programs rely on it, and a restored file may differ."""

from django.db import connection

OBJECT = "jsonb_typeof({0}) <> 'object'"
PART = "jsonb_path_exists({0}, 'strict %s', '{{}}', true)"
BOM_LINE = (
    r'{{"filament": (\d{{1,18}}|null), "material_type": \d{{1,18}}, '
    r'"grams_per_unit": "\d{{1,9}}(\.\d{{1,9}})?(E[+-]?\d)?"}}'
)
EXTRA = [OBJECT, PART % '$.* ? (@.type() != "string")']
# Conditions of which one is true where it is malformed, by table and column.
MALFORMED = {
    ("inventory_manufacturer", "extra"): EXTRA,
    ("inventory_filament", "extra"): EXTRA,
    ("inventory_spool", "extra"): EXTRA,
    ("accounts_auditevent", "changes"): [
        OBJECT,
        PART % '$.* ? (@.type() != "array" || @.size() != 2)',
    ],
    ("production_runevent", "overrides"): [
        "jsonb_typeof({0}) <> 'array'",
        PART % '$[*] ? (@.type() != "string")',
    ],
    ("production_runevent", "before"): [
        OBJECT,
        PART % '$.loads ? (@.type() != "array")',
        PART % '$.loads[*] ? (@.type() != "number")',
        PART % '$.runmaterial ? (@.type() != "object")',
        PART % '$.runmaterial.* ? (@.type() != "object" && @.type() != "null")',
    ],
    # As PostgreSQL writes it, with the shorter names first.
    ("production_runitem", "bom"): [rf"{{0}}::text !~ '^\[({BOM_LINE}(, )?)*\]$'"],
}


def malformed_table():
    """The first table of this farm that has a malformed row, or None."""
    with connection.cursor() as cursor:
        for (table, column), conditions in MALFORMED.items():
            condition = " OR ".join(conditions).format(f'"{column}"')
            rows = f'SELECT FROM "{table}" WHERE {condition}'  # nosec B608
            cursor.execute(f"SELECT EXISTS ({rows})")
            if cursor.fetchone()[0]:
                return table
    return None
