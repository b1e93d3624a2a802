"""Printing runs to their end, in a line each."""

from decimal import Decimal

from production.services import completion
from production.services.completion.actuals import ItemCount, MaterialActual
from tests.factories import a_running_run


def took(spool, grams, purge=None, **fields):
    """What a run really took of a spool."""
    if purge is not None:
        fields["actual_purge_grams"] = Decimal(str(purge))
    return MaterialActual(spool=spool.pk, actual_grams=Decimal(str(grams)), **fields)


def printed(*takes, **fields):
    """A run, made as `a_running_run` is, completed as planned."""
    return completion.complete(a_running_run(*takes, **fields), by=None, as_planned=True).run


def printed_with(spool, planned, actual, **fields):
    """A completed run that was to take ``planned`` grams of the spool, and took ``actual``."""
    run, takes = a_running_run((spool, planned), **fields), [took(spool, actual)]
    return completion.complete(run, by=None, materials=takes, confirm=True, as_planned=True).run


def completed(run, *, good=(), scrapped=(), grams=(), at=None, minutes=None, reasons=()):
    """The run, completed with these counts and grams, in the order of its items and lines."""
    items = run.items.order_by("pk")
    counts = [
        ItemCount(item=item.pk, good_count=each, scrapped_count=bad, scrap_reason=reason)
        for item, each, bad, reason in zip(
            items, good, scrapped or [0] * len(items), reasons or [None] * len(items), strict=True
        )
    ]
    lines = run.materials.order_by("pk").select_related("spool")
    takes = [took(line.spool, each) for line, each in zip(lines, grams, strict=True)]
    return completion.complete(
        run, by=None, materials=takes, items=counts, actual_minutes=minutes, confirm=True, at=at
    ).run
