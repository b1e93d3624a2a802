"""Printing a run to its end, in a line."""

from decimal import Decimal

from production.services import completion
from production.services.actuals import ItemCount, MaterialActual


def completed(run, *, good=(), scrapped=(), grams=(), at=None, minutes=None, reasons=()):
    """The run, completed with these counts and grams, in the order of its items and lines."""
    items = run.items.order_by("pk")
    counts = [
        ItemCount(item=item.pk, good_count=each, scrapped_count=bad, scrap_reason=reason)
        for item, each, bad, reason in zip(
            items, good, scrapped or [0] * len(items), reasons or [None] * len(items), strict=True
        )
    ]
    took = [
        MaterialActual(spool=line.spool_id, actual_grams=Decimal(each))
        for line, each in zip(run.materials.order_by("pk"), grams, strict=True)
    ]
    return completion.complete(
        run, by=None, materials=took, items=counts, actual_minutes=minutes, confirm=True, at=at
    ).run
