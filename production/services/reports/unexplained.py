"""Grams that no run took: what counting the shelf found missing, or too much."""

from django.db.models import Count, Sum

from inventory.models import InventoryTransaction

NAMES = ("spool__filament__manufacturer__name", "spool__filament__name")


def unexplained_grams(*, since=None, until=None):
    """Count differences per filament between two moments, as dicts; negative is missing."""
    counts = InventoryTransaction.objects.not_reversed().filter(
        kind=InventoryTransaction.Kind.COUNT
    )
    if since is not None:
        counts = counts.filter(created_at__gte=since)
    if until is not None:
        counts = counts.filter(created_at__lt=until)
    by_filament = counts.values("spool__filament", *NAMES)
    rows = by_filament.annotate(grams=Sum("grams"), counts=Count("pk")).order_by("spool__filament")
    return [
        {
            "filament": row["spool__filament"],
            "name": " ".join(row[name] for name in NAMES if row[name]),
            "grams": row["grams"],
            "counts": row["counts"],
        }
        for row in rows
    ]
