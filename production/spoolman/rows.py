"""A manufacturer, a filament and a spool of the farm, by their numbers."""

from inventory.models import Filament, Manufacturer, Spool
from production.spoolman import shapes
from production.spoolman.answers import Failure
from tenants.operations.compiled import ID, compiled

NOT_FOUND = "No %(kind)s with ID %(number)s found."


@compiled(number=ID)
def _vendor(number):
    found = Manufacturer.objects.present().filter(number=number)
    return found.order_by().values_list(*shapes.VENDOR)


@compiled(number=ID)
def _filament(number):
    found = Filament.objects.present().filter(number=number)
    return found.order_by().values_list(*shapes.FILAMENT)


@compiled(number=ID)
def spool_columns(number):
    found = Spool.objects.present().filter(number=number)
    return found.order_by().values_list(*shapes.SPOOL)


def show_vendor(call):
    return vendor_shape(call.number("vendor_id"))


def show_filament(call):
    return filament_shape(call.number("filament_id"))


def show_spool(call):
    return spool_shape(call.number("spool_id"))


def vendor_shape(number):
    """Raises Failure."""
    return shapes.vendor(_found(_vendor.first(number=number), "vendor", number))


def filament_shape(number):
    """Of a double, the filament that it is. Raises Failure."""
    found = _filament.first(number=number)
    if found is None and (target := Filament.objects.numbered(number).first()):
        found = _filament.first(number=target.number)
    return shapes.filament(_found(found, "filament", number))


def spool_shape(number):
    """Of a double, the spool that it is. Raises Failure."""
    found = spool_columns.first(number=number)
    if found is None and (target := merged_number(number)):
        found = spool_columns.first(number=target)
    return shapes.spool(_found(found, "spool", number))


def vendor(number):
    """The row. Raises Failure."""
    found = Manufacturer.objects.present().filter(number=number).first()
    return _found(found, "vendor", number)


def filament(number):
    """The row. Raises Failure."""
    found = Filament.objects.present().filter(number=number).first()
    return _found(found, "filament", number)


def target_filament(number):
    """The row; of a double, that of the filament that it is. Raises Failure."""
    return _found(Filament.objects.numbered(number).first(), "filament", number)


def spool(number):
    """The row. Raises Failure."""
    found = Spool.objects.present().filter(number=number).first()
    return _found(found, "spool", number)


def target_spool(number):
    """The row; of a double, that of the spool that it is. Raises Failure."""
    return spool(merged_number(number) or number)


def merged_number(number):
    """The number of the spool that the one of this number was merged into, or None: a printer that
    names it prints from the same reel."""
    doubles = Spool.objects.filter(number=number, merged_into__removed_at=None)
    return doubles.values_list("merged_into__number", flat=True).first()


def not_found(kind, number):
    """Clients look for these very words."""
    return Failure(404, NOT_FOUND % {"kind": kind, "number": number})


def _found(row, kind, number):
    if row is None:
        raise not_found(kind, number)
    return row
