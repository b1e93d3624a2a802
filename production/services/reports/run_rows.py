"""Open runs with all that pages and blockers look at of them, and printers with what is in them.

Each query is compiled once in a process, and each row is made once, whatever refers to it.
"""

from inventory.models import Filament, Spool
from production.models import BomLine, Printer, PrinterSlot, ProductionRun, RunItem, RunMaterial
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.related import by_id, ids_of, put, put_many


def read(ids):
    """The runs of these ids in the order of the queue, with their `rows`."""
    return rows(_runs(ids=sorted(ids)))


def rows(runs, *, printers=()):
    """The runs, with printer and its slots by label, items with products and their bills of
    materials, materials with what they ask for and take. Printers that are at hand get their slots
    too. A constant number of queries."""
    known = by_id(printers)
    missing = sorted(set(ids_of(runs, "printer_id")) - known.keys())
    known |= by_id(_printers(ids=missing) if missing else ())
    put(runs, "printer", known)
    run_ids = [run.pk for run in runs]
    lines, items = (_lines(runs=run_ids), _items(runs=run_ids)) if runs else ([], [])
    slots = _slots(printers=sorted(known)) if known else []
    put_many(runs, "materials", lines, by="run")
    put_many(runs, "items", items, by="run")
    put_many(known.values(), "slots", slots, by="printer")
    _put_spools(lines, slots)
    _put_bills(items)
    return runs


def _put_spools(lines, slots):
    spool_ids = ids_of([*lines, *slots], "spool_id")
    spools = _spools(ids=spool_ids) if spool_ids else []
    filament_ids = ids_of([*lines, *spools], "filament_id")
    filaments = by_id(_filaments(ids=filament_ids) if filament_ids else ())
    put(spools, "filament", filaments)
    put(lines, "filament", filaments)
    put(lines, "spool", by_id(spools))
    put(slots, "spool", by_id(spools))


def _put_bills(items):
    products = by_id(item.product for item in items)
    put(items, "product", products)
    bills = _bill_lines(products=sorted(products)) if products else []
    put_many(products.values(), "bom_lines", bills, by="product")


# --- Queries -----------------------------------------------------------------------------------


@compiled(ids=IDS)
def _runs(ids):
    return ProductionRun.objects.filter(IsOneOf("pk", ids)).queue()


@compiled(ids=IDS)
def _printers(ids):
    return Printer.objects.filter(IsOneOf("pk", ids)).order_by("pk")


@compiled(printers=IDS)
def _slots(printers):
    return PrinterSlot.objects.filter(IsOneOf("printer", printers)).order_by("label", "pk")


@compiled(runs=IDS)
def _lines(runs):
    lines = RunMaterial.objects.filter(IsOneOf("run", runs)).order_by("pk")
    return lines.select_related("material_type", "slot__printer")


@compiled(runs=IDS)
def _items(runs):
    return RunItem.objects.filter(IsOneOf("run", runs)).select_related("product").order_by("pk")


@compiled(ids=IDS)
def _spools(ids):
    return Spool.objects.filter(IsOneOf("pk", ids)).order_by("pk")


@compiled(ids=IDS)
def _filaments(ids):
    return Filament.objects.filter(IsOneOf("pk", ids)).with_makers().order_by("pk")


@compiled(products=IDS)
def _bill_lines(products):
    return BomLine.objects.filter(IsOneOf("product", products)).order_by("pk")
