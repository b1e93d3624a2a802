"""Taking back what one did last: within half an hour, while nobody did anything after it."""

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from production.models import RunEvent
from production.services import completion, lifecycle, moves
from production.services.overrides import UNDO_FOR
from tenants.errors import Refusal
from tenants.operations import operation

WAYS_BACK = {
    "start": ("unstart", lifecycle.unstart),
    "complete": ("revert", completion.revert),
    "fail": ("revert", completion.revert),
    "cancel": ("revert", completion.revert),
}


class NothingToUndo(Refusal):
    """Something was done to the run since, or it was undone already."""

    code = "nothing_to_undo"
    title = "This can't be undone any more"


def last(*, by, at=None):
    """The RunEvent of the last verb that ``by`` moved a run on with, if it can be undone; else
    None. One query."""
    since = (at or timezone.now()) - UNDO_FOR
    moved = RunEvent.objects.exclude(from_status=F("to_status"))
    later = moved.filter(run=OuterRef("run"), pk__gt=OuterRef("pk"))
    own = moved.filter(by=by, at__gte=since, run__deleted_at__isnull=True)
    own = own.annotate(is_past=Exists(later)).select_related("run").order_by("-pk")
    event = own.first()
    return event if event and event.verb in WAYS_BACK and not event.is_past else None


@operation("production_run.undo")
def undo(run, *, event, by):
    """Take back what the RunEvent of id ``event`` says was done to the run; returns the run.

    Raises NothingToUndo where that is not the last move of the run, and what the way back raises.
    """
    name, way_back = WAYS_BACK[_require_last(run, event).verb]
    moves.lock(run, name)
    _require_last(run, event)  # again: somebody may have been faster to the lock
    return way_back(run, by=by)


def _require_last(run, event):
    move = run.events.exclude(from_status=F("to_status")).order_by("-pk").first()
    if move is None or move.pk != event or move.verb not in WAYS_BACK:
        raise NothingToUndo(f"Something else was done to run {run.number} since.", run_id=run.pk)
    return move
