"""What was printed for nothing, and what products really take: reckoned from the rows."""

from collections import defaultdict
from fractions import Fraction

from tests.production.figures.books import known, total
from tests.production.figures.sums import GRAMS, MINUTES, MONEY, by_item, rounded

EVIDENT = {"weighed", "typed", "metered"}


def scrap(books, group_by, runs=None):
    """``{key: row}`` of reports/scrap; of all runs unless some are named."""
    runs = books.live_runs.values() if runs is None else runs
    parts = [part for run in runs if run.is_booked for part in by_item(run)]
    lost, made = defaultdict(list), defaultdict(list)
    for part in parts:
        made[None if group_by == "reason" else _key(books, part, group_by)].append(part)
        if _lost_count(part) or part.run.row.status == "failed":
            key = _reason(part) if group_by == "reason" else _key(books, part, group_by)
            lost[key].append(part)
    keys = lost if group_by == "reason" else made
    return {key: _row(lost[key], made[None if group_by == "reason" else key]) for key in list(keys)}


def _key(books, part, group_by):
    item = part.items[0] if part.items else None
    key = {
        None: None,
        "product": item and item.product_id,
        "printer": part.run.row.printer_id,
        "order": item and item.order_reference.upper() or None,
        "person": books.closed_by(part.run.row),
        "day": books.day(part.run.row.finished_at),
        "week": books.week(part.run.row.finished_at),
        "month": books.day(part.run.row.finished_at)[:7],
    }[group_by]
    return None if key is None else str(key)


def _reason(part):
    row = part.run.row
    reason = row.outcome_reason_id if row.status == "failed" else part.items[0].scrap_reason_id
    return None if reason is None else str(reason)


def _printed(part):
    return sum(map(part.run.printed, part.items))


def _lost_count(part):
    return _printed(part) if part.run.row.status == "failed" else part.count("scrapped_count")


def _lost(part):
    """The share of what it took that was for nothing."""
    if part.run.row.status == "failed":
        return Fraction(1)
    return Fraction(_lost_count(part), _printed(part))


def _grams(part):
    return part.actual(part.run.actual)


def _unknown(parts):
    return len({part.run.row.id for part in parts if _grams(part) is None})


def _cost(part):
    """What is known of it."""
    spent = [entry.cost or 0 for entries in part.run.spent.values() for entry in entries]
    kinds = [cost or 0 for kind, cost in part.costs.items() if kind != "material"]
    return part.actual(total(spent)) + sum(kinds)


def _row(lost, made):
    unknown = {part.run.row.id for part in lost if None in part.costs.values()}
    failed = [part for part in lost if part.run.row.status == "failed"]
    scrapped = [part for part in lost if part not in failed]
    both, printed = _sums(lost, unknown), sum(map(_printed, made))
    grams, lost_grams = _known(map(_grams, made)), _lost_grams(lost)
    return {
        "scrapped": _sums(scrapped, unknown),
        "failed": {"runs": len({part.run.row.id for part in failed}), **_sums(failed, unknown)},
        "lost": both
        | {
            "known_cost": _sums(lost, ())["cost"],
            "runs_of_unknown_cost": len(unknown),
            "percent_of_count": rounded(Fraction(both["count"] * 100, printed), 4)
            if printed
            else None,
            "percent_of_grams": rounded(lost_grams * 100 / grams, 4)
            if grams and lost_grams is not None
            else None,
            "runs_of_unknown_grams": _unknown(lost),
        },
        "printed": {
            "count": printed,
            "grams": rounded(grams, GRAMS),
            "runs_of_unknown_grams": _unknown(made),
        },
    }


def _lost_grams(parts):
    return _known(None if _grams(part) is None else _grams(part) * _lost(part) for part in parts)


def _known(grams):
    """The sum of what is known; 0 of nothing, None where there is something, and none known."""
    grams = list(grams)
    return known(grams) if grams else Fraction(0)


def _sums(parts, unknown):
    return {
        "count": sum(map(_lost_count, parts)),
        "grams": rounded(_lost_grams(parts), GRAMS),
        "cost": None
        if unknown
        else rounded(sum(_cost(part) * _lost(part) for part in parts), MONEY),
    }


def evidence(books, last=10):
    """``{product: what its last runs say}``: completed, of it alone, all of it weighed or typed."""
    runs = defaultdict(list)
    for run in sorted(
        books.live_runs.values(),
        key=lambda run: (run.row.finished_at or run.row.created_at, run.row.id),
    ):
        products = {item.product_id for item in run.items}
        sources = {line.actual_source for line in run.lines}
        is_evident = sources and sources <= EVIDENT and sum(map(run.printed, run.items))
        if run.row.status == "completed" and len(products) == 1 and is_evident:
            runs[products.pop()].append(run)
    return {pk: _fitting(each[-last:]) for pk, each in runs.items()}


def _fitting(runs):
    printed = sum(run.printed(item) for run in runs for item in run.items)
    grams = total(line.actual_grams for run in runs for line in run.lines)
    timed = [run for run in runs if run.minutes is not None and _is_whole(run)]
    timed = [run for run in timed if not run.has_assumed_minutes]
    plates = sum(run.row.plate_count for run in timed)
    minutes = total(run.minutes for run in timed)
    return {
        "run_ids": sorted(run.row.id for run in runs),
        "fitting_grams_per_unit": rounded(grams / printed, GRAMS),
        "fitting_plate_minutes": rounded(minutes / plates, MINUTES) if minutes else None,
    }


def _is_whole(run):
    return sum(map(run.printed, run.items)) == sum(item.quantity for item in run.items)
