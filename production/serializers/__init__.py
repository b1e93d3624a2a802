from production.serializers.consumption import ConsumptionSerializer, ScrapSerializer
from production.serializers.events import RunEventSerializer
from production.serializers.lines import RunItemSerializer, RunMaterialSerializer
from production.serializers.lots import LotPartSerializer, LotSerializer
from production.serializers.outcomes import (
    BlockersSerializer,
    ClosedRun,
    DryRun,
    outcome,
    rehearsed,
)
from production.serializers.planning import PlannedRuns
from production.serializers.printers import LoadBody, PrinterSerializer, PrinterSlotSerializer
from production.serializers.products import (
    BomLineSerializer,
    NewReasonSerializer,
    ProductSerializer,
    ReasonSerializer,
)
from production.serializers.reports import (
    EVIDENT_RUNS,
    AcceptBody,
    AlertSerializer,
    MaterialTypeStockSerializer,
    ProposalSerializer,
    StockSerializer,
    UnexplainedSerializer,
    VarianceGroupSerializer,
)
from production.serializers.runs import ProductionRunSerializer, addresses
from production.serializers.scan import ScanBody, ScanSerializer
from production.serializers.spools import KeptForSerializer, WeighedSpool, WeighInUseBody
from production.serializers.undo import LastSerializer, UndoBody, UndoneSerializer
from production.serializers.variance import VarianceSerializer
from production.serializers.verbs import RUN_BODIES, NoBody, SwapInSlotBody

__all__ = [
    "EVIDENT_RUNS",
    "RUN_BODIES",
    "AcceptBody",
    "AlertSerializer",
    "BlockersSerializer",
    "BomLineSerializer",
    "ClosedRun",
    "ConsumptionSerializer",
    "KeptForSerializer",
    "LastSerializer",
    "LoadBody",
    "LotPartSerializer",
    "LotSerializer",
    "MaterialTypeStockSerializer",
    "NewReasonSerializer",
    "NoBody",
    "PlannedRuns",
    "PrinterSerializer",
    "PrinterSlotSerializer",
    "ProductSerializer",
    "ProductionRunSerializer",
    "ProposalSerializer",
    "ReasonSerializer",
    "DryRun",
    "RunEventSerializer",
    "RunItemSerializer",
    "RunMaterialSerializer",
    "ScanBody",
    "ScanSerializer",
    "ScrapSerializer",
    "StockSerializer",
    "UndoBody",
    "UndoneSerializer",
    "UnexplainedSerializer",
    "SwapInSlotBody",
    "VarianceGroupSerializer",
    "VarianceSerializer",
    "WeighInUseBody",
    "WeighedSpool",
    "addresses",
    "outcome",
    "rehearsed",
]
