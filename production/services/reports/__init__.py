"""What many runs took, made and cost, computed in SQL."""

from production.services.reports.alerts import Alert, NoEvidence, accept, alerts
from production.services.reports.unexplained import unexplained_grams
from production.services.reports.variance import GROUPS, by_filament, of_many

__all__ = [
    "GROUPS",
    "Alert",
    "NoEvidence",
    "accept",
    "alerts",
    "by_filament",
    "of_many",
    "unexplained_grams",
]
