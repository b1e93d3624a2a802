"""Reports: computed lists with pagination."""

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError

from inventory.models import Filament, InventoryTransaction, MaterialType, Spool
from production.filters import reports as filters
from production.filters.slicer import SlicerReportFilter
from production.models import Printer, Product, ProductionRun, RunMaterial
from production.serializers import reports as serializers
from production.serializers.explanation import ExplanationGroupSerializer
from production.serializers.slicer import SlicerGroupSerializer
from production.services.reports import by_parameters, demand
from production.services.reports.groups import Groups
from production.services.sliced_files import corrections
from tenants.api.views import ListViewSet


class Report(ListViewSet):
    """A list that a service computes, in ``compute``, from the filtered rows and the parameters."""

    help_topic = "api#reports"
    filter_backends = [DjangoFilterBackend]

    def list(self, request):
        filterset = self.filterset_class(self.request.query_params, queryset=self.get_queryset())
        if not filterset.is_valid():
            raise ValidationError(dict(filterset.errors))
        return self.list_response(self.compute(filterset.qs, filterset.form.cleaned_data))

    def compute(self, rows, parameters):
        raise NotImplementedError

    def paginate_queryset(self, rows):
        if isinstance(rows, Groups):
            return self.paginator.paginate_read(rows.read, self.request)
        return super().paginate_queryset(rows)


class VarianceReport(Report):
    """Planned, actual, difference, percent and cost of many runs, by group. Filters choose runs,
    which are summed as wholes: by product each carries its share."""

    help_topic = "api#variance-stock-and-alerts"
    title = "Variance"
    observed_as = "report.variance"
    queryset = ProductionRun.objects.live()
    serializer_class = serializers.VarianceGroupSerializer
    filterset_class = filters.VarianceReportFilter
    compute = staticmethod(by_parameters.variance_of)


class ExplanationReport(Report):
    """Why many runs did not take and cost what was planned, by group: the parts of their
    differences. ``over`` is what was really paid too much: all but fewer or more good parts."""

    help_topic = "api#explanation-of-many-runs"
    title = "Explanation"
    queryset = ProductionRun.objects.live()
    serializer_class = ExplanationGroupSerializer
    filterset_class = filters.ExplanationReportFilter
    compute = staticmethod(by_parameters.explanation_of)


class SlicerReport(Report):
    """What slicers say against what was booked and measured, over completed runs of sliced files;
    the factor is what plans could be corrected by."""

    help_topic = "api#slicer-and-scale"
    title = "Slicer and scale"
    observed_as = "report.slicer"
    queryset = ProductionRun.objects.live()
    serializer_class = SlicerGroupSerializer
    filterset_class = SlicerReportFilter

    def compute(self, runs, parameters):
        return corrections.compared(runs, group_by=parameters["group_by"] or "filament")


class ConsumptionReport(Report):
    """Where the filament went: usage and waste, net of what was reversed, by group and period."""

    help_topic = "api#consumption"
    title = "Consumption"
    observed_as = "report.consumption"
    queryset = InventoryTransaction.objects.all()
    serializer_class = serializers.ConsumptionSerializer
    filterset_class = filters.ConsumptionFilter
    compute = staticmethod(by_parameters.consumption_of)


class OccupationReport(Report):
    """How long printers printed, by printer or location and period: runs, good parts, time of
    failed and cancelled runs, and occupation in percent of the time in use."""

    help_topic = "api#hours-of-printers"
    title = "Hours of printers"
    observed_as = "report.printers"
    queryset = Printer.objects.all()
    serializer_class = serializers.OccupationSerializer
    filterset_class = filters.OccupationFilter
    compute = staticmethod(by_parameters.occupation_of)


class ScrapReport(Report):
    """What was printed for nothing: scrapped parts of completed runs, and failed runs."""

    help_topic = "api#scrap"
    title = "Scrap"
    observed_as = "report.scrap"
    queryset = ProductionRun.objects.live()
    serializer_class = serializers.ScrapSerializer
    filterset_class = filters.ScrapReportFilter
    compute = staticmethod(by_parameters.scrap_of)


class LotReport(Report):
    """Where a lot went: runs, spools and orders. Or which lots an order or a run was made of.

    Exactly one of ``lot``, ``order_reference``, ``run`` and ``run_number`` is needed.
    """

    help_topic = "api#lots"
    title = "Lots"
    observed_as = "report.lots"
    queryset = RunMaterial.objects.all()
    serializer_class = serializers.LotSerializer
    filterset_class = filters.LotsFilter
    compute = staticmethod(by_parameters.lots_of)


class LotPartsReport(Report):
    """What was made of a lot, and for which orders."""

    help_topic = "api#lots"
    title = "Parts of a lot"
    observed_as = "report.lot_parts"
    queryset = RunMaterial.objects.all()
    serializer_class = serializers.LotPartSerializer
    filterset_class = filters.LotPartsFilter
    compute = staticmethod(by_parameters.parts_of_lot)


class StockReport(ListViewSet):
    """Each filament: what is on the shelf, what open runs want of it, and how long it lasts."""

    help_topic = "api#variance-stock-and-alerts"
    title = "Stock"
    observed_as = "report.stock"
    queryset = Filament.objects.present()
    serializer_class = serializers.StockSerializer
    filterset_class = filters.StockFilter
    search_fields = ["name", "color_name", "manufacturer__name"]
    ordering_fields = ["id", "name", "remaining_grams", "available_grams", "days_left"]

    def with_related(self, rows):
        return demand.of_filaments(rows.with_makers())


class MaterialTypeStockReport(StockReport):
    """Each material type: what is on the shelf of all its filaments, and what is wanted."""

    title = "Stock by material type"
    observed_as = "report.stock_by_material_type"
    queryset = MaterialType.objects.all()
    serializer_class = serializers.MaterialTypeStockSerializer
    filterset_class = None
    search_fields = ["code", "name"]
    ordering_fields = ["id", "code", "remaining_grams", "available_grams", "days_left"]

    def with_related(self, rows):
        return demand.of_material_types(rows)


class StockValueReport(Report):
    """Stock in grams and money as of any moment: each spool at its own cost per gram of then.
    Grams without a known price are counted beside the money. Archived spools are left out."""

    help_topic = "api#stock-in-grams-and-money"
    title = "Stock in money"
    observed_as = "report.stock_value"
    queryset = Spool.objects.all()
    serializer_class = serializers.StockValueSerializer
    filterset_class = filters.StockValueFilter
    compute = staticmethod(by_parameters.stock_value_of)


class StockChangesReport(Report):
    """What changed the stock between two moments, by kind, in grams and money: the sums are the
    difference of the stocks."""

    help_topic = "api#stock-in-grams-and-money"
    title = "Changes of the stock"
    observed_as = "report.stock_changes"
    queryset = Spool.objects.all()
    serializer_class = serializers.StockChangeSerializer
    filterset_class = filters.StockChangesFilter
    compute = staticmethod(by_parameters.stock_changes_of)


class UnexplainedReport(Report):
    """Grams that no run took: what counting the shelf found missing, per filament."""

    title = "Unexplained grams"
    observed_as = "report.unexplained"
    queryset = InventoryTransaction.objects.all()
    serializer_class = serializers.UnexplainedSerializer
    filterset_class = filters.CountedFilter
    compute = staticmethod(by_parameters.unexplained_of)


class AlertReport(Report):
    """Products that are planned with grams or minutes that no longer fit what they take."""

    help_topic = "api#variance-stock-and-alerts"
    title = "Alerts"
    observed_as = "report.alerts"
    queryset = Product.objects.all()
    serializer_class = serializers.AlertSerializer
    filterset_class = filters.EvidenceFilter
    compute = staticmethod(by_parameters.alerts_of)
