from inventory.serializers.catalogue import (
    FilamentSerializer,
    LocationSerializer,
    ManufacturerSerializer,
    MaterialTypeSerializer,
)
from inventory.serializers.spools import (
    InventoryTransactionSerializer,
    SpoolSerializer,
    WeighBody,
    WeighedSpoolSerializer,
)

__all__ = [
    "FilamentSerializer",
    "InventoryTransactionSerializer",
    "LocationSerializer",
    "ManufacturerSerializer",
    "MaterialTypeSerializer",
    "SpoolSerializer",
    "WeighBody",
    "WeighedSpoolSerializer",
]
