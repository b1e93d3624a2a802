"""The backups of a farm, for its managers."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import FileResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants.accounts.audited import audit
from tenants.accounts.models import Backup
from tenants.admin.people import ReadOnlyAdmin
from tenants.farms import nightly
from tenants.jobs import backups
from tenants.operations.refusals import Refusal
from tenants.site.forms import ConfirmedForm
from tenants.site.site import farm_site
from tenants.web.requests import caller


@admin.register(Backup, site=farm_site)
class BackupAdmin(ReadOnlyAdmin):
    when_empty = (
        "The nightly backups of this farm are listed here; one is also made by the button above."
    )
    change_list_template = "tenants/admin_backups.html"
    list_display = ["at", "who", "amount", "download", "restored", "problem"]
    list_display_links = None
    list_select_related = ["by"]
    fields = ["at", "who", "amount", "problem"]

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("now/", view(require_POST(self.now_view)), name="accounts_backup_now"),
            path("<int:pk>/file/", view(require_GET(self.file_view)), name="accounts_backup_file"),
            path("<int:pk>/restore/", view(self.restore_view), name="accounts_backup_restore"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_back_up": request.user.has_perm(backups.MAY_BACK_UP)}
        return super().changelist_view(request, {**may, **(extra_context or {})})

    def now_view(self, request):
        if not request.user.has_perm(backups.MAY_BACK_UP):
            raise PermissionDenied
        try:
            job = backups.start_backup(by=request.user)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(reverse("admin:accounts_backup_changelist"))
        return _page_of(job)

    def restore_view(self, request, pk):
        """What is lost by it; once the password is given, a job."""
        if not request.user.has_perm(backups.MAY_RESTORE):
            raise PermissionDenied
        backup = get_object_or_404(Backup.objects.successful(), pk=pk)
        form = ConfirmedForm(request.POST or None, user=request.user, address=caller(request))
        if request.method == "POST" and form.is_valid():
            try:
                since = request.POST.get("since", "")
                return _page_of(backups.start_restore(backup, by=request.user, since=since))
            except Refusal as refusal:
                form.add_error(None, refusal.detail)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Restore the farm"),
            "opts": self.opts,
            "backup": backup,
            "form": form,
            "since": backups.last_restore(),
        }
        return TemplateResponse(request, "tenants/admin_restore.html", context)

    def file_view(self, request, pk):
        if not request.user.has_perm("accounts.view_backup"):
            raise PermissionDenied
        backup = get_object_or_404(Backup.objects.successful(), pk=pk)
        try:
            file = nightly.file_of(connection.tenant, backup).open("rb")
        except OSError:
            messages.error(
                request, _("The file %(file)s is not in its folder.") % {"file": backup.file}
            )
            return HttpResponseRedirect(reverse("admin:accounts_backup_changelist"))
        audit("download", backup, by=request.user)
        return FileResponse(file, as_attachment=True, content_type="application/gzip")

    @admin.display(description="by")
    def who(self, backup):
        return backup.by or _("every night")

    @admin.display(description="size", ordering="size")
    def amount(self, backup):
        return None if backup.size is None else filesizeformat(backup.size)

    @admin.display(description="file", ordering="file")
    def download(self, backup):
        if not backup.file:
            return None
        url = reverse("admin:accounts_backup_file", args=[backup.pk])
        return format_html('<a href="{}">{}</a>', url, backup.file)

    @admin.display(description="restore")
    def restored(self, backup):
        if not backup.file:
            return None
        url = reverse("admin:accounts_backup_restore", args=[backup.pk])
        return format_html('<a href="{}">{}</a>', url, _("Restore this one …"))


def _page_of(job):
    return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))
