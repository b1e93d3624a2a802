"""A stocktake is posted in one press, and undone as a whole.

Each counted spool gets a count of its difference from the book of the moment when it was counted:
what was booked since stays on top. See `outlook` for what is left alone.
"""

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import InventoryTransaction, SpoolEvent, Stocktake
from inventory.services import ledger, meters
from inventory.services.spools import shelf
from inventory.services.spools.consumption import require_reason
from production.services.stocktaking import outlook, sessions, versions
from production.services.stocktaking.outlook import Outcome, Place
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_number, one_line

Missing, Status, Verb = Stocktake.Missing, Stocktake.Status, SpoolEvent.Verb
WRITTEN = ("outcome", "entry", "place_outcome", "moved_from")
STOCKTAKE, UNDONE = "stocktake", "stocktake undone"  # reasons of entries
REASON_LENGTH = Stocktake._meta.get_field("reason").max_length
NAMED = 5  # spools in a sentence


class NothingRecorded(Refusal):
    code = "nothing_recorded"
    title = "Nothing was recorded in this stocktake"


class CountedAfterStocktake(Refusal):
    code = "counted_after_stocktake"
    title = "Spools of this stocktake were counted since"


@operation("stocktake.post")
def post(
    stocktake, *, reason, by, missing=Missing.LEAVE, confirm=False, seen_version=None, at=None
):
    """Post all that was recorded, with one ``reason``; returns the stocktake.

    ``missing`` is what becomes of spools that were not found: leave, empty or archive. What was
    found elsewhere is moved, if that was chosen. Each line says what was done with it.
    ``confirm`` posts what should be counted again too.
    ``seen_version`` is that of the review that was looked at, by default any.
    Raises StocktakeClosed, ReasonMissing, NothingRecorded, ReviewChanged, Invalid, ClockWrong.
    """
    reason = _checked(reason)
    if missing not in Missing.values:
        message = _("Missing spools: one of %(words)s.") % {"words": ", ".join(Missing.values)}
        raise Invalid(message, errors={"missing": [message]})
    stocktake = sessions.locked(stocktake)
    spools = outlook.recorded(stocktake).values_list("spool", flat=True)
    if not (spools := list(spools)):
        raise NothingRecorded(
            _("Nothing is recorded in stocktake %(pk)s: record spools first, or cancel it.")
            % {"pk": stocktake.pk}
        )
    with ledger.book(spools, by=by, at=at) as book:
        lines = list(_related(outlook.recorded(stocktake)))
        for line in lines:
            line.spool = book.spools[line.spool_id]
        if seen_version is not None:
            versions.require_same(stocktake, lines, seen_version=seen_version)
        posting = _Posting(book, stocktake, reason)
        for line in lines:
            posting.post(outlook.prospect(line, missing, confirm=confirm))
    for line in lines:
        line.entry_id = line.entry and line.entry.pk
    bulk_update(lines, WRITTEN)
    return sessions.close(stocktake, Status.POSTED, by=by, at=book.at, reason=reason)


@operation("stocktake.undo")
def undo(stocktake, *, by, at=None):
    """Take back all that posting did: entries are reversed, spools are where they were and on the
    shelf again; the stocktake is open. Returns it. A spool whose place was deleted stays where it
    is, which its line says.

    Raises StocktakeClosed, CountedAfterStocktake, InsufficientInventory.
    """
    stocktake = sessions.locked(stocktake, Status.POSTED)
    lines = stocktake.lines.recorded().filter(spool__isnull=False).select_related("entry")
    lines = list(_related(lines))
    spools = [line.spool_id for line in lines]
    with ledger.book(spools, by=by, at=at) as book:
        _require_last_count(lines)
        reversed_already, placed = _reversed(lines), _had_place(stocktake, lines)
        _weigh_again(book, [line.entry for line in lines if line.entry and line.entry.grams])
        for line in lines:
            _undo_line(book, stocktake, line, reversed_already)
            _move_back(book, line, had_place=line.spool_id in placed)
    bulk_update(lines, WRITTEN)
    return sessions.close(stocktake, Status.OPEN, by=None, at=None, reason="")


class _Posting:
    def __init__(self, book, stocktake, reason):
        self.book = book
        self.note = _("Stocktake %(pk)s: %(reason)s") % {"pk": stocktake.pk, "reason": reason}

    def post(self, prospect):
        line, spool = prospect.line, prospect.line.spool
        line.outcome, line.place_outcome, line.entry = prospect.outcome, prospect.place, None
        if prospect.grams is not None:
            self._count(line, spool, spool.live_grams + prospect.grams)
        if prospect.outcome == Outcome.ARCHIVED:
            self._archive(spool)
        if prospect.place == Place.MOVED:
            line.moved_from = spool.location
            _relocate(self.book, spool, line.move_to)

    def _count(self, line, spool, live):
        """Let so many grams be on it, besides what meters of runs are still to take."""
        balance = meters.in_book(spool, to_grams(live))
        details = {"reason": STOCKTAKE, "note": self.note, "occurred_at": line.counted_at}
        line.entry = self.book.count(spool, balance, **details)
        shelf.weighed(self.book, spool)

    def _archive(self, spool):
        spool.archived_at = self.book.at
        shelf.write(self.book, spool, "archived_at")
        left = f"{format_number(spool.remaining_grams)} g"
        shelf.record(self.book, spool, Verb.ARCHIVED, after=left)


def _relocate(book, spool, location):
    before, spool.location = spool.location, location
    shelf.write(book, spool, "location")
    shelf.record(book, spool, Verb.MOVED, before=before, after=location)


def _undo_line(book, stocktake, line, reversed_already):
    spool = book.spools[line.spool_id]
    entry = line.entry
    if line.outcome == Outcome.ARCHIVED and spool.archived_at == entry.created_at:
        spool.archived_at = None
        shelf.write(book, spool, "archived_at")
        left = f"{format_number(spool.remaining_grams)} g"
        shelf.record(book, spool, Verb.RESTORED, after=left)
    if entry is not None and entry.grams and entry.pk not in reversed_already:
        book.reverse(entry, reason=UNDONE, note=_("Stocktake %(pk)s") % {"pk": stocktake.pk})
    if entry is None or entry.grams:  # the ledger has no reversal of a count that moved nothing
        line.entry = None
    line.outcome = ""


def _move_back(book, line, *, had_place):
    """Where it was, unless that place is deleted or it was moved since."""
    spool, outcome = book.spools[line.spool_id], ""
    is_there = line.move_to_id is not None and spool.location_id == line.move_to_id
    if line.place_outcome == Place.MOVED and is_there:
        if had_place and line.moved_from is None:
            outcome = Place.STAYS
        else:
            _relocate(book, spool, line.moved_from)
    line.place_outcome, line.moved_from = outcome, None


def _had_place(stocktake, lines):
    """Ids of the spools that posting moved from a location, which may be deleted by now."""
    moved = SpoolEvent.objects.filter(verb=Verb.MOVED, at=stocktake.closed_at)
    moved = moved.filter(spool__in=[line.spool_id for line in lines]).exclude(before="")
    return set(moved.values_list("spool", flat=True))


def _weigh_again(book, entries):
    """Let the spools that needed weighing until these entries counted them need it again."""
    weighed = SpoolEvent.objects.filter(
        verb=Verb.WEIGHED,
        spool__in=[entry.spool_id for entry in entries],
        at__in={entry.created_at for entry in entries},
    )
    for pk in weighed.values_list("spool", flat=True):
        book.spools[pk].needs_weighing = True
        shelf.write(book, book.spools[pk], "needs_weighing")


def _related(lines):
    return lines.select_related("move_to", "moved_from").order_by("spool_id")


def _require_last_count(lines):
    """Raise CountedAfterStocktake where a spool was counted after the entry of its line."""
    entries = {line.spool_id: line.entry_id for line in lines if line.entry_id}
    counts = InventoryTransaction.objects.counted().filter(spool__in=entries).order_by()
    later = counts.values("spool").annotate(last=Max("pk")).values_list("spool", "last")
    spools = [pk for pk, last in later if last > entries[pk]]
    if not spools:
        return
    codes = [line.spool.code for line in lines if line.spool_id in spools[:NAMED]]
    message = ngettext(
        "%(count)s spool of this stocktake was counted since: %(spools)s. What is on it now was "
        "seen later. Reverse that count first, or correct the spool by weighing it.",
        "%(count)s spools of this stocktake were counted since: %(spools)s. What is on them now "
        "was seen later. Reverse those counts first, or correct single spools by weighing them.",
        len(spools),
    )
    names = ", ".join(codes) + (" …" if len(spools) > NAMED else "")
    figures = {"count": len(spools), "spools": names}
    raise CountedAfterStocktake(message % figures, spool_ids=sorted(spools))


def _reversed(lines):
    entries = [line.entry_id for line in lines if line.entry_id]
    reversals = InventoryTransaction.objects.filter(reverses__in=entries)
    return set(reversals.values_list("reverses", flat=True))


def _checked(reason):
    reason = one_line(require_reason(reason))
    if len(reason) > REASON_LENGTH:
        message = _("A reason has at most %(most)s characters.") % {"most": REASON_LENGTH}
        raise Invalid(message, errors={"reason": [message]})
    return reason
