from django.apps import AppConfig

from tenants.schemas import farm_checks


class InventoryConfig(AppConfig):
    name = "inventory"

    def ready(self):
        from inventory.services import clock  # noqa: PLC0415 - models are loaded only now

        farm_checks.register(clock.farms_ahead)
