"""What the reports ought to say of the books: sums of exact fractions, rounded at the very end."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tests.production.figures.books import known, total

GRAMS, MONEY, MINUTES = 6, 4, 2
SOURCES = ("weighed", "metered", "sliced", "typed", "as_planned", "percent")
KINDS = ("material", "machine", "energy", "labour")


def rounded(value, places):
    """Half up, as a Decimal."""
    if value is None:
        return None
    units = int(abs(Fraction(value)) * 10**places + Fraction(1, 2))
    return Decimal(units if value >= 0 else -units).scaleb(-places)


@dataclass
class Part:
    """A run, or the share of it that one of its items carries."""

    run: object
    planned_share: Fraction = Fraction(1)
    actual_share: Fraction = Fraction(1)
    items: list = ()

    def planned(self, figure):
        return None if figure is None else Fraction(figure) * self.planned_share

    def actual(self, figure):
        return None if figure is None else Fraction(figure) * self.actual_share

    def count(self, name):
        return sum(getattr(item, name) or 0 for item in self.items) if self.run.is_booked else 0

    @property
    def costs(self):
        costs = {kind: self.actual(cost) for kind, cost in self.run.costs().items()}
        return costs | {"labour": total(map(self.run.labour, self.items))}

    def pair(self, figure):
        """Planned and actual of a figure of which both are known."""
        run = self.run
        if figure == "total":
            kinds = [self.pair(kind) for kind in KINDS if run.keeps(kind)]
            return tuple(map(sum, zip(*kinds, strict=True)))
        if figure == "labour":
            return sum(map(run.planned_labour, self.items)), sum(map(run.labour, self.items))
        planned, actual = {
            "grams": (run.planned, run.actual),
            "minutes": (run.row.planned_minutes, run.minutes),
        }.get(figure) or (run.planned_costs()[figure], run.costs()[figure])
        return self.planned(planned), self.actual(actual)


def wholes(run):
    return [Part(run, items=run.items)]


def by_item(run):
    if not run.items:
        return wholes(run)
    rows = zip(run.items, run.planned_shares(), run.actual_shares(), strict=True)
    return [Part(run, planned, actual, [item]) for item, planned, actual in rows]


def grouped(runs, key, split=wholes):
    """``{key: parts}``; ``key`` is of a part."""
    found = defaultdict(list)
    for run in runs:
        for part in split(run):
            found[key(part)].append(part)
    return found


def variance(parts):
    """One row of reports/variance, but for its key and name."""
    good = sum(part.count("good_count") for part in parts)
    return {
        "runs": len({part.run.row.id for part in parts}),
        "good": good,
        "scrapped": sum(part.count("scrapped_count") for part in parts),
        "grams": grams(parts),
        "minutes": minutes(parts),
        "cost": costs(parts, good),
        "compared": {
            "grams": compared(parts, "grams", GRAMS),
            "minutes": compared(parts, "minutes", MINUTES),
            "cost": {kind: compared(parts, kind, MONEY) for kind in (*KINDS, "total")},
        },
    }


def compared(parts, figure, places):
    """Plan and actual of the runs that have both, and how many these are."""
    parts = [part for part in parts if part.run.is_compared(figure)]
    runs = len({part.run.row.id for part in parts})
    return {"runs": runs, **both([part.pair(figure) for part in parts], places)}


def minutes(parts):
    """Planned and actual, and of the actual: statements and estimates."""
    actual = known(part.actual(part.run.minutes) for part in parts)
    assumed = known(part.actual(part.run.minutes) for part in parts if part.run.has_assumed_minutes)
    planned = known(part.planned(part.run.row.planned_minutes) for part in parts)
    return {
        "planned": rounded(planned, MINUTES),
        "actual": rounded(actual, MINUTES),
        "runs_of_unknown_minutes": _unknown(parts, "minutes"),
        "typed": rounded(None if actual is None else actual - (assumed or 0), MINUTES),
        "as_planned_or_percent": rounded(None if actual is None else assumed or 0, MINUTES),
    }


def grams(parts):
    pairs = [(part.planned(part.run.planned), part.actual(part.run.actual)) for part in parts]
    assumed = [part.actual(part.run.assumed) for part in parts if part.run.actual is not None]
    sums = weights(pairs, [part.actual(part.run.purge) for part in parts], assumed)
    known_parts = [part for part in parts if part.run.actual is not None]
    sources = {
        source: sum(part.actual(part.run.of_source(source)) for part in known_parts)
        for source in SOURCES
    }
    sums["by_source"] = by_source(sources, known(pair[1] for pair in pairs))
    return sums | {"runs_of_unknown_grams": _unknown(parts, "actual")}


def by_source(sums, actual):
    """``{source: grams}``, the rest of the actual as unknown; null where that is."""
    if actual is None:
        return dict.fromkeys((*SOURCES, "unknown"))
    sums = sums | {"unknown": actual - sum(sums.values())}
    return {name: rounded(value, GRAMS) for name, value in sums.items()}


def _unknown(parts, figure):
    """The number of completed and failed runs of which a figure is unknown."""
    runs = {part.run.row.id: part.run for part in parts if part.run.is_booked}
    return sum(getattr(run, figure) is None for run in runs.values())


def weights(pairs, purges, assumed):
    """Planned and actual, and of the actual: what was flushed, and what nobody looked at."""
    actual, assumed = known(pair[1] for pair in pairs), known(assumed)
    return {
        "planned": rounded(known(pair[0] for pair in pairs), GRAMS),
        "actual": rounded(actual, GRAMS),
        "purge": rounded(known(purges), GRAMS),
        "weighed_or_typed": rounded(None if actual is None else actual - assumed, GRAMS),
        "as_planned_or_percent": rounded(assumed, GRAMS),
    }


def both(pairs, places):
    """Planned, actual, difference and percent of pairs that have both; null where there is none."""
    full = [tuple(map(Fraction, pair)) for pair in pairs if None not in pair]
    planned, actual = (sum(side) for side in zip(*full, strict=True)) if full else (None, None)
    off = None if planned is None else actual - planned
    return {
        "planned": rounded(planned, places),
        "actual": rounded(actual, places),
        "difference": rounded(off, places),
        "percent": rounded(off * 100 / planned if planned else None, 4),
    }


def costs(parts, good):
    each = [part.costs for part in parts]
    sums = {kind: total(cost[kind] for cost in each) for kind in KINDS}
    sums["total"] = total(sums.values())
    sums["per_good_unit"] = sums["total"] / good if good and sums["total"] is not None else None
    sums["known_total"] = sum(map(_known, parts))
    runs = zip(parts, each, strict=True)
    unknown = {part.run.row.id for part, cost in runs if None in cost.values()}
    sums = {name: rounded(value, MONEY) for name, value in sums.items()}
    return sums | {"runs_of_unknown_cost": len(unknown)}


def _known(part):
    """What is known of the cost, the priced entries of a run with others included."""
    spent = known(entry.cost for entries in part.run.spent.values() for entry in entries)
    kinds = [cost or 0 for kind, cost in part.costs.items() if kind != "material"]
    return part.actual(spent or 0) + sum(kinds)


def material(runs, of, pk):
    """One row of reports/variance by filament or material type: of the lines of these runs that
    are of it, by the function ``of``."""
    uses = [_Use(of, run, pk) for run in runs]
    uses = [use for use in uses if use.lines]
    return {
        "runs": len(uses),
        "grams": weights(
            [(use.planned, known(use.sums)) for use in uses],
            [purge for use in uses for _, purge in use.took],
            [grams for use in uses for grams in use.assumed()],
        )
        | {"by_source": _sources_of(uses)},
        "cost": {"material": rounded(total(use.material() for use in uses), MONEY)},
        "compared": {
            "grams": _compared_uses(uses, "grams", GRAMS),
            "cost": {"material": _compared_uses(uses, "material", MONEY)},
        },
    }


def _compared_uses(uses, figure, places):
    """Of grams: the runs that measured some of each filament that they took."""
    uses = [use for use in uses if use.run.is_compared(figure)]
    if figure == "grams":
        uses = [use for use in uses if use.is_whole_run_measured()]
        pairs = [(use.planned, known(use.sums)) for use in uses]
    else:
        pairs = [(use.planned_material(), use.material()) for use in uses]
    return {"runs": len(uses), **both(pairs, places)}


def _sources_of(uses):
    sums, every = dict.fromkeys(SOURCES, Fraction(0)), []
    for use in uses:
        for line, grams in zip(use.lines, use.sums, strict=True):
            every.append(grams)
            if line.actual_source in sums:
                sums[line.actual_source] += Fraction(grams or 0)
    return by_source(sums, known(every))


class _Use:
    """What one run takes of one filament or material type."""

    def __init__(self, of, run, pk):
        self.of, self.run = of, run
        self.lines = [line for line in run.lines if of(line) == pk]
        self.planned = sum(line.planned_grams + line.planned_purge_grams for line in self.lines)
        self.took = [run.took(line) for line in self.lines]
        self.sums = [None if part is None else part + purge for part, purge in self.took]

    def assumed(self):
        for line, grams in zip(self.lines, self.sums, strict=True):
            if grams is not None:
                yield grams if line.actual_source in ("as_planned", "percent", "sliced") else 0

    def is_whole_run_measured(self):
        every = [_Use(self.of, self.run, pk) for pk in set(map(self.of, self.run.lines))]
        pairs = [(known(use.assumed()), known(use.sums)) for use in every]
        return all(not assumed or assumed != actual for assumed, actual in pairs)

    def planned_material(self):
        return sum(Fraction(line.plan) * Fraction(line.rate) for line in self.lines if line.plan)

    def material(self):
        return total(self.run.material(line.spool_id) for line in self.lines if line.spool_id)
