"""What is in the columns of JSON of a farm: programs rely on it, and a restored file may differ."""

from django.db import connection

OBJECT = "jsonb_typeof({0}) <> 'object'"
ANYWHERE = "jsonb_path_exists({0}, 'lax %s')"  # also where some have no such part
PART = "jsonb_path_exists({0}, 'strict %s', '{{}}', true)"
BOM_LINE = (
    r'{{"filament": (\d{{1,18}}|null), "material_type": \d{{1,18}}, '
    r'"grams_per_unit": "\d{{1,9}}(\.\d{{1,9}})?(E[+-]?\d)?"}}'
)
EXTRA = [OBJECT, PART % '$.* ? (@.type() != "string")']
MERGED_DATES = "archived_at|removed_at|opened_at|dried_at|first_used_at|last_used_at"
MERGED_VALUES = "lot_number|supplier|tare_grams|location_id|comment|extra|excess_grams"
MERGED_FLAGS = "has_given_use_dates|needs_weighing"
MERGED_IDS = ("tags", "doubles", "entries")
IS_DATE = '@.type() == "null" || @ like_regex "^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T"'
FILAMENT_IDS = ("spools", "tags", "doubles", "lines")
FILAMENT_VALUES = (
    "manufacturer|name|color_name|finish|net_grams|tare_grams|nozzle_temp|bed_temp|article_number|gtin"
    "|external_id|reorder_point_grams|comment|color_hex|multi_color_hexes|multi_color_direction|price|extra"
)
BILL_IDS = ("line", "product", "material_type")
NUMBER_AS_TEXT = 'like_regex "^[0-9]{{1,12}}(\\\\.[0-9]{{1,20}})?$"'
SLOT_FIGURES = (
    '$[*].slots[*].keyvalue() ? (@.key like_regex "^(grams|purge_grams|length_mm|volume_mm3)$"'
    ' && @.value.type() != "null"'
    ' && (@.value.type() != "string" || !(@.value ' + NUMBER_AS_TEXT + ")))"
)
PLATE_PURGE = (
    '$[*].purge_grams ? (@.type() != "null"'
    ' && (@.type() != "string" || !(@ ' + NUMBER_AS_TEXT + ")))"
)
SLOT_TEXTS = ("source", "material", "color_hex", "profile")
NO_ARRAY = "jsonb_typeof({0}) <> 'array'"
IS_GRAMS = '@ like_regex "^[0-9]{{1,9}}(\\\\.[0-9]{{1,9}})?$"'
PARTS_OF_PLATES = {
    "$[*]": ("index", "name", "seconds", "purge_grams", "slots", "objects"),
    "$[*].slots[*]": ("slot", "grams", "purge_grams", "length_mm", "volume_mm3", *SLOT_TEXTS),
    "$[*].objects[*]": ("name", "count"),
}
PARTS_OF_DOUBTS = {"$[*]": ("plate", "slot", "code", "detail")}


def _missing(parts):
    """Conditions that are true where an object at a path lacks one of its members."""
    return [
        ANYWHERE % (path + " ? (!exists(@." + name + "))")
        for path, names in parts.items()
        for name in names
    ]


# Conditions of which one is true where it is malformed, by table and column.
MALFORMED = {
    ("inventory_manufacturer", "extra"): EXTRA,
    ("inventory_filament", "extra"): EXTRA,
    ("inventory_spool", "extra"): EXTRA,
    ("inventory_unboundtag", "extra"): EXTRA,
    ("inventory_spoolmerge", "before"): [
        OBJECT,
        *(PART % f'$.{name} ? (@.type() != "array")' for name in MERGED_IDS),
        *(PART % f'$.{name}[*] ? (@.type() != "number")' for name in MERGED_IDS),
        PART % '$.target.* ? (@.type() != "array" || @.size() != 2)',
        PART
        % (
            "$.target.keyvalue().key ? (!(@ like_regex"
            f' "^({MERGED_DATES}|{MERGED_VALUES}|{MERGED_FLAGS})$"))'
        ),
        PART % '$.double.keyvalue().key ? (!(@ like_regex "^(archived_at|removed_at)$"))',
        PART % f"$.double.* ? (!({IS_DATE}))",
    ],
    ("inventory_filamentmerge", "before"): [
        OBJECT,
        *(PART % f'$.{name} ? (@.type() != "array")' for name in FILAMENT_IDS),
        *(PART % f'$.{name}[*] ? (@.type() != "number")' for name in FILAMENT_IDS),
        PART % '$.target.* ? (@.type() != "array" || @.size() != 2)',
        PART % f'$.target.keyvalue().key ? (!(@ like_regex "^({FILAMENT_VALUES})$"))',
        PART % '$.bills ? (@.type() != "array")',
        PART % '$.bills[*] ? (@.type() != "object")',
        *(PART % f'$.bills[*].{name} ? (@.type() != "number")' for name in BILL_IDS),
        PART % f"$.bills[*].grams ? (!({IS_GRAMS}))",
        ANYWHERE % f"$.bills[*].together ? (!({IS_GRAMS}))",
        ANYWHERE % '$.bills[*].joined ? (@.type() != "number")',
    ],
    ("accounts_auditevent", "changes"): [
        OBJECT,
        PART % '$.* ? (@.type() != "array" || @.size() != 2)',
    ],
    ("production_runevent", "overrides"): [
        NO_ARRAY,
        PART % '$[*] ? (@.type() != "string")',
    ],
    ("production_runevent", "before"): [
        OBJECT,
        PART % '$.loads ? (@.type() != "array")',
        PART % '$.loads[*] ? (@.type() != "number")',
        PART % '$.runmaterial ? (@.type() != "object")',
        PART % '$.runmaterial.* ? (@.type() != "object" && @.type() != "null")',
    ],
    ("production_slicedfile", "plates"): [
        NO_ARRAY,
        PART % '$[*] ? (@.type() != "object")',
        PART % '$[*].index ? (@.type() != "number")',
        PART % '$[*].name ? (@.type() != "string")',
        PART % '$[*].seconds ? (@.type() != "number" && @.type() != "null")',
        PART % '$[*].slots ? (@.type() != "array")',
        PART % '$[*].slots[*].slot ? (@.type() != "number")',
        PART % SLOT_FIGURES,
        *_missing(PARTS_OF_PLATES),
        PART % PLATE_PURGE,
        *(PART % f'$[*].slots[*].{name} ? (@.type() != "string")' for name in SLOT_TEXTS),
        PART % '$[*].objects ? (@.type() != "array")',
        PART % '$[*].objects[*].name ? (@.type() != "string")',
        PART % '$[*].objects[*].count ? (@.type() != "number")',
    ],
    ("production_slicedfile", "doubts"): [
        NO_ARRAY,
        *_missing(PARTS_OF_DOUBTS),
        PART % '$[*] ? (@.type() != "object")',
        PART % '$[*].plate ? (@.type() != "number")',
        PART % '$[*].slot ? (@.type() != "number" && @.type() != "null")',
        *(PART % f'$[*].{name} ? (@.type() != "string")' for name in ("code", "detail")),
    ],
    ("production_productionrun", "sliced_plates"): [
        NO_ARRAY,
        PART % '$[*] ? (@.type() != "number")',
        "{0} = '[]'",
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
