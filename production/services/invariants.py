"""What must always be true between runs and the ledger, and with it of the whole farm."""

from inventory.services import invariants as of_inventory
from production.services.figures import checking

# Grams a run took of each spool: usage and waste, less what was reversed of them.
TAKEN = """
    SELECT entry.production_run_id AS run_id, entry.spool_id, -sum(entry.grams) AS taken_grams
    FROM inventory_inventorytransaction entry
    LEFT JOIN inventory_inventorytransaction original ON original.id = entry.reverses_id
    WHERE entry.production_run_id IS NOT NULL
      AND coalesce(original.kind, entry.kind) IN ('usage', 'waste')
    GROUP BY entry.production_run_id, entry.spool_id
"""

INVARIANTS = {
    "reserved_is_the_open_claims": """
SELECT spool.id AS spool_id, spool.code AS spool_code, spool.reserved_grams,
       coalesce(claim.claimed_grams, 0) AS claimed_grams
FROM inventory_spool spool
LEFT JOIN (
    SELECT line.spool_id, sum(line.reserved_grams) AS claimed_grams
    FROM production_runmaterial line
    JOIN production_productionrun run ON run.id = line.run_id
    WHERE run.deleted_at IS NULL AND run.status IN ('planned', 'in_progress')
    GROUP BY line.spool_id
) claim ON claim.spool_id = spool.id
WHERE spool.reserved_grams <> coalesce(claim.claimed_grams, 0)
ORDER BY spool.id
""",
    "only_open_runs_claim": """
SELECT run.id AS run_id, run.number AS run_number, run.status, run.deleted_at,
       line.id AS material_id, line.spool_id, line.reserved_grams
FROM production_runmaterial line
JOIN production_productionrun run ON run.id = line.run_id
WHERE line.reserved_grams <> 0
  AND (run.deleted_at IS NOT NULL OR run.status NOT IN ('planned', 'in_progress'))
ORDER BY line.id
""",
    "closed_run_took_its_actuals": f"""
SELECT run.id AS run_id, run.number AS run_number, spool_id,
       coalesce(taken.taken_grams, 0) AS taken_grams,
       coalesce(line.actual_grams, 0) AS actual_grams
FROM ({TAKEN}) taken
FULL JOIN (
    SELECT run_id, spool_id,
           sum(coalesce(actual_grams, 0) + coalesce(actual_purge_grams, 0)) AS actual_grams
    FROM production_runmaterial GROUP BY run_id, spool_id
) line USING (run_id, spool_id)
JOIN production_productionrun run ON run.id = run_id
WHERE run.status IN ('completed', 'failed') AND run.deleted_at IS NULL
  AND coalesce(taken.taken_grams, 0) <> coalesce(line.actual_grams, 0)
ORDER BY run.id, spool_id
""",  # nosec B608
    "unfinished_run_took_nothing": f"""
SELECT run.id AS run_id, run.number AS run_number, run.status, run.deleted_at,
       taken.spool_id, taken.taken_grams
FROM ({TAKEN}) taken
JOIN production_productionrun run ON run.id = taken.run_id
WHERE run.status IN ('planned', 'in_progress') AND run.reopened_at IS NULL
  AND taken.taken_grams <> 0
ORDER BY run.id, taken.spool_id
""",  # nosec B608
    "line_is_metered_by_its_meters": """
SELECT line.id AS material_id, line.run_id, line.metered_grams,
       coalesce(meters.sum_grams, 0) AS sum_grams
FROM production_runmaterial line
LEFT JOIN (
    SELECT run_material_id, sum(grams) AS sum_grams
    FROM inventory_usagemeter WHERE run_material_id IS NOT NULL GROUP BY run_material_id
) meters ON meters.run_material_id = line.id
WHERE line.metered_grams <> coalesce(meters.sum_grams, 0)
ORDER BY line.id
""",
    # The entry that took its grams is of the run and the spool, and stands.
    "meters_end_with_their_run": """
SELECT meter.id AS meter_id, line.id AS material_id, line.run_id, run.status, meter.spool_id,
       line.spool_id AS line_spool_id, meter.closed_at, meter.entry_id
FROM inventory_usagemeter meter
JOIN production_runmaterial line ON line.id = meter.run_material_id
JOIN production_productionrun run ON run.id = line.run_id
LEFT JOIN inventory_inventorytransaction entry ON entry.id = meter.entry_id
LEFT JOIN inventory_inventorytransaction reversal ON reversal.reverses_id = entry.id
WHERE meter.spool_id IS DISTINCT FROM line.spool_id
   OR (meter.closed_at IS NULL) <> (run.status = 'in_progress' AND run.deleted_at IS NULL)
   OR reversal.id IS NOT NULL
   OR (entry.id IS NOT NULL AND (
       entry.production_run_id IS DISTINCT FROM run.id OR entry.spool_id <> meter.spool_id
       OR entry.kind NOT IN ('usage', 'waste')
   ))
   OR (entry.id IS NULL AND meter.closed_at IS NOT NULL AND line.actual_grams > 0)
ORDER BY meter.id
""",
    "frozen_from_the_start_on": """
SELECT run.id AS run_id, run.number AS run_number, run.status, run.started_at,
       item.id AS item_id, item.planned_quantity
FROM production_productionrun run
LEFT JOIN production_runitem item ON item.run_id = run.id
WHERE (run.started_at IS NULL AND run.status NOT IN ('planned', 'cancelled'))
   OR (run.started_at IS NOT NULL AND run.status = 'planned')
   OR (item.id IS NOT NULL AND (run.started_at IS NULL) <> (item.planned_quantity IS NULL))
ORDER BY run.id, item.id
""",
    "only_failed_runs_have_a_reason": """
SELECT id AS run_id, number AS run_number, status, outcome_reason_id
FROM production_productionrun
WHERE (outcome_reason_id IS NOT NULL) <> (status = 'failed')
ORDER BY id
""",
    # What a failed or cancelled run took is waste.
    "only_completed_runs_use": """
SELECT run.id AS run_id, run.number AS run_number, run.status, run.deleted_at, entry.spool_id,
       -sum(entry.grams) AS used_grams
FROM inventory_inventorytransaction entry
LEFT JOIN inventory_inventorytransaction original ON original.id = entry.reverses_id
JOIN production_productionrun run ON run.id = entry.production_run_id
WHERE run.status IN ('failed', 'cancelled') AND coalesce(original.kind, entry.kind) = 'usage'
GROUP BY run.id, entry.spool_id
HAVING sum(entry.grams) <> 0
ORDER BY run.id, entry.spool_id
""",
    # Every entry counts here, a settling count too: each has its own reversal.
    "reverted_run_nets_to_zero": """
SELECT run.id AS run_id, run.number AS run_number, run.status, entry.spool_id,
       sum(entry.grams) AS net_grams
FROM production_productionrun run
JOIN inventory_inventorytransaction entry ON entry.production_run_id = run.id
WHERE run.status IN ('planned', 'in_progress') AND run.reopened_at IS NOT NULL
GROUP BY run.id, entry.spool_id
HAVING sum(entry.grams) <> 0
ORDER BY run.id, entry.spool_id
""",
    "no_archived_spool_is_loaded": """
SELECT spool.id AS spool_id, spool.code AS spool_code, spool.archived_at, slot.id AS slot_id
FROM production_printerslot slot
JOIN inventory_spool spool ON spool.id = slot.spool_id
WHERE spool.archived_at IS NOT NULL
ORDER BY spool.id
""",
}


def violations():
    """Yield an ``inventory.services.invariants.Violation`` for every row of this farm, inventory
    and production, that breaks an invariant."""
    yield from of_inventory.violations()
    yield from of_inventory.broken(INVARIANTS)
    yield from checking.violations()
