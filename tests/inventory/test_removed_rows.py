"""What was removed is in no list of any interface; its own page says so, and brings it back."""

import pytest

from inventory.models import Filament, Manufacturer
from inventory.services import filaments, manufacturers
from inventory.services.receiving import FilamentInactive
from inventory.services.spools import shelf
from inventory.services.tables import table_reader
from inventory.services.tables.filament_import import import_filaments
from inventory.services.tables.matching import FilamentIndex
from tests.factories import a_filament, a_manufacturer, a_spool
from tests.inventory.api_helpers import found
from tests.production.admin_forms import carry_out
from tests.queries import fresh
from tests.responses import refused, text_of

LISTS = {"spools": "spool", "filaments": "filament", "manufacturers": "manufacturer"}


@pytest.fixture
def gone(farm):
    """A removed row of each kind, by the name of its list."""
    maker = a_manufacturer("Gone & Co")
    spool = a_spool(1000, filament=a_filament("Gone", manufacturer=maker), lot_number="GONE")
    shelf.remove(spool, by=None)
    manufacturers.remove(maker, by=None)
    filaments.remove(fresh(spool.filament), by=None)
    return {"spools": spool, "filaments": spool.filament, "manufacturers": maker}


@pytest.mark.parametrize("name", LISTS)
def test_no_list_of_the_api_has_it(gone, api, name):
    for query in ("", "page_size=5", "search=gone", "ordering=-id"):
        assert gone[name].pk not in found(api, f"/api/v1/{name}/", query)
    answer = api.get(f"/api/v1/{name}/{gone[name].pk}/").json()
    assert (answer["id"], answer["removed_at"] is not None) == (gone[name].pk, True)
    assert found(api, "/api/v1/spools/", "is_archived=true") == []
    assert found(api, "/api/v1/reports/stock/") == []


@pytest.mark.parametrize("name", LISTS)
def test_no_list_of_the_admin_has_it_and_its_page_brings_it_back(gone, as_manager, name):
    row, base = gone[name], f"/admin/inventory/{LISTS[name]}/"
    for query in ("?all=", "?shelf=all", "?shelf=archived", "?q=gone"):
        assert f"/{row.pk}/change/" not in as_manager.get(base + query, follow=True).text
    page = text_of(as_manager.get(f"{base}{row.pk}/change/"))
    assert ">Removed</span>" in page
    assert "Restore" in page
    _, answer = carry_out(as_manager, f"{base}{row.pk}/restore/")
    assert answer.status_code == 302
    assert not fresh(row).is_removed
    assert ">Removed</span>" not in text_of(as_manager.get(f"{base}{row.pk}/change/"))


@pytest.mark.parametrize("name", ["filaments", "manufacturers"])
def test_the_api_lists_and_restores_what_was_removed(gone, api, name):
    row, address = gone[name], f"/api/v1/{name}/"
    assert found(api, address, "is_removed=true") == [row.pk]
    assert row.pk not in found(api, address, "is_removed=false")
    answer = api.post(f"{address}{row.pk}/restore/")
    assert (answer.status_code, answer.json()["removed_at"]) == (200, None)
    assert found(api, address, "is_removed=true") == []
    assert row.pk in found(api, address)
    refused(api.post(f"{address}{row.pk}/restore/"), 409, "not_removed")


def test_a_name_that_another_has_by_now_is_refused(gone, api):
    manufacturers.create(Manufacturer, by=None, name="gone & co")
    address = f"/api/v1/manufacturers/{gone['manufacturers'].pk}/restore/"
    refused(api.post(address), 409, "duplicate")


@pytest.mark.parametrize(
    ("name", "query"),
    [("spools", "shelf=removed"), ("filaments", "removed=yes"), ("manufacturers", "removed=yes")],
)
def test_the_admin_has_a_list_of_what_was_removed(gone, as_manager, name, query):
    row, base = gone[name], f"/admin/inventory/{LISTS[name]}/"
    other = {
        "spools": a_spool,
        "filaments": a_filament,
        "manufacturers": lambda: a_manufacturer("There"),
    }[name]()
    text = text_of(as_manager.get(f"{base}?{query}"))
    assert f"/{row.pk}/change/" in text
    assert f"/{other.pk}/change/" not in text
    suggested = as_manager.get(
        "/admin/autocomplete/",
        {
            "app_label": "inventory",
            "model_name": "filament",
            "field_name": "manufacturer",
            "removed": "yes",
        },
    )
    assert gone["manufacturers"].pk not in [each["id"] for each in suggested.json()["results"]]


def test_the_page_of_what_is_there_offers_no_restoring(farm, as_manager):
    page = text_of(as_manager.get(f"/admin/inventory/filament/{a_filament().pk}/change/"))
    assert "Restore" not in page


def test_the_floor_says_so(gone, as_manager):
    spool = gone["spools"]
    assert "Removed" in text_of(as_manager.get(f"/floor/spools/{spool.pk}/"))


def test_it_is_no_choice(gone, api, as_manager):
    filament, maker = gone["filaments"], gone["manufacturers"]
    body = {"filament": filament.pk, "initial_grams": "10"}
    assert api.post("/api/v1/spools/", body).json()["code"] == FilamentInactive.code
    body = {"filament_name": "Gone", "initial_grams": "10"}
    assert "filament_name" in api.post("/api/v1/spools/", body).json()["errors"]
    other = a_filament("Other", manufacturer=None)
    for body in ({"manufacturer": maker.pk}, {"manufacturer_name": maker.name}):
        assert api.patch(f"/api/v1/filaments/{other.pk}/", body).status_code == 400
    field = {"app_label": "inventory", "model_name": "filament", "field_name": "manufacturer"}
    found = as_manager.get("/admin/autocomplete/", {**field, "term": "gone"}).json()
    assert found["results"] == []


def test_an_import_takes_the_oldest_of_those_that_are_there(gone):
    older, newer = (a_filament(name, external_id="same") for name in ("Older", "Newer"))
    Filament.objects.filter(pk=gone["filaments"].pk).update(external_id="same")
    assert FilamentIndex().by_external_id["same"].pk == older.pk
    table = "external_id;name;material;manufacturer;gtin\nsame;Older;PLA;Gone & Co;4006381333931\n"
    report = import_filaments(table_reader.read_filaments(table), by=None)
    assert (report.count("filled_in"), report.manufacturers) == (1, [])
    assert (fresh(older).gtin, fresh(newer).gtin) == ("4006381333931", "")


def test_a_name_is_needed_unless_a_client_made_the_row_without(farm, api, as_manager):
    nameless = a_filament("x", color_hex="FF0000")
    Filament.objects.filter(pk=nameless.pk).update(name="")
    address = f"/api/v1/filaments/{nameless.pk}/"
    answer = api.put(address, api.get(address).json())
    assert (answer.status_code, answer.json()["name"]) == (200, "")
    maker = nameless.manufacturer.pk
    assert api.patch(f"/api/v1/manufacturers/{maker}/", {"name": ""}).status_code == 400
    assert api.post("/api/v1/manufacturers/", {}).json()["errors"].keys() == {"name"}
    page = as_manager.get(f"/admin/inventory/filament/{nameless.pk}/change/")
    assert not page.context["adminform"].form.fields["name"].required
    page = as_manager.get(f"/admin/inventory/manufacturer/{maker}/change/")
    assert page.context["adminform"].form.fields["name"].required
