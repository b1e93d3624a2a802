"""Going on after a clock was wrong."""

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.services import clock, ledger
from tenants.operations.clock import compare
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment


class NothingMisdated(Refusal):
    code = "nothing_misdated"
    title = "No spool has an entry that is later than now"


@operation("inventory_transaction.correct_clock")
def correct_clock(*, by, at=None):
    """Say that entries which are later than now were dated by a wrong clock; returns the entries
    that say so, a count of 0 g on each spool concerned: the next ones are dated right.

    The wrong ones stay in the ledger. Raises ClockWrong where this machine's clock is not that of
    the database, NothingMisdated.
    """
    compare()
    now = at or timezone.now()
    spools = list(clock.misdated_spools(now).values_list("pk", flat=True))
    with ledger.book(spools, by=by, at=now) as book:
        misdated = [
            spool for spool in book.spools.values() if clock.is_later(spool.last_entry_at, now)
        ]
        if not misdated:
            message = _("The clock says %(now)s, and no spool has an entry that is later.")
            raise NothingMisdated(message % {"now": format_moment(now)})
        return [book.restart_time(spool) for spool in misdated]
