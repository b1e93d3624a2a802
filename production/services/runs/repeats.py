"""Reprints and copies of runs, and runs recorded afterwards."""

from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil

from django.utils.translation import gettext as _

from inventory.services.ledger import ZERO
from production.models import PlanSource, ProductionRun
from production.services import run_state
from production.services.completion import complete
from production.services.completion.actuals import ItemCount
from production.services.requirements import bom, readiness
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem, NewMaterial
from tenants.operations.operation import operation, with_dry_run
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal

BILL, FILE, TYPED = PlanSource.BILL, PlanSource.FILE, PlanSource.TYPED
COPIED = ("printer", "priority", "notes")
OF_FILE = ("sliced_file", "sliced_plates", "sliced_seconds")
OF_SLOT = (
    *("sliced_slot", "sliced_grams", "sliced_purge_grams", "sliced_source"),
    "slicer_factor",
)


class NothingToReprint(Refusal):
    code = "nothing_to_reprint"
    title = "Everything came out good"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A product and what came out of it, in a run that was not planned."""

    product: object
    good_count: int
    scrapped_count: int = 0
    scrap_reason: object = None
    order_reference: str = ""


@operation("production_run.reprint")
def reprint(run, *, by, at=None, **fields):
    """Plan what was not good of a closed run again; returns the new run.

    It requires the same materials, in proportion, without naming spools; a part of a plate is not
    planned by the sliced file any more. ``fields`` are those of a planned run and go before the old
    run's. Raises NothingToReprint, InvalidRunStatus.
    """
    run = run_state.lock(run, "reprint")
    items = list(run.items.select_related("product").order_by("pk"))
    share = _share_to_repeat(items)
    if share == 0:
        raise NothingToReprint(
            _("Nothing of run %(run)s is missing.") % {"run": run.number}, run_id=run.pk
        )
    again = lifecycle.create(
        by=by,
        at=at,
        items=[_again(item, _missing(item), share) for item in items if _missing(item)],
        materials=_materials(_once(run.materials.order_by("pk")), share),
        reprint_of=run,
        **{
            "printer": run.printer,
            "priority": run.priority,
            **_typed(run, plate_count=max(ceil(run.plate_count * share), 1)),
            **_file_of(run, share),
            **fields,
        },
    )
    run_state.record(run, "reprint", came_from=run.status, by=by, at=again.created_at)
    return again


@operation("production_run.copy")
def copy(run, *, by, at=None, **fields):
    """Plan the same run once more, whatever became of it; returns the new run.

    It makes and requires the same, without naming spools; ``fields`` are those of a planned run
    and go before the old run's. Dates and the external id are not taken over. Raises
    LimitExceeded.
    """
    bom.locked(run.items.values_list("product", flat=True))
    run = run_state.lock(run, "copy")
    items = run_state.items_of(run)
    again = lifecycle.create(
        by=by,
        at=at,
        items=[_again(item, item.quantity, 1) for item in items],
        materials=_materials(_planned(run), 1),
        **{name: getattr(run, name) for name in COPIED}
        | _typed(run, plate_count=run.plate_count, planned_minutes=run.planned_minutes)
        | _file_of(run, 1)
        | fields,
    )
    run_state.record(run, "copy", came_from=run.status, by=by, at=again.created_at)
    return again


@with_dry_run
@operation("production_run.record")
def record(
    *, by, finished_at, at=None, made=(), materials=(), actual_minutes=None, confirm=False, **plan
):
    """Book a run that was forgotten: create, start and complete in one; returns a Completion.

    ``made`` are Mades, ``materials`` MaterialActuals that name spools, ``started_at`` and
    ``finished_at`` lie in the past; the ledger's entries are posted now. There is no plan but
    what is in ``planned`` ({spool id: grams}), so no variance where nothing was planned. The other
    fields are those of a planned run. Raises MaterialsMissing (unless ``confirm``), and as
    `lifecycle.create` and `complete` do.
    """
    run = _begun(made, by=by, at=at, finished_at=finished_at, **plan)
    if not confirm:
        readiness.require_materials(run, made, plan.get("spools"))
    items = run.items.order_by("pk").values_list("pk", flat=True)
    counts = [
        ItemCount(
            item=pk,
            good_count=each.good_count,
            scrapped_count=each.scrapped_count,
            scrap_reason=each.scrap_reason,
        )
        for pk, each in zip(items, made, strict=True)
    ]
    given = {"materials": materials, "items": counts, "actual_minutes": actual_minutes}
    return complete(run, by=by, at=at, finished_at=finished_at, **given)


def _begun(made, *, by, at, started_at, finished_at, spools=(), planned=None, **fields):
    """The run, as it was before it was completed."""
    if finished_at < started_at:
        raise Invalid(
            _("A run finishes after its start."), errors={"finished_at": [_("Before the start.")]}
        )
    run_state.lock_printer(fields.get("printer"))  # before the spools, as everywhere
    planned = planned or {}
    items = [
        NewItem(
            product=each.product,
            quantity=each.good_count + each.scrapped_count,
            order_reference=each.order_reference,
        )
        for each in made
    ]
    materials = [
        NewMaterial(spool=each, planned_grams=planned.get(each.pk, ZERO)) for each in spools
    ]
    run = lifecycle.create(by=by, at=at, items=items, materials=materials, is_over=True, **fields)
    times = {"started_at": started_at, "finished_at": finished_at}
    return lifecycle.begin_in_past(run, by=by, at=at, **times)


def _missing(item):
    return item.quantity - (item.good_count or 0)


def _share_to_repeat(items):
    """How much of the run is to be made again, by grams, else by units; all of it without items."""
    if not items:
        return Decimal(1)
    weights = [item.bom_grams_per_unit or ZERO for item in items]
    if not any(weights):
        weights = [Decimal(1)] * len(items)
    whole = sum(item.quantity * weight for item, weight in zip(items, weights, strict=True))
    missing = sum(_missing(item) * weight for item, weight in zip(items, weights, strict=True))
    return missing / whole if whole else Decimal(any(_missing(item) for item in items))


def _planned(run):
    """The lines of its plan: those added while it printed were planned with nothing."""
    lines = run.materials.order_by("pk")
    is_planned = run.status == ProductionRun.Status.PLANNED
    return _once(line for line in lines if is_planned or line.planned_total_grams)


def _once(lines):
    """Without those of twins, which have their grams of a slot of the file from another line."""
    return [line for line in lines if line.sliced_slot is None or line.sliced_grams is not None]


def _file_of(run, share):
    """The sliced file of the run, where all of its plates are printed again."""
    return {name: getattr(run, name) for name in OF_FILE} if share == 1 else {}


def _again(item, quantity, share):
    return NewItem(
        product=item.product,
        quantity=quantity,
        sliced_quantity=item.sliced_quantity if share == 1 else None,
        bed_position=item.bed_position,
        order_reference=item.order_reference,
    )


def _typed(run, **figures):
    """Those of the figures that somebody typed; the others are derived. Plates of a sliced file are
    as many as they were."""
    return {
        name: value
        for name, value in figures.items()
        if getattr(run, f"{name}_source") != BILL
        and not (name == "planned_minutes" and run.planned_minutes_source == FILE)
    }


def _materials(lines, share):
    """Those of the lines; lines that follow each other, so that several spools were enough for
    one, are one again."""
    whole = {}
    for line in lines:
        new = _share_of(line, share)
        is_one = new.slot is None and line.sliced_slot is None and line.planned_source != TYPED
        key = (new.filament, new.material_type, new.planned_source) if is_one else line.pk
        if key in whole:
            grams = whole[key].planned_grams + new.planned_grams
            purge = whole[key].planned_purge_grams + new.planned_purge_grams
            new = replace(new, planned_grams=grams, planned_purge_grams=purge)
        whole[key] = new
    return list(whole.values())


def _share_of(line, share):
    """A line to be planned again: of a part of the plates it is not the file's any more."""
    grams = line.planned_grams, line.planned_purge_grams
    source, of_file = line.planned_source, {}
    if line.sliced_grams is not None:
        if source == FILE:
            grams = line.sliced_plan(line.run.copies)
        if share == 1:
            of_file = {name: getattr(line, name) for name in OF_SLOT}
        elif source == FILE:
            source = TYPED
    return NewMaterial(
        planned_source=source,
        filament=line.filament,
        material_type=line.material_type,
        slot=line.slot,
        planned_grams=to_grams(grams[0] * share),
        planned_purge_grams=to_grams(grams[1] * share),
        of_file=of_file,
    )
