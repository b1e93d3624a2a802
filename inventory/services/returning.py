"""Spools that go back to their supplier: all that is left is an entry of its own kind, with what
the supplier credits, and the spool is archived. Reversing that entry takes it back."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.services.spools import shelf
from inventory.services.spools.consumption import reason_and_note
from tenants.operations.operation import operation
from tenants.operations.quantities import money
from tenants.operations.refusals import Refusal

RETURNED = "returned"  # the reason, and the event
ADVICE = gettext_lazy("take it out before it goes back to the supplier")


class NothingToReturn(Refusal):
    code = "nothing_to_return"
    title = "Nothing is left to be returned"


@operation("spool.return")
def return_spool(spool, *, by, at=None, credit=None, reason="", note=""):
    """Give the spool back to its supplier, with what is left on it; returns the ledger entry.

    ``credit`` is what the supplier pays back for it, None where that is not known. Raises
    NothingToReturn, SpoolClaimed, SpoolLoaded, SpoolArchived, InvalidQuantity.
    """
    credit = None if credit is None else money(credit, field="credit")
    details = reason_and_note(reason.strip() or RETURNED, note)
    with shelf.locked(spool, by=by, at=at) as (book, fresh):
        shelf.require_unclaimed(fresh)
        shelf.require_unloaded(fresh, ADVICE)
        if not fresh.remaining_grams:
            raise NothingToReturn(
                _("Spool %(spool)s is empty by the book: archive it, or weigh it first.")
                % {"spool": fresh.code},
                spool_id=fresh.pk,
            )
        return send_back(book, fresh, credit=credit, **details)


def send_back(book, spool, **details):
    """Post the return of a locked spool that is in use nowhere, and archive it."""
    entry = book.send_back(spool, **details)
    spool.archived_at = book.at
    shelf.write(book, spool, "archived_at")
    shelf.record(book, spool, shelf.Verb.ARCHIVED, before=RETURNED, after="0 g")
    return entry
