"""Allocates plates to printers: the least loaded takes the next one."""

import heapq
from math import ceil

from django.db.models import Count, Q, Sum

from production.models import ProductionRun
from production.services.requirements.bom import plates


def runs_needed(product, quantity, plates_per_run):
    """Runs that so many units are, at most; 1 where ``plates_per_run`` is None (one a printer)."""
    return ceil(plates(product, quantity) / plates_per_run) if plates_per_run else 1


def spread(product, quantity, printers, *, plates_per_run):
    """``[(printer, plates, units)]``, one a run; the last plate holds the exact remainder.

    A run goes to the printer with the least queued by then: planned minutes where all that is
    queued is timed and the product too, else plates; to the first named where they are equal.
    With ``plates_per_run`` None all plates of a printer are one run.
    """
    loads, load_of_plate = _queued(printers, product)
    heap = [(loads.get(printer.pk, 0), place) for place, printer in enumerate(printers)]
    heapq.heapify(heap)
    runs = []
    for plate_count, units in _parts(product, quantity, plates_per_run or 1):
        load, place = heap[0]
        runs.append((printers[place], plate_count, units))
        heapq.heapreplace(heap, (load + plate_count * load_of_plate, place))
    return runs if plates_per_run else _merged(runs)


def _parts(product, quantity, plates_per_run):
    """``(plates, units)`` of each run."""
    full = product.units_per_plate * plates_per_run
    for begun in range(0, quantity, full):
        units = min(full, quantity - begun)
        yield plates(product, units), units


def _queued(printers, product):
    """What is queued on printers, ``{id: load}``, and the load of one plate of the product."""
    queued = ProductionRun.objects.open().filter(printer__in=printers, finished_at=None)
    rows = list(
        queued.order_by()
        .values("printer")
        .annotate(
            minutes=Sum("planned_minutes"),
            plates=Sum("plate_count"),
            untimed=Count("pk", filter=Q(planned_minutes=None)),
        )
    )
    is_timed = bool(product.plate_minutes) and not any(row["untimed"] for row in rows)
    measure = "minutes" if is_timed else "plates"
    loads = {row["printer"]: row[measure] for row in rows}
    return loads, product.plate_minutes if is_timed else 1


def _merged(runs):
    """The runs of a printer as one, in the order of the first plate of each."""
    merged = {}
    for printer, plate_count, units in runs:
        sums = merged.setdefault(printer.pk, [printer, 0, 0])
        sums[1], sums[2] = sums[1] + plate_count, sums[2] + units
    return [tuple(sums) for sums in merged.values()]
