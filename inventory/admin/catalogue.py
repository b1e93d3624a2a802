"""The catalogue: makers, material types, filaments; and locations."""

from django.contrib import admin
from django.db.models import Count, Q

from inventory.admin.catalogue_search import CatalogueSearch
from inventory.admin.extra_fields import ExtraValuesAdmin
from inventory.admin.imports import FILAMENT_IMPORT, ImportPages
from inventory.admin.rendering import grams, sees_removed, with_glyph
from inventory.forms.catalogue import FilamentMergeForm
from inventory.forms.holds import FilamentHoldForm
from inventory.glyphs import spool_glyph
from inventory.models import ExtraField, Filament, Location, Manufacturer, MaterialType
from inventory.services import filament_merging, filaments, holds, manufacturers, stock
from inventory.services.tables.columns import FILAMENT_COLUMNS
from tenants.operations.text import half_up
from tenants.site.base import ModelAdmin
from tenants.site.exports import same
from tenants.site.filters import IsActiveListFilter, field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

KNOWN = Count("filaments", filter=Q(filaments__removed_at=None))
ON_SHELF = Count("spools", filter=Q(spools__archived_at=None))


def material_types():
    return MaterialType.objects.values_list("pk", "code")


REMOVED = field_filter(
    "removed",
    "removed",
    lambda: [("yes", "Yes")],
    narrow=lambda rows, value: rows.filter(removed_at__isnull=False),
)


def _hold(filament, *, reason, by):
    return holds.place(filament=filament, reason=reason, by=by)


def restoring(records, permission, is_possible=lambda row: row.is_removed):
    return VerbAction(
        name="restore",
        label="Restore",
        service=records.restore,
        permission=permission,
        is_possible=is_possible,
        description="It is in the lists again.",
        success_message="%(row)s is in the lists again.",
    )


class NamedAdmin(VerbPages, ExtraValuesAdmin):
    """A row has a name, unless a client of the printers' API made it without, which may remove
    it too."""

    change_form_template = "inventory/admin_record.html"
    preview_template = "inventory/_record_preview.html"

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows if sees_removed(request, "removed", "yes") else rows.present()

    def get_actions(self, request):
        return ModelAdmin.get_actions(self, request)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        if name := form.base_fields.get("name"):
            name.required = obj is None or bool(obj.name)
        return form

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None and not self.has_change_permission(request, obj):
            context["extra_values"] = self.values_of(obj)
        return super().render_change_form(request, context, obj=obj, **kwargs)


@admin.register(Manufacturer, site=farm_site)
class ManufacturerAdmin(NamedAdmin):
    when_empty = "The makers of your filaments."
    records, entity = manufacturers, ExtraField.Entity.VENDOR
    verbs = (restoring(manufacturers, "inventory.change_manufacturer"),)
    list_display = ["name", "filaments_known", "empty_reel"]
    list_filter = [REMOVED]
    search_fields = ["name"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(filament_count=KNOWN)

    @admin.display(description="filaments", ordering="filament_count")
    def filaments_known(self, maker):
        return maker.filament_count

    @admin.display(description="empty reel, g", ordering="empty_spool_grams")
    def empty_reel(self, maker):
        return grams(maker.empty_spool_grams)


@admin.register(MaterialType, site=farm_site)
class MaterialTypeAdmin(ModelAdmin):
    when_empty = "Materials such as PLA and PETG, with their densities and temperatures."
    list_display = ["code", "name", "density", "nozzle", "bed_temp", "is_abrasive", "available"]
    list_filter = [
        field_filter("is_abrasive", "abrasive", lambda: [("True", "Yes"), ("False", "No")])
    ]
    search_fields = ["code", "name"]
    fieldsets = [
        (None, {"fields": [("code", "name", "family"), ("density_g_cm3", "is_abrasive")]}),
        ("Temperatures, °C", {"fields": [("nozzle_temp_min", "nozzle_temp_max"), "bed_temp"]}),
    ]

    def get_queryset(self, request):
        return stock.of_material_types(super().get_queryset(request))

    @admin.display(description="g/cm³", ordering="density_g_cm3")
    def density(self, material):
        return f"{material.density_g_cm3.normalize():f}"

    @admin.display(description="nozzle °C", ordering="nozzle_temp_min")
    def nozzle(self, material):
        ends = (material.nozzle_temp_min, material.nozzle_temp_max)
        return "–".join(str(end) for end in ends if end is not None) or "–"

    @admin.display(description="available g", ordering="available_grams")
    def available(self, material):
        return grams(material.available_grams)


@admin.register(Filament, site=farm_site)
class FilamentAdmin(CatalogueSearch, ImportPages, NamedAdmin):
    when_empty = (
        "A filament is a maker's material in a colour, which spools are of: import a "
        "table or a catalogue, or add one."
    )
    records, entity = filaments, ExtraField.Entity.FILAMENT
    add_form_template = change_form_template = "inventory/admin_filament.html"
    verbs = (
        VerbAction(
            name="merge",
            label="Merge a double",
            service=filament_merging.merge,
            permission="inventory.merge_filament",
            form=FilamentMergeForm,
            is_possible=lambda row: not row.is_removed,
            description="A filament that is in the catalogue twice: spools, bills of materials and "
            "planned runs of the double are of this one, and its numbers lead here.",
            success_message="The double is merged into %(row)s.",
        ),
        VerbAction(
            name="unmerge",
            label="Take the merge back",
            service=filament_merging.unmerge,
            permission="inventory.merge_filament",
            is_possible=lambda row: row.merged_into_id is not None,
            description="This filament and the one it was merged into are two, as before.",
            success_message="%(row)s is a filament of its own again.",
        ),
        VerbAction(
            name="hold",
            label="Hold",
            service=_hold,
            permission="inventory.add_hold",
            form=FilamentHoldForm,
            is_possible=lambda row: not row.is_removed and not row.holds.open().exists(),
            state_of=lambda row: [*row.holds.open().order_by("pk").values_list("pk", flat=True)],
            description="No spool of it is offered, chosen or started with, nor one that is "
            "received later, until the hold is released.",
            success_message="Held: all spools of %(row)s.",
            tone="stop",
        ),
        restoring(
            filaments,
            "inventory.change_filament",
            is_possible=lambda row: row.is_removed and row.merged_into_id is None,
        ),
    )
    importing = FILAMENT_IMPORT
    export = same(*(name for name in FILAMENT_COLUMNS if name != "price_per_kg")) | {
        "manufacturer": "manufacturer.name",
        "material": "material_type.code",
    }
    list_display = [
        "named",
        "spool_count",
        "available",
        "used",
        "lasts",
        "full_price",
        "is_active",
    ]
    list_filter = [
        field_filter("material_type", "material type", material_types),
        field_filter(
            "manufacturer",
            "manufacturer",
            lambda: Manufacturer.objects.present().values_list("pk", "name"),
        ),
        IsActiveListFilter,
        REMOVED,
    ]
    search_fields = ["name", "color_name", "manufacturer__name", "article_number", "gtin"]
    autocomplete_fields = ["manufacturer", "material_type"]
    fieldsets = [
        (None, {"fields": [("manufacturer", "material_type"), "name", "is_active"]}),
        (
            "Colour",
            {
                "fields": [
                    ("color_name", "color_hex"),
                    ("multi_color_hexes", "multi_color_direction"),
                    "finish",
                ]
            },
        ),
        (
            "The reel",
            {
                "fields": [
                    ("diameter_mm", "density_g_cm3"),
                    ("net_grams", "tare_grams"),
                    ("price", "reorder_point_grams"),
                ]
            },
        ),
        ("Printing, °C", {"fields": [("nozzle_temp", "bed_temp")]}),
        ("Elsewhere", {"fields": [("article_number", "gtin"), "external_id", "comment"]}),
    ]

    def get_queryset(self, request):
        filaments = super().get_queryset(request).with_makers()
        if request.path.endswith("/autocomplete/"):
            return filaments.active()
        return stock.of_filaments(filaments)

    def suggestion(self, filament):
        note = " · ".join(filter(None, [str(filament.material_type), filament.color_name]))
        return {"note": note, "glyph": spool_glyph(filament, size="s")}

    @admin.display(description="filament", ordering="name")
    def named(self, filament):
        return with_glyph(filament)

    @admin.display(description="spools")
    def spool_count(self, filament):
        return f"{filament.sealed_count} sealed, {filament.opened_count} open"

    @admin.display(description="available g", ordering="available_grams")
    def available(self, filament):
        mark = " ⚠ reorder" if filament.is_to_reorder else ""
        return f"{grams(filament.available_grams)}{mark}"

    @admin.display(description="used in 30 days", ordering="used_grams")
    def used(self, filament):
        return grams(filament.used_grams)

    @admin.display(description="lasts, days", ordering="days_left")
    def lasts(self, filament):
        return "–" if filament.days_left is None else f"{half_up(filament.days_left, 0)}"

    @admin.display(description="price", ordering="price")
    def full_price(self, filament):
        return "–" if filament.price is None else f"{half_up(filament.price, 2)}"


@admin.register(Location, site=farm_site)
class LocationAdmin(ModelAdmin):
    when_empty = "Where spools are: a shelf, a dry box, a drawer."
    list_display = ["name", "spools_on_it", "comment"]
    search_fields = ["name"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(spool_count=ON_SHELF)

    @admin.display(description="spools on it", ordering="spool_count")
    def spools_on_it(self, location):
        return location.spool_count
