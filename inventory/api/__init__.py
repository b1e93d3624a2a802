from inventory.api.catalogue import (
    FilamentViewSet,
    LocationViewSet,
    ManufacturerViewSet,
    MaterialTypeViewSet,
)
from inventory.api.ledger import InventoryTransactionViewSet, SpoolTransactionViewSet
from inventory.api.spools import SpoolEventViewSet, SpoolViewSet

__all__ = [
    "FilamentViewSet",
    "InventoryTransactionViewSet",
    "LocationViewSet",
    "ManufacturerViewSet",
    "MaterialTypeViewSet",
    "SpoolEventViewSet",
    "SpoolTransactionViewSet",
    "SpoolViewSet",
]
