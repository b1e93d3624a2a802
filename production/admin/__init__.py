"""Production's pages of the farm's admin; importing them registers them."""

from production.admin import dashboard, print_hosts, printers, products, runs, spools

__all__ = ["dashboard", "print_hosts", "printers", "products", "runs", "spools"]
