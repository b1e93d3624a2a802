"""Spools that a hold covers go back to their supplier, all at once."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from django.utils.translation import gettext as _

from inventory.models import Hold, Spool
from inventory.services import holds, ledger, returning
from inventory.services.spools.shelf import SpoolClaimed, SpoolLoaded
from production.services.holds import in_use
from tenants.operations.operation import operation, with_dry_run
from tenants.operations.quantities import money

STEP = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class LeftSpool:
    """A spool that stays, with the code of the refusal and a sentence."""

    spool: Spool
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class HoldReturn:
    """The entries of spools that go back, and the LeftSpools."""

    hold: Hold
    entries: list
    left: list

    @property
    def grams(self):
        return -sum((entry.grams for entry in self.entries), Decimal(0))


@with_dry_run
@operation("hold.return")
def return_held(hold, *, by, at=None, credit=None, note=""):
    """Give the spools of a hold that are on the shelf back to their supplier; returns a HoldReturn.

    What is in a printer, named by an open run, or empty by the book stays, and is listed.
    ``credit`` is of all that goes back, shared out by grams; None is not known. The hold stays
    open: what is taken back is still held. Raises HoldReleased, NothingToReturn, InvalidQuantity.
    """
    credit = None if credit is None else money(credit, field="credit")
    hold = holds.locked_open(hold)
    ids = hold.spools().on_shelf().values_list("pk", flat=True)
    with ledger.book(ids, by=by, at=at) as book:
        left = {each.spool.pk: each for each in _left(hold, book.spools.values())}
        going = [spool for pk, spool in book.spools.items() if pk not in left]
        if not going:
            raise _nothing(hold, left.values())
        details = {"reason": returning.RETURNED, "note": note or hold.reason}
        credits = _shares(credit, [spool.remaining_grams for spool in going])
        for spool, share in zip(going, credits, strict=True):
            returning.send_back(book, spool, credit=share, **details)
        entries = list(book.entries)
    return HoldReturn(hold=hold, entries=entries, left=list(left.values()))


def _left(hold, spools):
    """LeftSpools, of those that are locked: in use first."""
    found = {}
    for each in in_use(hold):
        names = {"spool": each.spool.code, "slot": each.slot}
        names["runs"] = ", ".join(run.number for run in each.runs)
        if each.runs:
            code, text = SpoolClaimed.code, _("Open runs name spool %(spool)s: %(runs)s.")
        else:
            code, text = SpoolLoaded.code, _("Spool %(spool)s is in %(slot)s.")
        found[each.spool.pk] = LeftSpool(spool=each.spool, code=code, detail=text % names)
    for spool in spools:
        if not spool.remaining_grams and spool.pk not in found:
            detail = _("Spool %(spool)s is empty by the book.") % {"spool": spool.code}
            code = returning.NothingToReturn.code
            found[spool.pk] = LeftSpool(spool=spool, code=code, detail=detail)
    return found.values()


def _nothing(hold, left):
    sentences = [each.detail for each in left] or [_("It has no spool on the shelf.")]
    return returning.NothingToReturn(
        _("%(hold)s: nothing can go back. %(why)s") % {"hold": hold, "why": " ".join(sentences)},
        hold_id=hold.pk,
        spool_ids=[each.spool.pk for each in left],
    )


def _shares(credit, grams):
    """The credit of each by its grams, to the fourth place; the last one takes the remainder."""
    if credit is None:
        return [None] * len(grams)
    total = sum(grams)
    shares = [(credit * each / total).quantize(STEP, rounding=ROUND_DOWN) for each in grams[:-1]]
    return [*shares, credit - sum(shares)]
