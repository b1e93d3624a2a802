"""Consumption of filament: usage and waste of the ledger, net of reversals.

An entry counts on the day it was posted, and so does its reversal: the figures of a closed month
stay, and a correction counts in the month it was made. Where the grams of a run come from is what
its line says now; of those that no run took it is known what devices reported. Everything that left
the shelf as usage or waste is in it, with a run or without; counts and adjustments are not (they
are unexplained grams). Cost is grams x the entries' own cost per gram.
"""

from inventory.models import Filament, InventoryTransaction, MaterialType
from production.models import METERING, Printer, Product
from production.services.reports import sql
from production.services.reports.statements import (
    CLOSED,
    OF_ITEMS,
    ORDER,
    Orders,
    names_of,
    with_shares,
)
from production.services.reports.variance import by_source
from production.services.statements import fetched
from production.services.variance import GRAM_PLACES, rounded
from tenants.accounts.models import FarmSettings, User

LABELS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
NAMED = {
    "filament": Filament.objects.with_makers(),
    "material_type": MaterialType.objects,
    "printer": Printer.objects,
    "product": Product.objects,
    "order": Orders,
    "person": User.objects,
}
KEYS = {None: "NULL::bigint", **{name: f"{name}_id" for name in NAMED}, "order": ORDER}

_MOVED = """
WITH moved AS (
    SELECT entry.spool_id, entry.created_at, entry.production_run_id AS run_id, run.printer_id,
        CASE WHEN origin.id IS NULL THEN entry.performed_by_id ELSE origin.performed_by_id END
            AS booked_by_id, run.status,
        spool.filament_id, filament.material_type_id, coalesce(origin.kind, entry.kind) AS kind,
        -entry.grams AS grams, coalesce(entry.cost_per_gram, spool.late_cost_per_gram) AS rate,
        CASE WHEN entry.production_run_id IS NOT NULL THEN line.actual_source ELSE (
            SELECT CASE WHEN bool_and(coalesce(token.kind = ANY(%(metering)s), false))
                THEN 'metered' WHEN count(*) > 0 THEN 'sliced' END
            FROM inventory_usagemeter meter
            LEFT JOIN accounts_devicetoken token ON token.id = meter.token_id
            WHERE meter.entry_id = coalesce(entry.reverses_id, entry.id)
        ) END AS gram_source
    FROM inventory_inventorytransaction entry
    JOIN inventory_spool spool ON spool.id = entry.spool_id
    JOIN inventory_filament filament ON filament.id = spool.filament_id
    LEFT JOIN inventory_inventorytransaction origin ON origin.id = entry.reverses_id
    LEFT JOIN production_productionrun run ON run.id = entry.production_run_id
    LEFT JOIN production_runmaterial line
        ON line.run_id = entry.production_run_id AND line.spool_id = entry.spool_id
    WHERE (entry.kind IN ('usage', 'waste') OR origin.kind IN ('usage', 'waste'))
        AND entry.id IN ({entries})
)
"""

_WHOLE = """
, taken AS (SELECT *, 1 AS share FROM moved)
"""

_SHARED = """
, taken AS (
    SELECT moved.*, shares.product_id, shares.order_reference,
        coalesce(shares.actual_share, 1) AS share
    FROM moved LEFT JOIN shares ON shares.run_id = moved.run_id
)
"""

_CLOSED_BY = f"""
, closings AS (
    SELECT DISTINCT ON (run_id) run_id, by_id FROM production_runevent
    WHERE run_id IN (SELECT run_id FROM moved) AND to_{CLOSED} AND from_status <> to_status
    ORDER BY run_id, id DESC
), taken AS (
    SELECT moved.*, 1 AS share, CASE WHEN moved.run_id IS NULL THEN booked_by_id
        WHEN {CLOSED} THEN closings.by_id END AS person_id
    FROM moved LEFT JOIN closings ON closings.run_id = moved.run_id
)
"""  # nosec B608

_BY_SOURCE = sql.columns(
    "coalesce(sum(used + wasted) FILTER (WHERE gram_source = '{0}'), 0) AS {0}_grams"
)

# By spool first: grams of unknown cost that came back to their spool cost nothing after all. What
# comes back is of the source that it was of.
_GROUPED = f"""
SELECT starts_on, key, sum(used) AS used, sum(wasted) AS wasted, {_BY_SOURCE},
    coalesce(sum(cost), 0) AS cost, sum(unknown) AS unknown, bool_or(unknown <> 0) AS is_unknown
FROM (
    SELECT date_trunc(%(period)s, created_at AT TIME ZONE %(timezone)s)::date AS starts_on,
        {{key}} AS key, coalesce(sum(grams * share) FILTER (WHERE kind = 'usage'), 0) AS used,
        coalesce(sum(grams * share) FILTER (WHERE kind = 'waste'), 0) AS wasted, gram_source,
        sum(grams * share * rate) AS cost,
        coalesce(sum(grams * share) FILTER (WHERE rate IS NULL), 0) AS unknown
    FROM taken GROUP BY 1, 2, spool_id, gram_source
) AS spool
GROUP BY 1, 2 HAVING bool_or(used <> 0 OR wasted <> 0 OR cost <> 0)
ORDER BY 1 NULLS FIRST, 2 NULLS LAST
"""  # nosec B608


def consumption(*, group_by=None, period=None, since=None, until=None, entries=None):
    """Grams and cost taken from the shelf: a list of dicts, one a period and group, in order.

    ``period`` is None, day, week (from Monday) or month, in the farm's time zone; ``group_by`` is
    one of KEYS: None, filament, material_type, printer, product or order (each carries the share
    of its run that it has now, by printed grams; what no run took has the key None), or person
    (who closed the run, without one who booked it). From ``since`` until before
    ``until``, two moments; ``entries`` is a QuerySet of the ledger, where not all of it is meant.

    A dict has ``period`` ("2026-03-01", "2026-W09", "2026-03"), ``starts_on`` (a date), ``key``
    and ``name``; ``grams``: usage, waste, total, and that by_source; ``cost``: total (None
    where the price of a part is unknown), known_total, grams_of_unknown_cost. Three queries at
    most.
    """
    entries = InventoryTransaction.objects.all() if entries is None else entries
    timezone = FarmSettings.load().timezone
    params = {"period": period, "timezone": timezone, "metering": list(METERING)}
    rows = fetched(_statement(group_by), params, entries=between(entries, since, until))
    names = names_of(rows, NAMED[group_by]) if group_by else {}
    return [_report_row(row, period, names.get(row["key"])) for row in rows]


def between(entries, since, until):
    """The entries of the ledger from ``since`` until before ``until``; either may be None."""
    if since is not None:
        entries = entries.since(since)
    return entries if until is None else entries.filter(created_at__lt=until)


def _statement(group_by):
    taken = _CLOSED_BY if group_by == "person" else _WHOLE
    if group_by in OF_ITEMS:
        taken = with_shares("SELECT run_id FROM moved").replace("WITH", ",", 1) + _SHARED
    grouped = _GROUPED.replace("{key}", KEYS[group_by])
    return _MOVED + taken + grouped


def _report_row(row, period, name):
    starts_on, total = row["starts_on"], row["used"] + row["wasted"]
    return {
        "period": starts_on.strftime(LABELS[period]) if period else None,
        "starts_on": starts_on,
        "key": None if row["key"] is None else str(row["key"]),
        "name": name,
        "grams": {
            "usage": rounded(row["used"], GRAM_PLACES),
            "waste": rounded(row["wasted"], GRAM_PLACES),
            "total": rounded(total, GRAM_PLACES),
            "by_source": by_source({name: row[f"{name}_grams"] for name in sql.SOURCES}, total),
        },
        "cost": {
            "total": None if row["is_unknown"] else rounded(row["cost"]),
            "known_total": rounded(row["cost"]),
            "grams_of_unknown_cost": rounded(row["unknown"], GRAM_PLACES),
        },
    }
