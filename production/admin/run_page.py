"""The page of a run: its items and materials as inlines, and what its template shows besides."""

from collections import defaultdict
from decimal import Decimal

from django.contrib import admin
from django.utils.translation import gettext as _

from inventory.admin import rendering
from inventory.admin.rendering import grams, spool_link, with_glyph
from inventory.models import Filament, HoldingSpoolQuerySet, Spool
from production.admin import estimates, explanation, formatting
from production.admin.charts import comparison
from production.admin.pictures import thumbnail
from production.forms.actuals import COUNTS
from production.forms.planning import ITEM, MATERIAL, ItemForm, MaterialForm
from production.models import (
    ActualSource,
    PlatePicture,
    PrinterSlot,
    ProductionRun,
    RunItem,
    RunMaterial,
)
from production.services import run_state, variance
from production.services.explanation import Explanation, usual_factors
from production.services.reports import demand
from production.services.requirements import limits
from production.services.runs import lines
from production.services.sliced_files import fitting
from tenants.accounts.models import FarmSettings
from tenants.site.base import TabularInline
from tenants.site.forms import AutocompleteForRow

PLANNED = ProductionRun.Status.PLANNED


class LineInline(TabularInline):
    """Rows that can be changed while the run is planned, and are read-only later."""

    editable_fields = display_fields = ()
    add = change = remove = None  # the verbs

    def get_fields(self, request, obj=None):
        return self.editable_fields if self._is_editable(request, obj) else self.display_fields

    def get_readonly_fields(self, request, obj=None):
        return () if self._is_editable(request, obj) else self.display_fields

    def _is_editable(self, request, obj):
        return self.has_add_permission(request, obj) or self.has_change_permission(request, obj)

    def has_add_permission(self, request, obj=None):
        return self.is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        return self.is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.is_open(obj) and super().has_delete_permission(request, obj)

    @staticmethod
    def is_open(run):
        return run is None or (run.status == PLANNED and not run.is_deleted)


class ItemInline(LineInline):
    model, form = RunItem, ItemForm
    verbose_name, verbose_name_plural = "product", "Products"
    editable_fields = ITEM
    display_fields = ("product", "quantity", *COUNTS, "order_reference")
    autocomplete_fields = ["product"]
    add, change, remove = lines.add_item, lines.change_item, lines.remove_item

    def get_extra(self, request, obj=None, **kwargs):
        """A new run begins with a row to fill in."""
        return 1 if obj is None else 0

    select_related = ("product", "scrap_reason")


def _grams(name, label):
    """A read-only column of grams."""
    return admin.display(description=label)(lambda inline, line: grams(getattr(line, name)))


class MaterialInline(LineInline):
    model, form = RunMaterial, MaterialForm
    verbose_name, verbose_name_plural = "material", "Materials"
    editable_fields = MATERIAL
    display_fields = (
        "filament_or_type",
        "spool_link",
        "plan",
        "purge",
        "reserved",
        "metered",
        "actual",
        "actual_purge",
    )
    autocomplete_fields = ["spool", "filament", "material_type", "slot"]
    add, change, remove = lines.add_material, lines.change_material, lines.remove_material

    select_related = (
        *HoldingSpoolQuerySet.WITH_SPOOL,
        "filament__manufacturer",
        "filament__material_type",
        "material_type",
        "slot__printer",
    )
    foreign_key_rows = {
        "spool": Spool.objects.with_filament,
        "filament": Filament.objects.with_makers,
        "slot": PrinterSlot.objects.select_related("printer").all,
    }

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "spool":
            kwargs["widget"] = AutocompleteForRow(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="Material")
    def filament_or_type(self, line):
        material = line.spool or line.filament
        return with_glyph(material) if material else line.material_type

    @admin.display(description="Spool")
    def spool_link(self, line):
        return spool_link(line.spool)

    plan = _grams("planned_grams", "Planned g")
    purge = _grams("planned_purge_grams", "Planned purge g")
    reserved = _grams("reserved_grams", "Reserved g")
    metered = _grams("metered_grams", "Reported g")
    actual = _grams("actual_grams", "Actual g")
    actual_purge = _grams("actual_purge_grams", "Actual purge g")


NEWEST = 100
_row = formatting.variance_row


def _as_sliced(run):
    """What the run takes by its sliced file alone, as no bill of materials of its products has
    it."""
    if run.sliced_file_id is None:
        return ""
    items = run.items.select_related("product").prefetch_related("product__bom_lines")
    run_lines = run_state.lines_of(run)
    spools = Spool.objects.with_filament().in_bulk({line.spool_id for line in run_lines} - {None})
    return ", ".join(map(str, limits.as_sliced(items, run_lines, spools)))


def context(run):
    """Blockers, variance, chart, events and entries of a run, for its template."""
    settings, exact = FarmSettings.load(), variance.loaded(run)
    threshold, figures = settings.variance_alert_percent, exact.as_dict()
    blockers = demand.blockers([run])[run.pk]
    return explanation.context(Explanation(exact, settings.currency, usual_factors(exact))) | {
        "run": run,
        "estimate": estimates.of_run(run, settings.currency) if run.status == PLANNED else None,
        "contents": formatting.contents(ProductionRun.objects.with_contents().get(pk=run.pk)),
        "badge": formatting.badge(run, blockers),
        "is_plan_outdated": ProductionRun.objects.with_outdated_plan().filter(pk=run.pk).exists(),
        "as_sliced": _as_sliced(run),
        "blockers": blockers,
        "misfits": fitting.misfits_of_run(run),
        "variance": figures,
        "totals": _totals(figures, settings.currency, threshold),
        "kinds_of_cost": _costs(figures["cost"], threshold),
        "material_rows": _materials(figures, threshold, run),
        "item_rows": _items(figures, threshold),
        "slot_rows": [_slot(taken) for taken in exact.slots],
        "currency": settings.currency,
        "by_source": formatting.by_source(_by_source(exact)),
        "chart": comparison(
            [
                ("Grams", figures["grams"]["total"], rendering.grams),
                ("Time", figures["minutes"], formatting.duration),
                (f"Cost {settings.currency}", figures["cost"]["total"], formatting.money),
            ]
        ),
        "plates": [
            (each.plate, thumbnail(each.picture_id)) for each in PlatePicture.objects.of_run(run)
        ],
        "photos": [
            thumbnail(each) for each in run.photos.order_by("pk").values_list("picture", flat=True)
        ],
        "run_events": run.events.select_related("by").order_by("-pk")[:NEWEST],
        "entries": run.transactions.with_references().order_by("-pk")[:NEWEST],
    }


def _totals(figures, currency, threshold):
    grams = figures["grams"]
    labels = {"part": "Grams in parts", "purge": "Grams of purge", "total": "Grams together"}
    not_compared = {"not_compared": figures["grams_not_compared"]}
    return [
        *(
            _row(label, grams[name], rendering.grams, threshold, **not_compared)
            for name, label in labels.items()
        ),
        _row(_time(figures["minutes_source"]), figures["minutes"], formatting.duration, threshold),
        _row(f"Cost, {currency}", figures["cost"]["total"], formatting.money, threshold),
    ]


def _by_source(exact):
    """What a run that is over took, by source. What was added to a figure was reported."""
    sums = defaultdict(Decimal)
    for material in exact.materials:
        line, taken = material.line, material.total.actual
        if exact.is_over and taken:
            sums[line.actual_source or "unknown"] += taken - line.added_grams
            sums["added"] += line.added_grams
    return sums


def _time(source):
    return f"Time ({ActualSource(source).label})" if source else "Time"


def _costs(costs, threshold):
    return [
        _row(name.capitalize(), figure, formatting.money, threshold)
        for name, figure in costs.items()
        if name != "total" and (figure["planned"], figure["actual"]) != (None, None)
    ]


def _materials(figures, threshold, run):
    lines = run.materials.select_related(*MaterialInline.select_related).in_bulk()
    return [
        {
            "line": lines[material["material"]],
            "source": _source(lines[material["material"]], material["actual_source"]),
            **_row(
                "",
                material["total"],
                rendering.grams,
                threshold,
                not_compared=material["grams_not_compared"],
            ),
            "cost": formatting.money(material["cost"]["actual"]),
        }
        for material in figures["materials"]
    ]


def _source(line, source):
    """Where an actual comes from, with what was reported after somebody's figure was saved."""
    if not source:
        return ""
    label = ActualSource(source).label
    if not line.added_grams:
        return label
    added = {"source": label, "grams": grams(line.added_grams)}
    return _("%(source)s, %(grams)s g reported since") % added


def _slot(taken):
    """A slot of the run's sliced file: slicer, booked and measured side by side."""
    factor = taken.factor
    return {
        "slot": taken.slot,
        "material": taken.lines[0].filament or taken.lines[0].material_type,
        **formatting.slot_grams(taken.sliced, taken.booked, taken.weighed, taken.metered),
        "factor": factor and variance.rounded(factor, variance.FACTOR_PLACES),
    }


def _items(figures, threshold):
    return [
        {**item, **_row(item["sku"], item["cost_per_unit"], formatting.unit_money, threshold)}
        for item in figures["items"]
    ]
