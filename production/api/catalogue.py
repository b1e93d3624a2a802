"""Printers, products and reasons."""

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from inventory.serializers.tables import DryRunQuery
from production.api.imports import PrinterImport, ProductImport
from production.api.pictures import OF_PHOTOS, TakesPhoto
from production.api.plan_changes import CHANGES, REMOVED, ChangesMixin
from production.api.runs import AllowedVerbsMixin
from production.filters.runs import PrinterFilter, ProductFilter, ReasonFilter
from production.models import BomLine, Printer, PrinterSlot, Product, Reason
from production.serializers.estimating import ProductEstimateSerializer
from production.serializers.plan_changes import ChangedBomLine, ChangedProduct
from production.serializers.printers import (
    NewPrinterSerializer,
    PrinterModelsSerializer,
    PrinterSerializer,
    PrinterSlotSerializer,
    PrintersSerializer,
    SeveralPrintersBody,
    UnloadBody,
)
from production.serializers.products import (
    BomLineSerializer,
    NewReasonSerializer,
    ProductSerializer,
    ReasonSerializer,
)
from production.serializers.reports import AcceptBody, ProposalSerializer
from production.serializers.tables import (
    ImportedSerializer,
    PrinterImportQuery,
    PrinterTable,
    ProductTable,
)
from production.serializers.verbs import LoadBody, NoBody, SwapInSlotBody
from production.services import estimating, pictures, products
from production.services.printing import adding, midprint, printers, slots
from production.services.printing.printer_models import printer_models
from production.services.reports import alerts
from tenants.api.views import Nested, RecordViewSet


class PrinterViewSet(PrinterImport, RecordViewSet):
    """Printers, with what runs on each, and their slots."""

    help_topic = "api#printers-and-slots"
    queryset = Printer.objects.with_running()
    serializer_class = PrinterSerializer
    bodies = {
        "create": NewPrinterSerializer,
        "clear": NoBody,
        "several": SeveralPrintersBody,
        "import_table": PrinterTable,
    }
    answers = {
        "models": PrinterModelsSerializer,
        "several": {201: PrintersSerializer},
        "import_table": ImportedSerializer,
    }
    permissions = {"models": "view", "several": "add", "import_table": "add"}
    queries = {"import_table": PrinterImportQuery}
    filterset_class = PrinterFilter
    search_fields = ["name", "manufacturer", "model"]
    ordering_fields = ["id", "name"]
    natural_ordering = ("name",)

    def create(self, request, *args, **kwargs):
        """Add a printer; with a `preset`, what is left out and its slots are the model's."""
        printer = self.call(adding.add, **self.get_validated_data())
        return self.row_response(printer, status=status.HTTP_201_CREATED)

    @action(detail=False, methods=["get"])
    def models(self, request):
        """List usual models of printers, with bed, nozzle, watts and slots."""
        found = {"models": printer_models().values()}
        return Response(PrinterModelsSerializer(found).data)

    @action(detail=False, methods=["post"])
    def several(self, request):
        """Add printers of a kind, with their slots: all of them, or none."""
        added = self.call(adding.add_many, **self.get_validated_data())
        return self.made_response("printers", added)

    @action(detail=True, methods=["post"])
    def clear(self, request, pk):
        """Mark the bed as cleared: the next run may start."""
        return self.verb(printers.clear)


class SlotViewSet(AllowedVerbsMixin, Nested, RecordViewSet):
    """The places of a printer that hold a spool."""

    help_topic = "api#printers-and-slots"
    queryset = PrinterSlot.objects.all()
    serializer_class = PrinterSlotSerializer
    bodies = {"load": LoadBody, "unload": UnloadBody, "swap": SwapInSlotBody}
    permissions = {
        "load": "inventory.load_spool",
        "unload": "inventory.unload_spool",
        "swap": "production.swap_spool_productionrun",
    }
    parents, parent = Printer.objects.all(), "printer"
    ordering_fields = ["id", "label"]
    natural_ordering = ("label",)
    search_fields = ["label", "spool__code"]

    def new_values(self):
        return {"printer": self.get_parent(), **self.get_validated_data()}

    def destroy(self, request, printer_id, pk):
        """Take an empty slot off the printer."""
        self.call(slots.remove, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def load(self, request, printer_id, pk):
        """Put a spool into the slot: what was in it comes out."""
        slot = self.get_object()
        values = self.get_validated_data(slot)
        self.call(slots.load, values.pop("spool"), slot=slot, **values)
        return self.row_response(slot)

    @action(detail=True, methods=["post"])
    def unload(self, request, printer_id, pk):
        """Take the spool out of the slot; where it goes and what it weighs may be given."""
        return self.verb(slots.unload)

    @action(detail=True, methods=["post"])
    def swap(self, request, printer_id, pk):
        """Print from another spool: what the old one gave is saved in the run in progress."""
        slot = self.get_object()
        values = self.get_validated_data(slot)
        line = slots.line_printing(slot)
        self.call(midprint.swap_spool, line.run, line=line.pk, **values)
        return self.row_response(slot)


PHOTO = ("set_photo", "remove_photo")


class ProductViewSet(ProductImport, TakesPhoto, ChangesMixin, RecordViewSet):
    """Products, with their bills of materials. Planned runs follow what is changed."""

    help_topic = "api#plan"
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    bodies = {
        "accept_actuals": AcceptBody,
        "import_table": ProductTable,
        **dict.fromkeys(PHOTO, NoBody),
    }
    answers = {
        "proposal": ProposalSerializer,
        "estimate": ProductEstimateSerializer,
        "import_table": ImportedSerializer,
        **dict.fromkeys(["update", "partial_update", "accept_actuals"], ChangedProduct),
    }
    records = products
    permissions = {
        "proposal": "view",
        "estimate": "view",
        "import_table": "add",
        **dict.fromkeys(PHOTO, "change"),
    }
    queries = {"import_table": DryRunQuery}
    photo_actions = ("set_photo",)
    filterset_class = ProductFilter
    search_fields = ["sku", "name"]
    ordering_fields = ["id", "sku", "name"]

    @action(detail=True, methods=["get"])
    def proposal(self, request, pk):
        """Read what the product's last runs propose to plan it with."""
        return Response(ProposalSerializer(alerts.proposal(self.get_object())).data)

    @action(detail=True, methods=["get"])
    def estimate(self, request, pk):
        """Read what a plate and a unit will cost, and the price to ask for: an estimate."""
        return Response(estimating.of_product(self.get_object()).as_dict())

    @action(detail=True, methods=["post"], url_path="photo", parser_classes=OF_PHOTOS)
    def set_photo(self, request, pk):
        """Give the product a photo, in place of the one that it has: the body is the file."""
        product = self.get_object()
        self.call(pictures.set_photo, product, photo=self.photo)
        return self.row_response(product)

    @set_photo.mapping.delete
    def remove_photo(self, request, pk):
        """Take the photo of the product away."""
        self.call(pictures.set_photo, self.get_object(), photo=None)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"], url_path="accept-actuals")
    def accept_actuals(self, request, pk):
        """Plan the product with what its last runs really took: grams and plate minutes."""
        return self.verb(alerts.accept)


class BomLineViewSet(ChangesMixin, Nested, RecordViewSet):
    """What one unit of a product takes. Planned runs follow what is changed."""

    help_topic = "api#plan"
    queryset = BomLine.objects.all()
    answers = {**dict.fromkeys(CHANGES, ChangedBomLine), "destroy": REMOVED}
    records = products
    serializer_class = BomLineSerializer
    parents, parent = Product.objects.all(), "product"
    ordering_fields = ["id", "grams_per_unit"]
    search_fields = ["material_type__code", "filament__name"]

    def new_values(self):
        return {"product": self.get_parent(), **self.get_validated_data()}


class ReasonViewSet(RecordViewSet):
    """Why parts are scrapped and runs fail; one that is not in use is no longer offered."""

    help_topic = "api#people-and-settings"
    queryset = Reason.objects.all()
    serializer_class = ReasonSerializer
    bodies = {"create": NewReasonSerializer}
    filterset_class = ReasonFilter
    search_fields = ["code", "label"]
    ordering_fields = ["id", "code", "kind", "label"]
