"""The map of a farm's site."""

from django.urls import include, path, re_path
from django.utils.module_loading import autodiscover_modules

from production.views import runs, spools
from tenants.accounts.admin import farm_site
from tenants.views import home

autodiscover_modules("admin")  # each app registers its own pages with farm_site

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("tenants.urls")),
    path("admin/", farm_site.urls),
    path("floor/", include("production.floor_urls")),
    re_path(r"^[sS]/(?P<code>[^/]{1,60})/?$", spools.ScanView.as_view(), name="scan"),
    re_path(r"^[rR]/(?P<number>[^/]{1,60})/?$", runs.ScanView.as_view(), name="scan-run"),
    path("api/", include("config.api.urls")),
]

handler400 = "config.api.pages.bad_request"
handler404 = "config.api.pages.not_found"
handler500 = "config.api.pages.server_error"
