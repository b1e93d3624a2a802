"""Until the start, the plan of a line by a sliced file follows the filament and the printer that it
is printed with: the slicer's grams are multiplied by the correction that was accepted for these."""

from copy import copy

from django.utils.translation import gettext as _

from inventory.models import Spool
from inventory.services import ledger
from production.models import GramsSource, RunMaterial, SlicerCorrection
from production.models.corrections import factor_text
from production.services import run_state
from production.services.requirements import by_file, claims
from tenants.operations.bulk import bulk_update

CORRECTED = (GramsSource.SLICER, GramsSource.DERIVED)  # not what was typed
FIELDS = ("slicer_factor", "planned_grams", "planned_purge_grams", "planned_source")


def follow_spools(run, lines, chosen, spools):
    """Let lines that get spools, ``{line id: spool}``, follow these; returns what changed as a
    sentence. ``spools`` by id are those that they have. Lines are not saved."""
    own = {line.pk: spools.get(line.spool_id) for line in lines}
    was = _printed_with(lines, own, run.printer_id)
    now = _printed_with(lines, own | chosen, run.printer_id)
    return _follow(run, lines, was, now)


def factors_of_start(runs):
    """What lines without a spool may be multiplied by at the start, by what is loaded: ``{(filament
    id, printer id): factor}`` of planned runs with their materials and slots. One query at most."""
    pairs = {
        (slot.spool.filament_id, run.printer_id)
        for run in runs
        if run.printer and any(map(is_open, run.materials.all()))
        for slot in run.printer.slots.all()
        if slot.spool_id
    }
    return SlicerCorrection.objects.factors(pairs) if pairs else {}


def as_started(run, line, spool, factors):
    """A line without a spool as it is planned once the run is started with this one, by the
    `factors_of_start`; the line itself stays as it is."""
    [was], [now] = (
        _printed_with([line], {line.pk: each}, run.printer_id).values() for each in (None, spool)
    )
    if was == now or not is_open(line):
        return line
    line = copy(line)
    by_file.apply_factor(line, factors[now], run.copies)
    return line


def follow_printer(run, former, **booked):
    """Let the locked run's lines, and what they reserve, follow its printer, where ``former`` is
    the id of another. Returns what changed as a sentence."""
    lines = [line for line in run_state.lock_lines(run) if line.sliced_slot is not None]
    if not lines:
        return ""
    with ledger.book([line.spool_id for line in lines], **booked) as book:
        own = {line.pk: book.spools.get(line.spool_id) for line in lines}
        printed = [_printed_with(lines, own, printer) for printer in (former, run.printer_id)]
        planned = {line.pk: line.planned_total_grams for line in lines}
        remark = _follow(run, lines, *printed, book=book)
        for line in lines:
            if line.planned_total_grams != planned[line.pk]:
                claims.place(book, line, own[line.pk], line.planned_total_grams)
    if remark:
        bulk_update(lines, (*FIELDS, "reserved_grams"))
    return remark


def renew(run):
    """Take the factors that are current for the lines of a locked run, whatever they are printed
    with; their grams are left to who plans them anew. Returns what changed as a sentence."""
    lines = run_state.lock_lines(run)
    spools = Spool.objects.in_bulk([line.spool_id for line in lines if line.spool_id])
    own = {line.pk: spools.get(line.spool_id) for line in lines}
    now = _printed_with(lines, own, run.printer_id)
    remark = _follow(run, lines, {}, now)
    for line in lines if remark else ():
        RunMaterial.objects.filter(pk=line.pk).update(slicer_factor=line.slicer_factor)
    return remark


def is_open(line):
    """Whether its grams follow the spool that it gets."""
    return line.spool_id is None and line.sliced_source in CORRECTED


def _printed_with(lines, spools, printer):
    """``{line id: (filament id, printer id)}`` that lines are printed with, as far as that is
    known: ``spools`` are theirs, by the id of the line."""
    found = {line.pk: spools.get(line.pk) for line in lines}
    return {
        line.pk: (spool.filament_id if (spool := found[line.pk]) else line.filament_id, printer)
        for line in lines
    }


def _follow(run, lines, was, now, *, book=None):
    """Bring lines of a planned run to the factors that are current for what they are printed with,
    where that is another filament or printer (`_printed_with`); what somebody typed stays. Returns
    what it did as a sentence, "" where it changed nothing; lines are not saved. One query at most.
    """
    moved = [each for each in lines if was.get(each.pk) != now[each.pk]]
    moved = [each for each in moved if each.sliced_source in CORRECTED and run.copies]
    factors = SlicerCorrection.objects.factors({now[line.pk] for line in moved}) if moved else {}
    texts = []
    for line in moved:
        former, factor = line.slicer_factor, factors[now[line.pk]]
        if factor != former:
            by_file.apply_factor(line, factor, run.copies, lines=lines, book=book)
            text = _("Slot %(slot)s: %(factor)s times the slicer's grams, %(former)s before.")
            figures = {"factor": factor_text(factor), "former": factor_text(former)}
            texts.append(text % {"slot": line.sliced_slot, **figures})
    return " ".join(texts)
