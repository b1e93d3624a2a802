"""Meters of the lines of a run: what it took by them, and how they end with it.

A line's actual is the sum of its meters where nobody weighed or typed another. They are open while
the run is in progress, and closed, with the one entry that they name, while it is over. The run,
its lines and their spools are locked.
"""

from django.utils.translation import gettext as _

from inventory.models import UsageMeter
from inventory.services.ledger import ZERO
from production.models import ActualSource, ProductionRun, source_of
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.quantities import GramsField
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number, half_up, humanize_name


class RunMetered(Refusal):
    code = "run_metered"
    title = "A device reported what the run took"


def refuse_metered(run, run_lines, verb, *, since=None):
    """Raise RunMetered where a device reported something of the run, ``since`` then."""
    if since is not None and not is_metered_since(run, since):
        return
    if metered := sum(line.metered_grams for line in run_lines):
        raise RunMetered(
            _(
                "A device reported %(grams)s g of run %(run)s, so “%(verb)s” is not possible. "
                "Complete, fail or cancel it."
            )
            % {"run": run.number, "grams": format_number(metered), "verb": humanize_name(verb)},
            run_id=run.pk,
            metered_grams=metered,
        )


def is_metered_since(run, since):
    """Also by a meter that had begun before."""
    found = UsageMeter.objects.filter(run_material__run=run, grams__gt=0)
    return found.filter(last_report_at__gt=since).exists()


def keep(run_lines):
    """Let lines of which nothing is to be booked take what was reported: it is on no spool."""
    none = [line for line in run_lines if line.metered_grams and not line.actual_total_grams]
    for line in none:
        line.actual_grams = line.actual_purge_grams = line.gross_after_grams = None
        line.actual_source = ""
    fill(none)


def grams_of(line):
    """What devices reported of it, to a microgram."""
    return half_up(line.metered_grams, GramsField.places)


def is_by_meter(line):
    """Whether its actual is what was reported: nobody said anything else."""
    is_unsaid = line.actual_grams is None and line.gross_after_grams is None
    return bool(line.metered_grams) and (is_unsaid or line.is_reported)


def fill(run_lines, *, book=None):
    """Write what was reported on the lines of which nobody said anything else; returns their ids.
    Where lines were given meters just now, these are in the ``book``.

    A device can't tell purge from part: purge is what was planned.
    """
    filled = [line for line in run_lines if is_by_meter(line)]
    if not filled:
        return set()
    found = _with_tokens(filled) if book is None else meters_of(book, filled)
    tokens = {}
    for meter in found:
        if meter.grams:
            tokens.setdefault(meter.run_material_id, []).append(meter.token)
    for line in filled:
        fill_one(line, source_of(tokens.get(line.pk, [None])))
    return {line.pk for line in filled}


def fill_one(line, source=ActualSource.METERED):
    """Write what was reported on a line."""
    used = grams_of(line)
    purge = min(line.planned_purge_grams, used)
    line.actual_grams, line.actual_purge_grams = used - purge, purge
    line.actual_source, line.added_grams = source, ZERO


def unsaid(run_lines):
    """Take what `fill` wrote off the lines again: while the run goes on, their meters tell."""
    for line in run_lines:
        if line.is_reported:
            line.actual_grams = line.actual_purge_grams = None
            line.actual_source = ""


def keep_meter(line):
    """Remember what was reported by the time that a figure of the line was given: what comes later,
    while it prints, is added to the figure. A correction leaves it as it was."""
    line.added_grams = ZERO
    if line.run.status != ProductionRun.Status.IN_PROGRESS:
        return
    is_saved = line.actual_grams is not None or line.gross_after_grams is not None
    goes_on = is_saved and line.run.is_printing
    line.metered_before_grams = line.metered_grams if goes_on else None


def is_going_on(line):
    """Whether a figure was saved of it while it printed."""
    return line.metered_before_grams is not None


def since(line):
    """Grams that were reported of a run in progress after its figure of the line was saved."""
    is_open = line.run.status == ProductionRun.Status.IN_PROGRESS
    return line.reported_since_grams if is_open else ZERO


def add_since(line):
    """Add to the actual of a line what was reported after it was saved."""
    if line.metered_before_grams is not None and line.actual_grams is not None:
        added = since(line)
        line.actual_grams += added
        line.added_grams += added
        line.metered_before_grams = line.metered_grams


def remaining_for(line, spool):
    """Net grams of the line's spool by the book, without what other meters have of it."""
    others = half_up(spool.metered_grams - line.metered_grams, GramsField.places)
    return spool.remaining_grams - max(others, ZERO)


def all_of(line, spool):
    """What the line took, if its spool is empty: all that the book has for it."""
    return max(remaining_for(line, spool), ZERO)


def surplus(line, grams):
    """How much more ``grams`` are than what was reported; below 0 where they are less."""
    return grams - grams_of(line)


def rest(line, grams):
    """What is still to be reserved of ``grams``, once what was reported of it is off its spool."""
    return max(grams - grams_of(line), ZERO)


def close(book, run_lines, entries):
    """Close the open meters of the lines; ``entries`` ({line id: entry}) took their grams."""
    for meter in meters_of(book, run_lines):
        if meter.closed_at is None:
            book.end_meter(meter, entries.get(meter.run_material_id))


def reopen(book, run_lines):
    """Open the meters of the lines of a run that goes on, whose entries were reversed."""
    going_on = {}
    for meter in sorted(meters_of(book, run_lines), key=lambda meter: meter.closed_at is not None):
        key = meter.spool_id, meter.token_id, meter.run_material_id
        if meter.closed_at is not None and meter.grams:
            book.reopen_meter(meter, into=going_on.get(key))
        if meter.closed_at is None:
            going_on.setdefault(key, meter)


def relink(book, line, entry, *, to=None):
    """Let the closed meters of a line name the entry that was posted for the one they had; ``to``
    is the line (it may be the same) of the spool that took it all, after a reassignment."""
    for meter in meters_of(book, [line]):
        meter.entry = entry
        if to is not None:
            meter.spool, meter.run_material = to.spool, to
        book.relink_meter(meter)


def detach(book, line):
    """Let the meters of a line that is not to take them be of no run, and go on by themselves."""
    first = {}
    for meter in meters_of(book, [line]):
        if meter.grams:
            meter.run_material = None
            book.relink_meter(meter, into=first.setdefault(meter.token_id, meter))
    line.metered_grams = ZERO
    if line.metered_before_grams is not None:
        line.metered_before_grams = ZERO


def meters_of(book, run_lines):
    """Meters of the lines, as the book is about to write them."""
    ids = [line.pk for line in run_lines if line.metered_grams]
    if not ids:
        return []
    found = {meter.pk: meter for meter in _of_lines(lines=ids)}
    found |= {meter.pk: meter for meter in book.meters if meter.pk}
    return [found[pk] for pk in sorted(found) if found[pk].run_material_id in ids]


@compiled(lines=IDS)
def _of_lines(lines):
    return UsageMeter.objects.filter(IsOneOf("run_material", lines)).order_by("pk")


def _with_tokens(run_lines):
    found = UsageMeter.objects.filter(run_material__in=run_lines, grams__gt=0)
    return found.select_related("token")
