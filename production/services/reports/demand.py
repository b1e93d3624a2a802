"""What open runs still need, against what is in stock; and what keeps a planned run from starting.

A line with a spool claims its grams there: that is the spool's reserved. A line without one is a
demand on the stock of its filament, or of any filament of its material type. Queries only, a
constant number of them; net grams.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain

from django.db.models import (
    Case,
    F,
    Prefetch,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from inventory.services import stock
from inventory.services.held_spools import SpoolHeld
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from production.models import PrinterSlot, ProductionRun, RunMaterial
from production.services.reports import run_rows
from production.services.requirements import (
    claims,
    corrected,
    in_use,
    limits,
    readiness,
    twin_claims,
)
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.quantities import GramsField
from tenants.operations.related import ids_of
from tenants.operations.text import format_number

FILAMENTS = ("spool__filament", "filament")  # of a line
Status = ProductionRun.Status
NOTHING = Value(Decimal(0), output_field=GramsField())


@dataclass(frozen=True)
class Blocker:
    """One thing to settle before a run can start: a stable code (of the refusal of the start, where
    there is one), a sentence, and the figures that matter."""

    code: str
    detail: str
    numbers: dict = field(default_factory=dict)


def of_filaments(filaments=None):
    """Stock of filaments (see ``stock.of_filaments``) with what lines without a spool want of it.

    Annotated besides: ``wanted_grams``; ``free_grams``, available minus wanted (may be negative);
    ``short_grams``, by how much stock falls short of it, else 0. What may be any filament of the
    type is not counted here.
    """
    wanted = _wanted("filament")
    return _with_balance(stock.of_filaments(filaments).annotate(wanted_grams=wanted))


def of_material_types(material_types=None):
    """Stock of material types with the demand on them: ``wanted_any_grams`` by lines that take
    any filament of the type, ``wanted_exact_grams`` by those that name one; ``wanted_grams``,
    ``free_grams`` and ``short_grams`` are of both together. A family counts its members too."""
    exact, loose = _wanted("filament__material_type"), _wanted("material_type")
    rows = stock.of_material_types(material_types)
    rows = rows.annotate(wanted_exact_grams=exact, wanted_any_grams=loose)
    both = F("wanted_exact_grams") + F("wanted_any_grams")
    return _with_balance(rows.annotate(wanted_grams=both))


def blockers(runs):
    """What keeps each run from starting: ``{run id: [Blocker]}``, of the printer first, then line
    by line. A run that is not planned, or could be started, has an empty list."""
    read = run_rows.read(run.pk for run in runs if run.status == Status.PLANNED)
    read = [run for run in read if run.status == Status.PLANNED and not run.deleted_at]
    return {run.pk: [] for run in runs} | blockers_of_read(read)


def following(run):
    """What of a planned run, read `with_needs`, its start reserves of twins, as sentences."""
    pairs = [(slot, slot.spool) for slot in run.printer.slots.all()] if run.printer else []
    taken = {line.spool_id for line in run.materials.all()}
    for line in run.materials.all():
        if line.spool is None:
            continue
        for share in twin_claims.shares(line, line.spool, pairs, taken=taken):
            taken.add(share.spool.pk)
            figures = {"spool": line.spool.code, "grams": format_number(share.grams)}
            text = _(
                "Spool %(spool)s has too little: %(grams)s g follow from %(twin)s in %(slot)s."
            )
            yield text % {**figures, "twin": share.spool.code, "slot": share.slot}


def with_needs(runs):
    """The runs as a query with the rows that `blockers_of_read` looks at, but for their items."""
    kinds = [f"{path}__{name}" for path in FILAMENTS for name in ("manufacturer", "material_type")]
    lines = RunMaterial.objects.select_related(*kinds, "material_type", "slot__printer")
    slots = PrinterSlot.objects.filter(spool__isnull=False).with_spool()
    return runs.select_related("printer").prefetch_related(
        Prefetch("materials", lines.order_by("pk")), Prefetch("printer__slots", slots)
    )


def blockers_of_read(runs):
    """The same of planned runs that were just read with their needs and items, and the bills of
    materials of their products."""
    found, running, supply = {}, _running(runs), _Supply(runs)
    for run in runs:
        items, lines = run.items.all(), run.materials.all()
        of_parts = (
            _of_printer(run.printer, running),
            _of_materials(items, lines),
            _of_limits(run, items, lines),
            _of_lines(run, lines, supply),
        )
        found[run.pk] = list(chain.from_iterable(of_parts))
    return found


def _wanted(kind):
    """Grams that lines of open runs without a spool need, as `change_material` would claim them."""
    lines = RunMaterial.objects.filter(run__in=ProductionRun.objects.open(), spool=None)
    added = Coalesce(F("expected_grams"), NOTHING)
    noted = F("actual_grams") + Coalesce(F("actual_purge_grams"), NOTHING)
    needed = Case(
        When(run__status=Status.IN_PROGRESS, actual_grams__isnull=False, then=noted),
        default=F("planned_grams") + F("planned_purge_grams") + added,
    )
    return stock.sum_of_row(lines, kind, needed)


def _with_balance(rows):
    short = Greatest(F("wanted_grams") - F("available_grams"), NOTHING, output_field=GramsField())
    return rows.annotate(free_grams=F("available_grams") - F("wanted_grams"), short_grams=short)


def _running(runs):
    """The run that each of the runs' printers is busy with: ``{printer id: run}``."""
    printers = ids_of(runs, "printer_id")
    found = _printing_on(printers=printers) if printers else ()
    return {run.printer_id: run for run in found}


@compiled(printers=IDS)
def _printing_on(printers):
    of_printers = ProductionRun.objects.printing().filter(IsOneOf("printer", printers))
    return of_printers.only("number", "printer")


def _of_printer(printer, running):
    if printer is None:
        return
    subject = {"printer_id": printer.pk}
    if not printer.is_active:
        detail = _("%(printer)s is out of service.") % {"printer": printer}
        yield Blocker(in_use.PrinterInactive.code, detail, subject)
    if other := running.get(printer.pk):
        figures = {"running_run_id": other.pk, "running_run_number": other.number}
        detail = _("%(printer)s is busy with run %(run)s.") % {"printer": printer, "run": other}
        yield Blocker(readiness.PrinterBusy.code, detail, subject | figures)
    if printer.needs_clearing:
        detail = _("Parts of the last run are on the bed of %(printer)s.") % {"printer": printer}
        yield Blocker(readiness.PrinterNeedsClearing.code, detail, subject)


def _of_materials(items, lines):
    if items and not lines:
        detail = _("No material is planned.")
        yield Blocker(readiness.MaterialsMissing.code, detail, {})


def _of_limits(run, items, lines):
    spools = {line.spool_id: line.spool for line in lines if line.spool_id}
    for place, detail in limits.exceeded(run, items, lines, spools):
        yield Blocker(limits.LimitExceeded.code, detail, {"field": place})


def _of_lines(run, lines, supply):
    """Blockers line by line; what a line without a spool finds in the printer is its spool."""
    slots = [slot for slot in run.printer.slots.all() if slot.spool_id] if run.printer else []
    pairs, loaded = [(slot, slot.spool) for slot in slots], [slot.spool for slot in slots]
    taken = {line.spool_id for line in lines}
    for line in lines:
        if line.spool_id:
            missing = _missing(line, line.spool, pairs, taken)
            yield from _of_spool(line, line.spool, missing=missing)
        elif line.planned_total_grams:
            spool = claims.loaded_match(line, loaded)  # as a start would take it
            if spool is None or spool.pk in taken:
                yield from _without_spool(line, lines, supply)
            else:
                taken.add(spool.pk)
                line = corrected.as_started(run, line, spool, supply.factors)
                missing = _missing(line, spool, pairs, taken)
                yield from _of_spool(line, spool, missing=missing, is_loaded=True)


def _missing(line, spool, loaded, taken):
    """What the spool has too little, unless its twins in the printer have it."""
    shares = twin_claims.shares(line, spool, loaded, taken=taken)
    taken.update(share.spool.pk for share in shares)
    return Decimal(0) if shares else twin_claims.short_of(line, spool)


def _of_spool(line, spool, *, missing, is_loaded=False):
    """Of a spool that the line has; or of one that ``is_loaded``, of which nothing is reserved."""
    subject = {"material_id": line.pk, "spool_id": spool.pk, "spool_code": spool.code}
    if spool.is_archived:
        detail = _("Spool %(spool)s is archived.") % {"spool": spool.code}
        yield Blocker(SpoolArchived.code, detail, subject)
    if spool.is_held:
        text = _("Spool %(spool)s is held: its page says why.")
        loaded = _("Spool %(spool)s, which is in the printer, is held: choose another one.")
        detail = (loaded if is_loaded else text) % {"spool": spool.code}
        yield Blocker(SpoolHeld.code, detail, subject)
    if not claims.matches(line, spool):
        wanted = str(line.filament or line.material_type)
        detail = _("Spool %(spool)s holds %(filament)s, the run wants %(wanted)s.")
        detail %= {"spool": spool.code, "filament": spool.filament, "wanted": wanted}
        yield Blocker(claims.IncompatibleSpool.code, detail, subject | {"wanted": wanted})
    if missing > 0 and not (is_loaded and spool.is_held):
        figures = {
            "needed_grams": line.planned_total_grams,
            "remaining_grams": spool.live_grams,
            "available_grams": spool.available_grams,
            "missing_grams": missing,
        }
        text = _("Spool %(spool)s is %(missing)s g short of what is reserved of it.")
        loaded = _("Spool %(spool)s, which is in the printer, is %(missing)s g short for this run.")
        names = {"spool": spool.code, "missing": format_number(missing)}
        detail = (loaded if is_loaded else text) % names
        yield Blocker(InsufficientInventory.code, detail, subject | figures)


def _without_spool(line, lines, supply):
    wanted, needed = line.filament or line.material_type, line.planned_total_grams
    subject = {"material_id": line.pk, "wanted": str(wanted), "needed_grams": needed}
    detail = _("No spool yet for %(needed)s g of %(wanted)s.")
    detail %= {"needed": format_number(needed), "wanted": wanted}
    yield Blocker(readiness.SpoolsMissing.code, detail, subject)
    in_all, available = supply.wanted(line, lines), supply.available(line)
    if in_all > available:
        figures = {
            "wanted_grams": in_all,
            "available_grams": available,
            "missing_grams": in_all - available,
        }
        detail = _("%(in_all)s g of %(wanted)s are wanted, %(available)s g are available.")
        texts = {"in_all": format_number(in_all), "available": format_number(available)}
        detail %= {"wanted": wanted, **texts}
        yield Blocker("stock_insufficient", detail, subject | figures)


class _Supply:
    """What is on the shelf of the materials that lines without a spool ask for, and by what the
    slicer's grams would be multiplied for what is loaded."""

    def __init__(self, runs):
        lines = [line for run in runs for line in run.materials.all() if not line.spool_id]
        self.filaments = stock.available_of_filaments({line.filament_id for line in lines})
        types = {line.material_type_id for line in lines if not line.filament_id}
        self.material_types = stock.available_of_material_types(types)
        self.factors = corrected.factors_of_start(runs)

    def available(self, line):
        if line.filament_id:
            return self.filaments.get(line.filament_id, Decimal(0))
        return self.material_types.get(line.material_type_id, Decimal(0))

    def wanted(self, line, lines):
        """Grams that a run wants of a line's material on all of its ``lines`` without a spool."""
        requirement = (line.filament_id, line.material_type_id)
        return sum(
            other.planned_total_grams
            for other in lines
            if not other.spool_id and (other.filament_id, other.material_type_id) == requirement
        )
