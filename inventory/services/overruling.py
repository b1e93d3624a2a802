"""A person's last word on a report that was taken for a repeat.

What was not counted again is counted after all; of what was perhaps counted twice, the report that
came first is taken back. Either is an adjustment of the ledger, of no run: reversing that entry
takes the word back.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, RecognisedRepeat
from inventory.services.reversing import CountedSince
from inventory.services.spools import shelf, stating
from tenants.operations.operation import operation
from tenants.operations.quantities import GramsField
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment, half_up

COUNTED_AFTER_ALL, COUNTED_TWICE = "counted_after_all", "counted_twice"  # reasons


class AlreadyOverruled(Refusal):
    code = "already_overruled"
    title = "This was decided already"


@operation("recognised_repeat.overrule")
def overrule(repeat, *, by, at=None):
    """Decide otherwise than was assumed of a repeat; returns it.

    Raises AlreadyOverruled, CountedSince, InsufficientInventory, SpoolRemoved.
    """
    with shelf.locked(repeat.spool, by=by, at=at, archived_too=True) as (book, spool):
        fresh = RecognisedRepeat.objects.with_references().get(pk=repeat.pk)
        _require_open(fresh)
        grams = half_up(fresh.grams, GramsField.places)
        note = _("%(device)s: %(amount)s %(unit)s after %(before)s %(unit)s, %(at)s") % {
            "device": fresh.token,
            "amount": fresh.amount,
            "before": fresh.before,
            "unit": fresh.symbol,
            "at": format_moment(fresh.received_at),
        }
        if fresh.is_perhaps:
            entry = stating.take_back(book, spool, grams, reason=COUNTED_TWICE, note=note)
        else:
            entry = grams and book.adjust(spool, -grams, reason=COUNTED_AFTER_ALL, note=note)
    fresh.overruled_at, fresh.entry = at or timezone.now(), entry or None
    fresh.save(update_fields=["overruled_at", "entry"])
    return fresh


def _require_open(repeat):
    if repeat.is_overruled:
        raise AlreadyOverruled(
            _("It was decided %(at)s. Reverse the entry of that to take it back.")
            % {"at": format_moment(repeat.overruled_at)},
            entry_id=repeat.entry_id,
        )
    counts = InventoryTransaction.objects.counted()
    since = counts.filter(spool=repeat.spool_id, created_at__gt=repeat.received_at)
    if counted := since.order_by("-pk").first():
        raise CountedSince(
            _(
                "Spool %(spool)s was counted %(created_at)s, after this report: what is on it is "
                "right, however often the report was counted."
            )
            % {"spool": repeat.spool.code, "created_at": format_moment(counted.created_at)},
            spool_id=repeat.spool_id,
            counted_entry_id=counted.pk,
        )
