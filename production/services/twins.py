"""Twins: slots of a printer with the same filament, of which one follows when the other is empty.

What is reported of a spool that the printer's run does not name, while it draws the same filament
from another of its slots, is the run's: it goes on from there, as if somebody had swapped spools.
"""

from contextlib import suppress

from django.db import transaction

from production.models import PrinterSlot, ProductionRun, RunMaterial
from production.services.printing import midprint
from production.services.reported import routes
from tenants.operations.compiled import ID, compiled
from tenants.operations.refusals import Refusal


@compiled(number=ID)
def _slot(number):
    slots = PrinterSlot.objects.filter(spool__number=number)
    return slots.select_related("spool", "printer").order_by()  # a spool is in one at most


def lock_line(number, *, token, at, waits=True):
    """As `run_lines.register` asks: the line of a run that names the spool, or goes on from it."""
    line = routes.lock_line(number, token=token, at=at, waits=waits)
    if line is None and waits and (found := find(number, token=token)):
        with suppress(Refusal), transaction.atomic():
            return midprint.follow(*found).pk
    return line


def find(number, *, token):
    """The line of a printing run and the slot with the spool of that number, which it goes on from;
    None where there is none, or where it could be for several."""
    slot = _slot.first(number=number)
    if slot is None or (token and token.printer_id not in (None, slot.printer_id)):
        return None
    lines = RunMaterial.objects.filter(run__in=ProductionRun.objects.printing())
    lines = lines.filter(run__printer=slot.printer_id).select_related("run")
    if lines.filter(spool=slot.spool).exists():
        return None
    twins = lines.filter(
        actual_grams=None,
        spool__filament=slot.spool.filament_id,
        spool__printer_slot__printer=slot.printer_id,
    )
    found = list(twins.order_by("pk")[:2])
    return (found[0], slot) if len(found) == 1 else None
