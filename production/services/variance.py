"""Variance and cost of one run: planned, actual, difference and percent of planned.

A percent is null, never 0, where nothing was planned. Grams that nobody measured
are of the plan, so they are not compared with it: `NOT_MEASURED`. Cost is money net of VAT:

- material = sum of grams x cost per gram of the ledger entries,
- machine = minutes / 60 x hour rate, energy = minutes / 60 x watts / 1000 x price per kWh,
- labour = labour minutes per unit x units printed / 60 x labour rate, stored with its item,

all by the rates frozen at start, planned grams by what the spool of then cost. A cost with an
unknown part is null; a rate that the farm has not set adds nothing, nor do unknown minutes of
a run that was given up. Of a cancelled run only what was booked as waste is actual: drafts are not.
Sums hold before rounding; figures are rounded half up to four places, grams to six, minutes to two.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from inventory.models import InventoryTransaction
from production.models import UNMEASURED, ProductionRun
from production.services import sliced_slots
from tenants.operations.text import WIDE

ZERO = Decimal(0)
PLACES = Decimal("0.0001")
GRAM_PLACES = Decimal("0.000001")
MINUTE_PLACES = Decimal("0.01")
RATE_PLACES = Decimal("0.00000001")
FACTOR_PLACES = Decimal("0.0001")
NOT_MEASURED = "not_measured"
NOISE = Decimal("1e-12")  # what is smaller comes of quotients that have no end
Status = ProductionRun.Status
BOOKED = ProductionRun.BOOKED
GIVEN_UP = (Status.FAILED, Status.CANCELLED)
KINDS = ("material", "machine", "energy", "labour")
USED = (InventoryTransaction.Kind.USAGE, InventoryTransaction.Kind.WASTE)


@dataclass(frozen=True)
class Figure:
    """A planned and an actual figure; either may be unknown (None)."""

    planned: Decimal | None
    actual: Decimal | None

    def __add__(self, other):
        return Figure(summed([self.planned, other.planned]), summed([self.actual, other.actual]))

    def as_dict(self, places=PLACES, *, is_measured=True):
        """planned, actual, difference (actual - planned), percent (of planned); the last two are
        None where the actual was not measured."""
        difference = percent = None
        if is_measured and self.planned is not None and self.actual is not None:
            difference = self.actual - self.planned
            percent = difference * 100 / self.planned if self.planned else None
        return {
            "planned": rounded(self.planned, places),
            "actual": rounded(self.actual, places),
            "difference": rounded(difference, places),
            "percent": rounded(percent),
        }


def of_run(run):
    """The variance of one run as nested dicts of Decimals; four queries."""
    return loaded(run).as_dict()


def loaded(run):
    """The Variance of a run, with all that it is made of; four queries. One that was opened again
    since it was read is as it is now."""
    items = list(run.items.select_related("product"))
    lines = run.materials.with_spool().select_related(
        "planned_spool", "filament__material_type", "material_type"
    )
    entries = run.transactions.not_reversed().filter(kind__in=USED).select_related("spool")
    lines = list(lines)
    if run.status in BOOKED and any(line.actual_grams is None for line in lines):
        run = type(run).objects.get(pk=run.pk)
    return Variance(run, items, lines, list(entries))


class Variance:
    """The exact figures of a run whose items, materials and standing entries are at hand."""

    def __init__(self, run, items, lines, entries):
        self.run, self.items = run, items
        self.is_over, self.is_booked = not run.is_open, run.status in BOOKED
        self.is_given_up = run.status in GIVEN_UP
        self.is_compared = self.is_over and not self.is_given_up
        spent = _spent(entries) if self.is_over else {}
        self.has_grams = bool(lines)  # parts are not made of nothing: without lines, unknown
        is_known = (self.is_booked and self.has_grams) or bool(spent)
        self.materials = [Material(run, line, spent) for line in lines]
        self.grams = {
            name: _total((getattr(line, name) for line in self.materials), is_known)
            for name in ("part", "purge", "total")
        }
        taken = [line for line in self.materials if line.total.actual]
        self.is_measured = not taken or not all(line.is_assumed for line in taken)
        self.minutes = Figure(run.planned_minutes, run.actual_minutes if self.is_over else None)
        self.shares = _Shares(items, self.is_booked)
        self.hour_rates = _hour_rates(run)
        self.costs = _costs(self)

    def as_dict(self):
        run = self.run
        return {
            "run": run.pk,
            "number": run.number,
            "status": run.status,
            "grams": {
                name: figure.as_dict(GRAM_PLACES, is_measured=self.is_measured)
                for name, figure in self.grams.items()
            },
            "grams_not_compared": self.grams_not_compared,
            "minutes": self.minutes.as_dict(MINUTE_PLACES),
            "minutes_source": (self.is_over and run.actual_minutes_source) or None,
            "cost": {name: figure.as_dict() for name, figure in self.costs.items()},
            "materials": [material.as_dict() for material in self.materials],
            "slots": [_slot(taken) for taken in self.slots],
            "items": [self._item(item) for item in self.items],
        }

    @property
    def slots(self):
        """What was taken of each slot of the run's sliced file, if it is planned by one."""
        return sliced_slots.of_materials(self.run, self.items, self.materials)

    @property
    def grams_not_compared(self):
        return None if self.is_measured else NOT_MEASURED

    def _item(self, item):
        quantity, is_booked = self.shares.quantities[item.pk], self.is_booked
        good, cost = item.good_count if is_booked else None, self.cost_of(item)
        return {
            "item": item.pk,
            "product": item.product_id,
            "sku": item.product.sku,
            "planned_quantity": quantity,
            "quantity": item.quantity,
            "good": good,
            "scrapped": item.scrapped_count if is_booked else None,
            "not_printed": item.quantity - item.printed_count if is_booked else None,
            "printed_grams": Figure(
                _times(quantity, item.bom_grams_per_unit),
                _times(item.printed_count, item.bom_grams_per_unit) if is_booked else None,
            ).as_dict(GRAM_PLACES),
            "cost": cost.as_dict(),
            "cost_per_unit": Figure(
                _divided(cost.planned, quantity), _divided(cost.actual, good)
            ).as_dict(),
        }

    def cost_of(self, item):
        """The item's share of the run's cost, and its own labour."""
        shared = [self.costs[name] for name in ("material", "machine", "energy")]
        labour = self.shares.labour_of(item, self.run) or Figure(ZERO, ZERO)
        pool = _total(figure for figure in shared if figure != Figure(None, None))
        unknown = self.costs["total"]
        pool = Figure(
            None if unknown.planned is None else pool.planned,
            None if unknown.actual is None else pool.actual,
        )
        return self.shares.part_of(pool, item) + labour


def rounded(value, places=PLACES):
    """Half up to ``places``; None stays None. Thirds that add up to a half are a half."""
    if value is None:
        return None
    exact = Decimal(value).quantize(NOISE, context=WIDE)
    return exact.quantize(places, rounding=ROUND_HALF_UP, context=WIDE)


def _taken(run, line, spent):
    """Part and purge grams as they were booked, None where nothing was."""
    if run.status in BOOKED or line.spool_id in spent:
        return line.actual_grams, line.actual_purge_grams
    return (ZERO, ZERO) if spent else (None, None)


def reconciled(parts, places, *, total=None):
    """The parts (by name), rounded so that they sum to ``total``: by default their rounded sum.

    Each is rounded half up; where units of the last place are missing, those that were rounded off
    the most get one each, of equals the first. An exact part stays as it is. With an unknown part
    there is no sum, and each is rounded by itself.
    """
    found = {name: rounded(value, places) for name, value in parts.items()}
    if None in found.values():
        return found
    if total is None:
        total = rounded(sum(parts.values(), ZERO), places)
    missing = total - sum(found.values(), ZERO)
    errors = {name: rounded(parts[name], NOISE) - found[name] for name in parts}
    inexact = sorted(filter(errors.get, parts), key=errors.get, reverse=missing > 0)
    for name in inexact[: int(abs(missing) / places)]:
        found[name] += places.copy_sign(missing)
    return found


def _slot(taken):
    figures = {
        name: rounded(getattr(taken, name), GRAM_PLACES)
        for name in ("sliced", "planned", "booked", "weighed", "metered", "difference")
    }
    factor = rounded(taken.factor, FACTOR_PLACES)
    materials = [line.pk for line in taken.lines]
    return {"slot": taken.slot, "materials": materials, **figures, "factor": factor}


class Material:
    """One line of the run: its figures and what they cost."""

    def __init__(self, run, line, spent):
        self.line = line
        actual, purge = _taken(run, line, spent)
        self.part = Figure(line.planned_grams, actual)
        self.purge = Figure(line.planned_purge_grams, purge)
        self.total = self.part + self.purge
        self.planned_rate = planned_rate(run, line)
        self.takes = spent.get(line.spool_id, [])
        self.rate = self.takes[-1].rate if self.takes else self.planned_rate
        actual = None if run.is_open else total_cost(self.takes)
        self.is_assumed = line.actual_source in UNMEASURED
        self.cost = Figure(priced(line.planned_total_grams, self.planned_rate), actual)

    def as_dict(self):
        line, is_measured = self.line, not (self.is_assumed and self.total.actual)
        return {
            "material": line.pk,
            "spool": line.spool_id,
            "spool_code": line.spool.code if line.spool else None,
            "actual_source": line.actual_source or None,
            "cost_per_gram": rounded(self.rate, RATE_PLACES),
            **{
                name: getattr(self, name).as_dict(GRAM_PLACES, is_measured=is_measured)
                for name in ("part", "purge", "total")
            },
            "grams_not_compared": None if is_measured else NOT_MEASURED,
            "cost": self.cost.as_dict(),
        }


def planned_rate(run, line):
    """Money per gram of a line's plan: as it was frozen at start, or what its spool costs now."""
    if run.started_at is None:
        return rounded(line.spool.cost_per_gram(), RATE_PLACES) if line.spool else None
    if line.planned_cost_per_gram is None and line.planned_spool:
        return line.planned_spool.late_cost_per_gram
    return line.planned_cost_per_gram


class Take(NamedTuple):
    """Grams that were used or wasted, and what one of them cost."""

    grams: Decimal
    rate: Decimal | None


def total_cost(takes):
    return summed(priced(take.grams, take.rate) for take in takes)


def _spent(entries):
    """The run's usage and waste per spool: ``{spool id: [Take]}``."""
    spent = {}
    for entry in entries:
        if entry.kind in USED:
            rate = entry.cost_per_gram
            rate = entry.spool.late_cost_per_gram if rate is None else rate
            spent.setdefault(entry.spool_id, []).append(Take(-entry.grams, rate))
    return spent


def _hour_rates(run):
    """Money per hour of the machine and of its energy; None where the farm keeps no such rate."""
    kilowatts = None if run.power_watts is None else Decimal(run.power_watts) / 1000
    is_free = run.energy_price_kwh == 0  # whatever the printer draws
    power_rate = ZERO if is_free else _times(kilowatts, run.energy_price_kwh)
    return {"machine": run.hour_rate, "energy": power_rate}


def _costs(figures):
    """Figures by kind of cost, labour and the total included."""
    run, is_over = figures.run, figures.is_over
    is_unknown = figures.is_booked and not figures.has_grams
    unknown = ZERO if run.status in GIVEN_UP else None
    minutes = Figure(
        run.planned_minutes, unknown if run.actual_minutes is None else run.actual_minutes
    )
    costs = {
        "material": _total(
            (material.cost for material in figures.materials), is_over and not is_unknown
        ),
        **{name: _by_the_hour(minutes, rate, is_over) for name, rate in figures.hour_rates.items()},
        "labour": figures.shares.labour(run, is_over),
    }
    known = [figure for figure in costs.values() if figure is not None]
    costs["total"] = _total(known)
    return {name: figure or Figure(None, None) for name, figure in costs.items()}


def _by_the_hour(minutes, rate, is_over):
    """Hours x rate; None when the farm keeps no such rate, 0 whatever the time at a rate of 0."""
    if rate is None:
        return None
    actual = priced(minutes.actual, rate / 60) if is_over else None
    return Figure(priced(minutes.planned, rate / 60), actual)


class _Shares:
    """How the run's cost falls on its items: by printed grams, else by printed units."""

    def __init__(self, items, is_booked):
        self.items = items
        self.is_booked = is_booked
        self.quantities = {item.pk: planned_count(item) for item in items}
        self.printed = {item.pk: item.printed_count if is_booked else 0 for item in items}
        self.counts = _some(self.quantities, {item.pk: item.quantity for item in items})
        self.planned = _weights(items, self.counts)
        self.actual = _weights(items, _some(self.printed, self.counts))

    def labour(self, run, is_over):
        if run.labour_rate is None:
            return None
        return _total((self.labour_of(item, run) for item in self.items), is_over)

    def labour_of(self, item, run):
        if (rate := unit_labour(item, run)) is None:
            return None
        return Figure(self.quantities[item.pk] * rate, self.printed[item.pk] * rate)

    def part_of(self, figure, item):
        """The part of a run's figure that falls on one item."""
        return Figure(
            _times(figure.planned, self.planned[item.pk]),
            _times(figure.actual, self.actual[item.pk]),
        )


def unit_labour(item, run):
    """Money for a person's minutes of one unit; None where the farm keeps no such rate."""
    return _times(item.labour_minutes_per_unit or ZERO, _divided(run.labour_rate, 60))


def planned_count(item):
    """Units of the plan: as it was frozen at start (0 of what was added later), or as it stands."""
    return item.quantity if item.planned_quantity is None else item.planned_quantity


def _some(counts, otherwise):
    return counts if any(counts.values()) else otherwise


def _weights(items, counts):
    """Each item's share of the whole: by grams of the bill of materials, else by units."""
    grams = {item.pk: counts[item.pk] * (item.bom_grams_per_unit or ZERO) for item in items}
    weights = _some(grams, counts)
    whole = sum(map(Decimal, weights.values()))
    return {pk: weight / whole for pk, weight in weights.items()}


def _total(figures, is_known=True):
    """The sum; without an actual, also of nothing, where there is none to be known."""
    total = sum(figures, Figure(ZERO, ZERO))
    return total if is_known else Figure(total.planned, None)


def summed(values):
    """The sum; None where one is unknown."""
    values = list(values)
    return None if None in values else sum(values, ZERO)


def priced(quantity, rate):
    """What a quantity costs: nothing of an unknown price costs nothing, and so does an unknown
    quantity at a price of 0."""
    return ZERO if quantity == 0 or rate == 0 else _times(quantity, rate)


def _times(value, rate):
    return None if value is None or rate is None else value * rate


def _divided(value, count):
    return value / count if value is not None and count else None
