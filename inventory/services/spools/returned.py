"""Spools that are at their supplier: they come back by a reversal of the return, and by nothing
else."""

from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, SpoolEvent
from inventory.services.ledger import SpoolArchived
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment


class SpoolReturned(Refusal):
    code = "spool_returned"
    title = "The spool was returned to the supplier"


def standing_return(spool):
    """The entry by which an archived spool went back to its supplier, None where it did not."""
    if not spool.is_archived:
        return None
    returns = InventoryTransaction.objects.not_reversed().filter(spool=spool.pk, kind="return")
    entry = returns.order_by("-pk").first()
    if entry is None:
        return None
    restored = SpoolEvent.objects.filter(spool=spool.pk, verb=SpoolEvent.Verb.RESTORED)
    return None if restored.filter(at__gt=entry.created_at).exists() else entry


def require_not_returned(spools):
    """Raise SpoolReturned of the first of the locked spools that is at its supplier."""
    for spool in spools:
        if (entry := standing_return(spool)) is not None:
            raise SpoolReturned(_sentence(spool, entry), spool_id=spool.pk, entry_id=entry.pk)


def refusal_of_archived(spool):
    """SpoolArchived of an archived spool, with the way to have it back."""
    if (entry := standing_return(spool)) is not None:
        return SpoolArchived(_sentence(spool, entry), spool_id=spool.pk, entry_id=entry.pk)
    return SpoolArchived(
        _("Spool %(spool)s is archived since %(archived_at)s: restore it first.")
        % {"spool": spool.code, "archived_at": format_moment(spool.archived_at)},
        spool_id=spool.pk,
    )


def _sentence(spool, entry):
    text = _(
        "Spool %(spool)s was returned to the supplier on %(moment)s: reverse entry %(entry)s "
        "(return) to have it back."
    )
    figures = {"spool": spool.code, "entry": entry.pk, "moment": format_moment(entry.created_at)}
    return text % figures
