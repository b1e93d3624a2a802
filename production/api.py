"""Production's part of the API."""

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from inventory.serializers import InventoryTransactionSerializer
from production import filters, serializers
from production.models import (
    BomLine,
    Printer,
    Product,
    ProductionRun,
    Reason,
    RunItem,
    RunMaterial,
)
from production.services import completion, lifecycle, lines, statuses, variance
from production.services.lines import NewItem, NewMaterial
from tenants.api.views import Nested, ReadViewSet, RecordViewSet


class PrinterViewSet(RecordViewSet):
    """Printers, with their slots."""

    queryset = Printer.objects.all()
    serializer_class = serializers.PrinterSerializer
    filterset_class = filters.PrinterFilter
    search_fields = ["name", "manufacturer", "model"]
    ordering_fields = ["id", "name"]

    def detailed(self, rows):
        return rows.with_slots()


class ProductViewSet(RecordViewSet):
    """Products, with their bills of materials."""

    queryset = Product.objects.all()
    serializer_class = serializers.ProductSerializer
    filterset_class = filters.ProductFilter
    search_fields = ["sku", "name"]
    ordering_fields = ["id", "sku", "name"]

    def detailed(self, rows):
        return rows.with_bom()


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
    search_fields = ["code", "label"]
    ordering_fields = ["id", "code", "kind", "label"]


class ProductionRunViewSet(ReadViewSet):
    """Production runs and their verbs."""

    queryset = ProductionRun.objects.live().newest_first()
    serializer_class = serializers.ProductionRunSerializer
    bodies = {
        "start": serializers.StartBody,
        "unstart": serializers.NoBody,
        "complete": serializers.CompleteBody,
        "cancel": serializers.CancelBody,
        "revert": serializers.RevertBody,
    }
    answers = {
        "complete": serializers.CompletedRunSerializer,
        "variance": serializers.VarianceSerializer,
    }
    permissions = {"variance": "view"}
    filterset_class = filters.ProductionRunFilter
    search_fields = [
        "number",
        "external_id",
        "notes",
        "items__product__sku",
        "items__product__name",
    ]
    ordering_fields = [
        "id",
        "number",
        "status",
        "priority",
        "due_on",
        "scheduled_at",
        "started_at",
        "finished_at",
        "created_at",
        "updated_at",
    ]

    def detailed(self, rows):
        return rows.with_lines()

    def create(self, request):
        """Plan a run; without ``materials`` they are derived from the bills of materials."""
        values = self.body()
        values.pop("status", None)
        items = [NewItem(**item) for item in values.pop("items", ())]
        materials = values.pop("materials", None)
        if materials is not None:
            materials = [NewMaterial(**material) for material in materials]
        run = self.do(lifecycle.create, items=items, materials=materials, **values)
        return self.answer(run, status=status.HTTP_201_CREATED)

    def update(self, request, pk, *, partial=False):
        """Change the run's own fields; a new ``status`` is carried out by its verb."""
        run = self.find()
        values = self.body(run, partial=partial)
        verb = statuses.verb_to(run, values.get("status"))
        if verb and not request.user.has_perm(self.permission_of(verb)):
            raise PermissionDenied(f"You may not {verb} a run.")
        return self.answer(self.do(statuses.update_and_move, run, verb=verb, **values))

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Delete a run that booked nothing."""
        self.do(lifecycle.delete, self.find())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def start(self, request, pk):
        """planned -> in_progress."""
        return self._verb(lifecycle.start)

    @action(detail=True, methods=["post"])
    def unstart(self, request, pk):
        """in_progress -> planned, while nothing is booked."""
        return self._verb(lifecycle.unstart)

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """planned or in_progress -> cancelled."""
        return self._verb(lifecycle.cancel)

    @action(detail=True, methods=["post"])
    def revert(self, request, pk):
        """A closed run back to the status before it; its entries are reversed."""
        return self._verb(completion.revert)

    @action(detail=True, methods=["post"])
    def complete(self, request, pk):
        """in_progress -> completed: books what it took; ``dry_run`` only shows it."""
        run = self.find()
        done = self.do(completion.complete, run, **self.body(run))
        entries = InventoryTransactionSerializer(done.entries, many=True).data
        return self.answer(run, variance=done.variance, entries=entries)

    @action(detail=True, methods=["get"])
    def variance(self, request, pk):
        """Planned and actual grams, minutes and cost of the run."""
        return Response(variance.of_run(self.find()))

    def _verb(self, verb):
        run = self.find()
        return self.answer(self.do(verb, run, **self.body(run)))


class RunLineViewSet(Nested, ReadViewSet):
    """The lines of a run: changed while it is open, each change a change of the run."""

    parents, parent = ProductionRun.objects.live(), "run"
    add = change = remove = None  # the services' verbs
    ordering_fields = ["id"]

    def create(self, request, run_id):
        line = self.do(type(self).add, self.find_parent(), **self.body())
        return self.answer(line, status=status.HTTP_201_CREATED)

    def update(self, request, run_id, pk, *, partial=False):
        line = self.find()
        return self.answer(self.do(type(self).change, line, **self.body(line, partial=partial)))

    def partial_update(self, request, run_id, pk):
        return self.update(request, run_id, pk, partial=True)

    def destroy(self, request, run_id, pk):
        self.do(type(self).remove, self.find())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RunItemViewSet(RunLineViewSet):
    """What a run makes."""

    queryset = RunItem.objects.all()
    serializer_class = serializers.RunItemSerializer
    add, change, remove = lines.add_item, lines.change_item, lines.remove_item
    search_fields = ["product__sku", "product__name", "order_reference"]

    def detailed(self, rows):
        return rows.select_related("product", "scrap_reason")


class RunMaterialViewSet(RunLineViewSet):
    """What a run takes."""

    queryset = RunMaterial.objects.all()
    serializer_class = serializers.RunMaterialSerializer
    add, change, remove = lines.add_material, lines.change_material, lines.remove_material
    search_fields = ["spool__code", "filament__name"]

    def detailed(self, rows):
        return rows.select_related("spool", "filament", "material_type")
