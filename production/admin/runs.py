"""Production runs: the list, and the page of one run."""

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Value
from django.utils.html import format_html

from inventory.admin import rendering
from production.admin import formatting, run_page
from production.admin.paper import TravellerPages, travellers_url
from production.admin.run_filters import FILTERS
from production.admin.run_page import ItemInline, MaterialInline
from production.admin.run_verbs import UNDOING, VERBS
from production.forms.planning import RunForm
from production.models import ESTIMATED, ProductionRun, RunItem, RunMaterial
from production.services import overrides
from production.services.preview import preview
from production.services.reports import demand
from production.services.runs import editing, lifecycle
from production.services.transitions import TRANSITIONS, load_conditions
from tenants.accounts.models import FarmSettings
from tenants.operations.versions import expecting
from tenants.site.base import ModelAdmin
from tenants.site.exports import same
from tenants.site.site import farm_site
from tenants.site.verbs import VerbPages

EXPORT = {
    "number": "number",
    "status": "status",
    "printer": "printer.name",
    "makes": formatting.makes_in_text,
    "planned_grams": "planned_total_grams",
    "actual_grams": "actual_total_grams",
    "estimated_grams": "estimated_total_grams",
    "off_plan_percent": formatting.off_plan,
    "planned_minutes": "planned_minutes",
    "actual_minutes": "minutes_taken",
    "actual_minutes_source": formatting.minutes_source,
    **same(
        "due_on",
        "planned_start_at",
        "started_at",
        "finished_at",
        "priority",
        "external_id",
        "notes",
    ),
}
PLAN = ["printer", "plate_count", "priority", "due_on", "planned_start_at", "planned_minutes"]
ANY = ["notes", "external_id"]


class RunList(ChangeList):
    """Knows what keeps the planned runs of the page from starting."""

    def get_results(self, request):
        super().get_results(request)
        planned = [run for run in self.result_list if run.status == ProductionRun.Status.PLANNED]
        blockers = demand.blockers(planned) if planned else {}
        for run in planned:
            run.blockers = blockers[run.pk]


@admin.register(ProductionRun, site=farm_site)
class ProductionRunAdmin(TravellerPages, VerbPages, ModelAdmin):
    """A run is planned and described here; its status moves through its verbs alone."""

    when_empty = (
        "A production run is one job on one printer: what it makes, what it takes, what "
        "it really took."
    )
    form = RunForm
    inlines = [ItemInline, MaterialInline]
    list_display = [
        "contents",
        "status_badge",
        "printer",
        "grams",
        "time",
        "off_plan",
        "scheduled",
        "finished",
    ]
    sortable_by = ["contents", "scheduled", "finished"]  # what an index has in its order
    list_filter = FILTERS
    export = EXPORT
    list_per_page = 30
    list_select_related = ["printer"]
    date_hierarchy = "scheduled_at"
    ordering = ["-scheduled_at", "-pk"]
    search_fields = ["number"]
    search_help_text = "Number, product, order or spool"
    show_full_result_count = False
    autocomplete_fields = ["printer"]
    add_form_template = change_form_template = "production/admin_run.html"
    preview_template = "production/_run_preview.html"
    verbs = VERBS
    row_name = "run"

    # -- finding -------------------------------------------------------------------------------

    def get_queryset(self, request):
        threshold = Value(FarmSettings.load().variance_alert_percent)
        may_restore = request.user.has_perm(TRANSITIONS["restore"].codename)
        runs = ProductionRun.objects.all() if may_restore else ProductionRun.objects.live()
        runs = runs.with_totals().select_related("printer")
        return runs.annotate(threshold=threshold).with_contents()

    def get_changelist(self, request, **kwargs):
        return RunList

    def has_delete_permission(self, request, obj=None):
        return False  # deleting is a verb

    def has_change_permission(self, request, obj=None):
        is_deleted = obj is not None and obj.is_deleted
        return not is_deleted and super().has_change_permission(request, obj)

    def heading(self, run):
        return formatting.heading(run)

    # -- the list ------------------------------------------------------------------------------

    @admin.display(description="status")
    def status_badge(self, run):
        return formatting.badge(run, getattr(run, "blockers", ()))

    @admin.display(description="makes", ordering="number")
    def contents(self, run):
        return formatting.contents(run)

    @admin.display(description="grams")
    def grams(self, run):
        figures = run.planned_total_grams, run.actual_total_grams, rendering.grams
        return formatting.planned_to_actual(*figures, estimated=run.estimated_total_grams)

    @admin.display(description="time")
    def time(self, run):
        estimated = run.minutes_taken if run.actual_minutes_source in ESTIMATED else None
        figures = run.planned_minutes, run.minutes_taken, formatting.duration
        return formatting.planned_to_actual(*figures, estimated=estimated)

    @admin.display(description="off plan")
    def off_plan(self, run):
        if formatting.is_unmeasured(run):
            return formatting.NOT_MEASURED
        value = formatting.off_plan(run)
        bar = formatting.percent_bar(value, run.threshold)
        return format_html("{} {}", bar, formatting.percent(value, run.threshold))

    @admin.display(description="scheduled", ordering="scheduled_at")
    def scheduled(self, run):
        return rendering.moment(run.scheduled_at)

    @admin.display(description="finished", ordering="finished_at")
    def finished(self, run):
        return rendering.moment(run.finished_at)

    # -- the page of one run -------------------------------------------------------------------

    def _names(self, request, obj):
        rest = ["actual_minutes"] if obj and obj.status != ProductionRun.Status.PLANNED else []
        override = ["override_reason"] if self._may_override(request, obj) else []
        version = ["seen_version"] if obj and self.has_change_permission(request, obj) else []
        return [*PLAN, *rest, *ANY, *override, *version]

    def get_fields(self, request, obj=None):
        names = self._names(request, obj)
        pairs = [("printer", "plate_count"), ("priority", "due_on")]
        pairs.append(("planned_start_at", *(name for name in names if name.endswith("_minutes"))))
        paired = {name for pair in pairs for name in pair}
        return [*pairs, *(name for name in names if name not in paired)]

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return ()
        free = editing.EDITABLE.get(obj.status, editing.ALWAYS_EDITABLE)
        free = free | {"override_reason", "seen_version"}
        return [self.for_viewer(name) for name in self._names(request, obj) if name not in free]

    def render_change_form(self, request, context, obj=None, **kwargs):
        context["show_save_and_add_another"] = obj is None
        if obj is not None:
            context |= run_page.context(obj)
            context["traveller_url"] = travellers_url([obj.pk])
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def buttons(self, request, row):
        """Without those that undo what others did, or what was done too long ago."""
        load_conditions(row)
        found = super().buttons(request, row)
        if overrides.may_undo(row, by=request.user):
            return found
        return [button for button in found if button["verb"].name not in UNDOING]

    def preview(self, row, verb, values, by):
        return preview(row, verb.service, values, by=by)

    # -- saving --------------------------------------------------------------------------------

    def save_model(self, request, obj, form, change):
        """A new run is created with its lines, in ``save_related``."""
        if not change:
            return
        version = form.cleaned_data.get("seen_version")
        with expecting({version} if version else None):
            values = form.changed_values() | self._override(form)
            lifecycle.update(obj, by=request.user, **values)

    def save_related(self, request, form, formsets, change):
        for formset in formsets:
            formset.save(commit=False)
        if change:
            verbs = {inline.model: inline for inline in self.inlines}
            for formset in formsets:
                self._change_lines(request, formset, verbs[formset.model], self._override(form))
            return
        rows = {formset.model: self._new_rows(formset) for formset in formsets}
        run = lifecycle.create(
            by=request.user,
            items=rows.get(RunItem, []),
            materials=rows.get(RunMaterial) or None,  # none: by the bills of materials
            **{name: value for name, value in form.changed_values().items() if value is not None},
            **self._override(form),
        )
        form.instance.pk, form.instance.number = run.pk, run.number

    @staticmethod
    def _new_rows(formset):
        dropped = set(formset.deleted_forms)
        forms = [form for form in formset.extra_forms if form.has_changed()]
        return [form.new() for form in forms if form not in dropped]

    @staticmethod
    def _change_lines(request, formset, inline, override):
        dropped, by = set(formset.deleted_forms), request.user
        for form in formset.initial_forms:
            if form in dropped:
                inline.remove(form.instance, by=by)
            elif form.has_changed() and (values := form.changed_values()):
                inline.change(form.instance, by=by, **values, **override)
        for form in formset.extra_forms:
            if form.has_changed() and form not in dropped:
                inline.add(formset.instance, by=by, **vars(form.new()), **override)

    def _may_override(self, request, obj):
        is_open = obj is None or obj.is_open
        return is_open and request.user.has_perm(overrides.OVERRIDE)

    @staticmethod
    def _override(form):
        reason = form.cleaned_data.get("override_reason")
        return {"override_reason": reason} if reason else {}
