"""Many rows of the inventory and of people, and how many rows of anything are written at once."""

from decimal import Decimal

from django.db import connection
from django.utils import timezone

from inventory.models import (
    Filament,
    InventoryTransaction,
    Location,
    Manufacturer,
    MaterialType,
    Spool,
    SpoolEvent,
    SpoolTag,
)
from tenants.accounts.models import User
from tests.factories import numbers

LOT, FULL = "L-1", 1000


def many(model, count, **fields):
    """So many rows of a model; a field is a value, or a function of the number of the row."""
    rows = [
        model(**{name: each(n) if callable(each) else each for name, each in fields.items()})
        for n in range(count)
    ]
    return model.objects.bulk_create(rows)


def named(word):
    """For a field that is unique."""
    return lambda _: f"{word} {next(numbers)}"


def first_of(model, make):
    """The first row by id, made if there is none: lists below a parent are those of this one."""
    if not model.objects.exists():
        make(1)
    return model.objects.order_by("pk").first()


def a_user():
    """The first user, if any."""
    return User.objects.order_by("pk").first()


def manufacturers(count):
    return many(Manufacturer, count, name=named("Maker"))


def material_types(count):
    return many(MaterialType, count, code=named("M"), density_g_cm3=Decimal("1.24"))


def locations(count):
    return many(Location, count, name=named("Shelf"))


def filaments(count):
    makers, types = manufacturers(count), material_types(count)
    return many(
        Filament,
        count,
        name=named("Filament"),
        manufacturer=makers.__getitem__,
        material_type=types.__getitem__,
        density_g_cm3=Decimal("1.24"),
    )


def spools(count, *, used=0):
    """Of 1000 g each, less what entries that follow take."""
    kinds, places = filaments(count), locations(count)
    rows = many(
        Spool,
        count,
        filament=kinds.__getitem__,
        location=places.__getitem__,
        initial_grams=FULL,
        remaining_grams=FULL - used,
        lot_number=LOT,
        received_on=timezone.localdate(),
    )
    entries(count, spool=rows.__getitem__, kind="receipt", grams=FULL, balance_grams=FULL)
    return rows


def allow_any_entries():
    """Until the rollback, entries need not follow those before them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION require_next_of_ledger() RETURNS trigger "
            "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
        )


def entries(count, *, spool, kind="count", grams=0, balance_grams=FULL, run=None, created_at=None):
    allow_any_entries()
    return many(
        InventoryTransaction,
        count,
        spool=spool,
        kind=kind,
        grams=grams,
        balance_grams=balance_grams,
        cost_per_gram=Decimal("0.02"),
        production_run=run,
        performed_by=a_user(),
        occurred_at=timezone.now(),
        created_at=created_at or timezone.now(),
    )


def counts(count):
    return entries(count, spool=spools(count).__getitem__)


def counts_of_one_spool(count):
    return entries(count, spool=first_of(Spool, spools))


def tags_of_one_spool(count):
    return many(SpoolTag, count, spool=first_of(Spool, spools), uid=named("TAG-"))


def events_of_one_spool(count):
    now, by = timezone.now(), many(User, count, username=named("mover"))
    spool = first_of(Spool, spools)
    return many(SpoolEvent, count, spool=spool, verb="moved", by=by.__getitem__, at=now)
