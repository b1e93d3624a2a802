"""On which printer a run can be started, or goes on: those that are free, the best first, and what
is in them. Queries only, three of them."""

from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from production.models import Printer, PrinterSlot, ProductionRun
from production.services.requirements import claims, limits
from production.services.requirements.spool_places import ProposalReason
from production.services.sliced_files import fitting

MOST = 6  # to be touched


@dataclass(frozen=True, kw_only=True)
class PrinterChoice:
    """A printer that no run is on. ``holds_all``: what the run takes is in it; ``doubts`` are
    sentences about what of the run is not for it."""

    printer: Printer
    holds_all: bool
    reasons: tuple[ProposalReason, ...]
    doubts: tuple[str, ...]

    @property
    def is_plain(self):
        """Whether nothing speaks against it."""
        return self.holds_all and not self.doubts and not self.printer.needs_clearing

    @property
    def slots(self):
        return self.printer.slots.all()


def of_run(run):
    """The PrinterChoices of a run that was read with its items and `demand.with_needs`, but for the
    printer that it is on."""
    busy = ProductionRun.objects.printing().filter(printer__isnull=False).exclude(pk=run.pk)
    slots = Prefetch("slots", PrinterSlot.objects.with_spool().order_by("label", "pk"))
    free = Printer.objects.active().exclude(pk__in=busy.values("printer"))
    rows = free.exclude(pk=run.printer_id or 0).prefetch_related(slots)
    return sorted((_choice(run, printer) for printer in rows), key=_rank)


def the_only(choices):
    """The printer that nothing speaks against, where there is just one; else None."""
    plain = [each for each in choices if each.is_plain]
    return plain[0].printer if len(plain) == 1 else None


def _rank(choice):
    printer = choice.printer
    doubts = len(choice.doubts)
    return bool(doubts), not choice.holds_all, printer.needs_clearing, printer.name, printer.pk


def _choice(run, printer):
    lines = run.materials.all()
    spools = {line.spool_id: line.spool for line in lines if line.spool_id}
    doubts = [text for _f, text in limits.of_printer(printer, run.items.all(), lines, spools)]
    if run.sliced_file is not None:
        used = len({line.sliced_slot for line in lines} - {None})
        found = fitting.misfits_with(run.sliced_file, printer, printer.slots.all(), used)
        doubts += [each.detail for each in found]
    loaded = [slot.spool for slot in printer.slots.all() if slot.spool]
    missing = [line for line in lines if not _holds(line, loaded)]
    return PrinterChoice(
        printer=printer,
        holds_all=not missing,
        doubts=tuple(dict.fromkeys(doubts)),
        reasons=tuple(_reasons(printer, lines, missing)),
    )


def _holds(line, loaded):
    if not line.planned_total_grams:
        return True
    if line.spool_id and any(spool.pk == line.spool_id for spool in loaded):
        return True
    return not line.spool_id and any(claims.matches(line, spool) for spool in loaded)


def _reasons(printer, lines, missing):
    if printer.needs_clearing:
        yield ProposalReason("needs_clearing", _("Its bed is to be cleared."))
    if missing:
        names = ", ".join(str(_wanted(line)) for line in missing)
        yield ProposalReason("to_load", _("To load: %(names)s.") % {"names": names})
    elif lines:
        yield ProposalReason("holds_all", _("Holds what the run takes."))


def _wanted(line):
    return line.spool.filament if line.spool else line.filament or line.material_type
