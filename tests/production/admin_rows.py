"""A farm with one row for each model of the admin, and the addresses of the admin's pages."""

import re
from importlib import import_module

from django.conf import settings
from django.urls import URLResolver, reverse

from inventory.models import Location
from inventory.services import extra_fields, holds
from inventory.services.spools import shelf
from production.models import PrinterSlot
from production.services import completion
from production.services.stocktaking import sessions
from tenants.accounts import devices
from tenants.accounts.models import Backup
from tenants.jobs import services as jobs
from tenants.site.site import farm_site
from tests.factories import (
    a_correction,
    a_filament,
    a_photo_of,
    a_print_host,
    a_printer,
    a_product,
    a_repeat,
    a_run,
    a_running_run,
    a_sliced_file,
    a_spool,
    make_token,
)

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def set_up(*, by):
    """One row for each model of the admin: ``{model name: row}``; a run planned, one completed."""
    spool, printer = a_spool(filament=a_filament(color_name="Blue")), a_printer()
    shelf.open(spool, by=by)
    slot = PrinterSlot.objects.create(printer=printer, label="1", spool=a_spool())
    done = a_running_run((spool, 30), items=[(a_product(grams=3), 10)], printer=a_printer())
    completion.complete(done, by=None, as_planned=True)
    a_run((a_spool(), 20), printer=printer)
    a_photo_of(done)
    a_print_host(printer)
    a_correction(printer=printer, by=by)
    make_token(by)
    a_repeat(user=by)
    a_sliced_file()
    sessions.begin(by=by)
    holds.place(lot_number="L7", reason="Brittle", by=by)
    devices.register(name="Tablet", by=by)
    Backup.objects.create(by=by, file="by-hand.farm.gz", size=1)
    Location.objects.create(name="Shelf")
    extra_fields.define("spool", "tag", by=by, name="Tag", field_type="text")
    jobs.start("export", by=by, title="Spools", arguments={})
    import_module(settings.ROOT_URLCONF)  # which registers the pages
    found = {"printerslot": slot, "productionrun": done, "spool": spool}
    for model in farm_site._registry:
        found.setdefault(model._meta.model_name, model._default_manager.order_by("pk").first())
    return found


def pages_of(row):
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
    return {
        "list": reverse(f"{name}_changelist"),
        "row": reverse(f"{name}_change", args=[row.pk]),
        "history": reverse(f"{name}_history", args=[row.pk]),
        "add": reverse(f"{name}_add"),
        "delete": reverse(f"{name}_delete", args=[row.pk]),
    }


def every_page(rows):
    """The address of each page of the admin, about these rows; read off the site itself, so that a
    new page is among them. One with an unknown parameter raises KeyError."""
    import_module(settings.ROOT_URLCONF)
    for route in _routes(farm_site.get_urls()):
        model = route.split("/")[1] if "/" in route else ""
        known = {"app_label": "production"}
        if model in rows:
            known |= {"pk": rows[model].pk, "object_id": rows[model].pk}
        yield "/admin/" + PARAMETER.sub(lambda found, known=known: str(known[found[1]]), route)


def _routes(patterns, before=""):
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield re.sub(r"^\^\(\?P(<\w+>)[^)]*\)/\$$", r"\1/", route)
