"""Preview of a verb by a dry run: its entries, and each balance before and after."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max

from inventory.models import InventoryTransaction, Spool, SpoolEvent
from tenants.operations.operation import in_dry_run


@dataclass(frozen=True, kw_only=True)
class Balance:
    spool: Spool
    was_remaining: Decimal
    was_reserved: Decimal

    @property
    def changes(self):
        was = (self.was_remaining, self.was_reserved)
        return was != (self.spool.live_grams, self.spool.reserved_grams)

    @property
    def is_overclaimed(self):
        return self.spool.available_grams < 0


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a dry run wrote; ``result`` is what the verb returned, ``after`` what the caller's
    ``after()`` did."""

    result: object
    entries: list
    events: list
    balances: list
    after: object = None


def preview(work, spool_ids, *, after=lambda: None):
    """Call ``work()``, a verb that moves grams of these spools, in a dry run."""
    return in_dry_run(lambda: _watched(work, {pk for pk in spool_ids if pk}, after))


def _watched(work, spool_ids, after):
    before = Spool.objects.in_bulk(spool_ids)
    entries = InventoryTransaction.objects.filter(spool__in=spool_ids)
    events = SpoolEvent.objects.filter(spool__in=spool_ids)
    last_entry, last_event = _last(entries), _last(events)
    result = work()
    spools = Spool.objects.with_filament().filter(pk__in=spool_ids).order_by("pk")
    balances = [
        Balance(
            spool=spool,
            was_remaining=before[spool.pk].live_grams,
            was_reserved=before[spool.pk].reserved_grams,
        )
        for spool in spools
    ]
    return Preview(
        result=result,
        entries=list(entries.filter(pk__gt=last_entry).with_references().order_by("pk")),
        events=list(events.filter(pk__gt=last_event).select_related("spool").order_by("pk")),
        balances=[balance for balance in balances if balance.changes],
        after=after(),
    )


def _last(rows):
    return rows.order_by().aggregate(last=Max("pk"))["last"] or 0
