"""Which printers a sliced file is for: by what its slicer calls the model, and by the nozzle."""

import re

from django.utils.translation import gettext as _

from production.models import RunMaterial
from production.services.reports.demand import Blocker
from production.services.sliced_files.shelf_rows import slots_in_order
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
    return list(misfits_with(file, printer, slots_in_order(printer), used))


def misfits_of_run(run):
    """The same of a planned run's file and its printer, and spools that other printers print from
    now; of any other run none. Three queries."""
    if run.status != run.Status.PLANNED:
        return []
    return [*_of_file(run), *_printed_elsewhere(run)]


def _of_file(run):
    if None in (run.sliced_file, run.printer):
        return []
    used = {line.sliced_slot for line in run.materials.all()} - {None}
    slots = slots_in_order(run.printer)
    return [*misfits_with(run.sliced_file, run.printer, slots, len(used)), *_of_slots(run, slots)]


def misfits_with(file, printer, slots, used):
    """The same of a printer with these slots, where the file prints from so many. No query."""
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
    if 0 < len(slots) < used:
        figures = {"used_slots": used, "slots": len(slots)}
        detail = _("The file prints from %(used_slots)s slots; %(printer)s has %(slots)s.")
        yield Blocker("too_few_slots", detail % (names | figures), subject | figures)


def _printed_elsewhere(run):
    mine = {line.spool_id: line.spool for line in run.materials.all() if line.spool_id}
    lines = RunMaterial.objects.printed_elsewhere(run.printer_id).filter(spool__in=mine)
    for line in lines.select_related("run__printer").order_by("pk") if mine else ():
        names = {"printer": str(line.run.printer), "run": line.run.number}
        names["spool_code"] = mine[line.spool_id].code
        detail = _("%(printer)s prints from spool %(spool_code)s now, for run %(run)s.")
        yield Blocker("printing_elsewhere", detail % names, {"spool_id": line.spool_id} | names)


def _of_slots(run, slots):
    """Spools that are in another slot of the printer than the one that the file prints from."""
    places = {spool: (place, label) for place, (_pk, label, spool) in enumerate(slots, 1) if spool}
    for line in run.materials.all() if len(slots) > 1 else ():
        place, label = places.get(line.spool_id, (None, ""))
        if place and line.sliced_slot and line.sliced_slot != place:
            figures = {"file_slot": line.sliced_slot, "slot": label, "spool_code": line.spool.code}
            detail = _(
                "The file prints slot %(file_slot)s from spool %(spool_code)s, which is in "
                "%(slot)s: assign the slots so at the printer, or move the spool."
            )
            yield Blocker("other_slot", detail % figures, {"spool_id": line.spool_id} | figures)


def _words(text):
    return {word for word in WORD.findall(text.casefold()) if word not in OPTIONAL}
