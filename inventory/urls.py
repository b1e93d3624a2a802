"""The inventory's addresses below /api/v1/."""

from inventory.api.catalogue import (
    FilamentViewSet,
    LocationViewSet,
    ManufacturerViewSet,
    MaterialTypeViewSet,
)
from inventory.api.ledger import InventoryTransactionViewSet, SpoolTransactionViewSet
from inventory.api.repeats import RecognisedRepeatViewSet
from inventory.api.spools import SpoolEventViewSet, SpoolViewSet
from inventory.api.tags import SpoolTagViewSet
from tenants.api.views import ID

ROUTES = {
    "manufacturers": ManufacturerViewSet,
    "material-types": MaterialTypeViewSet,
    "locations": LocationViewSet,
    "filaments": FilamentViewSet,
    "spools": SpoolViewSet,
    f"spools/(?P<spool_id>{ID})/transactions": SpoolTransactionViewSet,
    f"spools/(?P<spool_id>{ID})/events": SpoolEventViewSet,
    f"spools/(?P<spool_id>{ID})/tags": SpoolTagViewSet,
    "inventory-transactions": InventoryTransactionViewSet,
    "repeats": RecognisedRepeatViewSet,
}
