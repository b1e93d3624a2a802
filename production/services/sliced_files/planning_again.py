"""A sliced file that comes again is planned as it was the last time, once until that is over."""

from production.models import ProductionRun, SlicedFile
from production.services.sliced_files import planning, proposing
from tenants.operations.operation import operation


@operation("sliced_file.plan_again")
def plan_again(file, *, printer, by, plate=None):
    """The runs of a file, or of one ``plate`` of it, for a printer: those that wait or print there
    already, else new ones, planned as the same file was before; [] where it was not.

    Raises as `planning.plan` does.
    """
    # Whoever sends the same file at the same time waits for it.
    same = SlicedFile.objects.filter(sha256=file.sha256).order_by("pk")
    list(same.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    if open_runs := _open_runs(file, printer, plate):
        return open_runs
    chosen = {plate} if plate else {each["index"] for each in file.plates}
    known = [each for each in proposing.propose(file) if each.plate in chosen]
    is_known = all(each.reason == proposing.SAME_FILE for each in known)
    if not known or not is_known or {each.plate for each in known} != chosen:
        return []
    return planning.plan(file, plates=sorted(chosen), printer=printer, by=by)


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
