"""URLconf of /api/."""

import re

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView as Swagger
from rest_framework.routers import APIRootView, DefaultRouter

from config.api.description import SchemaView
from config.api.pages import no_such_address
from inventory.urls import ROUTES as INVENTORY
from production.api.best_fit import BestFitViewSet
from production.api.finding import FindViewSet
from production.api.undo import UndoViewSet
from production.octoprint import addresses as octoprint
from production.spoolman.urls import ROOT
from production.urls import ROUTES as PRODUCTION
from tenants.api import SIGNED_IN
from tenants.api.jobs import JobViewSet
from tenants.api.people.managing import (
    AuditEventViewSet,
    DeviceTokenViewSet,
    FloorDeviceViewSet,
    RoleViewSet,
    SettingsViewSet,
    UserViewSet,
)
from tenants.api.people.own import MeViewSet, TokenViewSet
from tenants.web.websockets import is_handshake

OFTEN = ("spools", "production-runs")  # asked for most
ALONE = ("best-fit", "find", "me", "me/undo", "settings", "schema", "docs")  # addresses of no list


class RootView(APIRootView):
    """The addresses of the farm's API."""

    schema = None

    def dispatch(self, request, *args, **kwargs):
        if is_handshake(request):  # of a client of printers
            return ROOT(request)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        alone = {prefix: prefix.replace("/", "-") for prefix in ALONE}
        self.api_root_dict = alone | self.api_root_dict
        return super().get(request, *args, **kwargs)

    def permission_needed(self):
        return SIGNED_IN


class Router(DefaultRouter):
    include_format_suffixes = False
    APIRootView = RootView

    def get_urls(self):
        """The patterns in groups by their first part: an address is compared with few of them."""
        *patterns, root = super().get_urls()
        groups = {}
        for each in patterns:
            part, _, rest = str(each.pattern).removeprefix("^").partition("/")
            groups.setdefault(part, []).append(re_path(f"^{rest}", each.callback, name=each.name))
        often = {part: groups.pop(part) for part in OFTEN}
        return [
            *(path(f"{part}/", include(group)) for part, group in (often | groups).items()),
            root,
        ]


router = Router()
router.register("tokens", TokenViewSet, basename="tokens")
router.register("device-tokens", DeviceTokenViewSet, basename="device-tokens")
router.register("floor-devices", FloorDeviceViewSet, basename="floor-devices")
router.register("users", UserViewSet, basename="users")
router.register("audit-events", AuditEventViewSet, basename="audit-events")
router.register("jobs", JobViewSet, basename="jobs")
router.register("roles", RoleViewSet, basename="roles")
for prefix, viewset in {**INVENTORY, **PRODUCTION}.items():
    # "spools/(?P<spool_id>...)/transactions" is called spools-transactions
    router.register(prefix, viewset, basename=re.sub(r"/\(.*\)/", "-", prefix))

SINGLE = {"get": "show", "put": "update", "patch": "partial_update"}
BEST_FIT = {"get": "show", "post": "create"}
REFERENCE = {
    "url_name": "schema",
    "template_name": "rest_framework/reference.html",
    "http_method_names": ["get", "head"],  # there is no page for OPTIONS
}

v1 = [
    path("", include(router.urls)),
    path("best-fit/", BestFitViewSet.as_view(BEST_FIT), name="best-fit"),
    path("find/", FindViewSet.as_view({"get": "show"}), name="find"),
    path("me/", MeViewSet.as_view({"get": "show"}), name="me"),
    path("me/password/", MeViewSet.as_view({"post": "change_password"}), name="me-password"),
    path("me/undo/", UndoViewSet.as_view({"get": "show", "post": "create"}), name="me-undo"),
    path("settings/", SettingsViewSet.as_view(SINGLE), name="settings"),
    path("schema/", SchemaView.as_view(), name="schema"),
    # Split: what starts it is a script of its own, so that no page needs one within it.
    path("docs/", Swagger.as_view(**REFERENCE), name="docs"),
    path("", include("production.spoolman.urls")),
]

urlpatterns = [
    path("v1/", include(v1)),
    path("version", octoprint.VERSION),
    path("files/local", octoprint.FILES),
    re_path("^", no_such_address),
]
