"""Runs that are planned by a sliced file, written past its reader."""

from decimal import Decimal

from production.models import ProductionRun, RunMaterial
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.runs import lifecycle
from tests.factories import a_run, a_sliced_file


def a_sliced_run(*takes, copies=1, source="slicer", file=None, **fields):
    """A planned run of one plate of a file, ``copies`` times, that takes ``(spool, grams)`` of
    each slot of it; grams as the slicer says for one copy."""
    planned = [(spool, Decimal(grams) * copies) for spool, grams in takes]
    run = a_run(*planned, plate_count=copies, **fields)
    for slot, (line, (_spool, grams)) in enumerate(
        zip(run.materials.order_by("pk"), takes, strict=True), 1
    ):
        RunMaterial.objects.filter(pk=line.pk).update(
            sliced_slot=slot, sliced_grams=grams, sliced_source=source, planned_source="file"
        )
    file = file or a_sliced_file()
    ProductionRun.objects.filter(pk=run.pk).update(sliced_file=file, sliced_plates=[1])
    return ProductionRun.objects.get(pk=run.pk)


def started(run):
    return lifecycle.start(run, by=None, printer_cleared=True, confirm=True)


def weighed(spool, grams):
    """What a run took of a spool, by the scale before and after."""
    before = spool.remaining_grams + 200
    return MaterialActual(
        spool=spool.pk, gross_before_grams=before, gross_after_grams=before - Decimal(grams)
    )


def completed(run, *materials, **fields):
    fields = {"confirm": True, "as_planned": True} | fields
    return completion.complete(run, by=None, materials=materials, **fields).run


def printed(spool, sliced, grams, *, copies=1, items=(), **fields):
    """A completed run of one slot, whose spool was weighed."""
    run = a_sliced_run((spool, sliced), copies=copies, items=items, **fields)
    spool.refresh_from_db()
    return completed(started(run), weighed(spool, grams))
