"""What other runs say of the slicer's grams: by filament, else by printer."""

from production.services import slicer_factors


def usual_factors(figures):
    """For each measured slot of a Variance the SlicedAndTaken of its filament in other runs, else
    of the printer, else None: ``{slot: ...}``. Of the latest other runs, as what is proposed as a
    correction. Seven queries at most; none without a file."""
    measured = [taken for taken in figures.slots if taken.factor is not None]
    if not measured:
        return {}
    runs = slicer_factors.newest().exclude(pk=figures.run.pk)
    filaments = {taken.slot: _filament(taken) for taken in measured}
    concerned = runs.of_filaments(set(filaments.values()) - {None})
    latest = {"latest": slicer_factors.LATEST}
    of_filament = {
        row.filament.pk: row
        for row in slicer_factors.of_runs(concerned, group_by="filament", **latest)
        if row.evident_runs
    }
    found = {slot: of_filament.get(filament) for slot, filament in filaments.items()}
    printer = figures.run.printer_id
    if printer is None or None not in found.values():
        return found
    of_printer = slicer_factors.of_runs(runs.on_printer(printer), group_by="printer", **latest)
    usual = next((row for row in of_printer if row.evident_runs), None)
    return {slot: row or usual for slot, row in found.items()}


def _filament(taken):
    """The id of the filament of the slot; None where it took several."""
    found = {line.spool.filament_id for line in taken.lines if line.spool_id}
    return found.pop() if len(found) == 1 else None
