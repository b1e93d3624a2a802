"""What must always be true of the ledger and the balances of spools.

Each invariant is one query of the tables that finds the rows where it does not hold.
"""

from dataclasses import dataclass

from django.db import connection, transaction

INVARIANTS = {
    "remaining_is_the_ledger": """
SELECT spool.id AS spool_id, spool.code AS spool_code, spool.remaining_grams,
       coalesce(ledger.sum_grams, 0) AS sum_grams,
       coalesce(ledger.last_balance_grams, 0) AS last_balance_grams
FROM inventory_spool spool
LEFT JOIN (
    SELECT spool_id, sum(grams) AS sum_grams,
           (array_agg(balance_grams ORDER BY id DESC))[1] AS last_balance_grams
    FROM inventory_inventorytransaction GROUP BY spool_id
) ledger ON ledger.spool_id = spool.id
WHERE spool.remaining_grams <> coalesce(ledger.sum_grams, 0)
   OR spool.remaining_grams <> coalesce(ledger.last_balance_grams, 0)
ORDER BY spool.id
""",
    "balance_follows_the_entries": """
SELECT spool_id, id AS entry_id, previous_balance_grams, grams, balance_grams
FROM (
    SELECT id, spool_id, grams, balance_grams,
           lag(balance_grams, 1, 0::numeric) OVER (PARTITION BY spool_id ORDER BY id)
               AS previous_balance_grams
    FROM inventory_inventorytransaction
) entry
WHERE balance_grams <> previous_balance_grams + grams
ORDER BY id
""",
    "reversal_mirrors_one_entry": """
SELECT reversal.id AS entry_id, reversal.kind, reversal.reverses_id, original.kind AS reversed_kind,
       reversal.spool_id, original.spool_id AS reversed_spool_id,
       reversal.grams, original.grams AS reversed_grams,
       reversal.production_run_id AS run_id, original.production_run_id AS reversed_run_id,
       reversal.cost_per_gram, original.cost_per_gram AS reversed_cost_per_gram,
       reversal.credit, original.credit AS reversed_credit
FROM (
    SELECT *, count(*) OVER (PARTITION BY reverses_id) AS times
    FROM inventory_inventorytransaction WHERE kind = 'reversal' OR reverses_id IS NOT NULL
) reversal
LEFT JOIN inventory_inventorytransaction original ON original.id = reversal.reverses_id
WHERE original.id IS NULL
   OR reversal.times > 1
   OR reversal.kind <> 'reversal'
   OR original.kind = 'reversal'
   OR original.id > reversal.id
   OR original.spool_id <> reversal.spool_id
   OR original.grams <> -reversal.grams
   OR original.production_run_id IS DISTINCT FROM reversal.production_run_id
   OR original.cost_per_gram IS DISTINCT FROM reversal.cost_per_gram
   OR original.credit IS DISTINCT FROM -reversal.credit
ORDER BY reversal.id
""",
    "time_never_runs_backwards": """
SELECT spool_id, id AS entry_id, previous_created_at, created_at
FROM (
    SELECT id, spool_id, created_at, grams, reason,
           lag(created_at) OVER (PARTITION BY spool_id ORDER BY id) AS previous_created_at
    FROM inventory_inventorytransaction
) entry
WHERE created_at < previous_created_at AND (grams, reason) <> (0, 'clock_corrected')
ORDER BY id
""",
    "use_is_dated_by_the_entries": """
SELECT spool.id AS spool_id, spool.code AS spool_code, spool.first_used_at, spool.last_used_at,
       min(used.occurred_at) AS first_occurred_at, max(used.occurred_at) AS last_occurred_at
FROM inventory_spool spool
LEFT JOIN (
    SELECT entry.spool_id, entry.occurred_at
    FROM inventory_inventorytransaction entry
    LEFT JOIN inventory_inventorytransaction reversal ON reversal.reverses_id = entry.id
    WHERE entry.kind IN ('usage', 'waste') AND reversal.id IS NULL
    UNION ALL
    SELECT meter.spool_id, reported.at
    FROM inventory_usagemeter meter
    LEFT JOIN inventory_inventorytransaction reversal ON reversal.reverses_id = meter.entry_id
    CROSS JOIN LATERAL (VALUES (meter.started_at), (meter.last_report_at)) reported(at)
    WHERE reversal.id IS NULL
) used ON used.spool_id = spool.id
WHERE NOT spool.has_given_use_dates
GROUP BY spool.id
HAVING spool.first_used_at IS DISTINCT FROM min(used.occurred_at)
    OR spool.last_used_at IS DISTINCT FROM max(used.occurred_at)
ORDER BY spool.id
""",
    "metered_is_the_open_meters": """
SELECT spool.id AS spool_id, spool.code AS spool_code, spool.metered_grams,
       coalesce(meters.sum_grams, 0) AS sum_grams
FROM inventory_spool spool
LEFT JOIN (
    SELECT spool_id, sum(grams) AS sum_grams FROM inventory_usagemeter
    WHERE closed_at IS NULL GROUP BY spool_id
) meters ON meters.spool_id = spool.id
WHERE spool.metered_grams <> coalesce(meters.sum_grams, 0)
ORDER BY spool.id
""",
    "closed_meters_are_their_entry": """
SELECT meters.spool_id, meters.entry_id, meters.sum_grams, entry.spool_id AS entry_spool_id,
       entry.kind, entry.grams
FROM (
    SELECT spool_id, entry_id, round(sum(grams), 6) AS sum_grams
    FROM inventory_usagemeter WHERE closed_at IS NOT NULL AND run_material_id IS NULL
    GROUP BY spool_id, entry_id, CASE WHEN entry_id IS NULL THEN id END
) meters
LEFT JOIN inventory_inventorytransaction entry ON entry.id = meters.entry_id
WHERE meters.sum_grams <> coalesce(-entry.grams, 0)
   OR entry.spool_id <> meters.spool_id OR entry.kind <> 'usage'
ORDER BY meters.spool_id, meters.entry_id
""",
    "settled_for_a_device_goes_with_its_use": """
SELECT settled.spool_id, settled.id AS entry_id, settled.grams, used.id AS use_entry_id, used.kind,
       used.grams AS used_grams, taken_back.id AS reversal_id, use_taken_back.id AS use_reversal_id
FROM inventory_inventorytransaction settled
LEFT JOIN LATERAL (
    SELECT * FROM inventory_inventorytransaction later
    WHERE later.spool_id = settled.spool_id AND later.id > settled.id ORDER BY later.id LIMIT 1
) used ON true
LEFT JOIN inventory_inventorytransaction taken_back ON taken_back.reverses_id = settled.id
LEFT JOIN inventory_inventorytransaction use_taken_back ON use_taken_back.reverses_id = used.id
WHERE settled.kind = 'count' AND settled.reason = 'settled' AND settled.source = 'device' AND (
    used.id IS NULL OR used.kind NOT IN ('usage', 'waste') OR settled.grams > -used.grams
    OR taken_back.id IS NULL AND use_taken_back.reason <> 'revalued'
    OR taken_back.id IS NOT NULL AND use_taken_back.id IS NULL)
ORDER BY settled.id
""",
    "held_by_open_holds": """
WITH hold AS (SELECT * FROM inventory_hold WHERE released_at IS NULL), receipt AS (
    SELECT spool_id, created_at, source, coalesce(performed_by_id, 0) AS who
    FROM inventory_inventorytransaction WHERE kind = 'receipt'
), own AS (
    SELECT spool_id FROM hold WHERE spool_id IS NOT NULL
    UNION SELECT spool.id FROM hold JOIN inventory_spool spool USING (filament_id)
    UNION SELECT spool.id FROM hold JOIN inventory_filament double ON double.id = hold.filament_id
        JOIN inventory_spool spool ON spool.filament_id = double.merged_into_id
    UNION SELECT spool.id FROM hold
        JOIN inventory_spool spool ON upper(spool.lot_number) = upper(hold.lot_number)
    WHERE hold.lot_number <> ''
    UNION SELECT other.spool_id FROM hold JOIN receipt ON receipt.spool_id = hold.delivery_of_id
        JOIN receipt other USING (created_at, source, who)
), covered AS (
    SELECT spool_id FROM own
    UNION SELECT double.merged_into_id FROM own JOIN inventory_spool double ON double.id = spool_id
    WHERE double.merged_into_id IS NOT NULL
)
SELECT spool.id AS spool_id, spool.code AS spool_code, spool.is_held
FROM inventory_spool spool LEFT JOIN covered ON covered.spool_id = spool.id
WHERE spool.is_held <> (covered.spool_id IS NOT NULL)
ORDER BY spool.id
""",
    "last_entry_is_known": """
SELECT spool.id AS spool_id, spool.code AS spool_code, spool.last_entry_at,
       (array_agg(entry.created_at ORDER BY entry.id DESC))[1] AS last_created_at
FROM inventory_spool spool
LEFT JOIN inventory_inventorytransaction entry ON entry.spool_id = spool.id
GROUP BY spool.id
HAVING spool.last_entry_at IS DISTINCT FROM (array_agg(entry.created_at ORDER BY entry.id DESC))[1]
ORDER BY spool.id
""",
}


@dataclass(frozen=True)
class Violation:
    invariant: str
    figures: dict

    def __str__(self):
        values = {
            name: value.isoformat() if hasattr(value, "isoformat") else value
            for name, value in self.figures.items()
        }
        return f"{self.invariant}: {', '.join(f'{name} {values[name]}' for name in values)}"


def violations():
    """Yield a Violation for every row of this farm's inventory that breaks an invariant."""
    yield from broken(INVARIANTS)


def broken(invariants):
    """Yield a Violation for every row that the queries (``{name: SQL}``) find.

    They read whole tables: with its statistics of before a large import, PostgreSQL would join
    these row by row.
    """
    for name, query in invariants.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")
            cursor.execute(query)
            columns = [column.name for column in cursor.description]
            rows = cursor.fetchall()
        for row in rows:
            yield Violation(name, dict(zip(columns, row, strict=True)))
