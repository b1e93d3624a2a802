"""The ledger and the balances of spools, which are written here alone.

A verb that moves grams opens a book on its spools, which locks them in the order of their ids,
posts entries, and closes it::

    with ledger.book([spool.pk], by=user) as book:
        book.consume(book.spools[spool.pk], Decimal("12.5"), run=run)

Everything is written when the book is closed, in one statement, or nothing when any spool would
fall below zero: `InsufficientInventory` names every shortage. The caller owns the transaction. All
quantities are net grams.
"""

from contextlib import contextmanager
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, UsageMeter
from inventory.models.ledger import (
    CLOCK_CORRECTED,
    COMPENSATED,
    CONSUMPTION,
    DEVICE,
    REVALUED,
    SETTLED,
)
from inventory.services import clock, doubles, meters, settling
from inventory.services.locking import locked
from tenants.live.announcing import ADDED, UPDATED, announce_row
from tenants.operations.bulk import Insert, Update, write
from tenants.operations.operation import source
from tenants.operations.quantities import CostPerGramField, rounded
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment, format_number

Kind = InventoryTransaction.Kind
ZERO = Decimal(0)
BALANCE_FIELDS = (
    *("remaining_grams", "reserved_grams", "metered_grams", "excess_grams"),
    *("first_used_at", "last_used_at", "has_given_use_dates", "last_entry_at", "version"),
)


class InsufficientInventory(Refusal):
    code = "insufficient_inventory"
    title = "Not enough filament"


class SpoolArchived(Refusal):
    code = "spool_archived"
    title = "The spool is archived"


class BackDated(Refusal):
    code = "back_dated"
    title = "The ledger has a later entry"


class NotReversible(Refusal):
    code = "not_reversible"
    title = "This entry can't be reversed"


@contextmanager
def book(spool_ids, *, by, at=None, allow_overclaim=False, leaves_meters=False):
    """Lock the spools and open a Book on them; it is closed when the block ends well.

    ``at`` is the moment of the entries, by default the clock read after the locks were taken.
    ``allow_overclaim`` lets a reservation exceed what is available: a manager's override.
    What devices reported of the spools, outside of runs, becomes entries first (see `meters`),
    unless the caller does something else with it.
    Raises UnknownSpool when a spool is not there.
    """
    spools = locked(spool_ids)
    metered = [spool.pk for spool in spools.values() if spool.metered_grams]
    if metered and not leaves_meters:
        close_meters(spools, meters.open_ones(metered), at=at)
    opened = Book(spools, by=by, at=at, allow_overclaim=allow_overclaim)
    yield opened
    opened.close()


def close_meters(spools, open_ones, *, at=None):
    """Post what the meters of the locked spools (``{id: spool}``) hold, those of before ``at``."""
    posting = Book(spools, by=None, at=at)
    if closed := meters.close(posting, open_ones):
        posting.close(moves_versions=False)
        meters.write(closed)


class Book:
    """Locked spools and what is about to be written of them."""

    def __init__(self, spools, *, by, at=None, allow_overclaim=False):
        self.spools = spools
        self.by = by
        self.at = at or timezone.now()
        self.is_dated = at is not None
        self.allow_overclaim = allow_overclaim
        self.entries = []
        self.shortages = []
        self.overclaimed = []
        self._touched = {}
        self.meters = []
        self._redated = set()
        self.settled = None  # see `settling`

    # -- what is on the spool ------------------------------------------------------------------

    def receive(self, spool, **details):
        """The first entry of a new spool: all of its initial grams."""
        return self._post(spool, Kind.RECEIPT, spool.initial_grams, **details)

    def consume(self, spool, grams, **details):
        """Take ``grams`` for a print. With ``settle``, a spool that held more than by the book is
        first counted up by the shortfall: that is its excess, if a device reported the grams."""
        return self._take(spool, Kind.USAGE, grams, **details)

    def waste(self, spool, grams, **details):
        return self._take(spool, Kind.WASTE, grams, **details)

    def send_back(self, spool, **details):
        """Take all that is left: it goes back to its supplier, for a ``credit`` (None: unknown)."""
        return self._post(spool, Kind.RETURN, -spool.remaining_grams, **details)

    def adjust(self, spool, grams, **details):
        """Correct the book by signed ``grams``."""
        if grams < 0 and -grams > spool.remaining_grams:
            return self._short(spool, -grams, spool.remaining_grams, "remaining_grams")
        return self._post(spool, Kind.ADJUSTMENT, grams, **details)

    def count(self, spool, net_grams, **details):
        """Set the book to ``net_grams``, which include what meters of runs have (`meters.in_book`);
        posted also when nothing differs. What was reported beyond the book is settled by it."""
        if is_counted := details.get("reason") != COMPENSATED:
            spool.excess_grams = ZERO
        details["is_counted"] = is_counted
        return self._post(spool, Kind.COUNT, net_grams - spool.remaining_grams, **details)

    def restart_time(self, spool):
        """Post that the clock was wrong: the next entries are not dated after those so far."""
        details = {"reason": CLOCK_CORRECTED, "note": _("The entries before were dated too late.")}
        return self._post(spool, Kind.COUNT, ZERO, at=self.at, **details)

    def reverse(self, entry, **details):
        """Undo exactly one entry; with a count that settled what a device used, its excess. Raises
        NotReversible."""
        spool = self.spools[entry.spool_id]
        if entry.kind == Kind.REVERSAL or entry.grams == 0:
            figures = {"entry": entry.pk, "kind": entry.kind, "grams": format_number(entry.grams)}
            raise NotReversible(_("Entry %(entry)s is a %(kind)s of %(grams)s g.") % figures)
        if spool.remaining_grams < entry.grams:
            return self._short(spool, entry.grams, spool.remaining_grams, "remaining_grams")
        reversal = self._post(
            spool, Kind.REVERSAL, -entry.grams, run=entry.production_run, reverses=entry, **details
        )
        reversal.cost_per_gram = entry.cost_per_gram
        reversal.credit = None if entry.credit is None else -entry.credit
        if entry.kind in CONSUMPTION:
            self._redated.add(spool.pk)
        if entry.settles_for_device:
            settling.end_excess(self, entry)
        elif entry.kind == Kind.COUNT and entry.reason != COMPENSATED:
            settling.begin_excess(self, entry)
        return reversal

    def revalue(self, spool, entry):
        """Post what an entry took again, at the spool's price of now, and when it was."""
        self.reverse(entry, reason=REVALUED)
        details = {"run": entry.production_run, "occurred_at": entry.occurred_at}
        details["is_counted"] = entry.is_counted
        self._post(spool, entry.kind, entry.grams, reason=REVALUED, note=entry.note, **details)

    # -- what a device says of it ----------------------------------------------------------------

    def moment_of(self, spool):
        """When is posted what no later entry stands in the way of. Raises ClockWrong."""
        if self.is_dated:
            return max(self.at, spool.last_entry_at or self.at)
        return self._moment(spool)

    def end_meter(self, meter, entry):
        """Close a meter whose grams the ``entry`` of this book took (None: they were none)."""
        spool = self.spools[meter.spool_id]
        spool.metered_grams -= meter.grams
        meter.closed_at = self.moment_of(spool)
        meter.entry = entry
        self._write_meter(meter, spool)

    def reopen_meter(self, meter, *, into=None):
        """Let a meter go on whose entry was reversed; ``into`` is the one that goes on for it."""
        spool = self.spools[meter.spool_id]
        spool.metered_grams += meter.grams
        if into is not None:
            meters.merge(meter, into)
        else:
            meter.closed_at = meter.entry = None
        self._write_meter(into or meter, spool)

    def relink_meter(self, meter, *, into=None):
        """Write that a meter is of another line, spool or entry; ``into`` has its grams then."""
        if into not in (None, meter):
            meters.merge(meter, into)
        self._redated.add(meter.spool_id)
        self._write_meter(into or meter, self.spools[meter.spool_id])

    def _write_meter(self, meter, spool):
        if meter not in self.meters:
            self.meters.append(meter)
        self.touch(spool)

    def exceed(self, spool, grams):
        """Note ``grams`` that were reported beyond what was on it by the book."""
        spool.excess_grams += grams
        self.touch(spool)

    def date_use(self, spool):
        """It is used now, to the second, says a client: no entry tells it."""
        now = self.at.replace(microsecond=0)
        spool.first_used_at = spool.first_used_at or now
        spool.last_used_at = now
        spool.has_given_use_dates = True
        self.touch(spool)

    def date_by_entries(self, spool):
        """Let the entries say again when it was used, unless a client does."""
        self._redated.add(spool.pk)
        self.touch(spool)

    # -- what open runs reserve of it ----------------------------------------------------------

    def change_claim(self, spool, before, after):
        """Change one reservation, from 0 for a new one; only what it grows by must be available,
        unless overridden."""
        grown = after - before
        if grown > 0 and spool.is_archived:
            raise SpoolArchived(
                _("Spool %(spool)s is archived: restore it, or take another one.")
                % {"spool": spool.code}
            )
        if grown > 0 and grown > spool.available_grams:
            self._overclaim(spool, after, spool.available_grams + before)
        self.reclaim(spool, grown)

    def require_cover(self, spool, claim):
        """Check that what was reserved earlier is still covered by what is available."""
        if spool.available_grams < 0:
            self._overclaim(spool, claim, spool.available_grams + claim)

    def release(self, spool, grams):
        self.reclaim(spool, -grams)

    def reclaim(self, spool, grams):
        """Reserve grams without a check, such as those that were given back a moment ago."""
        if grams:
            spool.reserved_grams += grams
            self._touched[spool.pk] = spool

    # -- writing -------------------------------------------------------------------------------

    def touch(self, spool):
        """Write its balances when the book is closed, though nothing is posted: its version goes
        up, as with an entry."""
        self._touched[spool.pk] = spool

    def require_enough(self):
        """Raise InsufficientInventory if anything so far was short, before more is written."""
        if self.shortages:
            raise _insufficient(self.shortages)

    def close(self, *, moves_versions=True):
        """Write the entries and the balances. Raises InsufficientInventory, with every shortage."""
        self.require_enough()
        self._settle_again()
        for spool in self._touched.values() if moves_versions else ():
            spool.version += 1
        balances = Update(list(self._touched.values()), BALANCE_FIELDS)
        write(Insert(self.entries), *([] if self._redated else [balances]))
        meters.write(self.meters)
        if self._redated:
            self._date_uses()  # by what was written
            write(balances)
        received = {entry.spool_id for entry in self.entries if entry.kind == Kind.RECEIPT}
        for spool in self._touched.values():
            announce_row(spool, ADDED if spool.pk in received else UPDATED)

    def _settle_again(self):
        """What was taken back is no longer missing for what devices used beyond the book."""
        for pk in {entry.spool_id for entry in self.entries if entry.kind == Kind.REVERSAL}:
            spool = self.spools[pk]
            if spool.excess_grams and spool.remaining_grams:
                settling.settle_again(self, spool)

    def _date_uses(self):
        """Of spools whose use was reversed: by the entries and the meters that still stand."""
        spools = [self.spools[pk] for pk in self._redated]
        dated = [spool for spool in spools if not spool.has_given_use_dates]
        uses = InventoryTransaction.objects.dates_of_use(dated)
        reports = UsageMeter.objects.dates_of_use(dated)
        for spool in dated:
            found = [each[spool.pk] for each in (uses, reports) if spool.pk in each]
            spool.first_used_at = min((first for first, _last in found), default=None)
            spool.last_used_at = max((last for _first, last in found), default=None)

    def _take(self, spool, kind, grams, *, settle=False, is_reported=False, **details):
        if grams > spool.remaining_grams and settle:
            note = _("Settled: the print used %(grams)s g, the book had %(had)s g.")
            figures = {"grams": grams, "had": spool.remaining_grams}
            note %= {name: format_number(figure) for name, figure in figures.items()}
            settled = {**details, "note": note, "reason": SETTLED, "is_counted": False}
            if is_reported:
                settled["via"] = DEVICE
                excess = spool.excess_grams + grams - spool.remaining_grams
                spool.excess_grams = min(excess, settling.LARGEST)
            self._post(spool, Kind.COUNT, grams - spool.remaining_grams, **settled)
        if grams > spool.remaining_grams:
            return self._short(spool, grams, spool.remaining_grams, "remaining_grams")
        entry = self._post(spool, kind, -grams, **details)
        used = [each for each in (spool.first_used_at, spool.last_used_at) if each]
        spool.first_used_at = min([*used, entry.occurred_at])
        spool.last_used_at = max([*used, entry.occurred_at])
        return entry

    def _post(
        self, spool, kind, grams, *, run=None, at=None, occurred_at=None, by=None, via=None,
        **details,
    ):  # fmt: skip
        doubles.require_not_merged(spool)
        at, by = at or self._moment(spool), by or self.by
        spool.remaining_grams += grams
        spool.last_entry_at = at
        self._touched[spool.pk] = spool
        entry = InventoryTransaction(
            spool=spool,
            kind=kind,
            grams=grams,
            balance_grams=spool.remaining_grams,
            cost_per_gram=rounded_rate(spool.cost_per_gram()),
            production_run=run,
            source=via or source.get(),
            performed_by=by,
            performed_by_name=str(by) if by else "",
            occurred_at=occurred_at or at,
            created_at=at,
            **details,
        )
        self.entries.append(entry)
        return entry

    def _moment(self, spool):
        last = spool.last_entry_at
        if last and last > self.at and self.is_dated:
            raise BackDated(
                _("Spool %(spool)s has an entry of %(last)s; nothing can be posted as of %(at)s.")
                % {"spool": spool.code, "last": format_moment(last), "at": format_moment(self.at)},
                spool_id=spool.pk,
                last_entry_at=last.isoformat(),
            )
        if not self.is_dated:
            clock.require_right(self.at)
            clock.require_not_before(self.at, last)
        self.at = max(self.at, last or self.at)  # another machine's clock may be ahead of ours
        return self.at

    def _overclaim(self, spool, needed, available):
        if self.allow_overclaim:
            self.overclaimed.append(spool)
        else:
            self._short(spool, needed, available, "available_grams")

    def _short(self, spool, needed, has, figure):
        short = {"spool_id": spool.pk, "spool_code": spool.code, "needed_grams": needed}
        self.shortages.append(short | {figure: has, "missing_grams": needed - has})


def rounded_rate(rate):
    """Money per gram as the ledger stores it; None is unknown. Raises InvalidQuantity."""
    column = CostPerGramField
    if rate is not None:
        rate = rounded(rate, digits=column.digits, places=column.places, field="price")
    return rate


def _insufficient(shortages):
    lines = []
    for short in shortages:
        line = _("spool %(spool)s needs %(needed_grams)s g, %(available_grams)s g available")
        if "remaining_grams" in short:
            line = _("spool %(spool)s needs %(needed_grams)s g, %(remaining_grams)s g remaining")
        grams = {name: format_number(short[name]) for name in short if name.endswith("_grams")}
        lines.append(line % {"spool": short["spool_code"], **grams})
    message = _("Not enough filament: %(shortages)s.") % {"shortages": "; ".join(lines)}
    return InsufficientInventory(message, shortages=shortages)
