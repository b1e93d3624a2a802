"""Planned runs that follow what they were derived from: products, and their bills of materials."""

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace

from django.utils.translation import gettext as _

from production.models import Product, ProductionRun, RunEvent
from production.services import overrides, run_state
from production.services.requirements import bom, corrected, derived, limits
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal


class NothingDerived(Refusal):
    code = "nothing_derived"
    title = "The run's products have nothing to plan it by"


@contextmanager
def following(product, *, by, at=None):
    """Change the product, or its bill of materials, in the block: the planned runs that make it
    follow, with their reservations, and each has an event. Where a spool has too little it is
    short, as after a count. The caller owns the transaction."""
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    runs = ProductionRun.objects.planned().of_product(product).order_by("pk")
    runs = list(runs.select_for_update(no_key=True, of=("self",)))
    before = derived.figures_of_many(runs)
    yield
    after = derived.figures_of_many(runs)
    moved = [run for run in runs if before[run.pk] != after[run.pk]]
    if moved:
        changed, at = derived.follow(moved, before, after, by=by, at=at, allow_overclaim=True)
        _save(changed, by=by, at=at)


@operation("production_run.refresh_plan")
def refresh_plan(run, *, by, at=None, override_reason=""):
    """Take the plan of a planned run anew from its items, what was typed included; returns the run.

    Materials keep their spools; those that no bill of materials requires go. What the products do
    not say stays as it was typed. Raises NothingDerived, LimitExceeded, InsufficientInventory.
    """
    overridden = overrides.granted(override_reason, by=by)
    bom.locked(run.items.values_list("product", flat=True))
    run = run_state.lock(run, "refresh_plan")
    items = run_state.items_of(run)
    after = derived.figures(run, items, anew=True)
    if after == derived.NOTHING:
        raise NothingDerived(
            _("Run %(run)s makes nothing whose plates, minutes or materials are known.")
            % {"run": run.number},
            run_id=run.pk,
        )
    remark = corrected.renew(run)
    before = {run.pk: replace(after, materials={})}
    options = {"allow_overclaim": overridden, "anew": True}
    changed, at = derived.follow([run], before, {run.pk: after}, by=by, at=at, **options)
    if not overridden:
        limits.require_within(run, items, run_state.lines_of(run))
    reason = run_state.sentences(override_reason, remark)
    event = {"at": at, "reason": reason, "before": derived.as_before(changed)}
    return run_state.save(run, "refresh_plan", *derived.RUN_FIELDS, by=by, **event)


def _save(changed, *, by, at):
    """Write the runs of PlanChanges, and an event for each."""
    of_run = defaultdict(list)
    for change in changed:
        of_run[change.run].append(change)
    for run in of_run:
        run.version += 1
        run.updated_at = at
    bulk_update(list(of_run), (*derived.RUN_FIELDS, "version", "updated_at"))
    RunEvent.objects.bulk_create(
        run_state.event_of(
            run, "derive_plan", came_from=run.status, by=by, at=at, before=derived.as_before(mine)
        )
        for run, mine in of_run.items()
    )
