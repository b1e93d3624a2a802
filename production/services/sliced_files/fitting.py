"""Which printers a sliced file is for: by what its slicer calls the model, and by the nozzle."""

import re

from django.utils.translation import gettext as _

from production.models import PrinterSlot
from production.services.reports.demand import Blocker
from tenants.operations.text import format_number

WORD = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?")
OPTIONAL = {"original", "the", "nozzle", "mm", "series"}


def fits(file, printer):
    """Whether a file, or a product's, is for the printer. A file that names no model is for none:
    nobody knows."""
    return is_model(file.printer_model, printer) and has_nozzle(file.nozzle_mm, printer)


def is_model(model, printer):
    """Whether ``model`` is what a slicer calls the printer: with or without its maker."""
    named = _words(model)
    if not named:
        return False
    maker = _words(printer.manufacturer)
    own = _words(printer.model) or _words(printer.name)
    return bool(own) and named - maker == own - maker


def has_nozzle(nozzle_mm, printer):
    return nozzle_mm is None or nozzle_mm == printer.nozzle_diameter_mm


def misfits(file, printer):
    """What of a sliced file is not for a printer, as Blockers that stop nothing, as what a printer
    really has may not be entered: its model, the nozzle, the slots. One query."""
    if printer is None:
        return []
    used = max((len(plate["slots"]) for plate in file.plates), default=0)
    return list(_misfits(file, printer, used))


def misfits_of_run(run):
    """The same of a planned run's file and its printer; of any other run none. Two queries."""
    if run.status != run.Status.PLANNED or None in (run.sliced_file, run.printer):
        return []
    used = {line.sliced_slot for line in run.materials.all()} - {None}
    return list(_misfits(run.sliced_file, run.printer, len(used)))


def _misfits(file, printer, used):
    subject, names = {"printer_id": printer.pk}, {"printer": printer}
    if _words(file.printer_model) and printer.model and not is_model(file.printer_model, printer):
        figures = {"wanted_model": file.printer_model, "printer_model": printer.model}
        detail = _("The file was sliced for %(wanted_model)s, not for %(printer)s.")
        yield Blocker("other_printer_model", detail % (names | figures), subject | figures)
    if not has_nozzle(file.nozzle_mm, printer):
        sizes = {"wanted_mm": file.nozzle_mm, "nozzle_mm": printer.nozzle_diameter_mm}
        detail = _(
            "The file was sliced for a nozzle of %(wanted_mm)s mm; %(printer)s has one of "
            "%(nozzle_mm)s mm."
        )
        texts = {name: format_number(size) for name, size in sizes.items()}
        yield Blocker("other_nozzle", detail % (names | texts), subject | sizes)
    count = PrinterSlot.objects.filter(printer=printer).count()
    if 0 < count < used:
        figures = {"used_slots": used, "slots": count}
        detail = _("The file prints from %(used_slots)s slots; %(printer)s has %(slots)s.")
        yield Blocker("too_few_slots", detail % (names | figures), subject | figures)


def _words(text):
    return {word for word in WORD.findall(text.casefold()) if word not in OPTIONAL}
