"""What many runs took, made and cost, computed in SQL."""

from production.services.reports.alerts import Alert, NoEvidence, accept, alerts, evidence, proposal
from production.services.reports.consumption import KEYS as CONSUMPTION_GROUPS
from production.services.reports.consumption import LABELS as CONSUMPTION_PERIODS
from production.services.reports.consumption import consumption
from production.services.reports.lots import (
    lots_of_order,
    lots_of_run,
    parts_of_lot,
    uses_of_lot,
)
from production.services.reports.scrap import GROUPS as SCRAP_GROUPS
from production.services.reports.scrap import scrap
from production.services.reports.unexplained import unexplained_grams
from production.services.reports.variance import GROUPS, by_filament, by_run, of_many

__all__ = [
    "CONSUMPTION_GROUPS",
    "CONSUMPTION_PERIODS",
    "GROUPS",
    "SCRAP_GROUPS",
    "Alert",
    "NoEvidence",
    "accept",
    "alerts",
    "by_filament",
    "by_run",
    "consumption",
    "evidence",
    "lots_of_order",
    "lots_of_run",
    "of_many",
    "parts_of_lot",
    "proposal",
    "scrap",
    "unexplained_grams",
    "uses_of_lot",
]
