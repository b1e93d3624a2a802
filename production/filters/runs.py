"""How lists of production are narrowed; the same for the API and for pages."""

import django_filters
from django.db.models import Exists, OuterRef, Q

from inventory.filters import SameFilter
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
    BIGGEST_ID,
    BooleanFilter,
    EventFilter,
    FromDayFilter,
    FromFilter,
    IdFilter,
    MomentFilter,
    SeveralFilter,
    ToDayFilter,
    ToFilter,
)


class PrinterFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="iexact")
    location = IdFilter()
    needs_clearing = BooleanFilter()
    is_active = BooleanFilter()

    class Meta:
        model = Printer
        fields = []


class ProductFilter(django_filters.FilterSet):
    sku = django_filters.CharFilter()
    is_active = BooleanFilter()

    class Meta:
        model = Product
        fields = []


class ReasonFilter(django_filters.FilterSet):
    kind = SeveralFilter(choices=Reason.Kind.choices)
    is_active = BooleanFilter()

    class Meta:
        model = Reason
        fields = []


class ProductionRunFilter(django_filters.FilterSet):
    """Days are the farm's, and inclusive; ``start_date`` and ``end_date`` are of scheduled_at."""

    status = SeveralFilter(choices=ProductionRun.Status.choices)
    start_date = FromDayFilter("scheduled_at")
    end_date = ToDayFilter("scheduled_at")
    finished_from = FromFilter("finished_at")
    finished_to = ToFilter("finished_at")
    product_id = IdFilter(method="of_item")
    spool_id = IdFilter(method="of_material")
    printer = django_filters.CharFilter(method="of_printer", label="Id or name of the printer")
    material_type = django_filters.CharFilter(method="of_type", label="Id or code")
    lot = django_filters.CharFilter(method="of_lot")
    order_reference = django_filters.CharFilter(method="of_order")
    number = django_filters.CharFilter(lookup_expr="iexact")
    external_id = django_filters.CharFilter()
    updated_since = MomentFilter("updated_at", lookup_expr="gte")

    class Meta:
        model = ProductionRun
        fields = []

    def of_item(self, runs, name, value):
        return runs.filter(_has_item(product=value))

    def of_material(self, runs, name, value):
        return runs.filter(_has_material(Q(spool=value)))

    def of_printer(self, runs, name, value):
        return runs.filter(by_id_or("printer", "name", value))

    def of_type(self, runs, name, value):
        of_line = by_id_or("material_type", "code", value)
        of_filament = by_id_or("filament__material_type", "code", value)
        of_spool = by_id_or("spool__filament__material_type", "code", value)
        return runs.filter(_has_material(of_line | of_filament | of_spool))

    def of_lot(self, runs, name, value):
        return runs.filter(_has_material(Q(spool__lot_number__iexact=value)))

    def of_order(self, runs, name, value):
        return runs.filter(_has_item(order_reference__iexact=value))


class RunEventFilter(EventFilter):
    run = IdFilter()
    run_number = SameFilter("run__number")
    verb = SeveralFilter(choices=RunEvent.Verb.choices)
    to_status = SeveralFilter(choices=ProductionRun.Status.choices)

    class Meta:
        model = RunEvent
        fields = []


def by_id_or(relation, attribute, value):
    """Rows that refer to one by its id, or by what it is called."""
    named = Q(**{f"{relation}__{attribute}__iexact": value})
    if value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= BIGGEST_ID:
        return named | Q(**{relation: int(value)})
    return named


def _has_item(**lookups):
    return Exists(RunItem.objects.filter(run=OuterRef("pk"), **lookups))


def _has_material(condition):
    return Exists(RunMaterial.objects.filter(condition, run=OuterRef("pk")))
