"""The catalogue of filaments, spools, and their ledger."""

from inventory.models.catalogue import Filament, Manufacturer, MaterialType
from inventory.models.column_choices import ColumnChoice
from inventory.models.extra import ClientSetting, ExtraField
from inventory.models.holds import Hold
from inventory.models.ledger import InventoryTransaction
from inventory.models.merging import FilamentMerge, SpoolMerge
from inventory.models.metering import DeviceReport, RecognisedRepeat, UsageMeter
from inventory.models.spool_words import HasCode
from inventory.models.spools import HoldingSpoolQuerySet, Location, Spool, SpoolEvent
from inventory.models.stocktaking import Stocktake, StocktakeLine, StocktakeRecord
from inventory.models.tags import SpoolTag
from inventory.models.unbound_tags import UnboundTag

__all__ = [
    "ClientSetting",
    "ColumnChoice",
    "DeviceReport",
    "ExtraField",
    "Filament",
    "FilamentMerge",
    "HasCode",
    "Hold",
    "HoldingSpoolQuerySet",
    "InventoryTransaction",
    "Location",
    "Manufacturer",
    "MaterialType",
    "RecognisedRepeat",
    "Spool",
    "SpoolEvent",
    "SpoolMerge",
    "SpoolTag",
    "Stocktake",
    "StocktakeLine",
    "StocktakeRecord",
    "UnboundTag",
    "UsageMeter",
]
