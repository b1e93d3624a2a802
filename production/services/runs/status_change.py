"""A status that somebody asks for: there is no way to it but a verb."""

from production.models import ProductionRun
from production.services import completion, transitions
from production.services.runs import lifecycle
from tenants.operations.operation import operation
from tenants.operations.text import humanize_name

Status = ProductionRun.Status

VERBS = {
    "start": lifecycle.start,
    "unstart": lifecycle.unstart,
    "complete": completion.complete,
    "fail": completion.fail,
    "cancel": lifecycle.cancel,
    "revert": completion.revert,
}
WAYS = {
    (Status.PLANNED, Status.IN_PROGRESS): "start",
    (Status.IN_PROGRESS, Status.PLANNED): "unstart",
    (Status.IN_PROGRESS, Status.COMPLETED): "complete",
    (Status.IN_PROGRESS, Status.FAILED): "fail",
    (Status.PLANNED, Status.CANCELLED): "cancel",
    (Status.IN_PROGRESS, Status.CANCELLED): "cancel",
    (Status.COMPLETED, Status.IN_PROGRESS): "revert",
    (Status.FAILED, Status.IN_PROGRESS): "revert",
    (Status.CANCELLED, Status.IN_PROGRESS): "revert",
    (Status.CANCELLED, Status.PLANNED): "revert",
}


def verb_to(run, status):
    """The verb that leads the run to ``status``; None when it is there. Raises InvalidRunStatus."""
    if status in (None, run.status):
        return None
    verb = WAYS.get((run.status, status))
    if verb is None:
        raise _no_way(run, status)
    return verb


@operation("production_run.move")
def update_and_move(run, *, by, status=None, verb=None, override_reason="", **fields):
    """Change the run's own fields, then carry out ``verb``, which leads to ``status``: both or
    neither. Returns the run. Raises what they raise.

    A run fails for a reason: ``outcome_reason`` is the verb's, and no field to be changed.
    """
    words = {}
    if verb == "fail":
        words = {"reason": fields.pop("outcome_reason", None)}
    elif verb == "start":
        words = {"override_reason": override_reason}
    changed = lifecycle.update(run, by=by, override_reason=override_reason, **fields)
    return _move(changed, verb, status, by, words) if verb else changed


def _move(run, verb, status, by, words):
    moved = VERBS[verb](run, by=by, **words)
    moved = getattr(moved, "run", moved)  # a completion says more than the run
    if moved.status != status:
        raise _no_way(run, status)
    return moved


def _no_way(run, status):
    allowed = transitions.allowed(run.status)
    return transitions.InvalidRunStatus(
        f"Run {run.number} is {run.get_status_display().lower()}; no verb leads to "
        f"{humanize_name(status)} from there. Allowed now: "
        f"{', '.join(map(humanize_name, allowed))}.",
        errors={"status": [f"Not from {humanize_name(run.status)}."]},
        run_id=run.pk,
        run_status=run.status,
        allowed=allowed,
    )
