"""Unexplained grams: differences that counts found.

Where a run is corrected after its spool was weighed, what keeps the weighed balance takes grams
back out of it: they are explained now. Nobody counted then, so it is no count.
"""

from django.db.models import Count, Q, Sum

from inventory.models import InventoryTransaction
from inventory.models.ledger import COMPENSATED
from production.services.reports.consumption import between

NAMES = ("spool__filament__manufacturer__name", "spool__filament__name")


def unexplained_grams(*, since=None, until=None):
    """Count differences per filament between two moments, as dicts; negative is missing."""
    counts = InventoryTransaction.objects.not_reversed().filter(kind="count")
    by_filament = between(counts, since, until).values("spool__filament", *NAMES)
    seen = Count("pk", filter=~Q(reason=COMPENSATED))
    rows = by_filament.annotate(grams=Sum("grams"), counts=seen).order_by("spool__filament")
    return [
        {
            "filament": row["spool__filament"],
            "name": " ".join(row[name] for name in NAMES if row[name]),
            "grams": row["grams"],
            "counts": row["counts"],
        }
        for row in rows
    ]
