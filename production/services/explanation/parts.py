"""The parts that a difference is split into: ``{name: Decimal or None}``, all of them, always."""

from decimal import Decimal

from production.services.variance import ZERO, reconciled, rounded, summed

PARTS = (
    "output",
    "scrap",
    "lost",
    "usage",
    "purge",
    "extra",
    "substitution",
    "price",
    "time",
)
OF_GRAMS = PARTS[:6]
OF_MINUTES = ("output", "scrap", "lost", "time")
UNKNOWN = dict.fromkeys(PARTS)
CENT = Decimal("0.01")  # sentences, tables and charts have two places


def parts(**known):
    return dict.fromkeys(PARTS, ZERO) | known


def given_up(figure):
    """Of a failed or cancelled run: all that was planned was not made, all it took is lost."""
    return parts(output=None if figure.planned is None else -figure.planned, lost=figure.actual)


def added(several):
    """Part by part; a part is unknown where one of it is."""
    several = list(several)
    return {name: summed(each[name] for each in several) for name in PARTS}


def displayed(figure):
    """A figure (``planned``, ``actual``, ``parts``) as people read it, with two places: what stands
    there adds up, whichever of sentence, table and chart it is in.

    Output and scrap are rounded as one: parts that were scrapped are printed like others."""
    planned, actual = rounded(figure["planned"], CENT), rounded(figure["actual"], CENT)
    difference = None if None in (planned, actual) else actual - planned
    output, scrap = (figure["parts"][name] for name in ("output", "scrap"))
    found = figure["parts"] | {"output": summed([output, scrap]), "scrap": ZERO}
    found = reconciled(found, CENT, total=difference)
    found["scrap"] = scrap = rounded(scrap, CENT)
    found["output"] = rounded(output, CENT) if scrap is None else _less(found["output"], scrap)
    return figure | {
        "planned": planned,
        "actual": actual,
        "difference": difference,
        "over": _less(difference, found["output"]),
        "parts": found,
    }


def _less(one, other):
    return None if None in (one, other) else one - other
