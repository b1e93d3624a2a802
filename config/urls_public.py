"""The map of the public site, where farms are made and suspended."""

from django.urls import include, path

from tenants.admin import public_site
from tenants.views import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("accounts/", include("tenants.urls")),
    path("admin/", public_site.urls),
]
