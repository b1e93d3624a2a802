"""Makes the demo farm: its people, machines, catalogue and products."""

import json
import secrets
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

import inventory
from inventory.models import Filament, Location, MaterialType
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.filament_import import import_filaments
from production.demo import data
from production.demo.month import live_through
from production.models import BomLine, Printer, PrinterSlot, Product
from tenants.accounts import audited, roles
from tenants.accounts.models import FarmSettings, User
from tenants.accounts.services import add_user, change_settings
from tenants.farms import services
from tenants.models import Tenant

SLUG = "demo"
FARM = {"name": "Demo farm", "run_prefix": "DEMO", "timezone": "Europe/Berlin", "currency": "EUR"}
# username (and role), name, password
SIGN_INS = (
    (roles.MANAGER, "Miriam Falk", "keeps-the-books"),
    (roles.OPERATOR, "Oskar Brandt", "prints-all-day"),
    (roles.VIEWER, "Vera Lind", "looks-at-spools"),
)
SET_UP_BEFORE = timedelta(days=32)  # its history begins after it
SAMPLE = Path(inventory.__file__).parent / "samples" / "filaments.json"


def ensure(*, slug=SLUG, now=None):
    """Make the demo farm if it is missing or empty; returns ``(farm, whether made)``.

    One without people was interrupted while it was being made: its contents are one transaction.
    """
    farm = Tenant.objects.filter(slug=slug).first() or services.add_farm(slug=slug, **FARM)
    with tenant_context(farm):
        if User.objects.exists():
            return farm, False
        with transaction.atomic():
            _fill(now or timezone.now())
    return farm, True


def _fill(now):
    people = {}
    for role, name, password in SIGN_INS:
        by = people.get(roles.MANAGER)
        people[role] = add_user(username=role, name=name, password=password, role=role, by=by)
    _live_in(now, manager=people[roles.MANAGER], operator=people[roles.OPERATOR])


def fill_for_practice(*, manager, now):
    """Fill a practice farm as the demo farm is; the passwords of the others are known to nobody."""
    others = {}
    for role, name, _password in SIGN_INS[1:]:
        username = role if role != manager.username else f"{role}-2"
        person = {"username": username, "name": name, "password": secrets.token_urlsafe(32)}
        others[role] = add_user(**person, role=role, by=manager)
    _live_in(now, manager=manager, operator=others[roles.OPERATOR])


def _live_in(now, *, manager, operator):
    done = {"by": manager, "at": now - SET_UP_BEFORE}
    change_settings(FarmSettings.load(), **done, **data.SETTINGS)
    for name in data.LOCATIONS:
        audited.create(Location, **done, name=name)
    _catalogue(done)
    for row in data.PRINTERS:
        _printer(row, done)
    for row in data.PRODUCTS:
        _product(row, done)
    for _moment in live_through(now, manager=manager, operator=operator):
        pass


def _catalogue(done):
    import_filaments(read_catalogue(json.loads(SAMPLE.read_text())), by=done["by"])
    for external_id, price in data.FILAMENTS.values():
        filament = Filament.objects.get(external_id=external_id)
        known = {"price": price, "reorder_point_grams": data.REORDER_POINT_GRAMS}
        audited.update(filament, **done, **known)


def _printer(row, done):
    *values, labels = row
    fields = dict(zip(data.PRINTER_FIELDS, values, strict=True))
    location = Location.objects.get(name="Print room")
    printer = audited.create(Printer, **done, **fields, location=location)
    for label in labels:
        audited.create(PrinterSlot, **done, printer=printer, label=label)


def _product(row, done):
    *values, bom = row
    product = audited.create(Product, **done, **dict(zip(data.PRODUCT_FIELDS, values, strict=True)))
    for code, filament, grams in bom:
        exact = filament and Filament.objects.get(external_id=data.FILAMENTS[filament][0])
        audited.create(
            BomLine,
            **done,
            product=product,
            material_type=MaterialType.objects.get(code=code),
            filament=exact,
            grams_per_unit=grams,
        )
