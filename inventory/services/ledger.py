"""The only door to the ledger and to the balances of spools.

Whoever moves grams opens a book on the spools concerned, which locks them in the order of their
ids, says what happened, and closes it::

    with ledger.book([spool.pk], by=user) as book:
        book.consume(book.spools[spool.pk], Decimal("12.5"), run=run)

Nothing is written before the book is closed, and then all of it in one insert and one update, or
nothing when any spool would fall below zero: `InsufficientInventory` names every shortage at once.
The caller owns the transaction. All quantities are net grams.
"""

from contextlib import contextmanager
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, Spool
from tenants.operations.bulk import bulk_update_unnest
from tenants.operations.operation import source
from tenants.operations.quantities import CostPerGramField, rounded
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment, format_number

Kind = InventoryTransaction.Kind
ZERO = Decimal(0)
BALANCE_FIELDS = (
    "remaining_grams",
    "reserved_grams",
    "first_used_at",
    "last_used_at",
    "last_entry_at",
    "version",
)


class InsufficientInventory(Refusal):
    """A spool holds, or has free, fewer grams than asked for."""

    code = "insufficient_inventory"
    title = "Not enough filament"


class SpoolArchived(Refusal):
    """An archived spool takes no part in anything until it is restored."""

    code = "spool_archived"
    title = "The spool is archived"


class UnknownSpool(Refusal):
    """A spool that this farm does not have."""

    code = "unknown_spool"
    status = 400
    title = "There is no such spool"


class BackDated(Refusal):
    """Nothing is posted before an entry that is there already."""

    code = "back_dated"
    title = "The ledger has a later entry"


class NotReversible(Refusal):
    """An entry that is a reversal, is reversed already, or moved nothing."""

    code = "not_reversible"
    title = "This entry can't be reversed"


@contextmanager
def book(spool_ids, *, by, at=None, allow_overclaim=False):
    """Lock the spools and open a Book on them; it is closed when the block ends well.

    ``at`` is the moment of the entries, by default the clock read after the locks were taken.
    ``allow_overclaim`` lets a claim exceed what is available: a manager's override.
    Raises UnknownSpool when a spool is not there.
    """
    pages = Book(_locked(spool_ids), by=by, at=at, allow_overclaim=allow_overclaim)
    yield pages
    pages.close()


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

    # -- what is on the spool ------------------------------------------------------------------

    def receive(self, spool, **details):
        """The first entry of a new spool: all of its initial grams."""
        return self._post(spool, Kind.RECEIPT, spool.initial_grams, **details)

    def consume(self, spool, grams, *, settle=False, **details):
        """Take ``grams`` for a print. With ``settle``, a spool that held more than the book said
        is first counted up by the shortfall."""
        return self._take(spool, Kind.USAGE, grams, settle=settle, **details)

    def waste(self, spool, grams, *, settle=False, **details):
        """Take ``grams`` of which nothing usable came."""
        return self._take(spool, Kind.WASTE, grams, settle=settle, **details)

    def adjust(self, spool, grams, **details):
        """Correct the book by signed ``grams``."""
        if grams < 0 and -grams > spool.remaining_grams:
            return self._short(spool, -grams, spool.remaining_grams, "remaining_grams")
        return self._post(spool, Kind.ADJUSTMENT, grams, **details)

    def count(self, spool, net_grams, **details):
        """Set the book to the ``net_grams`` that were weighed; posted also when nothing differs."""
        return self._post(spool, Kind.COUNT, net_grams - spool.remaining_grams, **details)

    def reverse(self, entry, **details):
        """Undo exactly one entry. Raises NotReversible."""
        spool = self.spools[entry.spool_id]
        if entry.kind == Kind.REVERSAL or entry.grams == 0:
            raise NotReversible(
                f"Entry {entry.pk} is a {entry.kind} of {format_number(entry.grams)} g."
            )
        if spool.remaining_grams < entry.grams:
            return self._short(spool, entry.grams, spool.remaining_grams, "remaining_grams")
        reversal = self._post(
            spool, Kind.REVERSAL, -entry.grams, run=entry.production_run, reverses=entry, **details
        )
        reversal.cost_per_gram = entry.cost_per_gram
        return reversal

    # -- what open runs claim of it ------------------------------------------------------------

    def change_claim(self, spool, before, after):
        """Change one claim on the spool, from 0 for a new one; only what it grows by must be
        available, unless overridden."""
        grown = after - before
        if grown > 0 and spool.is_archived:
            raise SpoolArchived(
                _("Spool %(spool)s is archived: restore it, or take another one.")
                % {"spool": spool.code}
            )
        if grown > 0 and grown > spool.available_grams:
            self._overclaim(spool, after, spool.available_grams + before)
        self._claim(spool, grown)

    def require_cover(self, spool, claim):
        """Ask that a ``claim`` made earlier is still covered by what is available."""
        if spool.available_grams < 0:
            self._overclaim(spool, claim, spool.available_grams + claim)

    def release(self, spool, grams):
        """Give a claim back."""
        self._claim(spool, -grams)

    def reclaim(self, spool, grams):
        """Claim grams that were returned to the spool a moment ago: never short."""
        self._claim(spool, grams)

    # -- writing -------------------------------------------------------------------------------

    def touch(self, spool):
        """Something else of the spool changes: its version goes up when the book is closed."""
        self._touched[spool.pk] = spool

    def require_enough(self):
        """Raise InsufficientInventory if anything so far was short, before more is written."""
        if self.shortages:
            raise _insufficient(self.shortages)

    def close(self):
        """Write the entries and the balances. Raises InsufficientInventory, with every shortage."""
        self.require_enough()
        if self.entries:
            InventoryTransaction.objects.bulk_create(self.entries)
        _write_balances(list(self._touched.values()))

    def _take(self, spool, kind, grams, *, settle, **details):
        if grams > spool.remaining_grams and settle:
            had = format_number(spool.remaining_grams)
            note = _("Settled: the print used %(grams)s g, the book had %(had)s g.") % {
                "grams": format_number(grams),
                "had": had,
            }
            self.count(spool, grams, **{**details, "note": note, "reason": "settled"})
        if grams > spool.remaining_grams:
            return self._short(spool, grams, spool.remaining_grams, "remaining_grams")
        spool.first_used_at = spool.first_used_at or self.at
        spool.last_used_at = self.at
        return self._post(spool, kind, -grams, **details)

    def _post(self, spool, kind, grams, *, run=None, occurred_at=None, **details):
        at = self._moment(spool)
        spool.remaining_grams += grams
        spool.last_entry_at = at
        self._touched[spool.pk] = spool
        entry = InventoryTransaction(
            spool=spool,
            kind=kind,
            grams=grams,
            balance_grams=spool.remaining_grams,
            cost_per_gram=_rate(spool),
            production_run=run,
            source=source.get(),
            performed_by=self.by,
            performed_by_name=str(self.by) if self.by else "",
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
        self.at = max(self.at, last or self.at)  # another machine's clock may be ahead of ours
        return self.at

    def _claim(self, spool, grams):
        if grams:
            spool.reserved_grams += grams
            self._touched[spool.pk] = spool

    def _overclaim(self, spool, needed, available):
        if self.allow_overclaim:
            self.overclaimed.append(spool)
        else:
            self._short(spool, needed, available, "available_grams")

    def _short(self, spool, needed, has, figure):
        short = {"spool_id": spool.pk, "spool_code": spool.code, "needed_grams": needed}
        self.shortages.append(short | {figure: has, "missing_grams": needed - has})


def _locked(spool_ids):
    ids = {pk for pk in spool_ids if pk is not None}
    if not ids:
        return {}
    spools = (
        Spool.objects.filter(pk__in=ids)
        .select_related("filament__manufacturer", "filament__material_type")
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    found = {spool.pk: spool for spool in spools}
    if missing := sorted(ids - found.keys()):
        raise UnknownSpool(
            _("No spool with id %(missing)s.") % {"missing": ", ".join(map(str, missing))},
            errors={"spool": [_("There is no spool %(pk)s.") % {"pk": pk} for pk in missing]},
        )
    return found


def _rate(spool):
    rate, column = spool.cost_per_gram(), CostPerGramField
    if rate is None:
        return None
    return rounded(rate, digits=column.digits, places=column.places, field="price")


def _write_balances(spools):
    for spool in spools:
        spool.version += 1
    bulk_update_unnest(spools, BALANCE_FIELDS)


def _insufficient(shortages):
    lines = []
    for short in shortages:
        figure = "remaining" if "remaining_grams" in short else "available"
        lines.append(
            f"spool {short['spool_code']} needs {format_number(short['needed_grams'])} g, "
            f"{format_number(short[f'{figure}_grams'])} g {figure}"
        )
    return InsufficientInventory(
        "Not enough filament: " + "; ".join(lines) + ".", shortages=shortages
    )


def receipt(spool, *, by, at=None, **details):
    """Post the receipt of a spool that was inserted a moment ago, in the same transaction."""
    with book([spool.pk], by=by, at=at) as pages:
        pages.receive(pages.spools[spool.pk], **details)
        return pages.spools[spool.pk]
