"""What of the spools that a hold covers is in use: in printers, and in open runs."""

from dataclasses import dataclass, field

from inventory.models import Spool
from production.models import PrinterSlot, RunMaterial


@dataclass
class HeldInUse:
    """A spool that is held, the PrinterSlot that it is in (None: in none), and the open runs that
    have it; whether one of them prints from it now."""

    spool: Spool
    slot: PrinterSlot | None = None
    runs: list = field(default_factory=list)

    @property
    def is_printing(self):
        return any(run.is_printing for run in self.runs)


def in_use(hold):
    """HeldInUse of the spools of a hold that are loaded, or that open runs have: first those that
    are printed from now, then those in printers. Three queries."""
    spools = hold.spools()
    slots = PrinterSlot.objects.filter(spool__in=spools).select_related("printer")
    slots = {slot.spool_id: slot for slot in slots.order_by("printer__name", "label", "pk")}
    lines = RunMaterial.objects.of_open_runs().filter(spool__in=spools).select_related("run")
    lines = list(lines.order_by("run_id", "pk"))
    ids = {*slots, *(line.spool_id for line in lines)}
    rows = Spool.objects.with_filament().filter(pk__in=ids).order_by("pk")
    found = {spool.pk: HeldInUse(spool, slots.get(spool.pk)) for spool in rows}
    for line in lines:
        if line.spool_id in found:
            found[line.spool_id].runs.append(line.run)
    return sorted(found.values(), key=_first)


def _first(each):
    return not each.is_printing, each.slot is None, each.spool.pk
