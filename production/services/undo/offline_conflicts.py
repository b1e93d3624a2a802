"""What was done without a network, and is sent when it is back: by then others may have done
something to the same run or slot."""

from django.utils.translation import gettext as _

from inventory.models import SpoolEvent
from production.services.transitions import EVENTS
from production.services.undo.loads import PLACES
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment


class ChangedMeanwhile(Refusal):
    code = "changed_meanwhile"
    title = "Something happened while this waited"


def require_unchanged(run, *, since, by):
    """Raise ChangedMeanwhile where others than ``by`` did something to the run after ``since``."""
    later = run.events.filter(at__gt=since).exclude(by=by).select_related("by").last()
    if later is not None:
        done = EVENTS[later.verb].done % {"run": run.number}
        raise _changed(later, done, run_id=run.pk)


def require_unmoved(slot, *, since, by):
    """Raise ChangedMeanwhile where others loaded or emptied the slot after ``since``."""
    events = SpoolEvent.objects.filter(slot=slot, verb__in=PLACES, at__gt=since).exclude(by=by)
    later = events.select_related("by", "spool").order_by("-pk").first()
    if later is not None:
        done = _("took spool %(spool)s out of %(slot)s")
        if later.verb == SpoolEvent.Verb.LOADED:
            done = _("put spool %(spool)s into %(slot)s")
        raise _changed(later, done % {"spool": later.spool.code, "slot": slot}, slot_id=slot.pk)


def _changed(event, done, **numbers):
    message = _(
        "While this waited for the network, %(person)s %(done)s, at %(moment)s. Look whether it is "
        "still right, and do it again then."
    )
    figures = {"person": event.by or _("the system"), "moment": format_moment(event.at)}
    return ChangedMeanwhile(message % {"done": done, **figures}, **numbers)
