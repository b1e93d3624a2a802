"""Receipt of spools: one, or many equal ones at once."""

from decimal import ROUND_DOWN, Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Spool
from inventory.models.ledger import OPENING, USED_BEFORE
from inventory.services import clock, doubles, held_spools, ledger
from inventory.services.past import require_past
from inventory.services.spools import blank_labels, scale, shelf, stating, tags
from tenants.accounts import audited
from tenants.accounts.models import FarmSettings
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.quantities import money
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import compose_names, format_number

MAX_AT_ONCE = 200
PRICE_STEP = Decimal("0.0001")
ASSUMED = Decimal(1000)


class FilamentInactive(Refusal):
    code = "filament_inactive"
    title = "The filament is out of use"


@operation("spool.receive")
def receive(
    *, filament, by, at=None, initial_grams=None, remaining_grams=None, gross_grams=None,
    received_on=None, price=None, **details,
):  # fmt: skip
    """Put one new spool on the shelf and post its receipt; returns the spool.

    ``initial_grams`` is net and defaults to the filament's nominal net grams, ``price`` is of
    this spool. Of a spool that was used before, ``remaining_grams`` (net) or ``gross_grams`` (what
    the scale shows) is what is left; the rest is adjusted away. ``received_on`` is the farm's date
    of today unless given. Raises Invalid, InvalidQuantity, FilamentInactive, TareUnknown.
    """
    at = at or clock.now()
    spool = unsaved(
        filament=doubles.present(filament),
        initial_grams=initial_grams,
        price=price,
        received_on=_day_of_receipt(received_on, at),
        created_at=at,
        **details,
    )
    left = set_left(spool, remaining_grams=remaining_grams, gross_grams=gross_grams, at=at)
    spool.save(force_insert=True)
    held_spools.follow([spool], by=by, at=at)
    with ledger.book([spool.pk], by=by, at=at) as book:
        post_receipt(book, book.spools[spool.pk], left)
    return book.spools[spool.pk]


@operation("spool.receive_stated")
def receive_stated(
    *, filament, by, at=None, initial_grams=None, used_grams=None, remaining_grams=None,
    tare_grams=None, is_archived=False, note="", **details,
):  # fmt: skip
    """Put one new spool on the shelf as a client of the printers' API describes it; returns it.

    Where ``initial_grams`` (net, by default the filament's net grams) are not known or 0, ASSUMED
    are received, and it is to be weighed. What was used before is adjusted away, and what goes
    beyond the initial grams is kept as excess; give ``used_grams`` or ``remaining_grams``. The
    reel weighs what the filament's does. Raises Invalid, InvalidQuantity, FilamentInactive.
    """
    at = at or clock.now()
    # Not removed meanwhile; the check of the foreign key waits for nobody until the commit.
    filament = doubles.present(filament)
    initial = filament.net_grams if initial_grams is None else initial_grams
    spool = unsaved(
        filament=filament,
        initial_grams=initial or ASSUMED,
        received_on=_day_of_receipt(None, at),
        tare_grams=filament.tare_grams if tare_grams is None else tare_grams,
        is_initial_assumed=not initial,
        needs_weighing=not initial,
        has_given_use_dates=bool(details.keys() & {"first_used_at", "last_used_at"}),
        created_at=at,
        **{"price": None, **details},
    )
    used = _used(spool, used_grams, remaining_grams)
    spool.opened_at = at if used else None
    spool.excess_grams = max(used - spool.initial_grams, ledger.ZERO)
    spool.save(force_insert=True)
    held_spools.follow([spool], by=by, at=at)
    with ledger.book([spool.pk], by=by, at=at) as book:
        received = book.spools[spool.pk]
        book.receive(received, note=note)
        if opening := min(used, received.initial_grams):
            book.adjust(received, -opening, reason=OPENING, note=note)
    if is_archived:
        return shelf.archive(received, by=by, at=at, discard=False)
    return received


@operation("spool.receive_tagged")
def receive_tagged(uids, *, by, at=None, **fields):
    """`receive_stated`, with these tags on the new spool. Where one of them is on a spool already,
    it is that one, with the ``extra`` values; returns it."""
    tags.lock(uids)
    if spool := tags.found(uids):
        return tags.describe(spool, by=by, at=at, extra=fields["extra"])
    spool = receive_stated(by=by, at=at, **fields)
    for uid in uids:
        spool = tags.bind(spool, uid=uid, by=by, at=at).spool
    return spool


def _used(spool, used, remaining):
    """Grams that were used of an unsaved spool."""
    if remaining is None:
        return to_grams(used or 0, field="used_grams")
    if spool.is_initial_assumed:
        raise stating.initial_unknown(spool)
    left = to_grams(remaining, field="remaining_grams")
    return max(spool.initial_grams - left, ledger.ZERO)


def _removed(filament):
    message = _("%(filament)s is removed: restore it first, or choose another.")
    errors = {"filament": [_("It is removed.")]}
    return FilamentInactive(message % {"filament": filament}, errors=errors)


def unsaved(*, filament, initial_grams, price, **details):
    """A new spool, checked and not saved yet: its receipt must follow. Raises Invalid,
    InvalidQuantity, FilamentInactive."""
    if filament.is_removed:
        raise _removed(filament)
    if not filament.is_active:
        message = _("%(filament)s is out of use: put it in use again, or choose another.")
        errors = {"filament": [_("It is out of use.")]}
        raise FilamentInactive(message % {"filament": filament}, errors=errors)
    if initial_grams is None and filament.net_grams is None:
        message = _("How much is on it? %(filament)s has no nominal net grams to go by.")
        errors = {"initial_grams": [_("Needed: the filament has no nominal net grams.")]}
        raise Invalid(message % {"filament": filament}, errors=errors)
    net = filament.net_grams if initial_grams is None else initial_grams
    net = to_grams(net, field="initial_grams")
    if net == 0:
        errors = {"initial_grams": [_("Must be more than 0.")]}
        raise Invalid(_("A spool holds more than 0 g."), errors=errors)
    price = None if price is None else money(price)
    spool = Spool(filament=filament, initial_grams=net, price=price, **details)
    compose_names(spool)
    spool.clean_fields(exclude={"filament", "location"})
    return spool


def set_left(spool, *, remaining_grams, gross_grams, at):
    """Net grams that are left on an unsaved spool, which is open if some were used before; all
    where neither is given. Raises Invalid, InvalidQuantity, TareUnknown."""
    if remaining_grams is not None and gross_grams is not None:
        raise Invalid(
            _("Give what is left or what the scale shows, not both."),
            errors={"gross_grams": [_("Either this or remaining_grams.")]},
        )
    left, field = spool.initial_grams, "remaining_grams"
    if remaining_grams is not None:
        left = to_grams(remaining_grams, field=field)
    elif gross_grams is not None:
        field = "gross_grams"
        left = _net_of(spool, to_grams(gross_grams, field=field))
    if not 0 <= left <= spool.initial_grams:
        message = _(
            "%(left)s g can't be left of %(initial)s g. Check what is left and what was new."
        )
        figures = {"left": left, "initial": spool.initial_grams}
        message %= {name: format_number(figure) for name, figure in figures.items()}
        raise Invalid(message, errors={field: [message]})
    if left < spool.initial_grams:
        spool.opened_at = spool.opened_at or at
    return left


def post_receipt(book, spool, left):
    """Post the receipt of a new spool, and what was used of it before it was in the book."""
    book.receive(spool)
    if left < spool.initial_grams:
        note = _("What was used before the spool was in this book.")
        book.adjust(spool, left - spool.initial_grams, reason=USED_BEFORE, note=note)


def require_tare(spool):
    """The grams of its empty reel. Raises TareUnknown."""
    if (tare := spool.tare()) is not None:
        return tare
    raise scale.TareUnknown(
        _("The empty reel of %(filament)s has no weight yet: enter it, or give what is left.")
        % {"filament": spool.filament},
        errors={"gross_grams": [_("The weight of the empty reel is not set.")]},
    )


def _net_of(spool, gross):
    tare = require_tare(spool)
    if gross < tare:
        message = _(
            "The empty reel of %(filament)s weighs %(tare)s g: %(gross)s g can't be one with "
            "filament on it. Weigh again, or correct the weight of the reel."
        )
        figures = {"tare": format_number(tare), "gross": format_number(gross)}
        message %= {"filament": spool.filament, **figures}
        raise Invalid(message, errors={"gross_grams": [message]})
    return gross - tare


@operation("spool.receive_many")
def receive_many(
    *, filament, by, count=None, codes=(), at=None, initial_grams=None, remaining_grams=None,
    gross_grams=None, price=None, total_price=None, received_on=None, **details,
):  # fmt: skip
    """Put ``count`` (1 to 200) equal new spools on the shelf; returns them in order of their ids.

    ``codes`` are those of blank labels that were put on them, one for each spool (then ``count``
    may be left out). ``price`` is of each; ``total_price`` is of all together and is shared out to
    the fourth place, the last spool takes the remainder. All else is as in ``receive``, and of
    each. The number of statements does not depend on the count. Raises InvalidSpoolCode,
    Duplicate, and what ``receive`` raises.
    """
    at = at or clock.now()
    prices = _prices(_counted(count, codes), price, total_price)
    labels = [{"code": code} for code in blank_labels.require_blank(codes)] or [{}] * len(prices)
    details |= {"filament": doubles.present(filament), "initial_grams": initial_grams}
    details |= {"received_on": _day_of_receipt(received_on, at), "created_at": at}
    new = [
        unsaved(price=each, **details, **label) for each, label in zip(prices, labels, strict=True)
    ]
    left = {"remaining_grams": remaining_grams, "gross_grams": gross_grams, "at": at}
    (left,) = {set_left(spool, **left) for spool in new}
    with audited.refusals(new[0]):  # a label that somebody else binds at this moment
        received = Spool.objects.bulk_create(new)
    held_spools.follow(received, by=by, at=at)
    with ledger.book([spool.pk for spool in received], by=by, at=at) as book:
        for spool in book.spools.values():
            post_receipt(book, spool, left)
    return list(book.spools.values())


def _day_of_receipt(given, at):
    today = FarmSettings.load().local_date(at or timezone.now())
    require_past(today, received_on=given)
    return given or today


def _counted(count, codes):
    """How many spools there are, by their count or by the labels on them."""
    if codes and count not in (None, len(codes)):
        figures = {"labels": len(codes), "count": count}
        message = _("%(labels)s labels were scanned for %(count)s spools: each needs one.")
        error = _("%(labels)s labels for %(count)s spools.") % figures
        raise Invalid(message % figures, errors={"codes": [error]})
    count = count or len(codes)
    if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= MAX_AT_ONCE:
        figures = {"most": MAX_AT_ONCE}
        message = _("Between 1 and %(most)s spools are received at once.")
        error = _("Between 1 and %(most)s.") % figures
        raise Invalid(message % figures, errors={"count": [error]})
    return count


def _prices(count, price, total_price):
    if price is not None and total_price is not None:
        raise Invalid(
            _("Give the price of each spool or of all together, not both."),
            errors={"total_price": [_("Either this or price.")]},
        )
    if total_price is None:
        return [price] * count
    total = money(total_price, field="total_price")
    rest = [(total / count).quantize(PRICE_STEP, rounding=ROUND_DOWN)] * (count - 1)
    return [*rest, total - sum(rest)]
