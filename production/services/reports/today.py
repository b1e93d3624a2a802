"""The board of the floor: who needs somebody, what prints, what is free; and the queue. Queries
only, a constant number of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.functional import cached_property

from production.models import (
    ESTIMATED,
    Printer,
    ProductionRun,
    RunMaterial,
)
from production.services.completion.actuals import outlook
from production.services.reports import demand, run_rows
from tenants.operations.compiled import ID, compiled

QUEUE_LENGTH = 20
MOST_OF_PRINTER = 10  # open runs on its page
PLANNED, IN_PROGRESS = ProductionRun.OPEN
NEEDS = ["runs_dry", "to_clear", "to_complete", "blocked"]  # the most urgent first


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

    @property
    def picture(self):
        """The hash of what shows it: its plate as sliced, else its first product that has a photo;
        None without either."""
        photos = (item.product.photo_id for item in self.run.items.all())
        return getattr(self.run, "plate_picture", None) or next(filter(None, photos), None)

    def parts(self):
        return sum(item.quantity for item in self.run.items.all())

    def planned_grams(self):
        return sum(line.planned_total_grams for line in self.run.materials.all())

    def lines(self):
        """Its materials; while it is open, without those swapped out."""
        lines = self.run.materials.all()
        return [line for line in lines if not (self.run.is_open and line.is_swapped_out)]

    def is_held(self):
        """Whether a hold covers a spool that it takes."""
        return any(line.spool and line.spool.is_held for line in self.lines())

    def takes(self):
        """The spool, or the filament where no spool is chosen yet, that it takes most of; or None:
        any filament of a type, or none."""
        lines = self.lines()
        line = max(lines, key=lambda line: line.planned_total_grams, default=None)
        return line and (line.spool or line.filament)

    def shortage(self):
        """The Shortage of its print that comes first, or None."""
        found = [
            Shortage(line, line.reserved_grams - line.spool.live_grams, self._empty_at(line))
            for line in self.lines()
            if line.spool and line.reserved_grams > line.spool.live_grams
        ]
        return min(found, key=lambda each: each.at or self.run.started_at, default=None)

    def has_drafts(self):
        """Whether figures were saved, or reported, for the completion."""
        lines, items = self.run.materials.all(), self.run.items.all()
        if self.metered_grams():
            return True
        figures = [(line.actual_grams, line.gross_after_grams) for line in lines]
        figures += [(item.good_count, item.scrapped_count) for item in items]
        return any(set(pair) != {None} for pair in figures)

    def metered_grams(self):
        """What devices reported of the run so far; 0 where they reported nothing."""
        return sum(line.metered_grams for line in self.run.materials.all())

    @cached_property
    def outlook(self):
        """The Outlook of its completion, where nothing is typed; None where it would ask."""
        lines = outlook(list(self.run.materials.all()))
        return None if lines is None else Outlook(lines)

    def _empty_at(self, line):
        """When the spool is empty, if the print takes from it evenly; None if unknown."""
        if self.ends_at is None:
            return None
        taken, left = line.metered_grams, line.spool.live_grams
        share = float((taken + left) / (taken + line.reserved_grams))
        return self.run.started_at + (self.ends_at - self.run.started_at) * share


@dataclass(frozen=True)
class Outlook:
    """What a completion books of the lines, copies with their actuals, if nothing is typed."""

    lines: list

    @property
    def planned(self):
        """Lines of which nothing is known."""
        return [line for line in self.lines if line.actual_source in ESTIMATED]

    @property
    def is_reported(self):
        """Whether all that is known was reported."""
        known = [line for line in self.lines if line.actual_source not in ESTIMATED]
        return all(line.is_reported for line in known if line.actual_total_grams)

    def planned_grams(self):
        return sum(line.actual_total_grams for line in self.planned)

    def known_grams(self):
        return sum(line.actual_total_grams for line in self.lines) - self.planned_grams()

    def added(self):
        """Lines with a figure to which is added what was reported since."""
        return [line for line in self.lines if line.added_grams]


@dataclass(frozen=True)
class Shortage:
    """Grams that a spool has less than a print still reserves of it, and when it will be empty, if
    known."""

    line: RunMaterial
    grams: Decimal
    at: datetime | None


@dataclass
class Card:
    """A printer with the run that is on it, or is its next; or a run that keeps no printer busy."""

    printer: Printer | None  # one in use
    job: OpenRun | None = None
    need: str = ""  # one of NEEDS
    shortage: Shortage | None = None
    printed: OpenRun | None = None  # its last run, whose parts are on the bed

    @property
    def name(self):
        """Of the printer; "" if the run has none."""
        return str(self.printer or (self.job and self.job.run.printer) or "")

    @property
    def is_running(self):
        return self.job is not None and self.job.run.status == IN_PROGRESS

    @property
    def spool(self):
        """The one its run takes most of, else the first one loaded; None if there is none. It may
        be a filament, where no spool is chosen yet."""
        job = self.printed or self.job
        loaded = (slot.spool for slot in self.slots() if slot.spool)
        return (job and job.takes()) or next(loaded, None)

    def slots(self):
        return list(self.printer.slots.all()) if self.printer else []

    def other_slots(self):
        """Those that hold another spool than ``spool``, or none."""
        return [slot for slot in self.slots() if slot.spool is None or slot.spool != self.spool]

    def ended_at(self):
        """When its print was over, or should be; None if unknown."""
        return self.job.run.finished_at or self.job.ends_at


@dataclass
class Board:
    """The cards: by urgency, next to finish first, by name."""

    needing: list
    printing: list
    free: list


def board():
    printers = {printer.pk: printer for printer in _printers()}
    runs = _on_board()
    busy = {run.printer_id for run in runs if run.is_printing}
    waiting = {pk: Card(printer) for pk, printer in printers.items() if pk not in busy}
    for run in runs:
        if card := waiting.get(run.printer_id):
            if run.status == PLANNED:
                card.job = card.job or OpenRun(run)
            elif card.printer.needs_clearing:
                card.printed = OpenRun(run)
    running = [OpenRun(run) for run in runs if run.status == IN_PROGRESS]
    jobs = [job for card in waiting.values() for job in (card.job, card.printed) if job]
    run_rows.rows([job.run for job in [*running, *jobs]], printers=printers.values())
    _find_needs(waiting.values())
    cards = [*(_of_running(job, printers) for job in running), *waiting.values()]
    rest = [card for card in cards if not card.need]
    return Board(
        needing=sorted((card for card in cards if card.need), key=_urgency),
        printing=sorted((card for card in rest if card.is_running), key=_end),
        free=[card for card in rest if not card.is_running],
    )


def queue():
    """The planned runs that are next, with what blocks them."""
    return _with_blockers(run_rows.rows(_queue()))


def running():
    """The runs in progress, by when they should end; last those of which it is not known."""
    jobs = [OpenRun(run) for run in run_rows.rows(_in_progress())]
    return sorted(jobs, key=lambda job: (job.ends_at is None, job.minutes_left() or 0))


def _with_blockers(runs):
    blockers = demand.blockers_of_read(runs)
    return [OpenRun(run, blockers[run.pk]) for run in runs]


def of_printer(printer):
    """The first open runs of a printer, in the order of the queue; the printer gets its slots."""
    runs = run_rows.rows(_of_printer(printer=printer.pk), printers=[printer])
    return [OpenRun(run) for run in runs]


def _of_running(job, printers):
    """The card of a run in progress; its printer may be out of use."""
    card = Card(printers.get(job.run.printer_id), job)
    left = job.minutes_left()
    if job.run.finished_at or (left is not None and left < 0):
        card.need = "to_complete"
    elif shortage := job.shortage():
        card.need, card.shortage = "runs_dry", shortage
    return card


def _find_needs(cards):
    """What printers need on which nothing prints."""
    loaded = [card for card in cards if card.job and not card.printer.needs_clearing]
    blockers = demand.blockers_of_read([card.job.run for card in loaded])
    for card in loaded:
        card.job.blockers = blockers[card.job.run.pk]
        if card.job.blockers:
            card.need = "blocked"
    for card in cards:
        if card.printer.needs_clearing:
            card.need = "to_clear"


def _urgency(card):
    moment = card.shortage.at if card.shortage else card.is_running and card.ended_at()
    return NEEDS.index(card.need), not moment, moment or timezone.now(), card.name


def _end(card):
    at = card.ended_at()
    return at is None, at or card.job.run.started_at, card.name


# --- Queries -----------------------------------------------------------------------------------


@compiled()
def _printers():
    return Printer.objects.active().order_by("name", "pk")


@compiled()
def _on_board():
    """What is next, and the last run of each printer that is to be cleared."""
    runs = ProductionRun.objects.open().to_do(queue_length=QUEUE_LENGTH)
    last = ProductionRun.objects.live().filter(printer=OuterRef("pk"), finished_at__isnull=False)
    last = last.order_by("-finished_at").values("pk")[:1]
    printers = Printer.objects.active().filter(needs_clearing=True)
    on_beds = printers.order_by().values_list(Subquery(last))
    # An OR of the two would read all runs.
    ids = runs.order_by().values_list("pk").union(on_beds, all=True)
    return ProductionRun.objects.filter(pk__in=ids).with_plate_picture().queue()


@compiled()
def _queue():
    return ProductionRun.objects.planned().with_plate_picture().queue()[:QUEUE_LENGTH]


@compiled()
def _in_progress():
    return ProductionRun.objects.in_progress().order_by("started_at", "pk")


@compiled(printer=ID)
def _of_printer(printer):
    runs = ProductionRun.objects.open().filter(printer=printer)
    return runs.with_plate_picture().queue()[:MOST_OF_PRINTER]
