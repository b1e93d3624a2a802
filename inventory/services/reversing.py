"""Reversal of an entry that no run made."""

from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, Spool, SpoolEvent
from inventory.models.ledger import COMPENSATED, REVALUED
from inventory.services import settling
from inventory.services.spools import shelf
from inventory.services.spools.consumption import reason_and_note, require_reason
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment

Kind = InventoryTransaction.Kind


class EntryOfRun(Refusal):
    code = "entry_of_run"
    title = "A production run made this entry"


class AlreadyReversed(Refusal):
    code = "already_reversed"
    title = "This entry is reversed already"


class ReceiptInUse(Refusal):
    code = "receipt_in_use"
    title = "The spool has other entries that stand"


class CompensatingCount(Refusal):
    code = "keeps_a_count"
    title = "This entry keeps what was weighed"


class CountOfUse(Refusal):
    code = "settles_a_use"
    title = "This entry goes with a use"


class CountedSince(Refusal):
    code = "counted_since"
    title = "The spool was counted since"


@operation("inventory_transaction.reverse")
def reverse(entry, *, reason, by, at=None, note="", confirm=False):
    """Undo an entry that no run made; returns the reversal.

    ``confirm`` undoes also an entry that is older than the spool's last count; the spool then
    needs weighing, as it does where it did before a weighing that is undone. The count that settled
    what a device used goes with that use, and a spool whose return is undone is on the shelf again.
    Raises EntryOfRun, AlreadyReversed, NotReversible, CompensatingCount, CountOfUse, ReceiptInUse,
    CountedSince, InsufficientInventory, SpoolArchived.
    """
    details = reason_and_note(require_reason(reason), note)
    is_return = entry.kind == Kind.RETURN
    with shelf.locked(entry.spool, by=by, at=at, archived_too=is_return) as (book, spool):
        entry = InventoryTransaction.objects.select_related("production_run").get(pk=entry.pk)
        _require_reversible(entry)
        since = Q(pk__gt=entry.pk)
        if entry.reason == REVALUED:  # it is as old as what it was posted for
            since |= Q(created_at__gt=entry.occurred_at)
        counts = InventoryTransaction.objects.counts().filter(since, spool=spool.pk)
        counted = counts.order_by("-pk").first()
        if counted and not confirm:
            raise CountedSince(
                _(
                    "Spool %(spool)s was counted %(created_at)s, after this entry: undoing it "
                    "would change what was counted. Confirm, and weigh the spool again."
                )
                % {"spool": spool.code, "created_at": format_moment(counted.created_at)},
                spool_id=spool.pk,
                entry_id=entry.pk,
                counted_entry_id=counted.pk,
                balance_grams=spool.remaining_grams,
            )
        reversal = settling.reverse(book, entry, **details)
        if is_return:
            shelf.bring_back(book, spool)
        weighed = {"verb": SpoolEvent.Verb.WEIGHED, "at": entry.created_at}
        if counted or spool.events.filter(**weighed).exists():
            Spool.objects.filter(pk=spool.pk).update(needs_weighing=True)
    return reversal


def _require_reversible(entry):
    if run := entry.production_run:
        raise EntryOfRun(
            _("Run %(run)s made this entry: revert or correct the run instead.")
            % {"run": run.number},
            run_id=run.pk,
            run_number=run.number,
        )
    if reversal := InventoryTransaction.objects.filter(reverses=entry).first():
        raise AlreadyReversed(
            _("Entry %(entry)s was reversed %(created_at)s.")
            % {"entry": entry.pk, "created_at": format_moment(reversal.created_at)},
            entry_id=entry.pk,
            reversed_by_id=reversal.pk,
        )
    if entry.kind == Kind.COUNT and entry.reason == COMPENSATED:
        raise CompensatingCount(
            _(
                "Entry %(entry)s came with the correction of a run and keeps the weighed "
                "balance: correct that run again, or weigh the spool."
            )
            % {"entry": entry.pk},
            entry_id=entry.pk,
            spool_id=entry.spool_id,
        )
    _require_no_use(entry)
    others = InventoryTransaction.objects.not_reversed().filter(spool=entry.spool_id)
    if entry.kind == Kind.RECEIPT and (
        standing := others.exclude(pk=entry.pk).exclude(grams=0).count()
    ):
        raise ReceiptInUse(
            _("%(standing)s other entries of the spool stand: take those back first.")
            % {"standing": standing},
            spool_id=entry.spool_id,
            entries=standing,
        )


def _require_no_use(entry):
    use = settling.use_of(entry) if entry.settles_for_device else None
    if use is not None:
        raise CountOfUse(
            _(
                "Entry %(entry)s counts what a device used beyond the book, in entry %(use)s: "
                "reverse that, and both are."
            )
            % {"entry": entry.pk, "use": use.pk},
            entry_id=entry.pk,
            use_entry_id=use.pk,
        )
