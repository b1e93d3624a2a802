"""The inventory's part of the API."""

from rest_framework.decorators import action

from inventory import filters, serializers
from inventory.models import (
    Filament,
    InventoryTransaction,
    Location,
    Manufacturer,
    MaterialType,
    Spool,
)
from inventory.services import shelf, spools
from tenants.api.views import Nested, ReadViewSet, RecordViewSet


class ManufacturerViewSet(RecordViewSet):
    """Who makes filament."""

    queryset = Manufacturer.objects.all()
    serializer_class = serializers.ManufacturerSerializer
    search_fields = ["name"]
    ordering_fields = ["id", "name"]


class MaterialTypeViewSet(RecordViewSet):
    """Polymers: PLA, PETG, ASA."""

    queryset = MaterialType.objects.all()
    serializer_class = serializers.MaterialTypeSerializer
    search_fields = ["code", "name"]
    ordering_fields = ["id", "code", "name"]


class LocationViewSet(RecordViewSet):
    """Shelves, dry boxes, rooms."""

    queryset = Location.objects.all()
    serializer_class = serializers.LocationSerializer
    search_fields = ["name"]
    ordering_fields = ["id", "name"]


class FilamentViewSet(RecordViewSet):
    """The catalogue."""

    queryset = Filament.objects.all()
    serializer_class = serializers.FilamentSerializer
    filterset_class = filters.FilamentFilter
    search_fields = ["name", "color_name", "article_number", "gtin", "manufacturer__name"]
    ordering_fields = ["id", "name", "material_type", "manufacturer"]

    def detailed(self, rows):
        return rows.with_makers()


class SpoolViewSet(ReadViewSet):
    """Spools. POST receives one; its grams move through the verbs and the production runs."""

    queryset = Spool.objects.all()
    serializer_class = serializers.SpoolSerializer
    bodies = {"weigh": serializers.WeighBody}
    answers = {"weigh": serializers.WeighedSpoolSerializer}
    permissions = {"create": "receive"}
    filterset_class = filters.SpoolFilter
    search_fields = ["code", "lot_number", "supplier", "filament__name", "filament__color_name"]
    ordering_fields = ["id", "code", "remaining_grams", "received_on", "last_used_at"]

    def detailed(self, rows):
        return rows.with_filament()

    def create(self, request):
        return self.answer(self.do(spools.receive, **self.body()), status=201)

    def update(self, request, pk, *, partial=False):
        spool = self.find()
        return self.answer(self.do(shelf.describe, spool, **self.body(spool, partial=partial)))

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    @action(detail=True, methods=["post"])
    def weigh(self, request, pk):
        """Post what the scale says as a count: the truth of the shelf."""
        spool = self.find()
        entry = self.do(spools.weigh, spool, **self.body())
        return self.answer(spool, entry=serializers.InventoryTransactionSerializer(entry).data)


class InventoryTransactionViewSet(ReadViewSet):
    """The ledger, read only: entries are made by verbs."""

    queryset = InventoryTransaction.objects.all()
    serializer_class = serializers.InventoryTransactionSerializer
    filterset_class = filters.InventoryTransactionFilter
    search_fields = ["note", "reason", "spool__code", "production_run__number"]
    ordering_fields = ["id", "created_at", "occurred_at", "grams"]

    def detailed(self, rows):
        return rows.with_references()


class SpoolTransactionViewSet(Nested, InventoryTransactionViewSet):
    """The ledger of one spool, in the order in which it was written."""

    parents = Spool.objects.all()
    parent = "spool"
