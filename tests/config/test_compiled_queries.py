"""Every compiled query finds what its queryset finds, in a farm that has rows of every kind."""

import importlib
import pkgutil
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

import inventory
import production
import tenants
from inventory.models import DeviceReport, Filament, MaterialType, Spool
from inventory.services import metering
from production.models import Printer, PrinterSlot, Product, ProductionRun, RunMaterial
from tenants.accounts import roles
from tenants.accounts.models import (
    DeviceToken,
    IdempotencyKey,
    SocketProcess,
    TokenSocket,
    User,
)
from tenants.models import Tenant
from tenants.operations import compiled
from tests.conftest import at_slug, rolled_back
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool, make_user
from tests.rows import ROWS

ROUNDS = 4  # until PostgreSQL has prepared it


def load_all():
    """Import every module, so that no query is missing."""
    for package in (tenants, inventory, production):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)


load_all()
QUERIES = {f"{each.__module__}.{each.__name__}": each for each in compiled.every}


def pks(model):
    return list(model.objects.order_by("pk").values_list("pk", flat=True))


def arguments(query):
    """Arguments of the query, of rows that are there and of rows that are not."""
    given = {name: values_of(name, kind, query) for name, kind in query.parameters.items()}
    rounds = max(map(len, given.values()), default=1)
    for number in range(rounds):
        yield {name: values[number % len(values)] for name, values in given.items()}


def values_of(name, kind, query):
    if kind not in (compiled.ID, compiled.IDS):
        return OTHERS[name]()
    if name == "number":
        model = query.statement.model
        model = Spool if model in (DeviceReport, PrinterSlot, RunMaterial) else model
        return [*model.objects.order_by("pk").values_list("number", flat=True), 2**40]
    ids = [*pks(OF.get(name, query.statement.model)), 2**40]
    return ids if kind is compiled.ID else [ids, ids[:1], ids[-1:], []]


# Of which model an id is, by the name of the parameter; else it is one of the rows themselves.
OF = {
    "filaments": Filament,
    "lines": RunMaterial,
    "material_types": MaterialType,
    "run": ProductionRun,
    "spool": Spool,
    "spools": Spool,
    "token": DeviceToken,
    "printer": Printer,
    "printers": Printer,
    "products": Product,
    "runs": ProductionRun,
    "user": User,
}
OTHERS = {
    "key": lambda: ["a key", "no key"],
    "host": lambda: ["alpha.localhost", "beta.localhost", "nobody.localhost"],
    "hashed": lambda: [*DeviceToken.objects.values_list("hash", flat=True), "no hash"],
    "now": lambda: [timezone.now(), timezone.now() + timedelta(days=9_000)],
    "moment": lambda: [timezone.now(), timezone.now() - timedelta(hours=1)],
    "since": lambda: [timezone.now() - timedelta(hours=1)],
    "seen_after": lambda: [timezone.now() - timedelta(hours=1), timezone.now()],
}


@pytest.fixture(scope="module")
def full(django_db_setup, django_db_blocker):
    """Alpha has rows of every kind while the module's tests run, which only read them."""
    with rolled_back(django_db_blocker):
        with at_slug("alpha"):
            fill_everything()
        yield


def fill_everything():
    manager = make_user(role=roles.MANAGER)
    for fill, *_ in ROWS.values():
        fill(2)
    printed_from = a_spool()
    a_running_run((printed_from, 10))
    a_run((printed_from, 10), items=[(a_product(grams=5), 1)], printer=a_printer())
    for spool in (printed_from, a_spool()):
        metering.use(spool.number, grams=1, by=manager)
    scope = {"method": "POST", "path": "/", "body_hash": "x", "headers": {}, "status": 200}
    for user in User.objects.all():
        a_spool(by=user)
        IdempotencyKey.objects.create(user=user, key="a key", **scope)
    at = {"received_at": timezone.now(), "done_at": timezone.now()}
    DeviceReport.objects.bulk_create(
        DeviceReport(token=token, spool=spool, unit="length", amount="5", **at)
        for token in DeviceToken.objects.all()
        for spool in Spool.objects.all()
    )
    process = SocketProcess.objects.create()
    for token in DeviceToken.objects.all():
        TokenSocket.objects.create(token=token, process=process.pk)


@pytest.mark.parametrize("name", sorted(QUERIES))
@pytest.mark.parametrize("prepares", [True, False])
@pytest.mark.usefixtures("full", "farm")
def test_a_compiled_query_finds_what_its_queryset_finds(name, prepares, monkeypatch):
    if not prepares:
        monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    query, found = QUERIES[name], 0
    if query.statement.model is Tenant:
        connection.set_schema_to_public()
    for values in arguments(query):
        expected = [contents(row) for row in query.queryset(**values)]
        for _ in range(ROUNDS):
            assert [contents(row) for row in query(**values)] == expected
        found += len(expected)
    assert found


def contents(row, seen=()):
    """All that a row holds, of the rows that come with it too."""
    if not hasattr(row, "_state") or row in seen:
        return row
    held = {name: value for name, value in vars(row).items() if name != "_state"}
    fields = row._state.fields_cache
    related = {name: contents(each, [*seen, row]) for name, each in fields.items()}
    return type(row), held, related
