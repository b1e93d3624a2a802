"""What a slicer sends is planned as it is proposed, once until that is over."""

from production.models import ProductionRun, SlicedFile
from production.services.sliced_files import planning, spools
from production.services.sliced_files.figures import SlotChoice
from tenants.operations.operation import operation


@operation("sliced_file.plan_once")
def plan_once(file, *, printer, by, plate=None):
    """The runs of a file, or of one ``plate`` of it, for a printer: those that wait or print there
    already, else new ones, planned as is proposed, of the spools that the printer has loaded.

    Raises as `planning.plan` does.
    """
    # Whoever sends the same file at the same time waits for it.
    same = SlicedFile.objects.filter(sha256=file.sha256).order_by("pk")
    list(same.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    if open_runs := _open_runs(file, printer, plate):
        return open_runs
    plates = [plate] if plate else None
    loaded = list(_loaded(file, printer, plates))
    return planning.plan(file, plates=plates, slots=loaded, printer=printer, by=by)


def _loaded(file, printer, plates):
    """The SlotChoices of what is in the printer: what is on the shelf is chosen at the start."""
    for matched in spools.propose(file, printer=printer, plates=plates) if printer else ():
        chosen = matched.chosen
        if chosen and any(reason.code == "loaded" for reason in chosen.reasons):
            yield SlotChoice(slot=matched.wanted.slot, spool=chosen.spool)


def _open_runs(file, printer, plate):
    """Of each plate the run that prints, else the first that is planned."""
    live, found = ProductionRun.objects.live(), {}
    runs = (live.planned() | live.printing()).filter(sliced_file__sha256=file.sha256)
    for run in runs.filter(printer=printer).order_by("pk"):
        plates = tuple(run.sliced_plates or ())
        is_wanted = plate in plates if plate else True
        if is_wanted and (plates not in found or run.is_printing):
            found[plates] = run
    return list(found.values())
