"""Why one run did not cost what was planned: reckoned from its rows, by the design alone.

The parts are those of decision 0025. Nothing of the product is used, neither services nor SQL.
"""

from fractions import Fraction

from tests.production.figures.books import planned_count, total
from tests.production.figures.needs import (
    Ratios,
    count_of,
    is_made,
    needs_of,
    planned_grams,
    planned_rate,
    unit_grams,
)
from tests.production.figures.parts import NOTHING, ORDER, Difference, given_up, minus, times
from tests.production.figures.sums import KINDS


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
        self.pace = Ratios(run, unit_grams(run))  # of the time
        self.needs = needs_of(books, run)
        self.of_needs = [] if self.is_open else [need.explained() for need in self.needs]
        self.whole = self._with_total(self._whole())
        item = self._open_item if self.is_open else self._item
        self.items = [item(number) for number in range(len(run.items))]

    def _with_total(self, figures):
        kinds = [figures[kind] for kind in KINDS if kind in figures]
        return figures | {"total": sum(kinds, NOTHING)}

    def _whole(self):
        if self.is_open:
            return self._plan_alone()
        run, whole = self.run, {}
        for name in ("grams", "material"):
            whole[name] = sum((each[name] for each in self.of_needs), NOTHING)
        if not self.is_booked:  # its use is unknown
            whole["grams"] = Difference(run.planned, None, {"output": -run.planned, "lost": None})
        elif not (run.lines or run.spent):  # parts are not made of nothing
            parts = {"lost" if self.row.status == "failed" else "usage": None}
            whole["grams"] = whole["material"] = Difference(Fraction(0), None, parts)
        whole["minutes"] = self._timed(1, run.minutes)
        if run.has_assumed_minutes:
            whole["minutes"].assumed = Fraction(run.minutes or 0)
        unsaid = 0 if run.minutes is None and not is_made(run) else run.minutes
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
        return {name: _open(planned) for name, planned in plan.items()}

    def _timed(self, rate, minutes):
        planned = self.row.planned_minutes
        figures = Difference(times(planned, rate), times(minutes, rate))
        figures.parts = self._times(rate, minutes) if is_made(self.run) else given_up(figures)
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
        good, scrapped = (
            count_of(self.run, item.good_count),
            count_of(self.run, item.scrapped_count),
        )
        figures = Difference(each * planned_count(item), each * (good + scrapped))
        parts = {"output": each * (good - planned_count(item)), "scrap": each * scrapped}
        figures.parts = parts if is_made(self.run) else given_up(figures)
        return figures

    @property
    def unknown(self):
        """Ids of the spools whose price is missing (None: no spool), and other words."""
        found = set()
        for line in self.run.lines:
            planned = line.planned_spool_id or line.spool_id
            if times(planned_grams(line), planned_rate(self.books, line)) is None:
                found.add(planned)
            entries = self.run.spent.get(line.spool_id, ())
            found |= {entry.spool_id for entry in entries if entry.cost is None}
        known = {"planned_minutes": self.row.planned_minutes, "minutes": self.run.minutes}
        known["grams"] = self.run.actual
        return found | {name for name, figure in known.items() if figure is None}

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
                if is_made(self.run):
                    own.parts = self._parts_of_item(name, number, actual)
                else:
                    own.parts = given_up(own)
                figures[name] = own
            if name != "total":
                self._add_share(figures[name])
        return self._with_total(figures)

    def _open_item(self, number):
        share, rates = self.run.planned_shares()[number], self.rates
        figures = {
            name: _open(_of(whole.planned, share))
            for name, whole in self.whole.items()
            if name not in ("labour", "total")
        }
        if "labour" in rates:
            figures["labour"] = _open(self._labour(self.run.items[number]).planned)
        return self._with_total(figures)

    def _add_share(self, figures):
        """What the item's share of the run moved; nothing of a run that was given up."""
        rest = total(figures.parts.values())
        share = minus(minus(figures.actual, figures.planned), rest)
        figures.parts["share"] = share if is_made(self.run) else Fraction(0)

    def _parts_of_item(self, name, number, actual):
        if name in ("grams", "material"):
            if not self.needs:
                return {"usage": None}
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


def _open(planned):
    """Nothing is known of it but the plan."""
    return Difference(planned, None, dict.fromkeys(ORDER))


def _of(whole, share):
    return None if whole is None else Fraction(whole) * share


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
