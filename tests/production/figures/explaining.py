"""Why one run did not cost what was planned: reckoned from its rows, by the design alone.

The parts are those of decision 0025. Nothing of the product is used, neither services nor SQL.
"""

from collections import defaultdict
from fractions import Fraction

from tests.production.figures.books import planned_count, shares, total
from tests.production.figures.parts import NOTHING, Difference, minus, times
from tests.production.figures.sums import KINDS, rounded


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
        good = [_count(run, item.good_count) for item in items]
        scrapped = [_count(run, item.scrapped_count) for item in items]
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


def _count(run, count):
    return Fraction(count or 0) if run.is_booked else Fraction(0)


def _unit_grams(run):
    return [Fraction(item.bom_grams_per_unit or 0) for item in run.items]


class Need:
    """What lines of a run are for: their plan, what they took, and why that is not the same."""

    def __init__(self, books, run, filament, material_type, lines):
        self.books, self.run, self.lines = books, run, list(lines)
        self.filament = filament
        self.asked_type = material_type
        kind = material_type if filament is None else books.filaments[filament].material_type_id
        self.material_type = kind

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
        return total(times(_planned(line), self._planned_rate(line)) for line in self.lines)

    @property
    def rate(self):
        """The planned price, r."""
        cost = self.cost
        return None if cost is None or not self.planned else cost / self.planned

    def _planned_rate(self, line):
        books = self.books
        if line.planned_spool_id is None:
            return _rate_of_now(books, line.spool_id)
        if line.planned_cost_per_gram is None:
            return books.spools[line.planned_spool_id].late_cost_per_gram
        return line.planned_cost_per_gram

    @property
    def planned_filaments(self):
        spools = [line.planned_spool_id for line in self.lines if _planned(line)]
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
        by_unit = _unit_grams(self.run)
        if any(item.bom is None for item in self.run.items):
            return Ratios(self.run, by_unit)
        return Ratios(self.run, [self._met_of(item.bom) for item in self.run.items], by_unit)

    def _met_of(self, bom):
        return sum(Fraction(line["grams_per_unit"]) for line in bom if self._meets(line))

    def _meets(self, line):
        if line["material_type"] != self.material_type:
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
            figures.parts = parts() if _is_made(self.run) else given_up(figures)
        return {"grams": grams, "material": material}


def _planned(line):
    return Fraction(line.planned_grams) + Fraction(line.planned_purge_grams)


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
    lines = [line for line in lines if line.actual_source in ("as_planned", "percent")]
    return sum((Fraction(each or 0) for line in lines for each in run.took(line)), Fraction(0))


def _is_made(run):
    return run.row.status == "completed"


def given_up(figures):
    """The parts of a run that failed or was cancelled."""
    return {"output": minus(0, figures.planned), "lost": figures.actual}


def needs_of(books, run):
    """The needs of a run, in the order of their first lines."""
    lines = defaultdict(list)
    for line in run.lines:
        lines[line.filament_id, line.material_type_id].append(line)
    needs = [Need(books, run, *asked, of_it) for asked, of_it in lines.items()]
    for need in [each for each in needs if not each.planned and each.filament]:
        wider = [e for e in needs if e.planned and e.asked_type == need.material_type]
        if wider:
            wider[0].join(need)
            needs.remove(need)
    idle = [e for e in needs if e.planned and not sum(e.took) and e.ratios.printed > 0]
    unplanned = [each for each in needs if not each.planned and sum(each.took)]
    if len(idle) == len(unplanned) == 1 and idle[0].material_type == unplanned[0].material_type:
        idle[0].join(unplanned[0])
        needs.remove(unplanned[0])
    return needs


class Explained:
    """A run in all its measures: ``whole``, ``needs`` and ``items`` are exact Differences.

    A kind of cost that the farm keeps no rate for is not in them. Those of an open run have no
    parts and no actual.
    """

    def __init__(self, books, run):
        self.books, self.run, self.row = books, run, run.row
        self.is_open = not run.is_closed
        self.is_booked = run.is_booked or bool(run.spent)
        self.rates = _rates(run.row)
        self.pace = Ratios(run, _unit_grams(run))  # of the time
        self.needs = needs_of(books, run)
        self.of_needs = [] if self.is_open else [need.explained() for need in self.needs]
        self.whole = self._with_total(self._whole())
        self.items = [] if self.is_open else [self._item(n) for n in range(len(run.items))]

    def _with_total(self, figures):
        kinds = [figures[kind] for kind in KINDS if kind in figures]
        return figures | {"total": sum(kinds, NOTHING)}

    def _whole(self):
        if self.is_open:
            return self._plan_alone()
        run, whole = self.run, {}
        for name in ("grams", "material"):
            whole[name] = sum((each[name] for each in self.of_needs), NOTHING)
        if not self.is_booked:  # nobody knows what it took
            whole["grams"] = Difference(run.planned, None, {"output": -run.planned, "lost": None})
        whole["minutes"] = self._timed(1, run.minutes)
        unsaid = 0 if run.minutes is None and not _is_made(run) else run.minutes
        for kind in self.rates.keys() & {"machine", "energy"}:
            whole[kind] = self._timed(self.rates[kind], unsaid)
        if "labour" in self.rates:
            whole["labour"] = sum(map(self._labour, run.items), NOTHING)
        return whole

    def _plan_alone(self):
        row = self.row
        plan = {
            "grams": self.run.planned,
            "minutes": row.planned_minutes,
            "material": total(need.cost for need in self.needs),
        }
        for kind in self.rates.keys() & {"machine", "energy"}:
            plan[kind] = times(row.planned_minutes, self.rates[kind])
        if "labour" in self.rates:
            plan["labour"] = total(self._labour(item).planned for item in self.run.items)
        return {name: Difference(planned, None, {"output": None}) for name, planned in plan.items()}

    def _timed(self, rate, minutes):
        planned = self.row.planned_minutes
        figures = Difference(times(planned, rate), times(minutes, rate))
        figures.parts = self._times(rate, minutes) if _is_made(self.run) else given_up(figures)
        return figures

    def _times(self, rate, minutes):
        planned, pace = self.row.planned_minutes, self.pace
        late = minus(times(minutes, rate), times(times(planned, pace.printed), rate))
        return {
            "output": times(times(planned, pace.good - 1), rate),
            "scrap": times(times(planned, pace.scrapped), rate),
            "time": late,
        }

    def _labour(self, item):
        each = Fraction(item.labour_minutes_per_unit or 0) * self.rates["labour"]
        good, scrapped = _count(self.run, item.good_count), _count(self.run, item.scrapped_count)
        figures = Difference(each * planned_count(item), each * (good + scrapped))
        parts = {"output": each * (good - planned_count(item)), "scrap": each * scrapped}
        figures.parts = parts if _is_made(self.run) else given_up(figures)
        return figures

    # -- the share of one item -----------------------------------------------------------------

    def _item(self, number):
        planned = self.run.planned_shares()[number]
        actual = self.run.actual_shares()[number]
        figures = {}
        for name, whole in self.whole.items():
            if name == "labour":
                figures[name] = self._labour(self.run.items[number])
            elif name != "total":
                own = Difference(_of(whole.planned, planned), _of(whole.actual, actual))
                own.assumed = whole.assumed * actual
                if _is_made(self.run):
                    own.parts = self._parts_of_item(name, number, actual)
                else:
                    own.parts = given_up(own)
                figures[name] = own
            if name != "total":
                _add_share(figures[name])
        return self._with_total(figures)

    def _parts_of_item(self, name, number, actual):
        if name in ("grams", "material"):
            parts = [self._need_of_item(k, name, number, actual) for k in range(len(self.needs))]
            names = {part for each in parts for part in each}
            return {part: total(each.get(part, 0) for each in parts) for part in names}
        rate, planned, pace = self.rates.get(name, 1), self.row.planned_minutes, self.pace
        return {
            "output": times(times(planned, pace.more[number]), rate),
            "scrap": times(times(planned, pace.scrap[number]), rate),
            "time": times(actual, self.whole[name].parts["time"]),
        }

    def _need_of_item(self, index, name, number, actual):
        need, parts = self.needs[index], self.of_needs[index][name].parts
        if not need.planned:
            return {"extra": times(actual, parts.get("extra", 0))}
        ratios = need.ratios
        rate = need.rate if name == "material" else Fraction(1)
        share = ratios.printed_shares[number] if ratios.printed_shares else actual
        own = {
            "output": times(need.part * ratios.more[number], rate),
            "scrap": times(need.part * ratios.scrap[number], rate),
        }
        others = parts.keys() - own.keys() - {"lost"}
        return own | {part: times(share, parts[part]) for part in others}


def _of(whole, share):
    return None if whole is None else whole * share


def _add_share(figures):
    rest = total(figures.parts.values())
    figures.parts["share"] = minus(minus(figures.actual, figures.planned), rest)


def _rates(row):
    """Money per minute, of the kinds that the farm keeps a rate for; labour per minute too."""
    rates = {}
    if row.hour_rate is not None:
        rates["machine"] = Fraction(row.hour_rate) / 60
    if row.energy_price_kwh == 0:
        rates["energy"] = Fraction(0)
    elif row.energy_price_kwh is not None and row.power_watts is not None:
        rates["energy"] = Fraction(row.power_watts) * Fraction(row.energy_price_kwh) / 60_000
    if row.labour_rate is not None:
        rates["labour"] = Fraction(row.labour_rate) / 60
    return rates
