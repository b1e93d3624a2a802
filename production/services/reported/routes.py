"""Which line of a run a report is of: the spool tells the printer, the printer tells the run."""

from typing import NamedTuple

from django.utils import timezone

from production.models import ProductionRun, RunMaterial
from production.services.reported import windows
from tenants.operations.compiled import ID, compiled

COLUMNS = (
    "pk", "run__printer", "run__finished_at", "actual_grams", "metered_before_grams",
    "spool__printer_slot__printer",
)  # fmt: skip


class Candidate(NamedTuple):
    """A line of a run in progress that names the spool."""

    line: int
    printer: int | None
    finished_at: object
    actual_grams: object
    metered_before_grams: object
    slot_printer: int | None

    @property
    def draws(self):
        is_swapped_out = self.actual_grams is not None and self.metered_before_grams is None
        return self.finished_at is None and not is_swapped_out


@compiled(number=ID)
def _candidates(number):
    lines = RunMaterial.objects.filter(spool__number=number, run__deleted_at=None)
    lines = lines.filter(run__status=ProductionRun.Status.IN_PROGRESS).order_by("pk")
    return lines.values_list(*COLUMNS)


def lock_line(number, *, token, at, waits=True):
    """As `run_lines.register` asks: the run's status is read again under the lock of its line."""
    found = find(number, token=token, at=at)
    lines = RunMaterial.objects.filter(pk=found).order_by()
    lines = lines.select_for_update(no_key=True, of=("self",), skip_locked=not waits)
    if found is None or not lines:
        return None
    return found if find(number, token=token, at=at) == found else None


def find(number, *, token, at=None):
    """The id of the line of a run in progress that a report of the spool is of, or None.

    The printer is that of the token, else the one in whose slot the spool is, and the run the one
    that it prints. Where no printer is known, or it prints nothing, it is the only run that prints
    from the spool. What was finished takes what is reported late.
    """
    rows = [Candidate(*row) for row in _candidates(number=number)]
    if not rows:
        return None
    printing = [row for row in rows if row.finished_at is None]
    named = token.printer_id if token else None
    if printer := named or rows[0].slot_printer:
        if own := [row for row in printing if row.printer == printer]:
            return own[0].line
        if ProductionRun.objects.printing().filter(printer=printer).exists():
            return None
        if named:
            printing = [row for row in printing if row.printer is None]
    drawing = [row for row in printing if row.draws] or printing
    if drawing:
        return drawing[0].line if len(drawing) == 1 else None
    late = [row for row in rows if windows.is_late(row.finished_at, at or timezone.now())]
    return max(late, key=lambda row: row.finished_at).line if late else None
