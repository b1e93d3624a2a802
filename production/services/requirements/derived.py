"""What the plan of a run derives from its items: plates, minutes and materials, by the products'
bills of materials, or by its sliced file where it has one.

What was not typed is derived again whenever its source changes while the run is planned. What was
typed stays, and is marked as outdated once its source says otherwise. Minutes and purge grams are
per plate: where another number of plates was typed, they change in proportion.

Locks: products come first, then runs, their lines and spools as everywhere.
"""

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from inventory.services import ledger
from production.models import PlanSource, ProductionRun, RunItem, RunMaterial
from production.services import run_state
from production.services.requirements import bom, by_file, chains, claims, limits
from tenants.operations import side_effects
from tenants.operations.bulk import bulk_update
from tenants.operations.quantities import grams as to_grams
from tenants.operations.quantities import minutes as to_minutes
from tenants.operations.text import format_number, humanize_name

BILL, TYPED, OUTDATED = PlanSource.BILL, PlanSource.TYPED, PlanSource.OUTDATED
RUN_FIELDS = ("plate_count", "plate_count_source", "planned_minutes", "planned_minutes_source")
LINE_FIELDS = ("planned_grams", "planned_purge_grams", "reserved_grams", "planned_source")


@dataclass(frozen=True)
class Figures:
    """What is derived; None is unknown. ``materials`` are ``{(material type, filament or None):
    (grams, purge grams)}`` of the bills; of a run that is planned by a sliced file, ``of_file``
    goes before them."""

    plate_count: int | None
    minutes: Decimal | None
    materials: dict
    of_file: by_file.OfFile | None = None


NOTHING = Figures(None, None, {})


@dataclass(frozen=True, kw_only=True)
class PlanChange:
    """One figure of a run, or of one of its materials (else None), before and after."""

    run: ProductionRun
    material: RunMaterial | None
    field: str
    before: object
    after: object

    def __str__(self):
        wanted = self.material and (self.material.filament or self.material.material_type)
        text = _("%(run)s: %(field)s %(before)s → %(after)s")
        if wanted:
            text = _("%(run)s: %(field)s of %(material)s %(before)s → %(after)s")
        figures = {"before": _as_text(self.before), "after": _as_text(self.after)}
        field = humanize_name(self.field)
        return text % {"run": self.run.number, "field": field, "material": wanted, **figures}


def figures(run, items, of_product=None, *, anew=False):
    """The Figures of a run with these items, whose products are fresh; ``anew`` where a number of
    plates that was typed does not count."""
    if of_product is None:
        of_product = bom.bills(item.product_id for item in items)
    needed = limits.plates_needed(items)
    is_known = any(item.product.units_per_plate for item in items)
    is_derived = run.plate_count_source == BILL or anew and is_known
    of_file = by_file.figures(run, items, anew=anew)
    count = of_file.plate_count if of_file else needed if is_derived else run.plate_count
    minutes = bom.planned_minutes(items)
    return Figures(
        needed if is_known else None,
        None if minutes is None else to_minutes(minutes * count / needed, field="planned_minutes"),
        {
            (material_type, filament): (
                to_grams(grams, field="planned_grams"),
                to_grams(purge * count / needed, field="planned_purge_grams"),
            )
            for material_type, filament, grams, purge in bom.requirements(items, of_product)
        },
        of_file,
    )


def figures_of_many(runs):
    """``{run id: Figures}`` of runs as they stand. Two queries."""
    items = RunItem.objects.filter(run__in=runs).select_related("product").order_by("run", "pk")
    of_run = {pk: list(rows) for pk, rows in groupby(items, key=lambda item: item.run_id)}
    of_product = bom.bills(item.product_id for rows in of_run.values() for item in rows)
    return {run.pk: figures(run, of_run.get(run.pk, []), of_product) for run in runs}


def apply(run, lines, before, after, book):
    """Bring a planned run and its ``lines`` from the Figures ``before`` to those ``after``, with
    what they reserve. Returns the lines to be added and to be removed. Nothing is saved."""
    of_file = after.of_file and (before.of_file or after.of_file, after.of_file)
    if of_file:
        by_file.apply_to_run(run, *of_file)
    else:
        run.plate_count, run.plate_count_source = _followed(
            run.plate_count, run.plate_count_source, before.plate_count or 1, after.plate_count or 1
        )
    if not of_file or after.of_file.minutes is None:
        run.planned_minutes, run.planned_minutes_source = _followed(
            run.planned_minutes, run.planned_minutes_source, before.minutes, after.minutes
        )
    if of_file and by_file.is_of_file(lines):
        added, moved = [], by_file.apply_to_lines(lines, *of_file, book)
        removed = [line for line in moved if by_file.is_needless(line)]
        moved = [line for line in moved if line not in removed]
    else:
        added, removed = _apply_to_lines(run, lines, before.materials, after.materials, book)
        moved = [line for line in lines if line not in removed and line.planned_source == BILL]
    claims.release(book, removed)
    for line in moved:
        if line.spool_id:
            claims.place(book, line, book.spools[line.spool_id], line.planned_total_grams)
    return added, removed


def follow(runs, before, after, *, by, at=None, allow_overclaim=False, anew=False):
    """As `apply`, for locked runs: ``before`` and ``after`` are Figures by run id; ``anew`` takes
    what is known of ``after`` in place of what was typed.

    Saves the lines and reports the changes; returns the PlanChanges and their moment. The runs
    are not saved. Raises InsufficientInventory, unless ``allow_overclaim``.
    """
    lines = RunMaterial.objects.filter(run__in=runs).select_related(*run_state.REQUIREMENT)
    of_run = defaultdict(list)
    for line in lines.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        of_run[line.run_id].append(line)
    was = {run.pk: _values(run, of_run[run.pk]) for run in runs}
    spools = {line.spool_id for lines in of_run.values() for line in lines}
    added, removed, staying = [], [], []
    options = {"by": by, "at": at, "allow_overclaim": allow_overclaim}
    with _naming_a_way_out(), ledger.book(spools, **options) as book:
        for run in runs:
            mine = of_run[run.pk]
            if anew:
                _forget_typed(run, mine, after[run.pk])
            more, fewer = apply(run, mine, before[run.pk], after[run.pk], book)
            still = [line for line in mine if line not in fewer]
            of_run[run.pk] = still + more
            added += more
            removed += fewer
            staying += still
        RunMaterial.objects.filter(pk__in=[line.pk for line in removed]).delete()
        RunMaterial.objects.bulk_create(added)
        bulk_update(staying, LINE_FIELDS)
    changed = [
        change
        for run in runs
        for change in _changes(run, was[run.pk], _values(run, of_run[run.pk]))
    ]
    side_effects.report(changed)
    return changed, book.at


@contextmanager
def _naming_a_way_out():
    try:
        yield
    except ledger.InsufficientInventory as refusal:
        text = _(
            "%(detail)s Choose a spool that has enough first, or take the spool off the material: "
            "then the best fit proposes several that follow each other."
        )
        text %= {"detail": refusal.detail}
        raise ledger.InsufficientInventory(text, **refusal.numbers) from refusal


def is_derived(lines):
    """Whether there are lines, all of them derived."""
    return bool(lines) and all(line.planned_source == BILL for line in lines)


def catch_up(run, *, by, at=None):
    """Derive a locked run anew that is planned again, as its products are by now: what was typed
    stays. Lines are saved, the run is not."""
    now = figures(run, run_state.items_of(run))
    is_typed = run.materials.exclude(planned_source=BILL).exists()
    before = now if is_typed else replace(now, materials={})
    follow([run], {run.pk: before}, {run.pk: now}, by=by, at=at, allow_overclaim=True)


def as_before(changed):
    """What PlanChanges of one run changed, as it was, for its event."""
    figures = {}
    for change in changed:
        line = change.material
        of = figures.setdefault(f"material {line.pk}", {}) if line else figures
        of[change.field] = None if change.before is None else str(change.before)
    return figures


def _forget_typed(run, lines, known):
    if known.of_file:
        by_file.forget_typed(run, lines)
        return
    if known.plate_count is not None:
        run.plate_count_source = BILL
    if known.minutes is not None:
        run.planned_minutes_source = BILL
    for line in lines if known.materials else ():
        line.planned_source = BILL


def _followed(value, source, old, new):
    """A figure and its source, once what is derived went from ``old`` to ``new``."""
    if source == BILL:
        return new, BILL
    if value == new:
        return value, TYPED
    return value, source if old == new else OUTDATED


def _apply_to_lines(run, lines, before, after, book):
    added, removed = [], []
    is_typed = bool(lines) and not any(line.planned_source == BILL for line in lines)
    for need, mine in _by_need(lines, {**after, **before}).items():
        old, new = before.get(need), after.get(need)
        of_bill = [line for line in mine if line.planned_source == BILL]
        typed = [line for line in mine if line.planned_source != BILL]
        if new is None:
            removed += of_bill
        elif of_bill:
            if chains.total(of_bill) != new:
                chains.divide(new, of_bill, book)
            removed += [line for line in of_bill[1:] if not line.planned_total_grams and any(new)]
        elif not typed and old is None and is_typed:
            _outdate(lines)
        elif not typed and old is None:
            added.append(_line(run, need, new))
        if old != new and (new is None or not of_bill):
            _outdate(typed, is_met=bool(typed) and chains.total(typed) == new)
    return added, removed


def _outdate(lines, *, is_met=False):
    for line in lines:
        line.planned_source = TYPED if is_met else OUTDATED


def _by_need(lines, needs):
    """Lines by the need that they are for: an exact filament first, the family last; None has
    those for none."""
    exact = {filament.pk: (kind, filament) for kind, filament in needs if filament}
    loose = {kind.pk: (kind, filament) for kind, filament in needs if not filament}
    of_need = {need: [] for need in [*needs, None]}
    for line in lines:
        kind = line.material_type or line.filament.material_type
        of_type = loose.get(kind.pk) or loose.get(kind.family_id)
        of_need[exact.get(line.filament_id) or of_type].append(line)
    return of_need


def _line(run, need, figure):
    kind, filament = need
    requirement = {"filament": filament} if filament else {"material_type": kind}
    grams, purge = figure
    figures = {"planned_grams": grams, "planned_purge_grams": purge}
    return RunMaterial(run=run, planned_source=BILL, **requirement, **figures)


def _values(run, lines):
    """``{(line id or None, field): (line or None, value)}``"""
    values = {(None, name): (None, getattr(run, name)) for name in RUN_FIELDS}
    of_lines = {
        (line.pk, name): (line, getattr(line, name)) for line in lines for name in LINE_FIELDS
    }
    return values | of_lines


def _changes(run, was, now):
    for key in {**was, **now}:
        line, before = was.get(key, (None, None))
        line, after = now.get(key, (line, None))
        if before != after:
            yield PlanChange(run=run, material=line, field=key[1], before=before, after=after)


def _as_text(value):
    if value is None:
        return _("nothing")
    return format_number(value) if isinstance(value, Decimal) else str(value)
