"""Imports printers: each row is one, with its slots; one that is there already is left out."""

from django.db.models.functions import Lower
from django.utils.text import slugify
from django.utils.translation import gettext as _

from inventory.services.tables import missing
from inventory.services.tables.matching import the_place
from inventory.services.tables.refusals import TableTooLarge
from inventory.services.tables.report import UNCHANGED, ImportReport, lock_imports, run_import
from production.models import Printer
from production.services.printing import adding
from production.services.printing.printer_models import printer_models
from production.services.tables.columns import PRINTERS
from tenants.operations import progress
from tenants.operations.operation import operation
from tenants.operations.text import format_number

MOST = 500  # printers of one table
BED = ("bed_x_mm", "bed_y_mm", "bed_z_mm")


def import_printers(table, *, by, dry_run=False, create=None):
    """Add the printers of a ReadTable, with their slots; returns an ImportReport.

    A row whose name a printer has already is left out. What is known of its model is filled in
    where a row has nothing. Bad rows are reported, and the others added. Locations that are missing
    are made if ``create`` has them; None is so in an export of our own. A dry run is the import,
    taken back. Raises TableTooLarge, Busy.
    """
    return run_import(_import, table, by=by, dry_run=dry_run, create=create)


@operation("printer.import")
def _import(table, *, by, dry_run, create):
    lock_imports(PRINTERS)
    report = ImportReport(PRINTERS, table, dry_run=dry_run)
    if len(report.rows) > MOST:
        message = _("These are %(count)s printers; at most %(most)s are added at once: split it.")
        raise TableTooLarge(message % {"count": len(report.rows), "most": MOST}, most_lines=MOST)
    wanted = missing.creatable(create, table, by=by)
    report.create_missing = [kind for kind in wanted if kind == "locations"]
    known = _leave_out(report.rows)
    new = [row for row in report.rows if row not in known]
    _require_first(new)
    for row in new:
        _complete(row)
    places = missing.make_locations(report, new)
    for row in progress.counting(new):
        place = None
        with row.refusing():
            if "location" in row.values:
                place = the_place(places, row.values["location"])
        if row.is_ok:
            with row.refusing("name"):
                _add(row, place, by=by)
    return report


def _leave_out(rows):
    """The rows of printers that are there already, whatever else is in them."""
    by_lower = {printer.lower: printer for printer in Printer.objects.annotate(lower=Lower("name"))}
    known = []
    for row in rows:
        printer = by_lower.get(row.values.get("name", "").lower())
        if printer and row.is_ok:
            row.instances, row.outcome = [printer], UNCHANGED
            row.detail = _("%(printer)s is there already.") % {"printer": printer}
            known.append(row)
    return known


def _require_first(rows):
    """Refuse a second row of the same name."""
    seen = {}
    for row in rows:
        first = seen.setdefault(row.values.get("name", "").lower(), row)
        if first is not row and "name" in row.values:
            message = _("The same printer as in line %(number)s.")
            row.refuse("name", message % {"number": first.number})


def _complete(row):
    """Fill in what is known of the model, and refuse what is needed and missing."""
    values, model = row.values, _model(row.values)
    if model:
        row.values = model.fields() | {"slots": model.slots} | values
    if "name" not in values and not row.problems.keys() & {"", "name"}:
        row.refuse("name", _("This is needed."))
    for side in BED:
        if side not in row.values and side not in row.problems:
            message = _("This is needed: “%(model)s” is no model that is known.")
            text = " ".join(filter(None, [values.get("manufacturer"), values.get("model")]))
            row.refuse(side, message % {"model": text} if text else _("This is needed."))


def _model(values):
    """The PrinterModel that a row names with its maker, or without where there is just one."""
    if "model" not in values:
        return None
    name = slugify(values["model"].replace("+", " plus"))
    maker = slugify(values.get("manufacturer", ""))
    models = printer_models()
    if found := models.get(f"{maker}-{name}" if maker else name):
        return found
    if maker:
        return None
    found = [each for key, each in models.items() if key == f"{slugify(each.manufacturer)}-{name}"]
    return found[0] if len(found) == 1 else None


def _add(row, place, *, by):
    values = dict(row.values)
    name, slots = values.pop("name"), values.pop("slots", adding.ONE_SLOT)
    values["location"] = place
    row.instances = adding.add_many(names=[name], slots=slots, by=by, **values)
    bed = " × ".join(format_number(values[side]) for side in BED)
    names = {"name": name, "bed": bed, "slots": ", ".join(slots)}
    row.detail = _("A new printer %(name)s, %(bed)s mm, slots: %(slots)s.") % names
