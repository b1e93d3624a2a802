"""Many rows of anything, written at once: for what must hold however many there are.

They are written past the services: each table has the given number of rows, each row
refers to rows of its own, and every figure is there. ``ROWS`` has what fills each list of the API.
"""

import hashlib

from django.utils import timezone

from inventory.models import Hold, RecognisedRepeat, Stocktake, StocktakeLine
from production.models import (
    BomLine,
    Picture,
    PlatePicture,
    Printer,
    PrinterSlot,
    PrintHost,
    Product,
    ProductAlias,
    ProductFile,
    ProductFileSlot,
    ProductionRun,
    Reason,
    RunEvent,
    RunItem,
    RunMaterial,
    RunPhoto,
    SlicedFile,
    SlicerCorrection,
)
from production.services.slicer_factors import GROUPS as SLICER_GROUPS
from tenants.accounts.models import AuditEvent, DeviceToken, FloorDevice, User
from tenants.jobs.models import Job
from tests.factories import a_file_slot, a_plate
from tests.shelf_rows import (
    FULL,
    LOT,
    a_user,
    counts,
    counts_of_one_spool,
    entries,
    events_of_one_spool,
    filaments,
    first_of,
    locations,
    manufacturers,
    many,
    material_types,
    named,
    spools,
    tags_of_one_spool,
)

ORDER = "SO-1"

# --- Production --------------------------------------------------------------------------------


def printers(count):
    places, reels = locations(count), spools(count)
    sides = dict.fromkeys(("bed_x_mm", "bed_y_mm", "bed_z_mm"), 250)
    rows = many(Printer, count, name=named("Printer"), location=places.__getitem__, **sides)
    many(PrinterSlot, count, printer=rows.__getitem__, label="1", spool=reels.__getitem__)
    many(
        ProductionRun,
        count,
        number=named("R"),
        status="in_progress",
        printer=rows.__getitem__,
        started_at=timezone.now(),
        created_at=timezone.now(),
        updated_at=timezone.now(),
    )
    return rows


def print_hosts(count):
    rows = printers(count)
    fields = {"kind": "octoprint", "url": "http://192.168.1.33", "secret": "k-1"}
    return many(PrintHost, count, printer=rows.__getitem__, **fields)


def slots_of_one_printer(count):
    printer, reels = first_of(Printer, printers), spools(count)
    return many(PrinterSlot, count, printer=printer, label=named("slot"), spool=reels.__getitem__)


def slicer_corrections(count):
    figures = {"factor": 1, "run_count": 1, "sliced_grams": 1, "measured_grams": 1}
    kinds, machines = filaments(count), printers(count)
    return many(
        SlicerCorrection,
        count,
        filament=kinds.__getitem__,
        printer=machines.__getitem__,
        accepted_by=a_user(),
        accepted_at=timezone.now(),
        **figures,
    )


def sliced_runs(count):
    """Completed ones, each by a file of its own, weighed."""
    rows, now = runs(count), timezone.now()
    fields = {"sha256": named("hash"), "size_bytes": 1, "slicer": "S", "created_at": now}
    files = many(SlicedFile, count, filename=named("file"), **fields)
    for row, file in zip(rows, files, strict=True):
        row.sliced_file, row.sliced_plates = file, [1]
    ProductionRun.objects.bulk_update(rows, ["sliced_file", "sliced_plates"])
    lines = RunMaterial.objects.filter(run__in=rows)
    lines.update(sliced_slot=1, sliced_grams=90, actual_source="weighed")
    return rows


def pictures(count):
    """Each is called as its bytes are: the hash of a number after those that are there."""
    first, now = Picture.objects.count(), timezone.now()
    files = [str(first + each).encode() for each in range(count)]
    return many(
        Picture,
        count,
        sha256=lambda n: hashlib.sha256(files[n]).hexdigest(),
        content=files.__getitem__,
        thumbnail=b"",
        **{"width": 4, "height": 3, "created_at": now, "named_at": now},
    )


def photos_of_one_run(count):
    run, shots = first_of(ProductionRun, runs), pictures(count)
    fields = {"picture": shots.__getitem__, "created_at": timezone.now(), "created_by": a_user()}
    return many(RunPhoto, count, run=run, **fields)


def products(count):
    shots = pictures(count)
    fields = {"name": "Part", "plate_minutes": 30, "photo": shots.__getitem__}
    rows = many(Product, count, sku=named("SKU"), **fields)
    bom_lines(count, product=rows.__getitem__)
    return rows


def bom_lines(count, *, product):
    kinds = filaments(count)
    return many(
        BomLine,
        count,
        product=product,
        filament=kinds.__getitem__,
        material_type=lambda n: kinds[n].material_type,
        grams_per_unit=10,
    )


def bom_lines_of_one_product(count):
    return bom_lines(count, product=first_of(Product, products))


def sliced_files(count):
    fields = {"sha256": named("hash"), "size_bytes": 1000, "slicer": "PrusaSlicer"}
    fields |= {"plates": [a_plate(a_file_slot(), a_file_slot(2))], "created_by": a_user()}
    rows = many(
        SlicedFile, count, filename=named("part"), created_at=timezone.now(), lines="-", **fields
    )
    shots = pictures(count)
    many(PlatePicture, count, sliced_file=rows.__getitem__, plate=1, picture=shots.__getitem__)
    return rows


def files_of_one_product(count):
    product, read = first_of(Product, products), sliced_files(count)
    fields = {"plate": 1, "units": 4, "seconds": 7200, "created_at": timezone.now()}
    rows = many(
        ProductFile, count, product=product, sliced_file=read.__getitem__, is_current=True, **fields
    )
    many(ProductFileSlot, count, file=rows.__getitem__, slot=1, grams=40, material="PLA")
    return rows


def aliases_of_one_product(count):
    names = {"name": named("part"), "key": named("part")}
    return many(ProductAlias, count, product=first_of(Product, products), **names)


def reasons(count):
    return many(Reason, count, kind="scrap", code=named("r"), label=named("Reason"))


def runs(count):
    """Completed ones: each of a product of its own, on a printer of its own, from a spool of its
    own, twice as much as was planned, of which it scrapped one part for a reason of its own."""
    machines, now = printers(count), timezone.now()
    rows = many(
        ProductionRun,
        count,
        number=named("R"),
        status="completed",
        printer=machines.__getitem__,
        actual_minutes=40,
        actual_minutes_source="typed",
        hour_rate=2,
        created_by=a_user(),
        **dict.fromkeys(("started_at", "finished_at", "created_at", "updated_at"), now),
    )
    run_items(count, run=rows.__getitem__)
    run_materials(count, run=rows.__getitem__)
    return rows


def run_items(count, *, run):
    things, causes = products(count), reasons(count)
    return many(
        RunItem,
        count,
        run=run,
        product=things.__getitem__,
        quantity=5,
        good_count=4,
        scrapped_count=1,
        scrap_reason=causes.__getitem__,
        order_reference=ORDER,
    )


def run_materials(count, *, run):
    reels = spools(count, used=100)
    rows = many(
        RunMaterial,
        count,
        run=run,
        spool=reels.__getitem__,
        filament=lambda n: reels[n].filament,
        planned_grams=50,
        actual_grams=100,
        actual_source="typed",
    )
    taken = {"kind": "usage", "grams": -100, "balance_grams": FULL - 100}
    entries(count, spool=reels.__getitem__, run=run, **taken)
    return rows


def events_of_runs(count):
    now, by = timezone.now(), many(User, count, username=named("planner"))
    fields = {"verb": "create", "to_status": "planned", "at": now}
    return many(RunEvent, count, run=runs(count).__getitem__, by=by.__getitem__, **fields)


def items_of_one_run(count):
    return run_items(count, run=first_of(ProductionRun, runs))


def materials_of_one_run(count):
    return run_materials(count, run=first_of(ProductionRun, runs))


# --- People ------------------------------------------------------------------------------------


def users(count):
    return many(User, count, username=named("user"))


def tokens_of_others(count):
    people = users(count)
    fields = {"name": "printer", "scope": "read", "hash": named("hash")}
    return many(DeviceToken, count, **fields, user=people.__getitem__)


def repeats(count):
    fields = {"rule": "R2", "unit": "length", "amount": "63", "before": "7", "grams": 1}
    reels, devices = spools(count), tokens_of_others(count)
    return many(
        RecognisedRepeat,
        count,
        **fields,
        spool=reels.__getitem__,
        token=devices.__getitem__,
        received_at=timezone.now(),
    )


def holds(count):
    reels, by = spools(count), users(count)
    fields = {"reason": "Brittle", "placed_by": by.__getitem__, "placed_at": timezone.now()}
    return many(Hold, count, spool=reels.__getitem__, **fields)


def stocktakes(count):
    by = users(count)
    return many(Stocktake, count, scope="farm", begun_by=by.__getitem__, begun_at=timezone.now())


def lines_of_one_stocktake(count):
    reels, by, places = spools(count), users(count), locations(count)
    return many(
        StocktakeLine,
        count,
        stocktake=first_of(Stocktake, stocktakes),
        spool=reels.__getitem__,
        expected_grams=FULL,
        book_grams=FULL,
        counted_grams=FULL - 1,
        cost_per_gram="0.02",
        result="net",
        move_to=places.__getitem__,
        counted_by=by.__getitem__,
        counted_at=timezone.now(),
    )


def tokens(count):
    fields = {"name": "printer", "scope": "read", "hash": named("hash")}
    return many(DeviceToken, count, **fields, user=a_user())


def tablets(count):
    people = users(count)
    fields = {"name": named("tablet"), "hash": named("hash")}
    return many(FloorDevice, count, registered_by=people.__getitem__, **fields)


def changes(count):
    by, kind = many(User, count, username=named("keeper")), "inventory.location"
    return many(AuditEvent, count, by=by.__getitem__, verb="add", object_type=kind)


def jobs(count):
    return many(Job, count, kind="export", title="Export", by=a_user())


# --- What fills which list ---------------------------------------------------------------------

# By the name of the route: what makes rows of it, and how it is asked where that matters.
ROWS = {
    "audit-events": [changes],
    "tokens": [tokens],
    "device-tokens": [tokens_of_others],
    "floor-devices": [tablets],
    "users": [users],
    "jobs": [jobs],
    "manufacturers": [manufacturers],
    "material-types": [material_types],
    "locations": [locations],
    "filaments": [filaments],
    "spools": [spools],
    "spools-transactions": [counts_of_one_spool],
    "spools-events": [events_of_one_spool],
    "spools-tags": [tags_of_one_spool],
    "inventory-transactions": [counts],
    "repeats": [repeats],
    "holds": [holds],
    "stocktakes": [stocktakes],
    "stocktakes-lines": [lines_of_one_stocktake, "ordering=-difference_value"],
    "printers": [printers],
    "printers-slots": [slots_of_one_printer],
    "print-hosts": [print_hosts],
    "products": [products],
    "products-bom-lines": [bom_lines_of_one_product],
    "products-files": [files_of_one_product],
    "products-aliases": [aliases_of_one_product],
    "sliced-files": [sliced_files],
    "reasons": [reasons],
    "production-runs": [
        runs,
        "",
        "search=SKU&ordering=-start_date",
        f"lot={LOT}&order_reference={ORDER}",
    ],
    "run-events": [events_of_runs],
    "production-runs-items": [items_of_one_run],
    "production-runs-materials": [materials_of_one_run],
    "production-runs-photos": [photos_of_one_run],
    "reports/variance": [runs, "group_by=product", "group_by=printer", "group_by=filament"],
    "reports/explanation": [runs, "group_by=product", "group_by=printer", "group_by=filament"],
    "reports/slicer": [sliced_runs, *(f"group_by={name}" for name in SLICER_GROUPS)],
    "slicer-corrections": [slicer_corrections],
    "reports/consumption": [
        runs,
        "group_by=filament",
        "group_by=material_type&period=day",
        "group_by=printer&kind=usage",
        f"group_by=product&lot={LOT}",
    ],
    "reports/printers": [runs, "group_by=printer", "group_by=location&period=day"],
    "reports/scrap": [runs, "group_by=reason", "group_by=product", "group_by=material_type"],
    "reports/lots": [runs, f"lot={LOT}", f"order_reference={ORDER}"],
    "reports/lot-parts": [runs, f"lot={LOT}"],
    "reports/stock": [spools],
    "reports/stock-by-material-type": [spools],
    "reports/stock-value": [
        spools,
        *(f"group_by={name}" for name in ("filament", "material_type", "location", "spool")),
    ],
    "reports/stock-changes": [spools],
    "reports/unexplained": [counts],
    "reports/alerts": [runs],
}
