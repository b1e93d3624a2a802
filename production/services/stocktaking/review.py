"""What a stocktake has found so far: its progress by place, its differences, and its doubts."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, F, Q
from django.db.models.functions import Abs
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Spool
from inventory.models.stocktaking import BOOK
from inventory.services import stock
from inventory.services.spools.scale import IMPLAUSIBLE_GRAMS, IMPLAUSIBLE_SHARE
from production.services.stocktaking import posting, sessions
from tenants.operations.text import format_number

MOST_DOUBTS = 200
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
    total: Progress
    places: list
    differences: Differences
    doubts: list


def review(stocktake):
    """The Review of a stocktake; the number of statements does not depend on its lines."""
    places = progress(stocktake)
    totals = stocktake.lines.totals()
    differences = Differences(
        count=totals["differing"],
        grams=totals["grams"],
        value=totals["value"],
        unpriced=totals["unpriced"],
    )
    return Review(
        total=summed(places), places=places, differences=differences, doubts=doubts(stocktake)
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


def doubts(stocktake):
    """Doubts about counted lines, the largest differences first; 200 lines at most."""
    off = Abs(BOOK)
    is_far = Q(off__gt=IMPLAUSIBLE_GRAMS) & Q(off__gt=F("book_grams") * IMPLAUSIBLE_SHARE)
    is_too_much = Q(counted_grams__gt=F("spool__initial_grams"))
    has_moved = Q(spool__last_entry_at__gt=F("counted_at"))
    lines = stocktake.lines.counted().filter(outcome="").alias(off=off)
    lines = lines.filter(is_far | is_too_much | has_moved).by_value().with_spool()
    return doubts_of(list(lines[:MOST_DOUBTS]), stocktake)


def doubts_of(lines, stocktake):
    """A LineDoubt for each reason to look again at one of the counted ``lines``, which come with
    their spools."""
    superseded = posting.counted_since(lines)
    spools = [line.spool_id for line in lines]
    others = sessions.open_elsewhere(spools, besides=stocktake).recorded()
    elsewhere = dict(others.values_list("spool", "stocktake"))
    return [
        LineDoubt(line=line, text=text)
        for line in lines
        for text in _texts(line, line.pk in superseded, elsewhere.get(line.spool_id))
    ]


def _texts(line, is_superseded, other):
    spool, off = line.spool, abs(line.difference_grams)
    figures = {"counted": line.counted_grams, "off": off, "book": line.book_grams}
    figures |= {"received": spool.initial_grams, "since": spool.live_grams - line.book_grams}
    found = []
    if off > IMPLAUSIBLE_GRAMS and off > line.book_grams * IMPLAUSIBLE_SHARE:
        found.append(_("%(counted)s g are %(off)s g off the book's %(book)s g."))
    if line.counted_grams > spool.initial_grams:
        found.append(_("%(counted)s g are more than the %(received)s g received."))
    if is_superseded:
        found.append(_("It was counted again since, outside of this stocktake: nothing is posted."))
    elif figures["since"]:
        found.append(_("%(since)s g were booked since it was counted: they stay on top."))
    if other:
        found.append(_("It is recorded in stocktake %(other)s too, which is open."))
    numbers = {name: format_number(figure) for name, figure in figures.items()}
    return [text % {**numbers, "other": other} for text in found]
