"""Which reports of a device say again what was counted, as a retry does whose answer was lost.

Moonraker (its source: `components/spoolman.py` and `http_client.py`) waits 10 s for an answer, adds
the length to what was printed since, and reports the sum a sync_rate later: a repeat *contains* the
report before it. It asks one at a time, and not while its websocket is down. A repeat is never
shorter than what it contains.

OctoPrint-Spoolman (`modules/SpoolmanConnector.py`) waits 1 s, and sends the same body up to three
times more: at once, after 2 s, after 4 s, each time with another second to wait. Of all others, and
of bridges of several printers, a use is a use.

`decide` is pure; `last_reports` keeps what it looks at.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from inventory.models import DeviceReport, RecognisedRepeat
from tenants.accounts.models import DeviceToken

Kind, Rule = DeviceToken.Kind, RecognisedRepeat.Rule
NOTHING = Decimal(0)

MOONRAKER, REQUESTS = "Moonraker", "python-requests"  # how user agents begin
ASK_ONE_AT_A_TIME = (MOONRAKER, REQUESTS)  # and how long they wait for an answer is known
OVERLAP_KINDS = ("", Kind.MOONRAKER, Kind.OCTOPRINT)  # of tokens: one program for one printer

# Seconds, of Moonraker.
PATIENCE = Decimal(10)  # until it gives an answer up
DUE_WITHIN = Decimal(2)  # off patience and an interval: its timers, a slow network
# Its sync_rate is 1 s at least: of the first reports, that is patience less half a second until
# patience, a sync_rate of 15 s and a second.
DUE_UNKNOWN = (Decimal("9.5"), Decimal(26))
SHORTEST_INTERVAL = Decimal("0.8")  # a sync_rate of 1 s, less what a network takes off
KNOWN_FROM = 4  # gaps, until the smallest is taken for its sync_rate
USUAL_INTERVAL = Decimal(5)  # its default

# Seconds, of OctoPrint-Spoolman: a retry comes 1, 3 and 5 s after the one before it.
RETRIED_WITHIN = (Decimal("0.9"), Decimal(8))
RETRIES, OFTEN, MINUTE = 3, 3, Decimal(60)


class Reported(NamedTuple):
    """What came: a positive amount in its unit, from a ``kind`` of token. ``received_at`` is before
    any lock, ``now`` after that of the last report."""

    kind: str
    agent: str
    unit: str
    amount: Decimal
    received_at: datetime
    now: datetime


class Decision(NamedTuple):
    rule: str  # one of Rule, or ""
    booked: Decimal  # in the unit of the report


def are_looked_for(kind, agent):
    """Whether a program with this kind of token repeats reports in a way that is known."""
    return kind in OVERLAP_KINDS and agent.startswith(ASK_ONE_AT_A_TIME)


def decide(last, report, *, was_up=lambda _since: True):
    """What to book of a report after ``last``, a DeviceReport or None.

    ``was_up(since)`` says whether the program's websocket was up all the while. A wrong "contains"
    costs what was reported last at most, a wrong "perhaps" nothing: a person has the last word.
    """
    amount = report.amount
    if last is None or not last.amount or last.unit != report.unit:
        return Decision("", amount)
    before = Decimal(last.amount)
    if report.received_at < last.done_at <= report.now:
        return _overlapping(last, report, before)
    if report.unit != DeviceReport.Unit.LENGTH:
        return Decision("", amount)
    if report.kind == Kind.MOONRAKER and report.agent.startswith(MOONRAKER):
        return _after_patience(last, report, before, was_up)
    is_of_octoprint = report.kind == Kind.OCTOPRINT and report.agent.startswith(REQUESTS)
    if is_of_octoprint and amount == before and _is_retry(last, report):
        return Decision(Rule.REPEATED, NOTHING)
    return Decision("", amount)


def _overlapping(last, report, before):
    """A program that asks one at a time came back while its last report was still worked on.

    Threads may take the two in another order: then the one that was received earlier is in the
    other, which was counted as a whole, unless that is less.
    """
    is_overtaken = report.received_at < last.received_at
    if is_overtaken and report.amount <= before:
        return Decision(Rule.OVERLAP, NOTHING)
    if not is_overtaken and report.amount >= before:
        return Decision(Rule.OVERLAP, report.amount - before)
    return Decision("", report.amount)


def _after_patience(last, report, before, was_up):
    amount, gap = report.amount, gap_between(last, report)
    interval = interval_of(last.gaps)
    if amount < before or not _is_due(gap, interval) or not was_up(last.received_at):
        return Decision("", amount)
    if amount == before or _contains(last, amount, before, interval):
        return Decision(Rule.CONTAINED, amount - before)
    return Decision(Rule.PERHAPS, amount)


def _is_due(gap, interval):
    """Whether a repeat would come now."""
    if interval is None:
        return DUE_UNKNOWN[0] <= gap <= DUE_UNKNOWN[1]
    return abs(gap - PATIENCE - interval) <= DUE_WITHIN


def _contains(last, amount, before, interval):
    """After a silence a new report has an interval of printing at most; a repeat has what was
    reported, what was printed while the answer was waited for, and an interval. Half way between
    the two is the bound."""
    rate = rate_of(last)
    if not rate:
        return amount >= 2 * before
    interval = USUAL_INTERVAL if interval is None else interval
    return amount >= rate * interval + (before + PATIENCE * rate) / 2


def _is_retry(last, report):
    """A print ends, or is paused, seldom: who reports often reports layers, which may be equal.
    A whole number is what people type."""
    is_whole = report.amount == report.amount.to_integral_value()
    shortest, longest = RETRIED_WITHIN
    gap = gap_between(last, report)
    if is_whole or not shortest <= gap <= longest:
        return False
    booked, age, reports = list(last.booked), gap, 0
    if booked[-RETRIES:] == [NOTHING] * RETRIES:
        return False
    # The first report has no gap, and is not in the list; it was counted.
    for grown, passed in zip(reversed(booked), reversed(last.gaps), strict=False):
        reports += age <= MINUTE and grown > 0
        age += passed
    if len(booked) < DeviceReport.MAX_BOOKED:
        reports += age <= MINUTE
    return reports < OFTEN


def gap_between(last, report):
    """Seconds, to the microsecond."""
    passed = report.received_at - last.received_at
    return Decimal(passed // timedelta(microseconds=1)).scaleb(-6)


def interval_of(gaps):
    """Its sync_rate in seconds, as far as it can be seen; None before the fifth report."""
    known = [gap for gap in gaps if gap >= SHORTEST_INTERVAL]
    return min(known) if len(known) >= KNOWN_FROM else None


def rate_of(last):
    """What was booked a second lately, in the unit of the report; 0 where that is not known."""
    booked = last.booked
    seconds = sum(last.gaps[-len(booked) :]) if booked else 0
    return sum(booked) / seconds if seconds else NOTHING
