"""Given actuals of a run's materials and items, written on the farm's lines in plain Python."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from tests.production.any_day.model import ZERO, Refused

PLAUSIBLE_PERCENT = 50
MICROGRAM = Decimal("0.000001")


def note(run, given):
    """Write the given actuals on the lines; the ids of those to settle."""
    settled = set()
    for actual in given:
        line = run.line_of(actual)
        figures = (
            actual.actual_grams,
            actual.actual_purge_grams,
            actual.gross_before_grams,
            actual.gross_after_grams,
        )
        if any(figure is not None and figure < 0 for figure in figures):
            raise Refused("InvalidQuantity")
        if any(figure is not None for figure in figures):
            line.actual, line.actual_purge, line.before, line.after = figures
            line.source = ""
        if actual.settle:
            settled.add(id(line))
    return settled


def apply_materials(farm, run, lines, given, *, percent=None, book_of=None):
    """Every line has part and purge grams afterwards, or it is refused."""
    settled = note(run, given)
    for line in lines:
        _settle(farm, line, book_of)
    if percent is not None:
        for line, figures in estimates(lines, percent, farm.spools):
            line.actual, line.actual_purge = figures
            line.source = "as_planned" if percent == 100 else "percent"
    if any(None in (line.actual, line.actual_purge) for line in lines):
        raise Refused("ActualsMissing")
    if any(line.took and line.spool is None for line in lines):
        raise Refused("SpoolsMissing")
    return settled


def _settle(farm, line, book_of):
    if line.after is not None and not line.source:
        _weighed(farm, line, book_of)
    elif line.actual is not None:
        line.source = line.source or "typed"
        if line.actual_purge is None and not line.purge:
            line.actual_purge = ZERO


def estimates(lines, percent=100, spools=None):
    """``[(line, (part, purge))]`` of lines without a statement."""
    found = []
    for whole in needs(lines):
        unknown = [line for line in whole if line.actual is None and line.after is None]
        own = [line for line in unknown if line.expected is None or line.due]
        part = [line.planned + (line.expected or ZERO) for line in own]
        purge = [line.purge for line in own]
        if percent < 100 and is_chain(own, spools):
            part, purge = _in_order(part, percent), _in_order(purge, percent)
        else:
            part, purge = ([_share(each, percent) for each in figures] for figures in (part, purge))
        found += zip(own, zip(part, purge, strict=True), strict=True)
        others = [line for line in unknown if line not in own]
        is_weighed = any(line.actual is None and line.after is not None for line in whole)
        if len(others) == 1 and not is_weighed:
            known = [line for line in whole if line.actual is not None]
            left = _share(sum(line.due for line in whole), percent) - sum(part) - sum(purge)
            left -= sum(line.took for line in known)
            flushed = sum(line.actual_purge or ZERO for line in known) + sum(purge)
            flushed = max(_share(sum(line.purge for line in whole), percent) - flushed, ZERO)
            if left > 0:
                found.append((others[0], (left - min(flushed, left), min(flushed, left))))
    return found


def is_chain(lines, spools):
    """Whether the spools of the lines follow each other: none but the last has more to give."""
    if len(lines) < 2 or any(line.spool is None for line in lines):
        return False
    mine = [spools[line.spool] for line in lines]
    is_one = len({spool.filament.key for spool in mine}) == 1
    return is_one and all(spool.available <= 0 for spool in mine[:-1])


def _in_order(figures, percent):
    whole, parts = _share(sum(figures), percent), []
    for figure in figures[:-1]:
        parts.append(min(figure, whole))
        whole -= parts[-1]
    return [*parts, whole]


def needs(lines):
    found = {}
    for line in lines:
        found.setdefault(line.wants, []).append(line)
    return list(found.values())


def _share(grams, percent):
    return (Decimal(grams) * percent / 100).quantize(MICROGRAM, ROUND_HALF_UP)


def _weighed(farm, line, book_of):
    if line.spool is None:
        raise Refused("SpoolsMissing")
    spool = farm.spools[line.spool]
    if line.before is not None:
        used = line.before - line.after
    else:
        book = spool.remaining if book_of is None else book_of(line.spool)
        net = spool.net(line.after)
        if net < 0:
            raise Refused("WeighingImplausible")
        used = book - net
    if used < 0:
        raise Refused("AfterAboveBefore")
    purge = min(line.purge if line.actual_purge is None else line.actual_purge, used)
    line.actual, line.actual_purge, line.source = used - purge, purge, "weighed"


def apply_items(run, given, *, as_planned=False):
    note_items(run, given)
    for item in run.items:
        if item.good is None and as_planned:
            item.good, item.is_counted = item.quantity - (item.scrapped or 0), False
        if item.good is None:
            raise Refused("ActualsMissing")
        item.scrapped = item.scrapped or 0


def note_items(run, given):
    for count in given:
        (item,) = [item for item in run.items if count.item in (item.pk, None)]
        if min(count.good_count, count.scrapped_count) < 0:
            raise Refused("CountsExceedQuantity")
        item.good, item.scrapped = count.good_count, count.scrapped_count
        item.is_counted = True
        if item.good + item.scrapped > item.quantity:
            raise Refused("CountsExceedQuantity")


def require_plausible(lines, *, may_be_less=False, changed=None):
    for group in needs(lines):
        parts = [[line] for line in group] if all(line.due for line in group) else [group]
        for part in parts:
            if changed is not None and not any(line in changed for line in part):
                continue
            plan, took = sum(line.due for line in part), sum(line.took for line in part)
            too_much = abs(took - plan) * 100 > plan * PLAUSIBLE_PERCENT
            if plan > 0 and too_much and not (may_be_less and took < plan):
                raise Refused("ActualImplausible")


def share_missing(items):
    """How much of a run is to be made again; all of one that makes nothing in particular."""
    whole = sum(item.quantity for item in items)
    return Fraction(sum(missing(item) for item in items), whole) if whole else Fraction(1)


def missing(item):
    return item.quantity - (item.good or 0)


def share_of(grams, share):
    exact = Fraction(grams) * share / Fraction(MICROGRAM)
    return Decimal(int(exact + Fraction(1, 2))) * MICROGRAM
