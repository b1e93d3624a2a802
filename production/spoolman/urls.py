"""The operations, by the paths that Spoolman has them at, below /api/v1/; and who may do them."""

from urllib.parse import quote

from django.http import HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from production.spoolman import (
    about,
    client_settings,
    distinct_values,
    exports,
    external,
    extra_fields,
    filaments,
    groups,
    lists,
    metrics,
    rows,
    search,
    spools,
    topics,
    vendors,
)
from production.spoolman.address import Address, Operation, Unknown
from tenants.api import OPEN
from tenants.web.printer_addresses import NAMES, PREFIX, TOKEN
from tenants.web.websockets import is_handshake

VIEW, CHANGE = "inventory.view_spool", "inventory.change_spool"
SETTINGS = "accounts.change_farmsettings"


def of(answer, permission=VIEW, **how):
    return Operation(answer, permission, **how)


ADDRESSES = {
    "info": Address(get=of(about.show), observed_as="spoolman.info"),
    "health": Address(get=of(about.health, OPEN)),
    "backup": Address(post=of(about.back_up, SETTINGS)),
    "setting/": Address(
        get=of(client_settings.show_all),
        topic=topics.of_all("setting"),
        observed_as="spoolman.settings",
    ),
    "setting/<key>": Address(
        get=of(client_settings.show),
        post=of(client_settings.change, SETTINGS),
        topic=topics.of_setting,
        observed_as="spoolman.setting",
    ),
    "field/<entity_type>": Address(get=of(extra_fields.show), observed_as="spoolman.fields"),
    "field/<entity_type>/<key>": Address(
        post=of(extra_fields.define, CHANGE), delete=of(extra_fields.drop, SETTINGS)
    ),
    "field/<entity_type>/<key>/values": Address(
        get=of(extra_fields.show_values), observed_as="spoolman.field_values"
    ),
    "material": Address(get=of(distinct_values.materials), observed_as="spoolman.materials"),
    "article-number": Address(
        get=of(distinct_values.article_numbers), observed_as="spoolman.article_numbers"
    ),
    "lot-number": Address(get=of(distinct_values.lot_numbers), observed_as="spoolman.lot_numbers"),
    "location": Address(get=of(distinct_values.location_names), observed_as="spoolman.locations"),
    "location/<path:name>": Address(patch=of(distinct_values.rename_location, CHANGE)),
    "spool/field/<field>": Address(patch=of(distinct_values.rename_value, CHANGE)),
    "vendor": Address(
        get=of(lists.vendors),
        post=of(vendors.create, "inventory.add_manufacturer"),
        topic=topics.of_all("vendor"),
        observed_as="spoolman.vendors",
    ),
    "vendor/<vendor_id>": Address(
        get=of(rows.show_vendor),
        patch=of(vendors.update, "inventory.change_manufacturer"),
        delete=of(vendors.delete, "inventory.delete_manufacturer"),
        topic=topics.of_one("vendor"),
        observed_as="spoolman.vendor",
    ),
    "filament": Address(
        get=of(lists.filaments),
        post=of(filaments.create, "inventory.add_filament"),
        topic=topics.of_all("filament"),
        observed_as="spoolman.filaments",
    ),
    "filament/<filament_id>": Address(
        get=of(rows.show_filament),
        patch=of(filaments.update, "inventory.change_filament"),
        delete=of(filaments.delete, "inventory.delete_filament"),
        topic=topics.of_one("filament"),
        observed_as="spoolman.filament",
    ),
    "spool": Address(
        get=of(lists.spools),
        post=of(spools.create, "inventory.receive_spool"),
        topic=topics.of_all("spool"),
        observed_as="spoolman.spools",
    ),
    "spool/group": Address(get=of(groups.show), observed_as="spoolman.groups"),
    "spool/<spool_id>": Address(
        get=of(rows.show_spool),
        patch=of(spools.update, CHANGE),
        delete=of(spools.delete, "inventory.archive_spool"),
        topic=topics.of_one("spool"),
        observed_as="spoolman.spool",
    ),
    "spool/<spool_id>/measure": Address(put=of(spools.measure, "inventory.weigh_spool")),
    "spool/<spool_id>/use": Address(
        put=of(spools.use, "inventory.use_spool", in_own_transaction=True)
    ),
    "search": Address(get=of(search.show), observed_as="spoolman.search"),
    "export/vendors": Address(get=of(exports.vendors), observed_as="spoolman.export"),
    "export/filaments": Address(get=of(exports.filaments), observed_as="spoolman.export"),
    "export/spools": Address(get=of(exports.spools), observed_as="spoolman.export"),
    "external/filament": Address(get=of(external.filaments), observed_as="spoolman.external"),
    "external/filament/search": Address(get=of(external.find), observed_as="spoolman.external"),
    "external/material": Address(get=of(external.materials), observed_as="spoolman.external"),
}
ROOT = Unknown(topic=topics.of_everything)  # nothing but a websocket
METRICS = Address(get=of(metrics.show), observed_as="spoolman.metrics")  # at the root


@csrf_exempt
def without_slash(request, **_parts):
    """The address without the slash at its end, with the method and the body that were sent."""
    if is_handshake(request):
        return Unknown()(request)
    return _redirect(request, request.path_info.rstrip("/"))


@csrf_exempt
def with_slash(request, **parts):
    """Of the one whose websocket is at the address without the slash."""
    if is_handshake(request):
        return ADDRESSES["setting/"](request, **parts)
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
