"""Which fields of a run can be changed in which status."""

from django.utils.translation import gettext as _

from production.models import ProductionRun
from tenants.operations.refusals import Refusal
from tenants.operations.text import humanize_name

Status = ProductionRun.Status

ALWAYS_EDITABLE = {"notes", "external_id"}
EDITABLE = {
    Status.PLANNED: ALWAYS_EDITABLE
    | {"printer", "plate_count", "priority", "due_on", "planned_start_at", "planned_minutes"},
    Status.IN_PROGRESS: ALWAYS_EDITABLE | {"priority", "due_on", "actual_minutes"},
}


class FieldLocked(Refusal):
    code = "field_locked"
    title = "This can't be changed any more"


def require_editable(run, changed):
    """Raise FieldLocked where the names of fields include some that the status has closed."""
    locked = sorted(changed - EDITABLE.get(run.status, ALWAYS_EDITABLE))
    if not locked:
        return
    status, names = humanize_name(run.status), ", ".join(map(humanize_name, locked))
    error = _("Closed since the run is %(status)s.") % {"status": status}
    raise FieldLocked(
        _("Run %(run)s is %(status)s: %(locked)s can't be changed any more.")
        % {"run": run.number, "status": status, "locked": names},
        errors={name: [error] for name in locked},
    )
