"""Taking what was reported without a run into the line of one: each gram is in the book once."""

from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction, UsageMeter
from inventory.models.ledger import COMPENSATED
from inventory.services import ledger, meters, settling
from production.models import ESTIMATED, RunMaterial
from production.services.reported import lines as reported
from production.services.reported import windows
from tenants.operations.bulk import bulk_update
from tenants.operations.quantities import GramsField
from tenants.operations.text import format_number, half_up

TAKEN = "of_a_run"  # the reason of the reversal


def without_run(spools, *, since, until=None):
    """Meters of no run, of the spools by their ids, that began since then and stand."""
    found = UsageMeter.objects.outside_runs().standing().filter(spool__in=spools, grams__gt=0)
    found = found.filter(started_at__gte=since, is_apart=False)
    if until is not None:
        found = found.filter(started_at__lte=until)
    return list(found.select_related("token", "entry", "by").order_by("pk"))


def take(book, line, found, *, goes_on=True, is_since=False):
    """Let the line of a locked run have these meters of its spool: open while the run ``goes_on``,
    else closed. What they had posted is reversed; a weighed balance stays. A figure that was saved
    of it includes them, unless they are ``is_since``: reported later."""
    spool, before = book.spools[line.spool_id], reported.grams_of(line)
    going_on = {}
    if goes_on:
        own = reported.meters_of(book, [line])
        going_on = {meter.token_id: meter for meter in own if meter.closed_at is None}
    for meter in found:
        if meter.entry_id:
            _reverse(book, spool, meter.entry, goes_on=goes_on)
        line.metered_grams += meter.grams
        if goes_on and not is_since and line.metered_before_grams is not None:
            line.metered_before_grams += meter.grams
        if goes_on and line.is_reported:
            reported.fill_one(line, line.actual_source)
        if goes_on:
            _go_on(book, meter, line, going_on)
        else:
            _end(book, meter, line)
    freed = min(line.reserved_grams, reported.grams_of(line) - before)
    line.reserved_grams -= freed
    book.release(spool, freed)


def described(spool, found):
    """``25 g of spool ABC`` were in these meters, for the history of a run."""
    grams = format_number(half_up(sum(meter.grams for meter in found), GramsField.places))
    return _("%(grams)s g of spool %(spool)s") % {"grams": grams, "spool": spool.code}


def take_before_start(book, run, run_lines):
    """Let a run that starts have what was reported of its spools shortly before, unless it is of
    the run before; all else of no run ends with it."""
    since = book.at - windows.before()
    used = [line for line in run_lines if _is_used_since(book, line, since)]
    found = without_run([line.spool_id for line in used], since=since) if used else []
    for line in used:
        own = [meter for meter in found if meter.spool_id == line.spool_id]
        own = [meter for meter in own if is_of(meter, run)]
        if own and not _is_awaited(line, own[0]):
            take(book, line, own)
    end_others(book)


def leave_before_start(run, run_lines, *, by, at):
    """Let what a run took by `take_before_start` be of no run again, and reserved as before."""
    metered = [line for line in run_lines if line.metered_grams]
    with ledger.book([line.spool_id for line in metered], by=by, at=at) as book:
        for line in metered:
            due = line.planned_total_grams - line.reserved_grams
            again = max(min(reported.grams_of(line), due), ledger.ZERO)
            reported.detach(book, line)
            line.reserved_grams += again
            book.reclaim(book.spools[line.spool_id], again)
        bulk_update(metered, ("metered_grams", "reserved_grams"))


def take_since(book, run, run_lines, *, since):
    """Let a run that prints on have what was reported since it was closed."""
    used = [line for line in run_lines if _is_used_since(book, line, since)]
    ids = [line.spool_id for line in used]
    later = RunMaterial.objects.filter(spool__in=ids, run__started_at__gte=since)
    later = set(later.exclude(run=run).values_list("spool", flat=True)) if ids else set()
    for meter in without_run(ids, since=since, until=since + windows.after()) if ids else ():
        line = next(line for line in used if line.spool_id == meter.spool_id)
        if is_of(meter, run) and meter.spool_id not in later:
            take(book, line, [meter], is_since=True)
    end_others(book)


def end_others(book):
    """Post what open meters of no run have of the spools of the book."""
    metered = [spool.pk for spool in book.spools.values() if spool.metered_grams]
    taken = {meter.pk for meter in book.meters}
    if metered:
        rest = [meter for meter in meters.open_ones(metered) if meter.pk not in taken]
        book.meters += meters.close(book, rest)


def _is_used_since(book, line, since):
    spool = book.spools.get(line.spool_id)
    return spool is not None and spool.last_used_at is not None and spool.last_used_at >= since


def is_of(meter, run):
    """Whether the device may have reported it of the run's printer."""
    printer = meter.token and meter.token.printer_id
    return printer is None or printer == run.printer_id


def _is_awaited(line, meter):
    """Whether a run that is over, and was booked without a figure of its own, waits for it."""
    others = RunMaterial.objects.filter(
        spool=line.spool_id,
        run__deleted_at=None,
        run__finished_at__gte=meter.started_at - windows.after(),
        run__started_at__lte=meter.started_at,
        actual_source__in=ESTIMATED,
        metered_grams=0,
    )
    return others.exclude(run=line.run_id).exists()


def _go_on(book, meter, line, going_on):
    other = going_on.setdefault(meter.token_id, meter)
    is_merged = other is not meter
    if meter.closed_at is not None:
        book.reopen_meter(meter, into=other if is_merged else None)
        if not is_merged:
            meter.run_material = line
        return
    meter.run_material = line
    book.relink_meter(meter, into=other if is_merged else None)


def _end(book, meter, line):
    if meter.closed_at is None:
        book.end_meter(meter, None)
    meter.run_material, meter.entry = line, None
    book.relink_meter(meter)


def _reverse(book, spool, entry, *, goes_on):
    """What was weighed since stays: of a run that goes on, its open meter has the grams again."""
    counts = InventoryTransaction.objects.counts().filter(spool=spool, pk__gt=entry.pk)
    is_counted = counts.exists()
    balance = spool.remaining_grams - (entry.grams if goes_on else 0)
    settling.reverse(book, entry, reason=TAKEN)
    if is_counted and balance != spool.remaining_grams:
        book.count(spool, balance, reason=COMPENSATED)
