"""Valuing again what a spool gave, once its price was corrected.

A reversal and a new entry each, so that cost changes and grams, balances and what was weighed do
not. The difference counts in consumption on the day of the revaluation.
"""

from django.utils.translation import gettext as _

from inventory.services.spools import shelf
from inventory.services.spools.valuation import revaluation
from tenants.operations.operation import operation, with_dry_run
from tenants.operations.refusals import Refusal


class PriceUnknown(Refusal):
    code = "price_unknown"
    title = "The spool has no price"


@with_dry_run
@operation("spool.revalue")
def revalue(spool, *, by, at=None):
    """Post what the spool gave again, at the price of now; returns the Revaluation, None where
    nothing has another price. Raises PriceUnknown, Stale."""
    with shelf.locked(spool, by=by, at=at, archived_too=True) as (book, fresh):
        if fresh.cost_per_gram() is None:
            raise PriceUnknown(
                _("Spool %(spool)s has no price, nor has its filament: enter one first.")
                % {"spool": fresh.code},
                spool_id=fresh.pk,
            )
        found = revaluation([fresh])
        for entry in found.total.entries if found else ():
            book.revalue(fresh, entry)
    return found
