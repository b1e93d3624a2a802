"""What a client of the printers' API says is on a spool.

Nobody is there to confirm it: whatever it says is booked, on an archived spool too. Quantities are
net grams unless they are called gross. What a meter of a run has of the spool is still to come
into the book, which is set that much higher.
"""

from django.utils.translation import gettext as _

from inventory.services import ledger, meters
from inventory.services.spools import shelf
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid

GIVEN_BACK, RESTATED, SET = "given_back", "initial_restated", "set_by_client"  # reasons


class InitialUnknown(Invalid):
    code = "initial_unknown"
    title = "What the full spool held is not known"


@operation("spool.measure")
def measure(spool, *, gross_grams, by, at=None, note=""):
    """Post the scale's reading as a count; returns the ledger entry.

    More than a full spool weighs says what was on it when it was full. Raises InitialUnknown,
    SpoolRemoved.
    """
    gross = to_grams(gross_grams, field="gross_grams")
    with _locked(spool, by=by, at=at) as (book, fresh):
        initial = fresh.filament.net_grams if fresh.is_initial_assumed else fresh.initial_grams
        if initial is None:
            raise initial_unknown(fresh)
        tare = _tare(fresh)
        net = max(gross - tare, ledger.ZERO)
        _write_initial(
            fresh, max(initial, net), is_assumed=fresh.is_initial_assumed and net <= initial
        )
        entry = book.count(fresh, meters.in_book(fresh, net), reason="weighed", note=note)
        if tare <= gross <= tare + initial:
            book.date_use(fresh)
        shelf.weighed(book, fresh)
    return entry


@operation("spool.set_remaining")
def set_remaining(spool, *, grams, by, at=None, note=""):
    """Let so many grams be left of the initial ones; returns the spool. Where that is so already,
    nothing is posted. Raises InitialUnknown, SpoolRemoved."""
    grams = to_grams(grams, field="remaining_grams")
    with _locked(spool, by=by, at=at) as (book, fresh):
        if fresh.is_initial_assumed:
            raise initial_unknown(fresh)
        if grams != to_grams(fresh.live_grams):
            left = min(grams, fresh.initial_grams)
            book.count(fresh, meters.in_book(fresh, left), reason=SET, note=note)
    return fresh


@operation("spool.set_used")
def set_used(spool, *, grams, by, at=None, note=""):
    """Let so many grams be used, more than there were at first too; returns the spool. Where that
    is so already, nothing is posted. Raises SpoolRemoved."""
    grams = to_grams(grams, field="used_grams")
    with _locked(spool, by=by, at=at) as (book, fresh):
        if grams != to_grams(fresh.used_grams):
            left = max(fresh.initial_grams - grams, ledger.ZERO)
            book.count(fresh, meters.in_book(fresh, left), reason=SET, note=note)
            book.exceed(fresh, max(grams - fresh.initial_grams, ledger.ZERO))
    return fresh


@operation("spool.set_initial")
def set_initial(spool, *, grams, by, at=None, note=""):
    """Say what was on the full spool; what was used of it stays. None or 0: it is not known.
    Returns the spool. Raises SpoolRemoved."""
    with _locked(spool, by=by, at=at) as (book, fresh):
        restate(book, fresh, to_grams(grams or 0, field="initial_grams"), note=note)
    return fresh


def restate(book, spool, grams, *, note=""):
    """As `set_initial` does, in a book that is open."""
    used = to_grams(spool.used_grams)
    if not _write_initial(spool, grams or spool.initial_grams, is_assumed=not grams):
        return
    book.touch(spool)
    if grams:
        left = meters.in_book(spool, max(grams - used, ledger.ZERO))
        if left != spool.remaining_grams:
            book.adjust(spool, left - spool.remaining_grams, reason=RESTATED, note=note)
        spool.excess_grams = max(used - grams, ledger.ZERO)


@operation("spool.give_back")
def give_back(spool, *, grams, by, at=None, note=""):
    """Take back a use that was reported: first what went beyond the book, then up to what was used
    by it. Returns the spool. Raises SpoolRemoved."""
    grams = to_grams(grams)
    with _locked(spool, by=by, at=at) as (book, fresh):
        take_back(book, fresh, grams, reason=GIVEN_BACK, note=note)
        book.date_use(fresh)
    return fresh


def take_back(book, spool, grams, *, reason, note):
    """Take grams off what was used, in a book that is open: first off what went beyond it. Returns
    the entry, or None where there is none."""
    beyond = min(grams, spool.excess_grams)
    book.exceed(spool, -beyond)
    taken = max(spool.initial_grams - spool.remaining_grams, ledger.ZERO)
    back = min(grams - beyond, taken)
    return book.adjust(spool, back, reason=reason, note=note) if back else None


def initial_unknown(spool):
    return InitialUnknown(
        _("Initial weight of spool %(spool)s is not set: set it on the spool or its filament.")
        % {"spool": spool.code},
        errors={"initial_grams": [_("It is not known.")]},
        spool_id=spool.pk,
    )


def _locked(spool, *, by, at):
    return shelf.locked(spool, by=by, at=at, archived_too=True)


def _write_initial(spool, grams, *, is_assumed):
    """Whether it differs from what was said before."""
    if (spool.initial_grams, spool.is_initial_assumed) == (grams, is_assumed):
        return False
    spool.initial_grams, spool.is_initial_assumed = grams, is_assumed
    spool.save(update_fields=["initial_grams", "is_initial_assumed"])
    return True


def _tare(spool):
    """Of the empty reel; 0 is none that a spool or a filament could have."""
    maker = spool.filament.manufacturer
    known = (spool.tare_grams, spool.filament.tare_grams, maker and maker.empty_spool_grams)
    return next((grams for grams in known if grams), ledger.ZERO)
