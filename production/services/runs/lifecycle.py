"""The life of a production run up to its outcome: create, update, start, unstart, cancel, delete.

Locks are taken in one order everywhere: printer, run, its lines, spools by id, number counter.
"""

from contextlib import suppress

from django.utils.translation import gettext as _

from inventory.models import Spool
from inventory.services import ledger
from production.models import PlanSource, ProductionRun, RunItem, RunMaterial
from production.services import overrides, rates, run_state
from production.services.completion.actuals import LINE_FIELDS, apply_materials, line_of
from production.services.completion.closing import take
from production.services.printing import slots
from production.services.reported import lines as reported
from production.services.reported import taking
from production.services.requirements import (
    bom,
    claims,
    corrected,
    derived,
    in_use,
    limits,
    readiness,
    twin_claims,
)
from production.services.runs import editing, filaments, lines
from production.services.runs.numbering import next_number
from production.services.undo import loads, put_back
from tenants.operations.bulk import bulk_update
from tenants.operations.operation import operation
from tenants.operations.quantities import minutes as to_minutes
from tenants.operations.refusals import Invalid, Refusal, located
from tenants.operations.text import compose_names, humanize_name

Status = ProductionRun.Status

DERIVED = {"plate_count", "planned_minutes"}
STARTED = ("spool", "reserved_grams", "metered_grams", *lines.FROZEN)  # of a line


class RunHasEntries(Refusal):
    code = "run_has_entries"
    title = "The run has ledger entries"


@operation("production_run.create")
def create(
    *, by, at=None, items=(), materials=None, override_reason="", remark="", is_over=False, **fields
):
    """Plan a run: reserve its materials' grams, give it a number. Returns the run.

    ``items`` are NewItems, ``materials`` NewMaterials; without materials the lines are derived
    from the bills of materials, without ``plate_count`` and ``planned_minutes`` these are, and
    follow them; of a run with a ``sliced_file`` they follow its plates. ``fields`` are those of a
    planned run, the ``remark`` is for its history. One that ``is_over`` may be of what is out of
    use by now. Raises InsufficientInventory with every shortage, DuplicateSpool, Invalid,
    PrinterInactive, ProductInactive.
    """
    overridden = overrides.granted(override_reason, by=by)
    products = bom.locked({item.product.pk for item in items})  # before any other lock
    if not is_over:
        _require_in_use(items, fields.get("printer"))
    run = ProductionRun(created_by=by)
    given = {name: value for name, value in fields.items() if value is not None}
    _assign_plan(run, dict.fromkeys(DERIVED) | given)
    run_items = _built("items", lines.build_item, items, run=run, products=products)
    typed = _built("materials", lines.build_material, filaments.lock(materials or ()), run=run)
    spool_ids = [line.spool_id for line in typed]
    claims.require_distinct(spool_ids, nested_in="materials")
    with ledger.book(spool_ids, by=by, at=at, allow_overclaim=overridden) as book:
        run_lines = _with_derived(run, run_items, typed, book, is_derived=materials is None)
        if not overridden:
            limits.require_within(run, run_items, run_lines, book.spools)
        for index, line in enumerate(typed):
            with located("materials", index):
                lines.take(book, line, overridden=overridden, is_over=is_over)
        book.require_enough()
        run.created_at = run.updated_at = book.at
        run.number = next_number(at=book.at)
        run.save(force_insert=True)
        RunItem.objects.bulk_create(run_items)
        RunMaterial.objects.bulk_create(run_lines)
    event = claims.why(book, run_lines, override_reason, remark)
    run_state.record(run, "create", came_from="", by=by, at=book.at, **event)
    return run


@operation("production_run.update")
def update(run, *, by, at=None, override_reason="", **fields):
    """Change the run's own fields; minutes, purge and what is reserved follow the plates.

    ``planned_minutes`` None are those of the products again. Raises FieldLocked for fields its
    status has closed, PrinterInactive, LimitExceeded, InsufficientInventory.
    """
    overridden = overrides.granted(override_reason, by=by)
    if fields.keys() & DERIVED:
        bom.locked(run.items.values_list("product", flat=True))
    run = run_state.lock(run, "update")
    changed = {name: value for name, value in fields.items() if getattr(run, name) != value}
    editing.require_editable(run, changed.keys())
    if not changed:
        return run
    in_use.require_printers([changed.get("printer")])
    event, former = {"by": by, "at": at, "reason": override_reason}, run.printer_id
    if changed.keys() & DERIVED:
        event |= _follow(run, changed, by=by, at=at, allow_overclaim=overridden)
    else:
        _assign(run, changed)
    if "printer" in changed:
        booked = {"by": by, "at": event["at"], "allow_overclaim": overridden}
        remark = corrected.follow_printer(run, former, **booked)
        event["reason"] = run_state.sentences(override_reason, remark)
    if "actual_minutes" in changed:
        changed["actual_minutes_source"] = run.actual_minutes_source
    if changed.keys() & {"priority", "due_on"}:
        changed["queue_rank"] = run.queue_rank = None
    if changed.keys() & {"printer", "plate_count"} and not overridden:
        limits.require_within(run, run_state.items_of(run), run_state.lines_of(run))
    return run_state.save(run, "update", *changed, *derived.RUN_FIELDS, **event)


@operation("production_run.start")
def start(
    run, *, by, at=None, printer=None, spools=None, printer_cleared=False, confirm=False,
    override_reason="",
):  # fmt: skip
    """Start a planned run: freeze plan and rates, take the printer, or the one that is given here.
    Returns the run.

    ``spools`` ({material id: spool}) names spools for lines that have none; else those in the
    printer's slots are taken where just one fits. What a spool has too little of is reserved of
    its twins in the printer, on lines that follow, where these have enough. What it draws from is
    loaded into the printer, as far as it is clear into which slot. Raises SpoolsMissing,
    PrinterInactive, PrinterBusy, PrinterNeedsClearing (unless ``printer_cleared``), SpoolPrinting,
    MaterialsMissing (unless ``confirm``), IncompatibleSpool, LimitExceeded, InsufficientInventory,
    SpoolHeld.
    """
    overridden = overrides.granted(override_reason, by=by)
    named = [spool.pk for spool in (spools or {}).values()]
    run, held = _lock_on(run, printer, named, by=by, at=at, override_reason=override_reason)
    readiness.require_free_printer(run, printer_cleared=printer_cleared)
    run_lines = run_state.lock_lines(run)
    if not run_lines and not confirm:
        readiness.require_materials(run, run_state.items_of(run), run_lines)
    chosen = readiness.choose_spools(run, run_lines, spools or {})
    claims.require_distinct(_drawn_ids(run_lines, chosen), field="spools")
    renamed = [line.pk for line in run_lines if line.spool_id and line.pk in chosen]
    ids = {line.spool_id for line in run_lines} | {spool.pk for spool in chosen.values()} | held
    how = {"allow_overclaim": overridden, "leaves_meters": True}
    with ledger.book(ids, by=by, at=at, **how) as book:
        remark = corrected.follow_spools(run, run_lines, chosen, book.spools)
        following = _cover(book, run, run_lines, chosen, overridden=overridden)
        if renamed:  # lines may exchange their spools: a spool is on one line at any moment
            RunMaterial.objects.filter(pk__in=renamed).update(spool=None, reserved_grams=0)
        lines.freeze([*run_lines, *following], book.spools)
        taking.take_before_start(book, run, run_lines)
        bulk_update(run_lines, (*STARTED, *(corrected.FIELDS if remark else ())))
        twin_claims.add(run, run_lines, following)
    slots.load_lines(run, run_lines, by=by, at=book.at)
    run.started_at = book.at
    event = claims.why(book, run_lines, override_reason, remark)
    return _begin(run, by=by, at=book.at, **event)


def _lock_on(run, printer, spool_ids, **given):
    """Lock the run for its start, on the printer if it is given one; returns it, and the ids of the
    spools in the slots that the start may change."""
    printers, held = slots.around(run, spool_ids, printer=printer)
    slots.lock_printers(printers)
    run = run_state.lock(run, "start")
    if printer is not None:
        update(run, printer=printer, **given)
        run = run_state.lock(run, "start")
    return run, held


def begin_in_past(run, *, by, started_at, finished_at, at=None):
    """Start a run that is over already, as part of recording it: the printer is not taken."""
    run = run_state.lock(run, "start")
    run_lines = run_state.lock_lines(run)
    spools = Spool.objects.select_related("filament").in_bulk(line.spool_id for line in run_lines)
    lines.freeze(run_lines, spools)
    bulk_update(run_lines, lines.FROZEN)
    run.started_at, run.finished_at = started_at, finished_at
    return _begin(run, by=by, at=at)


@operation("production_run.unstart")
def unstart(run, *, by, at=None):
    """Take a start back while nothing is booked: the run is planned again, its plan free.

    Its lines keep their spools; what the start loaded is taken out again, unless it was moved, and
    what was reported before it is of no run. Raises RunHasEntries, RunMetered.
    """
    bom.locked(run.items.values_list("product", flat=True))
    loaded = loads.of_start(run)
    printers = loads.together(loaded).values_list("slot__printer", flat=True)
    slots.lock_printers({run.printer_id, *printers} - {None})
    run = run_state.lock(run, "unstart")
    overrides.require_may_undo(run, by=by, at=at)
    _require_nothing_booked(run, "unstart", since=run.started_at)
    taking.leave_before_start(run, run_state.lock_lines(run), by=by, at=at)
    twin_claims.drop(run, by=by, at=at)
    run.items.update(**dict.fromkeys(bom.FROZEN))
    run.materials.update(**dict.fromkeys(lines.FROZEN))
    for name in run.SINCE_START:
        setattr(run, name, run._meta.get_field(name).get_default())
    derived.catch_up(run, by=by, at=at)
    for event in loaded:
        with suppress(overrides.NothingToUndo, slots.SpoolPrinting):
            loads.put_back(event, by=by, at=at, besides=run)
    fields = (*run.SINCE_START, *derived.RUN_FIELDS)
    return run_state.save(run, "unstart", *fields, to=Status.PLANNED, by=by, at=at)


@operation("production_run.cancel")
def cancel(run, *, by, at=None, reason="", materials=()):
    """Give an open run up: its claims are released. Returns the run.

    ``materials`` (MaterialActuals) books as waste what a started run has used already, and so
    is what devices reported of it, 0 or not. Raises NotInRun, InsufficientInventory.
    """
    run = run_state.lock(run, "cancel")
    if materials and run.status == Status.PLANNED:
        raise Invalid(
            _("A run that was not started has used nothing."),
            errors={"materials": [_("Not before the start.")]},
        )
    at = _release_all(run, by=by, at=at, used=materials)
    return run_state.save(run, "cancel", to=Status.CANCELLED, by=by, at=at, reason=reason)


@operation("production_run.delete")
def delete(run, *, by, at=None):
    """Delete a run that booked nothing: it is 404 from now on, its number stays taken."""
    run = run_state.lock(run, "delete")
    _require_nothing_booked(run, "delete")
    run.deleted_at = _release_all(run, by=by, at=at)
    run_state.save(run, "delete", "deleted_at", by=by, at=run.deleted_at)


@operation("production_run.restore")
def restore(run, *, by, at=None):
    """Restore a deleted run as it was, its claims included; returns the run.

    Raises InsufficientInventory, SpoolArchived, PrinterBusy, Duplicate for its external ID.
    """
    deletion = run.events.filter(verb="delete").order_by("-pk").first()
    if deletion is None:
        run_state.require(run, "restore")
    return put_back.put_back(run, deletion, by=by, at=at)


def _require_in_use(items, printer):
    in_use.require_printers([printer])
    for index, item in enumerate(items):
        with located("items", index):
            in_use.require_products([item.product])


def _assign(run, fields):
    for name, value in fields.items():
        if name == "actual_minutes":
            run.set_actual_minutes(value)
            continue
        if name == "planned_minutes" and value is not None:
            value = to_minutes(value, field=name)
        setattr(run, name, value)
    compose_names(run)
    if not 0 < run.plate_count <= 10_000:
        raise Invalid(
            _("A run has between 1 and 10,000 plates, not %(plate_count)s.")
            % {"plate_count": run.plate_count},
            errors={"plate_count": [_("Between 1 and 10,000.")]},
        )


def _built(name, build, given, **options):
    built = []
    for index, each in enumerate(given):
        with located(name, index):
            built.append(build(each, **options))
    return built


def _with_derived(run, items, typed, book, *, is_derived):
    """The lines of a new run; if none are given, those derived from its items."""
    figures = derived.figures(run, items)
    is_derived = is_derived or derived.is_derived(typed)
    before = derived.NOTHING if is_derived else figures
    added, removed = derived.apply(run, typed, before, figures, book)
    return [line for line in typed if line not in removed] + added


def _assign_plan(run, fields):
    """Set the given fields; plates and minutes that are None are derived."""
    _assign(run, {n: v for n, v in fields.items() if v is not None or n not in DERIVED})
    for name in DERIVED & fields.keys():
        source = PlanSource.BILL if fields[name] is None else PlanSource.TYPED
        setattr(run, f"{name}_source", source)


def _follow(run, changed, **options):
    """Set given plates or minutes, and what derives from them. Returns values of the event."""
    items = run_state.items_of(run)
    before = derived.figures(run, items)
    _assign_plan(run, changed)
    after = derived.figures(run, items)
    followed, at = derived.follow([run], {run.pk: before}, {run.pk: after}, **options)
    return {"at": at, "before": derived.as_before(followed)}


def _begin(run, *, by, at, **event):
    _freeze(run, run_state.lock_items(run))
    fields = ("started_at", "finished_at", *run.RATES)
    return run_state.save(run, "start", *fields, to=Status.IN_PROGRESS, by=by, at=at, **event)


def _freeze(run, items):
    bom.freeze(items)
    for item in items:
        item.planned_quantity = item.quantity
    bulk_update(items, bom.FROZEN)
    rates.freeze(run)


def _cover(book, run, run_lines, chosen, *, overridden):
    """Claim what the lines take, within the limits; returns the lines of twins that follow, not
    saved."""
    following, rest = [], {}
    drawn = [book.spools[pk] for pk in _drawn_ids(run_lines, chosen) if pk is not None]
    claims.require_not_held(book, drawn, field="spools")
    if not overridden:
        following, rest = twin_claims.reserve(book, run, run_lines, chosen)
    for line in run_lines:
        how = {"overridden": overridden, "most": rest.get(line.pk)}
        readiness.cover(book, line, chosen.get(line.pk), **how)
    if not overridden:
        limits.require_within(run, run_state.items_of(run), run_lines, book.spools)
    return following


def _drawn_ids(run_lines, chosen):
    """The ids of the spools that the lines draw from after the start, None of those without."""
    return [getattr(chosen.get(line.pk), "pk", line.spool_id) for line in run_lines]


def _require_nothing_booked(run, verb, *, since=None):
    reported.refuse_metered(run, run_state.lock_lines(run), verb, since=since)
    entries = run.transactions.not_reversed().count()
    if entries:
        raise RunHasEntries(
            _(
                "Run %(run)s has %(entries)s ledger entries that stand; “%(verb)s” is not "
                "possible. Complete or cancel it, or revert what was booked first."
            )
            % {"run": run.number, "entries": entries, "verb": humanize_name(verb)},
            run_id=run.pk,
            entries=entries,
        )


def _release_all(run, *, by, at, used=()):
    run_lines = run_state.lock_lines(run)
    with ledger.book([line.spool_id for line in run_lines], by=by, at=at) as book:
        run.changes.is_short = any(spool.available_grams < 0 for spool in book.spools.values())
        claims.release(book, run_lines)
        named = {line_of(run_lines, actual).pk for actual in used}
        wasted = [line for line in run_lines if line.pk in named or line.metered_grams]
        settled = apply_materials(wasted, used, book.spools)
        reported.keep(wasted)
        take(book, book.waste, run, wasted, settled)
        bulk_update(run_lines, LINE_FIELDS)
    return book.at
