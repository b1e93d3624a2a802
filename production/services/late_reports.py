"""What was reported of a run that is over: it is in the book once, whatever the run was booked by.

An assumption (as planned, by percent) gives way to what was reported, and more of what was reported
adds to it. What was weighed or typed stays, with the report beside it. What is hard to believe of
the run is left apart, and texts.
"""

from contextlib import suppress
from datetime import timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from inventory.models import UsageMeter
from inventory.services import ledger, meters
from production.models import ESTIMATED, ProductionRun, RunMaterial
from production.services import run_state
from production.services.completion.actuals import LINE_FIELDS
from production.services.completion.correcting import rebook_lines
from production.services.completion.estimates import expected
from production.services.completion.reverting import restore, standing_entries
from production.services.overrides import NothingToUndo
from production.services.reported import lines as reported
from production.services.reported import taking, windows
from tenants.accounts.models import FarmSettings
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import in_transaction, operation
from tenants.operations.refusals import Refusal

Status = ProductionRun.Status
ONE_DAY = timedelta(days=1)
# Minutes of a farm without settings.
BEFORE, AFTER = (
    FarmSettings._meta.get_field(f"reports_{name}_minutes").default for name in ("before", "after")
)
# Whether a farm has meters that `settle_due` looks at, as `database_role.rows_of_each` asks.
IS_DUE = f"""
SELECT {{name}} WHERE EXISTS (
    SELECT FROM {{schema}}.inventory_usagemeter meter
    JOIN {{schema}}.production_runmaterial line ON line.spool_id = meter.spool_id
    JOIN {{schema}}.production_productionrun run ON run.id = line.run_id
    LEFT JOIN {{schema}}.accounts_farmsettings settings ON true
    WHERE meter.run_material_id IS NULL AND NOT meter.is_apart AND meter.grams > 0
        AND (meter.closed_at > now() - interval '1 day'
            - coalesce(settings.reports_after_minutes, {AFTER}) * interval '1 minute'
        OR meter.closed_at IS NULL AND (
            meter.started_at <= now() - interval '1 hour'
            OR meter.last_report_at <= now() - interval '15 minutes'))
        AND run.deleted_at IS NULL AND run.status IN ('in_progress', 'completed', 'failed')
        AND meter.started_at >= run.started_at
            - coalesce(settings.reports_before_minutes, {BEFORE}) * interval '1 minute'
        AND (run.finished_at IS NULL OR meter.started_at <= run.finished_at
            + coalesce(settings.reports_after_minutes, {AFTER}) * interval '1 minute')
)
"""  # nosec B608


def settle_due(*, at=None):
    """Let runs have what was reported for them without a run, as far as it ended. Returns how many
    runs. What the devices of other printers reported is left apart.

    The meters of a line are one figure: what is too little yet waits for more, as long as it is in
    the time of the run.
    """
    now = at or timezone.now()
    of_lines, apart, settled = {}, [], 0
    for meter in _ended(now):
        line = line_of(meter)
        if line is None:
            apart.append(meter.pk)
        else:
            of_lines.setdefault(line.pk, (line, []))[1].append(meter)
    if apart:
        UsageMeter.objects.filter(pk__in=apart).update(is_apart=True)
    found = {}
    for line, own in of_lines.values():
        if not _is_awaiting_more(line, own, now):
            found.setdefault(line.run_id, []).extend(meter.pk for meter in own)
    for run, ids in sorted(found.items()):
        with suppress(Refusal, ProductionRun.DoesNotExist):
            run = ProductionRun.objects.get(pk=run)
            in_transaction(partial(take_reports, run, meter_ids=ids, by=None, at=at))
            settled += 1
    return settled


def line_of(meter):
    """The RunMaterial that what was reported of its spool, in a meter of no run, belongs to; None
    where it is of none. Of several runs it is the last that was started by then."""
    lines = RunMaterial.objects.filter(spool=meter.spool_id, run__deleted_at=None)
    lines = lines.filter(run__status__in=(Status.IN_PROGRESS, *ProductionRun.BOOKED))
    lines = lines.filter(run__started_at__lte=meter.started_at + windows.before())
    is_in_time = Q(run__finished_at=None) | Q(
        run__finished_at__gte=meter.started_at - windows.after()
    )
    printer = meter.token and meter.token.printer_id
    if printer is not None:
        lines = lines.filter(run__printer=printer)
    found = list(lines.filter(is_in_time).select_related("run").order_by("run__started_at", "pk"))
    begun = [line for line in found if line.run.started_at <= meter.last_report_at]
    return begun[-1] if begun else next(iter(found), None)


@operation("production_run.take_reports")
def take_reports(run, *, meter_ids, by, at=None, confirm=False):
    """Let the lines of a run that was started have meters of no run, by their ids; returns the run.

    Of a run that is over, what was assumed is booked anew. What is not plausible is left apart,
    unless somebody confirms it.
    """
    run = run_state.lock(run, "take_reports")
    lines = run_state.lock_lines(run)
    goes_on = run.status == Status.IN_PROGRESS
    spools = [line.spool_id for line in lines if line.spool_id]
    with ledger.book(spools, by=by, at=at, leaves_meters=True) as book:
        taken, changed, texts = [], [], []
        for line in lines:
            line.spool = book.spools.get(line.spool_id)
            found = _standing(line, meter_ids)
            if not found:
                continue
            if not (goes_on or confirm or _is_plausible(line, found)):
                UsageMeter.objects.filter(pk__in=[each.pk for each in found]).update(is_apart=True)
                continue
            was = line.actual_total_grams
            texts.append(taking.described(line.spool, found))
            taking.take(book, line, found, goes_on=goes_on)
            taken += [meter.pk for meter in found]
            if not goes_on:
                _book_again(book, run, line, was, changed)
        restore([line.spool for line in changed], by=by, at=book.at)
        taking.end_others(book)
        bulk_update(lines, LINE_FIELDS)
    if taken and not goes_on:
        run.changes.meters = taken
        run_state.save(run, "take_reports", by=by, at=book.at, reason=", ".join(texts))
    return run


def leave_reports(run, done, *, by, at=None):
    """Undo of `take_reports` by its RunEvent: what was assumed is booked again, and what was
    reported is of no run. Returns the run. Raises NothingToUndo."""
    run = run_state.lock(run, "take_reports")
    if run.events.order_by("-pk").first() != done:
        raise NothingToUndo.since(run)
    lines = run_state.lock_lines(run)
    spools = [line.spool_id for line in lines if line.spool_id]
    with ledger.book(spools, by=by, at=at) as book:
        changed = []
        left = []
        for line in lines:
            line.spool = book.spools.get(line.spool_id)
            found = UsageMeter.objects.filter(pk__in=done.before["meters"], run_material=line)
            for meter in found.select_related("token", "by"):
                line.metered_grams -= meter.grams
                meter.run_material, meter.is_apart, meter.entry = None, True, None
                book.relink_meter(meter)
                left.append(meter)
            was = done.before.get("runmaterial", {}).get(str(line.pk))
            if was:
                _put_back(line, was)
                changed.append(line)
        rebook_lines(book, run, changed, standing_entries(run), **details_of(run))
        for meter in left:  # once the book has what the run gives back
            meter.entry = meters.post(book, meter)
        bulk_update(lines, LINE_FIELDS)
    UsageMeter.objects.filter(pk__in=done.before["meters"]).update(is_apart=True)
    return run_state.save(run, "take_back", by=by, at=book.at, reason=done.verb)


def _ended(now):
    """Meters that are over, or are about to be posted, of spools that a run names in its time."""
    is_over = Q(closed_at__gt=now - windows.after() - ONE_DAY, entry__isnull=False)
    is_over &= Q(entry__reversed_by=None)
    is_quiet = Q(last_report_at__lte=now - meters.QUIET) | Q(started_at__lte=now - meters.LONGEST)
    found = UsageMeter.objects.outside_runs().filter(is_apart=False, grams__gt=0)
    found = found.filter(is_over | Q(closed_at=None) & is_quiet)
    lines = RunMaterial.objects.filter(spool=OuterRef("spool"), run__deleted_at=None)
    lines = lines.filter(
        Q(run__finished_at=None)
        | Q(run__finished_at__gte=OuterRef("started_at") - windows.after()),
        run__status__in=(Status.IN_PROGRESS, *ProductionRun.BOOKED),
        run__started_at__lte=OuterRef("started_at") + windows.before(),
    )
    found = found.filter(Exists(lines))
    return found.select_related("token").order_by("started_at", "pk")


def _standing(line, ids):
    if not line.spool_id:
        return []
    found = UsageMeter.objects.outside_runs().standing().filter(pk__in=ids, spool=line.spool_id)
    return list(found.select_related("token", "entry", "by").order_by("pk"))


def _is_plausible(line, found):
    """Whether what was reported in all is near what the line was booked with; of a figure that
    somebody gave, or that was reported, only more is doubted."""
    percent = FarmSettings.load().plausibility_percent
    grams = line.metered_grams + sum(meter.grams for meter in found)
    known = line.actual_total_grams or 0
    if line.is_reported:
        known = max(known, expected(line))
    if not known:
        return line.is_reported
    off = grams - known
    if line.actual_source in ESTIMATED:
        off = abs(off)
    return off * 100 <= known * percent


def _is_awaiting_more(line, found, now):
    """Whether what was reported in all is too little for what was assumed, and more may come."""
    run = line.run
    if run.status not in ProductionRun.BOOKED or line.actual_source not in ESTIMATED:
        return False
    grams = line.metered_grams + sum(meter.grams for meter in found)
    is_little = grams < (line.actual_total_grams or 0) and not _is_plausible(line, found)
    return is_little and windows.is_late(run.finished_at, now)


def _book_again(book, run, line, was, changed):
    """Book a line of a run that is over by its meters, unless somebody gave its grams."""
    if line.actual_source in ESTIMATED or line.is_reported:
        line.actual_grams = line.actual_purge_grams = None
        line.actual_source = ""
        reported.fill([line], book=book)
    entries = standing_entries(run)
    if line.actual_total_grams != was:
        rebook_lines(book, run, [line], entries, settled={line.pk}, **details_of(run))
        changed.append(line)
        return
    own = [entry for entry in entries if entry.spool_id == line.spool_id and entry.grams < 0]
    reported.relink(book, line, own[0] if own else None)


def details_of(run):
    """How entries of a run that is over are posted."""
    if run.status == Status.FAILED:
        return {"kind": "waste", "reason": run.outcome_reason.code}
    return {}


def _put_back(line, was):
    for attname, value in was.items():
        if attname not in ("metered_grams", "reserved_grams", "spool_id"):
            setattr(line, attname, line._meta.get_field(attname).to_python(value))
