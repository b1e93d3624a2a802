"""What a device reports that it used of a spool: live at once, and one entry an hour.

A report is one statement, which locks the spool, adds to its open meter and answers the figures;
Django reads none of them. Of a program that repeats reports, its last one is read before. Only the
first report of an hour, a repeat, and one that gives back, take several.

Locks: the device's last report, the line of a run that has the meter, the spool, then its meters.
"""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.numeric import Int8

from inventory.models import DeviceReport, Spool, UsageMeter
from inventory.services import last_reports, ledger, meters, repeats, run_lines
from inventory.services.spools import stating
from tenants.accounts.models import DeviceToken, User
from tenants.operations.clock import ClockWrong
from tenants.operations.compiled import ID, CompiledQuery, compiled, fetch
from tenants.operations.operation import in_transaction, observed
from tenants.operations.quantities import GramsField, InvalidQuantity, rounded
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Busy, Refusal
from tenants.operations.text import format_number
from tenants.operations.versions import check_version, is_expected

PLACES = 12  # of grams, as `ReportedGramsField` has them, and of millimetres
DIGITS = 24  # of an amount that is read
FROM, UNTIL = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
LIMIT = 10**8  # grams; as many, or more, are in no column
# Grams of 1 mm of filament of 1 g/cm³ and 1 mm: a quarter of pi, in cm³.
OF_ROUND = Decimal("0.000785398163397448309615660845819875721")
# The line of a run in progress that the device's open meter is of, if it is `drawing`, as the ORM
# has it: a spool that was swapped out is not. Once the lock is had the line is as it was just
# written; a run that was closed meanwhile has closed the meter too.
DRAWING_LINE = """
    SELECT line.id, line.reserved_grams
    FROM {last}inventory_spool spool
    JOIN inventory_usagemeter meter ON meter.spool_id = spool.id AND meter.closed_at IS NULL
        AND coalesce(meter.token_id, 0) = %(token)s
    JOIN production_runmaterial line ON line.id = meter.run_material_id
    JOIN production_productionrun run ON run.id = line.run_id
    WHERE spool.number = %(number)s AND run.deleted_at IS NULL
        AND run.status = 'in_progress' AND run.finished_at IS NULL
        AND (line.actual_grams IS NULL OR line.metered_before_grams IS NOT NULL)
    ORDER BY meter.id DESC LIMIT 1
    FOR NO KEY UPDATE OF line
"""
GIVEN_LINE = """
    SELECT line.id, line.reserved_grams FROM production_runmaterial line
    WHERE line.id = %(line)s FOR NO KEY UPDATE OF line
"""
# What the run reserves shrinks by what it took, in whole micrograms of its meter: what is available
# stays. What it was swapped out with, as reported, goes on. The last part is the query that reads
# the answer: it finds the spool as just written.
COUNT = f"""
WITH {{locked}}line AS ({{line}}), held AS (
    SELECT spool.id, spool.metered_grams, line.id AS line_id, line.reserved_grams, round(
        CASE WHEN %(is_length)s THEN %(amount)s::numeric * filament.density_g_cm3
            * filament.diameter_mm * filament.diameter_mm * {OF_ROUND}
        ELSE %(amount)s::numeric END, {PLACES}
    ) AS grams
    FROM inventory_spool spool JOIN inventory_filament filament ON filament.id = spool.filament_id
    LEFT JOIN line ON true {{joined}}
    WHERE spool.number = %(number)s AND spool.removed_at IS NULL
    FOR NO KEY UPDATE OF spool
), counted AS (
    UPDATE inventory_usagemeter meter
    SET grams = meter.grams + held.grams, reports = meter.reports + 1,
        repeats = meter.repeats + %(repeats)s,
        started_at = least(meter.started_at, %(at)s),
        last_report_at = greatest(meter.last_report_at, %(at)s)
    FROM held
    WHERE meter.spool_id = held.id AND coalesce(meter.token_id, 0) = %(token)s
        AND coalesce(meter.run_material_id, 0) = coalesce(held.line_id, 0)
        AND meter.closed_at IS NULL AND held.metered_grams + held.grams < {LIMIT}
        AND (held.line_id IS NOT NULL OR meter.by_id = %(by)s
            AND meter.started_at > %(started_after)s AND meter.started_at <= %(started_until)s
            AND meter.last_report_at > %(reported_after)s)
    RETURNING held.id, held.line_id, held.grams, least(coalesce(held.reserved_grams, 0),
        round(meter.grams, {GramsField.places})
            - round(meter.grams - held.grams, {GramsField.places})) AS freed
), claimed AS (
    UPDATE production_runmaterial line
    SET metered_grams = line.metered_grams + counted.grams,
        actual_grams = CASE WHEN line.actual_source IN ('metered', 'sliced')
            THEN greatest(round(line.metered_grams + counted.grams, {GramsField.places})
                - coalesce(line.actual_purge_grams, 0), 0)
            ELSE line.actual_grams END,
        reserved_grams = line.reserved_grams - counted.freed
    FROM counted WHERE line.id = counted.line_id
), inventory_spool AS (
    UPDATE inventory_spool spool
    SET metered_grams = spool.metered_grams + counted.grams,
        reserved_grams = spool.reserved_grams - counted.freed,
        first_used_at = CASE WHEN spool.has_given_use_dates
            THEN coalesce(spool.first_used_at, date_trunc('second', %(at)s))
            ELSE least(spool.first_used_at, %(at)s) END,
        last_used_at = CASE WHEN spool.has_given_use_dates
            THEN date_trunc('second', %(at)s) ELSE greatest(spool.last_used_at, %(at)s) END
    FROM counted WHERE spool.id = counted.id
    RETURNING spool.*
){{remembered}} {{answer}}
"""  # nosec B608 - constants alone


class NoSuchSpool(Refusal):
    code = "no_such_spool"
    status = 404
    title = "There is no spool of this number"


@compiled(number=ID)
def _spool(number):
    return Spool.objects.present().filter(number=number).order_by()


@compiled(number=ID)
def _id(number):
    return Spool.objects.present().filter(number=number).order_by().values_list("pk", flat=True)


@compiled(number=ID)
def _locked(number):
    found = Spool.objects.present().filter(number=number).with_filament().order_by()
    return found.select_for_update(no_key=True, of=("self",))


def use(
    number,
    *,
    by,
    token=None,
    at=None,
    grams=None,
    length_mm=None,
    printer_name="",
    agent="",
    received_at=None,
    answer=_spool,
):
    """Count what a device, of the ``token`` or the person's session, used of the spool of that
    number: signed ``grams``, or a length. Returns the spool as it is now, as ``answer`` reads it.

    What the program of this user ``agent`` repeats is counted once: see `repeats`. ``received_at``
    is when the request came, by default now.

    More than is left is counted too; below 0 it gives back, at most what was used. A spool that is
    archived can be used. Raises NoSuchSpool, InvalidQuantity.
    """
    field = "length_mm" if grams is None else "grams"
    amount = length_mm if grams is None else grams
    amount = rounded(amount, digits=DIGITS, places=PLACES, field=field)
    now = at or timezone.now()
    received_at = min(received_at or now, now)
    what = (number, by, token, amount, grams is None, printer_name)
    report = DeviceUse(*what, now, at, answer, agent, received_at)
    with observed("spool.report_use", by=by, level=logging.DEBUG) as seen:
        seen["spool_number"] = number
        row = None
        if amount >= 0 and not is_expected():
            row = in_transaction(report.count, is_one_statement=True)
        return in_transaction(report.take_steps) if row is None else row


class DeviceUse(NamedTuple):
    """What a device said, ``at`` a moment; ``dated`` is that moment where the caller gave it."""

    number: int
    by: User
    token: DeviceToken | None
    amount: Decimal
    is_length: bool
    printer_name: str
    at: datetime
    dated: datetime | None
    answer: CompiledQuery
    agent: str = ""
    received_at: datetime | None = None

    def count(self):
        """Add to the meter in one statement; returns the answer. None, and nothing is changed,
        where there is no spool, no meter that goes on, or a repeat."""
        if not self._may_repeat:
            return self._add(self.amount)
        last = last_reports.of(self.token, self.number)
        if last is None:
            return None
        memory = last_reports.memory(last, self.token, self._report)
        return None if memory.rule else self._add(self.amount, memory)

    def _add(self, amount, memory=None, line=None, *, at_any_age=False):
        """The meter is of the ``line`` of that id (0: of none), by default of the one that the
        device reports for."""
        statement = self.answer.statement
        params = {
            "number": Int8(self.number),
            "token": Int8(self.token.pk if self.token else 0),
            "by": Int8(self.by.pk),
            "amount": amount,
            "repeats": int(memory is not None and memory.booked < memory.report.amount),
            "is_length": self.is_length,
            "at": self.at,
            "started_after": FROM if at_any_age else self.at - meters.LONGEST,
            "started_until": UNTIL if at_any_age else self.at + meters.QUIET,
            "reported_after": FROM if at_any_age else self.at - meters.QUIET,
        }
        if line is not None:
            params["line"] = Int8(line)
        if memory is not None:
            params |= memory.params(self._now())
        text = _text(statement.text, line is None, memory is not None)
        rows = fetch(text, params)
        return statement.read(rows[0]) if rows else None

    def take_steps(self):
        """The same in a transaction, in which meters begin and end, and repeats are recognised."""
        memory, line = self._memory(), 0
        if self.amount:  # what used nothing is of no run
            line = run_lines.lock(self.number, token=self.token, at=self.at) or 0
        spool = self._found(_locked.first(number=self.number))
        check_version(spool)
        amount, grams = self.amount, self._grams(spool.filament, self.amount)
        if grams < 0:
            self._give_back(spool, -grams, line)
            return self.answer.first(number=self.number)
        if memory is not None:
            amount, grams = memory.booked, self._grams(spool.filament, memory.booked)
            memory.recognise(partial(self._grams, spool.filament))
        line = self._begin(spool, grams, line)
        row = self._add(amount, memory, line, at_any_age=True)
        if row is None:
            raise ClockWrong(_("A meter can't be closed while the clock is wrong."))
        return row

    @property
    def _may_repeat(self):
        """Whether what it reports, or reports next, is looked at for a repeat."""
        return (
            self.token is not None
            and self.amount > 0
            and repeats.are_looked_for(self.token.kind, self.agent)
        )

    @property
    def _report(self):
        unit = DeviceReport.Unit.LENGTH if self.is_length else DeviceReport.Unit.WEIGHT
        what = (self.token.kind, self.agent, unit, self.amount)
        return repeats.Reported(*what, self.received_at or self.at, self._now())

    def _now(self):
        return self.dated or timezone.now()

    def _memory(self):
        """Of the last report, which is locked; None where none is looked at."""
        if not self._may_repeat:
            return None
        spool = self._found(_id.first(number=self.number))
        last = last_reports.locked(self.token, spool, self._report)
        return last_reports.memory(last, self.token, self._report)

    def _found(self, spool):
        if spool is None:
            raise NoSuchSpool(_("No spool with ID %(number)s found.") % {"number": self.number})
        return spool

    def _begin(self, spool, grams, line):
        """Close what is due of the spool, and let there be an open meter, of the line or of no
        run. Returns the line: a run may have begun to draw from the spool until it was locked."""
        found = meters.open_ones([spool.pk])
        own = [meter for meter in found if self._is_own(meter)]
        ended = [
            meter
            for meter in found
            if meters.is_due(meter, self.at)
            or (meter in own and (line or meter.by_id != self.by.pk))
        ]
        if spool.metered_grams + grams >= LIMIT:
            ended = found
        if ended:
            with suppress(ClockWrong), transaction.atomic():  # else counted with what was
                ledger.close_meters({spool.pk: spool}, ended, at=self.dated)
        if not line and self.amount and all(meter.closed_at for meter in own):
            line = run_lines.lock(self.number, token=self.token, at=self.at, waits=False) or 0
        if line:
            own = meters.open_ones_of_lines([line])
            own = [meter for meter in own if self._is_own(meter) and meter.spool_id == spool.pk]
        if all(meter.closed_at for meter in own):
            UsageMeter.objects.create(
                spool=spool,
                token=self.token,
                by=self.by,
                run_material_id=line or None,
                printer_name=self.printer_name,
                started_at=self.at,
                last_report_at=self.at,
            )
        return line

    def _give_back(self, spool, grams, line):
        """Take it off the device's own meter first, then off others of the line, then off what is
        in the ledger."""
        found = meters.open_ones_of_lines([line]) if line else []
        found += meters.open_ones([spool.pk])
        found = [each for each in found if each.run_material_id or self._is_own(each)]
        for meter in sorted(found, key=self._is_own, reverse=True):
            if not grams:
                break
            lowered = min(grams, meter.grams)
            grams -= lowered
            meters.lower(meter, spool, lowered, at=self.at)
            spool.last_used_at = self._last_use(spool)
            spool.save(update_fields=["metered_grams", "reserved_grams", "last_used_at"])
        if rest := to_grams(grams):
            device = str(self.token or self.by)
            stating.give_back(spool, grams=rest, by=self.by, at=self.dated, note=device)

    def _last_use(self, spool):
        if spool.has_given_use_dates:
            return self.at.replace(microsecond=0)
        return max(spool.last_used_at or self.at, self.at)

    def _is_own(self, meter):
        return meter.token_id == (self.token.pk if self.token else None)

    def _grams(self, filament, amount):
        """Raises InvalidQuantity."""
        grams = amount
        if self.is_length:
            area = filament.density_g_cm3 * filament.diameter_mm**2 * OF_ROUND
            grams = rounded(grams * area, digits=40, places=PLACES, field="length_mm")
        if abs(grams) < LIMIT:
            return grams
        message = _("%(grams)s g are more than a spool can have: less than %(limit)s g.")
        figures = {"grams": format_number(grams), "limit": format_number(LIMIT)}
        raise InvalidQuantity(message % figures)


@lru_cache
def _text(answer, is_drawing, is_remembered):
    parts = {"locked": "", "joined": "", "remembered": ""}
    if is_remembered:
        parts["locked"], parts["remembered"] = last_reports.LOCKED, last_reports.REMEMBERED
        parts["joined"] = "JOIN last ON last.spool_id = spool.id"
    # The line is locked after the last report.
    line = DRAWING_LINE.format(last="last CROSS JOIN " if is_remembered else "")
    return COUNT.format(answer=answer, line=line if is_drawing else GIVEN_LINE, **parts)


def close_due(*, at=None):
    """Close the meters of this farm that ended: an hour after they began, or 15 minutes after the
    last report. Returns of how many spools. Raises ClockWrong."""
    now = at or timezone.now()
    run_lines.settle(at=at)
    spools = meters.due(now).order_by("spool").values_list("spool", flat=True).distinct()
    closed = 0
    for spool in list(spools):
        with suppress(Busy), observed("spool.close_meters", level=logging.DEBUG) as seen:
            seen["spool_id"] = spool
            in_transaction(partial(_close_due_of, spool, now, at))
            closed += 1
    return closed


def _close_due_of(spool, now, dated):
    """Of one spool, which may have been used since."""
    spools = ledger.locked([spool])
    due = [each for each in meters.open_ones([spool]) if meters.is_due(each, now)]
    ledger.close_meters(spools, due, at=dated)
