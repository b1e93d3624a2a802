"""Which printers a sliced file is for: by what its slicer calls the model, and by the nozzle."""

import re

from django.utils.translation import gettext as _

from production.models import PrinterSlot
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


def misfits(run):
    """What of a run's sliced file is not for its printer, as sentences: model, nozzle, slots. No
    refusal: what a printer really has may not be entered. Two queries."""
    file, printer = run.sliced_file, run.printer
    if file is None or printer is None:
        return
    names = {"printer": printer, "model": file.printer_model}
    if _words(file.printer_model) and printer.model and not is_model(file.printer_model, printer):
        yield _("The file was sliced for %(model)s, not for %(printer)s.") % names
    if not has_nozzle(file.nozzle_mm, printer):
        sizes = {"wanted": file.nozzle_mm, "own": printer.nozzle_diameter_mm}
        text = _(
            "The file was sliced for a nozzle of %(wanted)s mm; %(printer)s has one of %(own)s mm."
        )
        yield text % (names | {name: format_number(size) for name, size in sizes.items()})
    used = {line.sliced_slot for line in run.materials.all()} - {None}
    count = PrinterSlot.objects.filter(printer=printer).count()
    if 0 < count < len(used):
        text = _("The file prints from %(used)s slots; %(printer)s has %(count)s.")
        yield text % {"used": len(used), "count": count, "printer": printer}


def _words(text):
    return {word for word in WORD.findall(text.casefold()) if word not in OPTIONAL}
