"""Many rows of anything, written at once: for what must hold however many there are.

They are written past the services: each table is as full as asked, each row refers to rows of its
own, and every figure is there. ``ROWS`` says how each list of the API is filled.
"""

import itertools
from decimal import Decimal

from django.utils import timezone

from inventory.models import (
    Filament,
    InventoryTransaction,
    Location,
    Manufacturer,
    MaterialType,
    Spool,
    SpoolEvent,
)
from production.models import (
    BomLine,
    Printer,
    PrinterSlot,
    Product,
    ProductionRun,
    Reason,
    RunItem,
    RunMaterial,
)
from tenants.accounts.models import DeviceToken, User

LOT, ORDER, FULL = "L-1", "SO-1", 1000

_numbers = itertools.count(1)


def many(model, count, **fields):
    """So many rows of a model; a field is a value, or a function of the number of the row."""
    numbers = range(count)
    rows = [
        model(**{name: each(n) if callable(each) else each for name, each in fields.items()})
        for n in numbers
    ]
    return model.objects.bulk_create(rows)


def named(word):
    """For a field that is unique."""
    return lambda _: f"{word} {next(_numbers)}"


# --- The inventory -----------------------------------------------------------------------------


def manufacturers(count):
    return many(Manufacturer, count, name=named("Maker"))


def material_types(count):
    return many(MaterialType, count, code=named("M"), density_g_cm3=Decimal("1.24"))


def locations(count):
    return many(Location, count, name=named("Shelf"))


def filaments(count):
    makers, types = manufacturers(count), material_types(count)
    return many(
        Filament,
        count,
        name=named("Filament"),
        manufacturer=makers.__getitem__,
        material_type=types.__getitem__,
        density_g_cm3=Decimal("1.24"),
    )


def spools(count, *, used=0):
    """Of 1000 g each, less what entries that follow take."""
    kinds, places = filaments(count), locations(count)
    rows = many(
        Spool,
        count,
        filament=kinds.__getitem__,
        location=places.__getitem__,
        initial_grams=FULL,
        remaining_grams=FULL - used,
        lot_number=LOT,
        received_on=timezone.localdate(),
    )
    entries(count, spool=rows.__getitem__, kind="receipt", grams=FULL, balance_grams=FULL)
    return rows


def entries(count, *, spool, kind="count", grams=0, balance_grams=FULL, run=None):
    return many(
        InventoryTransaction,
        count,
        spool=spool,
        kind=kind,
        grams=grams,
        balance_grams=balance_grams,
        cost_per_gram=Decimal("0.02"),
        production_run=run,
        performed_by=a_user(),
        occurred_at=timezone.now(),
        created_at=timezone.now(),
    )


def counts(count):
    return entries(count, spool=spools(count).__getitem__)


def counts_of_one_spool(count):
    return entries(count, spool=first_of(Spool, spools))


def events_of_one_spool(count):
    now, by = timezone.now(), many(User, count, username=named("mover"))
    spool = first_of(Spool, spools)
    return many(SpoolEvent, count, spool=spool, verb="moved", by=by.__getitem__, at=now)


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


def slots_of_one_printer(count):
    printer, reels = first_of(Printer, printers), spools(count)
    return many(PrinterSlot, count, printer=printer, label=named("slot"), spool=reels.__getitem__)


def products(count):
    rows = many(Product, count, sku=named("SKU"), name="Part", plate_minutes=30)
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


def items_of_one_run(count):
    return run_items(count, run=first_of(ProductionRun, runs))


def materials_of_one_run(count):
    return run_materials(count, run=first_of(ProductionRun, runs))


# --- People ------------------------------------------------------------------------------------


def a_user():
    """The first there is: the one who asks, where somebody does."""
    return User.objects.order_by("pk").first()


def users(count):
    return many(User, count, username=named("user"))


def tokens_of_others(count):
    people = users(count)
    return many(DeviceToken, count, name="printer", hash=named("hash"), user=people.__getitem__)


def tokens(count):
    return many(DeviceToken, count, name="printer", hash=named("hash"), user=a_user())


def first_of(model, make):
    """The first row by id, made if there is none: lists below a parent are those of this one."""
    if not model.objects.exists():
        make(1)
    return model.objects.order_by("pk").first()


# --- What fills which list ---------------------------------------------------------------------

# By the name of the route: what makes rows of it, and how it is asked where that matters.
ROWS = {
    "tokens": [tokens],
    "device-tokens": [tokens_of_others],
    "users": [users],
    "manufacturers": [manufacturers],
    "material-types": [material_types],
    "locations": [locations],
    "filaments": [filaments],
    "spools": [spools],
    "spools-transactions": [counts_of_one_spool],
    "spools-events": [events_of_one_spool],
    "inventory-transactions": [counts],
    "printers": [printers],
    "printers-slots": [slots_of_one_printer],
    "products": [products],
    "products-bom-lines": [bom_lines_of_one_product],
    "reasons": [reasons],
    "production-runs": [
        runs,
        "",
        "search=SKU&ordering=-start_date",
        f"lot={LOT}&order_reference={ORDER}",
    ],
    "production-runs-items": [items_of_one_run],
    "production-runs-materials": [materials_of_one_run],
    "reports/variance": [runs, "group_by=product", "group_by=printer", "group_by=filament"],
    "reports/consumption": [
        runs,
        "group_by=filament",
        "group_by=material_type&period=day",
        "group_by=printer&kind=usage",
        f"group_by=product&lot={LOT}",
    ],
    "reports/scrap": [runs, "group_by=reason", "group_by=product", "group_by=printer"],
    "reports/lots": [runs, f"lot={LOT}", f"order_reference={ORDER}"],
    "reports/lot-parts": [runs, f"lot={LOT}"],
    "reports/stock": [spools],
    "reports/stock-by-material-type": [spools],
    "reports/unexplained": [counts],
    "reports/alerts": [runs],
}
