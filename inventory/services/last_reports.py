"""What is kept of the last report of a device on a spool, and what was recognised by it.

A report reads the last one without a lock, and decides; its statement locks that row, before the
spool, and finds nothing where another report came between. Then, and where there is something to
recognise, it is done again in a transaction that locks the row before anything else. What is
refused leaves nothing of it.
"""

from decimal import Decimal
from functools import partial
from typing import NamedTuple

from psycopg.types.numeric import Int8

from inventory.models import DeviceReport, RecognisedRepeat
from inventory.services import repeats
from tenants.accounts.sockets import was_up_since
from tenants.operations.compiled import ID, compiled

Unit = DeviceReport.Unit
# Two parts of a statement: before the spool is locked, and once the meter has counted. The moment
# of the end is by the clock here: the database's may differ, and gives the seconds since alone.
LOCKED = """
last AS (
    SELECT id, spool_id FROM inventory_devicereport
    WHERE id = %(last)s AND reports = %(reports)s FOR NO KEY UPDATE
), """
REMEMBERED = """, remembered AS (
    UPDATE inventory_devicereport report
    SET unit = %(unit)s, amount = %(reported)s, received_at = %(received_at)s,
        done_at = %(sent_at)s + (clock_timestamp() - statement_timestamp()),
        gaps = %(gaps)s::numeric[], booked = %(booked)s::numeric[], reports = report.reports + 1
    FROM counted, last WHERE report.id = last.id
)
"""


@compiled(token=ID, number=ID)
def _last(token, number):
    return DeviceReport.objects.filter(token=token, spool__number=number).order_by()


@compiled(token=ID, spool=ID)
def _locked(token, spool):
    found = DeviceReport.objects.filter(token=token, spool=spool).order_by()
    return found.select_for_update(no_key=True)


class Memory(NamedTuple):
    """The last report, and what was decided of the next by it."""

    last: DeviceReport
    report: repeats.Reported
    rule: str
    booked: Decimal

    def params(self, now):
        """Of `LOCKED` and `REMEMBERED`, in a statement that is sent ``now``."""
        values = remembered(self.last, self.report, self.booked)
        at = {"last": Int8(self.last.pk), "reports": Int8(self.last.reports)}
        return at | values | {"sent_at": now}

    def recognise(self, grams_of):
        """Note what was recognised, if anything. ``grams_of(amount)`` weighs it."""
        if not self.rule:
            return
        is_perhaps = self.rule == repeats.Rule.PERHAPS
        before = Decimal(self.last.amount)
        RecognisedRepeat.objects.create(
            token_id=self.last.token_id,
            spool_id=self.last.spool_id,
            rule=self.rule,
            unit=self.report.unit,
            amount=text_of(self.report.amount),
            before=self.last.amount,
            grams=grams_of(before if is_perhaps else self.report.amount - self.booked),
            received_at=self.report.received_at,
        )


def of(token, number):
    """The last report of a token on a spool of that number, or None; it is not locked."""
    return _last.first(token=token.pk, number=number)


def locked(token, spool, report):
    """The same on the spool with that id, locked; it is made where there was none."""
    last = _locked.first(token=token.pk, spool=spool)
    if last is None:
        moments = {"received_at": report.received_at, "done_at": report.received_at}
        made = DeviceReport(token_id=token.pk, spool_id=spool, unit=report.unit, **moments)
        DeviceReport.objects.bulk_create([made], ignore_conflicts=True)
        last = _locked.first(token=token.pk, spool=spool)
    return last


def memory(last, token, report):
    """What is decided of a report after the last one."""
    decision = repeats.decide(last, report, was_up=partial(was_up_since, token))
    return Memory(last, report, decision.rule, decision.booked)


def text_of(amount):
    """A number with every digit that it has, and none that says nothing."""
    return f"{amount.normalize():f}"


def remembered(last, report, booked):
    """What the row is after a report. One that was overtaken by another changes nothing of it."""
    if report.received_at < last.received_at and last.done_at <= report.now and last.amount:
        names = ("unit", "received_at", "gaps", "booked")
        return {name: getattr(last, name) for name in names} | {"reported": last.amount}
    is_first = not last.amount
    gap = repeats.gap_between(last, report)
    gaps, rates = list(last.gaps), list(last.booked)
    if last.unit != report.unit:
        rates = []
    elif not is_first and gap >= 0:
        rates.append(booked)
    if not is_first and gap >= 0:
        gaps.append(gap)
    return {
        "unit": report.unit,
        "reported": text_of(report.amount),
        "received_at": report.received_at,
        "gaps": gaps[-DeviceReport.MAX_GAPS :],
        "booked": rates[-DeviceReport.MAX_BOOKED :],
    }
