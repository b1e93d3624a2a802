"""The history of the demo farm in the month before now, and its runs of today."""

import heapq
import random
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from production.demo import data, stories
from production.demo.stories import DemoRun, Farm
from production.models import PrinterSlot
from production.services.printing import slots
from production.services.runs import lifecycle
from tenants.accounts.models import FarmSettings

SEED = 1984
DAYS = 30
QUIET = timedelta(hours=3)  # before now: what is running began after the last booking
EVENING = time(17, 30)
LAST_START = (16, 45)
CHANCES = ((8, 0.5), (13, 0.16))  # of a job that starts in this hour
CHANCE_OF_SCRAP = 0.2
SOURCES = ("typed",) * 6 + ("weighed",) * 3 + ("as_planned",)

# (working day from the first, lot, grams off the book)
WEIGHINGS = (
    (5, "NF-2217", Decimal(-7)),
    (9, "KP-0771", Decimal(4)),
    (13, "NF-2230", Decimal(-3)),
    (17, "KP-0310", Decimal(0)),
)
REORDER_DAY = 10
RESTOCKING_WEEKDAY = 2

# By working day and printer, which has no other job that day: (story, fields, details).
SCENES = {
    (3, "Elm"): (stories.print_job, {"sku": "HK-100", "plates": 2, "factor": Decimal("1.03")}, {}),
    (8, "Oak"): (
        stories.mistyped_job,
        {"sku": "EH-610", "factor": Decimal("0.98"), "order_reference": "SO-1052"},
        {"wrong_factor": Decimal("1.41"), "minutes_later": 25},
    ),
    (11, "Fir"): (
        stories.print_job,
        {"sku": "BR-405", "factor": Decimal("1.36"), "notes": "Sliced with supports by mistake."},
        {},
    ),
    (12, "Alder"): (
        stories.withdrawn_job,
        {"sku": "HK-100", "order_reference": "SO-1047"},
        {"reason": "The customer withdrew the order."},
    ),
    (14, "Birch"): (
        stories.failed_job,
        {"sku": "PT-120", "plates": 1},
        {"reason": "nozzle_clog", "progress_percent": 64},
    ),
}

# (printer, sku, units, started minutes ago)
RUNNING = (("Alder", "SG-210", 4, 134), ("Fir", "CC-330", 40, 47))
# (printer or None, sku, units, starts in minutes, due in days, priority, spools chosen, order)
PLANNED = (
    ("Elm", "GK-720", 20, 35, 0, 20, True, "SO-1068"),
    ("Cedar", "DA-510", 6, 60, 1, 10, True, "SO-1070"),
    ("Oak", "EH-610", 120, 90, 3, 5, False, "SO-1071"),  # more than there is
    ("Birch", "PT-120", 4, 120, 2, 0, False, ""),  # no spool is chosen yet
    (None, "HK-100", 24, 1440, 6, 0, True, "SO-1073"),
)


def live_through(now, *, manager, operator):
    """The history of a farm that has been set up, which ends at ``now``: a story made of all
    stories, in the order of time."""
    farm, calendar = Farm(manager=manager, operator=operator), Calendar(now)
    yield from heapq.merge(*_history(farm, calendar, random.Random(SEED)))
    _today(farm, now, calendar)


class Calendar:
    """The working days before today, and the hours of them, in the farm's time zone."""

    def __init__(self, now):
        self.now = now
        self.zone = ZoneInfo(FarmSettings.load().timezone)
        self.today = now.astimezone(self.zone).date()
        past = (self.today - timedelta(days=ago) for ago in range(DAYS, 0, -1))
        self.days = [day for day in past if day.weekday() < 5]

    def at(self, day, hour, minute=0):
        return datetime.combine(day, time(hour, minute), tzinfo=self.zone)

    def desk_time(self, moment):
        """The first moment from ``moment`` on when somebody is there to book."""
        local = moment.astimezone(self.zone)
        if local.time() <= EVENING and local.date().weekday() < 5:
            return local
        day = local.date() + timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
        return self.at(day, 8, local.minute % 30)

    def is_over(self, moment):
        return moment <= self.now - QUIET


def _history(farm, calendar, dice):
    first = calendar.days[0]
    yield stories.delivery(farm, data.FIRST_SPOOLS, calendar.at(first, 7, 30))
    reordered_on = calendar.days[REORDER_DAY]
    yield stories.delivery(farm, data.REORDERED_SPOOLS, calendar.at(reordered_on, 11, 15))
    for number, day in enumerate(calendar.days):
        if day.weekday() == RESTOCKING_WEEKDAY or day == calendar.days[-1]:
            yield stories.restocking(farm, f"W-{number:02d}", calendar.at(day, 16, 50))
    for number, lot, off in WEIGHINGS:
        yield stories.weighing(farm, lot, off, calendar.at(calendar.days[number], 7, 40))
    free_at = dict.fromkeys(data.WORK, calendar.at(first, 8))
    for number, day in enumerate(calendar.days):
        for printer in data.WORK:
            for story, job, details in _jobs(farm, number, day, printer, calendar, dice, free_at):
                free_at[printer] = job.booked_at + timedelta(minutes=10)
                yield story(farm, job, **details)


def _jobs(farm, number, day, printer, calendar, dice, free_at):
    """What one printer does on one day, as ``(story, job, details)``."""
    scene = SCENES.get((number, printer))
    story, fields, details = scene or (stories.print_job, {}, {})
    chances = [] if scene else CHANCES
    drawn = [(hour, dice.randrange(5, 59)) for hour, chance in chances if dice.random() < chance]
    for hour, minute in [(9, 20)] if scene else drawn:
        started_at = max(calendar.at(day, hour, minute), free_at[printer])
        job = _job(farm, printer, started_at, calendar, dice, fields)
        is_day_over = started_at > calendar.at(day, *LAST_START)
        if not is_day_over and calendar.is_over(job.booked_at + timedelta(hours=1)):
            yield story, job, details


def _job(farm, printer, started_at, calendar, dice, fields):
    sku = fields.get("sku") or dice.choice(data.WORK[printer])
    product = farm.products[sku]
    plates = fields.get("plates", dice.choice((1, 1, 1, 2)))
    minutes = int(product.plate_minutes) * plates * dice.gauss(1.02, 0.03)
    finished_at = started_at + timedelta(minutes=round(minutes))
    scrapped = dice.randint(1, 2) if dice.random() < CHANCE_OF_SCRAP else 0
    usual = Decimal(f"{min(max(dice.gauss(1.01, 0.03), 0.93), 1.09):.3f}")
    drawn = {
        "sku": sku,
        "plates": plates,
        "factor": usual * data.REALLY_TAKES.get(sku, 1),
        "source": dice.choice(SOURCES),
        "scrapped": scrapped,
        "scrap_reason": dice.choice(data.SCRAP_REASONS),
    }
    if fields:
        drawn |= {"source": "typed", "scrapped": 0}
    return DemoRun(
        printer=printer,
        created_at=started_at - timedelta(minutes=dice.randrange(12, 50)),
        started_at=started_at,
        finished_at=finished_at,
        booked_at=calendar.desk_time(finished_at + timedelta(minutes=dice.randrange(4, 20))),
        **(drawn | fields),
    )


def _today(farm, now, calendar):
    now = now.replace(second=0, microsecond=0)
    for printer, sku, units, minutes in RUNNING:
        at = now - timedelta(minutes=minutes)
        planned_at = at - timedelta(minutes=20)
        run = farm.plan(sku=sku, quantity=units, printer=printer, at=planned_at, priority=10)
        _load(farm, run, at=planned_at)
        lifecycle.start(run, by=farm.operator, at=at, printer_cleared=True)
    for printer, sku, units, minutes, days, priority, with_spools, order in PLANNED:
        at = now - timedelta(minutes=30)
        run = farm.plan(
            sku=sku,
            quantity=units,
            printer=printer,
            at=at,
            with_spools=with_spools,
            planned_start_at=now + timedelta(minutes=minutes),
            due_on=calendar.today + timedelta(days=days),
            priority=priority,
            order_reference=order,
        )
        _load(farm, run, at=at)


def _load(farm, run, *, at):
    """Load the run's spools into the free slots of its printer."""
    free = PrinterSlot.objects.filter(printer=run.printer_id, spool=None).order_by("label")
    lines = run.materials.filter(spool__isnull=False).order_by("pk")
    for slot, line in zip(free, lines, strict=False):
        farm.in_use.add(line.spool_id)
        slots.load(line.spool, slot=slot, by=farm.operator, at=at)
