"""How lists of production are narrowed; the same for the API and for pages."""

import django_filters
from django.db.models import Exists, OuterRef

from inventory.filters import OfFilament, OfMaterialType, OfRun, OfSpool
from production.models import (
    Printer,
    Product,
    ProductionRun,
    Reason,
    RunEvent,
    RunItem,
    RunMaterial,
)
from tenants.api.filters import (
    BooleanFilter,
    EventFilter,
    FilterSet,
    FromDayFilter,
    FromFilter,
    MomentFilter,
    OfPerson,
    ReferenceFilter,
    SeveralFilter,
    ToDayFilter,
    ToFilter,
)


class OfProduct(ReferenceFilter):
    names = {"sku": "iexact"}


def with_item(runs, condition):
    """The runs of which an item is so."""
    return runs.filter(Exists(RunItem.objects.filter(condition, run=OuterRef("pk"))))


def with_material(runs, condition):
    """The runs of which a material is so."""
    return runs.filter(Exists(RunMaterial.objects.filter(condition, run=OuterRef("pk"))))


class PrinterFilter(FilterSet):
    name = django_filters.CharFilter(lookup_expr="iexact")
    location = ReferenceFilter()
    needs_clearing = BooleanFilter()
    is_active = BooleanFilter()

    class Meta:
        model = Printer
        fields = []


class ProductFilter(FilterSet):
    sku = django_filters.CharFilter()
    is_active = BooleanFilter()

    class Meta:
        model = Product
        fields = []


class ReasonFilter(FilterSet):
    kind = SeveralFilter(choices=Reason.Kind.choices)
    is_active = BooleanFilter()

    class Meta:
        model = Reason
        fields = []


class ProductionRunFilter(FilterSet):
    """Days are the farm's, and inclusive; ``start_date`` and ``end_date`` are of scheduled_at."""

    status = SeveralFilter(choices=ProductionRun.Status.choices)
    start_date = FromDayFilter("scheduled_at")
    end_date = ToDayFilter("scheduled_at")
    finished_from = FromFilter("finished_at")
    finished_to = ToFilter("finished_at")
    product_id = OfProduct("product", narrow=with_item)
    spool_id = OfSpool("spool", narrow=with_material)
    printer = ReferenceFilter()
    filament = OfFilament("filament", "spool__filament", narrow=with_material)
    material_type = OfMaterialType(
        "material_type",
        "filament__material_type",
        "spool__filament__material_type",
        narrow=with_material,
    )
    lot = django_filters.CharFilter(method="of_lot")
    order_reference = django_filters.CharFilter(method="of_order")
    number = django_filters.CharFilter(lookup_expr="iexact")
    external_id = django_filters.CharFilter()
    created_by = OfPerson()
    updated_since = MomentFilter("updated_at", lookup_expr="gte")

    class Meta:
        model = ProductionRun
        fields = []

    def of_lot(self, runs, name, value):
        return runs.of_lot(value)

    def of_order(self, runs, name, value):
        return runs.of_order(value)


class RunEventFilter(EventFilter):
    run = OfRun()
    verb = SeveralFilter(choices=RunEvent.Verb.choices)
    to_status = SeveralFilter(choices=ProductionRun.Status.choices)

    class Meta:
        model = RunEvent
        fields = []
