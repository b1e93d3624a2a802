"""Causes of a difference in cost, each with its figures and its text."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from production.services.variance import ZERO, summed
from tenants.operations.text import format_amount

MAX_NAMED = 4  # named in a sentence

# Of more, and of less.
TEXTS = {
    "printed": (
        _("%(amount)s more parts printed (%(actual)s instead of %(planned)s)"),
        _("%(amount)s fewer parts printed (%(actual)s instead of %(planned)s)"),
    ),
    "usage_per_part": (
        _("%(amount)s more grams per part (%(actual)s instead of %(planned)s g)"),
        _("%(amount)s fewer grams per part (%(actual)s instead of %(planned)s g)"),
    ),
    "usage": (
        _("%(amount)s more grams for what was printed (%(actual)s instead of %(planned)s g)"),
        _("%(amount)s fewer grams for what was printed (%(actual)s instead of %(planned)s g)"),
    ),
    "purge": (
        _("%(amount)s more purge (%(actual)s instead of %(planned)s g)"),
        _("%(amount)s less purge (%(actual)s instead of %(planned)s g)"),
    ),
    "time_per_part": (
        _("%(amount)s more machine time per part (%(actual)s instead of %(planned)s min)"),
        _("%(amount)s less machine time per part (%(actual)s instead of %(planned)s min)"),
    ),
    "time": (
        _("%(amount)s more machine time (%(actual)s instead of %(planned)s min)"),
        _("%(amount)s less machine time (%(actual)s instead of %(planned)s min)"),
    ),
    "extra": (_("%(amount)s material that was not planned (%(actual)s g)"),) * 2,
    "substitution": (_("%(amount)s another filament than planned"),) * 2,
    "price": (_("%(amount)s dearer filament"), _("%(amount)s cheaper filament")),
    "grams": (_("%(amount)s %(currency)s for grams that were not measured"),) * 2,
    "minutes": (_("%(amount)s %(currency)s for minutes that were not measured"),) * 2,
    "others": (_("%(amount)s other causes"),) * 2,
}
# Where the amount goes the other way than the figures, as the dear ones were fewer.
MIXED = {"printed": _("%(amount)s another mix of parts")}
MIXED_MATERIALS = _("%(amount)s another mix of materials")


@dataclass(frozen=True)
class Cause:
    """Money as it is displayed (None is unknown), and the figures that go with it, if any."""

    name: str
    amount: Decimal | None
    actual: Decimal | None = None
    planned: Decimal | None = None

    def text(self, currency):
        figures = {
            "amount": format_amount(self.amount, is_signed=True),
            "currency": currency,
        }
        for name in ("actual", "planned"):
            value = getattr(self, name)
            figures[name] = format_amount(value) if isinstance(value, Decimal) else value
        if self.planned is not None and (self.actual - self.planned) * self.amount <= 0:
            return MIXED.get(self.name, MIXED_MATERIALS) % figures
        return TEXTS[self.name][self.amount < 0] % figures


def causes_of(explanation):
    """The causes of a completed run's difference, in the order of the parts."""
    part, shares = explanation.costs["total"].displayed()["parts"], explanation.figures.shares
    printed, planned = sum(shares.printed.values()), sum(shares.counts.values())
    return [
        Cause("printed", summed([part["output"], part["scrap"]]), printed, planned),
        *_of_grams(explanation, part),
        Cause("extra", part["extra"], explanation.grams.displayed()["parts"]["extra"]),
        Cause("substitution", part["substitution"]),
        Cause("price", part["price"]),
        _of_time(explanation, part["time"]),
    ]


def listed(causes, currency):
    """Those whose amount is not 0, the largest first; of many, the smaller ones together."""
    found = sorted(
        (cause for cause in causes if cause.amount), key=lambda cause: -abs(cause.amount)
    )
    if len(found) > MAX_NAMED:
        rest = sum(cause.amount for cause in found[MAX_NAMED - 1 :])
        found = [*found[: MAX_NAMED - 1], Cause("others", rest)]
    return ", ".join(cause.text(currency) for cause in found)


def _of_grams(explanation, part):
    """Grams in parts and in purge; one cause if they were not measured."""
    if "usage" in explanation.unmeasured:
        return [Cause("grams", summed([part["usage"], part["purge"]]))]
    needs = [need for need in explanation.needs if need.planned]
    taken = sum((need.taken_part for need in needs), ZERO)
    expected = sum((need.units.expected(need.planned_part) for need in needs), ZERO)
    usage = _per_part(explanation, "usage", part["usage"], taken, expected)
    flushed = explanation.figures.grams["purge"]
    purge = explanation.grams.parts["purge"]
    return [usage, Cause("purge", part["purge"], flushed.planned + purge, flushed.planned)]


def _of_time(explanation, amount):
    minutes = explanation.minutes.figure
    if "time" in explanation.unmeasured:
        return Cause("minutes", amount)
    if None in (minutes.planned, minutes.actual):
        return Cause("time", amount)
    expected = explanation.units.expected(minutes.planned)
    return _per_part(explanation, "time", amount, minutes.actual, expected)


def _per_part(explanation, name, amount, actual, expected):
    """Per part where all are of one product, else of all that was printed."""
    printed = sum(explanation.figures.shares.printed.values())
    if printed and len({item.product_id for item in explanation.figures.items}) == 1:
        return Cause(f"{name}_per_part", amount, actual / printed, expected / printed)
    return Cause(name, amount, actual, expected)
