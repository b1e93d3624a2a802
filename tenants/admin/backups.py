"""The backups of a farm, for its managers."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import FileResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants.accounts.audited import audit
from tenants.accounts.models import Backup
from tenants.admin.people import ReadOnlyAdmin
from tenants.farms import nightly
from tenants.farms.backups import BackupFailed
from tenants.site.site import farm_site


@admin.register(Backup, site=farm_site)
class BackupAdmin(ReadOnlyAdmin):
    change_list_template = "tenants/admin_backups.html"
    list_display = ["at", "who", "amount", "download", "problem"]
    list_display_links = None
    list_select_related = ["by"]
    fields = ["at", "who", "amount", "problem"]

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("now/", view(require_POST(self.now_view)), name="accounts_backup_now"),
            path("<int:pk>/file/", view(require_GET(self.file_view)), name="accounts_backup_file"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_back_up": request.user.has_perm("accounts.add_backup")}
        return super().changelist_view(request, {**may, **(extra_context or {})})

    def now_view(self, request):
        if not request.user.has_perm("accounts.add_backup"):
            raise PermissionDenied
        try:
            backup = nightly.run(connection.tenant, by=request.user)
        except BackupFailed as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("The backup %(file)s was written.") % {"file": backup.file})
        return HttpResponseRedirect(reverse("admin:accounts_backup_changelist"))

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
