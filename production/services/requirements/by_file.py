"""What the plan of a run derives from its sliced file: minutes and grams of its plates, as often as
they are printed. It follows the number of plates. Where the quantities are not those of the plates,
the plan is of other parts than the run is to make: it is outdated, until either is changed."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from production.models import PlanSource
from production.services.requirements import chains
from tenants.operations.quantities import grams as to_grams
from tenants.operations.quantities import minutes as to_minutes

BILL, FILE, TYPED, OUTDATED = (
    PlanSource.BILL,
    PlanSource.FILE,
    PlanSource.TYPED,
    PlanSource.OUTDATED,
)
ONCE = Fraction(1)


@dataclass(frozen=True)
class OfFile:
    """How often the plates are printed, and whether that makes the quantities; minutes None are
    unknown."""

    plate_count: int
    copies: Fraction
    is_met: bool
    minutes: Decimal | None


def figures(run, items, *, anew=False):
    """What the file says of a run with these items; None without a file. With ``anew``, and where
    nobody typed the number of plates, they are as many as the items need; ``anew`` that is met,
    though whole plates may make more."""
    if not run.sliced_plates:
        return None
    plate_count = run.plate_count
    if anew or run.plate_count_source == BILL:
        plate_count = _needed(run, items)
    copies = Fraction(plate_count, len(run.sliced_plates))
    return OfFile(
        plate_count=plate_count,
        copies=copies,
        is_met=anew or all(_is_met(item, copies) for item in items),
        minutes=minutes(run.sliced_seconds, copies),
    )


def minutes(seconds, copies):
    """Minutes of so many copies of plates; None where the seconds are unknown."""
    if seconds is None:
        return None
    taken = Decimal(seconds) * copies.numerator / copies.denominator / 60
    return to_minutes(taken, field="planned_minutes")


def planned(line, copies):
    """``(grams, purge grams)`` of a line for so many copies."""
    return tuple(to_grams(each, field="planned_grams") for each in line.sliced_plan(copies))


def is_of_file(lines):
    """Whether a run's materials are those of its file."""
    return any(line.sliced_slot is not None for line in lines)


def apply_to_run(run, before, after):
    """Bring plates and minutes from one OfFile to the next."""
    source = FILE if after.is_met else OUTDATED
    run.plate_count, run.plate_count_source = after.plate_count, source
    if after.minutes is None:
        return
    was, value = run.planned_minutes_source, run.planned_minutes
    if was in (BILL, FILE) or (was == OUTDATED and value == before.minutes):
        run.planned_minutes, run.planned_minutes_source = after.minutes, source
    else:
        run.planned_minutes_source = _typed(was, value, before.minutes, after.minutes)


def apply_to_lines(lines, before, after, book):
    """The same of the lines, with those that follow them; returns those whose grams are others now.
    What they have of spools is in the ``book``."""
    changed = []
    for line in lines:
        if line.sliced_grams is not None:
            old, new = planned(line, before.copies), planned(line, after.copies)
            source = FILE if after.is_met else OUTDATED
            changed += _follow([line, *_following(line, lines)], old, new, source, book)
    return changed


def apply_factor(line, factor, copies, *, lines=(), book=None):
    """Let the plan of a line follow another factor of the slicer's grams, as `apply_to_lines`;
    ``lines`` are those of its run, of which some may follow it."""
    old = planned(line, copies)
    line.slicer_factor = factor
    mine = [line, *_following(line, lines)]
    _follow(mine, old, planned(line, copies), line.planned_source, book)


def is_needless(line):
    """Whether it followed another one, and there is nothing left for it."""
    is_following = line.sliced_slot is not None and line.sliced_grams is None
    return is_following and not line.planned_total_grams


def _following(line, lines):
    """The lines that take what the spool of this one has too little of."""
    same = (each for each in lines if each.sliced_slot == line.sliced_slot and each is not line)
    return [each for each in same if each.sliced_grams is None]


def _follow(lines, old, new, source, book):
    """Bring lines of a slot from the plan ``old`` to ``new``; returns those whose grams changed."""
    first, value = lines[0], chains.total(lines)
    if first.planned_source == FILE or (first.planned_source == OUTDATED and value == old):
        was = list(map(_planned, lines))
        if value != new:
            chains.divide(new, lines, book)
        for line in lines:
            line.planned_source = source
        return [line for line, before in zip(lines, was, strict=True) if _planned(line) != before]
    typed = _typed(first.planned_source, value, old, new)
    for line in lines:
        line.planned_source = typed
    return []


def _planned(line):
    return line.planned_grams, line.planned_purge_grams


def forget_typed(run, lines):
    """Take what the file says in place of what was typed."""
    if run.sliced_seconds is not None:
        run.planned_minutes_source = FILE
    for line in lines:
        if line.sliced_grams is not None:
            line.planned_source = FILE


def _typed(source, value, old, new):
    if value == new:
        return TYPED
    return source if old == new else OUTDATED


def _is_met(item, copies):
    return item.sliced_quantity is not None and item.quantity == item.sliced_quantity * copies


def _needed(run, items):
    """Plates that the items need, whole copies of all plates of the file."""
    on_plates = [item for item in items if item.sliced_quantity]
    copies = [ceil(Fraction(item.quantity, item.sliced_quantity)) for item in on_plates]
    return max(copies) * len(run.sliced_plates) if copies else run.plate_count
