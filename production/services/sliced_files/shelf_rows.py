"""The shelf as rows of values: what could be taken for a sliced file, in two queries."""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q

from inventory.models import Spool
from production.models import PrinterSlot


class ShelfRow(NamedTuple):
    """A spool with what it is proposed by. ``position`` is the place of its slot in the printer
    that is asked for, counted from 1; None where it is not in that printer."""

    pk: int
    filament_id: int
    available: Decimal
    lot_number: str
    opened_at: object
    first_used_at: object
    archived_at: object
    color_hex: str
    multi_color_hexes: list
    diameter_mm: Decimal
    external_id: str | None
    name: str
    maker: str | None
    material: str
    material_type_id: int
    family_id: int | None
    slot_id: int | None
    printer_id: int | None
    position: int | None = None

    @property
    def free(self):
        """Available grams; 0 where more is reserved than there is."""
        return max(self.available, Decimal(0))

    @property
    def is_loaded(self):
        return self.position is not None

    @property
    def is_sealed(self):
        return self.opened_at is None and self.first_used_at is None


FILAMENT = ("color_hex", "multi_color_hexes", "diameter_mm", "external_id", "name")
COLUMNS = (
    *("pk", "filament", "available", "lot_number", "opened_at", "first_used_at", "archived_at"),
    *(f"filament__{name}" for name in FILAMENT),
    "filament__manufacturer__name",
    "filament__material_type__code",
    "filament__material_type",
    "filament__material_type__family",
    "printer_slot",
    "printer_slot__printer",
)


def shelf_rows(*, printer, material_types, besides):
    """ShelfRows with something available, or loaded in the printer, of the material types and
    their families (None: of all), and those of the ids ``besides``."""
    spools = Spool.objects.with_available()
    free = Q(archived_at=None, is_held=False)
    free &= Q(available__gt=0) | Q(printer_slot__printer=printer)
    if material_types is not None:
        kind, ids = "filament__material_type", [each.pk for each in material_types]
        free &= Q(**{f"{kind}__in": ids}) | Q(**{f"{kind}__family__in": ids})
    found = spools.filter(free | Q(pk__in=besides)).order_by("pk").values_list(*COLUMNS)
    own = slots_in_order(printer) if printer is not None else ()
    positions = {pk: place for place, (pk, *_rest) in enumerate(own, 1)}
    return [ShelfRow(*values, positions.get(values[-2])) for values in found]


def slots_in_order(printer):
    """``(id, label, spool id)`` of the slots of a printer as a slicer counts them; 10 comes after
    9."""
    slots = PrinterSlot.objects.filter(printer=printer).values_list("pk", "label", "spool")
    return sorted(slots, key=lambda slot: (len(slot[1]), slot[1].lower()))
