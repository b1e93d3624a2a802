from tenants.accounts.admin import farm, people  # noqa: F401 (they register the pages)
from tenants.accounts.admin.base import ModelAdmin
from tenants.accounts.admin.site import AdminSite, farm_site

__all__ = ["AdminSite", "ModelAdmin", "farm_site"]
