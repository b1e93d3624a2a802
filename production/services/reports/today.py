"""What there is to do on the floor now: printer by printer, then the queue. Queries only, a
constant number of them."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Prefetch
from django.utils import timezone

from production.models import Printer, ProductionRun, RunItem
from production.services.reports import demand

QUEUE_LENGTH = 20
IN_PROGRESS = ProductionRun.Status.IN_PROGRESS


@dataclass
class OpenRun:
    """An open run, and what keeps it from starting."""

    run: ProductionRun
    blockers: list = field(default_factory=list)

    @property
    def is_overdue(self):
        """Whether it was due before today, by the farm's calendar."""
        return self.run.due_on is not None and self.run.due_on < timezone.localdate()

    @property
    def ends_at(self):
        """When the print should be over, by its planned minutes; None if unknown."""
        if self.run.started_at is None or self.run.planned_minutes is None:
            return None
        return self.run.started_at + timedelta(minutes=float(self.run.planned_minutes))

    def percent(self):
        """How far it should be by now, or was when it ended, 0 to 100; None if unknown."""
        run = self.run
        if run.progress_percent is not None:
            return run.progress_percent
        if not run.planned_minutes or run.started_at is None:
            return None
        gone = ((run.finished_at or timezone.now()) - run.started_at).total_seconds() / 60
        return min(max(round(gone * 100 / float(run.planned_minutes)), 0), 100)

    def minutes_left(self):
        """Whole minutes until it should be over (negative: late by so much); None if unknown."""
        if self.ends_at is None:
            return None
        return int((self.ends_at - timezone.now()).total_seconds() // 60)


@dataclass
class Card:
    """A printer, what runs on it and what is next."""

    printer: Printer
    running: OpenRun | None = None
    next: OpenRun | None = None


@dataclass
class Today:
    """Everything on the page: ``others`` are started runs that keep no printer busy."""

    cards: list
    others: list
    queue: list


def of_farm():
    """Today."""
    items = RunItem.objects.select_related("product").order_by("pk")
    runs = ProductionRun.objects.open().to_do(queue_length=QUEUE_LENGTH).select_related("printer")
    runs = list(runs.prefetch_related(Prefetch("items", items)))
    blockers = demand.blockers([run for run in runs if run.status != IN_PROGRESS])
    cards = {printer.pk: Card(printer) for printer in Printer.objects.active().order_by("name")}
    today = Today(list(cards.values()), others=[], queue=[])
    for run in runs:
        job, card = OpenRun(run, blockers.get(run.pk, [])), cards.get(run.printer_id)
        if run.status == IN_PROGRESS:
            if card and run.is_printing:
                card.running = job
            else:
                today.others.append(job)
        elif card and card.next is None:
            card.next = job
        else:
            today.queue.append(job)
    return today
