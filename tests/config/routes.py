"""Every address of a site, as its map has them, and a farm that has a row for each."""

import re
from itertools import pairwise
from types import SimpleNamespace

from django.apps import apps
from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern

from inventory.models import (
    Filament,
    Hold,
    InventoryTransaction,
    Location,
    Manufacturer,
    MaterialType,
    RecognisedRepeat,
    Spool,
    SpoolEvent,
    SpoolTag,
    Stocktake,
    StocktakeLine,
)
from inventory.services import extra_fields, holds
from inventory.services.spools import shelf, tags
from production.models import (
    BomLine,
    Picture,
    Printer,
    PrinterSlot,
    PrintHost,
    Product,
    ProductAlias,
    ProductFile,
    ProductionRun,
    Reason,
    RunEvent,
    RunItem,
    RunMaterial,
    RunPhoto,
    SlicedFile,
    SlicerCorrection,
)
from production.services.stocktaking import recording as stocktaking
from production.services.stocktaking import sessions
from tenants.accounts import devices
from tenants.accounts.models import AuditEvent, Backup, DeviceToken, FloorDevice, User
from tenants.jobs.models import Job
from tests.factories import (
    a_correction,
    a_filament,
    a_manufacturer,
    a_material_type,
    a_photo_of,
    a_print_host,
    a_printer,
    a_product,
    a_product_file,
    a_repeat,
    a_running_run,
    a_sliced_file,
    a_slot,
    a_spool,
    an_alias,
    make_token,
    make_user,
)

OF_PRINTERS = ("production.spoolman", "production.octoprint")
NOWHERE = "/api/"  # everything below it that is no address

# Whose id an address names, by the word before it; the admin's are called by their models.
ROWS = {
    "aliases": ProductAlias,
    "audit-events": AuditEvent,
    "bom-lines": BomLine,
    "device-tokens": DeviceToken,
    "events": SpoolEvent,
    "filaments": Filament,
    "holds": Hold,
    "files": ProductFile,
    "floor-devices": FloorDevice,
    "inventory-transactions": InventoryTransaction,
    "items": RunItem,
    "jobs": Job,
    "locations": Location,
    "manufacturers": Manufacturer,
    "material-types": MaterialType,
    "materials": RunMaterial,
    "print-hosts": PrintHost,
    "photos": RunPhoto,
    "printers": Printer,
    "production-runs": ProductionRun,
    "products": Product,
    "reasons": Reason,
    "repeats": RecognisedRepeat,
    "receive": Filament,
    "run-events": RunEvent,
    "runs": ProductionRun,
    "sliced-files": SlicedFile,
    "slicer-corrections": SlicerCorrection,
    "slots": PrinterSlot,
    "spools": Spool,
    "stocktakes": Stocktake,
    "lines": StocktakeLine,
    "take-back": StocktakeLine,
    "swap": RunMaterial,
    "tags": SpoolTag,
    "tokens": DeviceToken,
    "transactions": InventoryTransaction,
    "users": User,
    **{model._meta.model_name: model for model in apps.get_models()},
}
# What else an address may hold, by the word before it.
OTHERS = {
    "s": lambda: Spool.objects.last().code,
    "p": lambda: Printer.objects.last().code,
    "r": lambda: ProductionRun.objects.last().number,
    "{code}": lambda: "A2",  # of a slot of that printer
    "admin": lambda: "inventory",
    "show": lambda: Spool.objects.last().number,
    "help": lambda: "floor",
    "pictures": lambda: Picture.objects.last().sha256,
}


class Route(SimpleNamespace):
    """``path`` as /api/v1/spools/{pk}/weigh/, the view, and the word before each parameter."""

    @property
    def is_api(self):
        return self.path.startswith("/api/")

    @property
    def words(self):
        steps = self.path.split("/")
        return [before for before, step in pairwise(steps) if step.startswith("{")]

    def address(self, *ids):
        """The address with these for its parameters, one after the other."""
        rest = iter(ids)
        return re.sub(r"\{\w+\}", lambda _: str(next(rest)), self.path)


def routes(urlconf="config.urls", *, printers=False):
    """Every route of a site, each address once; those of printers have tests of their own."""
    found = {}
    for path, view in _walk(get_resolver(urlconf).url_patterns, "/"):
        if printers or not view.__module__.startswith(OF_PRINTERS):
            found.setdefault(path, Route(path=path, view=view))
    return [found[path] for path in sorted(found)]


def _walk(entries, prefix):
    for entry in entries:
        for text in _texts(entry.pattern):
            if isinstance(entry, URLPattern):
                yield prefix + text, entry.callback
            else:
                yield from _walk(entry.url_patterns, prefix + text)


def _texts(pattern):
    """The pattern as an address, one for each letter that it has a choice of."""
    text = str(pattern)
    if isinstance(pattern, RoutePattern):
        return [re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)]
    choice = re.search(r"\(\?P<\w+>\[([a-zA-Z]+)\]\)", text)
    letters = sorted(set(choice[1].lower())) if choice else [""]
    chosen = [text.replace(choice[0], letter) if choice else text for letter in letters]
    simple = [simplify_regex(each).removeprefix("/") for each in chosen]
    return [re.sub(r"<(\w+)>", r"{\1}", each) for each in simple]


def furnish(word):
    """A row for each address in the farm we are in; each has ``word`` in what it is called."""
    maker = a_manufacturer(f"{word} maker", comment=word)
    kind = a_material_type(word.upper()[:10], name=word)
    filament = a_filament(f"{word} black", material_type=kind, manufacturer=maker, comment=word)
    Location.objects.create(name=f"{word} shelf", comment=word)
    extra_fields.define("spool", word, by=None, name=f"{word} field", field_type="text")
    printer = a_slot("A2", printer=a_printer(f"{word} printer", notes=word)).printer
    a_print_host(printer)
    a_correction(printer=printer)
    slot = a_slot(word, printer=printer)
    spool = a_spool(filament=filament, comment=word, lot_number=word, supplier=word)
    shelf.open(spool, by=None)
    tags.bind(spool, uid=word, by=None)
    product = a_product(f"{word}-sku", name=word, grams=5, material_type=kind)
    a_product_file(product, a_sliced_file(f"{word}.gcode", lines=word))
    an_alias(product, word)
    run = a_running_run((spool, 10), items=[(product, 1)], printer=slot.printer, notes=word)
    a_photo_of(run)
    Reason.objects.create(kind="scrap", code=word, label=word)
    user = make_user(username=f"{word}-user", name=word)
    make_token(user, name=f"{word} token")
    a_repeat(spool=spool, user=user, name=f"{word} printer's token")
    stocktaking.note_unknown(sessions.begin(by=user, confirm=True), text=f"{word} note", by=user)
    holds.place(lot_number=f"{word} lot", reason=word, by=user)
    devices.register(name=f"{word} tablet", by=user)
    Backup.objects.create(file=f"{word}.farm.gz", size=1)
    Job.objects.create(
        kind="export", title=word, by=user, status="done", result_type="text/csv", result_bytes=0
    )


def ids_of(route):
    """What the parameters of a route are of rows of the farm we are in.

    A KeyError names the word of a route that is new here.
    """
    return [OTHERS[word]() if word in OTHERS else _row_of(word).pk for word in route.words]


def _row_of(word):
    return ROWS[word].objects.order_by("pk").last()
