"""Production's pages of the farm's admin; importing them registers them."""

from production.admin import (
    corrections,
    dashboard,
    first_steps,
    holds,
    pictures,
    print_hosts,
    printers,
    products,
    runs,
    sliced_files,
    spools,
    stocktakes,
)
from production.admin.reports import views as reports

__all__ = [
    "corrections",
    "dashboard",
    "first_steps",
    "holds",
    "pictures",
    "print_hosts",
    "printers",
    "products",
    "reports",
    "runs",
    "sliced_files",
    "spools",
    "stocktakes",
]
