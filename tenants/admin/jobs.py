"""The jobs of a farm: one's own, of which a manager sees everybody's."""

from django.contrib import admin
from django.utils.translation import gettext as _

from tenants.admin.people import ReadOnlyAdmin
from tenants.jobs import kinds, services
from tenants.jobs.models import Job
from tenants.site.filters import field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages


@admin.register(Job, site=farm_site)
class JobAdmin(VerbPages, ReadOnlyAdmin):
    when_empty = (
        "What takes long, such as an export or a large import, is listed here while it "
        "is done and for a while after."
    )
    list_display = ["title", "by", "created_at", "status", "progress"]
    list_filter = [field_filter("status", "status", lambda: Job.Status.choices)]
    list_select_related = ["by"]
    fields = ["kind_label", "by", "created_at", "started_at", "finished_at", "status"]
    change_form_template = "tenants/admin_job.html"
    preview_template = "tenants/_job_preview.html"
    verbs = (
        VerbAction(
            name="cancel",
            label="Cancel",
            service=services.cancel,
            permission="jobs.cancel_job",
            is_possible=lambda job: not job.is_finished,
            description="It ends, and nothing of it stays.",
            success_message="%(row)s is cancelled.",
            tone="stop",
        ),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def render_change_form(self, request, context, obj=None, **kwargs):
        return super().render_change_form(request, {**context, "job": obj}, obj=obj, **kwargs)

    @admin.display(description="kind")
    def kind_label(self, job):
        return kinds.label_of(job.kind)

    @admin.display(description="progress")
    def progress(self, job):
        return "–" if job.percent is None else _("%(percent)s %%") % {"percent": job.percent}
