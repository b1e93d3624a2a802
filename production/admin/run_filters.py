"""The filters of the list of runs."""

from inventory import codes
from inventory.models import MaterialType
from production.models import Printer, Product, ProductionRun
from production.services.transitions import TRANSITIONS
from tenants.site.filters import ChoiceListFilter, TextListFilter, day_filter, field_filter


class SpoolListFilter(TextListFilter):
    title = parameter_name = "spool"

    def narrowed(self, queryset, value):
        return queryset.of_spool_code(codes.normalise(value))


class DeletedListFilter(ChoiceListFilter):
    """Deleted runs instead of the others."""

    title, parameter_name = "deleted", "is_deleted"

    def lookups(self, request, model_admin):
        may_restore = request.user.has_perm(TRANSITIONS["restore"].codename)
        return [("yes", "Deleted")] if may_restore else []

    def queryset(self, request, queryset):
        return queryset.filter(deleted_at__isnull=self.value() is None)


def _products():
    rows = Product.objects.values_list("pk", "sku", "name")
    return [(pk, f"{sku} {name}") for pk, sku, name in rows]


FILTERS = [
    field_filter(
        "status",
        "status",
        lambda: [("open", "Open"), *ProductionRun.Status.choices],
        narrow=lambda runs, value: runs.open() if value == "open" else runs.filter(status=value),
        kind="tabs",
    ),
    field_filter("printer", "printer", lambda: Printer.objects.values_list("pk", "name")),
    field_filter("product", "product", _products, narrow=lambda runs, pk: runs.of_product(pk)),
    field_filter(
        "material_type",
        "material type",
        lambda: MaterialType.objects.values_list("pk", "code"),
        narrow=lambda runs, pk: runs.of_material_type(pk),
    ),
    SpoolListFilter,
    DeletedListFilter,
    day_filter("scheduled_at", "date"),
]
