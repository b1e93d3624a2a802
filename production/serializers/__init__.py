from production.serializers.lines import RunItemSerializer, RunMaterialSerializer
from production.serializers.printers import PrinterSerializer, PrinterSlotSerializer
from production.serializers.products import (
    BomLineSerializer,
    ProductSerializer,
    ReasonSerializer,
)
from production.serializers.runs import (
    CompletedRunSerializer,
    ProductionRunSerializer,
    VarianceSerializer,
)
from production.serializers.verbs import CancelBody, CompleteBody, NoBody, RevertBody, StartBody

__all__ = [
    "BomLineSerializer",
    "CancelBody",
    "CompleteBody",
    "CompletedRunSerializer",
    "NoBody",
    "PrinterSerializer",
    "PrinterSlotSerializer",
    "ProductSerializer",
    "ProductionRunSerializer",
    "ReasonSerializer",
    "RevertBody",
    "RunItemSerializer",
    "RunMaterialSerializer",
    "StartBody",
    "VarianceSerializer",
]
