"""Variance and cost of many runs: sums, never means of percentages.

A row has the sums of what is known of all its runs, with the number of closed runs of which a
figure is unknown, and beside them, under ``compared``, planned, actual, difference
and percent of the runs that can be compared, with their number: those that are closed and booked,
had a plan of grams, and of which both figures are known, and of grams something was measured: by
filament or material type, of each that it took. The choice is by run, so that the groups
add up to the whole. Cost is all there was, of failed and cancelled runs too; per good unit it is
that, divided by the good units. Lines booked as planned or by percent are separate: they are no
evidence. The formulas are those of ``production.services.variance``, for one run.
"""

from decimal import Decimal
from functools import partial

from inventory.models import Filament, MaterialType
from production.models import UNMEASURED, Printer, Product
from production.services.reports import folded, sql, statements
from production.services.reports.groups import Groups
from production.services.statements import fetched
from production.services.variance import (
    GRAM_PLACES,
    KINDS,
    MINUTE_PLACES,
    NOT_MEASURED,
    PLACES,
    Figure,
    rounded,
)
from tenants.accounts.models import FarmSettings, User

NAMED = {
    "product": Product.objects,
    "printer": Printer.objects,
    "filament": Filament.objects.with_makers(),
    "material_type": MaterialType.objects,
    "person": User.objects,
    "order": statements.Orders,
}
# Why a run is not compared; the first that fits.
REASONS = (
    "open",
    "nothing_booked",
    "no_plan",
    NOT_MEASURED,
    "not_kept",
    "unknown_price",
    "unknown_minutes",
)


def of_many(runs, *, group_by=None, chosen=None):
    """The variance of all runs of a queryset: Groups, dicts in order of the key.
    With ``chosen``, which says which runs these are, sums that are kept are used.

    ``group_by`` is one of GROUPS: None (one group), product, order, printer, person (who closed
    the run, the last time), day, week or month (of the end, in the farm's time zone) or status.
    Three queries at most, whatever the number of runs.
    """
    return _groups(runs, group_by, chosen, make=_group)


def by_run(runs):
    """The variance of each run of a queryset, as `of_many` has it: ``{id: dict}``."""
    params = {"timezone": FarmSettings.load().timezone}
    rows = fetched(sql.of_runs("id", by_item=False), params, runs=runs)
    found = Groups(lambda: rows, make=_group, names=dict.fromkeys)
    return {group["key"]: group for group in found}


def by_material(runs, *, group_by="filament", chosen=None):
    """Grams and material cost of all runs of a queryset per filament or material type (of the
    spools, else of what is required), as `of_many` does."""
    return _groups(runs, group_by, chosen, make=_of_material)


def reason(row, figure):
    """Why the runs of a row are not compared in a figure; None if they are."""
    if row["reason"]:
        return row["reason"]
    if figure != "total":
        return row[f"no_{figure}"]
    found = {row[f"no_{kind}"] for kind in KINDS} - {None, "not_kept"}
    return min(found, key=REASONS.index, default=None)


def names(group_by, keys):
    """What the keys of groups are called: ``{key: name}``; of those that are names, none."""
    if group_by not in NAMED:
        return {}
    found = NAMED[group_by].in_bulk([key for key in keys if key])
    return {str(pk): str(each) for pk, each in found.items()}


def _groups(runs, group_by, chosen, *, make):
    how = {"make": make, "names": partial(names, group_by)}
    return folded.groups(folded.VARIANCE, runs, group_by=group_by, chosen=chosen, **how)


def _group(key, name, rows):
    good, unknown = summed(rows, "good"), summed(rows, "unknown")
    known_total = sum((summed(rows, f"actual_{kind}") for kind in KINDS), Decimal(0))
    total = None if unknown else known_total
    return {
        "key": key,
        "name": name,
        "runs": summed(rows, "runs"),
        "good": good,
        "scrapped": summed(rows, "scrapped"),
        "grams": _grams(rows) | {"runs_of_unknown_grams": summed(rows, "unknown_grams")},
        "minutes": _minutes(rows) | {"runs_of_unknown_minutes": summed(rows, "unknown_minutes")},
        "cost": {
            **{kind: _cost(rows, kind) for kind in KINDS},
            "total": rounded(total),
            "known_total": rounded(known_total),
            "per_good_unit": rounded(total / good) if good and not unknown else None,
            "runs_of_unknown_cost": unknown,
        },
        "compared": {
            "grams": _compared(rows, "grams", GRAM_PLACES),
            "minutes": _compared(rows, "minutes", MINUTE_PLACES),
            "cost": {kind: _compared(rows, kind) for kind in (*KINDS, "total")},
        },
    }


def _of_material(key, name, rows):
    return {
        "key": key,
        "name": name,
        "runs": summed(rows, "runs"),
        "grams": _grams(rows),
        "cost": {"material": _cost(rows, "material")},
        "compared": {
            "grams": _compared(rows, "grams", GRAM_PLACES),
            "cost": {"material": _compared(rows, "material")},
        },
    }


def _grams(rows):
    sums = {source: summed(rows, f"{source}_grams") for source in sql.SOURCES}
    assumed = sum(sums[source] for source in UNMEASURED)
    purge = _known(rows, "purge_grams")
    figures = _with_evidence(rows, "grams", "weighed_or_typed", GRAM_PLACES, assumed, purge=purge)
    return figures | {"by_source": by_source(sums, _known(rows, "actual_grams"))}


def by_source(sums, actual):
    """Grams of each source, ``{source: grams}``, and the rest of ``actual`` as unknown; all None
    where that is None."""
    if actual is None:
        return dict.fromkeys((*sums, "unknown"))
    sums = sums | {"unknown": actual - sum(sums.values())}
    return {source: rounded(grams, GRAM_PLACES) for source, grams in sums.items()}


def _minutes(rows):
    assumed = summed(rows, "assumed_minutes")
    return _with_evidence(rows, "minutes", "typed", MINUTE_PLACES, assumed)


def _with_evidence(rows, name, stated, places, assumed, **more):
    """Planned and actual of a figure, the actual also split into what was ``stated`` and what was
    estimated: null where nothing is known, 0 where nothing of it is."""
    actual = _known(rows, f"actual_{name}")
    is_known = actual is not None
    figures = {
        "planned": _known(rows, f"planned_{name}"),
        "actual": actual,
        **more,
        stated: actual - assumed if is_known else None,
        "as_planned_or_percent": assumed if is_known else None,
    }
    return {key: rounded(value, places) for key, value in figures.items()}


def _cost(rows, kind):
    """A cost of which a part is unknown is unknown."""
    is_unknown = any(row.get(f"has_no_{kind}") for row in rows)
    return None if is_unknown else rounded(summed(rows, f"actual_{kind}"))


def _compared(rows, figure, places=PLACES):
    """Plan and actual of the runs that have both, and how many these are."""
    rows = [row for row in rows if reason(row, figure) is None]
    kinds = KINDS if figure == "total" else (figure,)
    parts = [
        Figure(_known(rows, f"planned_{kind}"), _known(rows, f"actual_{kind}")) for kind in kinds
    ]
    return {"runs": summed(rows, "runs"), **sum(parts[1:], parts[0]).as_dict(places)}


def _known(rows, name):
    """The sum of the rows that have it; None where none has."""
    values = [row[name] for row in rows if row[name] is not None]
    return sum(values) if values else None


def summed(rows, name):
    """The sum of a column; 0 where no row has it."""
    return _known(rows, name) or 0
