"""What was found is recorded, spool by spool: what was counted last is what counts.

A record is of the moment it was made: it is compared with the book of that moment, less what
devices had metered by then.
"""

from copy import copy

from django.utils.translation import gettext as _

from inventory.models import StocktakeLine, StocktakeRecord, UsageMeter
from inventory.services import clock, ledger, scanning
from inventory.services.locking import locked as locked_spools
from inventory.services.past import require_past
from inventory.services.spools import scale, shelf
from inventory.services.spools.returned import refusal_of_archived
from production.models import ProductionRun
from production.services.stocktaking import sessions
from production.services.stocktaking.outlook import printing_at
from tenants.operations.bulk import bulk_insert, bulk_update
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_moment, one_line

Result = StocktakeLine.Result
BY_WORD = (Result.FULL, Result.EMPTY, Result.AS_BOOK, Result.NOT_FOUND)
FIELDS = ("result", "gross_grams", "counted_grams", "book_grams", "counted_at", "counted_by")
TEXT_LENGTH = StocktakeLine._meta.get_field("text").max_length


class PrintsUnmetered(Refusal):
    code = "prints_unmetered"
    title = "A run in progress takes from this spool"


class CountedWhilePrinting(Refusal):
    code = "counted_while_printing"
    title = "A run took from this spool when it was counted"


class NotExpected(Refusal):
    code = "not_expected"
    title = "The stocktake does not expect this spool"


class NotRecorded(Refusal):
    code = "not_recorded"
    title = "Nothing was recorded of this"


class KnownCode(Refusal):
    code = "known_code"
    title = "A spool of this farm has this code"


@operation("stocktake.record")
def record(
    stocktake, *, spool, by, at=None, gross_grams=None, net_grams=None, result=None,
    found_at=None, moves=False, counted_at=None, confirm=False,
):  # fmt: skip
    """Record what was found of a spool; returns the StocktakeLine.

    Give ``gross_grams`` (filament and reel), ``net_grams``, or a ``result``: full, empty, as_book
    or not_found. ``found_at`` is the Location where it was found, by default that of the
    stocktake; ``moves`` moves it there when the stocktake is posted. ``counted_at`` is when it was
    counted, if not now. ``confirm`` takes a weight that can hardly be, below the reel for 0 g.
    Raises StocktakeClosed, SpoolArchived, SpoolRemoved, TareUnknown, WeighingImplausible,
    PrintsUnmetered, CountedWhilePrinting, NotExpected, SpoolLoaded, Invalid.
    """
    result = _result(gross_grams, net_grams, result)
    stocktake = sessions.locked(stocktake)
    spool = locked_spools([spool.pk])[spool.pk]
    _require_on_shelf(spool)
    now = at or clock.now()
    require_past(now, counted_at=counted_at)
    _require_since_receipt(spool, counted_at)
    moment = counted_at or now
    line = _line_of(stocktake, spool)
    found = {"result": result, "gross_grams": None, "counted_grams": None}
    found["book_grams"] = _book_at(spool, counted_at)
    if result == Result.NOT_FOUND:
        _require_expected(line, spool)
    else:
        if result != Result.AS_BOOK:
            _require_countable(spool, moment)
        if gross_grams is not None:
            found["gross_grams"] = to_grams(gross_grams, field="gross_grams")
        found["counted_grams"] = _counted(spool, result, found, net_grams, confirm=confirm)
    target = _target(stocktake, spool, found_at) if moves else None
    if _says_already(line, found, target, by):
        line.counted_at = max(line.counted_at, moment)
        line.save(update_fields=["counted_at"])
        return line
    return _write(line, by=by, at=moment, move_to=target, **found)


@operation("stocktake.note_unknown")
def note_unknown(stocktake, *, text, by, at=None):
    """Note a code that no spool of the farm has, or of one that is archived; returns its
    StocktakeLine. Raises StocktakeClosed, KnownCode, Invalid."""
    text = one_line(text)
    if not text or len(text) > TEXT_LENGTH:
        message = _("A code has 1 to %(most)s characters.") % {"most": TEXT_LENGTH}
        raise Invalid(message, errors={"text": [message]})
    spool = scanning.labelled(text)
    if spool and not spool.is_archived:
        raise KnownCode(
            _("%(text)s is spool %(spool)s: record that.") % {"text": text, "spool": spool.code},
            spool_id=spool.pk,
        )
    stocktake = sessions.locked(stocktake)
    if spool:
        line = _line_of(stocktake, spool)
        if line.result == Result.ARCHIVED:
            return line
        result = {"result": Result.ARCHIVED, "gross_grams": None, "counted_grams": None}
        result |= {"book_grams": None, "move_to": None}
        return _write(line, by=by, at=at or clock.now(), **result)
    line = stocktake.lines.filter(spool=None, text=text).first()
    if line is not None:
        return line
    line = StocktakeLine(stocktake=stocktake, text=text, is_expected=False)
    return _write(line, by=by, at=at or clock.now(), result=Result.UNKNOWN)


@operation("stocktake.mark_rest_missing")
def mark_rest_missing(stocktake, *, by, place=None, at=None):
    """Record that the spools of which nothing is recorded, of the whole stocktake or at one of its
    places ("": at none), were not found. Returns the stocktake. Raises StocktakeClosed."""
    stocktake = sessions.locked(stocktake)
    rest = stocktake.lines.filter(is_expected=True, result="").order_by("pk")
    if place is not None:
        rest = rest.filter(place=place)
    lines, at = list(rest.select_related("spool")), at or clock.now()
    for line in lines:
        line.result, line.counted_at, line.counted_by = Result.NOT_FOUND, at, by
        line.book_grams = line.spool.live_grams
    bulk_update(lines, ("result", "book_grams", "counted_at", "counted_by"))
    bulk_insert([_record_of(line) for line in lines])
    return stocktake


@operation("stocktake.take_back")
def take_back(stocktake, *, line, by, at=None):
    """Take back what was recorded of a line: it is not counted. One that was not expected is gone.
    Returns the stocktake. Raises StocktakeClosed, NotRecorded."""
    stocktake = sessions.locked(stocktake)
    fresh = stocktake.lines.filter(pk=line.pk).exclude(result="").first()
    if fresh is None:
        raise NotRecorded(
            _("Nothing is recorded of %(line)s in stocktake %(stocktake)s.")
            % {"line": line.text or line.spool.code, "stocktake": stocktake.pk}
        )
    if not fresh.is_expected:
        fresh.delete()
        return stocktake
    at = at or clock.now()
    StocktakeRecord.objects.create(line=fresh, by=by, at=at)
    for name in FIELDS:
        setattr(fresh, name, "" if name == "result" else None)
    fresh.move_to = None
    fresh.save(update_fields=[*FIELDS, "move_to"])
    return stocktake


def _result(gross_grams, net_grams, result):
    given = [gross_grams is not None, net_grams is not None, bool(result)]
    if sum(given) != 1:
        raise Invalid(
            _("Give what the scale shows, the net grams, or one of the words, and only one."),
            errors={"gross_grams": [_("This, net_grams or result.")]},
        )
    if result and result not in BY_WORD:
        words = ", ".join(BY_WORD)
        message = _("A result is one of: %(words)s.") % {"words": words}
        raise Invalid(message, errors={"result": [message]})
    return result or (Result.NET if gross_grams is None else Result.WEIGHED)


def _require_on_shelf(spool):
    shelf.require_not_removed(spool)
    if spool.is_archived:
        raise refusal_of_archived(spool)


def _require_expected(line, spool):
    if not line.is_expected:
        raise NotExpected(
            _("Spool %(spool)s is not expected here: it can't be missing.") % {"spool": spool.code},
            spool_id=spool.pk,
        )


def _require_countable(spool, moment):
    """What a run takes is booked when it is completed: until then only devices tell it."""
    metered = UsageMeter.objects.open().filter(spool=spool).exclude(run_material=None)
    lines = printing_at(spool, moment).exclude(pk__in=metered.values("run_material"))
    if (line := lines.select_related("run").first()) is None:
        return
    figures = {"run": line.run.number, "spool": spool.code}
    if line.run.status == ProductionRun.Status.IN_PROGRESS:
        raise PrintsUnmetered(
            _(
                "Run %(run)s takes from spool %(spool)s, and no device reports how much: complete "
                "the run and count the spool then, or record it as the book."
            )
            % figures,
            run_id=line.run_id,
            spool_id=spool.pk,
        )
    figures |= {"counted": format_moment(moment), "booked": format_moment(line.booked_at)}
    raise CountedWhilePrinting(
        _(
            "Spool %(spool)s was counted %(counted)s, while run %(run)s took from it, which was "
            "booked %(booked)s: that would be off the weight once more. Count the spool again now, "
            "or record it as the book."
        )
        % figures,
        run_id=line.run_id,
        spool_id=spool.pk,
    )


def _require_since_receipt(spool, counted_at):
    """Raise Invalid for a count before the spool was received."""
    received = spool.transactions.order_by("pk").values_list("created_at", flat=True).first()
    if counted_at is not None and received is not None and counted_at < received:
        text = _("Spool %(spool)s was received at %(received)s: it can't be counted before.")
        text %= {"spool": spool.code, "received": format_moment(received)}
        raise Invalid(text, errors={"counted_at": [text]})


def _line_of(stocktake, spool):
    line = stocktake.lines.filter(spool=spool).first()
    if line is not None:
        return line
    place = sessions.places_of([spool.pk])[spool.pk]
    return sessions.new_line(stocktake, spool, place, is_expected=False)


def _book_at(spool, moment):
    """Net grams by the book then, less what is metered."""
    live, last = spool.live_grams, spool.last_entry_at
    if moment is None or last is None or moment >= last:
        return live
    before = spool.transactions.as_of(moment).order_by("-pk").first()
    then = before.balance_grams if before else ledger.ZERO
    return max(live - (spool.remaining_grams - then), ledger.ZERO)


def _counted(spool, result, found, net_grams, *, confirm):
    if result == Result.WEIGHED:
        net = scale.net_of_gross(spool, found["gross_grams"])
        if net < 0 and not confirm:
            advice = _("confirm that nothing is left")
            raise scale.below_reel(spool, found["gross_grams"], advice)
        net = max(net, ledger.ZERO)
    elif result == Result.NET:
        net = to_grams(net_grams, field="net_grams")
    else:
        of_word = {Result.FULL: spool.initial_grams, Result.EMPTY: ledger.ZERO}
        return of_word.get(result, found["book_grams"])
    if not confirm:
        scale.refuse_overfull(spool, net, found["book_grams"])
    return net


def _target(stocktake, spool, found_at):
    target = found_at or stocktake.location
    if target is None:
        raise Invalid(
            _("Where was it found? Name the location that it is to be moved to."),
            errors={"found_at": [_("Needed to move it.")]},
        )
    shelf.require_unloaded(spool, _("take it out there before it is moved"))
    return None if spool.location_id == target.pk else target


def _says_already(line, found, target, by):
    is_same = all(getattr(line, name) == value for name, value in found.items())
    return is_same and line.move_to == target and line.counted_by == by


def _write(line, *, by, at, **found):
    """Record it, on the line unless that was counted later; returns the line as it then is."""
    recorded = copy(line)
    found |= {"counted_by": by, "counted_at": at, "outcome": "", "entry": None}
    found["place_outcome"] = ""
    for name, value in found.items():
        setattr(recorded, name, value)
    is_older = line.result and line.counted_at > at
    if not is_older:
        recorded.save()
    _record_of(recorded).save()
    return line if is_older else recorded


def _record_of(line):
    names = ("result", "gross_grams", "counted_grams", "book_grams")
    values = {name: getattr(line, name) for name in names}
    return StocktakeRecord(line=line, by=line.counted_by, at=line.counted_at, **values)
