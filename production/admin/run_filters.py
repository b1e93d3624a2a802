"""How the list of runs is narrowed."""

from inventory import codes
from inventory.models import MaterialType
from production.models import Printer, Product, ProductionRun
from tenants.site.filters import ChoiceListFilter, TextListFilter, day_filter

Days = day_filter("scheduled_at", "date")


class StatusListFilter(ChoiceListFilter):
    title, parameter_name = "status", "status"

    def lookups(self, request, model_admin):
        return [("open", "Open"), *ProductionRun.Status.choices]

    def narrowed(self, queryset, value):
        return queryset.with_status(*(ProductionRun.OPEN if value == "open" else [value]))


class PrinterListFilter(ChoiceListFilter):
    title, parameter_name = "printer", "printer"

    def lookups(self, request, model_admin):
        return Printer.objects.values_list("pk", "name")

    def narrowed(self, queryset, value):
        return queryset.on_printer(value)


class ProductListFilter(ChoiceListFilter):
    title, parameter_name = "product", "product"

    def lookups(self, request, model_admin):
        rows = Product.objects.values_list("pk", "sku", "name")
        return [(pk, f"{sku} {name}") for pk, sku, name in rows]

    def narrowed(self, queryset, value):
        return queryset.of_product(value)


class MaterialTypeListFilter(ChoiceListFilter):
    title, parameter_name = "material type", "material_type"

    def lookups(self, request, model_admin):
        return MaterialType.objects.values_list("pk", "code")

    def narrowed(self, queryset, value):
        return queryset.of_material_type(value)


class SpoolListFilter(TextListFilter):
    title, parameter_name = "spool", "spool"

    def narrowed(self, queryset, value):
        return queryset.of_spool_code(codes.normalise(value))


FILTERS = [
    StatusListFilter,
    PrinterListFilter,
    ProductListFilter,
    MaterialTypeListFilter,
    SpoolListFilter,
    Days,
]
