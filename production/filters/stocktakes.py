"""Filters of stocktakes and their lines."""

from inventory.filters import SpoolReferenceFilter
from inventory.models import Stocktake, StocktakeLine
from tenants.api.filters import (
    BooleanFilter,
    FilterSet,
    FromFilter,
    ReferenceFilter,
    SeveralFilter,
    TextFilter,
    ToFilter,
)


class StocktakeFilter(FilterSet):
    status = SeveralFilter(choices=Stocktake.Status.choices)
    scope = SeveralFilter(choices=Stocktake.Scope.choices)
    location = ReferenceFilter()
    begun_from = FromFilter("begun_at")
    begun_to = ToFilter("begun_at")


class StocktakeLineFilter(FilterSet):
    spool = SpoolReferenceFilter()
    place = TextFilter(lookup_expr="iexact")
    result = SeveralFilter(choices=[each for each in StocktakeLine.Result.choices if each[0]])
    outcome = SeveralFilter(choices=StocktakeLine.Outcome.choices)
    is_expected = BooleanFilter()
    is_recorded = BooleanFilter(method="recorded_or_not")
    is_different = BooleanFilter(method="different_or_not", label="Counted, and not as the book")

    def recorded_or_not(self, lines, name, value):
        return lines.recorded() if value else lines.filter(result="")

    def different_or_not(self, lines, name, value):
        differing = lines.differing()
        return differing if value else lines.exclude(pk__in=differing.values("pk"))
