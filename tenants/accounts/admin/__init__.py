from tenants.accounts.admin import people  # noqa: F401 (registers the pages)
from tenants.accounts.admin.base import AdminSite, ModelAdmin, farm_site

__all__ = ["AdminSite", "ModelAdmin", "farm_site"]
