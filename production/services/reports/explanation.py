"""Explanation of the cost differences of many runs: exact parts, summed, then rounded once.

The parts are those of ``production.services.explanation``, for one run. A run is in the sums of a
figure if it is compared in it, as in the variance of many runs; the others are counted by the first
reason that fits. By product or order each run falls on its items by their shares; what a share
itself moved is the part ``share``.
"""

from collections import Counter
from decimal import Decimal
from functools import partial

from production.services.explanation.explaining import Difference
from production.services.explanation.parts import OF_GRAMS, OF_MINUTES, PARTS, UNKNOWN
from production.services.reports import folded, variance
from production.services.reports.statements import OF_ITEMS, OF_MATERIAL
from production.services.reports.variance import KINDS
from production.services.variance import GRAM_PLACES, MINUTE_PLACES, PLACES, Figure, rounded

NAMES = {"grams": OF_GRAMS, "minutes": OF_MINUTES}
DIGITS = {"grams": GRAM_PLACES, "minutes": MINUTE_PLACES}


def of_many(runs, *, group_by=None, chosen=None):
    """The explanation of all runs of a queryset: Groups, dicts in order of the key.

    ``group_by`` is as for the variance of many runs, or filament or material_type: a need counts
    for that which it was planned with, in grams and material alone. ``chosen`` is as for the
    variance too. Three queries at most.
    """
    if group_by in OF_MATERIAL:
        kinds, figures = ("material",), ("grams",)
    else:
        kinds, figures = ("total", *KINDS), ("grams", "minutes")
    more = ("share",) if group_by in OF_ITEMS else ()

    def make(key, name, rows):
        return {
            "key": key,
            "name": name,
            "runs": variance.summed(rows, "runs"),
            **{figure: _explained(rows, figure, more) for figure in figures},
            "cost": {kind: _explained(rows, kind, more) for kind in kinds},
        }

    how = {"make": make, "names": partial(variance.names, group_by)}
    return folded.groups(folded.EXPLANATION, runs, group_by=group_by, chosen=chosen, **how)


def by_over(groups, *, descending=True):
    """The groups by what was really paid too much: in total, by material for the material. Where
    that is unknown they are last."""
    known = [group for group in groups if _over(group) is not None]
    unknown = [group for group in groups if _over(group) is None]
    return [*sorted(known, key=_over, reverse=descending), *unknown]


def _over(group):
    cost = group["cost"]
    return cost.get("total", cost["material"])["over"]


def _explained(rows, figure, more):
    """A figure of the runs that are compared in it, their number, and why the others are not."""
    reasons = Counter()
    for row in rows:
        reasons[variance.reason(row, figure)] += row["runs"]
    compared = reasons.pop(None, 0)
    chosen = [row for row in rows if variance.reason(row, figure) is None]
    names = (*NAMES.get(figure, PARTS), *more)
    whole, found = Figure(None, None), UNKNOWN | dict.fromkeys(more)
    if compared:
        kinds = KINDS if figure == "total" else (figure,)
        sums = {name: _sum(chosen, name, kinds) for name in ("planned", "actual", *PARTS)}
        whole = Figure(sums.pop("planned"), sums.pop("actual"))
        found = sums | dict.fromkeys(more, whole.actual - whole.planned - sum(sums.values()))
    places = DIGITS.get(figure, PLACES)
    explained = Difference(whole, found, names=names, places=places).as_dict()
    if figure in NAMES:
        assumed = variance.summed(chosen, f"assumed_{figure}")
        explained["assumed"] = rounded(assumed, places) if compared else Decimal(0)
    return explained | {"compared": compared, "not_compared": dict(reasons)}


def _sum(rows, name, kinds):
    """A column of these kinds together; a part that a kind does not have is 0."""
    columns = [f"{name}_{kind}" for kind in kinds]
    return sum((row.get(column) or 0 for row in rows for column in columns), Decimal(0))
