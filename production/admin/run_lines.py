"""What a run makes and takes, as rows of its page."""

from django.contrib import admin

from inventory.admin.pictures import grams, named_swatch, spool_link
from inventory.models import Filament, Spool
from production.forms.planning import ITEM, MATERIAL, ItemForm, MaterialForm
from production.models import PrinterSlot, ProductionRun, RunItem, RunMaterial
from production.services.runs import lines
from tenants.site.base import TabularInline

COUNTS = ("good_count", "scrapped_count", "scrap_reason")
PLANNED = ProductionRun.Status.PLANNED


class LineInline(TabularInline):
    """Rows that are changed while the run is planned; later they are looked at."""

    shown = ()  # once the run is not planned any more
    planned = ()
    add = change = remove = None  # the verbs

    def get_fields(self, request, obj=None):
        return self.planned if self._is_typed(request, obj) else self.shown

    def get_readonly_fields(self, request, obj=None):
        return () if self._is_typed(request, obj) else self.shown

    def _is_typed(self, request, obj):
        return self.has_add_permission(request, obj) or self.has_change_permission(request, obj)

    def has_add_permission(self, request, obj=None):
        return self.is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        return self.is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.is_open(obj) and super().has_delete_permission(request, obj)

    @staticmethod
    def is_open(run):
        return run is None or run.status == PLANNED


class ItemInline(LineInline):
    model, form = RunItem, ItemForm
    verbose_name, verbose_name_plural = "product", "What it makes"
    planned = ITEM
    shown = ("product", "quantity", *COUNTS, "order_reference")
    autocomplete_fields = ["product"]
    add, change, remove = lines.add_item, lines.change_item, lines.remove_item

    def get_extra(self, request, obj=None, **kwargs):
        """A new run begins with a row to fill in."""
        return 1 if obj is None else 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("product", "scrap_reason")


class MaterialInline(LineInline):
    model, form = RunMaterial, MaterialForm
    verbose_name, verbose_name_plural = "material", "What it takes"
    planned = MATERIAL
    shown = ("filament_or_type", "spool_link", "plan", "purge", "claim", "actual", "actual_purge")
    autocomplete_fields = ["spool", "filament", "material_type", "slot"]
    add, change, remove = lines.add_material, lines.change_material, lines.remove_material

    def get_queryset(self, request):
        wanted = ("spool__filament__manufacturer", "filament__manufacturer")
        types = ("spool__filament__material_type", "filament__material_type", "material_type")
        return super().get_queryset(request).select_related(*wanted, *types, "slot__printer")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "spool":
            kwargs["queryset"] = Spool.objects.with_filament()
        if db_field.name == "filament":
            kwargs["queryset"] = Filament.objects.with_makers()
        if db_field.name == "slot":
            kwargs["queryset"] = PrinterSlot.objects.select_related("printer")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="Material")
    def filament_or_type(self, line):
        filament = line.spool.filament if line.spool else line.filament
        return named_swatch(filament) if filament else line.material_type

    @admin.display(description="Spool")
    def spool_link(self, line):
        return spool_link(line.spool)

    @admin.display(description="Planned g")
    def plan(self, line):
        return grams(line.planned_grams)

    @admin.display(description="Planned purge g")
    def purge(self, line):
        return grams(line.planned_purge_grams)

    @admin.display(description="Reserved g")
    def claim(self, line):
        return grams(line.reserved_grams)

    @admin.display(description="Actual g")
    def actual(self, line):
        return grams(line.actual_grams)

    @admin.display(description="Actual purge g")
    def actual_purge(self, line):
        return grams(line.actual_purge_grams)
