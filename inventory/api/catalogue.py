"""The catalogue, and locations."""

from rest_framework.decorators import action
from rest_framework.response import Response

from inventory import filters
from inventory.api.imports import FilamentImport
from inventory.models import Filament, Location, Manufacturer, MaterialType
from inventory.serializers.catalogue import (
    CatalogueEntries,
    CatalogueQuery,
    FilamentMergeSerializer,
    FilamentSerializer,
    LocationSerializer,
    ManufacturerSerializer,
    MaterialTypeSerializer,
    MergedFilament,
)
from inventory.serializers.revaluing import ChangedFilament, represented
from inventory.serializers.tables import (
    Catalogue,
    CatalogueReportSerializer,
    DryRunQuery,
    FilamentTable,
    TableReportSerializer,
)
from inventory.serializers.verbs import FilamentMergeBody
from inventory.services import filament_merging, filaments, manufacturers
from inventory.services.tables import catalogue_search
from tenants.api.serializers import NoBody
from tenants.api.views import RecordViewSet


class Removable:
    """Rows that programs of printers remove: listed only where they are asked for."""

    def get_listed(self):
        return self.queryset.all() if self._lists_removed() else super().get_listed()

    @property
    def has_fixed_rows(self):
        return not self._lists_removed() and super().has_fixed_rows

    def _lists_removed(self):
        return self.action == "list" and "is_removed" in self.request.query_params

    @action(detail=True, methods=["post"])
    def restore(self, request, pk):
        """Put what was removed into the lists again."""
        return self.verb(self.records.restore)


class ManufacturerViewSet(Removable, RecordViewSet):
    """Who makes filament."""

    help_topic = "api#lists-filters-and-csv"
    records = manufacturers
    queryset = Manufacturer.objects.all()
    listed = Manufacturer.objects.present()
    bodies = {"restore": NoBody}
    permissions = {"restore": "change"}
    serializer_class = ManufacturerSerializer
    filterset_class = filters.ManufacturerFilter
    search_fields = ["name"]
    ordering_fields = ["id", "name"]


class MaterialTypeViewSet(RecordViewSet):
    """Polymers: PLA, PETG, ASA."""

    help_topic = "api#lists-filters-and-csv"
    queryset = MaterialType.objects.all()
    serializer_class = MaterialTypeSerializer
    filterset_class = filters.MaterialTypeFilter
    search_fields = ["code", "name"]
    ordering_fields = ["id", "code", "name"]


class LocationViewSet(RecordViewSet):
    """Shelves, dry boxes, rooms."""

    help_topic = "api#lists-filters-and-csv"
    queryset = Location.objects.all()
    serializer_class = LocationSerializer
    filterset_class = filters.LocationFilter
    search_fields = ["name"]
    ordering_fields = ["id", "name"]


class FilamentViewSet(Removable, FilamentImport, RecordViewSet):
    """The catalogue."""

    help_topic = "api#import"
    records = filaments
    queryset = Filament.objects.all()
    listed = Filament.objects.present()
    serializer_class = FilamentSerializer
    bodies = {
        "import_table": FilamentTable,
        "import_catalogue": Catalogue,
        "restore": NoBody,
        "merge": FilamentMergeBody,
        "unmerge": NoBody,
    }
    answers = {
        "catalogue": CatalogueEntries,
        "merge": MergedFilament,
        "import_table": TableReportSerializer,
        "import_catalogue": CatalogueReportSerializer,
        **dict.fromkeys(["update", "partial_update"], ChangedFilament),
    }
    permissions = {
        "catalogue": "view",
        "import_table": "add",
        "import_catalogue": "add",
        "restore": "change",
        "unmerge": "merge",
    }
    queries = {
        "catalogue": CatalogueQuery,
        **dict.fromkeys(["import_table", "import_catalogue"], DryRunQuery),
    }
    filterset_class = filters.FilamentFilter
    ordering_fields = [
        "id",
        "name",
        "material_type",
        "manufacturer",
        "color_name",
        "diameter_mm",
        "net_grams",
        "price",
    ]

    def with_related(self, rows):
        return rows.with_makers()

    def update(self, request, pk, *, partial=False):
        filament = self.get_object()
        values = self.get_validated_data(filament, partial=partial)
        self.call(filaments.update, filament, **values)
        found = next(iter(self.changed), None)
        return self.row_response(filament, revaluation=represented(found))

    @action(detail=False, methods=["get"])
    def catalogue(self, request):
        """Search the makers' catalogues, for the body of a new filament.

        An entry that the farm has already names its filament.
        """
        found = catalogue_search.find(self.get_query_values()["q"])
        return Response(CatalogueEntries({"entries": found}).data)

    @action(detail=True, methods=["post"])
    def merge(self, request, pk):
        """Book that another filament is the same one: its spools, and what asks for it, are of this
        one.

        Its number, GTIN, article number and external id lead to this filament from then on.
        """
        filament = self.get_object()
        values = self.get_validated_data(filament)
        done = self.call(filament_merging.merge, filament, **values)
        merge, is_dry_run = FilamentMergeSerializer(done).data, values.get("dry_run", False)
        return self.row_response(filament, merge=merge, dry_run=is_dry_run)

    @action(detail=True, methods=["post"])
    def unmerge(self, request, pk):
        """Take back that this filament was merged into another: both are as before."""
        return self.verb(filament_merging.unmerge)
