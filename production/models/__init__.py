"""What is made: printers, products with their bills of materials, and production runs.

A ProductionRun is one job on one printer. Its RunItems say what it makes, its RunMaterials what
it takes; RunEvents keep every verb. Status, claims and numbers are written by
``production.services`` alone.
"""

from production.models.printers import Printer, PrinterSlot
from production.models.products import BomLine, Product
from production.models.reasons import Reason
from production.models.runs import ProductionRun, RunEvent, RunItem, RunMaterial, RunNumber

__all__ = [
    "BomLine",
    "Printer",
    "PrinterSlot",
    "Product",
    "ProductionRun",
    "Reason",
    "RunEvent",
    "RunItem",
    "RunMaterial",
    "RunNumber",
]
