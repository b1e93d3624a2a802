"""Weighings of spools, posted as counts."""

from decimal import Decimal

from django.db.models import F, Value
from django.db.models.functions import Abs, Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import InventoryTransaction
from inventory.services import ledger, meters
from inventory.services.past import require_past
from inventory.services.spools import shelf
from inventory.services.spools.stating import SET
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment, format_number

IMPLAUSIBLE_SHARE = Decimal("0.10")
IMPLAUSIBLE_GRAMS = Decimal(50)
_CONFIRM = gettext_lazy("confirm that nothing is left")


class TareUnknown(Refusal):
    code = "tare_unknown"
    title = "The weight of the empty reel is unknown"


class WeighingImplausible(Refusal):
    code = "weighing_implausible"
    title = "This weight is hard to believe"


class EntriesSinceWeighing(Refusal):
    code = "entries_since_weighing"
    title = "The ledger has entries after this weighing"


@operation("spool.weigh")
def weigh(spool, *, gross_grams, by, at=None, weighed_at=None, basis=None, confirm=False, note=""):
    """Post the scale's reading as a count; returns the ledger entry.

    ``gross_grams`` is filament and reel together. Where entries were posted after ``weighed_at``,
    the weight is compared with the book as it stands (``basis`` "now") or at that moment ("then";
    later entries stay on top). ``confirm`` accepts an implausible weight.
    Raises SpoolArchived, TareUnknown, WeighingImplausible, EntriesSinceWeighing.
    """
    gross = to_grams(gross_grams, field="gross_grams")
    with shelf.locked(spool, by=by, at=at) as (book, spool):
        require_past(book.at, weighed_at=weighed_at)
        missed = _posted_since(spool, weighed_at, basis, gross)
        pending = meters.pending(book, spool)
        book_grams = spool.remaining_grams - missed - pending
        net = _net_weight(spool, gross, book_grams, confirm=confirm)
        balance = max(net + missed, ledger.ZERO) + pending
        occurred_at = weighed_at or book.at
        entry = book.count(spool, balance, note=note, reason="weighed", occurred_at=occurred_at)
        shelf.weighed(book, spool)
    return entry


def count_left(spool, *, remaining_grams, by, at=None, confirm=False):
    """Post what is left on the spool, net, as a count that is part of a verb; returns the ledger
    entry. Raises SpoolArchived, WeighingImplausible unless ``confirm``."""
    net = to_grams(remaining_grams, field="remaining_grams")
    with shelf.locked(spool, by=by, at=at) as (book, fresh):
        pending = meters.pending(book, fresh)
        _refuse_doubts(fresh, net, fresh.remaining_grams - pending, confirm=confirm)
        entry = book.count(fresh, net + pending, reason="weighed")
        shelf.weighed(book, fresh)
    return entry


def require_possible(spool, gross_grams):
    """Raise WeighingImplausible for a weight below the empty reel or above the full one."""
    gross, tare = to_grams(gross_grams, field="gross_grams"), spool.tare()
    if tare is None or tare <= gross <= tare + spool.initial_grams:
        return
    if gross < tare:
        raise below_reel(spool, gross, _CONFIRM)
    figures = {"tare": tare, "full": tare + spool.initial_grams, "gross": gross}
    message = _(
        "Spool %(spool)s weighs %(tare)s g empty and %(full)s g full; %(gross)s g can't be. "
        "Weigh again, or confirm."
    )
    raise WeighingImplausible(
        message % {"spool": spool.code, **_formatted(figures)},
        spool_id=spool.pk,
        gross_grams=gross,
        tare_grams=tare,
    )


def below_reel(spool, gross, advice, **numbers):
    """The refusal of a weight that is below that of the empty reel; ``advice`` is what to do
    besides weighing again and correcting the weight of the reel."""
    tare = spool.tare()
    figures = _formatted({"gross": gross, "less": tare - gross, "tare": tare})
    message = _(
        "Spool %(spool)s: the scale shows %(gross)s g, which is %(less)s g less than the empty "
        "reel (%(tare)s g). Weigh again, correct the weight of the reel, or %(advice)s."
    )
    return WeighingImplausible(
        message % {"spool": spool.code, "advice": advice, **figures},
        spool_id=spool.pk,
        gross_grams=gross,
        tare_grams=tare,
        net_grams=gross - tare,
        **numbers,
    )


def refuse_overfull(spool, net, book_grams):
    """Raise WeighingImplausible where it is far more than was received: more than a reel that is
    filled well has."""
    over = max(IMPLAUSIBLE_GRAMS, spool.initial_grams * IMPLAUSIBLE_SHARE)
    if net > spool.initial_grams + over:
        _refuse_doubts(spool, net, book_grams, confirm=False)


def net_of_gross(spool, gross):
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


def doubtful(since):
    """Weights by devices since then that nobody confirmed, and a person would have been asked
    about; the newest first."""
    weighed = InventoryTransaction.objects.counts().since(since)
    weighed = weighed.filter(source=InventoryTransaction.Source.DEVICE, reason__in=("weighed", SET))
    figures = {"off": Abs("grams"), "book": F("balance_grams") - F("grams")}
    doubted = weighed.alias(**figures).filter(
        off__gt=Greatest(F("book") * Value(IMPLAUSIBLE_SHARE), Value(IMPLAUSIBLE_GRAMS))
    )
    return doubted.with_references().order_by("-pk")


def _net_weight(spool, gross, book_grams, *, confirm):
    net = net_of_gross(spool, gross)
    against = {"book_grams": book_grams, "difference_grams": net - book_grams}
    if net < 0 and not confirm:
        raise below_reel(spool, gross, _CONFIRM, **against)
    _refuse_doubts(spool, net, book_grams, confirm=confirm, gross_grams=gross)
    return max(net, ledger.ZERO)


def _refuse_doubts(spool, net, book_grams, *, confirm, **numbers):
    doubts = _doubts(spool, net, book_grams)
    if doubts and not confirm:
        raise WeighingImplausible(
            _("Spool %(spool)s: %(doubts)s. Weigh again, or confirm.")
            % {"spool": spool.code, "doubts": "; ".join(doubts)},
            spool_id=spool.pk,
            tare_grams=spool.tare(),
            net_grams=net,
            book_grams=book_grams,
            difference_grams=net - book_grams,
            **numbers,
        )


def _doubts(spool, net, book_grams):
    off, doubts = abs(net - book_grams), []
    if net > spool.initial_grams:
        doubts.append(_("%(net)s g net is more than the %(received)s g received"))
    if off > IMPLAUSIBLE_GRAMS and off > book_grams * IMPLAUSIBLE_SHARE:
        doubts.append(_("%(net)s g net is %(off)s g off the book's %(book)s g"))
    figures = {"net": net, "off": off, "book": book_grams, "received": spool.initial_grams}
    return [doubt % _formatted(figures) for doubt in doubts]


def _formatted(figures):
    return {name: format_number(figure) for name, figure in figures.items()}


def _posted_since(spool, weighed_at, basis, gross):
    """Grams posted after ``weighed_at`` that the weight could not know of (signed)."""
    if weighed_at is None or spool.last_entry_at is None or weighed_at >= spool.last_entry_at:
        return ledger.ZERO
    before = spool.transactions.as_of(weighed_at).order_by("-pk").first()
    then = before.balance_grams if before else ledger.ZERO
    if basis == "now":
        return ledger.ZERO
    if basis == "then":
        return spool.remaining_grams - then
    message = _(
        "The ledger of spool %(spool)s moved after %(weighed_at)s: the book had %(then)s g "
        "then and has %(now)s g now. Say whether the later entries stay on top of this weight "
        "(basis: then) or are in it (basis: now)."
    )
    names = {"spool": spool.code, "weighed_at": format_moment(weighed_at)}
    raise EntriesSinceWeighing(
        message % (names | _formatted({"then": then, "now": spool.remaining_grams})),
        spool_id=spool.pk,
        gross_grams=gross,
        book_then_grams=then,
        book_now_grams=spool.remaining_grams,
    )
