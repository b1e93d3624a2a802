"""Printers that report as Moonraker does, without a database: what was extruded is known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from inventory.models import DeviceReport
from inventory.services import repeats
from inventory.services.last_reports import remembered

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
PATIENCE, STEP = 10, 0.25  # seconds


class Device:
    """A token on a spool, and what is kept of it. A report takes ``took`` seconds."""

    def __init__(self, *, kind, agent, unit="length", took=0.005, was_up=lambda _since: True):
        self.kind, self.agent, self.unit, self.took = kind, agent, unit, took
        self.was_up = was_up
        self.last = DeviceReport(unit=unit, amount="", received_at=NOON, done_at=NOON)

    def moment(self, seconds):
        return NOON + timedelta(seconds=float(seconds))

    def has_printed(self, interval, rate):
        self.last.gaps = [Decimal(interval)] * 5
        self.last.booked = [Decimal(interval * rate)] * 5


def book(device, amount, seconds, *, ended=None):
    """``(rule, booked)`` of a report, which is kept as the last one."""
    done = seconds + device.took if ended is None else ended
    now = max(device.moment(seconds), device.last.done_at) if ended is None else device.moment(done)
    report = repeats.Reported(
        device.kind, device.agent, device.unit, amount, device.moment(seconds), now
    )
    rule, booked = "", amount
    if repeats.are_looked_for(device.kind, device.agent):
        rule, booked = repeats.decide(device.last, report, was_up=device.was_up)
    values = remembered(device.last, report, booked)
    device.last.amount = values.pop("reported")
    for name, value in values.items():
        setattr(device.last, name, value)
    device.last.done_at = device.moment(done)
    return rule, booked


def a_print(rng, *, sync, lost, pauses, seconds=3600):
    """``[(mm, seconds, is answered)]`` of the reports of a print, and the mm that it extruded.

    It prints at a rate that changes, and pauses so often a second. What was not answered after
    10 s is added to what comes next, and reported a ``sync`` later.
    """
    now = next_report = idle_until = 0.0
    pending = extruded = 0.0
    rate, waiting, reports = rng.uniform(3, 12), None, []
    next_report = sync
    while (now < seconds or pending or waiting) and now < seconds + 600:
        now += STEP
        if now < seconds:
            rate = rng.uniform(0.5, 14) if rng.random() < 0.01 else rate
            if rng.random() < pauses * STEP:
                idle_until = now + rng.uniform(1, 40)
            if now > idle_until:
                grown = rate * STEP * rng.uniform(0.2, 1.8)
                extruded, pending = extruded + grown, pending + grown
        if waiting and now >= waiting[1]:
            pending, waiting, next_report = pending + waiting[0], None, now + sync
        if not waiting and now >= next_report:
            next_report = now + sync
            if pending:
                is_lost = rng.random() < lost
                reports.append((pending, now + rng.uniform(0, 0.3), not is_lost))
                waiting = (pending, now + PATIENCE) if is_lost else None
                pending = 0.0
    return reports, extruded
