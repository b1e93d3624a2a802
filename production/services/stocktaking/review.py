"""What a stocktake has found so far: its progress by place, its differences, and its doubts."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Spool, StocktakeLine
from inventory.services import stock
from inventory.services.spools.scale import IMPLAUSIBLE_GRAMS, IMPLAUSIBLE_SHARE
from production.services.stocktaking.outlook import Outcome, Place, prospect, recorded
from production.services.stocktaking.versions import version_of
from tenants.operations.text import format_number

MOST_DOUBTS = 200
NOTHING = Decimal(0)
Result = StocktakeLine.Result
LONG = timedelta(days=365)
EXPECTED, ELSEWHERE = Q(is_expected=True), Q(is_expected=False, spool__isnull=False)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How many spools of a place (None: of all) are expected, recorded and not found, how many
    were found that were not expected, and how many codes no spool has."""

    place: str | None
    expected: int
    recorded: int
    not_found: int
    unexpected: int
    unknown: int

    @property
    def open(self):
        return self.expected - self.recorded


@dataclass(frozen=True, kw_only=True)
class Differences:
    """``value`` is of those with a known cost, None if there are none of them; ``unpriced`` are
    the others."""

    count: int
    grams: Decimal
    value: Decimal | None
    unpriced: int


@dataclass(frozen=True, kw_only=True)
class LineDoubt:
    line: object
    text: str


@dataclass(frozen=True, kw_only=True)
class Review:
    """``differences`` are of what was counted, ``not_found`` what the book has of other spools;
    ``posted`` is of a posted stocktake, ``version`` of an open one."""

    total: Progress
    places: list
    differences: Differences
    not_found: Differences
    together: Differences
    posted: Differences | None
    doubts: list
    version: str | None


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What posting would write: its Prospects, the largest first."""

    prospects: list
    differences: Differences
    version: str


def review(stocktake):
    """The Review of a stocktake; the number of statements does not depend on its lines."""
    places, lines = progress(stocktake), _recorded(stocktake)
    counted = [line for line in lines if line.result != Result.NOT_FOUND]
    missed = [line for line in lines if line.result == Result.NOT_FOUND]
    return Review(
        total=summed(places),
        places=places,
        differences=_differences(map(_change, counted)),
        not_found=_differences(map(_change, missed)),
        together=_differences(map(_change, lines)),
        posted=_posted(lines) if stocktake.status == stocktake.Status.POSTED else None,
        doubts=_doubts(lines)[:MOST_DOUBTS] if stocktake.is_open else [],
        version=version_of(stocktake, lines) if stocktake.is_open else None,
    )


def forecast(stocktake, missing, *, confirm=False):
    """The Forecast of posting an open stocktake; ``missing`` and ``confirm`` as there."""
    lines = _recorded(stocktake)
    prospects = [prospect(line, missing, confirm=confirm) for line in lines]
    return Forecast(
        prospects=sorted(prospects, key=lambda each: _size(each.grams, each.value)),
        differences=_differences((each.grams, each.value) for each in prospects),
        version=version_of(stocktake, lines),
    )


def not_counted_for_long(at=None):
    """How many spools on the shelf were neither received nor counted for twelve months."""
    since = (at or timezone.now()) - LONG
    return stock.not_counted_since(since, Spool.objects.present().on_shelf()).count()


def progress(stocktake):
    """A Progress of each place, by name; one query."""
    rows = stocktake.lines.order_by("place").values("place")
    rows = rows.annotate(
        expected=Count("pk", filter=EXPECTED),
        recorded=Count("pk", filter=EXPECTED & ~Q(result="")),
        not_found=Count("pk", filter=Q(result="not_found")),
        unexpected=Count("pk", filter=ELSEWHERE),
        unknown=Count("pk", filter=Q(spool=None)),
    )
    return [Progress(**row) for row in rows]


def summed(places):
    names = ("expected", "recorded", "not_found", "unexpected", "unknown")
    sums = {name: sum(getattr(each, name) for each in places) for name in names}
    return Progress(place=None, **sums)


def doubts_of(line):
    """A LineDoubt for each reason to look again at a recorded line."""
    return _doubts(recorded(line.stocktake).filter(pk=line.pk).select_related("spool"))


def _recorded(stocktake):
    """Its recorded lines with their spools, the largest differences first."""
    lines = recorded(stocktake).select_related("spool__filament", "entry").order_by("pk")
    return sorted(lines, key=lambda line: _size(*_change(line)))


def _change(line):
    return line.difference_grams, line.difference_value


def _posted(lines):
    """The Differences of the entries of lines, at what a gram cost then."""
    return _differences((line.posted_grams, line.posted_value) for line in lines if line.entry)


def _size(grams, value):
    return -abs(value or NOTHING), -abs(grams or NOTHING)


def _differences(changes):
    """The Differences of ``(grams, value)``."""
    found = [(grams, value) for grams, value in changes if grams]
    known = [value for _grams, value in found if value is not None]
    return Differences(
        count=len(found),
        grams=sum((grams for grams, _value in found), NOTHING),
        value=sum(known, NOTHING) if known or not found else None,
        unpriced=len(found) - len(known),
    )


def _doubts(lines):
    return [
        LineDoubt(line=line, text=text)
        for line in lines
        for text in [*_of_count(line), *_of_spool(line)]
    ]


def _of_count(line):
    """What is doubtful of what was counted."""
    if line.counted_grams is None:
        return
    spool, off, older = line.spool, abs(line.difference_grams), line.older_grams
    otherwise = line.otherwise_grams
    since = spool.live_grams - line.book_grams - older - otherwise
    figures = {"counted": line.counted_grams, "off": off, "book": line.book_grams}
    figures |= {"received": spool.initial_grams, "since": since, "older": older}
    figures["otherwise"] = otherwise
    figures = {name: format_number(figure) for name, figure in figures.items()}
    if off > IMPLAUSIBLE_GRAMS and off > line.book_grams * IMPLAUSIBLE_SHARE:
        yield _("%(counted)s g are %(off)s g off the book's %(book)s g.") % figures
    if line.counted_grams > spool.initial_grams:
        yield _("%(counted)s g are more than the %(received)s g received.") % figures
    if line.is_counted_since:
        return
    if (run := line.unmetered_run) and line.result != Result.AS_BOOK:
        yield _("Run %(run)s took from it when it was counted: count it again.") % {"run": run}
    if run := line.unclear_run:
        yield (
            _("Run %(run)s was booked otherwise since, and was not over then: count it again.")
            % {"run": run}
        )
        return
    if otherwise:
        yield (
            _(
                "%(otherwise)s g were booked otherwise since, of what was over when it was "
                "counted: they come off."
            )
            % figures
        )
    if since:
        yield _("%(since)s g were booked since it was counted: they stay on top.") % figures
    if older:
        yield _("%(older)s g were booked since by an older count: they come off again.") % figures


def _of_spool(line):
    """What else happened to the spool."""
    found = prospect(line)
    if line.result == Result.ARCHIVED:
        yield _archived(line.spool)
    elif found.outcome == Outcome.OFF_SHELF:
        yield _("It was archived or removed since: nothing is posted.")
    elif line.is_counted_since:
        yield _(
            "It was counted or weighed again since, outside of this stocktake: nothing is posted."
        )
    elif found.outcome == Outcome.TURNED_UP:
        yield _("It has turned up since it was not found: nothing is posted.")
    elif found.outcome == Outcome.PRINTING:
        runs = ", ".join(line.printing_runs)
        yield _("It was not found, but run %(runs)s takes from it: it is left alone.") % {
            "runs": runs
        }
    if line.result == Result.NOT_FOUND and line.planned_runs:
        runs = ", ".join(line.planned_runs)
        yield _("It was not found, but run %(runs)s is to take from it: plan it otherwise.") % {
            "runs": runs
        }
    yield from _of_place(found)
    if other := line.other_stocktake:
        yield _("It is recorded in stocktake %(other)s too, which is open.") % {"other": other}


def _of_place(found):
    """What is doubtful of where it is moved."""
    if found.line.place_outcome == Place.STAYS:
        yield _("It stayed here when posting was undone: the place where it was is deleted.")
    if found.place == Place.LOADED:
        yield _("It is in a printer: it is not moved.")
    if found.place == Place.MOVED_SINCE:
        yield _("It was moved since it was recorded: it stays where it is.")


def _archived(spool):
    if spool.is_archived:
        return _("It is archived, and was found here: restore it, then count it.")
    return _("It was archived when it was found here, and is not any more: count it.")
