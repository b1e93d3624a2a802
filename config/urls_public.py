"""URLconf of the public site, where farms are added and suspended."""

from django.urls import include, path, re_path

from config.api.pages import no_such_address
from tenants.admin.farms import public_site
from tenants.views import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("accounts/", include("tenants.urls")),
    path("help/", include("tenants.help.urls")),
    path("admin/", public_site.urls),
    re_path("^api/", no_such_address),
]

handler400 = "config.api.pages.bad_request"
handler403 = "config.api.pages.not_permitted"
handler404 = "config.api.pages.not_found"
handler500 = "config.api.pages.server_error"
