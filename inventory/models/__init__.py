"""The catalogue of filaments, spools, and their ledger."""

from inventory.models.catalogue import Filament, Manufacturer, MaterialType
from inventory.models.ledger import InventoryTransaction
from inventory.models.spools import HoldingSpoolQuerySet, Location, Spool, SpoolEvent

__all__ = [
    "Filament",
    "HoldingSpoolQuerySet",
    "InventoryTransaction",
    "Location",
    "Manufacturer",
    "MaterialType",
    "Spool",
    "SpoolEvent",
]
