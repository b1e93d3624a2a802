"""The parameters of reports."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _

from inventory.filters import (
    FilamentFilter,
    FilamentReferenceFilter,
    MaterialTypeReferenceFilter,
    RunReferenceFilter,
    SpoolReferenceFilter,
)
from production.filters.runs import ProductionRunFilter
from production.models import Printer, ProductionRun
from production.services.reports.consumption import KEYS as CONSUMPTION_GROUPS
from production.services.reports.consumption import LABELS as CONSUMPTION_PERIODS
from production.services.reports.occupation import KEYS as OCCUPATION_GROUPS
from production.services.reports.scrap import GROUPS as SCRAP_GROUPS
from production.services.reports.statements import GROUPS, OF_MATERIAL
from production.services.reports.stock_value import KEYS as STOCK_GROUPS
from tenants.api.filters import (
    BooleanFilter,
    ChoiceFilter,
    FilterSet,
    FromFilter,
    IdFilter,
    MomentAtFilter,
    ReferenceFilter,
    SeveralFilter,
    TextFilter,
    ToFilter,
)


def unfiltered(rows, name, value):
    """The ``method`` of a parameter that the report itself reads."""
    return rows


def group_filter(names, label):
    """A parameter that is one of some names; None among them stands for leaving it out."""
    choices = [(name, name) for name in names if name]
    return ChoiceFilter(choices=choices, label=label, method=unfiltered)


class VarianceReportFilter(ProductionRunFilter):
    """Which runs are summed, as for the list of runs, and by what. Runs are summed as wholes; the
    share of one product or order is in ``group_by=product`` or ``order``."""

    is_deleted = None
    group_by = group_filter(
        [*GROUPS, *OF_MATERIAL],
        "One group of all runs when left out; days are those of the end, a person who closed it.",
    )


class ExplanationReportFilter(VarianceReportFilter):
    """Which runs are explained, by what they are grouped, and in which order."""

    ordering = ChoiceFilter(
        choices=[(name, name) for name in ("over", "-over")],
        label="By what was really paid too much; by the key when left out",
        method=unfiltered,
    )


class ScrapReportFilter(ProductionRunFilter):
    """Which runs are counted, as for the list of runs, and by what they are grouped."""

    is_deleted = None
    group_by = group_filter(
        SCRAP_GROUPS,
        "One group of all runs when left out; days are those of the end, a person who closed it.",
    )


class ConsumptionFilter(FilterSet):
    """Which entries of the ledger are summed, and by what; days are the farm's, and inclusive."""

    group_by = group_filter(
        CONSUMPTION_GROUPS,
        "All together when left out; a person is who closed the run, without one who booked it.",
    )
    period = group_filter(CONSUMPTION_PERIODS, "All the time when left out")
    since = FromFilter(label="A day of the farm, or a moment", method=unfiltered)
    until = ToFilter(label="A day of the farm, that day included, or a moment", method=unfiltered)
    kind = SeveralFilter(
        choices=[(kind, kind) for kind in ("usage", "waste")], method="filter_kind"
    )
    spool = SpoolReferenceFilter()
    filament = FilamentReferenceFilter("spool__filament")
    manufacturer = ReferenceFilter("spool__filament__manufacturer")
    material_type = MaterialTypeReferenceFilter("spool__filament__material_type")
    lot = TextFilter("spool__lot_number", lookup_expr="iexact")
    run = RunReferenceFilter("production_run")
    printer = ReferenceFilter("production_run__printer")
    order_reference = TextFilter(method="filter_order", label="Of an item of the run")

    def filter_kind(self, entries, name, value):
        return entries.filter(Q(kind__in=value) | Q(reverses__kind__in=value))

    def filter_order(self, entries, name, value):
        return entries.filter(production_run__in=ProductionRun.objects.of_order(value))


class ItselfFilter(ReferenceFilter):
    """Rows that are printers, by the id or the name of one."""

    referred = Printer


class OccupationFilter(FilterSet):
    """Which printers, by what they are grouped, and when; days are the farm's, and inclusive."""

    group_by = group_filter(OCCUPATION_GROUPS, "All together when left out")
    period = group_filter(CONSUMPTION_PERIODS, "All the time when left out")
    since = FromFilter(label="A day of the farm, or a moment", method=unfiltered)
    until = ToFilter(label="A day of the farm, that day included, or a moment", method=unfiltered)
    printer = ItselfFilter("pk")
    location = ReferenceFilter()
    is_active = BooleanFilter()


class LotPartsForm(forms.Form):
    """A lot number that two makers use needs the filament or the manufacturer as well."""

    subjects = ("lot",)
    makers = (
        "filament",
        "filament_name",
        "filament_external_id",
        "manufacturer",
        "manufacturer_name",
    )

    def clean(self):
        values = super().clean()
        given = [name for name in self.subjects if values.get(name)]
        if len(given) != 1 and not self.errors:
            names = ", ".join(self.subjects)
            self.add_error(
                self.subjects[0], _("Name exactly one of: %(names)s.") % {"names": names}
            )
        for name in self.makers:
            if values.get(name) and given and given != ["lot"]:
                self.add_error(name, _("This goes with a lot alone."))
        return values


class LotsForm(LotPartsForm):
    """Exactly one of these."""

    subjects = ("lot", "order_reference", "run", "run_number")


class LotPartsFilter(FilterSet):
    """Which lot, and whose."""

    lot = TextFilter(label="The lot number", required=True, method=unfiltered)
    filament = FilamentReferenceFilter("spool__filament", label="Whose lot it is")
    manufacturer = ReferenceFilter("spool__filament__manufacturer", label="Whose lot it is")

    class Meta:
        form = LotPartsForm


class LotsFilter(LotPartsFilter):
    """Where a lot went, or what an order or a run was made of."""

    lot = TextFilter(label="This lot: where it went", method=unfiltered)
    order_reference = TextFilter(label="Or this order: which lots went into it", method=unfiltered)
    run = RunReferenceFilter(label="Or this run: which lots went into it")

    class Meta:
        form = LotsForm


class StockFilter(FilamentFilter):
    """Filaments, and those alone that are to be ordered."""

    is_to_reorder = BooleanFilter()


class CountedFilter(FilterSet):
    """When the shelf was counted: days of the farm, inclusive, or moments."""

    counted_from = FromFilter(method=unfiltered)
    counted_to = ToFilter(method=unfiltered)


class OfSpoolsFilter(FilterSet):
    """Which spools, as they are now."""

    spool = SpoolReferenceFilter("pk")
    filament = FilamentReferenceFilter()
    manufacturer = ReferenceFilter("filament__manufacturer")
    material_type = MaterialTypeReferenceFilter("filament__material_type")
    location = ReferenceFilter()
    lot = TextFilter("lot_number", lookup_expr="iexact")


class StockValueFilter(OfSpoolsFilter):
    """When, which spools, and by what they are grouped."""

    at = MomentAtFilter(label="A day's end or a moment; now when left out", method=unfiltered)
    group_by = group_filter(STOCK_GROUPS, "All together when left out")


class StockChangesFilter(OfSpoolsFilter):
    """Between which days of the farm, inclusive, or moments, and of which spools."""

    since = FromFilter(label="A day of the farm, or a moment", method=unfiltered)
    until = ToFilter(label="A day of the farm, that day included, or a moment", method=unfiltered)


class EvidenceFilter(FilterSet):
    """How many of each product's last runs are evaluated."""

    last = IdFilter(label="10 when left out", method=unfiltered)
