"""A page of a list looks at few rows of a farm with a long past, however it is asked for.

The farm has 20,000 runs, made by SQL. Each parameter of the lists that grow with history has values
here: common ones, rare ones, and such as nothing has.
"""

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from benchmarks import farm
from config.api.urls import router
from tenants.accounts.models import User
from tests.conftest import FarmAPIClient, go_out, go_to, rolled_back
from tests.production.large_tables import plan_of, reading, steps

RUNS, SPOOLS = 20_000, 2_000
MOST_ROWS = 4_500  # looked at in a step of a plan: the lines of 1,000 runs, one by one
LONG = {
    "production_productionrun",
    "production_runitem",
    "production_runmaterial",
    "production_runevent",
    "inventory_inventorytransaction",
    "inventory_spoolevent",
    "accounts_auditevent",
}
DAYS = ("2026-01-01", "2999-01-01", "1990-01-01")
FLAGS = ("true", "false")
SPOOL = {"spool": ("100", "9999999"), "spool_code": ("QQQ", "ZZZ")}
FILAMENT = {
    "filament": ("1", "9999999"),
    "filament_name": ("Graphite", "zzz"),
    "filament_external_id": ("zzz",),
}
PERSON = {"": ("2", "9999999"), "_username": ("worker2", "zzz")}


def of_person(name):
    return {f"{name}{part}": values for part, values in PERSON.items()}


# By list and parameter: the values that it is asked with.
VALUES = {
    "production-runs": {
        "status": ("planned", "in_progress", "completed", "failed", "cancelled"),
        **dict.fromkeys(("start_date", "end_date", "finished_from"), DAYS),
        "finished_to": DAYS[1:],  # see WHOLE
        "product_id": ("1", "250", "9999999"),
        "product_sku": ("SKU-0001", "zzz"),
        "spool_id": ("100", "9999999"),
        "spool_code": SPOOL["spool_code"],
        "printer": ("1", "9999999"),
        "printer_name": ("Printer 01", "zzz"),
        **FILAMENT,
        "material_type": ("1", "9999999"),
        "material_type_code": ("PLA", "zzz"),
        "lot": ("LOT-5", "zzz"),
        "order_reference": ("SO-100", "zzz"),
        "number": ("zzz",),
        "external_id": ("shop-4", "zzz"),
        **of_person("created_by"),
        "is_deleted": FLAGS,
        "updated_since": ("2990-01-01T00:00:00Z",),
        "is_plan_outdated": FLAGS,
    },
    "run-events": {
        "after_id": ("5", "9999999"),
        **dict.fromkeys(("at_from", "at_to"), DAYS[1:]),
        **of_person("by"),
        "run": ("7", "9999999"),
        "run_number": ("zzz",),
        "verb": ("create", "complete", "cancel", "delete"),
        "to_status": ("planned", "in_progress", "completed", "failed", "cancelled"),
    },
    "inventory-transactions": {
        "after_id": ("5", "9999999"),
        **SPOOL,
        **FILAMENT,
        "run": ("7", "9999999"),
        "run_number": ("zzz",),
        "kind": ("usage", "count", "receipt", "return"),
        "source": ("floor", "admin"),
        **dict.fromkeys(("created_from", "created_to"), DAYS[1:]),
        **of_person("performed_by"),
    },
}
WORDS = ("zzz", "YRS", "000990", "a", "ABCDEFGH1")
# What goes through all rows: sorted by the moment of a change, which has no order of its own.
WHOLE = {"ordering=updated_at", "ordering=-updated_at"}


# What each index is for: without it, this query of a list looks at too many rows.
INDEXES = {
    "run_by_schedule": ("production-runs", ""),
    "run_by_status": ("production-runs", "ordering=status"),
    "run_by_creation": ("production-runs", "ordering=created_at"),
    "run_by_finish": ("production-runs", "ordering=-finished_at"),
    "run_by_start": ("production-runs", "ordering=-started_at"),
    "run_by_due_date": ("production-runs", "ordering=-due_on"),
    "run_by_priority": ("production-runs", "ordering=-priority"),
    "run_by_number_in_order": ("production-runs", "ordering=number"),
    "run_by_change": ("production-runs", "updated_since=2990-01-01T00:00:00Z"),
    "run_by_planner": ("production-runs", "created_by=9999999"),
    "run_by_printer": ("production-runs", "printer=9999999"),
    "run_by_number": ("production-runs", "number=zzz"),
    "run_by_words": ("production-runs", "search=zzz"),
    "run_deleted": ("production-runs", "is_deleted=true"),
    "run_item_by_order": ("production-runs", "order_reference=zzz"),
    "run_item_by_product": ("production-runs", "product_id=9999999"),
    "run_item_by_words": ("production-runs", "search=zzz"),
    "run_event_by_person": ("run-events", "by=9999999"),
    "run_event_by_rare_status": ("run-events", "to_status=cancelled"),
    "run_event_by_time": ("run-events", "ordering=at"),
    "run_event_by_verb": ("run-events", "verb=delete"),
    "run_event_by_words": ("run-events", "search=zzz"),
    "ledger_by_grams": ("inventory-transactions", "ordering=grams"),
    "ledger_by_kind": ("inventory-transactions", "kind=return"),
    "ledger_by_occurrence": ("inventory-transactions", "ordering=occurred_at"),
    "ledger_by_person": ("inventory-transactions", "performed_by=9999999"),
    "ledger_by_run": ("inventory-transactions", "run=9999999"),
    "ledger_by_source": ("inventory-transactions", "source=admin"),
    "ledger_by_time": ("inventory-transactions", "ordering=created_at"),
    "ledger_by_words": ("inventory-transactions", "search=zzz"),
}


@pytest.fixture(scope="module")
def client(django_db_setup, django_db_blocker):
    """A manager's, of that farm."""
    seeders = settings.FARM_SEEDERS[1:]  # the ids of that farm begin with 1
    with rolled_back(django_db_blocker):
        with override_settings(FARM_SEEDERS=seeders):
            size = {"runs": RUNS, "spools": SPOOLS}
            made = farm.create_farm("long", farm.SAMPLE, size, is_folded=False)
        go_to(made)
        client = FarmAPIClient(host=f"{made.slug}.localhost")
        client.force_authenticate(User.objects.get(username="worker1"))
        client.farm = made
        yield client
        go_out()


def view_of(name):
    return next((prefix, view) for prefix, view, each in router.registry if each == name)


def queries(name):
    _prefix, view = view_of(name)
    yield from ("", "page=2", "page_size=200")
    for parameter, values in VALUES[name].items():
        yield from (f"{parameter}={value}" for value in values)
    for column in [*view.ordering_fields, *getattr(view, "ordering_aliases", ())]:
        yield from (f"ordering={column}", f"ordering=-{column}")
    yield from (f"search={word}" for word in WORDS)


@pytest.mark.parametrize("name", VALUES)
def test_each_parameter_has_values(name):
    _prefix, view = view_of(name)
    assert VALUES[name].keys() == view.filterset_class.base_filters.keys()


@pytest.mark.parametrize("name", VALUES)
def test_a_page_looks_at_few_rows_however_it_is_asked_for(client, name):
    found = {}
    for query in queries(name):
        if query not in WHOLE and (seen := looked_at(client, address_of(name, query))):
            found[query] = seen
    assert found == {}


@pytest.mark.parametrize("index", INDEXES)
def test_without_an_index_it_would_look_at_many(client, index):
    name, query = INDEXES[index]
    with transaction.atomic():
        go_to(client.farm)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
        assert looked_at(client, address_of(name, query))
        transaction.set_rollback(True)


def address_of(name, query):
    return f"/api/v1/{view_of(name)[0]}/?count=false&{query}"


def looked_at(client, address):
    """The steps that look at too many rows of long tables: ``[(table, how many)]``."""
    with reading() as seen:
        answer = client.get(address)
    assert answer.status_code == 200, answer.content
    go_to(client.farm)
    plans = [plan_of(sql) for sql in seen.queries if any(table in sql for table in LONG)]
    return [(table, rows) for plan in plans for table, rows in rows_of(plan) if rows > MOST_ROWS]


def rows_of(plan):
    for step in steps(plan):
        if (table := step.get("Relation Name")) in LONG:
            removed = step.get("Rows Removed by Filter", 0)
            yield table, (step["Actual Rows"] + removed) * step["Actual Loops"]
