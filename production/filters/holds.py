"""Filters of holds."""

from inventory.filters import CaseInsensitiveFilter, FilamentReferenceFilter, SpoolReferenceFilter
from inventory.models import Spool
from tenants.api.filters import BooleanFilter, FilterSet, FromFilter, PersonFilter, ToFilter


class CoveredSpoolFilter(SpoolReferenceFilter):
    """Holds that cover the spool, whatever they are of."""

    def _filter(self, rows, condition):
        spools = Spool.objects.filter(condition("pk")).order_by()
        return rows.covering(list(spools.values_list("pk", flat=True)))


class HoldFilter(FilterSet):
    is_open = BooleanFilter("released_at", lookup_expr="isnull", label="Not released yet")
    spool = CoveredSpoolFilter()
    filament = FilamentReferenceFilter()
    lot_number = CaseInsensitiveFilter()
    placed_from = FromFilter("placed_at")
    placed_to = ToFilter("placed_at")
    placed_by = PersonFilter()
