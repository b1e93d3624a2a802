"""Production's addresses below /api/v1/."""

from production.api import (
    catalogue,
    lines,
    pictures,
    print_hosts,
    reports,
    runs,
    sliced_files,
    slicer,
    spools,
    stocktakes,
)
from tenants.api.views import ID

ROUTES = {
    "printers": catalogue.PrinterViewSet,
    f"printers/(?P<printer_id>{ID})/slots": catalogue.SlotViewSet,
    "print-hosts": print_hosts.PrintHostViewSet,
    "products": catalogue.ProductViewSet,
    f"products/(?P<product_id>{ID})/bom-lines": catalogue.BomLineViewSet,
    f"products/(?P<product_id>{ID})/files": sliced_files.ProductFileViewSet,
    f"products/(?P<product_id>{ID})/aliases": sliced_files.ProductAliasViewSet,
    "sliced-files": sliced_files.SlicedFileViewSet,
    "reasons": catalogue.ReasonViewSet,
    "production-runs": runs.ProductionRunViewSet,
    f"production-runs/(?P<run_id>{ID})/items": lines.RunItemViewSet,
    f"production-runs/(?P<run_id>{ID})/materials": lines.RunMaterialViewSet,
    f"production-runs/(?P<run_id>{ID})/photos": pictures.RunPhotoViewSet,
    "pictures": pictures.PictureViewSet,
    "run-events": runs.RunEventViewSet,
    "reports/variance": reports.VarianceReport,
    "reports/explanation": reports.ExplanationReport,
    "reports/slicer": reports.SlicerReport,
    "reports/consumption": reports.ConsumptionReport,
    "reports/scrap": reports.ScrapReport,
    "reports/lots": reports.LotReport,
    "reports/lot-parts": reports.LotPartsReport,
    "reports/stock": reports.StockReport,
    "reports/stock-by-material-type": reports.MaterialTypeStockReport,
    "reports/unexplained": reports.UnexplainedReport,
    "reports/alerts": reports.AlertReport,
    "slicer-corrections": slicer.SlicerCorrectionViewSet,
    "stocktakes": stocktakes.StocktakeViewSet,
    f"stocktakes/(?P<stocktake_id>{ID})/lines": stocktakes.StocktakeLineViewSet,
    "scan": spools.ScanViewSet,
    "spools": spools.SpoolInUseViewSet,  # instead of the inventory's, which knows of no runs
}
