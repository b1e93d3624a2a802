"""Filament that no run took: used, wasted, gone or corrected by hand.

Quantities are net grams unless they are called gross (filament and reel together).
"""

from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction
from inventory.services import ledger, meters
from inventory.services.spools import scale, shelf
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_number

Kind = InventoryTransaction.Kind
REASON_LENGTH = InventoryTransaction._meta.get_field("reason").max_length


class NothingToPost(Invalid):
    code = "nothing_to_post"
    title = "This would post nothing"


class AfterAboveBook(Invalid):
    code = "after_above_book"
    title = "The spool weighs more than by the book"


class NotEmptyByBook(Refusal):
    code = "not_empty_by_book"
    title = "By the book the spool is far from empty"


class ReasonMissing(Invalid):
    code = "reason_missing"
    title = "A reason is needed"


@operation("spool.use")
def use(
    spool, *, by, at=None, grams=None, gross_after_grams=None, reason="", note="", confirm=False
):
    """Take filament for what no run knows of (a test print, a sample); returns the ledger entry.

    Give ``grams``, or ``gross_after_grams``: what was used is then the book minus the net weight.
    ``confirm`` accepts a weight below the empty reel's (all of it was used). Raises SpoolArchived,
    InsufficientInventory, NothingToPost, AfterAboveBook, TareUnknown, WeighingImplausible.
    """
    details = {"confirm": confirm, "by": by, "at": at, "reason": reason, "note": note}
    return _take(spool, Kind.USAGE, grams, gross_after_grams, **details)


@operation("spool.waste")
def waste(
    spool, *, by, at=None, grams=None, gross_after_grams=None, reason="", note="", confirm=False
):
    """Take filament of which nothing usable came, outside of any run; as ``use``."""
    details = {"confirm": confirm, "by": by, "at": at, "reason": reason, "note": note}
    return _take(spool, Kind.WASTE, grams, gross_after_grams, **details)


@operation("spool.empty")
def empty(spool, *, by, at=None, as_="count", reason="emptied", note="", confirm=False):
    """Post that nothing is left on the spool; returns the ledger entry.

    What the book still had is posted as a count to 0 (its use is unknown), or with
    ``as_="waste"`` as waste. ``confirm`` accepts a count that takes more than a weighing may
    be off. Raises SpoolArchived, NotEmptyByBook, NothingToPost.
    """
    if as_ not in (Kind.COUNT, Kind.WASTE):
        errors = {"as": [_("Either count or waste.")]}
        raise Invalid(_("What is left is a count or waste."), errors=errors)
    details = reason_and_note(reason, note)
    with shelf.locked(spool, by=by, at=at) as (book, fresh):
        left = fresh.live_grams
        if as_ == Kind.WASTE:
            entry = book.waste(fresh, _nonzero(left), is_counted=True, **details)
        else:
            _require_nearly_empty(fresh, confirm)
            entry = book.count(fresh, meters.in_book(fresh, ledger.ZERO), **details)
        shelf.weighed(book, fresh)
    return entry


@operation("spool.adjust")
def adjust(spool, *, grams, reason, by, at=None, note=""):
    """Correct the book by signed ``grams``, with a ``reason``; returns the ledger entry.

    Raises ReasonMissing, NothingToPost, InvalidQuantity, SpoolArchived, InsufficientInventory.
    """
    grams = _nonzero(to_grams(grams, signed=True))
    details = reason_and_note(require_reason(reason), note)
    with shelf.locked(spool, by=by, at=at) as (book, fresh):
        to_grams(fresh.remaining_grams + grams, signed=True)  # must fit the book afterwards
        return book.adjust(fresh, grams, **details)


def _take(spool, kind, grams, gross, *, confirm, by, at, reason, note):
    details = reason_and_note(reason, note)
    with shelf.locked(spool, by=by, at=at) as (book, fresh):
        if (grams is None) == (gross is None):
            message = _("Enter either what was taken, or what the scale shows after it.")
            raise Invalid(message, errors={"grams": [_("Either this or gross_after_grams.")]})
        used = to_grams(grams) if gross is None else _used_by_scale(fresh, gross, confirm)
        take = book.consume if kind == Kind.USAGE else book.waste
        entry = take(fresh, _nonzero(used), is_counted=gross is not None, **details)
        if gross is not None:
            shelf.weighed(book, fresh)
    return entry


def _used_by_scale(spool, gross, confirm):
    gross = to_grams(gross, field="gross_after_grams")
    net = scale.net_of_gross(spool, gross)
    if net > spool.live_grams:
        raise AfterAboveBook(
            _(
                "Spool %(spool)s holds %(net)s g by the scale, but only %(remaining_grams)s g "
                "by the book. Weigh it first."
            )
            % {
                "spool": spool.code,
                "net": format_number(net),
                "remaining_grams": format_number(spool.live_grams),
            },
            errors={"gross_after_grams": [_("More than the book has.")]},
            spool_id=spool.pk,
            net_grams=net,
            remaining_grams=spool.live_grams,
        )
    if net < 0 and not confirm:
        raise scale.below_reel(spool, gross, _("confirm that all of it was used"))
    return spool.live_grams - max(net, ledger.ZERO)


def _nonzero(grams):
    if grams == 0:
        raise NothingToPost(_("0 g are no entry."), errors={"grams": [_("Must not be 0.")]})
    return grams


def require_reason(reason):
    """The ``reason``, which can't be left out. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing(_("A correction needs a reason."), errors={"reason": [_("Needed.")]})
    return reason


def reason_and_note(reason, note):
    """The details of an entry. Raises Invalid when the reason is too long."""
    reason = reason.strip()
    if len(reason) > REASON_LENGTH:
        most = {"most": REASON_LENGTH}
        message = _("A reason has at most %(most)s characters; the rest belongs in the note.")
        errors = {"reason": [_("At most %(most)s characters.") % most]}
        raise Invalid(message % most, errors=errors)
    return {"reason": reason, "note": note}


def _require_nearly_empty(spool, confirm):
    if spool.live_grams > scale.IMPLAUSIBLE_GRAMS and not confirm:
        left = spool.live_grams
        raise NotEmptyByBook(
            _("By the book %(left)s g are left on spool %(spool)s: confirm that it is empty.")
            % {"left": format_number(left), "spool": spool.code},
            spool_id=spool.pk,
            remaining_grams=left,
        )
