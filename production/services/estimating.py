"""What a run will cost, and one unit of a product: an estimate by the prices and rates of now.

A planned run is reckoned as if it started now, as ``variance`` reckons its planned cost. Grams of a
line without a spool cost the mean of what is available of its filament, or of its material type and
that family, weighted by available grams: it is unknown if the price of one of these spools is. With
nothing available, a filament costs what the catalogue says. A run that has begun is reckoned by the
plan that its start froze.

A product has no printer, and a run may have none yet: energy is then reckoned by the mean watts of
the printers in use that the products were printed on, else of all in use. Those whose watts are not
set are left out of it; where none has them, energy is unknown and adds nothing, as it does for a
run with a printer.

Price to ask for a unit: (cost + packing + fixed cost) / (1 - margin); the margin is of the price.
"""

import copy
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils import timezone

from inventory.models import Spool
from inventory.services.ledger import rounded_rate
from production.models import Printer, ProductionRun, RunItem, RunMaterial
from production.services import rates, variance
from production.services.requirements import bom
from production.services.runs import lines
from production.services.variance import KINDS, ZERO, priced, rounded, summed
from tenants.accounts.models import FarmSettings

SPOOL, SHELF, CATALOGUE, PLAN = "spool", "shelf", "catalogue", "plan"
SOURCES = (SPOOL, SHELF, CATALOGUE, PLAN)
PRICE = ("price", "initial_grams", "filament__price", "filament__net_grams")


@dataclass(frozen=True)
class Rate:
    """Money per gram, and between what it lies; None is unknown. ``source`` is one of SOURCES,
    ``available`` the grams on the shelf of what a line without a spool takes, else None."""

    mean: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None
    source: str
    available: Decimal | None = None


@dataclass(frozen=True)
class EstimatedMaterial:
    """A line of the estimate: its grams and what one of them costs."""

    line: RunMaterial
    rate: Rate

    @property
    def grams(self):
        return self.line.planned_total_grams

    @property
    def cost(self):
        return priced(self.grams, self.rate.mean)

    def as_dict(self):
        line, rate = self.line, self.rate
        return {
            "material": line.pk,
            "filament": line.filament_id,
            "material_type": line.material_type_id,
            "spool": line.spool_id,
            "spool_code": line.spool.code if line.spool else None,
            "grams": rounded(self.grams, variance.GRAM_PLACES),
            "cost_per_gram": rounded(rate.mean, variance.RATE_PLACES),
            "lowest_cost_per_gram": rounded(rate.lowest, variance.RATE_PLACES),
            "highest_cost_per_gram": rounded(rate.highest, variance.RATE_PLACES),
            "source": rate.source,
            "available_grams": rounded(rate.available, variance.GRAM_PLACES),
            "cost": rounded(self.cost),
        }


class Estimate:
    """Exact figures of a run with rates, whose lines have a cost per gram. ``power`` is the Power
    that the energy of a run without a printer is reckoned by."""

    power = None

    def __init__(self, run, items, materials, *, is_complete=True):
        figures = variance.Variance(run, items, [each.line for each in materials], [])
        self.run, self.materials, self.minutes = run, materials, run.planned_minutes
        self.costs = {kind: figures.costs[kind].planned for kind in KINDS}
        if not materials or not is_complete:
            self.costs["material"] = None
        self.unknown = [
            kind
            for kind, cost in self.costs.items()
            if cost is None and (kind == "material" or figures.hour_rates.get(kind) is not None)
        ]
        known = [cost for cost in self.costs.values() if cost is not None]
        self.total = None if self.unknown else sum(known, ZERO)
        self.known = sum(known, ZERO)
        if self.costs["material"] is None:
            self.known += sum((each.cost or ZERO for each in materials), ZERO)

    @property
    def lowest(self):
        return self._total_at("lowest")

    @property
    def highest(self):
        return self._total_at("highest")

    def _total_at(self, name):
        """The total if each material cost the lowest or highest of its prices."""
        if self.total is None:
            return None
        costs = [priced(each.grams, getattr(each.rate, name)) for each in self.materials]
        return self.total - self.costs["material"] + summed(costs)

    def cost_of(self, units):
        """Each kind of cost, and the totals, divided by so many units."""
        costs = {**self.costs, "total": self.total, "known": self.known}
        costs |= {"lowest": self.lowest, "highest": self.highest}
        return {name: rounded(cost and cost / units) for name, cost in costs.items()}

    def as_dict(self):
        return {
            "is_estimate": True,
            "currency": FarmSettings.load().currency,
            "minutes": rounded(self.minutes, variance.MINUTE_PLACES),
            "materials": [each.as_dict() for each in self.materials],
            "cost": self.cost_of(1),
            "unknown": self.unknown,
        }


@dataclass(frozen=True)
class Power:
    """The mean watts of ``printers``, None where there are none; ``unset`` is how many more of the
    same kind have no watts."""

    watts: Decimal | None
    printers: list
    unset: int


class ProductEstimate:
    """The Estimate of a plate of a product (of one unit, where it is not set how many fit), by a
    Power, and the price to ask for a unit; None is unknown."""

    def __init__(self, product, estimate, power):
        self.product, self.plate, self.power = product, estimate, power
        self.units = product.units_per_plate or 1
        self.settings = FarmSettings.load()

    @property
    def price(self):
        """None without a margin, or if the cost is not known."""
        margin = self.settings.margin_percent
        if margin is None or self.plate.total is None:
            return None
        more = (self.settings.packing_cost or ZERO) + (self.settings.fixed_cost or ZERO)
        return (self.plate.total / self.units + more) * 100 / (100 - margin)

    def as_dict(self):
        unit, settings = self.plate.cost_of(self.units), self.settings
        return {
            "product": self.product.pk,
            "units_per_plate": self.product.units_per_plate,
            **self.plate.as_dict(),
            "cost_per_unit": unit,
            "packing_cost": settings.packing_cost,
            "fixed_cost": settings.fixed_cost,
            "margin_percent": settings.margin_percent,
            "price_per_unit": rounded(self.price),
            "power_watts": rounded(self.power.watts),
            "power_printers": [printer.pk for printer in self.power.printers],
            "printers_without_watts": self.power.unset,
        }


def of_run(run):
    """The Estimate of a run; nothing is saved. Six queries at most."""
    run, items = copy.copy(run), list(run.items.select_related("product"))
    run_lines = list(
        run.materials.with_spool().select_related(
            "planned_spool", "filament__material_type", "material_type"
        )
    )
    if run.started_at is not None:
        return Estimate(run, items, [_of_plan(run, line) for line in run_lines])
    lines.freeze(run_lines, {line.spool_id: line.spool for line in run_lines if line.spool})
    power = power_of([item.product_id for item in items]) if run.printer_id is None else None
    estimate = _as_started(run, items, run_lines, power_watts=power and power.watts)
    estimate.power = power
    return estimate


def of_product(product):
    """The ProductEstimate, at the farm's rates. Seven queries."""
    units = product.units_per_plate
    item = RunItem(product=product, quantity=units or 1)
    bills = bom.bills([product.pk])
    run = ProductionRun(planned_minutes=product.plate_minutes if units else None)
    run_lines = [
        RunMaterial(
            filament=filament,
            material_type=None if filament else kind,
            planned_grams=grams,
            planned_purge_grams=purge if units else ZERO,
        )
        for kind, filament, grams, purge in bom.requirements([item], bills)
    ]
    is_complete = bool(units) or not product.plate_purge_grams
    power = power_of([product.pk])
    estimate = _as_started(run, [item], run_lines, is_complete=is_complete, power_watts=power.watts)
    return ProductEstimate(product, estimate, power)


def power_of(products):
    """The Power of the printers in use that completed a run of one of these products, by their ids,
    else of all in use."""
    runs = ProductionRun.objects.live().filter(status=ProductionRun.Status.COMPLETED)
    made = runs.filter(items__product__in=products, printer__isnull=False).values("printer")
    is_used = ExpressionWrapper(Q(pk__in=made), output_field=BooleanField())
    printers = list(Printer.objects.active().annotate(has_made=is_used).order_by("name", "pk"))
    printers = [printer for printer in printers if printer.has_made] or printers
    known = [printer for printer in printers if printer.power_watts is not None]
    watts = sum((printer.power_watts for printer in known), ZERO)
    return Power(watts / len(known) if known else None, known, len(printers) - len(known))


def _as_started(run, items, run_lines, *, power_watts=None, **how):
    """The Estimate of a run that is not saved, as if it started now; without a printer, by
    ``power_watts``."""
    rates.freeze(run)
    if run.printer is None:
        run.power_watts = power_watts
    bom.freeze(items)
    run.started_at = timezone.now()
    shelf = _Shelf([line for line in run_lines if line.spool_id is None])
    materials = [EstimatedMaterial(line, _rate(run, line, shelf)) for line in run_lines]
    for each in materials:
        if each.line.spool_id is None:
            each.line.planned_cost_per_gram = each.rate.mean
    return Estimate(run, items, materials, **how)


def _rate(run, line, shelf):
    if line.spool_id is None:
        return shelf.rate_of(line)
    return Rate(*[variance.planned_rate(run, line)] * 3, SPOOL)


def _of_plan(run, line):
    return EstimatedMaterial(line, Rate(*[variance.planned_rate(run, line)] * 3, PLAN))


class _Shelf:
    """What is available for lines without a spool, in one query if there are any."""

    def __init__(self, run_lines):
        self.of_filament, self.of_kind = defaultdict(list), defaultdict(list)
        for filament, kind, family, available, rate in _available(run_lines) if run_lines else ():
            self.of_filament[filament].append((available, rate))
            for each in {kind, family} - {None}:
                self.of_kind[each].append((available, rate))

    def rate_of(self, line):
        """The Rate of a line by what it could take."""
        if line.filament is None:
            found = self.of_kind[line.material_type_id]
        else:
            found = self.of_filament[_merged_id(line.filament)]
            if not found:
                return Rate(*[rounded_rate(line.filament.cost_per_gram)] * 3, CATALOGUE, ZERO)
        available = sum((grams for grams, _rate in found), ZERO)
        known = [rate for _available, rate in found if rate is not None]
        if not known:
            return Rate(None, None, None, SHELF, available)
        mean = summed(priced(grams, rate) for grams, rate in found)
        mean = mean and mean / available
        return Rate(rounded_rate(mean), min(known), max(known), SHELF, available)


def _available(run_lines):
    """``(filament, material type, family, grams, cost per gram)`` of each spool that a line could
    take and that has something available."""
    filaments = {_merged_id(line.filament) for line in run_lines if line.filament}
    kinds = {line.material_type_id for line in run_lines if line.filament is None}
    kind = "filament__material_type"
    wanted = Q(filament__in=filaments) | Q(**{f"{kind}__in": kinds})
    wanted |= Q(**{f"{kind}__family__in": kinds})
    spools = Spool.objects.with_available().not_held()
    spools = spools.filter(wanted, archived_at=None, available__gt=0)
    spools = spools.select_related(kind).only(*PRICE, f"{kind}__family")
    for spool in spools.order_by("pk"):
        filament = spool.filament
        rate = rounded_rate(spool.cost_per_gram())
        family = filament.material_type.family_id
        yield filament.pk, filament.material_type_id, family, spool.available, rate


def _merged_id(filament):
    """The id of the filament, or of that which it was merged into."""
    return filament.merged_into_id or filament.pk
