"""A status set by PUT or PATCH: only a verb leads to it."""

from django.utils.translation import gettext as _

from production.services import run_state, transitions
from production.services.runs import lifecycle
from tenants.operations.operation import operation
from tenants.operations.text import humanize_name


def verb_to(run, status):
    """The verb that leads the run to ``status``; None when it is there. Raises InvalidRunStatus."""
    if status in (None, run.status):
        return None
    verb = transitions.leading_to(status, source=run.status)
    if verb is None:
        raise _no_verb(run, status)
    return verb


@operation("production_run.move")
def update_and_move(run, *, by, status=None, verb=None, override_reason="", **fields):
    """Change the run's own fields, then carry out ``verb``, which leads to ``status``: both or
    neither. Returns the run. Raises what they raise.

    A run fails for a reason: ``outcome_reason`` is the verb's, and no field to be changed.
    """
    kwargs = {}
    if verb == "fail":
        kwargs = {"reason": fields.pop("outcome_reason", None)}
    elif verb == "start":
        kwargs = {"override_reason": override_reason}
    changed = lifecycle.update(run, by=by, override_reason=override_reason, **fields)
    if not verb:
        return changed
    moved = transitions.TRANSITIONS[verb].call(changed, by=by, **kwargs)
    moved = getattr(moved, "run", moved)  # of a Completion
    if moved.status != status:
        raise _no_verb(changed, status)
    return moved


def _no_verb(run, status):
    error = _("Not from %(status)s.") % {"status": humanize_name(run.status)}
    message = _(
        "Run %(run)s is %(status)s; no verb leads to %(wanted)s from there. Allowed now: "
        "%(allowed)s."
    )
    return run_state.invalid_status(
        run, message, errors={"status": [error]}, wanted=humanize_name(status)
    )
