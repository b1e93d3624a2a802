"""Printers, products with their bills of materials and sliced files, and production runs.

A ProductionRun is one job on one printer. Its RunItems are what it makes, its RunMaterials what
it takes, its RunEvents what was done to it. Status, reservations and numbers are written by
``production.services`` alone.
"""

from production.models.corrections import SlicerCorrection
from production.models.figures import (
    NOT_COMPARED,
    ExplanationSum,
    FiguresMark,
    FoldedDays,
    VarianceSum,
)
from production.models.pictures import Picture
from production.models.print_hosts import PrintHost
from production.models.printers import Printer, PrinterSlot
from production.models.products import BomLine, Product
from production.models.reasons import Reason
from production.models.run_events import RunEvent, RunNumber
from production.models.run_photos import RunPhoto
from production.models.runs import (
    PlanSource,
    ProductionRun,
    RunItem,
    RunMaterial,
)
from production.models.sliced_files import (
    GramsSource,
    PlatePicture,
    ProductAlias,
    ProductFile,
    ProductFileSlot,
    SlicedFile,
)
from production.models.sources import (
    ESTIMATED,
    METERING,
    REPORTED,
    UNMEASURED,
    ActualSource,
    source_of,
)

__all__ = [
    "ESTIMATED",
    "METERING",
    "NOT_COMPARED",
    "REPORTED",
    "UNMEASURED",
    "BomLine",
    "ExplanationSum",
    "FiguresMark",
    "GramsSource",
    "FoldedDays",
    "Picture",
    "PlanSource",
    "PrintHost",
    "PlatePicture",
    "Printer",
    "PrinterSlot",
    "Product",
    "ProductAlias",
    "ProductFile",
    "ProductFileSlot",
    "ProductionRun",
    "Reason",
    "RunEvent",
    "RunItem",
    "RunMaterial",
    "RunNumber",
    "RunPhoto",
    "SlicedFile",
    "SlicerCorrection",
    "VarianceSum",
    "ActualSource",
    "source_of",
]
