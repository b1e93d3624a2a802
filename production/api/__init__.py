from production.api.catalogue import (
    BomLineViewSet,
    PrinterViewSet,
    ProductViewSet,
    ReasonViewSet,
    SlotViewSet,
)
from production.api.lines import RunItemViewSet, RunMaterialViewSet
from production.api.reports import (
    AlertReport,
    ConsumptionReport,
    LotPartsReport,
    LotReport,
    MaterialTypeStockReport,
    ScrapReport,
    StockReport,
    UnexplainedReport,
    VarianceReport,
)
from production.api.runs import ProductionRunViewSet, RunEventViewSet
from production.api.scan import ScanViewSet
from production.api.spools import SpoolViewSet
from production.api.undo import UndoViewSet

__all__ = [
    "AlertReport",
    "BomLineViewSet",
    "ConsumptionReport",
    "LotPartsReport",
    "LotReport",
    "MaterialTypeStockReport",
    "PrinterViewSet",
    "ProductViewSet",
    "ProductionRunViewSet",
    "ReasonViewSet",
    "RunEventViewSet",
    "RunItemViewSet",
    "RunMaterialViewSet",
    "ScanViewSet",
    "ScrapReport",
    "SlotViewSet",
    "SpoolViewSet",
    "StockReport",
    "UndoViewSet",
    "UnexplainedReport",
    "VarianceReport",
]
