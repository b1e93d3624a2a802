"""Finds what makers make, and fills the form of a new filament in with it."""

from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from inventory.glyphs import spool_glyph
from inventory.models import Filament, Manufacturer, MaterialType
from inventory.services.tables import catalogue_search
from tenants.operations.operation import in_transaction
from tenants.operations.refusals import Refusal

ADD = "admin:inventory_filament_add"
LOOKS = ("color_hex", "multi_color_hexes", "multi_color_direction", "finish")
MOST_LETTERS = 300


class CatalogueSearch:
    """For the admin of filaments."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.catalogue_view)
        page = path("catalogue/", view, name="inventory_filament_catalogue")
        return [page, *super().get_urls()]

    def catalogue_view(self, request):
        if not self.has_add_permission(request):
            raise PermissionDenied
        sent = request.POST if request.method == "POST" else request.GET
        text, message = sent.get("q", "")[:MOST_LETTERS].strip(), ""
        if request.method == "POST":
            try:
                return self._use(request, text, request.POST.get("entry", ""))
            except Refusal as refusal:
                message = refusal.detail
        context = {
            **self.admin_site.each_context(request),
            "title": _("Search the makers’ catalogues"),
            "opts": self.opts,
            "text": text,
            "message": message,
            "entries": [_displayed(entry) for entry in catalogue_search.find(text)] if text else [],
            "most": catalogue_search.MOST,
        }
        return TemplateResponse(request, "inventory/admin_catalogue.html", context)

    def _use(self, request, text, external_id):
        """The form of a new filament, filled in."""
        options = {"external_id": external_id, "by": request.user}
        values = in_transaction(lambda: catalogue_search.choose(text, **options))
        given = {name: _as_text(value) for name, value in values.items()}
        return HttpResponseRedirect(f"{reverse(ADD)}?{urlencode(given)}", status=303)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not change and (double := catalogue_search.double_of(obj)):
            text = _("There is a {} of this size already: {}. Merge them if they are the same.")
            url = reverse("admin:inventory_filament_change", args=[double.pk])
            link = format_html('<a href="{}">{}</a>', url, _("look at it"))
            messages.warning(request, format_html(text, double, link))


def _displayed(entry):
    values = entry.values
    looks = {name: values[name] for name in LOOKS if name in values}
    maker = Manufacturer(name=values.get("manufacturer", ""))
    material = MaterialType(code=values["material"])
    like = Filament(name=values["name"], manufacturer=maker, material_type=material, **looks)
    values = {name: _as_text(value) for name, value in values.items()}
    return {"values": values, "glyph": spool_glyph(like, size="s"), "filament": entry.filament}


def _as_text(value):
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return getattr(value, "pk", value)
