"""Meters of what devices report of a spool, and how they become entries of the ledger.

`metering` counts reports in them; the ledger closes them by what is here.
One that no run has is open for an hour at most, and while reports come. Each becomes one entry,
posted by the ledger before anything else is done to its spool. Those of a run are not closed here.
Metering is no change of the spool: it moves no version, and leaves no event.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils.translation import ngettext

from inventory.models import UsageMeter
from inventory.models.ledger import DEVICE
from tenants.operations.bulk import bulk_update
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.quantities import GramsField
from tenants.operations.quantities import grams as to_grams
from tenants.operations.text import format_time, half_up

REPORTED = "reported"  # the reason of the entry
LONGEST = timedelta(hours=1)  # from its first report on
QUIET = timedelta(minutes=15)  # since its last one
# What changes of a meter when it ends, or goes on after all.
WRITTEN = (
    *("closed_at", "entry", "run_material", "spool", "is_apart"),
    *("grams", "reports", "repeats", "started_at", "last_report_at"),
)
# Whether a farm has some, as `database_role.rows_of_each` asks.
IS_DUE = """
SELECT {name} WHERE EXISTS (
    SELECT FROM {schema}.inventory_usagemeter
    WHERE closed_at IS NULL AND run_material_id IS NULL AND (
        started_at <= now() - interval '1 hour' OR started_at > now() + interval '15 minutes'
        OR last_report_at <= now() - interval '15 minutes'
    )
)
"""


def due(now):
    """Those to be closed by now, also where the clock was set back since."""
    is_old = Q(started_at__lte=now - LONGEST) | Q(started_at__gt=now + QUIET)
    return (
        UsageMeter.objects.outside_runs().open().filter(is_old | Q(last_report_at__lte=now - QUIET))
    )


def is_due(meter, now):
    is_old = not now - LONGEST < meter.started_at <= now + QUIET
    return is_old or meter.last_report_at <= now - QUIET


def open_ones(spools):
    """Open meters of the spools, by their ids, which no run has."""
    return _open(spools=list(spools))


@compiled(spools=IDS)
def _open(spools):
    found = UsageMeter.objects.outside_runs().open().filter(IsOneOf("spool_id", spools))
    return found.select_related("token", "by").order_by("spool", "pk")


def open_ones_of_lines(lines):
    """Open meters of lines of runs, by their ids."""
    found = UsageMeter.objects.open().filter(run_material__in=lines)
    found = list(found.select_related("token", "by", "run_material").order_by("pk"))
    of_run = {meter.run_material_id: meter.run_material for meter in found}
    for meter in found:  # one object, as each is written
        meter.run_material = of_run[meter.run_material_id]
    return found


def lower(meter, spool, grams, *, at):
    """Take back ``grams`` of what the meter, whose spool and line are locked, has. One of a run
    that has none any more is closed, and of none; the line reserves them again, unless it reserved
    none."""
    before, meter.grams = meter.grams, meter.grams - grams
    spool.metered_grams -= grams
    meter.reports += 1
    meter.last_report_at = max(meter.last_report_at, at)
    if line := meter.run_material:
        if line.reserved_grams:
            again = half_up(before, GramsField.places) - half_up(meter.grams, GramsField.places)
            line.reserved_grams += again
            spool.reserved_grams += again
        line.lower_metered(grams)
        line.save(
            update_fields=[
                *("metered_grams", "metered_before_grams", "reserved_grams", "actual_grams")
            ]
        )
        if not meter.grams:
            meter.closed_at, meter.run_material = at, None
    meter.save()


def close(book, open_ones):
    """Post each of the meters to the book of their spools; returns those that are closed.

    What is less than half a microgram is dropped. More than is on a spool by the book is settled,
    and kept as its excess. A book as of a moment leaves out what began after it.
    """
    closed = []
    for meter in open_ones:
        spool = book.spools[meter.spool_id]
        at = book.moment_of(spool)
        if book.is_dated and meter.started_at > at:
            continue
        spool.metered_grams -= meter.grams
        meter.closed_at = at
        meter.entry = post(book, meter, at=at)
        book.touch(spool)
        closed.append(meter)
    return closed


def post(book, meter, *, at=None):
    """Post what the meter has to the book of its spool; returns the entry, None of nothing."""
    spool = book.spools[meter.spool_id]
    grams, at = half_up(meter.grams, GramsField.places), at or book.moment_of(spool)
    if not grams:
        return None
    return book.consume(spool, grams, settle=True, is_reported=True, at=at, **_details(meter, at))


def merge(meter, into):
    """Let ``into``, of the same spool, have what another meter had, which is gone then."""
    into.grams += meter.grams
    into.reports += meter.reports
    into.repeats += meter.repeats
    into.started_at = min(into.started_at, meter.started_at)
    into.last_report_at = max(into.last_report_at, meter.last_report_at)
    meter.delete()


def in_book(spool, net):
    """What the book has to say for ``net`` grams to be on the spool: what meters of runs have of
    it is still to come off."""
    return to_grams(net + spool.metered_grams)


def pending(book, spool):
    """What meters have of the spool as of the moment of the book, and is still to come off it."""
    if not (book.is_dated and spool.metered_grams):
        return in_book(spool, 0)
    begun = UsageMeter.objects.open().filter(spool=spool, started_at__lte=book.at)
    return to_grams(sum(meter.grams for meter in begun))


def write(changed):
    """Write meters that were closed or opened, once their entries are there."""
    for meter in changed:
        meter.entry_id = meter.entry and meter.entry.pk
    bulk_update(changed, WRITTEN)


def _details(meter, at):
    return {
        "reason": REPORTED,
        "note": _note(meter),
        "by": meter.by,
        "via": DEVICE,
        "occurred_at": min(meter.started_at, at),
    }


def _note(meter):
    message = ngettext(
        "%(device)s: %(count)s report, %(first)s–%(last)s",
        "%(device)s: %(count)s reports, %(first)s–%(last)s",
        meter.reports,
    )
    if meter.repeats:
        again = ngettext(
            "%(note)s; %(repeats)s was a repeat",
            "%(note)s; %(repeats)s were repeats",
            meter.repeats,
        )
        message = again % {"note": message, "repeats": meter.repeats}
    return message % {
        "device": " / ".join(
            filter(None, (str(meter.token or meter.by or ""), meter.printer_name))
        ),
        "count": meter.reports,
        "first": format_time(meter.started_at),
        "last": format_time(meter.last_report_at),
    }
