"""Production's addresses below /api/v1/."""

from production import api
from tenants.api.views import ID

ROUTES = {
    "printers": api.PrinterViewSet,
    f"printers/(?P<printer_id>{ID})/slots": api.SlotViewSet,
    "products": api.ProductViewSet,
    f"products/(?P<product_id>{ID})/bom-lines": api.BomLineViewSet,
    "reasons": api.ReasonViewSet,
    "production-runs": api.ProductionRunViewSet,
    f"production-runs/(?P<run_id>{ID})/items": api.RunItemViewSet,
    f"production-runs/(?P<run_id>{ID})/materials": api.RunMaterialViewSet,
    "run-events": api.RunEventViewSet,
    "reports/variance": api.VarianceReport,
    "reports/consumption": api.ConsumptionReport,
    "reports/scrap": api.ScrapReport,
    "reports/lots": api.LotReport,
    "reports/lot-parts": api.LotPartsReport,
    "reports/stock": api.StockReport,
    "reports/stock-by-material-type": api.MaterialTypeStockReport,
    "reports/unexplained": api.UnexplainedReport,
    "reports/alerts": api.AlertReport,
    "scan": api.ScanViewSet,
    "spools": api.SpoolViewSet,  # instead of the inventory's, which knows of no runs
}
