"""The statements behind the variance of many runs.

``{runs}`` stands for the query of the runs' ids. ``lines`` is one row a material line with what
it cost by the ledger, ``totals`` one row a run, ``shares`` one row an item with the share of its
run it carries: by printed grams, else by printed units, else by what was planned. Drafts count for
nothing: of a run that is open none does, of one that was cancelled only what was booked.

Plan and actual are compared over runs that are closed and booked, had a plan of grams, and of which
both figures are known. ``reason`` is why a run is not compared at all, ``no_grams`` and the like
why it is not in one figure; null if it is.
"""

from production.models import ActualSource

SOURCES = ActualSource.values
# Of a line: its spool's, else what it requires.
MATERIAL_KEYS = {
    "filament": "filament.id",
    "material_type": "coalesce(filament.material_type_id, lines.material_type_id)",
}


def columns(fragment, separator=", "):
    """``fragment`` of each source of grams, which stands in it as ``{0}``."""
    return separator.join(fragment.format(source) for source in SOURCES)


_CHOSEN = """
WITH chosen AS NOT MATERIALIZED (
    SELECT id, status, printer_id, finished_at, created_at, planned_minutes, hour_rate,
        labour_rate,
        CASE WHEN energy_price_kwh = 0 THEN 0 ELSE power_watts * energy_price_kwh / 1000 END
            AS power_rate,
        status IN ('completed', 'failed') AS is_booked,
        status = 'completed' AND actual_minutes IS NULL AS is_unsaid,
        CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN actual_minutes END
            AS actual_minutes,
        actual_minutes_source IN ('as_planned', 'percent') AS has_assumed_minutes
    FROM production_productionrun WHERE id IN ({runs})
)
"""

# What was booked of a run and spool: each is that of a line.
_TAKES = """
, takes AS (
    SELECT entry.production_run_id AS run_id, entry.spool_id, sum(-entry.grams) AS grams,
        sum(-entry.grams * coalesce(entry.cost_per_gram, spool.late_cost_per_gram)) AS cost,
        bool_or(coalesce(entry.cost_per_gram, spool.late_cost_per_gram) IS NULL) AS is_unknown
    FROM inventory_inventorytransaction entry
    JOIN inventory_spool spool ON spool.id = entry.spool_id
    JOIN chosen ON chosen.id = entry.production_run_id
    WHERE entry.kind IN ('usage', 'waste')
        AND NOT EXISTS (SELECT FROM inventory_inventorytransaction reversal
                        WHERE reversal.reverses_id = entry.id)
    GROUP BY entry.production_run_id, entry.spool_id
)
"""

_LINES = """
    SELECT line.run_id, line.spool_id, line.filament_id, line.material_type_id,
        line.planned_spool_id, line.planned_spool_filament_id, line.spool_filament_id,
        line.planned_grams AS planned_part,
        line.planned_grams + line.planned_purge_grams AS planned_grams,
        CASE WHEN was_taken THEN line.actual_grams + coalesce(line.actual_purge_grams, 0)
            WHEN was_left THEN 0 END AS actual_grams,
        CASE WHEN was_taken THEN line.actual_purge_grams WHEN was_left THEN 0 END AS purge_grams,
        CASE WHEN line.planned_grams + line.planned_purge_grams = 0 THEN 0
            ELSE (line.planned_grams + line.planned_purge_grams)
                * coalesce(line.planned_cost_per_gram, planned_spool.late_cost_per_gram)
            END AS planned_cost,
        line.actual_source, line.actual_source IN ('as_planned', 'percent', 'sliced') AS is_assumed,
        coalesce(takes.grams, 0) AS taken_grams, coalesce(takes.cost, 0) AS taken_cost,
        takes.is_unknown AS is_taken_unknown, chosen.finished_at, chosen.created_at
    FROM production_runmaterial line JOIN chosen ON chosen.id = line.run_id
    LEFT JOIN takes ON takes.run_id = line.run_id AND takes.spool_id = line.spool_id
    LEFT JOIN inventory_spool planned_spool
        ON planned_spool.id = line.planned_spool_id AND line.planned_cost_per_gram IS NULL
    CROSS JOIN LATERAL (
        SELECT is_booked OR status = 'cancelled' AND takes.run_id IS NOT NULL AS was_taken,
        status = 'cancelled' AND chosen.id IN (SELECT run_id FROM takes) AS was_left
    ) AS booking
"""

_BY_SOURCE = columns("sum(actual_grams) FILTER (WHERE actual_source = '{0}') AS {0}_grams")
# Grams that nobody measured are of the plan that they would be compared with.
_NO_GRAMS = "CASE WHEN assumed_grams > 0 AND assumed_grams = actual_grams THEN 'not_measured' END"

_REASON = """CASE WHEN status NOT IN ('completed', 'failed', 'cancelled') THEN 'open'
            WHEN actual_grams IS NULL AND status = 'cancelled' THEN 'nothing_booked'
            WHEN planned_grams = 0 THEN 'no_plan' END"""

_RUNS = f"""
, lines AS ({_LINES}
), weighed AS (
    SELECT run_id, sum(planned_grams) AS planned_grams, sum(actual_grams) AS actual_grams,
        sum(purge_grams) AS purge_grams, sum(planned_cost) AS planned_cost,
        bool_or(planned_cost IS NULL) AS is_unpriced,
        sum(actual_grams) FILTER (WHERE is_assumed) AS assumed_grams, {_BY_SOURCE},
        sum(taken_cost) AS taken_cost, bool_or(is_taken_unknown) AS is_taken_unknown
    FROM lines GROUP BY run_id
), items AS (
    SELECT item.id AS item_id, item.run_id, item.product_id, item.quantity,
        item.order_reference, CASE WHEN is_booked THEN item.good_count END AS good_count,
        CASE WHEN is_booked THEN item.scrapped_count END AS scrapped_count,
        coalesce(item.planned_quantity, item.quantity) AS planned_count,
        CASE WHEN is_booked THEN coalesce(item.good_count, 0) + coalesce(item.scrapped_count, 0)
            ELSE 0 END AS printed_count,
        item.bom, coalesce(item.bom_grams_per_unit, 0) AS unit_grams,
        coalesce(item.labour_minutes_per_unit, 0) * coalesce(chosen.labour_rate, 0) / 60
            AS unit_labour
    FROM production_runitem item JOIN chosen ON chosen.id = item.run_id
), figures AS (
    SELECT chosen.id, chosen.status, chosen.printer_id, chosen.finished_at, chosen.created_at,
        coalesce(planned_grams, 0) AS planned_grams, assumed_grams, {columns("{0}_grams")},
        CASE WHEN is_booked AND weighed.run_id IS NOT NULL THEN coalesce(actual_grams, 0)
            ELSE actual_grams END AS actual_grams,
        CASE WHEN is_booked AND weighed.run_id IS NOT NULL THEN coalesce(purge_grams, 0)
            ELSE purge_grams END AS purge_grams,
        chosen.planned_minutes, chosen.actual_minutes, hour_rate, power_rate, labour_rate,
        CASE WHEN has_assumed_minutes THEN chosen.actual_minutes END AS assumed_minutes,
        coalesce(weighed.planned_cost, 0) AS planned_material,
        coalesce(chosen.planned_minutes * hour_rate / 60, 0) AS planned_machine,
        coalesce(chosen.planned_minutes * power_rate / 60, 0) AS planned_energy,
        coalesce(is_unpriced, false) AS is_unpriced,
        coalesce(taken_cost, 0) AS material,
        coalesce(chosen.actual_minutes * hour_rate / 60, 0) AS machine,
        coalesce(chosen.actual_minutes * power_rate / 60, 0) AS energy,
        is_booked AND weighed.run_id IS NULL AS has_no_grams,
        is_booked AND chosen.actual_minutes IS NULL AS has_no_minutes,
        coalesce(is_taken_unknown, is_booked AND weighed.run_id IS NULL) AS has_no_material,
        coalesce(is_unsaid AND hour_rate > 0, false) AS has_no_machine,
        coalesce(is_unsaid AND power_rate > 0, false) AS has_no_energy
    FROM chosen
    LEFT JOIN weighed ON weighed.run_id = chosen.id
), totals AS (
    SELECT *, {_REASON} AS reason, {_NO_GRAMS} AS no_grams,
        CASE WHEN planned_minutes IS NULL OR actual_minutes IS NULL THEN 'unknown_minutes' END
            AS no_minutes,
        CASE WHEN is_unpriced OR has_no_material THEN 'unknown_price' END AS no_material,
        CASE WHEN hour_rate IS NULL THEN 'not_kept'
            WHEN has_no_machine OR hour_rate > 0 AND planned_minutes IS NULL
            THEN 'unknown_minutes' END AS no_machine,
        CASE WHEN power_rate IS NULL THEN 'not_kept'
            WHEN has_no_energy OR power_rate > 0 AND planned_minutes IS NULL
            THEN 'unknown_minutes' END AS no_energy,
        CASE WHEN labour_rate IS NULL THEN 'not_kept' END AS no_labour
    FROM figures
)
"""  # nosec B608

_BY_RUN = """
, made AS (
    SELECT run_id, sum(good_count) AS good, sum(scrapped_count) AS scrapped,
        sum(planned_count * unit_labour) AS planned_labour,
        sum(printed_count * unit_labour) AS labour
    FROM items GROUP BY run_id
), parts AS (
    SELECT totals.*, made.good, made.scrapped, made.planned_labour, made.labour
    FROM totals LEFT JOIN made ON made.run_id = totals.id
)
"""

_SHARES = """
, planned_units AS (
    SELECT *, CASE WHEN sum(planned_count) OVER run > 0 THEN planned_count ELSE quantity END
        AS planned
    FROM items WINDOW run AS (PARTITION BY run_id)
), units AS (
    SELECT *, CASE WHEN sum(printed_count) OVER run > 0 THEN printed_count ELSE planned END
        AS printed
    FROM planned_units WINDOW run AS (PARTITION BY run_id)
), weights AS (
    SELECT *,
        CASE WHEN sum(planned * unit_grams) OVER run > 0 THEN planned * unit_grams
            ELSE planned END AS planned_weight,
        CASE WHEN sum(printed * unit_grams) OVER run > 0 THEN printed * unit_grams
            ELSE printed END AS actual_weight
    FROM units WINDOW run AS (PARTITION BY run_id)
), shares AS (
    SELECT *, planned_weight / sum(planned_weight) OVER run AS planned_share,
        actual_weight / sum(actual_weight) OVER run AS actual_share, count(*) OVER run AS item_count
    FROM weights WINDOW run AS (PARTITION BY run_id)
)
"""

_BY_ITEM = """
, parts AS (
    SELECT totals.*, shares.product_id, shares.order_reference,
        coalesce(shares.planned_share, 1) AS planned_share,
        coalesce(shares.actual_share, 1) AS actual_share, shares.good_count AS good,
        shares.scrapped_count AS scrapped,
        shares.planned_count * shares.unit_labour AS planned_labour,
        shares.printed_count * shares.unit_labour AS labour
    FROM totals LEFT JOIN shares ON shares.run_id = totals.id
)
"""

# By what can be compared as well: the rows of a key add up to its sums, those without a reason to
# what is compared.
_GROUPED = """
SELECT {key} AS key, reason, no_grams, no_minutes, no_material, no_machine, no_energy, no_labour,
    count({each_run}) AS runs, coalesce(sum(good), 0) AS good,
    coalesce(sum(scrapped), 0) AS scrapped,
    sum(planned_grams{of_plan}) AS planned_grams, sum(actual_grams{of_actual}) AS actual_grams,
    sum(purge_grams{of_actual}) AS purge_grams, {by_source},
    sum(planned_minutes{of_plan}) AS planned_minutes,
    sum(actual_minutes{of_actual}) AS actual_minutes,
    sum(assumed_minutes{of_actual}) AS assumed_minutes,
    sum(planned_material{of_plan}) AS planned_material,
    sum(planned_machine{of_plan}) AS planned_machine,
    sum(planned_energy{of_plan}) AS planned_energy,
    coalesce(sum(planned_labour), 0) AS planned_labour,
    sum(material{of_actual}) AS actual_material, sum(machine{of_actual}) AS actual_machine,
    sum(energy{of_actual}) AS actual_energy, coalesce(sum(labour), 0) AS actual_labour,
    bool_or(has_no_material) AS has_no_material, bool_or(has_no_machine) AS has_no_machine,
    bool_or(has_no_energy) AS has_no_energy,
    count({each_run}) FILTER (WHERE has_no_material OR has_no_machine OR has_no_energy) AS unknown,
    count({each_run}) FILTER (WHERE has_no_grams) AS unknown_grams,
    count({each_run}) FILTER (WHERE has_no_minutes) AS unknown_minutes
FROM parts
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1 NULLS LAST
"""

# What stands in it for a run that is counted whole, and for one that its items share.
_WHOLE = {"each_run": "*", "of_plan": "", "of_actual": ""}
_SHARED = {
    "each_run": "DISTINCT id",
    "of_plan": " * planned_share",
    "of_actual": " * actual_share",
}

# By run first: a spool that was swapped in has no plan of its own, its run's filament has one.
_PER_MATERIAL = f"""
, lines AS ({_LINES}
), uses AS (
    SELECT lines.run_id, {{key}} AS key,
        sum(planned_grams) AS planned_grams, sum(actual_grams) AS actual_grams,
        sum(purge_grams) AS purge_grams,
        sum(actual_grams) FILTER (WHERE is_assumed) AS assumed_grams, {_BY_SOURCE},
        sum(planned_cost) AS planned_material, sum(taken_cost) AS material,
        bool_or(planned_cost IS NULL) AS is_unpriced,
        coalesce(bool_or(is_taken_unknown), false) AS has_no_material
    FROM lines
    LEFT JOIN inventory_spool spool ON spool.id = lines.spool_id
    LEFT JOIN inventory_filament wanted ON wanted.id = lines.filament_id
    LEFT JOIN inventory_filament filament
        ON filament.id = coalesce(spool.filament_id, wanted.merged_into_id, wanted.id)
    GROUP BY 1, 2
), figures AS (
    SELECT run_id, status, sum(planned_grams) AS planned_grams,
        coalesce(sum(actual_grams), CASE WHEN is_booked THEN 0 END) AS actual_grams,
        bool_or(is_unpriced OR has_no_material) AS is_unknown,
        bool_or(assumed_grams > 0 AND assumed_grams = actual_grams) AS is_unmeasured
    FROM uses JOIN chosen ON chosen.id = uses.run_id GROUP BY run_id, status, is_booked
), reasons AS (
    SELECT run_id, {_REASON} AS reason,
        CASE WHEN is_unmeasured THEN 'not_measured' END AS no_grams,
        CASE WHEN is_unknown THEN 'unknown_price' END AS no_material
    FROM figures
)
SELECT key::text, reason, no_grams, no_material, count(*) AS runs,
    sum(planned_grams) AS planned_grams, sum(actual_grams) AS actual_grams,
    sum(purge_grams) AS purge_grams, {columns("sum({0}_grams) AS {0}_grams")},
    sum(planned_material) AS planned_material, sum(material) AS actual_material,
    bool_or(has_no_material) AS has_no_material
FROM uses JOIN reasons ON reasons.run_id = uses.run_id
GROUP BY key, reason, no_grams, no_material
ORDER BY uses.key NULLS LAST
"""  # nosec B608


def of_runs(key, *, by_item):
    """The statement that sums runs, or the shares of their items, by the SQL expression ``key``."""
    parts, fragments = (_SHARES + _BY_ITEM, _SHARED) if by_item else (_BY_RUN, _WHOLE)
    grouped, by_source = _GROUPED, columns("sum({0}_grams{{of_actual}}) AS {0}_grams")
    for name, fragment in {"key": key, "by_source": by_source, **fragments}.items():
        grouped = grouped.replace(f"{{{name}}}", fragment)
    return _CHOSEN + _TAKES + _RUNS + parts + grouped


def of_shares():
    """The common tables up to ``shares``: one row an item, with the share of its run it carries."""
    return _CHOSEN + _TAKES + _RUNS + _SHARES


def of_materials(key):
    """The statement that sums material lines by the SQL expression ``key``: one of MATERIAL_KEYS,
    or made of it."""
    return _CHOSEN + _TAKES + _PER_MATERIAL.replace("{key}", key)
