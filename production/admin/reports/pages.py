"""The reports of the admin, as data: each shows what its address in the API answers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext_lazy as _

from inventory.admin.rendering import grams
from inventory.models import Filament, Hold, InventoryTransaction, Spool
from inventory.services.held_spools import sentence_of_hold
from production.admin.reports import columns
from production.admin.reports.columns import MEASURES
from production.filters import reports as filters
from production.models import Printer, Product, ProductionRun, RunMaterial
from production.serializers import reports as serializers
from production.serializers.explanation import ExplanationGroupSerializer
from production.services.reports import by_parameters, demand
from production.services.reports.lots import returned_of_lot

RUNS, LEDGER = "production.view_productionrun", "inventory.view_inventorytransaction"
FINISHED = ("finished_from", "finished_to")
OF_RUNS = ("product_sku", "printer", "filament", "material_type", "order_reference")


@dataclass(frozen=True)
class ReportPage:
    """A report: its name in addresses, what it says, where its rows come from, what is shown.

    ``columns`` are a function of the values of the filter and the measure. ``fields`` are the
    parameters that the page asks for, ``period`` the two of them that are its first and last day;
    the others of the filter are good in an address. ``start`` are parameters that an address
    without any leads to. ``chart`` is the path of the figure that bars are drawn of, by measure.
    ``needs_values``: an address without parameters asks for them. ``notes`` are sentences above the
    table, a function of the parameters.
    """

    name: str
    title: str
    about: str
    permission: str
    rows: Callable
    compute: Callable
    filterset: type
    serializer: type
    columns: Callable
    chart: dict
    fields: tuple = ()
    period: tuple = ()
    start: tuple = ()
    measures: tuple = ()
    needs_values: bool = False
    empty: str = _("Nothing of the kind in this period.")
    leads_on: tuple = (_("All runs"), "admin:production_productionrun_changelist")
    api: str = ""
    notes: Callable = lambda query: ()


def _notes_of_lot(query):
    """What is to be known of the lot that is asked for: who holds it, and what went back."""
    lot = query.get("lot", "")
    holds = Hold.objects.open().of_lot(lot).with_target().order_by("pk")
    notes = [sentence_of_hold(hold) for hold in holds]
    returned = returned_of_lot(lot)
    if returned["spools"]:
        values = {"spools": returned["spools"], "grams": grams(returned["grams"])}
        notes.append(_("Returned to the supplier: %(grams)s g, spools: %(spools)s.") % values)
    return notes


def _stock_rows():
    return demand.of_filaments(Filament.objects.present().with_makers()).order_by("name", "pk")


def _as_filtered(rows, _parameters):
    return rows


of_runs = partial(ReportPage, permission=RUNS, rows=ProductionRun.objects.live, period=FINISHED)
of_ledger = partial(
    ReportPage,
    permission=LEDGER,
    rows=InventoryTransaction.objects.all,
    leads_on=(_("All entries"), "admin:inventory_inventorytransaction_changelist"),
)
of_lots = partial(
    ReportPage,
    permission="production.view_runmaterial",
    rows=RunMaterial.objects.all,
    needs_values=True,
    leads_on=(_("All spools"), "admin:inventory_spool_changelist"),
    notes=_notes_of_lot,
)

of_spools = partial(
    ReportPage,
    permission="inventory.view_spool",
    rows=Spool.objects.all,
    leads_on=(_("All spools"), "admin:inventory_spool_changelist"),
)

REPORTS = [
    of_runs(
        name="variance",
        title=_("Variance"),
        about=_("What runs took against their plan. Runs are compared where both are known."),
        compute=by_parameters.variance_of,
        filterset=filters.VarianceReportFilter,
        serializer=serializers.VarianceGroupSerializer,
        columns=columns.variance,
        chart={
            "grams": "compared.grams.percent",
            "minutes": "compared.minutes.percent",
            "cost": "compared.cost.total.percent",
        },
        fields=("group_by", *OF_RUNS),
        start=(("group_by", "product"),),
        measures=tuple(MEASURES),
        api="variance",
    ),
    of_runs(
        name="explanation",
        title=_("Explanation of the variance"),
        about=_("Why runs took and cost more or less than planned, in parts that add up."),
        compute=by_parameters.explanation_of,
        filterset=filters.ExplanationReportFilter,
        serializer=ExplanationGroupSerializer,
        columns=columns.explanation,
        chart={measure: columns.explained_chart(measure) for measure in MEASURES},
        fields=("group_by", *OF_RUNS),
        start=(("group_by", "product"), ("ordering", "-over")),
        measures=("cost", "grams", "minutes"),
        api="explanation",
    ),
    of_ledger(
        name="consumption",
        title=_("Consumption"),
        about=_("Filament that left the shelf as usage or waste, without what was reversed."),
        compute=by_parameters.consumption_of,
        filterset=filters.ConsumptionFilter,
        serializer=serializers.ConsumptionSerializer,
        columns=columns.consumption,
        chart={"": "grams.total"},
        period=("since", "until"),
        fields=("group_by", "period", "filament", "material_type", "printer", "order_reference"),
        start=(("group_by", "filament"),),
        api="consumption",
    ),
    of_runs(
        name="scrap",
        title=_("Scrap"),
        about=_("Scrapped parts of completed runs, and failed runs, with what they took and cost."),
        compute=by_parameters.scrap_of,
        filterset=filters.ScrapReportFilter,
        serializer=serializers.ScrapSerializer,
        columns=columns.scrap,
        chart={"": "lost.grams"},
        fields=("group_by", *OF_RUNS),
        start=(("group_by", "reason"),),
        api="scrap",
    ),
    of_runs(
        name="cost",
        title=_("Cost per good part"),
        about=_("All that was spent, also on scrap and failed runs, divided by the good parts."),
        compute=by_parameters.variance_of,
        filterset=filters.VarianceReportFilter,
        serializer=serializers.VarianceGroupSerializer,
        columns=columns.per_part,
        chart={"": "cost.per_good_unit"},
        fields=("group_by", *OF_RUNS),
        start=(("group_by", "product"),),
        api="variance",
    ),
    of_runs(
        name="printers",
        title=_("Hours of printers"),
        about=_(
            "How long printers printed, in percent of the time that they were in use: 24 hours a "
            "day, until now. By the clock: runs in progress, and those whose minutes are unknown. "
            "Lost: failed and cancelled."
        ),
        rows=Printer.objects.all,
        compute=by_parameters.occupation_of,
        filterset=filters.OccupationFilter,
        serializer=serializers.OccupationSerializer,
        columns=columns.printers,
        chart={"": "occupation_percent"},
        period=("since", "until"),
        fields=("group_by", "period", "printer", "location"),
        start=(("group_by", "printer"),),
        leads_on=(_("All printers"), "admin:production_printer_changelist"),
        api="printers",
    ),
    of_lots(
        name="lots",
        title=_("Lots"),
        about=_("Where a lot went, or which lots an order or a run was made of. Name one."),
        compute=by_parameters.lots_of,
        filterset=filters.LotsFilter,
        serializer=serializers.LotSerializer,
        columns=columns.lots,
        chart={"": "used_grams"},
        fields=("lot", "order_reference", "run_number"),
        empty=_("No run took from such a lot, and none is of such an order or number."),
        api="lots",
    ),
    of_lots(
        name="lot-parts",
        title=_("Recall"),
        about=_("What was made of a lot, and for which orders."),
        compute=by_parameters.parts_of_lot,
        filterset=filters.LotPartsFilter,
        serializer=serializers.LotPartSerializer,
        columns=columns.lot_parts,
        chart={"": "good_count"},
        fields=("lot", "filament", "manufacturer"),
        empty=_("Nothing was made of a lot of this number."),
        api="lot-parts",
    ),
    ReportPage(
        name="stock",
        title=_("Stock"),
        about=_("What is on the shelf now, what is reserved, and how long it lasts."),
        permission="inventory.view_filament",
        rows=_stock_rows,
        compute=_as_filtered,
        filterset=filters.StockFilter,
        serializer=serializers.StockSerializer,
        columns=columns.stock,
        chart={"": "available_grams"},
        fields=("manufacturer", "material_type", "is_to_reorder"),
        empty=_("There is no such filament."),
        leads_on=(_("All filaments"), "admin:inventory_filament_changelist"),
        api="stock",
    ),
    of_spools(
        name="stock-value",
        title=_("Stock in money"),
        about=_(
            "What the shelf held at the end of a day, or at a moment, each spool at its own cost "
            "per gram of then. Grams without a known price are beside the money."
        ),
        compute=by_parameters.stock_value_of,
        filterset=filters.StockValueFilter,
        serializer=serializers.StockValueSerializer,
        columns=columns.stock_value,
        chart={"": "known_value"},
        fields=("at", "group_by", "filament", "material_type", "location"),
        start=(("group_by", "filament"),),
        empty=_("No spool held anything then."),
        api="stock-value",
    ),
    of_spools(
        name="stock-changes",
        title=_("Changes of the stock"),
        about=_(
            "What changed the stock from the beginning of the first day to the end of the last, "
            "in grams and money. Together it is the difference of the two stocks."
        ),
        compute=by_parameters.stock_changes_of,
        filterset=filters.StockChangesFilter,
        serializer=serializers.StockChangeSerializer,
        columns=columns.stock_changes,
        chart={"": "known_value"},
        period=("since", "until"),
        fields=("filament", "material_type", "location"),
        api="stock-changes",
    ),
    of_ledger(
        name="unexplained",
        title=_("Unexplained grams"),
        about=_("What counting the shelf found missing, or too much: no run took it."),
        compute=by_parameters.unexplained_of,
        filterset=filters.CountedFilter,
        serializer=serializers.UnexplainedSerializer,
        columns=columns.unexplained,
        chart={"": "grams"},
        period=("counted_from", "counted_to"),
        empty=_("No count in this period differs from the book."),
        api="unexplained",
    ),
    ReportPage(
        name="alerts",
        title=_("Alerts"),
        about=_("Products whose plan no longer fits what their last runs took."),
        permission="production.view_product",
        rows=Product.objects.all,
        compute=by_parameters.alerts_of,
        filterset=filters.EvidenceFilter,
        serializer=serializers.AlertSerializer,
        columns=columns.alerts,
        chart={"": "grams_percent"},
        fields=("last",),
        empty=_("The plan of every product fits its last runs."),
        leads_on=(_("All products"), "admin:production_product_changelist"),
        api="alerts",
    ),
]
