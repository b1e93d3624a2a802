"""Sliced files: dropped, many at once; what was read of each, and runs planned by them."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from production.admin.pictures import thumbnail
from production.forms.sliced_files import PlanFileForm
from production.models import SlicedFile
from production.services.sliced_files import bringing, planning
from production.services.sliced_files.bringing import SUFFIXES
from production.services.sliced_files.contents import doubts_of, plates_of
from tenants.operations.operation import in_dry_run
from tenants.operations.refusals import Refusal
from tenants.site.base import ModelAdmin
from tenants.site.exports import same
from tenants.site.filters import ChoiceListFilter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages
from tenants.web import files

ADD = "production.add_slicedfile"


class PlannedListFilter(ChoiceListFilter):
    title = parameter_name = "planned"

    def lookups(self, request, model_admin):
        return [("no", "Not planned yet"), ("yes", "Planned")]

    def narrowed(self, queryset, value):
        return queryset.not_planned() if value == "no" else queryset.planned()


def _to_run(file, runs):
    if len(runs) == 1:
        return reverse("admin:production_productionrun_change", args=[runs[0].pk])
    return reverse("admin:production_productionrun_changelist")


@admin.register(SlicedFile, site=farm_site)
class SlicedFileAdmin(VerbPages, ModelAdmin):
    when_empty = (
        "A sliced file plans its runs: drop one here or on the floor, or let the slicer send it."
    )
    preview_template = "production/_file_preview.html"
    change_form_template = "production/admin_sliced_file.html"
    verbs = (
        VerbAction(
            name="plan",
            label="Plan",
            service=planning.plan,
            permission="production.add_productionrun",
            form=PlanFileForm,
            description="Plans a run for each plate. All of it is proposed; what is chosen here is "
            "proposed for the same file from now on.",
            success_message="Planned by %(row)s.",
            redirect_to=_to_run,
            tone="go",
            state_of=lambda file: file.runs.aggregate(last=Max("pk"))["last"],
        ),
    )
    list_display = ["filename", "slicer", "printer_model", "plate_count", "state", "created_at"]
    list_filter = [PlannedListFilter]
    search_fields = ["filename", "printer_model", "slicer"]
    export = same(
        *("filename", "slicer", "slicer_version", "printer_model", "nozzle_mm"),
        *("layer_height_mm", "size_bytes", "sha256", "created_at"),
    )
    fieldsets = [
        (None, {"fields": ["filename", ("slicer", "slicer_version")]}),
        ("For", {"fields": [("printer_model", "nozzle_mm", "layer_height_mm"), "printer"]}),
        ("Received", {"fields": [("created_at", "created_by"), "size_bytes", "sha256"]}),
        ("Lines that were read", {"fields": ["lines"], "classes": ["collapse"]}),
    ]

    def has_change_permission(self, request, obj=None):
        return False  # what was read stays as it was read

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("printer", "created_by")

    @admin.display(description="plates")
    def plate_count(self, file):
        return len(file.plates)

    @admin.display(description="figures")
    def state(self, file):
        if not file.is_doubtful:
            return "–"
        return format_html('<span class="badge status-needs">{}</span>', _("Doubtful"))

    def add_view(self, request, form_url="", extra_context=None):
        """The page on which files are dropped, instead of a form for a row."""
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        if request.method == "POST":
            return self._receive(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Read sliced files",
            "opts": self.opts,
            "accepted": ",".join(SUFFIXES),
        }
        return TemplateResponse(request, "production/admin_sliced_files_add.html", context)

    add_view.permission_for_files = ADD

    def _receive(self, request):
        try:
            brought = bringing.receive_all(files.of_request(request), by=request.user)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.path)
        read = [each.row for each in brought if each.row]
        for each in brought:
            if each.refusal:
                messages.error(request, each.sentence)
            elif each.sentence:
                messages.info(request, each.sentence)
        if names := ", ".join(file.filename for file in read if file.is_new):
            messages.success(request, _("Read: %(names)s.") % {"names": names})
        if len(read) == 1:
            is_planned = not read[0].is_new and read[0].runs.live().exists()
            name = f"admin:production_slicedfile_{'change' if is_planned else 'do_plan'}"
            return HttpResponseRedirect(reverse(name, args=[read[0].pk]))
        name = "changelist" if read else "add"
        return HttpResponseRedirect(reverse(f"admin:production_slicedfile_{name}"))

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            doubts = doubts_of(obj)
            drawn = {each.plate: thumbnail(each.picture_id) for each in obj.pictures.all()}
            context["plates"] = [
                (plate, doubts[plate.index], drawn.get(plate.index, "")) for plate in plates_of(obj)
            ]
            context["runs"] = obj.runs.live().order_by("-pk")[:20]
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def preview(self, row, verb, values, by):
        return in_dry_run(lambda: [_as_text(run) for run in verb.service(row, by=by, **values)])


def _as_text(run):
    """A run as its preview shows it, while it is there."""
    lines = run.materials.select_related("spool__filament__manufacturer", "filament__manufacturer")
    return {
        "run": run,
        "printer": run.printer,
        "minutes": run.planned_minutes,
        "items": [
            f"{item.quantity} × {item.product.name}"
            for item in run.items.select_related("product").order_by("pk")
        ],
        "lines": list(lines.select_related("material_type").order_by("pk")),
    }
