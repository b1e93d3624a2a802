"""Plans as many runs of a product as a quantity needs, over the printers of a farm: by the
product's sliced files where one fits the printer, else by its bill of materials."""

from django.utils.translation import gettext as _

from production.models import Printer
from production.services.requirements import bom, in_use
from production.services.runs import printer_allocation
from production.services.runs.lines import NewItem
from production.services.runs.planning import (
    MAX_AT_ONCE,
    MAX_PLATES,
    MAX_UNITS,
    TooManyRuns,
    create_many,
    require_count,
)
from production.services.sliced_files import correcting, product_files
from tenants.operations.operation import operation
from tenants.operations.refusals import Busy, Invalid


class UnitsPerPlateUnknown(Invalid):
    code = "units_per_plate_unknown"
    title = "How many fit on a plate?"


class NoPrinters(Invalid):
    code = "no_printers"
    title = "Which printers?"


@operation("production_run.plan")
def plan(
    *, product, quantity, printers, by, at=None, plates_per_run=1, order_reference="", **fields
):
    """Plan as many runs as ``quantity`` units of the product need; returns them in their order.

    Plates = quantity / units per plate, rounded up; the last one holds the exact remainder. Each
    run takes ``plates_per_run`` plates, by default one; None makes one run per printer. A run
    goes to the printer with the least queued: planned minutes where all are timed, else plates;
    the first named where they are equal. ``fields`` are those of ``lifecycle.create``, the same
    for all runs; materials are derived from the bill of materials, or taken of the product's sliced
    file that fits the printer, whose plates are printed as a whole, with the corrections that were
    accepted for what the slicer says. Raises UnitsPerPlateUnknown, NoPrinters, PrinterInactive,
    ProductInactive, TooManyRuns, Invalid, RunsRefused, Busy.
    """
    require_count(quantity, "quantity", MAX_UNITS)
    if plates_per_run is not None:
        require_count(plates_per_run, "plates_per_run", MAX_PLATES)
    in_use.require_products([product])
    bom.locked([product.pk])
    printers = _locked(printers)
    files = product_files.by_printer(product, printers)
    plate = product_files.plate_load(product, files, printers)
    _require_plannable(product, plate, quantity, plates_per_run)
    parts = printer_allocation.spread(plate, quantity, printers, plates_per_run=plates_per_run)
    files = {pk: row for pk, row in files.items() if row.units == plate.units_per_plate}
    runs = _runs(product, parts, files, order_reference=order_reference)
    return create_many([{**fields, **run} for run in correcting.corrected(runs)], by=by, at=at)


def _runs(product, parts, files, *, order_reference):
    """The arguments of `lifecycle.create` for each ``(printer, plates, units)``: by the file of the
    printer, where it has one, else by the bill."""
    runs, needs = [], product_files.needs(product, files)
    for printer, plates, units in parts:
        run, file = None, files.get(printer.pk)
        if file is not None:
            each = {"copies": plates, "order_reference": order_reference, **needs}
            run = product_files.run_of(file, product, **each)
        item = NewItem(product=product, quantity=units, order_reference=order_reference)
        runs.append({"printer": printer, **(run or {"items": [item]})})
    return runs


def _require_plannable(product, plate, quantity, plates_per_run):
    if not plate.units_per_plate:
        raise UnitsPerPlateUnknown(
            _(
                "How many of %(product)s fit on a plate? Enter it at the product, or create the "
                "runs one by one."
            )
            % {"product": product.sku},
            errors={"product": [_("Its units per plate are unknown.")]},
            product_id=product.pk,
        )
    runs = printer_allocation.runs_needed(plate, quantity, plates_per_run)
    if runs > MAX_AT_ONCE:
        error = _("These would be %(runs)s runs: put more plates into each.") % {"runs": runs}
        raise TooManyRuns(
            _("%(quantity)s of %(product)s would be %(runs)s runs: put more plates into a run.")
            % {"quantity": quantity, "product": product.sku, "runs": runs},
            errors={"plates_per_run": [error]},
            run_count=runs,
        )


def _locked(printers):
    """The printers, fresh and locked by id, in the order given: what is queued on them stays."""
    ids = [printer.pk for printer in printers]
    if not ids or len(set(ids)) < len(ids):
        raise NoPrinters(
            _("Name one printer at least, and each once."),
            errors={"printers": [_("At least one, and each once.")]},
        )
    rows = Printer.objects.filter(pk__in=ids).order_by("pk")
    found = {row.pk: row for row in rows.select_for_update(no_key=True, of=("self",))}
    if len(found) < len(ids):
        raise Busy(_("A printer was removed at this very moment; try again."))
    fresh = [found[pk] for pk in ids]
    in_use.require_printers(fresh, field="printers")
    return fresh
