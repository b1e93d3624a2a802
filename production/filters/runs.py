"""The filters of production's lists, for the API and for pages."""

import django_filters
from django.db.models import Exists, OuterRef

from inventory.filters import (
    FilamentReferenceFilter,
    MaterialTypeReferenceFilter,
    RunReferenceFilter,
    SpoolReferenceFilter,
)
from production.models import (
    ProductionRun,
    Reason,
    RunItem,
    RunMaterial,
)
from production.services.verbs import EVENT_CHOICES
from tenants.api.filters import (
    BooleanFilter,
    EventFilter,
    FilterSet,
    FromDayFilter,
    FromFilter,
    MomentFilter,
    PersonFilter,
    ReferenceFilter,
    SeveralFilter,
    ToDayFilter,
    ToFilter,
)


class ProductReferenceFilter(ReferenceFilter):
    names = {"sku": "iexact"}


def with_item(runs, condition):
    """The runs that have an item with a condition."""
    return runs.filter(Exists(RunItem.objects.filter(condition, run=OuterRef("pk"))))


def with_material(runs, condition):
    """The runs that have a material with a condition."""
    return runs.filter(Exists(RunMaterial.objects.filter(condition, run=OuterRef("pk"))))


class PrinterFilter(FilterSet):
    name = django_filters.CharFilter(lookup_expr="iexact")
    location = ReferenceFilter()
    needs_clearing = BooleanFilter()
    is_active = BooleanFilter()


class ProductFilter(FilterSet):
    sku = django_filters.CharFilter()
    is_active = BooleanFilter()


class ReasonFilter(FilterSet):
    kind = SeveralFilter(choices=Reason.Kind.choices)
    is_active = BooleanFilter()


class ProductionRunFilter(FilterSet):
    """Days are the farm's, and inclusive; ``start_date`` and ``end_date`` are of scheduled_at."""

    status = SeveralFilter(choices=ProductionRun.Status.choices)
    start_date = FromDayFilter("scheduled_at")
    end_date = ToDayFilter("scheduled_at")
    finished_from = FromFilter("finished_at")
    finished_to = ToFilter("finished_at")
    product_id = ProductReferenceFilter("product", narrow=with_item)
    spool_id = SpoolReferenceFilter("spool", narrow=with_material)
    printer = ReferenceFilter()
    filament = FilamentReferenceFilter("filament", "spool__filament", narrow=with_material)
    material_type = MaterialTypeReferenceFilter(
        "material_type",
        "filament__material_type",
        "spool__filament__material_type",
        narrow=with_material,
    )
    lot = django_filters.CharFilter(method="filter_lot")
    order_reference = django_filters.CharFilter(method="filter_order")
    number = django_filters.CharFilter(lookup_expr="iexact")
    external_id = django_filters.CharFilter()
    created_by = PersonFilter()
    updated_since = MomentFilter("updated_at", lookup_expr="gte")

    def filter_lot(self, runs, name, value):
        return runs.of_lot(value)

    def filter_order(self, runs, name, value):
        return runs.of_order(value)


class RunEventFilter(EventFilter):
    run = RunReferenceFilter()
    verb = SeveralFilter(choices=EVENT_CHOICES)
    to_status = SeveralFilter(choices=ProductionRun.Status.choices)
