"""Preview of a verb of a run."""

from inventory.models import Spool
from inventory.services.spools import preview as of_spools
from production.models import ProductionRun


def preview(run, verb, kwargs, *, by):
    """Call ``verb(run, by=by, **kwargs)`` and roll it back; returns a Preview of the spools it
    concerns, whose ``after`` is the run as it would be (None: deleted)."""
    return of_spools.preview(
        lambda: verb(run, by=by, **kwargs),
        _spool_ids(run, kwargs),
        after=lambda: ProductionRun.objects.live().filter(pk=run.pk).first(),
    )


def _spool_ids(run, kwargs):
    """Of the run's lines and entries, of its printer's slots, and those in ``kwargs``."""
    lines = run.materials.values_list("spool", flat=True)
    entries = run.transactions.values_list("spool", flat=True)
    named = [*kwargs.values(), *kwargs.get("spools", {}).values()]
    slots = run.printer.slots.values_list("spool", flat=True) if run.printer else ()
    return {*lines, *entries, *slots, *(each.pk for each in named if isinstance(each, Spool))}
