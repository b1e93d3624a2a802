"""URLconf behind a token in the path: what printers may ask, and nothing else."""

from django.urls import include, path, re_path

from production.spoolman.address import Unknown
from production.spoolman.urls import METRICS, ROOT

urlpatterns = [
    path("api/v1/", ROOT),
    path("api/v1/", include("production.spoolman.urls")),
    path("metrics", METRICS),
    re_path("", Unknown()),
]

handler400 = "config.api.pages.bad_request"
handler403 = "config.api.pages.not_permitted"
handler404 = "config.api.pages.not_found"
handler500 = "config.api.pages.server_error"
