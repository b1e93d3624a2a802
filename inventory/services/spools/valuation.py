"""What entries cost whose spool's price was corrected after they were posted.

They keep the price of their day until the spool is revalued. Only usage and waste are valued.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction
from inventory.services import ledger
from tenants.operations.quantities import rounded
from tenants.operations.text import format_number


@dataclass(frozen=True, kw_only=True)
class Value:
    """Entries of one run (None: of no run, or of all of them together), what they cost by their
    own prices (None: unknown) and what by the price of now."""

    run: object
    entries: list
    before: Decimal | None
    after: Decimal

    @property
    def entry_count(self):
        return len(self.entries)

    @property
    def grams(self):
        return -sum(entry.grams for entry in self.entries)

    @property
    def difference(self):
        return None if self.before is None else self.after - self.before


@dataclass(frozen=True, kw_only=True)
class Revaluation:
    """What to revalue changes, or changed: as a whole, by run, and outside of runs (or None)."""

    total: Value
    runs: list
    without_run: Value | None

    def __str__(self):
        numbers = ", ".join(value.run.number for value in self.runs)
        text = _(
            "%(count)s entries keep the old price: %(before)s instead of %(after)s (runs: "
            "%(runs)s). A manager may revalue the spool"
        )
        before = _("unknown") if self.total.before is None else format_number(self.total.before)
        figures = {"count": self.total.entry_count, "runs": numbers or "–"}
        return text % {**figures, "before": before, "after": format_number(self.total.after)}


def revaluation(spools):
    """The Revaluation of the ``spools`` (which come with their filaments); None where nothing keeps
    another price than that of now. One query."""
    rates = {spool.pk: ledger.rounded_rate(spool.cost_per_gram()) for spool in spools}
    entries = InventoryTransaction.objects.consumption().filter(spool__in=rates)
    found = [
        entry
        for entry in entries.select_related("spool", "production_run").order_by("pk")
        if rates[entry.spool_id] not in (None, _rate(entry))
    ]
    if not found:
        return None
    of_run = {}
    for entry in found:
        of_run.setdefault(entry.production_run, []).append(entry)
    values = {run: _value(run, entries, rates) for run, entries in of_run.items()}
    without_run = values.pop(None, None)
    total = _value(None, found, rates)
    return Revaluation(total=total, runs=list(values.values()), without_run=without_run)


def _rate(entry):
    return entry.spool.late_cost_per_gram if entry.cost_per_gram is None else entry.cost_per_gram


def _value(run, entries, rates):
    before = None
    if all(_rate(entry) is not None for entry in entries):
        before = _money(-sum(entry.grams * _rate(entry) for entry in entries))
    after = _money(-sum(entry.grams * rates[entry.spool_id] for entry in entries))
    return Value(run=run, entries=entries, before=before, after=after)


def _money(amount):
    return rounded(amount, digits=28, places=4, field="cost")
