"""Why parts are scrapped and runs fail."""

from django.contrib import admin

from production.models import Reason
from tenants.site.base import ModelAdmin
from tenants.site.filters import IsActiveListFilter, field_filter
from tenants.site.site import farm_site


@admin.register(Reason, site=farm_site)
class ReasonAdmin(ModelAdmin):
    list_display = ["label", "kind", "code", "is_active"]
    list_filter = [
        field_filter("kind", "kind", lambda: Reason.Kind.choices),
        IsActiveListFilter,
    ]
    search_fields = ["label", "code"]

    def get_readonly_fields(self, request, obj=None):
        return ["kind", "code"] if obj else []
