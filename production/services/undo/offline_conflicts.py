"""What was pressed without a network, and is sent when it is back: by then somebody else may have
done something to the same run or slot, which the one who pressed could not know of."""

from django.db.models import Q

from inventory.models import SpoolEvent
from production.services.undo.loads import PLACES
from production.services.undo.undo import CALLED
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment, humanize_name


class ChangedMeanwhile(Refusal):
    """Somebody else was faster; what waited may no longer be right."""

    code = "changed_meanwhile"
    title = "Something happened while this waited"


def require_unchanged(run, *, since, by):
    """Raise ChangedMeanwhile where others than ``by`` did something to the run after ``since``."""
    later = run.events.filter(at__gt=since).exclude(by=by).select_related("by").last()
    if later is not None:
        done = CALLED.get(later.verb) or f"did “{humanize_name(later.verb)}” to"
        what = f"{done} run {run.number}"
        raise _changed(later, what, run_id=run.pk)


def require_unmoved(slot, *, since, by):
    """Raise ChangedMeanwhile where others loaded or emptied the slot after ``since``."""
    of_slot = Q(before=str(slot)) | Q(after=str(slot))
    events = SpoolEvent.objects.filter(of_slot, verb__in=PLACES, at__gt=since).exclude(by=by)
    later = events.select_related("by", "spool").order_by("-pk").first()
    if later is not None:
        verb = "put into" if later.verb == SpoolEvent.Verb.LOADED else "took out of"
        what = f"{verb} {slot} spool {later.spool.code}"
        raise _changed(later, what, slot_id=slot.pk)


def _changed(event, what, **numbers):
    who = event.by or "the system"
    return ChangedMeanwhile(
        f"While this waited for the network, {who} {what}, at {format_moment(event.at)}. "
        "Look whether it is still right, and do it again then.",
        **numbers,
    )
