"""The timeline: what each printer prints, and when its planned runs will. Queries only, as many
whatever the number of printers and runs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.utils import timezone

from production.models import Printer, ProductionRun, RunItem
from production.services import schedule

MOST_RUNS = 200
LENGTH_OF_UNKNOWN = timedelta(hours=2)


@dataclass
class Bar:
    """A run on its printer; ``ends_at`` is None where its minutes are unknown."""

    run: ProductionRun
    begins_at: datetime
    ends_at: datetime | None

    @property
    def is_late(self):
        """Whether it will end after the day on which it is due, by the farm's calendar."""
        due, ends_at = self.run.due_on, self.ends_at or self.begins_at
        return due is not None and timezone.localtime(ends_at).date() > due

    @property
    def drawn_until(self):
        return self.ends_at or self.begins_at + LENGTH_OF_UNKNOWN


@dataclass
class Lane:
    """A printer in use, and its bars."""

    printer: Printer
    bars: list = field(default_factory=list)


@dataclass
class Timeline:
    """``waiting`` are planned runs whose begin is unknown; ``late`` are bars of the
    whole queue that will miss their due dates, ``is_cut`` whether more is planned than was read."""

    lanes: list
    waiting: list
    late: list
    is_cut: bool


def timeline(since, until, *, at=None):
    """The Timeline of the printers in use between two moments. Seven queries at most."""
    at = at or timezone.now()
    printing = ProductionRun.objects.printing()
    planned = list(_with_items(ProductionRun.objects.planned().queue())[: MOST_RUNS + 1])
    is_cut, planned = len(planned) > MOST_RUNS, planned[:MOST_RUNS]
    bars = [
        Bar(run, run.started_at, schedule.end(run.started_at, run.planned_minutes, at))
        for run in _with_items(printing.filter(printer__isnull=False).order_by("pk"))
    ]
    expected = schedule.expected(at)
    bars += [Bar(run, *expected[run.pk]) for run in planned if run.pk in expected]
    lanes = {each.pk: Lane(each) for each in Printer.objects.active().order_by("name", "pk")}
    for bar in bars:
        lane = lanes.get(bar.run.printer_id)
        if lane and bar.begins_at < until and bar.drawn_until > since:
            lane.bars.append(bar)
    return Timeline(
        list(lanes.values()),
        [run for run in planned if run.pk not in expected],
        [bar for bar in bars if bar.is_late],
        is_cut,
    )


def _with_items(runs):
    items = RunItem.objects.select_related("product").order_by("pk")
    return runs.select_related("printer").prefetch_related(Prefetch("items", items))
