"""The inventory's addresses below /api/v1/."""

from inventory import api
from tenants.api.views import ID

ROUTES = {
    "manufacturers": api.ManufacturerViewSet,
    "material-types": api.MaterialTypeViewSet,
    "locations": api.LocationViewSet,
    "filaments": api.FilamentViewSet,
    "spools": api.SpoolViewSet,
    f"spools/(?P<spool_id>{ID})/transactions": api.SpoolTransactionViewSet,
    f"spools/(?P<spool_id>{ID})/events": api.SpoolEventViewSet,
    "inventory-transactions": api.InventoryTransactionViewSet,
}
