"""What reports are about, and how they are told."""

import django_filters
from django import forms
from django.db.models import Q

from inventory.filters import (
    FilamentFilter,
    OfFilament,
    OfMaterialType,
    OfRun,
    OfSpool,
)
from inventory.models import InventoryTransaction
from production.filters.runs import ProductionRunFilter
from production.models import Product, ProductionRun, RunMaterial
from production.services import reports
from tenants.api.filters import (
    BooleanFilter,
    ChoiceFilter,
    FilterSet,
    FromFilter,
    IdFilter,
    ReferenceFilter,
    SeveralFilter,
    ToFilter,
)


class Asked:
    """For a parameter that a report is told, and that narrows nothing by itself."""

    def filter(self, qs, value):
        return qs


class AskedId(Asked, IdFilter):
    pass


class AskedText(Asked, django_filters.CharFilter):
    pass


class AskedFrom(Asked, FromFilter):
    pass


class AskedTo(Asked, ToFilter):
    pass


class AskedChoice(Asked, ChoiceFilter):
    """One of some names; those that are None are for leaving it out."""

    def __init__(self, names, **kwargs):
        super().__init__(choices=[(name, name) for name in names if name], **kwargs)


class VarianceReportFilter(ProductionRunFilter):
    """Which runs are summed, as for the list of runs, and by what. They are summed as wholes: the
    share of one product is told by ``group_by=product``."""

    group_by = AskedChoice(
        [*reports.GROUPS, "filament"],
        label="One group of all runs when left out; days and months are those of the end.",
    )


class ScrapReportFilter(ProductionRunFilter):
    """Which runs are looked at, as for the list of runs, and by what they are told."""

    group_by = AskedChoice(
        reports.SCRAP_GROUPS,
        label="One group of all runs when left out; months are those of the end.",
    )


class ConsumptionFilter(FilterSet):
    """Which entries of the ledger are summed, and by what; days are the farm's, and inclusive."""

    group_by = AskedChoice(reports.CONSUMPTION_GROUPS, label="All together when left out")
    period = AskedChoice(reports.CONSUMPTION_PERIODS, label="All the time when left out")
    since = AskedFrom(label="A day of the farm, or a moment")
    until = AskedTo(label="A day of the farm, that day included, or a moment")
    kind = SeveralFilter(choices=[(kind, kind) for kind in ("usage", "waste")], method="of_kind")
    spool = OfSpool()
    filament = OfFilament("spool__filament")
    manufacturer = ReferenceFilter("spool__filament__manufacturer")
    material_type = OfMaterialType("spool__filament__material_type")
    lot = django_filters.CharFilter("spool__lot_number", lookup_expr="iexact")
    run = OfRun("production_run")
    printer = ReferenceFilter("production_run__printer")
    order_reference = django_filters.CharFilter(method="of_order", label="Of an item of the run")

    class Meta:
        model = InventoryTransaction
        fields = []

    def of_kind(self, entries, name, value):
        return entries.filter(Q(kind__in=value) | Q(reverses__kind__in=value))

    def of_order(self, entries, name, value):
        return entries.filter(production_run__in=ProductionRun.objects.of_order(value))


class OfLotForm(forms.Form):
    """A lot number that two makers use is told apart by the filament or the manufacturer."""

    ways = ("lot",)
    makers = ("filament", "filament_name", "filament_external_id")
    makers += ("manufacturer", "manufacturer_name")

    def clean(self):
        said = super().clean()
        ways = [name for name in self.ways if said.get(name)]
        if len(ways) != 1 and not self.errors:
            self.add_error(self.ways[0], f"Name one: {' or '.join(self.ways)}.")
        for name in self.makers:
            if said.get(name) and ways and ways != ["lot"]:
                self.add_error(name, "This goes with a lot alone.")
        return said


class LotForm(OfLotForm):
    """From where, or where to: one of these."""

    ways = ("lot", "order_reference", "run", "run_number")


class LotPartsFilter(FilterSet):
    """Which lot, and whose."""

    lot = AskedText(label="Required: the lot number")
    filament = OfFilament("spool__filament", label="Whose lot it is")
    manufacturer = ReferenceFilter("spool__filament__manufacturer", label="Whose lot it is")

    class Meta:
        model = RunMaterial
        fields = []
        form = OfLotForm


class LotsFilter(LotPartsFilter):
    """Where a lot went, or what an order or a run was made of."""

    lot = AskedText(label="This lot: where it went")
    order_reference = AskedText(label="Or this order: which lots went into it")
    run = OfRun(label="Or this run: which lots went into it")

    class Meta:
        model = RunMaterial
        fields = []
        form = LotForm


class StockFilter(FilamentFilter):
    """Filaments, and those alone that are to be ordered."""

    is_to_reorder = BooleanFilter()


class CountedFilter(FilterSet):
    """When the shelf was counted: days of the farm, inclusive, or moments."""

    counted_from, counted_to = AskedFrom(), AskedTo()

    class Meta:
        model = InventoryTransaction
        fields = []


class EvidenceFilter(FilterSet):
    """How many of each product's last runs are looked at."""

    last = AskedId(label="10 when left out")

    class Meta:
        model = Product
        fields = []
