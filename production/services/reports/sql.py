"""The statements behind the variance of many runs.

``{runs}`` stands for the query of the runs' ids. ``lines`` is one row a material line with what
it cost by the ledger, ``totals`` one row a run, ``shares`` one row an item with the share of its
run it carries: by printed grams, else by printed units, else by what was planned. Drafts count for
nothing: of a run that is open none does, of one that was cancelled only what was booked.
"""

_CHOSEN = """
WITH chosen AS NOT MATERIALIZED (
    SELECT id, status, printer_id, finished_at, planned_minutes, hour_rate, power_watts,
        energy_price_kwh, labour_rate, status IN ('completed', 'failed') AS is_booked,
        CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN actual_minutes END
            AS actual_minutes
    FROM production_productionrun WHERE id IN ({runs})
)
"""

_STANDS = """entry.kind IN ('usage', 'waste')
        AND NOT EXISTS (SELECT FROM inventory_inventorytransaction reversal
                        WHERE reversal.reverses_id = entry.id)"""

_SPENT = f"""
    SELECT {{by}},
        sum(-entry.grams * coalesce(entry.cost_per_gram, spool.late_cost_per_gram)) AS cost,
        bool_or(coalesce(entry.cost_per_gram, spool.late_cost_per_gram) IS NULL) AS is_unknown
    FROM inventory_inventorytransaction entry
    JOIN inventory_spool spool ON spool.id = entry.spool_id
    JOIN chosen ON chosen.id = entry.production_run_id
    WHERE {_STANDS}
    GROUP BY {{by}}
"""

_LINES = f"""
    SELECT line.run_id, line.spool_id, line.filament_id,
        line.planned_grams + line.planned_purge_grams AS planned_grams,
        CASE WHEN was_taken THEN line.actual_grams + coalesce(line.actual_purge_grams, 0) END
            AS actual_grams,
        CASE WHEN was_taken THEN line.actual_purge_grams END AS purge_grams,
        line.actual_source IN ('as_planned', 'percent') AS is_assumed
    FROM production_runmaterial line JOIN chosen ON chosen.id = line.run_id
    CROSS JOIN LATERAL (
        SELECT is_booked OR status = 'cancelled' AND EXISTS (
            SELECT FROM inventory_inventorytransaction entry
            WHERE entry.production_run_id = line.run_id AND entry.spool_id = line.spool_id
                AND {_STANDS}
        ) AS was_taken
    ) AS booking
"""

_RUNS = f"""
, spent AS ({_SPENT.replace("{by}", "entry.production_run_id")}
), lines AS ({_LINES}
), weighed AS (
    SELECT run_id, sum(planned_grams) AS planned_grams, sum(actual_grams) AS actual_grams,
        sum(purge_grams) AS purge_grams,
        sum(actual_grams) FILTER (WHERE is_assumed) AS assumed_grams
    FROM lines GROUP BY run_id
), items AS (
    SELECT item.run_id, item.product_id,
        CASE WHEN is_booked THEN item.good_count END AS good_count,
        CASE WHEN is_booked THEN item.scrapped_count END AS scrapped_count,
        coalesce(item.planned_quantity, item.quantity) AS planned_count,
        CASE WHEN is_booked THEN coalesce(item.good_count, 0) + coalesce(item.scrapped_count, 0)
            ELSE 0 END AS printed_count,
        coalesce(item.bom_grams_per_unit, 0) AS unit_grams,
        coalesce(item.labour_minutes_per_unit, 0) / 60 * coalesce(chosen.labour_rate, 0)
            AS unit_labour
    FROM production_runitem item JOIN chosen ON chosen.id = item.run_id
), totals AS (
    SELECT chosen.id, chosen.status, chosen.printer_id, chosen.finished_at,
        planned_grams, actual_grams, purge_grams, assumed_grams,
        chosen.planned_minutes, chosen.actual_minutes,
        coalesce(spent.cost, 0) AS material,
        coalesce(chosen.actual_minutes / 60 * chosen.hour_rate, 0) AS machine,
        coalesce(chosen.actual_minutes / 60 * chosen.power_watts / 1000
            * chosen.energy_price_kwh, 0) AS energy,
        coalesce(spent.is_unknown, false) OR (
            chosen.status = 'completed' AND chosen.actual_minutes IS NULL
            AND (chosen.hour_rate > 0 OR chosen.power_watts * chosen.energy_price_kwh > 0)
        ) AS is_unknown
    FROM chosen
    LEFT JOIN weighed ON weighed.run_id = chosen.id
    LEFT JOIN spent ON spent.production_run_id = chosen.id
)
"""

_BY_RUN = """
, made AS (
    SELECT run_id, sum(good_count) AS good, sum(scrapped_count) AS scrapped,
        sum(printed_count * unit_labour) AS labour
    FROM items GROUP BY run_id
), parts AS (
    SELECT totals.*, NULL::bigint AS product_id, 1 AS planned_share, 1 AS actual_share,
        made.good, made.scrapped, made.labour
    FROM totals LEFT JOIN made ON made.run_id = totals.id
)
"""

_BY_PRODUCT = """
, shares AS (
    SELECT *, coalesce(
            printed_count * unit_grams / nullif(sum(printed_count * unit_grams) OVER run, 0),
            printed_count::numeric / nullif(sum(printed_count) OVER run, 0),
            planned_count * unit_grams / nullif(sum(planned_count * unit_grams) OVER run, 0),
            planned_count::numeric / sum(planned_count) OVER run
        ) AS actual_share, coalesce(
            planned_count * unit_grams / nullif(sum(planned_count * unit_grams) OVER run, 0),
            planned_count::numeric / sum(planned_count) OVER run
        ) AS planned_share
    FROM items WINDOW run AS (PARTITION BY run_id)
), parts AS (
    SELECT totals.*, shares.product_id, coalesce(shares.planned_share, 1) AS planned_share,
        coalesce(shares.actual_share, 1) AS actual_share, shares.good_count AS good,
        shares.scrapped_count AS scrapped, shares.printed_count * shares.unit_labour AS labour
    FROM totals LEFT JOIN shares ON shares.run_id = totals.id
)
"""

_GROUPED = """
SELECT {key} AS key, count({each_run}) AS runs,
    coalesce(sum(good), 0) AS good, coalesce(sum(scrapped), 0) AS scrapped,
    sum(planned_grams * planned_share) AS planned_grams,
    sum(actual_grams * actual_share) AS actual_grams,
    sum(purge_grams * actual_share) AS purge_grams,
    sum(assumed_grams * actual_share) AS assumed_grams,
    sum((actual_grams - coalesce(assumed_grams, 0)) * actual_share) AS evident_grams,
    sum(planned_grams * planned_share) FILTER (WHERE has_grams) AS both_planned_grams,
    sum(actual_grams * actual_share) FILTER (WHERE has_grams) AS both_actual_grams,
    sum(planned_minutes * planned_share) AS planned_minutes,
    sum(actual_minutes * actual_share) AS actual_minutes,
    sum(planned_minutes * planned_share) FILTER (WHERE has_minutes) AS both_planned_minutes,
    sum(actual_minutes * actual_share) FILTER (WHERE has_minutes) AS both_actual_minutes,
    sum(material * actual_share) AS material, sum(machine * actual_share) AS machine,
    sum(energy * actual_share) AS energy, sum(labour) AS labour,
    count({each_run}) FILTER (WHERE is_unknown) AS unknown
FROM (
    SELECT *, planned_grams > 0 AND actual_grams IS NOT NULL AS has_grams,
        planned_minutes > 0 AND actual_minutes IS NOT NULL AS has_minutes
    FROM parts
) AS part
GROUP BY 1 ORDER BY 1 NULLS LAST
"""

_PER_FILAMENT = f"""
, spent AS ({_SPENT.replace("{by}", "entry.production_run_id, entry.spool_id")}
), lines AS ({_LINES}
)
SELECT filament.id::text AS key,
    nullif(concat_ws(' ', manufacturer.name, filament.name), '') AS name,
    count(DISTINCT run_id) AS runs,
    sum(planned_grams) AS planned_grams, sum(actual_grams) AS actual_grams,
    sum(purge_grams) AS purge_grams,
    sum(actual_grams) FILTER (WHERE is_assumed) AS assumed_grams,
    sum(actual_grams) FILTER (WHERE NOT is_assumed) AS evident_grams,
    sum(planned_grams) FILTER (WHERE planned_grams > 0 AND actual_grams IS NOT NULL)
        AS both_planned_grams,
    sum(actual_grams) FILTER (WHERE planned_grams > 0 AND actual_grams IS NOT NULL)
        AS both_actual_grams,
    sum(cost) AS material, count(DISTINCT run_id) FILTER (WHERE is_unknown) AS unknown
FROM lines
LEFT JOIN spent ON spent.production_run_id = lines.run_id AND spent.spool_id = lines.spool_id
LEFT JOIN inventory_spool spool ON spool.id = lines.spool_id
LEFT JOIN inventory_filament filament
    ON filament.id = coalesce(spool.filament_id, lines.filament_id)
LEFT JOIN inventory_manufacturer manufacturer ON manufacturer.id = filament.manufacturer_id
GROUP BY filament.id, manufacturer.name ORDER BY filament.id NULLS LAST
"""


def of_runs(key, *, by_product):
    """The statement that sums runs by the SQL expression ``key``."""
    parts, each_run = (_BY_PRODUCT, "DISTINCT id") if by_product else (_BY_RUN, "*")
    grouped = _GROUPED.replace("{key}", key).replace("{each_run}", each_run)
    return _CHOSEN + _RUNS + parts + grouped


def of_shares():
    """The common tables up to ``parts``: one row an item, with the share of its run it carries."""
    return _CHOSEN + _RUNS + _BY_PRODUCT


def of_filaments():
    """The statement that sums material lines by filament."""
    return _CHOSEN + _PER_FILAMENT
