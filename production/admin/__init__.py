"""Production's pages of the farm's admin; importing them registers them."""

from production.admin import dashboard, printers, products, runs, spools

__all__ = ["dashboard", "printers", "products", "runs", "spools"]
