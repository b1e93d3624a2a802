"""Long lists: a page takes what it shows, however far it is from the first and whatever it is
sorted by."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from inventory.models import InventoryTransaction, Location, Manufacturer
from production.models import ProductionRun
from production.services.reports import lots
from tests.production.large_tables import looked_at, plan_of, reading, steps
from tests.queries import analyze
from tests.rows import run_items, runs
from tests.shelf_rows import counts, entries, many, named, spools

MANY, PAGE = 600, 50
LEDGER, ADMIN_LEDGER = "/api/v1/inventory-transactions/", "/admin/inventory/inventorytransaction/"


@pytest.fixture
def boss(farm_client, manager):
    farm_client.force_login(manager)
    return farm_client


def selects(client, address):
    """The SELECTs of a page."""
    client.get(address)  # fills caches
    with reading() as seen:
        answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return seen.queries


def rows_of(plan, table):
    """The most rows of the table that any step of the plan gave."""
    own = [step for step in steps(plan) if step.get("Relation Name") == table]
    return max(step["Actual Rows"] * step["Actual Loops"] for step in own)


def json_of_page(client, address):
    """The statement of a page of the API's, without its count."""
    (page,) = [sql for sql in selects(client, address) if sql.startswith("WITH page")]
    return page[: page.rindex(", (SELECT count(*)")]


@pytest.mark.parametrize("query", [f"page={MANY // PAGE}", "ordering=-grams"])
def test_a_page_of_the_api_reads_what_it_shows_of_its_own_rows_alone(boss, query):
    counts(MANY)
    analyze()
    page = json_of_page(boss, f"{LEDGER}?{query}")
    plan = plan_of(page, without=["seqscan", "hashjoin", "mergejoin"])
    assert 0 < rows_of(plan, "inventory_spool") <= PAGE


@pytest.mark.parametrize(
    "address",
    [
        f"{ADMIN_LEDGER}?p={MANY // PAGE}",
        f"{ADMIN_LEDGER}?o=6",
        f"{ADMIN_LEDGER}?o=-9",
    ],
)
def test_a_page_reads_what_it_shows_of_its_own_rows_alone(boss, address):
    counts(MANY)
    analyze()
    (page,) = [sql for sql in selects(boss, address) if '"inventory_spool"."lot_number"' in sql]
    # Row by row, as where tables are too large to be read as a whole.
    plan = plan_of(page, without=["seqscan", "hashjoin", "mergejoin"])
    assert 0 < rows_of(plan, "inventory_spool") <= PAGE
    assert plan["Actual Rows"] == PAGE


def test_pages_together_are_the_list_in_its_order(boss):
    entries(MANY, spool=spools(1)[0], grams=lambda n: n % 7)
    found = []
    for page in range(1, MANY // 200 + 1):
        answer = boss.get(f"{LEDGER}?ordering=-grams,id&page_size=200&page={page}").json()
        found += [row["id"] for row in answer["results"]]
    ledger = InventoryTransaction.objects.order_by("-grams", "pk")
    assert found == list(ledger.values_list("pk", flat=True)[: len(found)])
    assert len(found) == MANY


def test_the_newest_rows_are_found_by_the_index_of_ids(boss):
    counts(MANY)
    analyze()
    assert looked_at(json_of_page(boss, f"{LEDGER}?ordering=-id")) <= PAGE


def test_what_is_not_there_comes_last_either_way(boss):
    for finished_at in (None, timezone.now(), None):
        now = dict.fromkeys(("created_at", "updated_at"), timezone.now())
        many(ProductionRun, 1, number=named("R"), finished_at=finished_at, **now)
    for ordering in ("finished_at", "-finished_at"):
        answer = boss.get(f"/api/v1/production-runs/?ordering={ordering}").json()
        assert [row["finished_at"] is None for row in answer["results"]] == [False, True, True]


def test_an_order_and_a_number_are_found_among_many_runs_by_an_index(farm):
    row = runs(1)[0]
    many_runs = runs(MANY)
    run_items(MANY, run=many_runs.__getitem__)
    row.items.update(order_reference="Ours-7")
    analyze()
    for found in (
        ProductionRun.objects.of_order("ours-7"),
        ProductionRun.objects.by_number(row.number.lower()),
    ):
        with reading() as seen:
            assert [run.pk for run in found] == [row.pk]
        assert looked_at(*seen.queries) < 10
    assert {line.run_id for line in lots.lots_of_order("ours-7")} == {row.pk}


# --- The admin -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["manufacturer", "location"])
def test_what_an_autocomplete_offers_comes_in_an_order(boss, model):
    owner = {"manufacturer": "filament", "location": "spool"}[model]
    make = {"manufacturer": Manufacturer, "location": Location}[model]
    for name in ("Cedar", "alder", "Birch"):
        make.objects.create(name=name)
    field = f"app_label=inventory&model_name={owner}&field_name={model}"
    offered = boss.get(f"/admin/autocomplete/?{field}&term=").json()["results"]
    names = [each["text"] for each in offered]
    assert names == list(make.objects.order_by("name").values_list("name", flat=True))


def test_the_years_of_a_list_are_not_looked_for_in_each_row(boss):
    spool, this_year = spools(1)[0], timezone.localdate().year
    entries(1, spool=spool, created_at=datetime(2019, 6, 1, tzinfo=UTC))
    text = boss.get(ADMIN_LEDGER).content.decode()
    years = [year for year in range(2017, this_year + 3) if f"created_at__year={year}" in text]
    assert years == list(range(2019, this_year + 1))
    assert not [sql for sql in selects(boss, ADMIN_LEDGER) if "DATE_TRUNC" in sql]
