"""The pictures of the farm, of which managers remove old ones; and the photo of a product."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from production.models import Picture, Product
from production.models.pictures import address_of
from production.pictures import encode
from production.services import pictures
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number
from tenants.site.base import ModelAdmin
from tenants.site.site import farm_site
from tenants.web.incoming_files import FIELD, NoFile

KILOBYTE = 1000


def thumbnail(sha256):
    """A thumbnail that leads to its picture."""
    address = address_of(sha256)
    html = '<a href="{}"><img src="{}thumbnail/" alt="{}" loading="lazy" class="thumbnail"></a>'
    return format_html(html, address, address, _("Show the picture"))


@admin.register(Picture, site=farm_site)
class PictureAdmin(ModelAdmin):
    when_empty = "Pictures of products, plates and failures are listed here."
    list_display = ["preview", "pixels", "kilobytes", "created_at", "used_by"]
    list_display_links = ["pixels"]
    fields = ["preview", "pixels", "kilobytes", "created_at", "sha256"]
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).light().with_uses()

    def has_change_permission(self, request, obj=None):
        return False

    @admin.display(description="picture")
    def preview(self, picture):
        return thumbnail(picture.sha256)

    @admin.display(description="pixels")
    def pixels(self, picture):
        return str(picture)

    @admin.display(description="kB", ordering="size_bytes")
    def kilobytes(self, picture):
        return format_number(picture.size_bytes / KILOBYTE)

    @admin.display(description="used", ordering="uses")
    def used_by(self, picture):
        if not picture.uses:
            return _("not any more")
        return ngettext("once", "%(count)s times", picture.uses) % {"count": picture.uses}

    def delete_model(self, request, obj):
        pictures.remove(obj, by=request.user)

    def delete_queryset(self, request, queryset):
        for picture in queryset:
            pictures.remove(picture, by=request.user)


def photo_view(request, pk):
    """Give a product the photo that was sent, or take its photo away."""
    if not request.user.has_perm("production.change_product"):
        raise PermissionDenied
    product, done = get_object_or_404(Product, pk=pk), _("%(product)s has the photo.")
    try:
        if "remove" in request.POST:
            photo, done = None, _("%(product)s has no photo any more.")
        else:
            photo = encode(_sent(request))
        pictures.set_photo(product, photo=photo, by=request.user)
    except Product.DoesNotExist as error:  # any more
        raise Http404 from error
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, done % {"product": product})
    return HttpResponseRedirect(reverse("admin:production_product_change", args=[pk]))


def _sent(request):
    file = request.FILES.get(FIELD)
    if file is None:
        raise NoFile(_("Choose a photo first."))
    return file.read()
