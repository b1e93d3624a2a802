"""What a run took of each slot of its sliced file: by the slicer, booked, and measured."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from production.models import ActualSource

ZERO = Decimal(0)


@dataclass(frozen=True)
class TakenOfSlot:
    """Grams of one slot, part and purge together; None is unknown. ``sliced`` is what the slicer
    says for all copies of the plates; ``booked`` None while the run is open; ``weighed`` and
    ``metered`` are what of it was measured so, None where nothing was. ``is_whole``: the run is
    completed, and all that was planned was printed, good or not."""

    slot: int
    lines: tuple
    sliced: Decimal | None
    planned: Decimal
    booked: Decimal | None
    weighed: Decimal | None
    metered: Decimal | None
    is_whole: bool

    @property
    def measured(self):
        """All that was booked, where all of it was weighed or metered of a whole run; else None."""
        found = (self.weighed or ZERO) + (self.metered or ZERO)
        return found if self.is_whole and self.booked and found == self.booked else None

    @property
    def difference(self):
        """Measured less sliced; None where one of them is not known."""
        return None if None in (self.measured, self.sliced) else self.measured - self.sliced

    @property
    def factor(self):
        """Measured by sliced; None where one of them is not known."""
        is_known = self.measured is not None and self.sliced
        return self.measured / self.sliced if is_known else None


def of_materials(run, items, materials):
    """The TakenOfSlots of a run, in the order of the slots, by its Materials (of its variance)."""
    named = [each for each in materials if each.line.sliced_slot is not None]
    named.sort(key=lambda each: (each.line.sliced_slot, each.line.pk))
    slots = groupby(named, key=lambda each: each.line.sliced_slot)
    is_whole = run.status == run.Status.COMPLETED and all(
        item.printed_count >= item.quantity for item in items
    )
    return [_taken(run, slot, list(found), is_whole) for slot, found in slots]


def _taken(run, slot, materials, is_whole):
    lines = tuple(each.line for each in materials)
    sliced = [line.sliced_grams for line in lines if line.sliced_grams is not None]
    copies = run.copies
    booked = [each.total.actual for each in materials]
    return TakenOfSlot(
        slot=slot,
        lines=lines,
        sliced=sum(sliced) * copies.numerator / copies.denominator if sliced and copies else None,
        planned=sum(line.planned_total_grams for line in lines),
        booked=None if run.is_open or None in booked else sum(booked),
        weighed=_measured(run, materials, ActualSource.WEIGHED),
        metered=_measured(run, materials, ActualSource.METERED),
        is_whole=is_whole,
    )


def _measured(run, materials, source):
    """Grams of the source; what devices reported after somebody's figure was saved is of none."""
    mine = [each for each in materials if each.line.actual_source == source]
    if run.is_open or not mine or any(each.total.actual is None for each in mine):
        return None
    return sum(each.total.actual - each.line.added_grams for each in mine)
