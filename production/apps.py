from django.apps import AppConfig

from tenants.accounts import roles


class ProductionConfig(AppConfig):
    """What is made from the filament: products, printers and production runs."""

    name = "production"

    def ready(self):
        from production.services import transitions  # noqa: PLC0415 - models are loaded only now

        for role in roles.FARM_ROLES:
            roles.register(role, transitions.codenames(role))
