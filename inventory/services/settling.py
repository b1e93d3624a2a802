"""What devices used beyond the book: the count that settled it stands only with that use.

The use comes right after its count, as the next entry of the spool; one that was revalued is posted
again after its reversal. The book of the spool is open.
"""

from decimal import Decimal

from django.db.models import Sum

from inventory.models import InventoryTransaction, UsageMeter
from inventory.models.ledger import CONSUMPTION, REVALUED, SETTLED, SETTLED_FOR_DEVICE

LARGEST = Decimal("99999999.999999")  # grams that a balance can hold


def reverse(book, use, **details):
    """Reverse a use, and the count that settled it for a device; returns the reversal of the use.

    Raises NotReversible.
    """
    reversal = book.reverse(use, **details)
    count = count_of(use)
    if count is not None:
        book.reverse(count, **details)
    return reversal


def count_of(use):
    """The standing count that settled a use for a device, or None."""
    if use.kind not in CONSUMPTION:
        return None
    before = _entries(use.spool_id).filter(pk__lt=use.pk).order_by("-pk")
    if use.reason == REVALUED:
        reversal = before.select_related("reverses").first()
        return count_of(reversal.reverses)
    last = before.filter(pk=before.values("pk")[:1])
    return last.filter(SETTLED_FOR_DEVICE).not_reversed().first()


def use_of(count):
    """The use that stands of what a count settled for a device, or None."""
    use = _after(count)
    while use is not None and hasattr(use, "reversed_by"):
        use = _after(use.reversed_by) if use.reversed_by.reason == REVALUED else None
    return use


def _settled(spools):
    """The ids of those of the spools of which a count stands that settled a use for a device."""
    counts = InventoryTransaction.objects.filter(SETTLED_FOR_DEVICE, spool__in=spools)
    return set(counts.not_reversed().order_by().values_list("spool", flat=True))


def end_excess(book, count):
    """Let what a count settled be excess no more, as that count was reversed. A count of what was
    seen on the spool since has ended it already."""
    spool = book.spools[count.spool_id]
    if not _entries(spool.pk).counts().filter(pk__gt=count.pk).exists():
        book.exceed(spool, -min(count.grams, spool.excess_grams))


def begin_excess(book, count):
    """Let what was used beyond the book before a count of what was seen, which was reversed, be
    excess again, as far as the ledger says. A count that was seen since has ended it."""
    spool = book.spools[count.spool_id]
    if book.settled is None:
        book.settled = _settled(book.spools)
    if spool.pk not in book.settled:
        return
    seen = _entries(spool.pk).counts().exclude(pk=count.pk).order_by("-pk").first()
    if seen is not None and seen.pk > count.pk:
        return
    settled = _entries(spool.pk).filter(SETTLED_FOR_DEVICE).not_reversed().filter(pk__lt=count.pk)
    settled = settled.filter(pk__gt=seen.pk) if seen else settled
    grams = settled.aggregate(grams=Sum("grams"))["grams"] or 0
    book.exceed(spool, min(grams, LARGEST - spool.excess_grams))


def settle_again(book, spool):
    """Take what came back to a spool for what devices used beyond the book, the latest first: with
    these grams, less of it is to be settled."""
    counts = _entries(spool.pk).filter(SETTLED_FOR_DEVICE).not_reversed().order_by("-pk")
    seen = _entries(spool.pk).counts().order_by("-pk").first()
    reversed_now = {entry.reverses for entry in book.entries if entry.reverses}
    for count in counts.filter(pk__gt=seen.pk if seen else 0):
        use = use_of(count)
        if not (spool.excess_grams and spool.remaining_grams):
            return
        if use is not None and not {use, count} & reversed_now:
            _use_again(book, spool, use, count)


def _use_again(book, spool, use, count):
    for entry in (use, count):
        book.reverse(entry, reason=SETTLED)
    take = book.waste if use.kind == "waste" else book.consume
    again = take(
        spool,
        -use.grams,
        settle=True,
        is_reported=True,
        run=use.production_run,
        occurred_at=use.occurred_at,
        by=use.performed_by,
        via=use.source,
        reason=use.reason,
        note=use.note,
    )
    meters = {meter.pk: meter for meter in UsageMeter.objects.filter(entry=use)}
    meters |= {meter.pk: meter for meter in book.meters if meter.pk}
    for meter in meters.values():
        if meter.entry_id == use.pk:
            meter.entry = again
            book.relink_meter(meter)


def _entries(spool):
    return InventoryTransaction.objects.filter(spool=spool)


def _after(entry):
    later = _entries(entry.spool_id).filter(pk__gt=entry.pk)
    found = later.select_related("reversed_by", "production_run", "performed_by")
    return found.order_by("pk").first()
