"""Filters of what slicers say against what was measured."""

from inventory.filters import FilamentReferenceFilter
from production.filters.reports import VarianceReportFilter, unfiltered
from production.models import SlicerCorrection
from production.services.slicer_factors import GROUPS
from tenants.api import filters


class SlicerReportFilter(VarianceReportFilter):
    """Which runs are summed, as for the list of runs, and by what: ``slot`` is of the files."""

    group_by = filters.ChoiceFilter(
        choices=[(name, name) for name in GROUPS],
        label="By filament when left out",
        method=unfiltered,
    )


class SlicerCorrectionFilter(filters.FilterSet):
    filament = FilamentReferenceFilter()
    printer = filters.ReferenceFilter()
    is_current = filters.BooleanFilter(
        "withdrawn_at", lookup_expr="isnull", label="Those that plans are corrected by now"
    )

    class Meta:
        model = SlicerCorrection
        fields = []
