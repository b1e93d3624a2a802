"""Whether a run is ready to start: a free and cleared printer, and a spool on every line."""

from django.utils.translation import gettext as _

from production.models import PrinterSlot, ProductionRun
from production.services.requirements import claims, in_use
from production.services.run_state import NotInRun
from tenants.operations.refusals import Refusal


class SpoolsMissing(Refusal):
    code = "spools_missing"
    title = "Some materials have no spool yet"


class PrinterBusy(Refusal):
    code = "printer_busy"
    title = "The printer is busy with another run"


class PrinterNeedsClearing(Refusal):
    code = "printer_needs_clearing"
    title = "The printer's bed has not been cleared"


class MaterialsMissing(Refusal):
    code = "materials_missing"
    title = "The run makes parts of no material"


def require_materials(run, items, lines):
    """Raise MaterialsMissing for a run that makes something without a material line."""
    if items and not lines:
        raise MaterialsMissing(
            _(
                "Run %(run)s has no materials, so what it takes and costs will be unknown. Add "
                "what it takes, or confirm."
            )
            % {"run": run.number},
            errors={"materials": [_("None is planned.")]},
        )


def require_free_printer(run, *, printer_cleared):
    """Take the run's printer, if it has one. Raises PrinterInactive, PrinterBusy,
    PrinterNeedsClearing."""
    in_use.require_printers([run.printer])
    require_idle_printer(run)
    if run.printer is None or not run.printer.needs_clearing:
        return
    if not printer_cleared:
        raise PrinterNeedsClearing(
            _("Parts of the last run are on the bed of %(printer)s: clear it, and confirm that.")
            % {"printer": run.printer},
            printer_id=run.printer_id,
        )
    run.printer.needs_clearing = False
    run.printer.save(update_fields=["needs_clearing"])


def require_idle_printer(run):
    """Raise PrinterBusy while another run is on the run's printer, if it has one."""
    if run.printer is None:
        return
    running = ProductionRun.objects.printing().filter(printer=run.printer)
    if other := running.exclude(pk=run.pk).first():
        raise PrinterBusy(
            _("%(printer)s is busy with run %(other)s: complete, fail or cancel that first.")
            % {"printer": run.printer, "other": other.number},
            printer_id=run.printer_id,
            running_run_id=other.pk,
            running_run_number=other.number,
        )


def require_untaken_printer(run, *, since):
    """Raise PrinterBusy where another run is on the run's printer, or was started on it since."""
    require_idle_printer(run)
    later = ProductionRun.objects.live().filter(printer=run.printer_id, started_at__gte=since)
    if run.printer and (other := later.exclude(pk=run.pk).order_by("pk").first()):
        raise PrinterBusy(
            _(
                "%(printer)s was given to run %(other)s since, so run %(run)s prints no more: "
                "a manager reverts it instead, and it is completed or cancelled."
            )
            % {"printer": run.printer, "other": other.number, "run": run.number},
            printer_id=run.printer_id,
            running_run_id=other.pk,
            running_run_number=other.number,
        )


def choose_spools(run, run_lines, named):
    """Spools for the lines without one, named or from the printer's slots: ``{line id: spool}``.

    Raises SpoolsMissing, NotInRun.
    """
    if unknown := sorted(named.keys() - {line.pk for line in run_lines}):
        place, text = list(named).index(unknown[0]), _("This run has no material %(unknown)s.")
        text %= {"unknown": unknown[0]}
        errors = {f"spools.{place}.material": [text]}
        raise NotInRun(text, errors=errors, material_id=unknown[0])
    open_lines = [line for line in run_lines if not line.spool_id and line.pk not in named]
    chosen = named | (from_slots(run, open_lines) if open_lines else {})
    missing = [line for line in open_lines if line.pk not in chosen and line.planned_total_grams]
    refuse_without_spool(missing, field="spools")
    return chosen


def refuse_without_spool(lines, *, field):
    """Raise SpoolsMissing with all of the ``lines`` that have no spool, if there are any."""
    if lines := [line for line in lines if line.spool_id is None]:
        wanted = ", ".join(str(line.filament or line.material_type) for line in lines)
        raise SpoolsMissing(
            _("Name a spool for: %(wanted)s.") % {"wanted": wanted},
            errors={
                field: [_("Material %(id)s has no spool.") % {"id": each.pk} for each in lines]
            },
            material_ids=[line.pk for line in lines],
        )


def from_slots(run, open_lines):
    """For each line the spool in the run's printer that fits it, where just one does:
    ``{line id: spool}``. One query."""
    slots = PrinterSlot.objects.filter(printer=run.printer_id, spool__isnull=False)
    loaded = [slot.spool for slot in slots.with_spool()]
    chosen = {line.pk: claims.loaded_match(line, loaded) for line in open_lines}
    return {pk: spool for pk, spool in chosen.items() if spool is not None}


def cover(book, line, spool, *, overridden, most=None):
    """Claim a newly chosen ``spool`` for the line, or ask that its claim is still covered; ``most``
    grams, where twins follow."""
    if spool is not None:
        spool = book.spools[spool.pk]
        if not overridden:
            claims.require_match(line, spool)
        claims.place(book, line, spool, line.planned_total_grams if most is None else most)
    elif line.spool_id:
        spool = book.spools[line.spool_id]
        if not overridden:
            claims.require_match(line, spool)
        if most is not None:
            claims.place(book, line, spool, most)
        book.require_cover(spool, line.reserved_grams)
