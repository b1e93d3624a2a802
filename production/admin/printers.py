"""Printers with their queue, and their slots."""

from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Sum
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from inventory.admin.imports import Import, ImportPages
from inventory.admin.labels import LabelPages, labels_url
from inventory.admin.rendering import spool_link, with_glyph
from inventory.glyphs import spool_glyph
from inventory.models import HoldingSpoolQuerySet, Location, Spool
from production.admin import devices, formatting
from production.admin.several_printers import SeveralPrinters
from production.forms.labels import SlotLabelForm
from production.models import Printer, PrinterSlot, PrintHost, ProductionRun
from production.paper import labels
from production.services.printing import adding, printers, slots
from production.services.reports import demand
from production.services.reports.today import OpenRun
from production.services.tables.columns import PRINTER_COLUMNS, PRINTERS
from tenants.accounts import audited, scopes
from tenants.accounts.models import DeviceToken
from tenants.site.base import ModelAdmin, TabularInline
from tenants.site.exports import same
from tenants.site.filters import ChoiceListFilter, IsActiveListFilter, field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

LAST = 10
LATEST = (F("finished_at").desc(nulls_last=True), "-pk")


PRINTER_IMPORT = Import(
    what=PRINTERS,
    title="Import printers",
    does="A table (XLSX or CSV) from a spreadsheet: each line is a printer, with its slots. What "
    "is known of a usual model, such as its bed, may be left empty. Printers that are there "
    "already, by their name, are left out.",
    columns=tuple(PRINTER_COLUMNS),
)


class NowListFilter(ChoiceListFilter):
    title = parameter_name = "now"

    def lookups(self, request, model_admin):
        return [("printing", "Printing"), ("clear", "Bed to be cleared"), ("idle", "Idle")]

    def narrowed(self, queryset, value):
        if value == "clear":
            return queryset.filter(needs_clearing=True)
        queryset = queryset.filter(needs_clearing=False) if value == "idle" else queryset
        is_busy = Exists(ProductionRun.objects.printing().filter(printer=OuterRef("pk")))
        return queryset.filter(is_busy if value == "printing" else ~is_busy)


class SlotInline(TabularInline):
    model = PrinterSlot
    verbose_name, verbose_name_plural = "slot", "Slots"
    autocomplete_fields = ["spool"]
    select_related = HoldingSpoolQuerySet.WITH_SPOOL
    foreign_key_rows = {"spool": Spool.objects.with_filament}


@admin.register(Printer, site=farm_site)
class PrinterAdmin(SeveralPrinters, ImportPages, VerbPages, ModelAdmin):
    when_empty = "Each printer has slots, which hold spools, and a queue of runs."
    inlines = [SlotInline]
    preview_template = "production/_printer_preview.html"
    importing = PRINTER_IMPORT
    verbs = (
        VerbAction(
            name="clear",
            label="The bed is clear",
            service=printers.clear,
            permission="production.clear_printer",
            is_possible=lambda printer: printer.needs_clearing,
            description="The parts of the last run are off the bed: the next run may start.",
            success_message="The bed of %(row)s is clear.",
            tone="go",
        ),
    )
    list_display = ["name", "runs_now", "next_up", "hours", "location", "bed", "is_active"]
    list_filter = [
        NowListFilter,
        field_filter("location", "location", lambda: Location.objects.values_list("pk", "name")),
        IsActiveListFilter,
    ]
    export = {
        **same("name", "manufacturer", "model"),
        "location": "location.name",
        "minutes_printed": "minutes",
        **same("bed_x_mm", "bed_y_mm", "bed_z_mm", "nozzle_diameter_mm"),
        **same("has_hardened_nozzle", "max_nozzle_temp", "max_bed_temp"),
        **same("hour_rate", "power_watts"),
        "slots": lambda printer: ", ".join(slot.label for slot in printer.slots.all()),
        **same("is_active", "notes"),
    }
    export_related = ["slots"]
    search_fields = ["name", "manufacturer", "model"]
    change_form_template = "production/admin_printer.html"
    fieldsets = [
        (None, {"fields": [("name", "is_active"), ("manufacturer", "model"), "location"]}),
        (
            "What it can do",
            {
                "fields": [
                    ("bed_x_mm", "bed_y_mm", "bed_z_mm"),
                    ("nozzle_diameter_mm", "has_hardened_nozzle"),
                    ("max_nozzle_temp", "max_bed_temp"),
                ]
            },
        ),
        ("What it costs", {"fields": [("hour_rate", "power_watts")]}),
        (None, {"fields": ["moonraker_url", "notes"]}),
    ]

    def get_queryset(self, request):
        queue = ProductionRun.objects.open().queue().with_contents()
        # The minutes of open runs are drafts.
        is_over = Q(runs__status__in=ProductionRun.CLOSED, runs__deleted_at=None)
        minutes = Sum("runs__actual_minutes", filter=is_over)
        rows = super().get_queryset(request).select_related("location")
        return rows.annotate(minutes=minutes).prefetch_related(
            Prefetch("runs", queue, to_attr="queued")
        )

    def get_urls(self):
        loaded = self.admin_site.admin_view(require_POST(devices.loaded_view))
        take_over = self.admin_site.admin_view(require_POST(devices.take_over_view))
        return [
            path("<int:pk>/loaded/", loaded, name="production_printer_loaded"),
            path("<int:pk>/take-over/", take_over, name="production_printer_take_over"),
            *super().get_urls(),
        ]

    def save_formset(self, request, form, formset, change):
        formset.save(commit=False)
        if not change and not formset.new_objects:  # else it could hold no spool
            adding.add_slot(form.instance, by=request.user)
        for slot in formset.deleted_objects:
            slots.remove(slot, by=request.user)
        for slot, names in formset.changed_objects:
            _save_slot(slot, names, by=request.user)
        for slot in formset.new_objects:
            _save_slot(slot, ["spool"] if slot.spool else [], by=request.user, is_new=True)

    @admin.display(description="runs now")
    def runs_now(self, printer):
        if running := _running(printer):
            return formatting.contents_link(running)
        return "Bed to be cleared" if printer.needs_clearing else "–"

    @admin.display(description="next")
    def next_up(self, printer):
        following = _next(printer)
        return formatting.contents_link(following) if following else "–"

    @admin.display(description="hours printed", ordering="minutes")
    def hours(self, printer):
        return formatting.hours(printer.minutes)

    @admin.display(description="bed, mm")
    def bed(self, printer):
        sides = (printer.bed_x_mm, printer.bed_y_mm, printer.bed_z_mm)
        return " × ".join(f"{side:.0f}" for side in sides)

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            context |= _page(obj) | _connection(obj, request.user) | devices.page(obj)
            context |= _print_host(obj, request.user)
            ids = list(obj.slots.order_by("label", "pk").values_list("pk", flat=True))
            context["labels_url"] = labels_url(ids, "printerslot") if ids else ""
        return super().render_change_form(request, context, obj=obj, **kwargs)


@admin.register(PrinterSlot, site=farm_site)
class PrinterSlotAdmin(LabelPages, ModelAdmin):
    """The slots, also for those who may not change the printer."""

    when_empty = "A place on a printer that holds one spool."
    label_form = SlotLabelForm
    label_of = staticmethod(labels.of_slot)
    list_display = ["printer", "label", "filament", "spool_link"]
    list_display_links = ["printer", "label"]
    list_filter = [
        field_filter("printer", "printer", lambda: Printer.objects.values_list("pk", "name"))
    ]
    search_fields = ["printer__name", "label", "spool__code"]
    ordering = ["printer__name", "label"]
    fields = ["printer", "label", "spool"]
    autocomplete_fields = ["spool"]

    def get_queryset(self, request):
        return super().get_queryset(request).with_spool().select_related("printer")

    def suggestion(self, slot):
        """What an autocomplete shows of a slot besides its name: what it holds."""
        if slot.spool is None:
            return {"note": "empty", "glyph": spool_glyph(None, size="s")}
        return {"note": str(slot.spool), "glyph": spool_glyph(slot.spool, size="s")}

    def get_readonly_fields(self, request, obj=None):
        return ["printer"] if obj else []

    def save_model(self, request, obj, form, change):
        _save_slot(obj, form.changed_data, by=request.user, is_new=not change)

    @admin.display(description="holds")
    def filament(self, slot):
        return with_glyph(slot.spool) if slot.spool else "empty"

    @admin.display(description="spool")
    def spool_link(self, slot):
        return spool_link(slot.spool)


def _save_slot(slot, names, *, by, is_new=False):
    """Save a slot's own fields, and load or unload its spool."""
    spool, others = slot.spool, [name for name in names if name != "spool"]
    if is_new:
        slot.spool = None
        audited.create(slot, by=by)
    elif others:
        audited.update(slot, by=by, **{name: getattr(slot, name) for name in others})
    if "spool" in names and spool:
        slots.load(spool, slot=slot, by=by)
    elif "spool" in names and not is_new:
        slots.unload(slot, by=by)


def _running(printer):
    return next((run for run in printer.queued if run.is_printing), None)


def _next(printer):
    return next((run for run in printer.queued if run.status == ProductionRun.Status.PLANNED), None)


def _connection(printer, user):
    """The tokens of a printer, and where one is made, for those who may."""
    if not user.has_perm("accounts.view_devicetoken"):
        return {}
    tokens = printer.tokens.not_revoked().select_related("user").order_by("name", "pk")
    context = {"tokens": devices.with_websockets(tokens)}
    if user.has_perm("accounts.add_devicetoken"):
        context["connect"] = _new_token(printer, user, DeviceToken.Kind.MOONRAKER)
        context["connect_slicer"] = _new_token(printer, user, DeviceToken.Kind.SLICER)
    return context


def _new_token(printer, user, kind):
    """Where a token is made for what is connected to a printer."""
    name = f"{printer.name}: slicer" if kind == DeviceToken.Kind.SLICER else printer.name
    given = {"name": name, "printer": printer.pk, "user": user.pk}
    given |= {"kind": kind, "scope": scopes.PRINTER}
    return f"{reverse('admin:accounts_devicetoken_add')}?{urlencode(given)}"


def _print_host(printer, user):
    """Where its files are passed on to, for those who may enter it."""
    if not user.has_perm("production.change_printhost"):
        return {}
    host = PrintHost.objects.filter(printer=printer).first()
    name = "admin:production_printhost"
    kind = PrintHost.Kind.MOONRAKER if printer.moonraker_url else ""
    given = {"printer": printer.pk, "kind": kind, "url": printer.moonraker_url}
    add = f"{reverse(f'{name}_add')}?{urlencode(given)}"
    return {
        "print_host": host,
        "print_host_url": reverse(f"{name}_change", args=[host.pk]) if host else add,
    }


def _page(printer):
    runs = ProductionRun.objects.on_printer(printer)
    queue = list(runs.open().queue().with_contents())
    blockers = demand.blockers(queue)
    closed = runs.closed().with_contents().order_by(*LATEST)[:LAST]
    running = _running(printer)
    return {
        "running": running and {"job": OpenRun(running), "badge": formatting.badge(running)},
        "next": formatting.run_link(_next(printer)),
        "hours": formatting.hours(printer.minutes),
        "ended": runs.closed().count(),
        "queue": [
            (
                run,
                formatting.contents_link(run),
                formatting.badge(run, blockers[run.pk]),
                blockers[run.pk],
            )
            for run in queue
        ],
        "closed": [
            (
                run,
                formatting.contents_link(run),
                formatting.badge(run),
                formatting.duration(run.actual_minutes),
            )
            for run in closed
        ],
    }
