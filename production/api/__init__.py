from production.api.catalogue import (
    BomLineViewSet,
    PrinterViewSet,
    ProductViewSet,
    ReasonViewSet,
)
from production.api.lines import RunItemViewSet, RunMaterialViewSet
from production.api.reports import (
    AlertReport,
    MaterialTypeStockReport,
    StockReport,
    UnexplainedReport,
    VarianceReport,
)
from production.api.runs import ProductionRunViewSet
from production.api.spools import SpoolViewSet

__all__ = [
    "AlertReport",
    "BomLineViewSet",
    "MaterialTypeStockReport",
    "PrinterViewSet",
    "ProductViewSet",
    "ProductionRunViewSet",
    "ReasonViewSet",
    "RunItemViewSet",
    "RunMaterialViewSet",
    "SpoolViewSet",
    "StockReport",
    "UnexplainedReport",
    "VarianceReport",
]
