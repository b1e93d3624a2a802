"""Makers' filaments are found by words, and fill in the form of a new one."""

import re

import pytest
from django_tenants.utils import schema_context

from inventory.models import Filament, Manufacturer, MaterialType
from inventory.services.tables import catalogue_search, shared_catalogue
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.filament_import import import_filaments
from tests.factories import a_manufacturer, a_material_type
from tests.responses import done, refused, text_of

SEARCH = "/api/v1/filaments/catalogue/"
PAGE = "/admin/inventory/filament/catalogue/"
ADD = "/admin/inventory/filament/add/"
GRAPHITE = "nordfaden_pla_graphite_1000_175"
RAINBOW = {
    "id": "acme_rainbow",
    "manufacturer": "Acme",
    "name": "Rainbow Silk",
    "material": "PLA-X9",
    "density": 1.3,
    "diameter": 1.75,
    "weight": 750,
    "spool_weight": 180,
    "color_hexes": ["FF0000", "00FF00"],
    "multi_color_direction": "coaxial",
    "extruder_temp_range": [200, 220],
}


@pytest.fixture
def shared(farm):
    """The catalogue of all farms: one entry can be used, the others can't be true."""
    broken = [
        RAINBOW | {"id": ["list"], "name": "Rainbow List"},
        RAINBOW | {"id": "heavy", "name": "Rainbow Heavy", "weight": -1},
        RAINBOW | {"id": "dense", "name": "Rainbow Dense", "density": "much"},
    ]
    with schema_context("public"):
        shared_catalogue.replace(shared_catalogue.FILAMENT, [RAINBOW, *broken])


def test_both_catalogues_are_found_by_words_in_any_order(shared, api):
    bundled = done(api.get(SEARCH, {"q": "GRAPHITE nordfaden"}))["entries"]
    assert [entry["body"]["external_id"] for entry in bundled] == [GRAPHITE]
    assert bundled[0]["filament"] is None
    found = done(api.get(SEARCH, {"q": "rainbow"}))["entries"]
    assert [entry["body"]["name"] for entry in found] == ["Rainbow Silk"]
    assert found[0]["body"]["multi_color_hexes"] == ["FF0000", "00FF00"]
    assert found[0]["body"]["nozzle_temp"] == 210
    for nothing in ("abacus", "%", "'; drop"):
        assert done(api.get(SEARCH, {"q": nothing}))["entries"] == []
    for bad in ({}, {"q": ""}, {"q": "x" * 301}):
        refused(api.get(SEARCH, bad), 400, "invalid")


def test_the_example_of_the_search_finds_something(as_manager):
    example = re.search("material, as “(.+?)”", text_of(as_manager.get(PAGE)))[1]
    assert catalogue_search.find(example)


def test_an_entry_is_the_body_of_a_new_filament(farm, api):
    a_manufacturer("Nordfaden")
    a_material_type("PLA")
    body = done(api.get(SEARCH, {"q": "graphite"}))["entries"][0]["body"]
    made = done(api.post("/api/v1/filaments/", body), 201)
    assert (made["tare_grams"], made["color_hex"]) == ("212.000000", "26282B")
    again = done(api.get(SEARCH, {"q": "graphite"}))["entries"][0]
    assert again["filament"] == made["id"]


def test_the_form_is_filled_in_and_saved(shared, at_admin):
    page = text_of(at_admin.get(PAGE, {"q": "rainbow silk"}))
    assert "Rainbow Silk" in page
    assert "Rainbow Heavy" not in page
    assert ">750<" in page
    answer = at_admin.post(PAGE, {"q": "rainbow silk", "entry": "acme_rainbow"})
    assert answer.status_code == 303
    form = at_admin.get(answer["Location"]).context["adminform"].form
    sent = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    sent["multi_color_hexes"] = ",".join(RAINBOW["color_hexes"])
    saved = at_admin.post(ADD, sent | {"is_active": "on"})
    assert saved.status_code == 302, saved.context["adminform"].form.errors
    filament = Filament.objects.with_makers().get()
    assert str(filament) == "Acme Rainbow Silk"
    assert (filament.material_type.code, filament.tare_grams) == ("PLA-X9", 180)
    assert filament.multi_color_hexes == ["FF0000", "00FF00"]
    assert filament.external_id == "acme_rainbow"


def test_a_filament_that_is_there_is_marked_and_named_when_it_is_added_twice(farm, at_admin):
    entries = catalogue_search.find("graphite")
    maker = Manufacturer.objects.create(name="nordfaden")
    values = catalogue_search.choose("graphite", external_id=GRAPHITE, by=None)
    assert values["manufacturer"] == maker
    Filament.objects.create(**values)
    assert entries[0].filament is None
    assert "It is there already" in text_of(at_admin.get(PAGE, {"q": "graphite"}))
    sent = {name: getattr(value, "pk", value) for name, value in values.items()}
    sent |= {"is_active": "on", "color_hex": "#26282b", "external_id": ""}
    page = at_admin.post(ADD, sent, follow=True)
    assert "of this size already" in text_of(page)
    assert set(Filament.objects.values_list("color_hex", flat=True)) == {"26282B"}


def test_the_floor_leads_to_the_catalogues_where_the_farm_has_none(farm, at_admin):
    link = f"{PAGE}?q=graphite%20%26%20co"
    assert link in text_of(at_admin.get("/floor/receive/", {"q": "graphite & co"}))
    assert PAGE not in text_of(at_admin.get("/floor/receive/"))


def test_an_entry_that_is_gone_is_refused_and_makes_nothing(farm, at_admin):
    before = MaterialType.objects.count()
    for sent in ({"q": "graphite", "entry": "nothing"}, {"q": "", "entry": GRAPHITE}, {}):
        page = at_admin.post(PAGE, sent)
        assert page.status_code == 200
        assert "search again" in text_of(page)
    assert (MaterialType.objects.count(), Manufacturer.objects.count()) == (before, 0)


def test_a_farms_own_catalogue_import_is_recognised(shared):
    import_filaments(read_catalogue([RAINBOW]), by=None)
    assert catalogue_search.find("rainbow")[0].filament == Filament.objects.get().pk
