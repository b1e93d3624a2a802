"""What posting would do to a line of a stocktake, as things are now.

A spool is left alone where it was counted later than its line was, and where it can't be known what
was in the count. What was counted earlier and entered later comes off again, as does what was
booked otherwise since though the book of the count had it: the weight had seen it.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from inventory.models import (
    InventoryTransaction,
    SpoolEvent,
    Stocktake,
    StocktakeLine,
    UsageMeter,
)
from inventory.models.ledger import COMPENSATED, CONSUMPTION, REVALUED
from inventory.models.stocktaking import NO_GRAMS
from production.models import PrinterSlot, ProductionRun, RunMaterial
from tenants.operations.quantities import MoneyField
from tenants.operations.text import half_up

Missing, Outcome, Place = Stocktake.Missing, StocktakeLine.Outcome, StocktakeLine.PlaceOutcome
NOT_FOUND = StocktakeLine.Result.NOT_FOUND
# When it was seen what an entry says, as a weight may be entered later: of a run it is not known.
OF_RUN = Q(production_run__isnull=False) & ~Q(reason=REVALUED)
SEEN_AT = Case(When(OF_RUN, then=F("created_at")), default=F("occurred_at"))


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What becomes of a line: ``grams`` are by how much its book changes, None if nothing is
    posted; ``place`` is the outcome of its move, "" without one."""

    line: StocktakeLine
    outcome: str
    grams: Decimal | None = None
    place: str = ""

    @property
    def value(self):
        """Money; None if the cost is unknown."""
        if None in (self.grams, self.line.rate):
            return None
        return half_up(self.grams * self.line.rate, MoneyField.places)

    @property
    def is_posted(self):
        return self.outcome == Outcome.POSTED

    @property
    def is_as_recorded(self):
        """Whether nothing stands in the way of what was recorded."""
        is_same = self.is_posted and self.grams == self.line.difference_grams
        return is_same and self.place in ("", Place.MOVED)

    @property
    def what(self):
        """What is done with the grams and the place, in words."""
        return StocktakeLine(outcome=self.outcome, place_outcome=self.place).done


def printing_at(spool, moment):
    """Lines of runs that took from a spool then, with when each was booked first: later, or it is
    in progress."""
    of_run = InventoryTransaction.objects.filter(
        kind__in=CONSUMPTION, production_run=OuterRef("run")
    )
    took = of_run.filter(spool=OuterRef("spool"))
    lines = RunMaterial.objects.filter(
        spool=spool, run__started_at__lte=moment, run__deleted_at=None
    ).annotate(
        booked_at=Subquery(took.order_by("pk").values("created_at")[:1]),
        run_booked_at=Subquery(of_run.order_by("pk").values("created_at")[:1]),
    )
    is_printing = Q(run__status=ProductionRun.Status.IN_PROGRESS)
    was_over = Q(run__finished_at__lte=moment, run_booked_at__lte=moment)
    found = lines.filter(is_printing | Q(booked_at__gt=moment) & ~was_over)
    # By columns that have an index, the first would be looked for among the runs of all spools.
    return found.order_by(F("run__started_at") + timedelta(0), "pk")


def _booked_otherwise(since):
    """``(entries, unclear)`` after a count: that say otherwise what its book had, and of runs of
    which that can't be known, as they were not over when it was counted, or are open again."""
    entries = InventoryTransaction.objects.filter(spool=OuterRef("spool"), created_at__gt=since)
    entries = entries.exclude(reason=REVALUED)
    before = InventoryTransaction.objects.filter(
        production_run=OuterRef("production_run"), created_at__lte=OuterRef(OuterRef("counted_at"))
    )
    was_over = Q(
        production_run__finished_at__lte=since, production_run__status__in=ProductionRun.CLOSED
    )
    was_there = Q(reverses__created_at__lte=since) | Q(
        reverses__reason=REVALUED, reverses__occurred_at__lte=since
    )
    is_again = was_over & Q(reverses=None) & Exists(before)
    unclear = entries.filter(was_there, production_run__isnull=False).exclude(was_over)
    return entries.filter(was_there | is_again | Q(reason=COMPENSATED)), unclear


def recorded(stocktake):
    """The lines of a stocktake with a spool of which something is recorded, and with what happened
    since that `prospect` asks for. One query."""
    lines = _with_runs(stocktake.lines.recorded().filter(spool__isnull=False))
    of_spool, since = {"spool": OuterRef("spool")}, OuterRef("counted_at")
    counts = InventoryTransaction.objects.counted().filter(**of_spool, created_at__gt=since)
    counts = counts.exclude(pk=Coalesce(OuterRef("entry"), 0)).alias(seen_at=SEEN_AT)
    older = counts.exclude(kind__in=CONSUMPTION).filter(seen_at__lte=since)
    entries = InventoryTransaction.objects.not_reversed().not_metered().alias(seen_at=SEEN_AT)
    events = SpoolEvent.objects.filter(**of_spool, at__gt=since)
    moves = events.filter(verb=SpoolEvent.Verb.MOVED)
    has_turned_up = (
        Exists(entries.filter(**of_spool, seen_at__gt=since))
        | Exists(UsageMeter.objects.standing().filter(**of_spool, last_report_at__gt=since))
        | Exists(events)
    )
    others = StocktakeLine.objects.recorded().filter(**of_spool, stocktake__status="open")
    return lines.annotate(
        is_counted_since=Exists(counts.filter(seen_at__gt=since)),
        older_grams=_sum(older),
        has_turned_up=Q(result=NOT_FOUND) & has_turned_up,
        is_claimed=Exists(RunMaterial.objects.of_open_runs().filter(**of_spool)),
        is_loaded=Exists(PrinterSlot.objects.filter(**of_spool)),
        place_then=Subquery(moves.order_by("pk").values("before")[:1]),
        is_moved_since=Q(place_then__isnull=False)
        & ~Q(place_then=Coalesce("spool__location__name", Value(""))),
        other_stocktake=Subquery(
            others.exclude(stocktake=stocktake).order_by("pk").values("stocktake")[:1]
        ),
    )


def _with_runs(lines):
    """With what runs took, take and took otherwise than was booked before."""
    of_spool, since = {"spool": OuterRef("spool")}, OuterRef("counted_at")
    otherwise, unclear = _booked_otherwise(since)
    unmetered = printing_at(OuterRef("spool"), since).filter(metered_grams=0)
    claims = RunMaterial.objects.of_open_runs().filter(**of_spool).order_by("pk")
    printing = Q(run__status=ProductionRun.Status.IN_PROGRESS)
    return lines.annotate(
        unmetered_run=Subquery(unmetered.values("run__number")[:1]),
        unclear_run=Subquery(unclear.order_by("-pk").values("production_run__number")[:1]),
        otherwise_grams=_sum(otherwise),
        printing_runs=ArraySubquery(claims.filter(printing).values("run__number")),
        planned_runs=ArraySubquery(claims.exclude(printing).values("run__number")),
    )


def _sum(entries):
    summed = entries.order_by().values("spool").annotate(sum=Sum("grams")).values("sum")
    return Coalesce(summed, NO_GRAMS)


def prospect(line, missing=Missing.EMPTY, *, confirm=False):
    """The Prospect of one of the `recorded` lines; ``missing`` is what becomes of spools that were
    not found, ``confirm`` posts what should be counted again too."""
    spool = line.spool
    if spool.is_archived or spool.is_removed or line.result == StocktakeLine.Result.ARCHIVED:
        return Prospect(line=line, outcome=Outcome.OFF_SHELF)
    if line.result == NOT_FOUND:
        return _missed(line, missing)
    place = _place(line)
    if line.is_counted_since:
        return Prospect(line=line, outcome=Outcome.COUNTED_SINCE, place=place)
    if is_unclear(line) and not confirm:
        return Prospect(line=line, outcome=Outcome.UNCLEAR, place=place)
    grams = line.difference_grams - line.older_grams - line.otherwise_grams
    grams = max(grams, -spool.live_grams)
    return Prospect(line=line, outcome=Outcome.POSTED, grams=grams, place=place)


def is_unclear(line):
    """Whether it can't be known what of the spool's book had been taken when it was counted."""
    is_of_print = line.unmetered_run and line.result != StocktakeLine.Result.AS_BOOK
    return bool(is_of_print or line.unclear_run)


def _missed(line, missing):
    if missing == Missing.LEAVE:
        return Prospect(line=line, outcome=Outcome.LEFT)
    if line.is_counted_since:
        return Prospect(line=line, outcome=Outcome.COUNTED_SINCE)
    if line.has_turned_up or line.is_loaded:
        return Prospect(line=line, outcome=Outcome.TURNED_UP)
    if line.printing_runs:
        return Prospect(line=line, outcome=Outcome.PRINTING)
    outcome = Outcome.POSTED
    if missing == Missing.ARCHIVE:
        is_in_use = line.is_claimed or line.spool.reserved_grams
        outcome = Outcome.IN_USE if is_in_use else Outcome.ARCHIVED
    return Prospect(line=line, outcome=outcome, grams=-line.spool.live_grams)


def _place(line):
    if line.move_to_id is None:
        return ""
    if line.is_loaded:
        return Place.LOADED
    if line.spool.location_id == line.move_to_id:
        return Place.THERE
    return Place.MOVED_SINCE if line.is_moved_since else Place.MOVED
