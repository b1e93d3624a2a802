"""Production's addresses below /api/v1/."""

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
from tenants.api.views import ID

ROUTES = {
    "printers": PrinterViewSet,
    f"printers/(?P<printer_id>{ID})/slots": SlotViewSet,
    "products": ProductViewSet,
    f"products/(?P<product_id>{ID})/bom-lines": BomLineViewSet,
    "reasons": ReasonViewSet,
    "production-runs": ProductionRunViewSet,
    f"production-runs/(?P<run_id>{ID})/items": RunItemViewSet,
    f"production-runs/(?P<run_id>{ID})/materials": RunMaterialViewSet,
    "run-events": RunEventViewSet,
    "reports/variance": VarianceReport,
    "reports/consumption": ConsumptionReport,
    "reports/scrap": ScrapReport,
    "reports/lots": LotReport,
    "reports/lot-parts": LotPartsReport,
    "reports/stock": StockReport,
    "reports/stock-by-material-type": MaterialTypeStockReport,
    "reports/unexplained": UnexplainedReport,
    "reports/alerts": AlertReport,
    "scan": ScanViewSet,
    "spools": SpoolViewSet,  # instead of the inventory's, which knows of no runs
}
