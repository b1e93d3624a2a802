"""Spools: the shelf as a list, and the page of one spool with its ledger."""

from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from inventory.admin.catalogue import material_types
from inventory.admin.extra_fields import ExtraValuesAdmin
from inventory.admin.imports import SPOOL_IMPORT, ImportPages
from inventory.admin.labels import SpoolLabelPages, labels_url
from inventory.admin.rendering import changed, grams, sees_removed, stock_bar, with_glyph
from inventory.admin.spool_verbs import VERBS
from inventory.forms.spools import ReceiveForm, SpoolForm
from inventory.glyphs import spool_glyph
from inventory.models import ExtraField, Hold, Location, Spool
from inventory.services import receiving, stock
from inventory.services.spools import tags
from inventory.services.spools.preview import preview
from inventory.services.spools.returned import standing_return
from tenants.accounts.models import FarmSettings
from tenants.operations.refusals import Refusal
from tenants.operations.text import half_up
from tenants.operations.versions import expecting
from tenants.site.exports import same
from tenants.site.filters import ChoiceListFilter, field_filter
from tenants.site.forms import may_be, with_suggestions
from tenants.site.messages import some_of
from tenants.site.sent_once import KEY, done_once, new_key
from tenants.site.verbs import VerbPages

# Of its filament, by which an import makes it where it is missing.
OF_FILAMENT = ("color_name", "color_hex", "diameter_mm", "density_g_cm3")
NEWEST, MAX_CODES = 100, 10


class ShelfListFilter(ChoiceListFilter):
    """What is on the shelf, unless another choice is made."""

    title, parameter_name, nothing = "shelf", "shelf", "on the shelf"
    kind = "tabs"

    def lookups(self, request, model_admin):
        return [
            ("low", "Low in stock"),
            ("needs_weighing", "To be weighed"),
            ("held", "Held"),
            ("archived", "Archived"),
            ("all", "All, archived too"),
            ("removed", "Removed"),
        ]

    def queryset(self, request, queryset):
        value = self.value()
        if value == "all":
            return queryset
        if value == "archived":
            return queryset.archived()
        if value == "removed":
            return queryset.filter(removed_at__isnull=False)
        if value == "held":
            return queryset.on_shelf().held()
        if value == "needs_weighing":
            return queryset.on_shelf().filter(needs_weighing=True)
        if value == "low":
            return queryset.on_shelf().low(FarmSettings.load().low_stock_percent)
        return queryset.on_shelf()


class LocationListFilter(ChoiceListFilter):
    title, parameter_name = "location", "location"

    def lookups(self, request, model_admin):
        return [("none", "Not set"), *Location.objects.values_list("pk", "name")]

    def narrowed(self, queryset, value):
        return queryset.filter(location=None if value == "none" else value)


class UncountedListFilter(ChoiceListFilter):
    """Neither received nor counted for so many days."""

    title, parameter_name = "counted", "counted"

    def lookups(self, request, model_admin):
        return [("365", "Not for twelve months"), ("182", "Not for six months")]

    def narrowed(self, queryset, value):
        since = timezone.now() - timedelta(days=int(value))
        return stock.not_counted_since(since, queryset)


TAKING = ("runmaterial", "printerslot")  # that a spool is chosen for to be printed from


def _suggested(spools, parameters):
    """The suggestions of an autocomplete: most available first, of its field's filters."""
    for name, field in (("filament", "filament"), ("material_type", "filament__material_type")):
        texts = parameters.getlist(name)
        if ids := [int(text) for text in texts if may_be(Spool._meta.pk, text)]:
            spools = spools.holding().filter(**{f"{field}__in": ids})
    if parameters.get("model_name") in TAKING:
        spools = spools.not_held()
    return spools.on_shelf().order_by("-available", "pk")


class SpoolAdmin(SpoolLabelPages, ImportPages, VerbPages, ExtraValuesAdmin):
    """A spool is described here; its grams move through its verbs and the runs alone."""

    when_empty = (
        "Each spool on the shelf has a code and a ledger of its own: import a table, or "
        "receive the first ones."
    )
    entity = ExtraField.Entity.SPOOL
    importing = SPOOL_IMPORT
    export = {
        "code": "code",
        "external_id": "filament.external_id",
        "manufacturer": "filament.manufacturer.name",
        "name": "filament.name",
        "material": "filament.material_type.code",
        **{name: f"filament.{name}" for name in OF_FILAMENT},
        "filament_net_grams": "filament.net_grams",
        "initial_grams": "initial_grams",
        "remaining_grams": "live_grams",
        **same(
            "reserved_grams",
            "available_grams",
            "tare_grams",
            "price",
            *Spool.DETAILS,
            "received_on",
        ),
        "location": "location.name",
        **same("opened_at", "last_used_at", "archived_at", "comment"),
    }
    list_display = ["code", "named", "level", "remaining", "available", "state", "location", "lot"]
    list_filter = [
        ShelfListFilter,
        field_filter(
            "material_type", "material type", material_types, lookup="filament__material_type"
        ),
        LocationListFilter,
        UncountedListFilter,
    ]
    list_per_page = 50
    search_fields = ["code"]
    search_help_text = "Code, lot, filament, colour, maker or supplier"
    change_form_template = "inventory/admin_spool.html"
    change_list_template = "inventory/admin_spools.html"
    preview_template = "inventory/_spool_preview.html"
    form = SpoolForm
    verbs = VERBS

    def heading(self, spool):
        return f"{spool.filament} · {spool.code}"

    # -- finding -------------------------------------------------------------------------------

    def get_queryset(self, request):
        spools = Spool.objects.with_filament().with_available().with_live().order_by("-pk")
        return spools if sees_removed(request, "shelf", "removed") else spools.present()

    def search(self, request, queryset, search_term):
        if request.path.endswith("/autocomplete/"):
            queryset = _suggested(queryset, request.GET)
        return super().search(request, queryset, search_term)

    def suggestion(self, spool):
        """What an autocomplete displays of a spool besides its name."""
        figures = {"left": grams(spool.live_grams), "available": grams(spool.available)}
        text = _("%(left)s g left, %(available)s g available")
        note = (_("%(left)s g left, held") if spool.is_held else text) % figures
        return {"note": note, "glyph": spool_glyph(spool, size="s")}

    def has_add_permission(self, request):
        return False  # spools are received

    def has_delete_permission(self, request, obj=None):
        return False  # spools are archived

    # -- the list ------------------------------------------------------------------------------

    @admin.display(description="filament", ordering="filament__name")
    def named(self, spool):
        return with_glyph(spool)

    @admin.display(description="available · reserved · used")
    def level(self, spool):
        return stock_bar(spool)

    @admin.display(description="lot", ordering="lot_number")
    def lot(self, spool):
        return spool.lot_number

    @admin.display(description="remaining g", ordering="live")
    def remaining(self, spool):
        return grams(spool.live_grams)

    @admin.display(description="available g", ordering="available")
    def available(self, spool):
        return _("held") if spool.is_held else grams(spool.available)

    @admin.display(description="state")
    def state(self, spool):
        states = {
            "archived": spool.is_archived,
            "held": spool.is_held,
            "weigh it": spool.needs_weighing,
            "short": spool.available < 0,
            "sealed": spool.is_sealed,
        }
        return ", ".join(name for name, is_so in states.items() if is_so) or "open"

    def changelist_view(self, request, extra_context=None):
        may = request.user.has_perm("inventory.receive_spool")
        return super().changelist_view(request, {"may_receive": may, **(extra_context or {})})

    # -- the page of one spool -----------------------------------------------------------------

    def get_fields(self, request, obj=None):
        version = ["seen_version"] if self.has_change_permission(request, obj) else []
        pairs = [("price", "tare_grams"), Spool.DETAILS]
        return [*pairs, "received_on", "comment", *version]

    def page(self, spool):
        cost = spool.cost_per_gram()
        events = spool.events.select_related("by").order_by("-pk")
        return {
            "spool": spool,
            "returned": standing_return(spool),
            "holds": Hold.objects.open().of_spool(spool) if spool.is_held else (),
            "extra_values": self.values_of(spool),
            "label_url": labels_url([spool.pk]),
            "bar": stock_bar(spool),
            "gone": max(spool.initial_grams - spool.live_grams, 0),  # or counted away
            "worth": None if cost is None else half_up(cost * spool.live_grams, 2),
            "currency": FarmSettings.load().currency,
            "entries": spool.transactions.with_references().order_by("-pk")[:NEWEST],
            "spool_events": [(event, *changed(event)) for event in events[:NEWEST]],
        }

    def render_change_form(self, request, context, obj=None, **kwargs):
        context |= self.page(obj)
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def save_model(self, request, obj, form, change):
        expected = form.cleaned_data.get("seen_version")
        with expecting({expected} if expected else None):
            values = form.changed_values() | self.more_values(form)
            tags.describe(obj, by=request.user, **values)

    def preview(self, row, verb, values, by):
        double = values.get("double")
        ids = [row.pk, row.merged_into_id, double and double.pk]
        return preview(lambda: verb.service(row, by=by, **values), ids)

    # -- receiving -----------------------------------------------------------------------------

    def get_urls(self):
        view = self.admin_site.admin_view(self.receive_view)
        return [path("receive/", view, name="inventory_spool_receive"), *super().get_urls()]

    def receive_view(self, request):
        if not request.user.has_perm("inventory.receive_spool"):
            raise PermissionDenied
        form = ReceiveForm(request.POST or None, by=request.user)
        with_suggestions(form, self.admin_site)
        if request.method == "POST" and form.is_valid() and self._receive(request, form):
            return HttpResponseRedirect(reverse("admin:inventory_spool_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Receive spools",
            "opts": self.opts,
            "form": form,
            "key": new_key(),
        }
        return TemplateResponse(request, "inventory/admin_receive.html", context)

    def _receive(self, request, form):
        """Whether the spools were received, once; else the form has the errors."""

        def work():
            received = receiving.receive_many(by=request.user, **form.service_kwargs())
            return ",".join(str(spool.pk) for spool in received), ""

        try:
            ids, _address = done_once(request, request.POST.get(KEY), work)
            received = list(Spool.objects.filter(pk__in=ids.split(",")).order_by("pk"))
        except Refusal as refusal:
            form.add_refusal(refusal)
            return False
        codes = some_of([spool.code for spool in received], most=MAX_CODES)
        message = _('{count} received: {codes}. <a href="{url}">Print their labels</a>')
        figures = {"count": len(received), "codes": codes}
        url = labels_url([spool.pk for spool in received])
        messages.success(request, format_html(message, **figures, url=url))
        return True
