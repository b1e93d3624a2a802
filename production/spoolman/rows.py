"""A manufacturer, a filament and a spool of the farm, by their numbers."""

from django.db.models import Q
from django.db.models.functions import Coalesce

from inventory.models import Filament, Manufacturer, Spool
from production.spoolman import shapes
from production.spoolman.answers import Failure
from tenants.operations.compiled import ID, compiled
from tenants.operations.operation import in_transaction
from tenants.operations.refusals import Busy

NOT_FOUND = "No %(kind)s with ID %(number)s found."
LOOKS = 5  # for a spool that is merged meanwhile


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
    return shapes.spool(
        found or of_target(number, lambda target: spool_columns.first(number=target))
    )


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
    return _found(present_spool(number), "spool", number)


def present_spool(number):
    """The row, or None."""
    return Spool.objects.present().filter(number=number).first()


def of_target(number, work):
    """What ``work(number)`` answers for the spool of this number; of a double, for the spool that
    it was merged into, as a printer that names it prints from the same reel.

    Where it answers None, that spool was merged at this moment, or a merge was taken back: looked
    at again. A printer that is answered 404 forgets its spool. Raises Failure, Busy.
    """
    for _attempt in range(LOOKS):
        target = _target_numbers(number).first()
        if target is None:
            raise not_found("spool", number)
        if (found := work(target)) is not None:
            return found
    raise Busy()


def wait_for_merge(number):
    """Until nobody merges the spool of this number any more, or takes that back."""
    rows = Spool.objects.filter(number=number).order_by().select_for_update(no_key=True)
    in_transaction(rows.values_list("pk").first)


def _target_numbers(number):
    """In one statement: between two, a merge is seen twice or not at all."""
    is_target = Q(merged_into__isnull=False, merged_into__removed_at=None)
    found = Spool.objects.filter(Q(removed_at=None) | is_target, number=number)
    return found.values_list(Coalesce("merged_into__number", "number"), flat=True)


def not_found(kind, number):
    """Clients look for these very words."""
    return Failure(404, NOT_FOUND % {"kind": kind, "number": number})


def _found(row, kind, number):
    if row is None:
        raise not_found(kind, number)
    return row
