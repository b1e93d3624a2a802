"""A difference and its parts: exact fractions, None where unknown, rounded at the very end."""

from dataclasses import dataclass, field
from fractions import Fraction

from tests.production.figures.books import total
from tests.production.figures.sums import KINDS, rounded

ORDER = (
    *("output", "scrap", "lost", "usage", "purge", "extra"),
    *("substitution", "price", "time", "share"),
)
OF_GRAMS = ORDER[:6]
OF_MINUTES = ("output", "scrap", "lost", "time")
OF_MONEY = ORDER[:9]
MEASURES = ("grams", "minutes", *KINDS, "total")
PARTS = {"grams": OF_GRAMS, "minutes": OF_MINUTES} | dict.fromkeys((*KINDS, "total"), OF_MONEY)
PLACES = {"grams": 6, "minutes": 2} | dict.fromkeys((*KINDS, "total"), 4)


def times(quantity, rate):
    """None where a factor is unknown, but 0 of an unknown is 0."""
    if quantity == 0 or rate == 0:
        return Fraction(0)
    return None if quantity is None or rate is None else Fraction(quantity) * Fraction(rate)


def minus(value, other):
    return None if value is None or other is None else Fraction(value) - Fraction(other)


@dataclass
class Difference:
    """What was planned, what became of it, and why; ``parts`` that are not named are 0."""

    planned: Fraction | None
    actual: Fraction | None
    parts: dict = field(default_factory=dict)
    assumed: Fraction = Fraction(0)  # of grams and minutes: what nobody measured

    @property
    def is_measured(self):
        """Of grams: whether somebody, or a device, measured some of them."""
        return not self.assumed or self.assumed != self.actual

    @property
    def difference(self):
        """None where any part is; else the sum of the parts, exactly."""
        difference, known = minus(self.actual, self.planned), total(self.parts.values())
        assert (difference is None) == (known is None), self
        assert difference == known, self
        return difference

    @property
    def over(self):
        return minus(self.difference, self.parts.get("output", 0))

    def part(self, name):
        return self.parts.get(name, Fraction(0))

    def __add__(self, other):
        names = {**self.parts, **other.parts}
        return Difference(
            total([self.planned, other.planned]),
            total([self.actual, other.actual]),
            {name: total([self.part(name), other.part(name)]) for name in names},
            self.assumed + other.assumed,
        )


NOTHING = Difference(Fraction(0), Fraction(0))
UNKNOWN = Difference(None, None, dict.fromkeys(ORDER))


def given_up(figures):
    """The parts of a run that failed or was cancelled."""
    return {"output": minus(0, figures.planned), "lost": figures.actual}


def as_displayed(figures, places, names):
    """As people read it: the parts sum to the difference."""
    difference = rounded(figures.difference, places)
    exact = {name: figures.part(name) for name in ORDER if name in names}
    parts = reconciled(exact, difference, places)
    over = None if difference is None else difference - parts["output"]
    figures = {
        "planned": rounded(figures.planned, places),
        "actual": rounded(figures.actual, places),
    }
    return figures | {"difference": difference, "over": over, "parts": parts}


def reconciled(exact, target, places):
    """Half up; those that are off most in the direction that is missing get a unit each."""
    exact = {name: None if part is None else _quiet(part) for name, part in exact.items()}
    displayed = {name: rounded(part, places) for name, part in exact.items()}
    if target is None or None in displayed.values():
        return displayed
    missing = Fraction(target) - sum(map(Fraction, displayed.values()))
    unit = Fraction(1, 10**places) * (1 if missing > 0 else -1)
    errors = {name: (exact[name] - Fraction(displayed[name])) / unit for name in exact}
    for name in sorted(errors, key=errors.get, reverse=True)[: int(missing / unit)]:
        assert errors[name] > 0, (exact, target)
        displayed[name] = rounded(Fraction(displayed[name]) + unit, places)
    return displayed


def _quiet(value):
    return Fraction(rounded(value, 12))
