from inventory.serializers.catalogue import (
    FilamentSerializer,
    LocationSerializer,
    ManufacturerSerializer,
    MaterialTypeSerializer,
)
from inventory.serializers.ledger import InventoryTransactionSerializer, ReverseBody
from inventory.serializers.spools import (
    BookedSpool,
    ReceivedSpools,
    SpoolCodeField,
    SpoolSerializer,
)
from inventory.serializers.verbs import SPOOL_VERBS

__all__ = [
    "SPOOL_VERBS",
    "BookedSpool",
    "FilamentSerializer",
    "InventoryTransactionSerializer",
    "LocationSerializer",
    "ManufacturerSerializer",
    "MaterialTypeSerializer",
    "ReceivedSpools",
    "ReverseBody",
    "SpoolCodeField",
    "SpoolSerializer",
]
