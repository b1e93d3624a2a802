"""Traceability: which runs, parts and orders a lot went into, and which lots parts came from.

What counts is the ledger: a spool is in a run when usage or waste of the run stands on it. Runs
that are open and only claim a spool are listed too, with 0 grams used: their parts may still be
stopped. A part is taken to be made of all that its run took. Deleted runs took nothing.

QuerySets, to be filtered, ordered and paged like any other; a constant number of queries.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from inventory.models import InventoryTransaction, Spool
from production.models import ProductionRun, RunItem, RunMaterial
from tenants.operations.quantities import GramsField


def uses_of_lot(lot_number, *, lines=None):
    """Where a lot went: RunMaterials, one a run and spool, the newest run first.

    Annotated: ``used_grams`` by the ledger, ``order_references`` (a list) of the run's items.
    Letters of the lot number may be of any case; where two makers use a number, choose by
    ``lines``, RunMaterials of the one. Rows come with run, printer, spool and filament.
    """
    return _rows(_traced(lines).filter(_of_lot(lot_number)))


def parts_of_lot(lot_number, *, lines=None):
    """What was made of a lot, and for whom: RunItems of the runs it went into, newest first.

    A row has product, counts and order_reference, and comes with its run.
    """
    taken = _traced(lines).filter(_of_lot(lot_number), run=OuterRef("run"))
    items = RunItem.objects.filter(Exists(taken)).select_related("run", "product")
    return items.order_by("-run_id", "pk")


def returned_of_lot(lot_number):
    """What of a lot went back to suppliers, without what was reversed: ``spools`` and ``grams``."""
    spools = Spool.objects.filter(lot_number__iexact=lot_number.strip()).exclude(lot_number="")
    entries = InventoryTransaction.objects.filter(kind="return", reversed_by=None, spool__in=spools)
    return entries.aggregate(spools=Count("spool", distinct=True), grams=-Sum("grams"))


def lots_of_run(lines):
    """What the parts of a run came from, by its lines: RunMaterials as in `uses_of_lot`; the lot
    number is the spool's (empty if it is not set)."""
    return _rows(_traced(lines))


def lots_of_order(reference):
    """What the parts of an order came from: RunMaterials of the runs that make any of it, as in
    `uses_of_lot`. Letters may be of any case; no reference is no order."""
    runs = ProductionRun.objects.of_order(reference.strip() or None)
    return _rows(_traced().filter(run__in=runs))


def _traced(lines=None):
    """Those of the lines (default: all) whose spool the run took from, or may still take from."""
    lines = RunMaterial.objects.all() if lines is None else lines
    lines = lines.filter(spool__isnull=False, run__deleted_at=None).with_taken()
    used = Coalesce("taken_grams", 0, output_field=GramsField())
    is_open = Q(run__status__in=ProductionRun.OPEN)
    return lines.annotate(used_grams=used).filter(Q(used_grams__gt=0) | is_open)


def _of_lot(lot_number):
    return Q(spool__lot_number__iexact=lot_number.strip()) & ~Q(spool__lot_number="")


def _rows(lines):
    items = RunItem.objects.filter(run=OuterRef("run")).exclude(order_reference="")
    references = items.order_by("order_reference").values("order_reference").distinct()
    lines = lines.annotate(
        order_references=ArraySubquery(references), lot_number=F("spool__lot_number")
    )
    return lines.with_spool().select_related("run__printer").order_by("-run_id", "pk")
