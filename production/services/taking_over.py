"""Taking over what was reported of a spool that a run does not name: it is on a line of the run."""

from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, UsageMeter
from inventory.models.ledger import COMPENSATED
from inventory.services import ledger, meters, settling
from production.models import PrinterSlot, ProductionRun, RunMaterial
from production.models.conditions import reports_to_take
from production.services import overrides, run_state
from production.services.completion.actuals import LINE_FIELDS
from production.services.completion.reverting import counted_since, restore, standing_entries
from production.services.late_reports import details_of
from production.services.overrides import NothingToUndo
from production.services.printing.slots import SpoolPrinting
from production.services.reported import lines as reported
from production.services.reported import taking, windows
from production.services.requirements import claims
from production.services.requirements.claims import DuplicateSpool, IncompatibleSpool
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment, format_number

Status = ProductionRun.Status
TAKEN_BACK = "taken back"
ROUNDING = Decimal("0.001")  # g: more than that of the meters of a run


class NothingReported(Refusal):
    code = "nothing_reported"
    title = "Nothing was reported that the run could take over"


class TooLate(Refusal):
    code = "too_late_to_take_over"
    title = "The run ended too long ago"


@operation("production_run.take_over_reports")
def take_over_reports(run, *, spool, by, at=None, override_reason=""):
    """Let a run have what was reported, since shortly before its start, of a spool that it does not
    name: on a new line. Returns the run.

    Of a run that is over, it is booked as what the run took, and entries that it had are reversed.
    What is on the spool stays.
    Raises DuplicateSpool, TooLate, IncompatibleSpool, SpoolPrinting, NothingReported.
    """
    overridden = overrides.granted(override_reason, by=by)
    run = run_state.lock(run, "take_over_reports")
    lines = run_state.lock_lines(run)
    goes_on = run.status == Status.IN_PROGRESS
    _require_unnamed(run, lines, spool)
    with ledger.book([spool.pk], by=by, at=at, leaves_meters=goes_on) as book:
        spool = book.spools[spool.pk]
        _require_in_time(run, at=book.at)
        _refuse_printing(run, spool)
        line = _new_line(run, lines, spool, overridden=overridden)
        found = _reported(run, spool)
        taken = taking.described(spool, found)
        line.save(force_insert=True)
        run.changes.add(line)
        if goes_on:
            taking.take(book, line, found)
            taking.end_others(book)
        else:
            run.changes.meters = [meter.pk for meter in found]
            _book(book, run, line, spool, found)
        bulk_update([line], LINE_FIELDS)
    event = {"by": by, "at": book.at, "reason": ": ".join(filter(None, (taken, override_reason)))}
    return run_state.save(run, "take_over_reports", **event)


def give_back(run, done, *, by, at=None):
    """Undo of `take_over_reports` by its RunEvent, of a run that is over: what was reported is in
    the ledger again as of no run, and the line is gone. Returns the run. Raises NothingToUndo."""
    run = run_state.lock(run, "take_over_reports")
    if run.events.order_by("-pk").first() != done:
        raise NothingToUndo.since(run)
    [pk] = done.before["runmaterial"]
    [line] = [each for each in run_state.lock_lines(run) if each.pk == int(pk)]
    with ledger.book([line.spool_id], by=by, at=at) as book:
        spool = book.spools[line.spool_id]
        balance = spool.remaining_grams
        is_counted = counted_since(run, [spool.pk])
        for entry in standing_entries(run):
            if entry.spool_id == spool.pk:
                book.reverse(entry, reason=TAKEN_BACK)
        found = UsageMeter.objects.filter(pk__in=done.before["meters"], run_material=line)
        found = list(found.select_related("token", "by").order_by("pk"))
        if is_counted:
            _keep(book, spool, balance, reported.grams_of(line))
        for meter in found:
            meter.run_material, meter.entry = None, meters.post(book, meter)
            book.relink_meter(meter)
    line.delete()
    return run_state.save(run, "take_back", by=by, at=book.at, reason=done.verb)


def offered(run):
    """The ids of the spools of which the run could take over what was reported."""
    spools = ArraySubquery(reports_to_take().values("spool"))
    return set(ProductionRun.objects.values_list(spools).get(pk=run.pk)[0])


def _require_unnamed(run, lines, spool):
    if spool.pk in {line.spool_id for line in lines}:
        raise DuplicateSpool(
            _("Run %(run)s names spool %(spool)s already: what is reported of it is the run's.")
            % {"run": run.number, "spool": spool.code},
            errors={"spool": [_("A spool can be on one line of a run only.")]},
            spool_ids=[spool.pk],
        )


def _require_in_time(run, *, at):
    hours = windows.after()
    if run.finished_at is None or run.finished_at + hours >= at:
        return
    figures = {"hours": format_number(hours.total_seconds() / 3600), "run": run.number}
    figures["finished_at"] = format_moment(run.finished_at)
    raise TooLate(
        _(
            "Run %(run)s ended at %(finished_at)s, more than %(hours)s hours ago. Correct what it "
            "took instead."
        )
        % figures,
        run_id=run.pk,
        finished_at=run.finished_at.isoformat(),
    )


def _refuse_printing(run, spool):
    others = RunMaterial.objects.drawing().filter(spool=spool).exclude(run=run)
    if other := others.select_related("run").order_by("pk").first():
        raise SpoolPrinting(
            _("Run %(other)s prints from spool %(spool)s: what is reported of it is that run's.")
            % {"other": other.run.number, "spool": spool.code},
            run_id=other.run_id,
            spool_id=spool.pk,
        )


def _new_line(run, lines, spool, *, overridden):
    """A line with the requirement that the spool meets; of the spool's own filament where none
    does, and that is overridden, or the run has no materials."""
    slot = PrinterSlot.objects.filter(printer=run.printer_id, spool=spool).first()
    line = RunMaterial(run=run, spool=spool, slot=slot, expected_grams=ledger.ZERO)
    met = next((each for each in lines if claims.matches(each, spool)), None)
    if met is None and lines and not overridden:
        wanted = ", ".join(sorted({str(each.filament or each.material_type) for each in lines}))
        figures = {"spool": spool.code, "filament": spool.filament, "wanted": wanted}
        raise IncompatibleSpool(
            _(
                "Spool %(spool)s holds %(filament)s, the run asks for %(wanted)s. If it was "
                "printed from this spool all the same, a manager overrides this."
            )
            % figures,
            errors={"spool": [_("Holds %(filament)s, not %(wanted)s.") % figures]},
            spool_id=spool.pk,
            wanted=wanted,
        )
    line.filament = met.filament if met else spool.filament
    line.material_type = met.material_type if met else None
    return line


def _reported(run, spool):
    """Meters of no run, by devices of the run's printer or of several, in the time of the run.
    Raises NothingReported."""
    found = _within(run, UsageMeter.objects.outside_runs().standing().filter(spool=spool))
    found = found.filter(grams__gt=0).select_related("token", "entry", "by").order_by("pk")
    if found := [meter for meter in found if taking.is_of(meter, run)]:
        return found
    raise NothingReported(
        _("Nothing was reported of spool %(spool)s for the time of run %(run)s, or a run has it.")
        % {"spool": spool.code, "run": run.number},
        run_id=run.pk,
        spool_id=spool.pk,
    )


def _within(run, found):
    found = found.filter(started_at__gte=run.started_at - windows.before())
    if run.finished_at is not None:
        found = found.filter(started_at__lte=run.finished_at + windows.after())
    return found


def _book(book, run, line, spool, found):
    """Book what meters, which are closed, have posted as what the line of a run that is over
    took."""
    balance = spool.remaining_grams
    counts = InventoryTransaction.objects.counts().filter(spool=spool)
    is_counted = counts.filter(pk__gt=min(meter.entry_id for meter in found)).exists()
    for meter in found:
        settling.reverse(book, meter.entry, reason=taking.TAKEN)
        line.metered_grams += meter.grams
        meter.run_material, meter.entry = line, None
        book.relink_meter(meter)
    reported.fill([line], book=book)
    used = line.actual_total_grams
    if is_counted:
        _keep(book, spool, balance, used)
    details = details_of(run)
    take = book.waste if details.pop("kind", None) else book.consume
    details |= {"settle": True, "is_reported": True, "occurred_at": min(run.finished_at, book.at)}
    entry = take(spool, used, run=run, **details)
    reported.relink(book, line, entry)
    restore([spool], by=book.by, at=book.at)


def _keep(book, spool, balance, grams):
    """Count the spool so that the balance is what it was once ``grams`` are taken: what was weighed
    since they were reported stays. What rounding makes of it is none."""
    wanted = balance + grams
    off = abs(wanted - spool.remaining_grams)
    if off > ROUNDING or spool.remaining_grams < grams:
        book.count(spool, wanted, reason=COMPENSATED)
