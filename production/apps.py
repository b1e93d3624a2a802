from django.apps import AppConfig


class ProductionConfig(AppConfig):
    """What is made from the filament: products, printers and production runs."""

    name = "production"
