"""Products, their bills of materials and the variance of their runs; reasons."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import F, Max
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from inventory.admin import rendering
from inventory.admin.imports import Import, ImportPages
from inventory.models import Filament
from production.admin import estimates, explanation, formatting
from production.admin.pictures import photo_view, thumbnail
from production.forms.plan_runs import PlanRunsForm
from production.models import BomLine, Product, ProductionRun, Reason, RunItem
from production.services import product_plans, slicer_factors
from production.services.reports import alerts, variance
from production.services.reports import explanation as explanations
from production.services.runs.replanning import following
from production.services.tables import bills
from production.services.tables.columns import PRODUCT_COLUMNS, PRODUCTS
from production.services.variance import FACTOR_PLACES, rounded
from tenants.accounts.models import FarmSettings
from tenants.operations.operation import in_dry_run
from tenants.site.base import ModelAdmin, TabularInline
from tenants.site.exports import same
from tenants.site.filters import IsActiveListFilter, field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

LAST = 10
EXPLAINED = 200  # runs of a product: those of years ago say little about it
LATEST = (F("finished_at").desc(nulls_last=True), "-pk")


PRODUCT_IMPORT = Import(
    what=PRODUCTS,
    title="Import products",
    does="A table (XLSX or CSV) from a spreadsheet: each line is a product, with its bill of "
    "materials, “PLA: 8; PETG: 2.5” in grams of one unit. Further lines of the same SKU are "
    "further materials of it. Products that are there already, by their SKU, are left out.",
    columns=tuple(PRODUCT_COLUMNS),
)


class BomInline(TabularInline):
    model = BomLine
    verbose_name, verbose_name_plural = "material", "Bill of materials: grams in one unit"
    autocomplete_fields = ["material_type", "filament"]
    select_related = ("material_type", "filament__manufacturer")
    foreign_key_rows = {"filament": Filament.objects.with_makers}


def _accept(product, *, by):
    return alerts.accept(product, by=by, last=LAST)


def _plan(product, *, by, **fields):
    return product_plans.plan(product=product, by=by, **fields)


def _queue(product, planned):
    return f"{reverse('admin:production_productionrun_changelist')}?status=planned"


def _last_planned(product):
    """The last line of a run of the product."""
    return RunItem.objects.filter(product=product).aggregate(last=Max("run"))["last"]


def _after(product):
    return Product.objects.with_bom().get(pk=product.pk)


@admin.register(Product, site=farm_site)
class ProductAdmin(ImportPages, VerbPages, ModelAdmin):
    when_empty = (
        "A product says what one part takes, how many fit on a plate, and how long it prints."
    )
    inlines = [BomInline]
    importing = PRODUCT_IMPORT
    list_display = ["sku", "name", "bom", "units_per_plate", "plate_time", "last_off", "is_active"]
    list_filter = [IsActiveListFilter]
    export = {
        **same("sku", "name"),
        **same(
            "bom_grams",
            "units_per_plate",
            "plate_minutes",
            "plate_purge_grams",
            "height_mm",
            "labour_minutes",
        ),
        "materials": bills.text_of,
        **same("is_active", "description"),
    }
    export_related = ["bom_lines__filament__material_type"]
    search_fields = ["sku", "name"]
    change_form_template = "production/admin_product.html"
    preview_template = "production/_product_preview.html"
    fieldsets = [
        (None, {"fields": [("sku", "name"), "description", "is_active"]}),
        ("On the plate", {"fields": [("units_per_plate", "plate_minutes", "plate_purge_grams")]}),
        ("One unit", {"fields": [("height_mm", "labour_minutes")]}),
    ]
    verbs = (
        VerbAction(
            name="plan",
            label="Plan runs",
            service=_plan,
            form=PlanRunsForm,
            permission="production.add_productionrun",
            is_possible=lambda product: product.is_active,
            description="Plans as many runs as a quantity needs, over several printers.",
            success_message="Runs of %(row)s are planned.",
            redirect_to=_queue,
            tone="go",
            state_of=_last_planned,
        ),
        VerbAction(
            name="accept",
            label="Accept actuals",
            service=_accept,
            permission="production.accept_actuals_product",
            description="Sets the bill of materials and the plate time to what the last runs took.",
            success_message="%(row)s is now planned with the actuals of its last runs.",
        ),
    )

    def get_urls(self):
        photo = self.admin_site.admin_view(require_POST(photo_view))
        return [
            path("<int:pk>/photo/", photo, name="production_product_photo"),
            *super().get_urls(),
        ]

    def get_queryset(self, request):
        return super().get_queryset(request).with_bom()

    @admin.display(description="grams in one unit")
    def bom(self, product):
        return f"{rendering.grams(product.bom_grams)} g" if product.bom_grams else "–"

    def get_changelist_instance(self, request):
        """Adds the variance of the last runs to each product on the page."""
        changelist = super().get_changelist_instance(request)
        threshold = FarmSettings.load().variance_alert_percent
        evidence = alerts.evidence(changelist.result_list, last=LAST)
        percents = {each.product.pk: each.grams_percent for each in evidence}
        for product in changelist.result_list:
            product.last_off_text = formatting.percent(percents.get(product.pk), threshold)
        return changelist

    @admin.display(description="off plan, last runs")
    def last_off(self, product):
        return product.last_off_text

    @admin.display(description="a plate", ordering="plate_minutes")
    def plate_time(self, product):
        return formatting.duration(product.plate_minutes)

    def _changeform_view(self, request, object_id, form_url, extra_context):
        """Saves product and bill of materials as one change, which planned runs follow."""
        view = super()._changeform_view
        product = self.get_object(request, unquote(object_id)) if object_id else None
        if product is None or request.method != "POST":
            return view(request, object_id, form_url, extra_context)
        with following(product, by=request.user):
            return view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            context |= _page(obj)
            context["photo"] = thumbnail(obj.photo_id) if obj.photo_id else ""
            context["may_change"] = self.has_change_permission(request, obj)
            buttons = self.buttons(request, obj)
            is_off = context["alert"] is not None
            context["buttons"] = [
                each for each in buttons if is_off or each["verb"].name != "accept"
            ]
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def preview(self, row, verb, values, by):
        if verb.name == "plan":
            return in_dry_run(lambda: _planned(verb.service(row, by=by, **values)))
        before = {line.pk: line.grams_per_unit for line in row.bom_lines.all()}
        after = in_dry_run(lambda: _after(verb.service(row, by=by, **values)))
        lines = [(line, before[line.pk], line.grams_per_unit) for line in after.bom_lines.all()]
        return {"before": row, "after": after, "lines": lines, "runs": _evidence(row)}


def _planned(runs):
    """What is planned, while it is there."""
    rows = (
        ProductionRun.objects.filter(pk__in=[run.pk for run in runs])
        .select_related("printer")
        .with_totals()
    )
    rows = rows.prefetch_related("items").order_by("pk")
    return {
        "planned": [
            (run, run.items.all()[0].quantity, formatting.duration(run.planned_minutes))
            for run in rows
        ]
    }


def _page(product):
    """The last runs of a product, what they say together, and the alert they raise."""
    settings = FarmSettings.load()
    threshold, currency = settings.variance_alert_percent, settings.currency
    closed = ProductionRun.objects.closed().of_product(product)
    found = alerts.proposal(product, last=LAST)
    groups = variance.of_many(closed, group_by="product")
    whole = next((row for row in groups if row["key"] == str(product.pk)), None)
    return _explained(product, closed, currency) | {
        "runs": _run_rows(closed.order_by(*LATEST)[:LAST], threshold),
        "whole": whole,
        "by_source": whole and formatting.by_source(whole["grams"]["by_source"]),
        "compared": whole and formatting.compared_rows(whole["compared"], currency, threshold),
        "alert": found if found.off_percent() > threshold else None,
        "currency": currency,
        "estimate": estimates.of_product(product, currency),
        "slot_rows": _slots(closed),
    }


def _slots(runs):
    """Slicer, booked and measured grams of the slots of its files, over its runs."""
    return [
        {
            "filename": each.filename,
            "slot": each.slot,
            "runs": each.runs,
            "evident_runs": each.evident_runs,
            "factor": rounded(each.factor, FACTOR_PLACES),
            **formatting.slot_grams(each.sliced, each.booked, each.weighed, each.metered),
        }
        for each in slicer_factors.of_runs(runs, group_by="slot")
    ]


def _explained(product, closed, currency):
    """Why its last runs did not cost what was planned; empty before one has ended."""
    last = list(closed.order_by(*LATEST).values_list("pk", flat=True)[:EXPLAINED])
    runs = ProductionRun.objects.filter(pk__in=last)
    groups = explanations.of_many(runs, group_by="product")
    own = next((group for group in groups if group["key"] == str(product.pk)), None)
    if own is None:
        return {}
    return explanation.of_group(own, currency) | {"explained_runs": EXPLAINED}


def _evidence(product):
    """The runs that a proposal goes by, as rows."""
    ids = alerts.proposal(product, last=LAST).run_ids
    runs = ProductionRun.objects.filter(pk__in=ids).order_by(*LATEST)
    return _run_rows(runs, FarmSettings.load().variance_alert_percent)


def _run_rows(runs, threshold):
    """Runs, each with its variance."""
    runs = list(runs)
    chosen = ProductionRun.objects.filter(pk__in=[run.pk for run in runs])
    of_runs = variance.by_run(chosen) if runs else {}
    return [_run_row(run, of_runs[run.pk], threshold) for run in runs]


def _run_row(run, figures, threshold):
    grams, minutes = figures["grams"], figures["minutes"]
    return {
        "run": run,
        "badge": formatting.badge(run),
        "grams": _planned_to_actual(grams, rendering.grams),
        "time": _planned_to_actual(minutes, formatting.duration),
        "off": _off(figures, threshold),
        "cost": formatting.money(figures["cost"]["total"]),
    }


def _off(figures, threshold):
    if figures["grams"]["actual"] and not figures["grams"]["weighed_or_typed"]:
        return formatting.NOT_MEASURED
    return formatting.percent(figures["compared"]["grams"]["percent"], threshold)


def _planned_to_actual(figures, show):
    estimated = figures["as_planned_or_percent"]
    planned, actual = figures["planned"], figures["actual"]
    return formatting.planned_to_actual(planned, actual, show, estimated=estimated)


@admin.register(Reason, site=farm_site)
class ReasonAdmin(ModelAdmin):
    when_empty = "Why parts are scrapped and runs fail."
    list_display = ["label", "kind", "code", "is_active"]
    list_filter = [field_filter("kind", "kind", lambda: Reason.Kind.choices), IsActiveListFilter]
    search_fields = ["label", "code"]

    def get_readonly_fields(self, request, obj=None):
        return ["kind", "code"] if obj else []
