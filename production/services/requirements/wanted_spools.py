"""The spools that an open run wants: for its lines, or for a slot of its printer."""

from dataclasses import dataclass

from production.models import PrinterSlot, ProductionRun, RunMaterial
from production.services.requirements import claims, fitting_spools

MOST_RUNS = 10  # of a printer, that are looked through for what is not loaded
FILAMENT = ("manufacturer", "material_type")
WITH = [f"{path}__{name}" for path in ("spool__filament", "filament") for name in FILAMENT]
Status = ProductionRun.Status


@dataclass(frozen=True, kw_only=True)
class WantedSpool:
    """What a line wants, and the FittingSpools, best first. ``grams`` are None where the need is
    not known; a line that ``is_swapped`` prints, and would go on from another spool."""

    line: RunMaterial
    grams: object
    is_swapped: bool
    spools: list


def of_run(run, *, most=fitting_spools.MOST):
    """WantedSpools of a planned run, line by line; of one in progress of what it prints from; of a
    closed one none. Five queries at most."""
    if not run.is_open:
        return []
    lines = RunMaterial.objects.filter(run=run).select_related(*WITH, "material_type")
    lines = list(lines.order_by("pk"))
    is_swapped = run.status == Status.IN_PROGRESS
    if is_swapped:
        lines = [line for line in lines if line.spool_id and not line.is_swapped_out]
    return _wanted(run, lines, most=most, is_swapped=is_swapped)


def of_slot(slot, *, most=fitting_spools.MOST):
    """The next run of the slot's printer that wants a spool which is not in the printer, and its
    WantedSpools that may go into this slot; None and none where there is no such run. Six queries.
    """
    runs = ProductionRun.objects.open().on_printer(slot.printer_id).filter(finished_at=None)
    runs = {run.pk: run for run in runs.queue()[:MOST_RUNS]}
    rows = PrinterSlot.objects.filter(printer=slot.printer_id, spool__isnull=False).with_spool()
    loaded = [each.spool for each in rows if each.pk != slot.pk]
    lines = RunMaterial.objects.filter(run__in=runs).select_related(*WITH, "material_type")
    open_lines = {}
    for line in lines.order_by("pk"):
        if not _is_loaded(line, loaded) and line.slot_id in (None, slot.pk):
            open_lines.setdefault(line.run_id, []).append(line)
    run = next((run for pk, run in runs.items() if pk in open_lines), None)
    if run is None:
        return None, []
    return run, _wanted(run, open_lines[run.pk], most=most)


def _is_loaded(line, loaded):
    """Whether the printer has what the line takes, or it takes nothing more."""
    if line.spool_id:
        return line.is_swapped_out or any(spool.pk == line.spool_id for spool in loaded)
    return not line.planned_total_grams or any(claims.matches(line, spool) for spool in loaded)


def _wanted(run, lines, *, most, is_swapped=False):
    found = fitting_spools.of_lines(run, lines, most=most, is_swapped=is_swapped)
    return [
        WantedSpool(
            line=line,
            grams=fitting_spools.needed_grams(line, is_swapped=is_swapped),
            is_swapped=is_swapped,
            spools=found[line.pk],
        )
        for line in lines
    ]
