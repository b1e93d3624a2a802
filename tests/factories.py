"""Things to test with: plain functions, keywords for what matters to the test."""

import itertools
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

from django.db import connection
from django.utils import timezone
from PIL import Image

from inventory.models import Filament, Manufacturer, MaterialType, RecognisedRepeat, Spool
from inventory.services import metering, receiving
from production.models import (
    BomLine,
    Printer,
    PrinterSlot,
    PrintHost,
    Product,
    ProductAlias,
    ProductFile,
    ProductFileSlot,
    ProductionRun,
    SlicedFile,
    SlicerCorrection,
)
from production.pictures import encode
from production.services import pictures
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem, NewMaterial
from production.services.sliced_files import receiving as sliced_files
from tenants.accounts import roles
from tenants.accounts.models import DeviceToken, User
from tenants.accounts.services import issue_token

PASSWORD = "spools-of-petg-7"

numbers = itertools.count(1)


def make_user(*, role=roles.OPERATOR, username=None, password=PASSWORD, **fields):
    """Somebody in the farm we are in, without the audit trail of a real one."""
    user = User(username=username or f"{role}-{next(numbers)}", role=role, **fields)
    user.set_password(password)
    user.save(force_insert=True)
    return user


def make_token(user, *, name="printer", scope="all", **fields):
    """The secret of a new token."""
    return issue_token(user, name=name, scope=scope, by=None, **fields)[1]


def a_printer_token(user, **fields):
    """The row of a new token that printers' programs report with."""
    make_token(user, **({"scope": "printer"} | fields))
    return DeviceToken.objects.select_related("user").latest("pk")


def a_repeat(before=7, amount=63, *, spool=None, user=None, **token):
    """What was recognised of two reports of Moonraker, in mm and 12 s apart; of 50 and 60 it is
    only "perhaps"."""
    spool = spool or a_spool()
    fields = {"kind": DeviceToken.Kind.MOONRAKER} | token
    device = a_printer_token(user or make_user(), **fields)
    how = {"by": device.user, "token": device, "agent": "Moonraker"}
    number = Spool.objects.values_list("number", flat=True).get(pk=spool.pk)
    metering.use(number, length_mm=before, at=timezone.now() - timedelta(seconds=12), **how)
    metering.use(number, length_mm=amount, **how)
    return RecognisedRepeat.objects.latest("pk")


def spread_identities():
    """Start the ids and numbers of the current farm where no other farm's are: each exists in one
    farm."""
    start = connection.tenant.pk * 1_000_000
    query = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_identity = 'YES'
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        for table, column in cursor.fetchall():
            sequence = "SELECT setval(pg_get_serial_sequence(%s, %s), %s, false)"
            cursor.execute(sequence, [table, column, start])
        for model in (Manufacturer, Filament, Spool):
            sequence = f"{model._meta.db_table}_number_seq"
            cursor.execute("SELECT setval(%s, %s, false)", [sequence, start])


def a_material_type(code="PLA", **fields):
    fields = {"name": code, "density_g_cm3": Decimal("1.24")} | fields
    return MaterialType.objects.get_or_create(code=code, defaults=fields)[0]


def a_manufacturer(name="Polyfil", **fields):
    return Manufacturer.objects.get_or_create(name=name, defaults=fields)[0]


def a_filament(name=None, *, material_type=None, **fields):
    material_type = material_type or a_material_type()
    fields = {
        "manufacturer": a_manufacturer(),
        "density_g_cm3": material_type.density_g_cm3,
        "net_grams": Decimal(1000),
        "tare_grams": Decimal(200),
        "color_hex": "336699",
        "price": Decimal(20),
    } | fields
    name = name or f"Filament {next(numbers)}"
    return Filament.objects.create(name=name, material_type=material_type, **fields)


def a_spool(grams=1000, *, filament=None, by=None, **fields) -> Spool:
    return receiving.receive(
        filament=filament or a_filament(), initial_grams=grams, by=by, **fields
    )


def spools_of_one(count, grams=1000):
    """So many spools of one filament."""
    filament = a_filament()
    return [a_spool(grams, filament=filament) for _ in range(count)]


def a_printer(name=None, **fields):
    bed = dict.fromkeys(("bed_x_mm", "bed_y_mm", "bed_z_mm"), Decimal(256))
    return Printer.objects.create(name=name or f"Printer {next(numbers)}", **(bed | fields))


def a_print_host(printer=None, *, kind="moonraker", url="http://192.168.1.31:7125", **fields):
    return PrintHost.objects.create(printer=printer or a_printer(), kind=kind, url=url, **fields)


def a_correction(*, filament=None, printer=None, factor="1.03", by=None, **fields):
    """What plans multiply the slicer's grams by: of a printer, where no filament is given."""
    if filament is None and printer is None:
        printer = a_printer()
    figures = {"run_count": 4, "sliced_grams": 400, "measured_grams": 412} | fields
    return SlicerCorrection.objects.create(
        filament=filament,
        printer=printer,
        factor=Decimal(factor),
        accepted_by=by,
        accepted_at=timezone.now(),
        **figures,
    )


def a_slot(label="1", *, printer=None):
    return PrinterSlot.objects.create(printer=printer or a_printer(), label=label)


def a_product(sku=None, *, grams=None, material_type=None, **fields):
    """A product; ``grams`` gives it a bill of materials of one line."""
    product = Product.objects.create(
        sku=sku or f"SKU-{next(numbers)}", **({"name": "A part"} | fields)
    )
    if grams is not None:
        BomLine.objects.create(
            product=product,
            material_type=material_type or a_material_type(),
            grams_per_unit=Decimal(grams),
        )
    return product


def a_sliced_file(filename="Hook.gcode", *, plates=None, by=None, **fields):
    """What was read of a file, by default of one plate with 40 g of PLA for 4 hooks in 2 hours."""
    fields = {"sha256": f"{next(numbers):064x}", "size_bytes": 9, "slicer": "PrusaSlicer"} | fields
    fields |= {"plates": [a_plate()] if plates is None else plates, "created_by": by}
    return SlicedFile.objects.create(filename=filename, created_at=timezone.now(), **fields)


def a_received_file(data, filename="Hook.gcode", *, by=None, **fields):
    """A sliced file that arrived, text or bytes, with the pictures in it."""
    stream = BytesIO(data.encode() if isinstance(data, str) else data)
    return sliced_files.receive(sliced_files.read_file(stream, filename=filename, **fields), by=by)


def a_plate(*slots, index=1, seconds=7200, objects=(("Hook", 4),), name="", purge_grams=None):
    """A plate of a sliced file, as it is kept."""
    return {
        "index": index,
        "name": name,
        "seconds": seconds,
        "purge_grams": purge_grams,
        "slots": [*(slots or (a_file_slot(),))],
        "objects": [{"name": called, "count": count} for called, count in objects],
    }


def a_file_slot(slot=1, grams="40", *, material="PLA", **fields):
    unknown = dict.fromkeys(("purge_grams", "length_mm", "volume_mm3"))
    plain = {"source": "slicer", "material": material, "color_hex": "FF8000", "profile": ""}
    return {"slot": slot, "grams": grams} | unknown | plain | fields


def a_product_file(product, file=None, *, units=4, grams=40, **fields):
    """A plate of a sliced file that makes a product, as it is kept when a run was planned by it."""
    given = {"plate": 1, "units": units, "seconds": 7200, "created_at": timezone.now()} | fields
    file = file or a_sliced_file()
    row = ProductFile.objects.create(product=product, sliced_file=file, **given)
    ProductFileSlot.objects.create(file=row, slot=1, grams=grams, material="PLA")
    return row


def an_alias(product, name):
    return ProductAlias.objects.create(product=product, name=name, key=name.casefold())


def a_run(*takes, items=(), by=None, **fields) -> ProductionRun:
    """A planned run that takes ``(spool, grams)`` or ``(spool, grams, purge)`` each, and makes
    ``(product, quantity)`` each."""
    return lifecycle.create(
        by=by,
        items=[NewItem(product=product, quantity=quantity) for product, quantity in items],
        materials=[_material(*take) for take in takes],
        **fields,
    )


def a_running_run(*takes, by=None, **fields) -> ProductionRun:
    """The same, started."""
    run = a_run(*takes, by=by, **fields)
    return lifecycle.start(run, by=by, printer_cleared=True, confirm=True)


def _material(spool, grams, purge=0):
    return NewMaterial(
        spool=spool, planned_grams=Decimal(str(grams)), planned_purge_grams=Decimal(str(purge))
    )


def an_encoded_picture(shade=None):
    """A picture to keep; another one for each shade, and each time without one."""
    color = (shade if shade is not None else next(numbers)) * 1_234_567 % 0xFFFFFF
    file = BytesIO()
    image = Image.new("RGB", (6, 4), (color >> 16, color >> 8 & 255, color & 255))
    image.save(file, "PNG")
    return encode(file.getvalue())


def a_picture(shade=None):
    return pictures.keep(an_encoded_picture(shade))


def a_photo_of(run, *, by=None):
    return pictures.add_photo(run, by=by, photo=an_encoded_picture())
