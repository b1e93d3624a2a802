"""What is printed on, and what is printed: printers, products, reasons."""

from rest_framework.decorators import action

from production import filters, serializers
from production.models import BomLine, Printer, Product, Reason
from production.services import printers, reports
from tenants.api.views import Nested, ReadViewSet, RecordViewSet


class PrinterViewSet(RecordViewSet):
    """Printers, with their slots."""

    queryset = Printer.objects.all()
    serializer_class = serializers.PrinterSerializer
    bodies = {"clear": serializers.NoBody}
    filterset_class = filters.PrinterFilter
    title_field = "name"
    search_fields = ["name", "manufacturer", "model"]
    ordering_fields = ["id", "name"]

    def detailed(self, rows):
        return rows.with_slots()

    @action(detail=True, methods=["post"])
    def clear(self, request, pk):
        """Say that the bed was cleared: the next run may start."""
        return self.verb(printers.clear)


class ProductViewSet(RecordViewSet):
    """Products, with their bills of materials."""

    queryset = Product.objects.all()
    serializer_class = serializers.ProductSerializer
    bodies = {"accept_actuals": serializers.AcceptBody}
    filterset_class = filters.ProductFilter
    title_field = "sku"
    search_fields = ["sku", "name"]
    ordering_fields = ["id", "sku", "name"]

    def detailed(self, rows):
        return rows.with_bom()

    @action(detail=True, methods=["post"], url_path="accept-actuals")
    def accept_actuals(self, request, pk):
        """Plan the product with what its last runs really took: grams and plate minutes."""
        return self.verb(reports.accept)


class BomLineViewSet(Nested, RecordViewSet):
    """What one unit of a product takes."""

    queryset = BomLine.objects.all()
    serializer_class = serializers.BomLineSerializer
    parents, parent = Product.objects.all(), "product"
    ordering_fields = ["id", "grams_per_unit"]
    search_fields = ["material_type__code", "filament__name"]

    def detailed(self, rows):
        return rows.select_related("material_type", "filament")

    def new_values(self):
        return {"product": self.find_parent(), **self.body()}


class ReasonViewSet(ReadViewSet):
    """Why parts are scrapped and runs fail."""

    queryset = Reason.objects.all()
    serializer_class = serializers.ReasonSerializer
    filterset_class = filters.ReasonFilter
    title_field = "label"
    search_fields = ["code", "label"]
    ordering_fields = ["id", "code", "kind", "label"]
