"""Variance and cost of many runs: sums, never means of percentages.

Percent = (sum of actual - sum of planned) / sum of planned, over the runs that have both. Cost is
all there was, of failed and cancelled runs too; per good unit it is that, divided by the good
units. Lines booked as planned or by percent are shown apart: they are no evidence. The formulas
are those of ``production.services.variance``, for one run.
"""

from decimal import Decimal

from production.models import Printer, Product
from production.services.reports import sql
from production.services.reports.statements import fetched
from production.services.variance import GRAM_PLACES, MINUTE_PLACES, Figure, rounded
from tenants.accounts.models import FarmSettings

GROUPS = {
    None: "NULL::text",
    "product": "product_id::text",
    "printer": "printer_id::text",
    "day": "to_char(finished_at AT TIME ZONE %(timezone)s, 'YYYY-MM-DD')",
    "month": "to_char(finished_at AT TIME ZONE %(timezone)s, 'YYYY-MM')",
    "status": "status",
}
NAMED = {"product": Product, "printer": Printer}


def of_many(runs, *, group_by=None):
    """The variance of all runs of a queryset: a list of dicts, one a group, in order of the key.

    ``group_by`` is None (one group), product, printer, day or month (of the end, in the
    farm's time zone) or status. Three queries at most, whatever the number of runs.
    """
    rows = _rows(sql.of_runs(GROUPS[group_by], by_product=group_by == "product"), runs)
    names = _names(group_by, rows)
    return [_group(row, names.get(row["key"], row["key"])) for row in rows]


def by_run(runs):
    """The variance of each run of a queryset, as `of_many` tells it: ``{id: dict}``."""
    rows = _rows(sql.of_runs("id", by_product=False), runs)
    return {row["key"]: _group(row, None) for row in rows}


def by_filament(runs):
    """Grams and material cost of all runs of a queryset per filament, as `of_many` does."""
    rows = _rows(sql.of_filaments(), runs)
    return [
        {
            "key": row["key"],
            "name": row["name"],
            "runs": row["runs"],
            "grams": _grams(row),
            "cost": {"material": _cost(row["material"], row["has_no_material"])},
        }
        for row in rows
    ]


def _rows(query, runs):
    return fetched(query, {"timezone": FarmSettings.load().timezone}, runs=runs)


def _names(group_by, rows):
    if group_by not in NAMED:
        return {}
    found = NAMED[group_by].objects.in_bulk([int(row["key"]) for row in rows if row["key"]])
    return {str(pk): str(each) for pk, each in found.items()}


def _group(row, name):
    total = _sum(row[part] for part in ("material", "machine", "energy", "labour"))
    return {
        "key": row["key"],
        "name": name,
        "runs": row["runs"],
        "good": row["good"],
        "scrapped": row["scrapped"],
        "grams": _grams(row),
        "minutes": _sums(row, "minutes", MINUTE_PLACES),
        "cost": {
            "material": _cost(row["material"], row["has_no_material"]),
            "machine": _cost(row["machine"], row["has_no_machine"]),
            "energy": _cost(row["energy"], row["has_no_energy"]),
            "labour": rounded(row["labour"]),
            "total": _cost(total, row["unknown"]),
            "known_total": rounded(total),
            "per_good_unit": _cost(total / row["good"], row["unknown"]) if row["good"] else None,
            "runs_of_unknown_cost": row["unknown"],
        },
    }


def _grams(row):
    """Of what was taken a part may be no evidence; nothing of it is 0, nothing taken is unknown."""
    actual, assumed = row["actual_grams"], row["assumed_grams"] or Decimal(0)
    is_known = actual is not None
    return {
        **_sums(row, "grams", GRAM_PLACES),
        "purge": rounded(row["purge_grams"], GRAM_PLACES),
        "weighed_or_typed": rounded(actual - assumed, GRAM_PLACES) if is_known else None,
        "as_planned_or_percent": rounded(assumed, GRAM_PLACES) if is_known else None,
    }


def _sums(row, unit, places):
    """All planned and actual, and the percent over the runs that have both."""
    both = Figure(row[f"both_planned_{unit}"], row[f"both_actual_{unit}"]).as_dict(places)
    return {
        "planned": rounded(row[f"planned_{unit}"], places),
        "actual": rounded(row[f"actual_{unit}"], places),
        "difference": both["difference"],
        "percent": both["percent"],
    }


def _cost(known, unknown):
    """A cost of which a part is unknown is unknown."""
    return None if unknown else rounded(known)


def _sum(values):
    return sum((value or Decimal(0) for value in values), Decimal(0))
