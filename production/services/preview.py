"""What a verb of a run would write, by a dry run."""

from inventory.models import Spool
from inventory.services.spools import preview as of_spools
from production.models import ProductionRun


def preview(run, verb, words, *, by):
    """Call ``verb(run, by=by, **words)`` and take it back; returns a Preview of the spools it
    concerns, whose ``after`` is the run as it would be (None: deleted)."""
    return of_spools.preview(
        lambda: verb(run, by=by, **words),
        _spool_ids(run, words),
        after=lambda: ProductionRun.objects.live().filter(pk=run.pk).first(),
    )


def _spool_ids(run, words):
    """Of the run's lines and entries, of its printer's slots, and those the words name."""
    lines = run.materials.values_list("spool", flat=True)
    entries = run.transactions.values_list("spool", flat=True)
    named = [*words.values(), *words.get("spools", {}).values()]
    slots = run.printer.slots.values_list("spool", flat=True) if run.printer else ()
    return {*lines, *entries, *slots, *(each.pk for each in named if isinstance(each, Spool))}
