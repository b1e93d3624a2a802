"""The parts that a difference is split into: ``{name: Decimal or None}``, all of them, always."""

from production.services.variance import ZERO, summed

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


def parts(**known):
    return dict.fromkeys(PARTS, ZERO) | known


def given_up(figure):
    """Of a failed or cancelled run: all that was planned was not made, all it took is lost."""
    return parts(output=None if figure.planned is None else -figure.planned, lost=figure.actual)


def added(several):
    """Part by part; a part is unknown where one of it is."""
    several = list(several)
    return {name: summed(each[name] for each in several) for name in PARTS}
