"""URLconf of a farm's site."""

from django.urls import include, path, re_path
from django.utils.module_loading import autodiscover_modules

from inventory.models import Filament, Spool
from production.spoolman.urls import METRICS
from production.views.scan import LabelView, NumberView
from tenants.site.site import farm_site
from tenants.views import home, practice_farm

autodiscover_modules("admin")  # each app registers its own pages with farm_site

urlpatterns = [
    path("api/", include("config.api.urls")),  # asked most: what is before it is tried each time
    path("", home, name="home"),
    path("practice/", practice_farm, name="practice"),
    path("accounts/", include("tenants.urls")),
    path("admin/", farm_site.urls),
    path("floor/", include("production.floor_urls")),
    # What is on labels: in capitals a QR code is smaller.
    re_path(r"^(?P<what>[sSpPrR])/(?P<code>[^/]{1,60})/?$", LabelView.as_view(), name="label"),
    re_path(r"^(?P<what>[pP])/(?P<code>[^/]{1,60})/(?P<slot>.{1,60}?)/?$", LabelView.as_view()),
    # What is on labels of Spoolman, whose numbers an import takes over.
    re_path(r"^spool/show/(?P<number>[0-9]{1,18})/?$", NumberView.as_view(model=Spool)),
    re_path(r"^filament/show/(?P<number>[0-9]{1,18})/?$", NumberView.as_view(model=Filament)),
    path("help/", include("tenants.help.urls")),
    path("metrics", METRICS),
]

handler400 = "config.api.pages.bad_request"
handler403 = "config.api.pages.not_permitted"
handler404 = "config.api.pages.not_found"
handler500 = "config.api.pages.server_error"
