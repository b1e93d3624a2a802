"""Undo of spools that were chosen for several runs at once: one press did it, one takes it back."""

from django.db import transaction
from django.utils import timezone

from production.models import ProductionRun, RunEvent
from production.services import run_state
from production.services.requirements import bom
from production.services.undo import put_back
from tenants.operations.refusals import Refusal

VERB = "assign_spools"


def same_press(event):
    """The RunEvents of what was done to runs by one press; of most verbs it is one."""
    return RunEvent.objects.filter(verb=event.verb, by=event.by_id, at=event.at)


def put_all_back(run, done, *, by):
    """Take back the spools that a RunEvent of a run, ``done``, and others of the same press have
    chosen; returns the run. Another run that something was done to since stays as it is. Raises as
    `put_back.put_back` does for the run."""
    events = {event.run_id: event for event in same_press(done).select_related("run")}
    _lock(events)
    at = timezone.now()
    for pk in sorted(events.keys() - {run.pk}):
        try:
            with transaction.atomic():
                put_back.put_back(events[pk].run, events[pk], by=by, at=at)
        except (Refusal, ProductionRun.DoesNotExist):
            continue
    return put_back.put_back(run, done, by=by, at=at)


def _lock(run_ids):
    """In the order of all verbs, as each by itself would be locked after the one before."""
    runs = ProductionRun.objects.filter(pk__in=run_ids)
    products = runs.order_by().values_list("items__product", flat=True)
    bom.locked({pk for pk in products if pk})
    spools = runs.order_by().values_list("materials__spool", flat=True)
    run_state.lock_many(list(run_ids), {pk for pk in spools if pk})
