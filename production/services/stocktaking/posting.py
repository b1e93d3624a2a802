"""A stocktake is posted in one press, and undone as a whole.

Each counted spool gets a count of its difference from the book of the moment when it was counted:
what was booked since stays on top. A spool that was counted since by other means is left alone.
"""

from django.db.models import Exists, Max, OuterRef
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, SpoolEvent, Stocktake, StocktakeLine
from inventory.services import ledger, meters
from inventory.services.spools import shelf
from inventory.services.spools.consumption import require_reason
from production.models import PrinterSlot, RunMaterial
from production.services.stocktaking import sessions
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_number, one_line

Missing, Outcome, Status = Stocktake.Missing, StocktakeLine.Outcome, Stocktake.Status
Result, Verb = StocktakeLine.Result, SpoolEvent.Verb
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
def post(stocktake, *, reason, by, missing=Missing.LEAVE, at=None):
    """Post all that was recorded, with one ``reason``; returns the stocktake.

    ``missing`` is what becomes of spools that were not found: leave, empty or archive. What was
    found elsewhere is moved, if that was chosen. Each line says what was done with it.
    Raises StocktakeClosed, ReasonMissing, NothingRecorded, Invalid, ClockWrong.
    """
    reason = _checked(reason)
    if missing not in Missing.values:
        message = _("Missing spools: one of %(words)s.") % {"words": ", ".join(Missing.values)}
        raise Invalid(message, errors={"missing": [message]})
    stocktake = sessions.locked(stocktake)
    lines = list(_recorded(stocktake))
    if not lines:
        raise NothingRecorded(
            _("Nothing is recorded in stocktake %(pk)s: record spools first, or cancel it.")
            % {"pk": stocktake.pk}
        )
    with ledger.book([line.spool_id for line in lines], by=by, at=at) as book:
        posting = _Posting(book, stocktake, reason, missing, lines)
        for line in lines:
            posting.post(line)
    for line in lines:
        line.entry_id = line.entry and line.entry.pk
    bulk_update(lines, ("outcome", "entry", "is_moved", "moved_from"))
    return sessions.close(stocktake, Status.POSTED, by=by, at=book.at, reason=reason)


@operation("stocktake.undo")
def undo(stocktake, *, by, at=None):
    """Take back all that posting did: entries are reversed, spools are where they were and on the
    shelf again; the stocktake is open. Returns it.

    Raises StocktakeClosed, CountedAfterStocktake, InsufficientInventory.
    """
    stocktake = sessions.locked(stocktake, Status.POSTED)
    lines = list(_recorded(stocktake).select_related("entry"))
    spools = [line.spool_id for line in lines]
    with ledger.book(spools, by=by, at=at) as book:
        _require_last_count(lines)
        reversed_already = _reversed(lines)
        _weigh_again(book, [line.entry for line in lines if line.entry and line.entry.grams])
        for line in lines:
            _undo_line(book, stocktake, line, reversed_already)
    bulk_update(lines, ("outcome", "entry", "is_moved", "moved_from"))
    return sessions.close(stocktake, Status.OPEN, by=None, at=None, reason="")


def counted_since(lines):
    """The ids of the lines whose spool was counted, by others, after the line was; or weighed for a
    run, whose usage is then down to what the scale showed."""
    counts = InventoryTransaction.objects.counts().exclude(reason=ledger.SETTLED)
    counts = counts.filter(spool__in=[line.spool_id for line in lines]).order_by()
    own = {line.entry_id for line in lines if line.entry_id}
    counts = counts.exclude(pk__in=own).values("spool").annotate(last=Max("created_at"))
    last = {}
    for spool, moment in counts.values_list("spool", "last").union(_weighed(lines), all=True):
        last[spool] = max(last.get(spool, moment), moment)
    return {
        line.pk for line in lines if line.spool_id in last and last[line.spool_id] > line.counted_at
    }


def _weighed(lines):
    """``(spool id, moment)`` of what runs took by a weight after the print; not read yet."""
    weighed = RunMaterial.objects.filter(
        run=OuterRef("production_run"), spool=OuterRef("spool"), gross_after_grams__isnull=False
    )
    entries = InventoryTransaction.objects.consumption().filter(Exists(weighed)).order_by()
    entries = entries.filter(spool__in=[line.spool_id for line in lines])
    return entries.values("spool").annotate(last=Max("created_at")).values_list("spool", "last")


def turned_up(lines):
    """The ids of the lines that were not found, of whose spool something was booked, or that was
    moved or loaded, since."""
    missed = [line for line in lines if line.result == Result.NOT_FOUND]
    events = SpoolEvent.objects.filter(spool__in=[line.spool_id for line in missed]).order_by()
    last = dict(events.values("spool").annotate(last=Max("at")).values_list("spool", "last"))
    moments = InventoryTransaction.objects.filter(spool__in=[line.spool_id for line in missed])
    moments = moments.order_by().values("spool").annotate(last=Max("created_at"))
    for spool, moment in moments.values_list("spool", "last"):
        last[spool] = max(last.get(spool, moment), moment)
    return {
        line.pk for line in missed if last.get(line.spool_id, line.counted_at) > line.counted_at
    }


class _Posting:
    def __init__(self, book, stocktake, reason, missing, lines):
        self.book, self.stocktake, self.missing = book, stocktake, missing
        self.note = _("Stocktake %(pk)s: %(reason)s") % {"pk": stocktake.pk, "reason": reason}
        self.superseded, self.turned_up = counted_since(lines), turned_up(lines)
        held = PrinterSlot.objects.filter(spool__in=[line.spool_id for line in lines])
        self.loaded = set(held.values_list("spool", flat=True))

    def post(self, line):
        spool = self.book.spools[line.spool_id]
        line.entry = None
        if spool.is_archived or spool.is_removed:
            line.outcome = Outcome.OFF_SHELF
            return
        if line.result == Result.NOT_FOUND:
            self._miss(line, spool)
            return
        if line.pk in self.superseded:
            line.outcome = Outcome.COUNTED_SINCE
        else:
            live = max(spool.live_grams + line.difference_grams, ledger.ZERO)
            self._count(line, spool, live)
        self._move(line, spool)

    def _miss(self, line, spool):
        line.outcome = Outcome.LEFT
        if self.missing == Missing.LEAVE:
            return
        if line.pk in self.superseded | self.turned_up or line.spool_id in self.loaded:
            line.outcome = Outcome.COUNTED_SINCE
            return
        self._count(line, spool, ledger.ZERO)
        if self.missing == Missing.ARCHIVE:
            self._archive(line, spool)

    def _count(self, line, spool, live):
        """Let so many grams be on it, besides what meters of runs are still to take."""
        balance = meters.in_book(spool, to_grams(live))
        details = {"reason": STOCKTAKE, "note": self.note, "occurred_at": line.counted_at}
        line.entry = self.book.count(spool, balance, **details)
        line.outcome = Outcome.POSTED
        shelf.weighed(self.book, spool)

    def _archive(self, line, spool):
        try:
            shelf.require_unclaimed(spool)
            shelf.require_unloaded(spool, "")
        except (shelf.SpoolClaimed, shelf.SpoolLoaded):
            line.outcome = Outcome.IN_USE
            return
        spool.archived_at = self.book.at
        shelf.write(self.book, spool, "archived_at")
        left = f"{format_number(spool.remaining_grams)} g"
        shelf.record(self.book, spool, Verb.ARCHIVED, after=left)
        line.outcome = Outcome.ARCHIVED

    def _move(self, line, spool):
        target = line.move_to
        if target is None or spool.location_id == target.pk or spool.pk in self.loaded:
            return
        line.moved_from, line.is_moved = spool.location, True
        _relocate(self.book, spool, target)


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
    if line.is_moved and spool.location_id == line.move_to_id:
        _relocate(book, spool, line.moved_from)
    line.outcome, line.is_moved, line.moved_from = "", False, None


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


def _recorded(stocktake):
    lines = stocktake.lines.recorded().filter(spool__isnull=False)
    return lines.select_related("move_to", "moved_from").order_by("spool")


def _require_last_count(lines):
    """Raise CountedAfterStocktake where a spool was counted after the entry of its line."""
    entries = {line.spool_id: line.entry_id for line in lines if line.entry_id}
    counts = InventoryTransaction.objects.counts().filter(spool__in=entries).order_by()
    later = counts.values("spool").annotate(last=Max("pk")).values_list("spool", "last")
    spools = [pk for pk, last in later if last > entries[pk]]
    if not spools:
        return
    codes = [line.spool.code for line in lines if line.spool_id in spools[:NAMED]]
    message = _(
        "%(count)s spools of this stocktake were counted since: %(spools)s. What is on them now "
        "was seen later. Reverse those counts first, or correct single spools by weighing them."
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
