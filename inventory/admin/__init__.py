"""Inventory's pages of the farm's admin; importing them registers them.

Spools are registered by ``production.admin.spools``, with the runs that reserve them.
"""

from inventory.admin import catalogue, extra_fields, first_steps, ledger, repeats, spools

__all__ = ["catalogue", "extra_fields", "first_steps", "ledger", "repeats", "spools"]
