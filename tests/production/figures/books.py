"""The farm reckoned in plain Python: its raw rows, exact fractions, no service and no SQL.

A figure is None where it is unknown, and is rounded once, at the very end.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from inventory.models import (
    Filament,
    InventoryTransaction,
    MaterialType,
    Spool,
    SpoolEvent,
    UsageMeter,
)
from production.models import (
    Printer,
    Product,
    ProductionRun,
    RunEvent,
    RunItem,
    RunMaterial,
)
from tenants.accounts.models import DeviceToken, FarmSettings

BOOKED, CLOSED = ("completed", "failed"), ("completed", "failed", "cancelled")
TABLES = {
    "filaments": Filament,
    "entries": InventoryTransaction,
    "events": SpoolEvent,
    "types": MaterialType,
    "spools": Spool,
    "printers": Printer,
    "products": Product,
    "runs": ProductionRun,
    "items": RunItem,
    "run_events": RunEvent,
    "lines": RunMaterial,
    "meters": UsageMeter,
    "tokens": DeviceToken,
}


def total(values):
    """The sum; None where any is unknown."""
    values = list(values)
    return None if None in values else sum(map(Fraction, values), Fraction(0))


def known(values):
    """The sum of those that are known; None where there are none."""
    values = [value for value in values if value is not None]
    return sum(map(Fraction, values), Fraction(0)) if values else None


def _times(value, rate):
    return None if None in (value, rate) else Fraction(value) * Fraction(rate)


def shares(weights):
    """Each weight as a part of the whole; None where they weigh nothing."""
    whole = sum(weights)
    return [Fraction(weight) / whole for weight in weights] if whole else None


@dataclass
class Run:
    """One run, as its rows and the ledger tell it."""

    row: object
    items: list
    lines: list
    spent: dict = field(default_factory=dict)  # {spool: [standing entries]}

    def __post_init__(self):
        self.is_booked, self.is_closed = self.row.status in BOOKED, self.row.status in CLOSED
        self.minutes = self.row.actual_minutes if self.is_closed else None
        self.has_assumed_minutes = self.row.actual_minutes_source in (
            "as_planned",
            "percent",
            "sliced",
        )

    def took(self, line):
        """Part and purge grams that were booked of a line; 0 where only others were booked."""
        if self.is_booked or (self.is_closed and line.spool_id in self.spent):
            return line.actual_grams, line.actual_purge_grams or 0
        return (0, 0) if self.is_closed and self.spent else (None, None)

    @property
    def planned(self):
        return total(line.planned_grams + line.planned_purge_grams for line in self.lines)

    @property
    def actual(self):
        """Net grams of the ledger; unknown of a run that is open, or was cancelled with no word."""
        if self.spent or (self.is_booked and self.lines):
            return total(-entry.grams for entries in self.spent.values() for entry in entries)
        return None

    @property
    def assumed(self):
        lines = [
            line for line in self.lines if line.actual_source in ("as_planned", "percent", "sliced")
        ]
        return known(grams for line in lines for grams in self.took(line)) or 0

    def of_source(self, source):
        """Grams of the lines whose actual comes from there."""
        lines = [line for line in self.lines if line.actual_source == source]
        return known(grams for line in lines for grams in self.took(line)) or 0

    @property
    def is_measured(self):
        """Whether somebody, or a device, measured some of its grams, or it took none."""
        return not self.assumed or self.assumed != self.actual

    @property
    def purge(self):
        purges = known(self.took(line)[1] for line in self.lines)
        return purges or 0 if self.is_booked and self.lines else purges

    def material(self, spool=None):
        entries = [entry for pk in self.spent if spool in (None, pk) for entry in self.spent[pk]]
        return total(entry.cost for entry in entries)

    def costs(self):
        """What it cost, by kind; a kind that the farm keeps no rate for is 0."""
        run = self.row
        power = None if run.power_watts is None else Fraction(run.power_watts, 1000)
        price = run.energy_price_kwh
        kilowatts = 0 if price is None or power is None else power * Fraction(price)
        return {
            "material": None if self.is_booked and not self.lines else self.material(),
            "machine": self.by_the_hour(Fraction(run.hour_rate or 0)),
            "energy": self.by_the_hour(kilowatts),
            "labour": total(map(self.labour, self.items)),
        }

    def planned_costs(self):
        """What it was to cost, by kind: None where that is unknown, or no rate is kept."""
        run, minutes = self.row, self.row.planned_minutes
        power, price = run.power_watts, run.energy_price_kwh
        free = price is not None and price == 0
        watts = (
            0
            if free
            else None
            if None in (power, price)
            else Fraction(power) * Fraction(price) / 1000
        )
        rates = {"machine": run.hour_rate, "energy": watts}
        hourly = {
            kind: None if rate is None else 0 if rate == 0 else _times(minutes, Fraction(rate) / 60)
            for kind, rate in rates.items()
        }
        material = total(
            0 if not line.plan else _times(line.plan, line.rate) for line in self.lines
        )
        labour = None if run.labour_rate is None else total(map(self.planned_labour, self.items))
        return {"material": material, **hourly, "labour": labour}

    def is_compared(self, figure):
        """Whether it is closed and booked, had a plan of grams, and plan and actual are known."""
        if not (self.is_closed and self.actual is not None and self.planned):
            return False
        if figure == "total":
            return all(map(self.is_known, filter(self.keeps, self.costs())))
        return self.is_measured if figure == "grams" else self.is_known(figure)

    def is_known(self, figure):
        if figure == "minutes":
            return None not in (self.row.planned_minutes, self.minutes)
        return None not in (self.planned_costs()[figure], self.costs()[figure])

    def keeps(self, kind):
        run = self.row
        return {
            "material": True,
            "machine": run.hour_rate is not None,
            "energy": run.energy_price_kwh == 0
            or None not in (run.energy_price_kwh, run.power_watts),
            "labour": run.labour_rate is not None,
        }[kind]

    def planned_labour(self, item):
        minutes = Fraction(item.labour_minutes_per_unit or 0) * planned_count(item)
        return minutes * Fraction(self.row.labour_rate or 0) / 60

    def by_the_hour(self, rate):
        """Unknown where a completed run does not say its minutes and they cost something."""
        if self.minutes is None:
            return None if rate and self.row.status == "completed" else Fraction(0)
        return Fraction(self.minutes) * rate / 60

    def printed(self, item):
        return (item.good_count or 0) + (item.scrapped_count or 0) if self.is_booked else 0

    def labour(self, item):
        minutes = Fraction(item.labour_minutes_per_unit or 0) * self.printed(item)
        return minutes * Fraction(self.row.labour_rate or 0) / 60

    def planned_shares(self):
        planned = [planned_count(item) for item in self.items]
        return self.by_grams(planned) or self.by_grams([item.quantity for item in self.items])

    def actual_shares(self):
        return self.by_grams(list(map(self.printed, self.items))) or self.planned_shares()

    def by_grams(self, counts):
        """By grams of the bill of materials, else by units."""
        units = [Fraction(item.bom_grams_per_unit or 0) for item in self.items]
        weights = [count * unit for count, unit in zip(counts, units, strict=True)]
        return shares(weights) or shares(counts)


def planned_count(item):
    return item.quantity if item.planned_quantity is None else item.planned_quantity


class Books:
    """All rows of the farm, read once."""

    def __init__(self):
        for name, model in TABLES.items():
            rows = (SimpleNamespace(**row) for row in model.objects.order_by("pk").values())
            setattr(self, name, {row.id: row for row in rows})
        self.settings = SimpleNamespace(**FarmSettings.objects.values().get())
        self.zone = ZoneInfo(self.settings.timezone)
        self.undone = {row.reverses_id for row in self.entries.values()}
        for entry in self.entries.values():
            entry.spool = self.spools[entry.spool_id]
            entry.origin = self.entries.get(entry.reverses_id, entry)
            entry.cost = self.cost(entry)
            entry.stands = entry.reverses_id is None and entry.id not in self.undone
        for line in self.lines.values():
            line.plan = line.planned_grams + line.planned_purge_grams
            line.rate = line.planned_cost_per_gram
            if line.rate is None and line.planned_spool_id:
                line.rate = self.spools[line.planned_spool_id].late_cost_per_gram
        self.live_runs = {
            row.id: self.run(row) for row in self.runs.values() if row.deleted_at is None
        }

    def cost(self, entry):
        rate = entry.cost_per_gram
        rate = entry.spool.late_cost_per_gram if rate is None else rate
        return None if rate is None else -Fraction(entry.grams) * Fraction(rate)

    def taken(self):
        """Standing usage and waste."""
        entries = self.entries.values()
        return [each for each in entries if each.stands and each.kind in ("usage", "waste")]

    def source_of(self, entry):
        """Where the grams of an entry come from; "" where nobody knows."""
        if entry.production_run_id is not None:
            lines = [line for line in self.lines.values() if line.spool_id == entry.spool_id]
            of_run = [line for line in lines if line.run_id == entry.production_run_id]
            return of_run[0].actual_source if of_run else ""
        meters = [each for each in self.meters.values() if each.entry_id == entry.origin.id]
        kinds = {each.token_id and self.tokens[each.token_id].kind for each in meters}
        if not kinds:
            return ""
        return "metered" if kinds <= {"moonraker", "octoprint", "scale"} else "sliced"

    def run(self, row):
        spent = {}
        for entry in self.taken():
            if entry.production_run_id == row.id:
                spent.setdefault(entry.spool_id, []).append(entry)
        items = [item for item in self.items.values() if item.run_id == row.id]
        lines = [line for line in self.lines.values() if line.run_id == row.id]
        return Run(row, items, lines, spent)

    def filament_of(self, line):
        spool = self.spools.get(line.spool_id)
        return spool.filament_id if spool else line.filament_id

    def material_of(self, line):
        """The id of its material type: of its spool, else of what it requires."""
        pk = self.filament_of(line)
        return line.material_type_id if pk is None else self.filaments[pk].material_type_id

    def closed_by(self, row):
        """Who closed a run that is closed, the last time."""
        closings = [
            each
            for each in self.run_events.values()
            if each.run_id == row.id
            if each.to_status in CLOSED and each.from_status != each.to_status
        ]
        return closings[-1].by_id if row.status in CLOSED and closings else None

    def type_of(self, spool):
        return self.filaments[spool.filament_id].material_type_id

    def archived_at(self, moment):
        """Ids of the spools that were off the shelf then."""
        last = {}
        for event in self.events.values():
            if event.verb in ("archived", "restored") and event.at <= moment:
                last[event.spool_id] = event.verb
        return {pk for pk, verb in last.items() if verb == "archived"}

    def week(self, moment):
        """The farm's week, from Monday, as YYYY-Www."""
        return None if moment is None else moment.astimezone(self.zone).strftime("%G-W%V")

    def day(self, moment):
        """The farm's day, as YYYY-MM-DD."""
        return None if moment is None else moment.astimezone(self.zone).date().isoformat()
