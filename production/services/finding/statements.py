"""The statements of the search.

A text is searched as its index has it, ``words_of(...)`` in the same words: the constants below
repeat the indexes of the migrations. What is read from an index is bounded by the number of rows
that are shown, or by a LIMIT: a word that all rows have must not read them all.
"""

from inventory.models.catalogue import FILAMENT_WORDS
from inventory.models.spool_words import SPOOL_WORDS
from production.models.products import PRODUCT_WORDS
from production.models.querysets import ORDER_WORDS
from production.models.sliced_files import FILE_WORDS
from production.models.statuses import OPEN

LATEST = 200  # runs, and items, of which each is looked at
OLDER = 5_000  # items of the index of orders, and so many of them are taken:
TAKEN = 300
DAYS = PRODUCTS = 100

# Each word as a query, of spools also as the start of a code or one of the groups that are printed
# (letters as ``codes.normalise`` takes them); what it finds in small tables; whether it finds any
# spool, filament or product. With the indexes on, PostgreSQL would read the whole table for a word
# that it thinks is in most rows, and make the words of each anew: they are off from here on.
WORDS = f"""
WITH word AS (
    SELECT word, upper(translate(word, 'oil', '011')) AS code
    FROM unnest(tsvector_to_array(words_of(%(text)s))) word ORDER BY word LIMIT %(limit)s
),
typed AS MATERIALIZED (
    SELECT word, query, CASE
        WHEN code ~ '^[0-9A-HJKMNP-TV-Z]{{2,9}}$' THEN query
            || (quote_literal('=' || code) || ':*')::tsquery || quote_literal('+' || code)::tsquery
        ELSE query END AS of_spool
    FROM word CROSS JOIN LATERAL (SELECT (quote_literal(word) || ':*')::tsquery AS query) AS plain
),
makers AS MATERIALIZED (
    SELECT id, words_of(name) AS words FROM inventory_manufacturer WHERE removed_at IS NULL
),
types AS MATERIALIZED (SELECT id, words_of(code) AS words FROM inventory_materialtype),
places AS MATERIALIZED (SELECT id, words_of(name) AS words FROM inventory_location)
SELECT word, query::text, of_spool::text,
    ARRAY(SELECT id FROM makers WHERE words @@ query),
    ARRAY(SELECT id FROM types WHERE words @@ query),
    ARRAY(SELECT id FROM places WHERE words @@ query),
    EXISTS (SELECT FROM inventory_spool WHERE {SPOOL_WORDS} @@ of_spool),
    EXISTS (SELECT FROM inventory_filament WHERE {FILAMENT_WORDS} @@ query),
    EXISTS (SELECT FROM production_product WHERE {PRODUCT_WORDS} @@ query),
    set_config('enable_seqscan', 'off', true)
FROM typed ORDER BY word
"""  # nosec B608

# Of the word n; only what it finds anything by is in the statement, as each has to be planned.
_OF_FILAMENTS = {
    "is_of_filament": "SELECT id FROM inventory_filament "
    f"WHERE {FILAMENT_WORDS} @@ %(query_{{n}})s::tsquery",  # nosec B608
    "makers": "SELECT id FROM inventory_filament WHERE manufacturer_id = ANY (%(makers_{n})s)",
    "types": "SELECT id FROM inventory_filament WHERE material_type_id = ANY (%(types_{n})s)",
}
_OF_SPOOLS = {
    "is_of_spool": "spool.id IN (SELECT id FROM inventory_spool "
    f"WHERE {SPOOL_WORDS} @@ %(of_spool_{{n}})s::tsquery)",  # nosec B608
    "places": "spool.location_id = ANY (%(places_{n})s)",
    "day": "spool.received_on = %(day_{n})s",
}
_BEST = "ORDER BY is_exact DESC, is_in_use DESC, {} LIMIT %(limit)s"

# Each gives: kind, id, name, whether it is called just so, whether it is in use, how many there are
# (null where they are not counted).
_NAMED = {
    "spool": f"""
SELECT 'spool' AS kind, spool.id, '' AS name,
    spool.code = %(code)s AS is_exact, spool.archived_at IS NULL AS is_in_use,
    count(*) OVER () AS total
FROM inventory_spool spool
WHERE spool.removed_at IS NULL AND {{of_spool}} {_BEST.format("id DESC")}
""",  # nosec B608
    "filament": f"""
SELECT 'filament' AS kind, filament.id, '' AS name,
    %(exact)s IN (upper(filament.name), upper(filament.article_number)) AS is_exact,
    filament.is_active AS is_in_use, count(*) OVER () AS total
FROM inventory_filament filament
WHERE filament.removed_at IS NULL AND {{of_filament}} {_BEST.format("filament.name, id")}
""",  # nosec B608
    "printer": f"""
SELECT 'printer' AS kind, printer.id, printer.name,
    printer.code = %(code)s OR upper(printer.name) = %(exact)s AS is_exact,
    printer.is_active AS is_in_use, count(*) OVER () AS total
FROM production_printer printer
LEFT JOIN inventory_location location ON location.id = printer.location_id
WHERE words_of(printer.name || ' ' || printer.manufacturer || ' ' || printer.model || ' '
    || coalesce(location.name, '')) @@ %(all)s::tsquery OR printer.code = %(code)s
{_BEST.format("name, id")}
""",  # nosec B608
    "product": f"""
SELECT 'product' AS kind, id, sku || ' ' || name AS name,
    %(exact)s IN (upper(sku), upper(name)) AS is_exact, is_active AS is_in_use,
    count(*) OVER () AS total
FROM production_product WHERE {PRODUCT_WORDS} @@ %(all)s::tsquery {_BEST.format("sku, id")}
""",  # nosec B608
    "order": f"""
WITH latest AS MATERIALIZED (
    SELECT id, order_reference FROM (
        SELECT id, order_reference FROM production_runitem ORDER BY id DESC LIMIT {LATEST}
    ) AS item WHERE order_reference <> '' AND {ORDER_WORDS} @@ %(all)s::tsquery
)
SELECT 'order' AS kind, max(id) AS id, order_reference AS name,
    upper(order_reference) = %(exact)s AS is_exact, true AS is_in_use, NULL::bigint AS total
FROM (
    SELECT id, order_reference FROM latest UNION ALL (
        SELECT id, order_reference FROM production_runitem
        WHERE upper(order_reference) = %(exact)s AND order_reference <> '' LIMIT {DAYS}
    ) UNION ALL (
        SELECT id, order_reference FROM production_runitem
        WHERE order_reference <> '' AND {ORDER_WORDS} @@ %(all)s::tsquery
            AND (SELECT count(DISTINCT order_reference) FROM latest) < %(limit)s LIMIT {OLDER}
    )
) AS found GROUP BY order_reference {_BEST.format("id DESC")}
""",  # nosec B608
    "lot": f"""
SELECT 'lot' AS kind, max(id) AS id, lot_number AS name, upper(lot_number) = %(exact)s AS is_exact,
    bool_or(archived_at IS NULL) AS is_in_use, count(*) OVER () AS total
FROM inventory_spool WHERE {SPOOL_WORDS} @@ %(all)s::tsquery AND lot_number <> ''
    AND removed_at IS NULL
GROUP BY lot_number {_BEST.format("id DESC")}
""",  # nosec B608
    "sliced_file": f"""
SELECT 'sliced_file' AS kind, id, filename AS name, upper(filename) = %(exact)s AS is_exact,
    true AS is_in_use, count(*) OVER () AS total
FROM production_slicedfile WHERE {FILE_WORDS} @@ %(all)s::tsquery
{_BEST.format("id DESC")}
""",  # nosec B608
    "user": f"""
SELECT 'user' AS kind, id, coalesce(nullif(name, ''), username) AS name,
    %(exact)s IN (upper(username), upper(name)) AS is_exact, is_active AS is_in_use,
    count(*) OVER () AS total
FROM accounts_user WHERE words_of(username || ' ' || name) @@ %(all)s::tsquery
{_BEST.format("name, id")}
""",  # nosec B608
}

_LINES = """
FROM production_productionrun run
LEFT JOIN production_runitem item ON item.run_id = run.id
LEFT JOIN production_product product ON product.id = item.product_id
"""
_LINE_HAS = """
run.deleted_at IS NULL AND words_of(run.number || ' ' || coalesce(
    item.order_reference || ' ' || product.sku || ' ' || product.name, '')
    || CASE WHEN run.due_on = %(day)s THEN ' ' || %(day_word)s ELSE '' END
    || CASE WHEN run.finished_at >= %(day_start)s AND run.finished_at < %(day_end)s
        THEN ' ' || %(day_word)s ELSE '' END
) @@ %(all)s::tsquery
"""
_IS_MISSED = "(SELECT count(DISTINCT id) FROM latest) < %(limit)s"
# A number ends in the day and the place on it. The farm's prefix may have been changed since.
RUNS = f"""
WITH latest AS MATERIALIZED (
    SELECT run.id {_LINES} WHERE {_LINE_HAS} AND run.id IN (
        SELECT id FROM production_productionrun ORDER BY id DESC LIMIT {LATEST})
),
prefix AS MATERIALIZED (
    SELECT DISTINCT upper(regexp_replace(number, '-[0-9]{{8}}-[0-9]+$', '')) AS prefix FROM (
        (SELECT number FROM production_productionrun ORDER BY id DESC LIMIT 1)
        UNION ALL (SELECT number FROM production_productionrun ORDER BY id LIMIT 1)
    ) AS ends
),
day AS MATERIALIZED (
    SELECT place, on_date FROM unnest(%(places)s::text[]) place CROSS JOIN LATERAL (
        SELECT on_date FROM production_runnumber
        WHERE last >= place::int AND on_date = coalesce(%(day)s, on_date)
        ORDER BY on_date DESC LIMIT {DAYS}
    ) AS found
),
candidate (id, rank) AS (
    SELECT id, 2 FROM latest
    UNION ALL SELECT id, 0 FROM production_productionrun WHERE upper(number) = %(exact)s
    UNION ALL (
        SELECT run_id, 1 FROM production_runitem
        WHERE upper(order_reference) = %(exact)s ORDER BY run_id DESC LIMIT {DAYS}
    )
    UNION ALL SELECT found.id, 1 FROM day CROSS JOIN prefix CROSS JOIN LATERAL (
        SELECT id FROM production_productionrun
        WHERE upper(number) = prefix || to_char(on_date, '-YYYYMMDD-') || place LIMIT 1
    ) AS found
    UNION ALL SELECT found.id, 2 FROM unnest(%(dates)s::text[]) date CROSS JOIN prefix
    CROSS JOIN LATERAL (
        SELECT id FROM production_productionrun
        WHERE upper(number) >= prefix || '-' || date
            AND upper(number) < prefix || '-' || date || ':'
        ORDER BY upper(number) DESC LIMIT {DAYS}
    ) AS found WHERE {_IS_MISSED}
    UNION ALL (
        SELECT id, 2 FROM production_productionrun
        WHERE deleted_at IS NULL AND status IN {tuple(map(str, OPEN))} AND due_on = %(day)s
        LIMIT {DAYS}
    )
    UNION ALL (
        SELECT id, 2 FROM production_productionrun
        WHERE deleted_at IS NULL AND finished_at >= %(day_start)s AND finished_at < %(day_end)s
        ORDER BY finished_at DESC, id DESC LIMIT {DAYS}
    )
    UNION ALL SELECT found.run_id, 2 FROM (
        SELECT id FROM production_product WHERE {PRODUCT_WORDS} @@ %(all)s::tsquery
        ORDER BY is_active DESC, id DESC LIMIT {PRODUCTS}
    ) AS made CROSS JOIN LATERAL (
        SELECT run_id FROM production_runitem WHERE product_id = made.id
        ORDER BY run_id DESC LIMIT %(limit)s
    ) AS found WHERE {_IS_MISSED}
    UNION ALL (
        SELECT run_id, 2 FROM (
            SELECT run_id FROM production_runitem
            WHERE order_reference <> '' AND {ORDER_WORDS} @@ %(of_order)s::tsquery
                AND {_IS_MISSED} LIMIT {OLDER}
        ) AS older ORDER BY run_id DESC LIMIT {TAKEN}
    )
)
SELECT 'run' AS kind, run.id, run.number AS name, min(rank) < 2 AS is_exact,
    true AS is_in_use, NULL::bigint AS total, run.status,
    array_remove(array_agg(DISTINCT product.sku || ' ' || product.name), NULL),
    array_remove(array_agg(DISTINCT nullif(item.order_reference, '')), NULL)
{_LINES} JOIN (SELECT id, min(rank) AS rank FROM candidate GROUP BY id) AS chosen
    ON chosen.id = run.id
WHERE {_LINE_HAS} GROUP BY run.id ORDER BY min(rank), run.id DESC LIMIT %(limit)s
"""  # nosec B608


def named(kinds, words):
    """The statement of these kinds for these Words; "" where none of the kinds can have them."""
    of_spool = [_of_spool(word, n) for n, word in enumerate(words)]
    of_filament = [_of_filament("filament.id", word, n) for n, word in enumerate(words)]
    made = {"spool": of_spool, "filament": of_filament}
    conditions = {f"of_{kind}": " AND ".join(each) for kind, each in made.items()}
    kinds = [kind for kind in kinds if all(made.get(kind, ()))]
    return " UNION ALL ".join(f"({_NAMED[kind].format(**conditions)})" for kind in kinds)


def _of_spool(word, n):
    """Whether a spool has the word; "" if none has."""
    ways = [sql.format(n=n) for name, sql in _OF_SPOOLS.items() if getattr(word, name)]
    ways += filter(None, [_of_filament("spool.filament_id", word, n)])
    return f"({' OR '.join(ways)})" if ways else ""


def _of_filament(column, word, n):
    ways = [sql.format(n=n) for name, sql in _OF_FILAMENTS.items() if getattr(word, name)]
    return f"{column} IN ({' UNION ALL '.join(ways)})" if ways else ""
