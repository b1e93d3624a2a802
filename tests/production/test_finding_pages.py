"""The search in the API, on the floor and from the admin: addresses, sizes, statements, plans."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Location, Spool
from production.models import ProductionRun, RunItem
from production.services.finding import found
from production.services.finding.found import FoundKind
from production.views import found_rows
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_sliced_file,
    a_spool,
    make_user,
)
from tests.production.floor_helpers import page
from tests.production.large_tables import plan_of, steps
from tests.queries import analyze

API = "/api/v1/find/"
HUGE = {"production_productionrun", "production_runitem", "inventory_inventorytransaction"}
MAX_BYTES, MAX_SELECTS = 60_000, 12


def okapis(*numbers):
    """As many rows of each kind that are found by "okapi"."""
    shelf = Location.objects.get_or_create(name="Okapi shelf")[0]
    for n in numbers:
        name = f"Okapi {n} with a name of quite some length, for the left side of the enclosure"
        filament = a_filament(f"{name}, silk", color_name="Okapi brown")
        spool = a_spool(filament=filament, lot_number=f"OKAPI-{n}", location=shelf)
        product = a_product(f"OKAPI-{n}", name=name)
        run = a_run((spool, 5), items=[(product, 1)], printer=a_printer(f"Okapi {n}"))
        RunItem.objects.filter(run=run).update(order_reference=f"OKAPI-{n}")
        a_sliced_file(f"okapi-{n}.gcode")
        make_user(username=f"okapi{n}", name=f"Okapi {n}")


def selects(client, path):
    """Those of a page; the farm is looked up in a cache otherwise."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    every = [each["sql"] for each in seen.captured_queries if "SELECT" in each["sql"]]
    return [sql for sql in every if "tenants_tenant" not in sql]


def test_the_api_answers_by_kind_with_addresses(api):
    product = a_product("CC-330", name="Bracket")
    run = a_run(items=[(product, 1)])
    run.items.update(order_reference="SO-12")
    answer = api.get(API, {"q": "bracket"}).json()
    assert answer["q"] == "bracket"
    products, runs = answer["kinds"]  # it is the whole name of the product
    assert runs == {
        "kind": "run",
        "total_count": None,
        "has_more": False,
        "list_url": "/api/v1/production-runs/?search=bracket",
        "results": [
            {
                "id": run.pk,
                "name": run.number,
                "is_exact": False,
                "is_in_use": True,
                "status": "planned",
                "products": ["CC-330 Bracket"],
                "orders": ["SO-12"],
                "url": f"/api/v1/production-runs/{run.pk}/",
            }
        ],
    }
    assert (products["kind"], products["total_count"]) == ("product", 1)
    for each in answer["kinds"]:
        assert api.get(each["list_url"]).json()["total_count"] == 1
    [order] = [
        each for each in api.get(API, {"q": "so"}).json()["kinds"] if each["kind"] == "order"
    ]
    assert (order["results"][0]["id"], order["list_url"]) == (None, None)
    assert api.get(order["results"][0]["url"]).json()["results"][0]["id"] == run.pk


def test_each_address_of_the_api_leads_to_what_was_found(api):
    okapis(1)
    kinds = api.get(API, {"q": "okapi"}).json()["kinds"]
    assert {each["kind"] for each in kinds} == found.PERMISSIONS.keys()
    for each in kinds:
        assert each["results"], each
        for url in filter(None, [each["list_url"], *(row["url"] for row in each["results"])]):
            assert "kapi" in api.get(url).content.decode(), url


@pytest.mark.parametrize(
    ("query", "name"),
    [({}, "q"), ({"q": ""}, "q"), ({"q": "x" * 301}, "q"), ({"q": "a\0"}, "q"), ({"s": "x"}, "s")],
)
def test_the_api_names_what_can_not_be_looked_for(api, query, name):
    answer = api.get(API, query)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])


def test_the_api_refuses_more_words_than_anybody_types(api):
    assert api.get(API, {"q": "-".join(f"{n}" for n in range(20))}).status_code == 200
    answer = api.get(API, {"q": "-".join(f"{n}" for n in range(21))})
    assert answer.json()["errors"] == {"q": ["A search has at most 20 words."]}
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_words")


def test_every_page_refuses_them_alike(as_manager):
    words = " ".join(f"{n}" for n in range(21))
    for path, name in {
        "/floor/find/": "code",
        "/floor/receive/": "q",
        "/admin/inventory/spool/": "q",
        "/admin/production/productionrun/": "q",
    }.items():
        answer = as_manager.get(path, {name: words})
        assert answer.status_code == 400, path
        assert b"A search has at most 20 words." in answer.content, path


@pytest.mark.parametrize(
    "words",
    [
        *("zluty", "okapi shelf", "petg-cf", "cf zluty", "silk/okapi-7", "okapi_7", "jose okapi"),
        *("OKAPI 7", "10ab shelf", "gross", "OP-77", "2026-02-03", "3.2.2026 zluty"),
    ],
)
def test_the_lists_have_all_that_was_found(api, as_manager, manager, words):
    shelf = Location.objects.create(name="Okapi shelf")
    filament = a_filament(
        *("Žlutý, silk okapi (7)",),
        manufacturer=a_manufacturer("Größe"),
        material_type=a_material_type("PETG-CF"),
        article_number="OP-7755",
    )
    spool = a_spool(filament=filament, location=shelf, lot_number="Okapi/7")
    Spool.objects.filter(pk=spool.pk).update(
        code="10AB10CDE", archived_at=spool.created_at, received_on=date(2026, 2, 3)
    )
    a_printer("Okapi", manufacturer="José", location=shelf)
    run = a_run(items=[(a_product("OP-7", name="Žlutý okapi 7"), 1)])
    RunItem.objects.filter(run=run).update(order_reference="Okapi/7")
    ProductionRun.objects.filter(pk=run.pk).update(due_on=date(2026, 2, 3))
    a_sliced_file("Žlutý okapi-7.gcode")
    make_user(username="okapi7", name="José Okapi")
    kinds = api.get(API, {"q": words}).json()["kinds"]
    assert kinds
    for each in filter(lambda each: each["list_url"], kinds):
        rows = api.get(each["list_url"]).json()
        assert rows["total_count"] == len(each["results"]), each
    for each in kinds:
        kind = FoundKind(each["kind"], [], True, 1)
        [shown] = found_rows.displayed([kind], words, user=manager, is_admin=True)
        page_of_list = as_manager.get(shown["list"])
        assert page_of_list.context["cl"].result_count >= 1, shown["list"]


def test_punctuation_finds_nothing(api):
    assert api.get(API, {"q": "% ' \" ..."}).json()["kinds"] == []


def test_the_floor_shows_what_has_the_words_and_leads_to_its_pages(floor):
    okapis(1)
    text = page(floor.get("/floor/find/", {"code": "okapi"}))
    titles = ["Spools", "Runs", "Orders", "Printers", "Products", "Filaments", "Lots"]
    assert re.findall(r'<h2 id="\w+">(.*?)</h2>', text) == [*titles, "Sliced files"]
    addresses = re.findall(r'<a class="job [^"]*" href="([^"]+)"', text)
    assert len(addresses) == len(titles) + 1
    for address in addresses:
        assert "kapi" in page(floor.get(address.replace("&amp;", "&"))), address


def test_asked_from_the_admin_it_leads_to_the_pages_of_the_admin(as_manager):
    okapis(1)
    text = page(as_manager.get("/floor/find/", {"code": "okapi", "in": "admin"}))
    assert '<input type="hidden" name="in" value="admin">' in text
    addresses = re.findall(r'<a class="job [^"]*" href="([^"]+)"', text)
    assert len(addresses) == len(found.PERMISSIONS)
    for address in addresses:
        assert address.startswith("/admin/")
        assert "kapi" in page(as_manager.get(address.replace("&amp;", "&"))), address


def test_a_page_of_all_kinds_is_light_and_takes_few_selects(as_manager):
    okapis(1)
    few = selects(as_manager, "/floor/find/?code=okapi")
    okapis(*range(2, found.LIMIT + 3))
    many = selects(as_manager, "/floor/find/?code=okapi")
    assert len(many) == len(few) <= MAX_SELECTS
    answer = as_manager.get("/floor/find/", {"code": "okapi"})
    assert "in the list</a>" in page(answer)
    assert len(answer.content) <= MAX_BYTES


def test_an_operator_with_a_pin_is_told_to_type_another_word(floor, monkeypatch):
    monkeypatch.setattr("tenants.accounts.models.User.is_staff", False)
    for n in range(found.LIMIT + 1):
        a_product(f"G-{n}", name="Gnome")
    text = page(floor.get("/floor/find/", {"code": "gnome"}))
    assert f"The first of {found.LIMIT + 1}: type another word." in text
    assert 'href="/admin/' not in text


def test_what_can_be_loaded_is_still_scanned(floor):
    run = a_running_run((a_spool(), 5))
    answer = floor.get("/floor/find/", {"code": run.number})
    assert answer["Location"] == f"/floor/runs/{run.pk}/"


@pytest.mark.parametrize(
    "words", ["okapi", "okapi shelf", "so 12", "20261130 001", "a", "okapi-1 silk"]
)
def test_no_statement_reads_all_runs_or_their_lines(manager, words):
    okapis(1, 2, 3)
    analyze()
    with CaptureQueriesContext(connection) as seen:
        found.find(words, user=manager)
    queries = [each["sql"] for each in seen.captured_queries]
    queries = [sql for sql in queries if sql.lstrip(" (\n").startswith(("SELECT", "WITH"))]
    assert len(queries) >= 3
    for sql in queries:
        for step in steps(plan_of(sql)):
            is_whole = step["Node Type"] == "Seq Scan"
            assert not (is_whole and step.get("Relation Name") in HUGE), step
