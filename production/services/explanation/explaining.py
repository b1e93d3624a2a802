"""The explanation of one run: its grams, minutes and cost, by need and by item."""

from production.models import ESTIMATED
from production.services.explanation import sentence
from production.services.explanation.needs import needs_of
from production.services.explanation.parts import (
    OF_GRAMS,
    OF_MINUTES,
    PARTS,
    UNKNOWN,
    added,
    displayed,
    given_up,
    parts,
)
from production.services.explanation.units import PrintedUnits, unit_grams
from production.services.variance import (
    FACTOR_PLACES,
    GRAM_PLACES,
    MINUTE_PLACES,
    PLACES,
    RATE_PLACES,
    ZERO,
    priced,
    reconciled,
    rounded,
    unit_labour,
)


class Difference:
    """A figure, planned and actual, and the exact parts of its difference."""

    def __init__(self, figure, found, *, names=PARTS, places=PLACES, is_measured=True):
        self.figure, self.places, self.is_measured = figure, places, is_measured
        self.parts = {name: found[name] for name in names}

    def as_dict(self):
        """Planned, actual, difference, what was really paid too much (over), and the parts; None
        but for planned and actual where it was not measured."""
        figure = self.figure.as_dict(self.places, is_measured=self.is_measured)
        difference = figure["difference"]
        found = dict.fromkeys(self.parts)
        if self.is_measured:
            found = reconciled(self.parts, self.places, total=difference)
        is_known = None not in (difference, found["output"])
        return {
            "planned": figure["planned"],
            "actual": figure["actual"],
            "difference": difference,
            "over": difference - found["output"] if is_known else None,
            "parts": found,
        }

    def displayed(self):
        """The same with two places, as `displayed` has it."""
        figure = self.figure
        return displayed({"planned": figure.planned, "actual": figure.actual, "parts": self.parts})


class Explanation:
    """Why the figures of a Variance differ from its plan; ``usual`` are its `usual_factors`."""

    def __init__(self, figures, currency, usual=None):
        self.usual = usual or {}
        self.figures, self.currency, self.run = figures, currency, figures.run
        self.needs = needs_of(figures)
        self.units = PrintedUnits(figures, unit_grams(figures.items))
        grams = self._split(
            figures.grams["total"], lambda: _of_needs(need.grams for need in self.needs)
        )
        minutes = self._split(figures.minutes, self._minutes)
        self.grams = Difference(figures.grams["total"], grams, **self._of_grams)
        self.minutes = Difference(figures.minutes, minutes, names=OF_MINUTES, places=MINUTE_PLACES)
        self.costs = {
            name: Difference(figures.costs[name], found or UNKNOWN)
            for name, found in self._kinds(minutes).items()
        }

    @property
    def _of_grams(self):
        is_measured = self.figures.is_measured
        return {"names": OF_GRAMS, "places": GRAM_PLACES, "is_measured": is_measured}

    @property
    def sentence(self):
        return sentence.of(self)

    @property
    def measured(self):
        """The slots of its file that were measured throughout."""
        return [taken for taken in self.figures.slots if taken.factor is not None]

    @property
    def assumed(self):
        """Estimated grams; None where the actual is unknown."""
        if self.figures.grams["total"].actual is None:
            return None
        return sum((need.assumed for need in self.needs), ZERO)

    @property
    def assumed_minutes(self):
        """The minutes, where nobody measured them; None where they are not known."""
        minutes = self.minutes.figure.actual
        is_assumed = self.run.actual_minutes_source in ESTIMATED
        return minutes if minutes is None or is_assumed else ZERO

    def as_dict(self):
        run = self.run
        return {
            "run": run.pk,
            "number": run.number,
            "status": run.status,
            "currency": self.currency,
            "sentence": self.sentence,
            "grams": self.grams.as_dict() | {"assumed": rounded(self.assumed, GRAM_PLACES)},
            "grams_not_compared": self.figures.grams_not_compared,
            "minutes": self.minutes.as_dict()
            | {"assumed": rounded(self.assumed_minutes, MINUTE_PLACES)},
            "cost": {name: cost.as_dict() for name, cost in self.costs.items()},
            "needs": [_need(need) for need in self.needs],
            "items": [self._item(item) for item in self.figures.items],
            "slicer": [_of_slicer(taken, self.usual.get(taken.slot)) for taken in self.measured],
            "unknown": self.unknown,
        }

    def displayed(self):
        """The sentence and the figures that go with it, rounded as in it. Grams that nobody
        measured have no parts."""
        grams = self.grams.displayed()
        if not self.figures.is_measured:
            grams |= {"difference": None, "over": None, "parts": {}}
        return {
            "sentence": self.sentence,
            "currency": self.currency,
            "grams": grams,
            "grams_not_compared": self.figures.grams_not_compared,
            "minutes": self.minutes.displayed(),
            "cost": {name: cost.displayed() for name, cost in self.costs.items()},
        }

    def _split(self, figure, compare):
        """The parts of a figure, by what became of the run."""
        if self.run.is_open:
            return UNKNOWN
        return given_up(figure) if self.figures.is_given_up else compare()

    def _kinds(self, minutes):
        """The parts of each kind of cost and of their total; None of a kind without a rate."""
        figures, run = self.figures, self.run
        kinds = {
            "material": self._split(
                figures.costs["material"], lambda: _of_needs(need.cost for need in self.needs)
            )
        }
        for name, rate in figures.hour_rates.items():
            kinds[name] = None
            if rate is not None:
                kinds[name] = self._split(
                    figures.costs[name], lambda rate=rate: _by_the_hour(minutes, rate)
                )
        kinds["labour"] = None
        if run.labour_rate is not None:
            kinds["labour"] = self._split(
                figures.costs["labour"], lambda: added(map(self._labour, figures.items))
            )
        return {"total": added(found for found in kinds.values() if found), **kinds}

    def _minutes(self, item=None):
        """The parts of the minutes, or those that fall on an item."""
        planned, actual = self.figures.minutes.planned, self.figures.minutes.actual
        output, scrap = self.units.split(planned, item)
        expected = self.units.expected(planned)
        time = None if None in (actual, expected) else actual - expected
        share = self.figures.shares.actual[item.pk] if item else 1
        return parts(output=output, scrap=scrap, time=priced(time, share))

    def _labour(self, item):
        rate = unit_labour(item, self.run)
        good, planned = item.good_count or 0, self.figures.shares.quantities[item.pk]
        return parts(output=rate * (good - planned), scrap=rate * (item.scrapped_count or 0))

    def _item(self, item):
        figures, shares = self.figures, self.figures.shares
        grams, minutes, cost = self._item_parts(item) if figures.is_compared else [None] * 3
        whole = shares.part_of(figures.grams["total"], item)
        return {
            "item": item.pk,
            "product": item.product_id,
            "sku": item.product.sku,
            "grams": self._shared(whole, grams, **self._of_grams),
            "minutes": self._shared(
                shares.part_of(figures.minutes, item),
                minutes,
                names=OF_MINUTES,
                places=MINUTE_PLACES,
            ),
            "cost": {"total": self._shared(figures.cost_of(item), cost)},
        }

    def _item_parts(self, item):
        """The parts of grams, minutes and cost that fall on an item of a completed run."""
        share = self.figures.shares.actual[item.pk]
        of_needs = [need.of_item(item, share) for need in self.needs]
        minutes = self._minutes(item)
        rates = [rate for rate in self.figures.hour_rates.values() if rate is not None]
        cost = [_of_needs(each for _, each in of_needs)]
        cost += [_by_the_hour(minutes, rate) for rate in rates]
        if self.run.labour_rate is not None:
            cost.append(self._labour(item))
        return _of_needs(grams for grams, _ in of_needs), minutes, added(cost)

    def _shared(self, figure, found, *, names=PARTS, **details):
        """An item's figure, with one part more: what its share of the run moved."""
        found = self._split(figure, lambda: found)
        share = ZERO
        if not self.figures.is_given_up:
            known = [figure.planned, figure.actual, *found.values()]
            share = None
            if None not in known:
                share = figure.actual - figure.planned - sum(found.values())
        found, names = found | {"share": share}, (*names, "share")
        return Difference(figure, found, names=names, **details).as_dict()

    @property
    def unmeasured(self):
        """The parts that no measurement stands behind: what they are of was taken from the plan."""
        names = []
        if self.assumed and self.assumed == self.grams.figure.actual:
            names += ["usage", "purge"]
            if self.assumed_minutes or not self.minutes.figure.actual:
                names.append("lost")
        if self.assumed_minutes:
            names.append("time")
        return names

    @property
    def unknown(self):
        """What is missing, and of which spool."""
        if self.run.is_open:
            return []
        spools = {}
        for material in self.figures.materials:
            if material.line.planned_total_grams and material.planned_rate is None:
                spool = material.line.planned_spool or material.line.spool
                spools[spool and spool.pk] = spool
            if any(take.rate is None for take in material.takes):
                spools[material.line.spool_id] = material.line.spool
        others = {
            "grams": self.grams.figure.actual,
            "planned_minutes": self.minutes.figure.planned,
            "minutes": self.minutes.figure.actual,
        }
        prices = [
            {"what": "price", "spool": pk, "spool_code": spool and spool.code}
            for pk, spool in spools.items()
        ]
        return prices + [{"what": what} for what, value in others.items() if value is None]


def _of_slicer(taken, usual):
    """A slot that was measured, and what is usual in other runs of its filament, or on the
    printer."""
    return {
        "slot": taken.slot,
        "sliced": rounded(taken.sliced, GRAM_PLACES),
        "measured": rounded(taken.measured, GRAM_PLACES),
        "factor": rounded(taken.factor, FACTOR_PLACES),
        "filament": usual and usual.filament and usual.filament.pk,
        "printer": usual and usual.printer and usual.printer.pk,
        "usual_factor": rounded(usual and usual.factor, FACTOR_PLACES),
        "usual_runs": usual.evident_runs if usual else 0,
    }


def _of_needs(several):
    """Part by part; of a run without materials nobody knows what it used."""
    several = list(several)
    return added(several) if several else parts(usage=None)


def _by_the_hour(minutes, rate):
    """What the parts of minutes cost."""
    return {name: priced(part, rate / 60) for name, part in minutes.items()}


def _grams_of(need):
    if not need.is_measured:
        return dict.fromkeys(OF_GRAMS)
    return reconciled({name: need.grams[name] for name in OF_GRAMS}, GRAM_PLACES)


def _need(need):
    return {
        "filament": need.filament_id,
        "material_type": need.material_type_id,
        "materials": [material.line.pk for material in need.materials],
        "planned_cost_per_gram": rounded(need.rate, RATE_PLACES),
        "grams": _grams_of(need),
        "cost": reconciled(need.cost, PLACES),
    }
