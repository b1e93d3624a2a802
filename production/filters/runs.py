"""The filters of production's lists, for the API and for pages."""

from inventory.filters import (
    FilamentReferenceFilter,
    MaterialTypeReferenceFilter,
    RunReferenceFilter,
    SpoolReferenceFilter,
)
from production.models import Product, ProductionRun, Reason
from production.services.transitions import EVENT_CHOICES
from tenants.api import filters


class ProductReferenceFilter(filters.ReferenceFilter):
    names, referred = {"sku": "iexact"}, Product


def with_item(runs, *conditions):
    """The runs that have an item with one of the conditions."""
    return runs.with_line("RunItem", *conditions)


def with_material(runs, *conditions):
    """The runs that have a material with one of the conditions."""
    return runs.with_line("RunMaterial", *conditions)


class PrinterFilter(filters.FilterSet):
    name = filters.TextFilter(lookup_expr="iexact")
    location = filters.ReferenceFilter()
    needs_clearing = filters.BooleanFilter()
    is_active = filters.BooleanFilter()


class PrintHostFilter(filters.FilterSet):
    printer = filters.ReferenceFilter()


class ProductFilter(filters.FilterSet):
    sku = filters.TextFilter(lookup_expr="iexact")
    is_active = filters.BooleanFilter()


class ReasonFilter(filters.FilterSet):
    kind = filters.SeveralFilter(choices=Reason.Kind.choices)
    is_active = filters.BooleanFilter()


class ProductionRunFilter(filters.FilterSet):
    """Days are the farm's, and inclusive; ``start_date`` and ``end_date`` are of scheduled_at."""

    status = filters.SeveralFilter(choices=ProductionRun.Status.choices)
    start_date = filters.FromDayFilter(
        "scheduled_at", label="Scheduled on or after this day of the farm"
    )
    end_date = filters.ToDayFilter(
        "scheduled_at", label="Scheduled on or before this day of the farm"
    )
    finished_from = filters.FromFilter("finished_at")
    finished_to = filters.ToFilter("finished_at")
    product_id = ProductReferenceFilter("product", narrow=with_item, label="That the run makes")
    spool_id = SpoolReferenceFilter("spool", narrow=with_material, label="That the run takes from")
    printer = filters.ReferenceFilter()
    filament = FilamentReferenceFilter("filament", "spool__filament", narrow=with_material)
    material_type = MaterialTypeReferenceFilter(
        "material_type",
        "filament__material_type",
        "spool__filament__material_type",
        narrow=with_material,
    )
    lot = filters.TextFilter(method="filter_lot", label="Of a spool that the run takes from")
    order_reference = filters.TextFilter(method="filter_order", label="Of an item of the run")
    number = filters.TextFilter(lookup_expr="iexact")
    external_id = filters.TextFilter()
    created_by = filters.PersonFilter()
    is_deleted = filters.BooleanFilter(
        "deleted_at", lookup_expr="isnull", exclude=True, label="Deleted ones, for managers only."
    )
    updated_since = filters.MomentFilter(
        "updated_at", lookup_expr="gte", label="Changed at this moment or later"
    )
    is_plan_outdated = filters.BooleanFilter(
        method="filter_outdated",
        label="Whether it has a typed figure that would be derived otherwise now",
    )

    def filter_outdated(self, runs, name, value):
        outdated = ProductionRun.objects.with_outdated_plan()
        return runs.filter(pk__in=outdated) if value else runs.exclude(pk__in=outdated)

    def filter_lot(self, runs, name, value):
        return runs.of_lot(value)

    def filter_order(self, runs, name, value):
        return runs.of_order(value)


class RunEventFilter(filters.EventFilter):
    run = RunReferenceFilter()
    verb = filters.SeveralFilter(choices=EVENT_CHOICES)
    to_status = filters.SeveralFilter(choices=ProductionRun.Status.choices)
