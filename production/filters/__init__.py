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
    RunEventFilter,
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
    "RunEventFilter",
    "ScrapReportFilter",
    "StockFilter",
    "VarianceReportFilter",
]
