"""Variance and explanation of 100,000 completed runs, against the bare SQL of the sums.

Bar: the variance at most 1.3 times the bare SQL.
"""

from functools import partial
from time import perf_counter

from django.db import connection

from benchmarks.farm import enter_farm
from production.models import ProductionRun
from production.services.reports import explanation, variance
from production.services.reports.statements import GROUPS

RUNS = 100_000

# The shortest SQL for the same figures of all runs: no filter, no group, no unknowns.
BARE = """
SELECT sum(planned), sum(actual), sum(purge), sum(material), sum(good), sum(scrapped),
    sum(labour), sum(planned_minutes), sum(actual_minutes), sum(actual_minutes / 60 * hour_rate),
    sum(actual_minutes / 60 * power_watts / 1000 * energy_price_kwh), count(*)
FROM production_productionrun run
LEFT JOIN (
    SELECT run_id, sum(planned_grams + planned_purge_grams) AS planned,
        sum(actual_grams + actual_purge_grams) AS actual, sum(actual_purge_grams) AS purge
    FROM production_runmaterial GROUP BY run_id
) lines ON lines.run_id = run.id
LEFT JOIN (
    SELECT production_run_id, sum(-grams * coalesce(cost_per_gram, late_cost_per_gram)) AS material
    FROM inventory_inventorytransaction entry JOIN inventory_spool spool ON spool.id = spool_id
    WHERE kind IN ('usage', 'waste') AND NOT EXISTS (
        SELECT FROM inventory_inventorytransaction r WHERE r.reverses_id = entry.id)
    GROUP BY 1
) spent ON spent.production_run_id = run.id
LEFT JOIN (
    SELECT run_id, sum(good_count) AS good, sum(scrapped_count) AS scrapped,
        sum((good_count + scrapped_count) * labour_minutes_per_unit / 60 * labour_rate) AS labour
    FROM production_runitem item JOIN production_productionrun r ON r.id = run_id GROUP BY run_id
) made ON made.run_id = run.id
WHERE run.deleted_at IS NULL
"""


def main():
    enter_farm(RUNS, 10_000)
    runs = ProductionRun.objects.live()
    ways = {
        f"by {group_by}" if group_by else "all": partial(variance.of_many, runs, group_by=group_by)
        for group_by in GROUPS
    }
    ways["by filament"] = partial(variance.by_material, runs)
    for group_by in (None, "product", "filament"):
        name = f"explained by {group_by}" if group_by else "explained"
        ways[name] = partial(explanation.of_many, runs, group_by=group_by)
    times = best_of({"bare": _bare, **ways})
    print(f"Reports of {RUNS:,} completed runs; the bare SQL of all is 1 ({times['bare']:.2f} s)")
    for name in ways:
        print(f"  {name:<22} {times[name] / times['bare']:5.2f}")


def _bare():
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        return cursor.fetchall()


def best_of(ways, rounds=7):
    """The best time of each function; they take turns, so that other load affects all alike."""
    times = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            started = perf_counter()
            work()
            times[name].append(perf_counter() - started)
    return {name: min(seconds) for name, seconds in times.items()}
