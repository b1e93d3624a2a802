"""What the scale says of a spool, posted as a count."""

from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import Spool
from inventory.services import ledger
from inventory.services.spools import shelf
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_moment, format_number

IMPLAUSIBLE_SHARE = Decimal("0.10")
IMPLAUSIBLE_GRAMS = Decimal(50)


class TareUnknown(Refusal):
    """Nobody said what the empty reel weighs, so the scale can't say what is on it."""

    code = "tare_unknown"
    title = "The weight of the empty reel is unknown"


class WeighingImplausible(Refusal):
    """A weight that is more likely a slip than the truth; may be confirmed."""

    code = "weighing_implausible"
    title = "This weight is hard to believe"


class EntriesSinceWeighing(Refusal):
    """The ledger moved after the moment the spool was weighed."""

    code = "entries_since_weighing"
    title = "The ledger has entries after this weighing"


@operation("spool.weigh")
def weigh(spool, *, gross_grams, by, at=None, weighed_at=None, basis=None, confirm=False, note=""):
    """Post what the scale says as a count; returns the ledger entry.

    ``gross_grams`` is filament and reel together. Where entries were posted after ``weighed_at``,
    ``basis`` says what the weight is compared with: "now" (the book as it stands) or "then" (the
    book at that moment; later entries stay on top). ``confirm`` accepts an implausible weight.
    Raises SpoolArchived, TareUnknown, WeighingImplausible, EntriesSinceWeighing.
    """
    gross = to_grams(gross_grams, field="gross_grams")
    with shelf.locked(spool, by=by, at=at) as (book, spool):
        _require_past(weighed_at, book.at)
        missed = _posted_since(spool, weighed_at, basis, gross)
        net = _net_weight(
            spool, gross, compared_with=spool.remaining_grams - missed, confirm=confirm
        )
        entry = book.count(
            spool,
            max(net + missed, ledger.ZERO),
            note=note,
            reason="weighed",
            occurred_at=weighed_at or book.at,
        )
    Spool.objects.filter(pk=spool.pk).update(needs_weighing=False)
    return entry


def require_possible(spool, gross_grams):
    """Raise WeighingImplausible for a weight below the empty reel or above the full one."""
    gross, tare = to_grams(gross_grams, field="gross_grams"), spool.tare()
    if tare is None or tare <= gross <= tare + spool.initial_grams:
        return
    full = format_number(tare + spool.initial_grams)
    raise WeighingImplausible(
        _(
            "Spool %(spool)s weighs %(tare)s g empty and %(full)s g full; %(gross)s g can't be. "
            "Weigh again, or confirm."
        )
        % {
            "spool": spool.code,
            "tare": format_number(tare),
            "full": full,
            "gross": format_number(gross),
        },
        spool_id=spool.pk,
        gross_grams=gross,
        tare_grams=tare,
    )


def net_of_gross(spool, gross):
    """Net grams by the scale. Raises TareUnknown."""
    tare = spool.tare()
    if tare is None:
        raise TareUnknown(
            _(
                "The weight of the empty reel of spool %(spool)s is not set: set it on the "
                "spool or its filament, or give the weight before and after the print."
            )
            % {"spool": spool.code},
            spool_id=spool.pk,
            gross_grams=gross,
        )
    return gross - tare


def _require_past(weighed_at, now):
    if weighed_at is not None and weighed_at > now:
        raise Invalid(
            _("%(weighed_at)s is still to come.") % {"weighed_at": format_moment(weighed_at)},
            errors={"weighed_at": [_("A spool can't have been weighed in the future.")]},
        )


def _net_weight(spool, gross, *, compared_with, confirm):
    net = net_of_gross(spool, gross)
    doubts = _doubts(spool, net, compared_with)
    if doubts and not confirm:
        raise WeighingImplausible(
            _("Spool %(spool)s: %(doubts)s. Weigh again, or confirm.")
            % {"spool": spool.code, "doubts": "; ".join(doubts)},
            spool_id=spool.pk,
            gross_grams=gross,
            tare_grams=spool.tare(),
            net_grams=net,
            book_grams=compared_with,
            difference_grams=net - compared_with,
        )
    return max(net, ledger.ZERO)


def _doubts(spool, net, book_grams):
    doubts = []
    if net < 0:
        doubts.append(
            _("the scale shows %(net)s g less than the empty reel") % {"net": format_number(-net)}
        )
    if net > spool.initial_grams:
        doubts.append(
            _("%(net)s g net is more than the %(initial_grams)s g received")
            % {"net": format_number(net), "initial_grams": format_number(spool.initial_grams)}
        )
    off = abs(net - book_grams)
    if off > IMPLAUSIBLE_GRAMS and off > book_grams * IMPLAUSIBLE_SHARE:
        doubts.append(
            _("%(net)s g net is %(off)s g off the book's %(book_grams)s g")
            % {
                "net": format_number(net),
                "off": format_number(off),
                "book_grams": format_number(book_grams),
            }
        )
    return doubts


def _posted_since(spool, weighed_at, basis, gross):
    """Grams posted after ``weighed_at`` that the weight could not know of (signed)."""
    if weighed_at is None or spool.last_entry_at is None or weighed_at >= spool.last_entry_at:
        return ledger.ZERO
    before = spool.transactions.filter(created_at__lte=weighed_at).order_by("-pk").first()
    then = before.balance_grams if before else ledger.ZERO
    if basis == "now":
        return ledger.ZERO
    if basis == "then":
        return spool.remaining_grams - then
    raise EntriesSinceWeighing(
        _(
            "The ledger of spool %(spool)s moved after %(weighed_at)s: the book had %(then)s g "
            "then and has %(remaining_grams)s g now. Say whether the later entries stay on top "
            "of this weight (basis: then) or are in it (basis: now)."
        )
        % {
            "spool": spool.code,
            "weighed_at": format_moment(weighed_at),
            "then": format_number(then),
            "remaining_grams": format_number(spool.remaining_grams),
        },
        spool_id=spool.pk,
        gross_grams=gross,
        book_then_grams=then,
        book_now_grams=spool.remaining_grams,
    )
