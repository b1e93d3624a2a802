"""Needs: what the lines of a run are for, their plan, what they took, and why that differs."""

from collections import defaultdict
from fractions import Fraction

from tests.production.figures.books import planned_count, shares, total
from tests.production.figures.parts import Difference, given_up, minus, times
from tests.production.figures.sums import rounded


class Ratios:
    """What of a plan was printed good and scrapped: of the run, and of each of its items.

    ``weights`` are ways to weigh one unit of each item; the first by which the plan weighs
    anything counts, else each unit is one.
    """

    def __init__(self, run, *weights):
        items = run.items
        planned = [planned_count(item) for item in items]
        planned = planned if any(planned) else [item.quantity for item in items]
        units = next((each for each in weights if _dot(planned, each)), [1] * len(items))
        whole = _dot(planned, units)
        good = [count_of(run, item.good_count) for item in items]
        scrapped = [count_of(run, item.scrapped_count) for item in items]
        self.more = [(g - p) * u / whole for g, p, u in zip(good, planned, units, strict=True)]
        self.scrap = [s * u / whole for s, u in zip(scrapped, units, strict=True)]
        printed = zip(good, scrapped, units, strict=True)
        self.printed_shares = shares([(g + s) * u for g, s, u in printed])
        self.good = 1 + sum(self.more)  # G: 1 where there are no items
        self.scrapped = sum(self.scrap)  # S

    @property
    def printed(self):
        return self.good + self.scrapped


def _dot(counts, units):
    return sum(count * Fraction(unit) for count, unit in zip(counts, units, strict=True))


def count_of(run, count):
    return Fraction(count or 0) if run.is_booked else Fraction(0)


def unit_grams(run):
    return [Fraction(item.bom_grams_per_unit or 0) for item in run.items]


class Need:
    """What lines of a run are for: their plan, what they took, and why that is not the same."""

    def __init__(self, books, run, filament, material_type, lines):
        self.books, self.run, self.lines = books, run, list(lines)
        self.filament = filament
        self.wanted_type = material_type
        kind = material_type if filament is None else books.filaments[filament].material_type_id
        self.material_type = kind
        self.meeting = (kind, books.types[kind].family_id)  # what it meets, itself first

    def join(self, other):
        self.lines = sorted(self.lines + other.lines, key=lambda line: line.id)

    # -- the plan ------------------------------------------------------------------------------

    @property
    def part(self):
        return sum((Fraction(line.planned_grams) for line in self.lines), Fraction(0))

    @property
    def flush(self):
        return sum((Fraction(line.planned_purge_grams) for line in self.lines), Fraction(0))

    @property
    def planned(self):
        return self.part + self.flush

    @property
    def cost(self):
        rates = [planned_rate(self.books, line) for line in self.lines]
        return total(
            times(planned_grams(line), rate) for line, rate in zip(self.lines, rates, strict=True)
        )

    @property
    def rate(self):
        """The planned price, r."""
        cost = self.cost
        return None if cost is None or not self.planned else cost / self.planned

    @property
    def planned_filaments(self):
        spools = [line.planned_spool_id for line in self.lines if planned_grams(line)]
        return {self.books.spools[pk].filament_id for pk in spools if pk}

    # -- what was taken ------------------------------------------------------------------------

    @property
    def took(self):
        """Part and purge grams; 0 of lines that booked nothing."""
        taken = [self.run.took(line) for line in self.lines]
        return [sum(Fraction(each or 0) for each in side) for side in zip(*taken, strict=True)]

    @property
    def entries(self):
        """``(grams, rate, filament)`` each."""
        spools = [self.books.spools[line.spool_id] for line in self.lines if line.spool_id]
        return [
            (-Fraction(entry.grams), _rate_of(entry, spool), spool.filament_id)
            for spool in spools
            for entry in self.run.spent.get(spool.id, ())
        ]

    @property
    def spent(self):
        return total(times(grams, rate) for grams, rate, _ in self.entries)

    # -- why -----------------------------------------------------------------------------------

    @property
    def ratios(self):
        by_unit = unit_grams(self.run)
        if any(item.bom is None for item in self.run.items):
            return Ratios(self.run, by_unit)
        return Ratios(self.run, [self._met_of(item.bom) for item in self.run.items], by_unit)

    def _met_of(self, bom):
        return sum(Fraction(line["grams_per_unit"]) for line in bom if self._meets(line))

    def _meets(self, line):
        if line["material_type"] not in self.meeting:
            return False
        return None in (line["filament"], self.filament) or line["filament"] == self.filament

    def quantities(self):
        """Grams of each part, of a completed run."""
        part, flushed = self.took
        if not self.planned:
            return {"extra": part + flushed}
        ratios = self.ratios
        return {
            "output": self.part * (ratios.good - 1),
            "scrap": self.part * ratios.scrapped,
            "usage": part - self.part * ratios.printed,
            "purge": flushed - self.flush,
        }

    def prices(self):
        """What came of other prices than planned: of another filament, and of the same."""
        if not self.planned:
            return {}
        rate, own = self.rate, self.planned_filaments
        of_same, of_other = [], []
        for grams, paid, filament in self.entries:
            side = of_same if filament in own else of_other
            side.append(times(grams, minus(paid, rate)))
        return {"substitution": total(of_other), "price": total(of_same)}

    def money(self):
        if not self.planned:
            return {"extra": self.spent}
        by_grams = {name: times(part, self.rate) for name, part in self.quantities().items()}
        return by_grams | self.prices()

    def explained(self):
        """Grams and material of a closed run."""
        taken = sum(self.took) if self.run.is_booked or self.run.spent else None
        grams = Difference(self.planned, taken, assumed=_assumed(self.run, self.lines))
        material = Difference(self.cost, self.spent)
        for figures, parts in ((grams, self.quantities), (material, self.money)):
            figures.parts = parts() if is_made(self.run) else given_up(figures)
        return {"grams": grams, "material": material}


def planned_grams(line):
    return Fraction(line.planned_grams) + Fraction(line.planned_purge_grams)


def planned_rate(books, line):
    if line.planned_spool_id is None:
        return _rate_of_now(books, line.spool_id)
    if line.planned_cost_per_gram is None:
        return books.spools[line.planned_spool_id].late_cost_per_gram
    return line.planned_cost_per_gram


def _rate_of(entry, spool):
    rate = spool.late_cost_per_gram if entry.cost_per_gram is None else entry.cost_per_gram
    return None if rate is None else Fraction(rate)


def _rate_of_now(books, pk):
    """Of a run that was never started, and its plan not frozen."""
    if pk is None:
        return None
    spool = books.spools[pk]
    if spool.price is not None:
        return rounded(Fraction(spool.price) / Fraction(spool.initial_grams), 8)
    filament = books.filaments[spool.filament_id]
    if filament.price is None or not filament.net_grams:
        return None
    return rounded(Fraction(filament.price) / Fraction(filament.net_grams), 8)


def _assumed(run, lines):
    """Grams that were booked as planned or by percent."""
    lines = [line for line in lines if line.actual_source in ("as_planned", "percent", "sliced")]
    return sum((Fraction(each or 0) for line in lines for each in run.took(line)), Fraction(0))


def is_made(run):
    return run.row.status == "completed"


def needs_of(books, run):
    """The needs of a run, in the order of their first lines."""
    lines = defaultdict(list)
    for line in run.lines:
        lines[line.filament_id, line.material_type_id].append(line)
    needs = [Need(books, run, *requirement, of_it) for requirement, of_it in lines.items()]
    loose = [each for each in needs if each.planned and not each.filament]
    for need in [each for each in needs if not each.planned]:
        wider = [e for kind in need.meeting for e in loose if e.wanted_type == kind]
        if wider:
            wider[0].join(need)
            needs.remove(need)
    idle = [e for e in needs if e.planned and not sum(e.took) and e.ratios.printed > 0]
    unplanned = [each for each in needs if not each.planned and sum(each.took)]
    if len(idle) == len(unplanned) == 1 and idle[0].material_type in unplanned[0].meeting:
        idle[0].join(unplanned[0])
        needs.remove(unplanned[0])
    return needs
