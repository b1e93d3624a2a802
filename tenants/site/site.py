"""The farm's AdminSite: its pages, in the order people need them, and its index."""

import functools

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.urls import reverse

from tenants.accounts.models import AuditEvent
from tenants.operations.operation import source
from tenants.site.forms import OwnPasswordForm
from tenants.web.requests import caller

RECENT = 10
FIRST = (
    "production",
    "inventory",
    "reports",
    *("ProductionRun", "Printer", "PrinterSlot", "Product", "Reason"),
    *("Spool", "Filament", "InventoryTransaction", "SpoolEvent", "MaterialType", "Manufacturer"),
    *("Location", "ExtraField"),
    *("User", "FarmSettings", "DeviceToken", "FloorDevice", "Backup", "AuditEvent"),
)


class Suggestions(AutocompleteJsonView):
    """What an autocomplete offers; a ModelAdmin's ``suggestion(obj)`` adds to a row."""

    def get_queryset(self):
        """In the order of the model where sums of a list have taken it away."""
        found = super().get_queryset()
        return found if found.ordered else found.order_by(*found.model._meta.ordering)

    def serialize_result(self, obj, to_field_name):
        more = getattr(self.model_admin, "suggestion", lambda obj: {})(obj)
        return {"id": str(getattr(obj, to_field_name)), "text": str(obj), **more}


class OwnPasswordView(PasswordChangeView):
    form_class = OwnPasswordForm
    template_name = "tenants/admin_own_password.html"

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "address": caller(self.request)}


class AdminSite(admin.AdminSite):
    """An admin whose recent actions are those of the audit trail."""

    site_header = site_title = "Spoolbook"
    index_title = "Admin"
    index_template = "tenants/admin_index.html"
    empty_value_display = "–"
    final_catch_all_view = False  # or a 404 within the admin would ask people to sign in
    help_topic = "admin#today"
    panels = None  # panels(request) is what the index shows besides

    def __init__(self, *args, **kwargs):
        """``more_addresses`` are functions that return addresses of pages that are of no model;
        ``more_pages`` list them: ``{label: (name, address, pages(request))}``."""
        super().__init__(*args, **kwargs)
        self.more_addresses, self.more_pages = [], {}

    def get_urls(self):
        """Django's, without the page that needs content types, of which a farm has none."""
        found = [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
        return [*(url for each in self.more_addresses for url in each()), *found]

    def get_app_list(self, request, app_label=None):
        """What people work with comes first; the rest by name. Made once a request: Django's
        index asks for it twice, and it has an address for each of some sixty models."""
        if not hasattr(request, "app_lists"):
            request.app_lists = {}
        if app_label not in request.app_lists:
            request.app_lists[app_label] = self._app_list(request, app_label)
        return request.app_lists[app_label]

    def _app_list(self, request, app_label):
        apps = super().get_app_list(request, app_label)
        if app_label is None:
            apps += self._more_apps(request)
        for app in apps:
            app["models"].sort(key=lambda model: _place(model["object_name"]))
        return sorted(apps, key=lambda app: _place(app["app_label"]))

    def _more_apps(self, request):
        return [
            {"name": name, "app_label": label, "app_url": reverse(address), "models": pages}
            for label, (name, address, listed) in self.more_pages.items()
            if (pages := listed(request))
        ]

    def index(self, request, extra_context=None):
        mine = AuditEvent.objects.filter(by=request.user).exclude(verb="sign_in")
        mine = mine.latest_first()[:RECENT]
        panels = self.panels(request) if self.panels else {}
        return super().index(request, {"recent_actions": mine, **panels, **(extra_context or {})})

    def login(self, request, extra_context=None):
        """To the one page for signing in, which counts how often it is tried."""
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index")))

    def password_change(self, request, extra_context=None):
        """The user's own, by the service that records it."""
        page = OwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return page(request)

    password_change.help_topic = "admin#your-account"

    def admin_view(self, view, cacheable=False):
        """Django's; the source of what it writes is the admin. A page of rows has their help."""

        @functools.wraps(view)
        def from_admin(request, *args, **kwargs):
            token = source.set("admin")
            try:
                return view(request, *args, **kwargs)
            finally:
                source.reset(token)

        if model_admin := _model_admin_of(view):
            from_admin.model_admin = model_admin
        return super().admin_view(from_admin, cacheable)

    def autocomplete_view(self, request):
        return Suggestions.as_view(admin_site=self)(request)


def _model_admin_of(view):
    """Whose method a view is, also within decorators and partials; None if of no ModelAdmin."""
    while view is not None and not hasattr(view, "__self__"):
        view = getattr(view, "func", None) or getattr(view, "__wrapped__", None)
    owner = getattr(view, "__self__", None)
    return owner if isinstance(owner, admin.ModelAdmin) else None


def _place(name):
    return FIRST.index(name) if name in FIRST else len(FIRST)


farm_site = AdminSite(name="admin")
