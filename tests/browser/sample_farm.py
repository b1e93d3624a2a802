"""A small farm with something of everything that the floor's pages show."""

from decimal import Decimal
from types import SimpleNamespace

from inventory.models import Location
from inventory.services import extra_fields, metering
from production.models import Printer, PrinterSlot, ProductionRun
from production.services import completion, pictures
from production.services.completion.actuals import ItemCount
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem
from production.services.stocktaking import recording, sessions
from tenants.accounts.models import FarmSettings
from tenants.jobs.models import Job
from tests.factories import (
    a_filament,
    a_material_type,
    a_photo_of,
    a_plate,
    a_printer,
    a_printer_token,
    a_product,
    a_run,
    a_running_run,
    a_sliced_file,
    a_spool,
    an_encoded_picture,
)

LONG = "Lautsprechergehäuserückwandbefestigungsschraubenabdeckkappe, left"
LONG_PRINTER = "Großformatfilamentdruckerversuchsaufbauwerkstattkeller"
LONG_TOO = "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung, verstärkt"


def set_up(*, by):
    """Elm prints and has a queue, Fir is to be cleared, Oak is free and loaded. Every kind of cost
    is kept; of the closed run nobody measured anything."""
    FarmSettings.objects.update(labour_rate=20, machine_hour_rate=2, energy_price_kwh=1)
    black = a_filament("Galaxy", color_name="Deep black", color_hex="222222", price=20)
    long = a_filament(
        "Extraordinary silk with a very long name", color_hex="", color_name="Sunset to dusk",
        multi_color_hexes=["ff5500", "552288"], multi_color_direction="longitudinal",
    )  # fmt: skip
    petg = a_filament("Slate", material_type=a_material_type("PETG"))
    elm, fir, oak, long_named = map(a_printer, ("Elm", "Fir", "Oak", LONG_PRINTER))
    Printer.objects.filter(pk=fir.pk).update(power_watts=120)
    shelf = Location.objects.create(name="Shelf A")
    spools = [a_spool(filament=each, location=shelf, by=by) for each in (black, long, petg)]
    hook = a_product("HK-100", name="Wall hook", grams=10, labour_minutes=1)
    box, cap = a_product("BX-1", name=LONG), a_product("CP-1", name=LONG_TOO, grams=10)
    slot = _slot(elm, "A1", spools[0])
    _slot(elm, "A2", spools[1])
    _reports(long_named, spools[1], by=by)
    idle = _slot(oak, "1", a_spool(filament=black, by=by))
    takes = [(spools[0], 40, 2), (spools[1], 30)]
    planned = {"planned_minutes": 90, "notes": "Brim of 5 mm."}
    running = a_running_run(*takes, by=by, printer=elm, items=[(hook, 4), (box, 2)], **planned)
    planned = _bare(cap, by=by, printer=oak, planned_minutes=45)
    _bare(hook, by=by, printer=elm)
    unassigned = _bare(hook, by=by)
    a_run((spools[2], 500), by=by, printer=fir)
    closed = _half_done((spools[0], 20), by=by, printer=fir, items=[(hook, 2)])
    file = _as_sliced(closed, hook, by=by)
    long_run = a_running_run((spools[2], 10), by=by, printer=long_named, items=[(box, 1)])
    return SimpleNamespace(
        running=running, planned=planned, unassigned=unassigned, closed=closed,
        spool=spools[0], bare_spool=spools[2],
        filament=black, slot=slot, idle_slot=idle, printer=elm, product=hook, uncleared=fir,
        long_named=long_named, long_run=long_run,
        line=running.materials.order_by("pk").first(), job=_job(by), sliced_file=file,
        **_stocktake(shelf, long, by=by),
    )  # fmt: skip


def _stocktake(shelf, filament, *, by):
    """An open stocktake of a shelf with a spool that is far off, and a code that is unknown."""
    spool = a_spool(filament=filament, location=shelf, by=by)
    stocktake = sessions.begin(location=shelf, by=by)
    recording.record(stocktake, spool=spool, net_grams=400, by=by)
    recording.note_unknown(stocktake, text=LONG, by=by)
    return {"stocktake": stocktake, "counted_spool": spool}


def _as_sliced(run, product, *, by):
    """The run is planned by a file; another one is planned by nothing, and returned. Run and
    product have photos."""
    as_sliced = {"sliced_file": _file(by), "sliced_plates": [1, 2], "sliced_seconds": 7200}
    ProductionRun.objects.filter(pk=run.pk).update(**as_sliced)
    a_photo_of(run, by=by)
    pictures.set_photo(product, photo=an_encoded_picture(), by=by)
    return _file(by)


def _file(by):
    """A file of two plates, with a name as long as can be and a doubtful figure."""
    plates = [a_plate(index=1, objects=[(LONG, 2)]), a_plate(index=2, seconds=None, name=LONG_TOO)]
    doubt = {"plate": 1, "slot": 1, "code": "total", "detail": "The sum differs from the total."}
    file = a_sliced_file(f"{LONG}.gcode", plates=plates, doubts=[doubt], by=by)
    pictures.keep_plates(file, {1: an_encoded_picture(), 2: an_encoded_picture()})
    return file


def _job(by):
    return Job.objects.create(kind="export", title="Export: Spools", by=by, done=40, total=100)


def _reports(printer, spool, *, by):
    """The printer reports a spool of another one; spools have fields with the widest inputs."""
    token = a_printer_token(by, printer=printer)
    metering.use(spool.number, by=by, token=token, grams=0)
    choices = {"choices": [LONG, "Outdoors"], "multi_choice": True}
    kinds = {"text": {}, "integer_range": {"unit": "°C"}, "datetime": {}, "choice": choices}
    for kind, more in kinds.items():
        extra_fields.define("spool", kind, by=None, name=f"{LONG} {kind}", field_type=kind, **more)


def _slot(printer, label, spool):
    return PrinterSlot.objects.create(printer=printer, label=label, spool=spool)


def _half_done(*takes, by, **fields):
    """Completed with one good part, the rest as planned."""
    run = a_running_run(*takes, by=by, planned_minutes=600, **fields)
    good = ItemCount(item=run.items.get().pk, good_count=1)
    return completion.complete(run, by=by, as_planned=True, items=[good]).run


def _bare(product, **fields):
    return lifecycle.create(items=[NewItem(product=product, quantity=4)], **fields)


def grams(rows):
    """Kind and grams of ledger entries, in order."""
    return [(entry.kind, Decimal(entry.grams)) for entry in rows.order_by("pk")]
