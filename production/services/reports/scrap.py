"""Scrap: scrapped parts of completed runs, and failed runs.

A scrapped part carries the grams and the cost of its run that its printed grams are a share of;
a failed run is lost as a whole. Cost is material, machine, energy and labour, by the formulas of
``production.services.variance``; by material type it is that of the material alone, and a part of
two materials counts in both.
"""

from decimal import Decimal

from inventory.models import MaterialType
from production.models import Printer, Product, Reason
from production.services.reports.sql import MATERIAL_KEYS
from production.services.reports.statements import (
    CLOSED_BY,
    DAY,
    MONTH,
    OF_ITEMS,
    ORDER,
    WEEK,
    Orders,
    names_of,
    with_shares,
)
from production.services.statements import fetched
from production.services.variance import GRAM_PLACES, rounded
from tenants.accounts.models import FarmSettings, User

GROUPS = {  # the key of what was lost, and of what was printed: a reason has printed nothing
    None: ("NULL::text", "NULL::text"),
    "reason": ("reason_id", "NULL::bigint"),
    "product": ("product_id", "product_id"),
    "order": (ORDER, ORDER),
    "material_type": ("material_type_id", "material_type_id"),
    "printer": ("printer_id", "printer_id"),
    "person": (CLOSED_BY.format(run="lost.run_id"), CLOSED_BY.format(run="run.id")),
    "day": (DAY, DAY),
    "week": (WEEK, WEEK),
    "month": (MONTH, MONTH),
}
NAMED = {
    "reason": Reason.objects,
    "product": Product.objects,
    "order": Orders,
    "material_type": MaterialType.objects,
    "printer": Printer.objects,
    "person": User.objects,
}

_MADE = """
, made AS (
    SELECT totals.id AS run_id, totals.status = 'failed' AS is_failed, totals.printer_id,
        totals.finished_at, has_no_material OR has_no_machine OR has_no_energy AS is_unknown,
        has_no_grams, item_id, product_id, order_reference, coalesce(printed_count, 0) AS printed,
        actual_grams * coalesce(actual_share, 1) AS grams,
        (material + machine + energy) * coalesce(actual_share, 1)
            + coalesce(printed_count * unit_labour, 0) AS cost
    FROM totals LEFT JOIN shares ON shares.run_id = totals.id
    WHERE totals.status IN ('completed', 'failed')
)
"""

_MADE_OF_MATERIAL = f"""
, uses AS (
    SELECT lines.run_id, {MATERIAL_KEYS["material_type"]} AS material_type_id,
        sum(actual_grams) AS grams, sum(taken_cost) AS cost,
        coalesce(bool_or(is_taken_unknown), false) AS is_unknown
    FROM lines LEFT JOIN inventory_spool spool ON spool.id = lines.spool_id
    LEFT JOIN inventory_filament filament
        ON filament.id = coalesce(spool.filament_id, lines.filament_id)
    WHERE actual_grams IS DISTINCT FROM 0 GROUP BY 1, 2
), made AS (
    SELECT totals.id AS run_id, totals.status = 'failed' AS is_failed, item_id, has_no_grams,
        material_type_id, coalesce(printed_count, 0) AS printed,
        coalesce(uses.is_unknown, has_no_material) AS is_unknown,
        CASE WHEN NOT has_no_grams THEN coalesce(uses.grams, 0) END * coalesce(actual_share, 1)
            AS grams, coalesce(uses.cost, 0) * coalesce(actual_share, 1) AS cost
    FROM totals LEFT JOIN shares ON shares.run_id = totals.id
    LEFT JOIN uses ON uses.run_id = totals.id
    WHERE totals.status IN ('completed', 'failed')
)
"""  # nosec B608

_LOST = """
, scrapped AS (
    SELECT made.*, item.scrap_reason_id AS reason_id, item.scrapped_count AS lost_count,
        grams * item.scrapped_count / printed AS lost_grams,
        cost * item.scrapped_count / printed AS lost_cost
    FROM made JOIN production_runitem item ON item.id = made.item_id
    WHERE NOT is_failed AND item.scrapped_count > 0
), failed AS (
    SELECT made.*, run.outcome_reason_id AS reason_id, printed AS lost_count,
        grams AS lost_grams, cost AS lost_cost
    FROM made JOIN production_productionrun run ON run.id = made.run_id
    WHERE is_failed
), lost AS (SELECT * FROM scrapped UNION ALL SELECT * FROM failed)
"""

_GROUPED = """
, losses AS (
    SELECT {lost_key} AS lost_key,
        count(DISTINCT run_id) FILTER (WHERE is_failed) AS failed_runs,
        sum(lost_count) FILTER (WHERE is_failed) AS failed_count,
        sum(lost_grams) FILTER (WHERE is_failed) AS failed_grams,
        sum(lost_cost) FILTER (WHERE is_failed) AS failed_cost,
        sum(lost_count) FILTER (WHERE NOT is_failed) AS scrapped_count,
        sum(lost_grams) FILTER (WHERE NOT is_failed) AS scrapped_grams,
        sum(lost_cost) FILTER (WHERE NOT is_failed) AS scrapped_cost,
        count(DISTINCT run_id) FILTER (WHERE is_unknown) AS unknown,
        count(DISTINCT run_id) FILTER (WHERE is_failed AND has_no_grams) AS failed_unknown_grams,
        count(DISTINCT run_id) FILTER (WHERE NOT is_failed AND has_no_grams)
            AS scrapped_unknown_grams
    FROM lost GROUP BY 1
)
"""

_PRINTED_BY_ITEM = """
, prints AS (
    SELECT {made_key} AS key, sum(printed) AS printed_count, sum(grams) AS printed_grams,
        count(DISTINCT run_id) FILTER (WHERE has_no_grams) AS printed_unknown_grams
    FROM made GROUP BY 1
)
"""

# What was lost is found in few of the runs; how much all of them printed takes no shares.
_LOSING = """
    SELECT id FROM production_productionrun WHERE id IN ({runs}) AND (status = 'failed'
        OR id IN (SELECT run_id FROM production_runitem WHERE scrapped_count > 0))
"""

_PRINTED = """
, prints AS (
    SELECT {made_key} AS key, coalesce(sum(counted.printed), 0) AS printed_count,
        sum(taken.grams) AS printed_grams,
        count(*) FILTER (WHERE taken.run_id IS NULL) AS printed_unknown_grams
    FROM production_productionrun run LEFT JOIN (
        SELECT run_id, sum(coalesce(good_count, 0) + coalesce(scrapped_count, 0)) AS printed
        FROM production_runitem GROUP BY run_id
    ) counted ON counted.run_id = run.id LEFT JOIN (
        SELECT run_id, coalesce(sum(actual_grams + coalesce(actual_purge_grams, 0)), 0) AS grams
        FROM production_runmaterial GROUP BY run_id
    ) taken ON taken.run_id = run.id
    WHERE run.status IN ('completed', 'failed') AND run.id IN ({runs}) GROUP BY 1
)
"""

_COLUMNS = """
SELECT prints.key AS key, losses.*, printed_count, printed_grams, printed_unknown_grams
FROM prints LEFT JOIN losses ON losses.lost_key IS NOT DISTINCT FROM prints.key
ORDER BY prints.key NULLS LAST
"""

_REASON_COLUMNS = """
SELECT lost_key AS key, losses.*, printed_count, printed_grams, printed_unknown_grams
FROM losses CROSS JOIN prints
ORDER BY lost_key NULLS LAST
"""


def scrap(runs, *, group_by=None):
    """What the runs of a QuerySet lost: a list of dicts, one a group, in order of the key.

    ``group_by`` is one of GROUPS: None (one group), reason, product, order, material_type, printer,
    person (who closed the run), day, week or month (of the end, in the farm's time zone).

    A dict has ``key`` and ``name``; ``scrapped``: count (parts), grams, cost; ``failed``: runs,
    count (parts they are known to have printed), grams, cost; ``lost``: both together with
    percent_of_count and percent_of_grams, cost (None where a part of it is unknown), known_cost,
    runs_of_unknown_cost; ``printed``: count and grams of all that the group's completed and failed
    runs printed (of a reason: of all runs). Grams are of the runs of
    which they are known (None where of none), with the number of the others. A percent of nothing
    is None. Three queries at most.
    """
    rows = fetched(_statement(group_by), {"timezone": FarmSettings.load().timezone}, runs=runs)
    names = names_of(rows, NAMED[group_by]) if group_by in NAMED else {}
    return [_group(row, names.get(row["key"], row["key"])) for row in rows]


def _statement(group_by):
    lost_key, made_key = GROUPS[group_by]
    is_shared = group_by in (*OF_ITEMS, "material_type")
    made = _MADE_OF_MATERIAL if group_by == "material_type" else _MADE
    losses = with_shares("{runs}" if is_shared else _LOSING) + made + _LOST + _GROUPED
    prints = _PRINTED_BY_ITEM if is_shared else _PRINTED
    columns = _REASON_COLUMNS if group_by == "reason" else _COLUMNS
    statement = losses + prints + columns
    return statement.replace("{lost_key}", lost_key).replace("{made_key}", made_key)


def _group(row, name):
    count = _sum(row["scrapped_count"], row["failed_count"])
    grams = _grams(row, "scrapped", "failed")
    printed_grams = _grams(row, "printed")
    cost = _sum(row["scrapped_cost"], row["failed_cost"])
    unknown = row["unknown"] or 0
    return {
        "key": None if row["key"] is None else str(row["key"]),
        "name": name,
        "scrapped": _figures(row, "scrapped", unknown),
        "failed": {"runs": row["failed_runs"] or 0, **_figures(row, "failed", unknown)},
        "lost": {
            "count": int(count),
            "grams": rounded(grams, GRAM_PLACES),
            "runs_of_unknown_grams": _unknown_grams(row, "scrapped", "failed"),
            "cost": None if unknown else rounded(cost),
            "known_cost": rounded(cost),
            "runs_of_unknown_cost": unknown,
            "percent_of_count": _percent(count, row["printed_count"]),
            "percent_of_grams": _percent(grams, printed_grams),
        },
        "printed": {
            "count": int(row["printed_count"]),
            "grams": rounded(printed_grams, GRAM_PLACES),
            "runs_of_unknown_grams": _unknown_grams(row, "printed"),
        },
    }


def _figures(row, kind, unknown):
    return {
        "count": int(row[f"{kind}_count"] or 0),
        "grams": rounded(_grams(row, kind), GRAM_PLACES),
        "cost": None if unknown else rounded(row[f"{kind}_cost"] or 0),
    }


def _grams(row, *kinds):
    """What is known of these kinds together; None where there is some, and nothing of it known."""
    known = [grams for kind in kinds if (grams := row[f"{kind}_grams"]) is not None]
    return None if _unknown_grams(row, *kinds) and not known else _sum(*known)


def _unknown_grams(row, *kinds):
    """The number of runs of these kinds of which the grams are unknown."""
    return sum(row[f"{kind}_unknown_grams"] or 0 for kind in kinds)


def _sum(*figures):
    return sum((figure or Decimal(0) for figure in figures), Decimal(0))


def _percent(part, whole):
    return rounded(part * 100 / whole) if whole and part is not None else None
