"""The map of a farm's site."""

from django.urls import include, path
from django.utils.module_loading import autodiscover_modules

from tenants.accounts.admin import farm_site
from tenants.views import home

autodiscover_modules("admin")  # each app registers its own pages with farm_site

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("tenants.urls")),
    path("admin/", farm_site.urls),
    path("api/", include("config.api.urls")),
]

handler400 = "config.api.pages.bad_request"
handler404 = "config.api.pages.not_found"
handler500 = "config.api.pages.server_error"
