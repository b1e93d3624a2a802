"""Undo of a delivery: spools that were received together leave the shelf together.

A delivery is the receipts of one moment, by one person, through one interface; so is an imported
table of spools.
"""

from django.db.models import F, Q
from django.utils.translation import gettext as _

from inventory import codes
from inventory.models import InventoryTransaction, Spool, SpoolEvent, UsageMeter
from inventory.models.ledger import USED_BEFORE
from inventory.services import ledger
from production.models import PrinterSlot, ProductionRun
from production.services import overrides
from production.services.undo.loads import TAKEN_BACK
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation

Verb = SpoolEvent.Verb
AS_RECEIVED = 2  # the version of a spool that had its receipt, and nothing else
OF_RECEIPT = Q(kind="receipt") | Q(kind="adjustment", reason=USED_BEFORE)
TOUCHED = (
    Q(spool__version__gt=AS_RECEIVED)
    | Q(spool__run_materials__isnull=False)
    | Q(spool__meters__isnull=False)
)


def receipts():
    return InventoryTransaction.objects.filter(kind="receipt")


def may_be_undone(spool):
    """Whether nothing was done to the spool since its receipt."""
    is_as_received = spool.version == AS_RECEIVED
    is_archived_since = spool.is_archived and spool.archived_at != spool.created_at
    return is_as_received and not is_archived_since and not spool.meters.exists()


def together_with(spool):
    """The ids of the spools that were received with it."""
    return _delivery(spool.transactions.get(kind="receipt"))


@operation("spool.undo_receipt")
def undo_receipt(receipt, *, by, at=None):
    """Take back the delivery that a ``receipt`` is of, while nothing happened to its spools;
    returns them: empty, archived, with new codes.

    Their labels are blank again, for spools that are received instead. Raises UndoNotPermitted,
    NothingToUndo.
    """
    overrides.require_own(by=by, done_by=receipt.performed_by_id, done_at=receipt.created_at, at=at)
    ids = _delivery(receipt)
    with ledger.book(ids, by=by, at=at) as book:
        if InventoryTransaction.objects.filter(reverses=receipt).exists():
            raise overrides.NothingToUndo(
                _("This delivery was taken back already."), spool_id=receipt.spool_id
            )
        spools = list(book.spools.values())
        _require_untouched(spools)
        entries = InventoryTransaction.objects.filter(spool__in=ids)
        for entry in entries.order_by("-pk"):
            book.reverse(entry, reason=TAKEN_BACK)
        _put_away(book, spools)
    return spools


def _delivery(receipt):
    """The ids of the spools that were received with it."""
    same = {"created_at": receipt.created_at, "performed_by": receipt.performed_by_id}
    entries = receipts().filter(source=receipt.source, **same)
    ids = list(entries.values_list("spool", flat=True))
    if receipt.kind != "receipt" or receipt.spool_id not in ids:
        raise overrides.NothingToUndo(
            _("Entry %(entry)s is no delivery.") % {"entry": receipt.pk}, spool_id=receipt.spool_id
        )
    return ids


def _put_away(book, spools):
    events = []
    for spool in spools:
        before, spool.code, spool.archived_at = spool.code, codes.generate(), book.at
        event = {"spool": spool, "by": book.by, "at": book.at}
        labels = {"before": f"{TAKEN_BACK}: {before}", "after": spool.code}
        events += [
            SpoolEvent(verb=Verb.RELABELLED, **labels, **event),
            SpoolEvent(verb=Verb.ARCHIVED, before=TAKEN_BACK, after="0 g", **event),
        ]
    bulk_update(spools, ("code", "archived_at"))
    SpoolEvent.objects.bulk_create(events)


def _require_untouched(spools):
    """Raise NothingToUndo with what happened to the first of them that was touched."""
    reasons = _reasons(spools)
    if spool := next((spool for spool in spools if spool.pk in reasons), None):
        template, figures = reasons[spool.pk]
        message = _(
            "%(reason)s Its delivery can't be taken back as a whole any more. Archive each spool "
            "that should not be here; a manager does it in the admin."
        )
        raise overrides.NothingToUndo(
            message % {"reason": template % {"spool": spool.code, **figures}},
            spool_id=spool.pk,
            spool_ids=sorted(reasons),
        )


def _reasons(spools):
    """``{id of the spool: (template, figures)}`` of what happened to it, the gravest of it."""
    ids = {spool.pk for spool in spools}
    is_changed = _("Spool %(spool)s was changed since."), {}
    reasons = {spool.pk: is_changed for spool in spools if spool.version > AS_RECEIVED}
    metered = _("A device reported that spool %(spool)s was used."), {}
    meters = UsageMeter.objects.filter(spool__in=ids)
    reasons |= dict.fromkeys(meters.values_list("spool", flat=True), metered)
    entries = InventoryTransaction.objects.not_metered().filter(spool__in=ids)
    entries = entries.exclude(OF_RECEIPT)
    has_entries = _("Spool %(spool)s has other entries by now."), {}
    reasons |= dict.fromkeys(entries.values_list("spool", flat=True), has_entries)
    runs = ProductionRun.objects.live().filter(materials__spool__in=ids)
    for pk, number in runs.order_by("-pk").values_list("materials__spool", "number"):
        reasons[pk] = _("Spool %(spool)s is named by run %(run)s."), {"run": number}
    for slot in PrinterSlot.objects.filter(spool__in=ids).select_related("printer"):
        reasons[slot.spool_id] = _("Spool %(spool)s is in %(slot)s."), {"slot": slot}
    gone = Spool.objects.archived().filter(pk__in=ids).exclude(archived_at=F("created_at"))
    gone = gone.values_list("pk", flat=True)
    return reasons | dict.fromkeys(gone, (_("Spool %(spool)s is archived."), {}))
