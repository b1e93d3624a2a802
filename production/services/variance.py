"""Variance and cost of one run: planned, actual, difference and percent of planned.

A percent is null, never 0, where nothing was planned. Cost is money net of VAT:

- material = sum of grams x cost per gram of the ledger entries,
- machine = minutes / 60 x hour rate, energy = minutes / 60 x watts / 1000 x price per kWh,
- labour = labour minutes per unit x units printed / 60 x labour rate, kept with its item,

all by the rates frozen at start, planned grams by what the spool of then cost. A cost with an
unknown part is null; a rate the farm does not keep adds nothing, nor do minutes that nobody said of
a run that was given up. Of a cancelled run only what was booked as waste is actual: drafts are not.
Sums hold before rounding; figures are rounded half up to four places, grams to six, minutes to two.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from inventory.models import InventoryTransaction
from production.models import ProductionRun
from tenants.operations.text import WIDE

ZERO = Decimal(0)
PLACES = Decimal("0.0001")
GRAM_PLACES = Decimal("0.000001")
MINUTE_PLACES = Decimal("0.01")
RATE_PLACES = Decimal("0.00000001")
NOISE = Decimal("1e-12")  # what is smaller comes of quotients that have no end
Status = ProductionRun.Status
BOOKED = ProductionRun.BOOKED
GIVEN_UP = (Status.FAILED, Status.CANCELLED)
USED = (InventoryTransaction.Kind.USAGE, InventoryTransaction.Kind.WASTE)


@dataclass(frozen=True)
class Figure:
    """A planned and an actual figure; either may be unknown (None)."""

    planned: Decimal | None
    actual: Decimal | None

    def __add__(self, other):
        return Figure(_sum([self.planned, other.planned]), _sum([self.actual, other.actual]))

    def as_dict(self, places=PLACES):
        """planned, actual, difference (actual - planned), percent (of planned)."""
        difference = percent = None
        if self.planned is not None and self.actual is not None:
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
    items = list(run.items.select_related("product"))
    lines = list(run.materials.select_related("spool__filament__manufacturer", "planned_spool"))
    entries = run.transactions.not_reversed().filter(kind__in=USED).select_related("spool")
    return of_loaded(run, items, lines, list(entries))


def of_loaded(run, items, lines, entries):
    """The variance of a run whose items, materials and standing entries are at hand."""
    spent = {} if run.is_open else _spent(entries)
    is_over, is_known = not run.is_open, run.status in BOOKED or bool(spent)
    materials = [_Material(run, line, spent) for line in lines]
    shares = _Shares(items, run.status in BOOKED)
    costs = _costs(run, materials, shares, is_over)
    return {
        "run": run.pk,
        "number": run.number,
        "status": run.status,
        "grams": {
            name: _total((getattr(line, name) for line in materials), is_known).as_dict(GRAM_PLACES)
            for name in ("part", "purge", "total")
        },
        "minutes": Figure(run.planned_minutes, run.actual_minutes if is_over else None).as_dict(
            MINUTE_PLACES
        ),
        "cost": {name: figure.as_dict() for name, figure in costs.items()},
        "materials": [material.as_dict() for material in materials],
        "items": [shares.of(item, run, costs) for item in items],
    }


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


class _Material:
    """One line of the run: its figures and what they cost."""

    def __init__(self, run, line, spent):
        self.line = line
        actual, purge = _taken(run, line, spent)
        self.part = Figure(line.planned_grams, actual)
        self.purge = Figure(line.planned_purge_grams, purge)
        self.total = self.part + self.purge
        rate = planned_rate(run, line)
        entries = spent.get(line.spool_id, _Spent(ZERO, rate))
        self.rate, planned = entries.rate, line.planned_total_grams
        planned = _times(planned, rate) if planned else ZERO  # of whatever price
        self.cost = Figure(planned, None if run.is_open else entries.cost)

    def as_dict(self):
        line = self.line
        return {
            "material": line.pk,
            "spool": line.spool_id,
            "spool_code": line.spool.code if line.spool else None,
            "actual_source": line.actual_source or None,
            "cost_per_gram": rounded(self.rate, RATE_PLACES),
            "part": self.part.as_dict(GRAM_PLACES),
            "purge": self.purge.as_dict(GRAM_PLACES),
            "total": self.total.as_dict(GRAM_PLACES),
            "cost": self.cost.as_dict(),
        }


def planned_rate(run, line):
    """Money per gram of a line's plan: as it was frozen at start, or what its spool costs now."""
    if run.started_at is None:
        return rounded(line.spool.cost_per_gram(), RATE_PLACES) if line.spool else None
    if line.planned_cost_per_gram is None and line.planned_spool:
        return line.planned_spool.late_cost_per_gram
    return line.planned_cost_per_gram


@dataclass(frozen=True)
class _Spent:
    cost: Decimal | None
    rate: Decimal | None


def _spent(entries):
    """What the run's usage and waste cost, per spool: ``{spool id: _Spent}``."""
    spent = {}
    for entry in entries:
        if entry.kind not in USED:
            continue
        rate = entry.cost_per_gram
        if rate is None:
            rate = entry.spool.late_cost_per_gram
        cost = _times(-entry.grams, rate)
        before = spent.get(entry.spool_id)
        spent[entry.spool_id] = _Spent(_sum([before.cost, cost]) if before else cost, rate)
    return spent


def _costs(run, materials, shares, is_over):
    """Figures by kind of cost, labour and the total included."""
    unknown = ZERO if run.status in GIVEN_UP else None
    minutes = Figure(
        run.planned_minutes, unknown if run.actual_minutes is None else run.actual_minutes
    )
    kilowatts = None if run.power_watts is None else Decimal(run.power_watts) / 1000
    is_free = run.energy_price_kwh == 0  # whatever the printer draws
    power_rate = ZERO if is_free else _times(kilowatts, run.energy_price_kwh)
    costs = {
        "material": _total((material.cost for material in materials), is_over),
        "machine": _by_the_hour(minutes, run.hour_rate, is_over),
        "energy": _by_the_hour(minutes, power_rate, is_over),
        "labour": shares.labour(run, is_over),
    }
    known = [figure for figure in costs.values() if figure is not None]
    costs["total"] = _total(known)
    return {name: figure or Figure(None, None) for name, figure in costs.items()}


def _by_the_hour(minutes, rate, is_over):
    """Hours x rate; None when the farm keeps no such rate, 0 whatever the time at a rate of 0."""
    if rate is None:
        return None
    if rate == 0:
        return Figure(ZERO, ZERO if is_over else None)
    actual = _times(minutes.actual, rate / 60) if is_over else None
    return Figure(_times(minutes.planned, rate / 60), actual)


class _Shares:
    """How the run's cost falls on its items: by printed grams, else by printed units."""

    def __init__(self, items, is_booked):
        self.items = items
        self.is_booked = is_booked
        self.quantities = {item.pk: planned_count(item) for item in items}
        self.printed = {item.pk: item.printed_count if is_booked else 0 for item in items}
        planned = _some(self.quantities, {item.pk: item.quantity for item in items})
        self.planned = _weights(items, planned)
        self.actual = _weights(items, _some(self.printed, planned))

    def labour(self, run, is_over):
        if run.labour_rate is None:
            return None
        return _total((self._labour(item, run) for item in self.items), is_over)

    def of(self, item, run, costs):
        quantity = self.quantities[item.pk]
        good = item.good_count if self.is_booked else None
        cost = self._cost(item, run, costs)
        return {
            "item": item.pk,
            "product": item.product_id,
            "sku": item.product.sku,
            "planned_quantity": quantity,
            "quantity": item.quantity,
            "good": good,
            "scrapped": item.scrapped_count if self.is_booked else None,
            "not_printed": item.quantity - item.printed_count if self.is_booked else None,
            "printed_grams": Figure(
                _times(quantity, item.bom_grams_per_unit),
                _times(item.printed_count, item.bom_grams_per_unit) if self.is_booked else None,
            ).as_dict(GRAM_PLACES),
            "cost": cost.as_dict(),
            "cost_per_unit": Figure(
                _divided(cost.planned, quantity), _divided(cost.actual, good)
            ).as_dict(),
        }

    def _cost(self, item, run, costs):
        shared = [costs[name] for name in ("material", "machine", "energy")]
        labour = Figure(ZERO, ZERO) if run.labour_rate is None else self._labour(item, run)
        known = [figure for figure in shared if figure != Figure(None, None)]
        unknown = costs["total"]
        pool = _total(known)
        planned = None if unknown.planned is None else pool.planned * self.planned[item.pk]
        actual = None if unknown.actual is None else pool.actual * self.actual[item.pk]
        return Figure(_sum([planned, labour.planned]), _sum([actual, labour.actual]))

    def _labour(self, item, run):
        rate = _times(item.labour_minutes_per_unit or ZERO, run.labour_rate / 60)
        return Figure(self.quantities[item.pk] * rate, self.printed[item.pk] * rate)


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


def _sum(values):
    return None if any(value is None for value in values) else sum(values)


def _times(value, rate):
    return None if value is None or rate is None else value * rate


def _divided(value, count):
    return value / count if value is not None and count else None
