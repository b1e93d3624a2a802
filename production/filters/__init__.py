from production.filters.reports import (
    ConsumptionFilter,
    CountedFilter,
    EvidenceFilter,
    LotPartsFilter,
    LotsFilter,
    ScrapReportFilter,
    StockFilter,
    VarianceReportFilter,
)
from production.filters.runs import (
    PrinterFilter,
    ProductFilter,
    ProductionRunFilter,
    ReasonFilter,
)

__all__ = [
    "ConsumptionFilter",
    "CountedFilter",
    "EvidenceFilter",
    "LotPartsFilter",
    "LotsFilter",
    "PrinterFilter",
    "ProductFilter",
    "ProductionRunFilter",
    "ReasonFilter",
    "ScrapReportFilter",
    "StockFilter",
    "VarianceReportFilter",
]
