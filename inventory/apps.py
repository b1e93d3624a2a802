from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """What filament there is, and how we know."""

    name = "inventory"
