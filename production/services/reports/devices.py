"""What devices report, of each printer, and where it does not agree with what the book knows: a
spool that is in no slot, or one that the printer's run does not name. Queries only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import UsageMeter
from production.models import Printer, PrinterSlot, ProductionRun

LATEST = 500  # meters of a printer that are looked at: of a day, with many spools
NOT_LOADED, NOT_IN_RUN = "not_loaded", "not_in_run"


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """A spool that a device reports now; ``printer`` is None where nobody knows it, ``slots`` are
    those that may hold it: its own, the empty ones first."""

    kind: str
    meter: UsageMeter
    printer: Printer | None
    run: ProductionRun | None = None
    slots: list

    @property
    def spool(self):
        return self.meter.spool

    @property
    def empty_slots(self):
        return [slot for slot in self.slots if slot.spool_id is None]

    def __str__(self):
        names = {
            "printer": self.printer,
            "device": self.meter.token or self.meter.by,
            "number": self.spool.number,
            "spool": self.spool.filament,
            "run": self.run,
            "slot": getattr(self.spool, "printer_slot", None),
        }
        return self._sentence() % names

    def _sentence(self):
        if self.kind == NOT_IN_RUN:
            return _(
                "%(printer)s prints from spool %(number)s (%(spool)s), which its run %(run)s does "
                "not name."
            )
        if self.printer is None:
            return _("%(device)s reports spool %(number)s (%(spool)s), which is in no slot.")
        if hasattr(self.spool, "printer_slot"):
            return _("%(printer)s reports spool %(number)s (%(spool)s), which is in %(slot)s.")
        return _("%(printer)s reports spool %(number)s (%(spool)s), which is in no slot.")


@dataclass
class ReportedSpool:
    """What one device has reported of one spool; grams and reports are those of the meters that had
    one today, the first of which began at ``since``."""

    meter: UsageMeter  # the latest
    last_report_at: datetime
    since: datetime | None = None
    grams: Decimal = Decimal(0)
    reports: int = 0
    repeats: int = 0

    @property
    def slot(self):
        return getattr(self.meter.spool, "printer_slot", None)

    @property
    def began_before(self):
        """When it began, where that was before today."""
        is_older = self.since and timezone.localdate(self.since) < timezone.localdate()
        return self.since if is_older else None


def mismatches(printer=None):
    """What devices report now and the book does not expect, of all printers or of one; the latest
    first. Three queries, one where nothing is reported."""
    meters = [each for each in _reporting_now() if printer in (None, _printer_of(each))]
    if not meters:
        return []
    ids = {of.pk for of in map(_printer_of, meters) if of is not None}
    runs = ProductionRun.objects.printing().filter(printer__in=ids)
    running = defaultdict(list)  # a run once for each of its lines
    for run in runs.annotate(line_spool=F("materials__spool")).order_by("pk"):
        running[run.printer_id].append(run)
    slots = defaultdict(list)
    rows = PrinterSlot.objects.filter(printer__in=ids).select_related("spool")
    for slot in rows.order_by("label", "pk"):
        slots[slot.printer_id].append(slot)
    found = [_mismatch(meter, running, slots) for meter in meters]
    return [each for each in found if each]


def reported(printer):
    """What the printer's tokens have reported, and others of the spools in its slots: one
    ReportedSpool for each device and spool, the latest first. Two queries."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    own = _meters().filter(token__printer=printer).order_by("-pk")[:LATEST]
    others = _meters().filter(
        Q(token__isnull=True) | Q(token__printer__isnull=True),
        spool__printer_slot__printer=printer,
    )
    found = {}
    for meter in [*own, *others.order_by("-pk")[:LATEST]]:
        key = meter.token_id, meter.by_id if meter.token_id is None else None, meter.spool_id
        row = found.setdefault(key, ReportedSpool(meter, meter.last_report_at))
        row.last_report_at = max(row.last_report_at, meter.last_report_at)
        if meter.last_report_at >= today:
            row.since = min(row.since or meter.started_at, meter.started_at)
            row.grams += meter.grams
            row.reports += meter.reports
            row.repeats += meter.repeats
    return sorted(found.values(), key=lambda row: row.last_report_at, reverse=True)


def _meters():
    return UsageMeter.objects.filter(spool__removed_at=None).select_related(
        "token__printer",
        "by",
        "spool__filament__manufacturer",
        "spool__filament__material_type",
        "spool__printer_slot__printer",
    )


def _reporting_now():
    """Open meters: to take a spool out of its slot closes its own."""
    meters = _meters().open().outside_runs()
    return list(meters.order_by(F("last_report_at").desc(), "-pk"))


def _printer_of(meter):
    """The printer that the token names, else the one that holds the spool, or None."""
    if meter.token and meter.token.printer:
        return meter.token.printer
    slot = getattr(meter.spool, "printer_slot", None)
    return slot and slot.printer


def _mismatch(meter, running, slots):
    """``running`` has the run that each printer prints, by its lines, ``slots`` its slots."""
    printer, slot = _printer_of(meter), getattr(meter.spool, "printer_slot", None)
    if printer is None or slot is None or slot.printer_id != printer.pk:
        own = slots[printer.pk] if printer else []
        own = sorted(own, key=lambda slot: slot.spool_id is not None)
        return Mismatch(kind=NOT_LOADED, meter=meter, printer=printer, slots=own)
    lines = running[printer.pk]
    if not lines or meter.spool_id in {line.line_spool for line in lines}:
        return None
    return Mismatch(kind=NOT_IN_RUN, meter=meter, printer=printer, run=lines[0], slots=[])
