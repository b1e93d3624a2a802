"""The lines of a run: what it makes and what it takes, while it is open."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import Filament, MaterialType, Spool
from inventory.services import doubles, ledger
from production.models import (
    ActualSource,
    PlanSource,
    PrinterSlot,
    Product,
    ProductionRun,
    Reason,
    RunItem,
    RunMaterial,
)
from production.services import overrides, run_state
from production.services.completion.estimates import expected
from production.services.reported import lines as reported
from production.services.requirements import bom, claims, corrected, derived, in_use, limits
from production.services.runs import filaments
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import compose_names

Status = ProductionRun.Status

REQUIREMENT = {"spool", "filament", "material_type", "slot"}
PLAN_FIELDS = {"filament", "material_type", "planned_grams", "planned_purge_grams"}
WEIGHTS = {"gross_before_grams", "gross_after_grams"}
DRAFT_FIELDS = {"actual_grams", "actual_purge_grams", *WEIGHTS}
FROZEN = ("planned_spool", "planned_cost_per_gram", "planned_spool_filament", "spool_filament")
COUNT_FIELDS = {"good_count", "scrapped_count", "scrap_reason"}


class PlanFrozen(Refusal):
    """The plan is frozen at start, so that the variance has something to be measured by."""

    code = "plan_frozen"
    title = "The plan is frozen since the run was started"


class NotStarted(Refusal):
    code = "not_started"
    title = "The run has not been started"


class NoRequirement(Invalid):
    code = "no_requirement"
    title = "A material line names a spool, a filament or a material type"


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """A product and the quantity of it that a run is to make."""

    product: Product
    quantity: int
    bed_position: str = ""
    order_reference: str = ""
    sliced_quantity: int | None = None  # on the plates of the run's file


@dataclass(frozen=True, kw_only=True)
class NewMaterial:
    """What a run is to take: a spool, or a requirement a spool is found for before the start."""

    spool: Spool | None = None
    filament: Filament | None = None
    material_type: MaterialType | None = None
    slot: PrinterSlot | None = None
    planned_grams: Decimal = Decimal(0)
    planned_purge_grams: Decimal = Decimal(0)
    planned_source: PlanSource = PlanSource.TYPED
    of_file: dict = field(default_factory=dict)  # the fields of a LineOfFile


@operation("run_item.add")
def add_item(run, *, by, at=None, override_reason="", **fields):
    """Add a product to an open run; returns the RunItem. The plan follows; after the start none of
    the item was planned. Raises InsufficientInventory, LimitExceeded."""
    products = _locked_products(run, fields.get("product"))
    run, items = _locked_with_items(run)
    item = build_item(NewItem(**fields), run=run, products=products)
    in_use.require_products([item.product])
    if run.status == Status.IN_PROGRESS:
        item.planned_quantity = 0
        bom.freeze([item])
    item.save(force_insert=True)
    _follow(run, "add_item", items, [*items, item], by=by, at=at, override_reason=override_reason)
    return item


@operation("run_item.change")
def change_item(item, *, by, at=None, override_reason="", **fields):
    """Change an item of an open run; returns it fresh. While the run is planned, its plan follows.

    Raises PlanFrozen when an item of a started run would be another product, NotStarted for counts
    too early, InsufficientInventory, LimitExceeded.
    """
    products = _locked_products(item.run, fields.get("product"))
    run, items = _locked_with_items(item.run)
    item = _of_run(item, RunItem, run)
    if not _changes(item, fields.keys(), fields):
        return item
    _refuse_early_actuals(run, item, COUNT_FIELDS, fields)
    _refuse_plan_changes(run, item, {"product"}, fields)
    if _changes(item, {"product"}, fields):
        in_use.require_products([fields["product"]])
    named = {"kind": Reason.Kind.SCRAP, "named": item.scrap_reason_id}
    in_use.require_reason(fields.get("scrap_reason"), **named)
    if "good_count" in fields:
        item.good_count_source = "" if fields["good_count"] is None else ActualSource.TYPED
    for name, value in fields.items():
        setattr(item, name, value)
    _check_item(item)
    item.product = products.get(item.product_id, item.product)
    item.save()
    after = [item if other.pk == item.pk else other for other in items]
    _follow(run, "change_item", items, after, by=by, at=at, override_reason=override_reason)
    return item


@operation("run_item.remove")
def remove_item(item, *, by, at=None):
    """Take an item out of a planned run, whose plan follows. Raises PlanFrozen after the start."""
    _locked_products(item.run)
    run, items = _locked_with_items(item.run)
    item = _of_run(item, RunItem, run)
    if run.status != Status.PLANNED:
        raise PlanFrozen(_("A started run keeps its items; complete this one with 0 good."))
    after = [other for other in items if other.pk != item.pk]
    item.delete()
    _follow(run, "remove_item", items, after, by=by, at=at, is_limited=False)


@operation("run_material.add")
def add_material(run, *, by, at=None, instead_of=None, override_reason="", **fields):
    """Add a material to an open run and claim its grams; returns the RunMaterial.

    After the start the line has no plan: its grams are what it is expected to take. ``instead_of``
    is the id of a material of the run that it stands in for: it requires what that one does, and
    is expected to take what is left of it, whatever it claims. Raises NotInRun, NoRequirement,
    DuplicateSpool, IncompatibleSpool, InsufficientInventory, LimitExceeded, SpoolHeld.
    """
    overridden = overrides.granted(override_reason, by=by)
    [new] = filaments.lock([NewMaterial(**fields)]) if instead_of is None else [None]
    run = run_state.lock(run, "change_lines")
    others = run_state.lock_lines(run)
    replaced = None if instead_of is None else _replaced(others, instead_of, fields)
    if replaced is not None:
        wanted = {"filament": replaced.filament, "material_type": replaced.material_type}
        new = NewMaterial(**fields | wanted)
    line = build_material(new, run=run)
    line.sliced_slot = replaced and replaced.sliced_slot
    claims.require_distinct([line.spool_id, *(other.spool_id for other in others)])
    with ledger.book([line.spool_id], by=by, at=at, allow_overclaim=overridden) as book:
        if not overridden:
            limits.require_within(run, run_state.items_of(run), [*others, line], book.spools)
        take(book, line, overridden=overridden)
        if run.status == Status.IN_PROGRESS:
            line.expected_grams = line.planned_total_grams if instead_of is None else ledger.ZERO
            line.planned_grams = line.planned_purge_grams = ledger.ZERO
        line.save(force_insert=True)
    run_state.save(run, "add_material", by=by, at=at, **claims.why(book, [line], override_reason))
    return line


@operation("run_material.change")
def change_material(line, *, by, at=None, override_reason="", **fields):
    """Change a material of an open run; its claim follows. Returns it fresh.

    Raises PlanFrozen when the plan of a started run would change, NotStarted for actuals of one
    that was not started, IncompatibleSpool, LimitExceeded, InsufficientInventory.
    """
    overridden = overrides.granted(override_reason, by=by)
    if filament := fields.get("filament"):
        fields["filament"] = doubles.wanted_now([filament])[filament.pk]
    run, line = _locked(line, RunMaterial)
    if not _changes(line, fields.keys(), fields):
        return line
    _refuse_early_actuals(run, line, DRAFT_FIELDS, fields)
    _refuse_plan_changes(run, line, PLAN_FIELDS, fields)
    is_checked = bool(_changes(line, REQUIREMENT, fields)) and not overridden
    spool = fields.pop("spool", line.spool)
    if spool is not None:
        others = run.materials.exclude(pk=line.pk).values_list("spool", flat=True)
        claims.require_distinct([spool.pk, *others])
    with ledger.book(
        [line.spool_id, spool and spool.pk], by=by, at=at, allow_overclaim=overridden
    ) as book:
        if line.spool_id != (spool and spool.pk):
            reported.detach(book, line)
        claim, remark = _claim_of_started(run, line), ""
        _assign(line, fields)
        fresh = book.spools[spool.pk] if spool else None
        if claim is None:
            remark = corrected.follow_spools(run, [line], {line.pk: fresh}, book.spools)
            claim = line.planned_total_grams
        if is_checked and fresh is not None:
            claims.require_match(line, fresh)
        claims.place(book, line, fresh, claim)
        if is_checked:
            limits.require_within(run, run_state.items_of(run), [line], book.spools)
        line.save()
    event = claims.why(book, [line], override_reason, remark)
    run_state.save(run, "change_material", by=by, at=at, **event)
    return line


@operation("run_material.remove")
def remove_material(line, *, by, at=None):
    """Take a material out of a planned run, or set it to zero in a started one."""
    run, line = _locked(line, RunMaterial)
    with ledger.book([line.spool_id], by=by, at=at) as book:
        claims.release(book, [line])
        reported.detach(book, line)
        if run.status == Status.PLANNED:
            line.delete()
        else:
            line.actual_grams = line.actual_purge_grams = ledger.ZERO
            line.gross_before_grams = line.gross_after_grams = None
            line.metered_before_grams, line.added_grams = None, ledger.ZERO
            line.save()
    run_state.save(run, "remove_material", by=by, at=at)


def build_item(new, *, run, products):
    """An unsaved RunItem, of one of the locked ``products``. Raises Invalid."""
    item = RunItem(run=run, **vars(new))
    item.product = products.get(item.product_id, item.product)
    _check_item(item)
    return item


def build_material(new, *, run):
    """An unsaved RunMaterial; without a requirement it requires its spool's filament."""
    filament = filaments.wanted_by(new)
    _require_one_of(filament, new.material_type)
    return RunMaterial(
        run=run,
        filament=filament,
        material_type=new.material_type,
        spool=new.spool,
        slot=new.slot,
        planned_grams=to_grams(new.planned_grams, field="planned_grams"),
        planned_purge_grams=to_grams(new.planned_purge_grams, field="planned_purge_grams"),
        planned_source=new.planned_source,
        **new.of_file,
    )


def freeze(run_lines, spools):
    """Keep on the lines the spool that they start with, and what a gram of it costs by now; not
    saved. ``spools`` are those of the lines, by id."""
    for line in run_lines:
        spool = spools.get(line.spool_id)
        line.planned_spool = spool
        line.planned_cost_per_gram = spool and ledger.rounded_rate(spool.cost_per_gram())
        line.planned_spool_filament = line.spool_filament = None


def take(book, line, *, overridden, is_over=False):
    """Reserve a new line's planned grams on its spool, which must hold what the line requires;
    unless the run ``is_over``, it must not be held."""
    if line.spool_id is None:
        return
    spool = book.spools[line.spool_id]
    if not overridden:
        claims.require_match(line, spool)
    claims.require_not_held(book, [] if is_over else [spool])
    claims.place(book, line, spool, line.planned_total_grams)


def _replaced(run_lines, line_id, fields):
    """The line of the run that a new one stands in for."""
    line = next((line for line in run_lines if line.pk == line_id), None)
    if line is None:
        error = _("This run has no material %(id)s.") % {"id": line_id}
        raise run_state.NotInRun(error, errors={"instead_of": [error]}, material_id=line_id)
    if fields.get("filament") or fields.get("material_type"):
        error = _("It asks for what material %(id)s does.") % {"id": line_id}
        raise NoRequirement(error, errors={"instead_of": [error]})
    return line


def _locked_products(run, *more):
    """The products of the run's items and ``more``, locked, by id: they come before the run."""
    ids = set(run.items.values_list("product", flat=True))
    return bom.locked(ids | {product.pk for product in more if product})


def _locked_with_items(run):
    run = run_state.lock(run, "change_lines")
    return run, run_state.items_of(run)


def _follow(run, verb, before, after, *, by, at, override_reason="", is_limited=True):
    """Save the run whose items changed; as long as it is planned, its plan follows them."""
    overridden, fields, changed = overrides.granted(override_reason, by=by), (), ()
    if run.status == Status.PLANNED:
        figures = [{run.pk: derived.figures(run, items)} for items in (before, after)]
        changed, at = derived.follow([run], *figures, by=by, at=at, allow_overclaim=overridden)
        fields = derived.RUN_FIELDS
    if is_limited and not overridden:
        limits.require_within(run, after, run_state.lines_of(run))
    event = {"reason": override_reason, "before": derived.as_before(changed)}
    run_state.save(run, verb, *fields, by=by, at=at, **event)


def _locked(row, model):
    run = run_state.lock(row.run, "change_lines")
    return run, _of_run(row, model, run)


def _of_run(row, model, run):
    fresh = model.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.pk, run=run)
    fresh.run = run
    return fresh


def _check_item(item):
    compose_names(item)
    if not 0 < item.quantity <= 1_000_000:
        raise Invalid(
            _("A quantity is between 1 and 1,000,000, not %(quantity)s.")
            % {"quantity": item.quantity},
            errors={"quantity": [_("Between 1 and 1,000,000.")]},
        )
    if item.printed_count > item.quantity:
        raise Invalid(
            _("%(count)s are counted already; the quantity can't be %(quantity)s.")
            % {"count": item.printed_count, "quantity": item.quantity},
            errors={
                "quantity": [_("%(count)s are counted already.") % {"count": item.printed_count}]
            },
        )


def _changes(row, names, fields):
    return sorted(name for name in names & fields.keys() if getattr(row, name) != fields[name])


def _refuse_early_actuals(run, row, names, fields):
    if run.status == Status.PLANNED and (changed := _changes(row, names, fields)):
        raise NotStarted(
            _("Run %(run)s is planned: start it before you enter what it took or made.")
            % {"run": run.number},
            errors={name: [_("Not before the start.")] for name in changed},
            run_id=run.pk,
        )


def _refuse_plan_changes(run, row, names, fields):
    if run.status != Status.PLANNED and (changed := _changes(row, names, fields)):
        raise PlanFrozen(
            _("The plan of run %(run)s was frozen at its start: give actuals, or add a line.")
            % {"run": run.number},
            errors={name: [_("Frozen at start.")] for name in changed},
        )


def _claim_of_started(run, line):
    if run.status == Status.PLANNED:
        return None
    known = line.actual_total_grams
    wanted = expected(line) if known is None else known
    return line.reserved_grams if line.spool_id else wanted


def _assign(line, fields):
    changed_plan = _changes(line, PLAN_FIELDS, fields)
    changed = _changes(line, DRAFT_FIELDS, fields)
    if changed:  # it is settled anew
        line.actual_source = ""
    if "actual_grams" in changed and WEIGHTS.isdisjoint(changed):
        line.gross_before_grams = line.gross_after_grams = None
    elif changed and line.gross_after_grams is not None and "actual_grams" not in changed:
        line.actual_grams = None  # it came from the weight
    for name, value in fields.items():
        if name in DRAFT_FIELDS | {"planned_grams", "planned_purge_grams"} and value is not None:
            value = to_grams(value, field=name)
        setattr(line, name, value)
    if {"actual_grams", "gross_after_grams"} & {*changed}:
        reported.keep_meter(line)
    if changed_plan:
        line.planned_source = PlanSource.TYPED
    _require_one_of(line.filament_id, line.material_type_id)


def _require_one_of(filament, material_type):
    if (filament is None) == (material_type is None):
        raise NoRequirement(
            _("Name a spool, or either the filament or the material type it must hold."),
            errors={"spool": [_("Name a spool, a filament or a material type.")]},
        )
