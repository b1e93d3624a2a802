"""The order of the queue is changed by hand."""

from decimal import MAX_PREC, Decimal, localcontext

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from production.models import ProductionRun, RunItem
from production.models.queue import queue_place
from production.services import run_state
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal

MOST_LISTED = 200
HALF = Decimal("0.5")


class NotInQueue(Refusal):
    code = "not_in_queue"
    title = "The run is not in the queue any more"


@operation("production_run.reorder")
def reorder(run, *, by, before=None, after=None, at=None):
    """Put a planned run directly before, or after, another one in the queue: it takes that one's
    priority. It stays there until its own priority or due date is changed. Returns the run.

    Raises Invalid unless it is given one run that is another, NotInQueue where that one is not
    planned any more.
    """
    other = _only(run, before, after)
    run = run_state.lock(run, "reorder")
    others = ProductionRun.objects.planned().exclude(pk=run.pk).annotate(place=queue_place())
    other = others.filter(pk=other.pk).first()
    if other is None:
        named = before or after
        message = _("Run %(run)s is not planned any more: look at the queue again.")
        raise NotInQueue(message % {"run": named.number}, run_id=named.pk)
    run.priority = other.priority
    run.queue_rank = _place_beside(other, others, is_before=before is not None)
    return run_state.save(run, "reorder", "priority", "queue_rank", by=by, at=at)


def by_printer():
    """``[(printer or None, its planned runs in their order)]``, those without a printer first, and
    whether there are more than these. Three queries."""
    items = RunItem.objects.select_related("product").order_by("pk")
    runs = ProductionRun.objects.planned().select_related("printer").queue()
    runs = list(runs.prefetch_related(Prefetch("items", items))[: MOST_LISTED + 1])
    found = {}
    for run in runs[:MOST_LISTED]:
        found.setdefault(run.printer, []).append(run)
    groups = sorted(found.items(), key=lambda group: group[0].name if group[0] else "")
    return groups, len(runs) > MOST_LISTED


def _only(run, before, after):
    if (before is None) == (after is None):
        raise Invalid(_("Name one run: the one before which, or after which, it prints."))
    other = before or after
    if other.pk == run.pk:
        field = "after" if before is None else "before"
        error = _("Run %(run)s can't be put beside itself.") % {"run": run.number}
        raise Invalid(error, errors={field: [error]})
    return other


def _place_beside(other, others, *, is_before):
    """In the middle between a run and the next one of its priority, or a day further where there
    is none."""
    beyond = others.filter(priority=other.priority)
    if is_before:
        nearest = beyond.filter(place__lt=other.place).order_by("-place").first()
    else:
        nearest = beyond.filter(place__gt=other.place).order_by("place").first()
    with localcontext(prec=MAX_PREC):  # exact
        if nearest is None:
            return other.place + (-1 if is_before else 1)
        return (other.place + nearest.place) * HALF
