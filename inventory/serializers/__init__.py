from inventory.serializers.catalogue import (
    FilamentSerializer,
    LocationSerializer,
    ManufacturerSerializer,
    MaterialTypeSerializer,
)
from inventory.serializers.labels import LabelQuery, LabelsQuery
from inventory.serializers.ledger import InventoryTransactionSerializer, ReverseBody
from inventory.serializers.spools import (
    AsOfQuery,
    BookedSpool,
    ReceivedSpools,
    SpoolCodeField,
    SpoolEventSerializer,
    SpoolSerializer,
)
from inventory.serializers.tables import (
    Catalogue,
    CatalogueReportSerializer,
    DryRunQuery,
    FilamentTable,
    SpoolTable,
    TableReportSerializer,
)
from inventory.serializers.verbs import SPOOL_VERBS

__all__ = [
    "SPOOL_VERBS",
    "AsOfQuery",
    "BookedSpool",
    "Catalogue",
    "CatalogueReportSerializer",
    "DryRunQuery",
    "FilamentSerializer",
    "FilamentTable",
    "InventoryTransactionSerializer",
    "LabelQuery",
    "LabelsQuery",
    "LocationSerializer",
    "ManufacturerSerializer",
    "MaterialTypeSerializer",
    "ReceivedSpools",
    "ReverseBody",
    "SpoolCodeField",
    "SpoolEventSerializer",
    "SpoolSerializer",
    "SpoolTable",
    "TableReportSerializer",
]
