"""The inventory's part of the API: the catalogue, spools, and what lists cost."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from inventory.models import Filament, InventoryTransaction, Location, Manufacturer, Spool
from inventory.services.spools import shelf
from tests.conftest import FarmAPIClient
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_spool,
    make_token,
    make_user,
)
from tests.inventory.api_helpers import SPOOLS, at

# --- The catalogue -------------------------------------------------------------------------------


def test_a_filament_is_added_by_the_names_people_know(api):
    a_manufacturer("Polyfil"), a_material_type("PETG", density_g_cm3=Decimal("1.27"))
    body = {
        "name": "Deep blue",
        "manufacturer_name": "polyfil",
        "material_type_code": "petg",
        "color_hex": "#1a2b3c",
    }
    answer = api.post("/api/v1/filaments/", body)
    assert answer.status_code == 201, answer.content
    filament = Filament.objects.get()
    assert (str(filament), filament.color_hex) == ("Polyfil Deep blue", "1A2B3C")
    assert answer.json()["density_g_cm3"] == "1.2700"


def test_an_id_and_a_name_must_not_contradict_each_other(api):
    pla, petg = a_material_type("PLA"), a_material_type("PETG")
    body = {"name": "X", "material_type": pla.pk, "material_type_code": petg.code}
    answer = api.post("/api/v1/filaments/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["material_type_code"])


def test_of_an_id_and_a_name_sent_back_the_changed_one_counts(api):
    filament, petg = a_filament(), a_material_type("PETG")
    path = f"/api/v1/filaments/{filament.pk}/"
    there = api.get(path).json()
    assert api.put(path, there | {"material_type": petg.pk}).json()["material_type_code"] == "PETG"
    assert api.put(path, there | {"name": "Y"}).json()["material_type_code"] == "PLA"


def test_a_filament_needs_a_material_type(api):
    answer = api.post("/api/v1/filaments/", {"name": "X"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["material_type"])


def test_a_put_needs_what_is_required_and_keeps_the_rest(api):
    filament = a_filament(price=20)
    path = f"/api/v1/filaments/{filament.pk}/"
    assert list(api.put(path, {"name": "X"}).json()["errors"]) == ["material_type"]
    answer = api.put(path, {"name": "X", "material_type_code": filament.material_type.code})
    assert (answer.json()["name"], answer.json()["price"]) == ("X", "20.0000")
    assert list(api.put(path, {}).json()["errors"]) == ["name"]


@pytest.mark.parametrize(
    "value", [10**30, 0, -1, "abc", True, 1.5, None, [], {"id": 1}, "9" * 5000, "²"]
)
def test_what_is_no_id_of_this_farm_is_400(api, value):
    answer = api.post("/api/v1/filaments/", {"name": "X", "material_type": value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["material_type"])


def test_another_farms_row_can_not_be_referred_to(api, other_farm):
    with tenant_context(other_farm):
        theirs = a_material_type("ASA")
    answer = api.post("/api/v1/filaments/", {"name": "X", "material_type": theirs.pk})
    assert answer.status_code == 400
    assert api.get(f"/api/v1/material-types/{theirs.pk}/").status_code == 404


def test_a_manufacturer_in_use_stays(api):
    maker = a_filament().manufacturer
    answer = api.delete(f"/api/v1/manufacturers/{maker.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert Manufacturer.objects.filter(pk=maker.pk).exists()


def test_two_without_an_external_id_are_no_duplicates(api):
    for name in ("One", "Two"):
        answer = api.post("/api/v1/manufacturers/", {"name": name, "external_id": ""})
        assert (answer.status_code, answer.json()["external_id"]) == (201, None)


# --- Spools --------------------------------------------------------------------------------------


def test_a_spool_is_received_with_its_entry_in_the_ledger(api, operator):
    api.force_authenticate(operator)
    answer = api.post(SPOOLS, {"filament": a_filament().pk, "initial_grams": "750", "price": 15})
    spool = Spool.objects.get()
    assert (answer.status_code, answer.json()["remaining_grams"]) == (201, "750.000000")
    assert answer["Location"].endswith(at(spool))
    entry = InventoryTransaction.objects.get()
    assert (entry.kind, entry.grams, entry.source) == ("receipt", 750, "api")
    assert entry.performed_by == operator


@pytest.mark.parametrize("grams", ["NaN", "Infinity", "-1", "0", 0, -5, "1e12"])
def test_a_spool_can_not_hold(api, grams):
    answer = api.post(SPOOLS, {"filament": a_filament().pk, "initial_grams": grams})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["initial_grams"])
    assert not Spool.objects.exists()


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-01T08:30:00",
        "2026-03-01",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-15:00",
        "2026-03-01T08:30:00+16:00",
        "2026-03-01T08:30:00+99:99",
        "soon",
        5,
        {},
    ],
)
def test_a_moment_without_offset_or_out_of_this_world_is_400(api, moment):
    answer = api.post(SPOOLS, {"filament": a_filament().pk, "opened_at": moment})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["opened_at"])


def test_what_is_said_about_a_spool_changes_and_its_version_with_it(api):
    spool = a_spool()
    rack = Location.objects.create(name="Shelf")
    before = api.get(at(spool))
    answer = api.patch(at(spool), {"location_name": "shelf", "lot_number": "L7"})
    assert (answer.json()["location"], answer.json()["lot_number"]) == (rack.pk, "L7")
    assert answer.json()["version"] == before.json()["version"] + 1
    assert answer["ETag"] == f'"{answer.json()["version"]}"'


def test_a_change_that_changes_nothing_leaves_the_version(api):
    there = api.get(at(a_spool())).json()
    answer = api.put(f"{SPOOLS}{there['id']}/", there).json()
    assert answer == there | {"revaluation": None}


@pytest.mark.parametrize("field", ["remaining_grams", "initial_grams", "code", "version"])
@pytest.mark.parametrize("value", ["7", "NaN", "sNaN", None, [], 10**30])
def test_a_balance_is_not_written_from_outside(api, field, value):
    spool = a_spool()
    answer = api.patch(at(spool), {field: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert Spool.objects.get().remaining_grams == 1000


def test_a_spool_is_not_deleted(api):
    assert api.delete(at(a_spool())).status_code == 405


def test_a_price_that_is_known_late_is_what_the_first_entries_cost(api):
    spool = a_spool(filament=a_filament(price=None))
    api.patch(at(spool), {"price": "25"})
    assert Spool.objects.get().late_cost_per_gram == Decimal("0.025")


# --- If-Match ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', 412),
        ('"2"', 200),
        ('W/"2"', 200),
        ('"1", "2"', 200),
        ("*", 200),
        ("x", 412),
        ("", 412),
    ],
)
def test_a_change_of_what_was_read_before_is_412(api, tag, status):
    spool = a_spool()
    Spool.objects.update(version=2)
    answer = api.patch(at(spool), {"comment": "x"}, headers={"If-Match": tag})
    assert answer.status_code == status
    assert Spool.objects.get().comment == ("x" if status == 200 else "")


def test_of_two_who_read_the_same_only_one_changes_it(committed_farm, in_threads):
    spool, secret = a_spool(), make_token(make_user(role="manager"))

    def patch(number):
        client = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        body, headers = {"comment": f"by {number}"}, {"If-Match": f'"{spool.version}"'}
        return client.patch(at(spool), body, headers=headers).status_code

    assert sorted(in_threads(patch, 8)) == [200] + [412] * 7


# --- How much a list costs -----------------------------------------------------------------------


def queries(api, path):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert api.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "path",
    [
        "manufacturers/?",
        "material-types/?",
        "locations/?",
        "filaments/?color_near=336699",
        "spools/?",
        "spools/?color_near=336699&is_low=false&as_of=2999-01-01",
        "inventory-transactions/?",
    ],
)
def test_a_list_of_thirty_takes_as_many_queries_as_one_of_one(api, path):
    def fill(number):
        location = Location.objects.create(name=f"Shelf {number}")
        maker = a_manufacturer(f"Maker {number}")
        polymer = a_material_type(f"PLA-{number}")
        a_spool(filament=a_filament(manufacturer=maker, material_type=polymer), location=location)

    fill(0)
    api.get(f"/api/v1/{path}")
    one = queries(api, f"/api/v1/{path}")
    for number in range(1, 30):
        fill(number)
    assert queries(api, f"/api/v1/{path}&page_size=200") == one
    assert one <= 6


def test_what_happened_to_a_spool_takes_as_many_queries_for_thirty_as_for_one(api):
    spool = a_spool()
    shelf.dry(spool, by=make_user())
    api.get(at(spool, "events"))
    one = queries(api, at(spool, "events"))
    for _ in range(29):
        shelf.dry(spool, by=make_user())
    assert queries(api, f"{at(spool)}events/?page_size=200") == one


def test_a_page_of_the_browsable_api_reads_no_more_as_spools_grow(farm_client, manager):
    farm_client.force_login(manager)
    path = "/api/v1/production-runs/?format=api"
    farm_client.get(path)
    one = queries(farm_client, path)
    for _ in range(10):
        a_spool()
    assert queries(farm_client, path) == one
