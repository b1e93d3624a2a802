from django.apps import AppConfig

from tenants.schemas import farm_checks


class InventoryConfig(AppConfig):
    name = "inventory"

    def ready(self):
        # Models are loaded only now.
        from inventory.services import clock, metering, meters  # noqa: PLC0415
        from inventory.services.tables import uploads  # noqa: PLC0415
        from tenants.jobs import minutely  # noqa: PLC0415

        farm_checks.register(clock.farms_ahead)
        minutely.register(meters.IS_DUE, metering.close_due)
        uploads.register_kinds()
