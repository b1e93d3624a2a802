"""The operations, by the paths that Spoolman has them at, below /api/v1/; and who may do them."""

from urllib.parse import quote

from django.http import HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from production.spoolman import about, rows
from production.spoolman.address import Address, Operation, Unknown
from tenants.api import OPEN
from tenants.web.printer_addresses import NAMES, PREFIX, TOKEN

VIEW = "inventory.view_spool"


def of(answer, permission=VIEW, **how):
    return Operation(answer, permission, **how)


ADDRESSES = {
    "info": Address(get=of(about.show), observed_as="spoolman.info"),
    "health": Address(get=of(about.health, OPEN)),
    "backup": Address(post=of(about.back_up, "accounts.change_farmsettings")),
    "vendor/<vendor_id>": Address(get=of(rows.show_vendor), observed_as="spoolman.vendor"),
    "filament/<filament_id>": Address(get=of(rows.show_filament), observed_as="spoolman.filament"),
    "spool/<spool_id>": Address(get=of(rows.show_spool), observed_as="spoolman.spool"),
}


@csrf_exempt
def without_slash(request, **_parts):
    """The address without the slash at its end, with the method and the body that were sent."""
    return _redirect(request, request.path_info.rstrip("/"))


@csrf_exempt
def with_slash(request, **_parts):
    return _redirect(request, f"{request.path_info}/")


without_slash.receives_body = with_slash.receives_body = True  # never


def _redirect(request, address):
    token = request.META.get(TOKEN)
    address = quote(address if token is None else f"{PREFIX}{token}{address}")
    if query := request.META.get("QUERY_STRING"):
        address = f"{address}?{query}"
    return HttpResponse(status=307, headers={"Location": address})


def _slashed(route):
    """The route with a slash at its end; of the one that Spoolman has with one, without."""
    if route.endswith("/"):
        return path(route.rstrip("/"), with_slash)
    return path(f"{route}/", without_slash)


urlpatterns = [
    *(path(route, address) for route, address in ADDRESSES.items()),
    *map(_slashed, ADDRESSES),
    re_path(rf"^(?:{'|'.join(NAMES)})(?:/.*)?$", Unknown()),
]
