"""What a program finds in the inventory: by what it is, and where it is."""

from decimal import Decimal

import pytest

from inventory import colors
from inventory.models import Filament, Location, MaterialType
from inventory.services.spools import consumption, shelf
from tests.factories import a_filament, a_manufacturer, a_material_type, a_run, a_spool
from tests.inventory.api_helpers import SPOOLS, found

# --- The catalogue -----------------------------------------------------------------------------


@pytest.fixture
def filaments(farm):
    nova, petg = a_manufacturer("Nova"), a_material_type("PETG", density_g_cm3=Decimal("1.27"))
    return {
        "red": a_filament("Red", color_hex="CC0000", color_name="Signal red", external_id="x1"),
        "blue": a_filament(
            "Blue", manufacturer=nova, color_hex="0033CC", article_number="N-7", net_grams=750
        ),
        "two": a_filament(
            "Fire",
            material_type=petg,
            color_hex="",
            multi_color_hexes=["FFD700", "D00505"],
            multi_color_direction="coaxial",
            diameter_mm=Decimal("2.85"),
            gtin="40123455",
        ),
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=RED", {"red"}),
        ("manufacturer_name=nova", {"blue"}),
        ("material_type_code=petg", {"two"}),
        ("color_name=signal", {"red"}),
        ("color_near=FF0000", {"red", "two"}),
        ("color_near=%23ff0000ff", {"red", "two"}),
        ("color_near=00FF00", set()),
        ("diameter_mm=2.85", {"two"}),
        ("diameter_mm=1.75", {"red", "blue"}),
        ("article_number=n-7", {"blue"}),
        ("gtin=40123455", {"two"}),
        ("external_id=x1", {"red"}),
        ("is_active=true", {"red", "blue"}),
        ("search=nova", {"blue"}),
        ("color_near=", {"red", "blue", "two"}),
    ],
)
def test_filaments_are_found(api, filaments, query, names):
    Filament.objects.filter(pk=filaments["two"].pk).update(is_active=False)
    ids = found(api, "/api/v1/filaments/", query)
    assert sorted(ids) == sorted(filaments[name].pk for name in names)


def test_filaments_are_ordered_with_what_is_unknown_last(api, filaments):
    filaments["red"].price = None
    filaments["red"].save()
    ids = found(api, "/api/v1/filaments/", "ordering=-price,name")
    assert ids[-1] == filaments["red"].pk
    assert found(api, "/api/v1/filaments/", "ordering=net_grams")[0] == filaments["blue"].pk


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("manufacturers", "name=nova"),
        ("material-types", "code=petg"),
        ("material-types", "is_abrasive=true"),
        ("locations", "name=shelf 1"),
    ],
)
def test_makers_types_and_places_are_found_by_name(api, filaments, path, query):
    Location.objects.create(name="Shelf 1")
    Location.objects.create(name="Shelf 10")
    MaterialType.objects.filter(code="PETG").update(is_abrasive=True)
    assert len(found(api, f"/api/v1/{path}/", query)) == 1


@pytest.mark.parametrize(
    "query",
    ["color_near=red", "color_near=FFF", "diameter_mm=NaN", "diameter_mm=1e400", "diameter_mm=-1"],
)
def test_what_is_no_colour_and_no_amount_is_400(api, query):
    answer = api.get(f"/api/v1/filaments/?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.partition("=")[0]])


def test_colours_are_alike_as_they_look():
    known = ["FF0000", "EE1111FF", "0000FF", "800080", "FF4500", "000000", "FFFFFF"]
    assert colors.alike("FF0000", known) == ["FF0000", "EE1111FF", "FF4500"]
    assert colors.alike("0A0A0A", known) == ["000000"]


# --- Spools ------------------------------------------------------------------------------------


@pytest.fixture
def spools(filaments):
    dry = Location.objects.create(name="Dry box")
    stored = a_spool(1000, filament=filaments["red"], lot_number="L-1", supplier="Shop")
    used = a_spool(1000, filament=filaments["blue"], location=dry)
    consumption.use(used, grams=900, by=None)
    gone = shelf.archive(a_spool(500, filament=filaments["two"]), by=None, discard=False)
    Filament.objects.filter(pk=filaments["two"].pk).update(is_active=False)
    return {"kept": stored, "used": used, "gone": gone}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("manufacturer_name=NOVA", {"used"}),
        ("material_type_code=petg", {"gone"}),
        ("color_name=red", {"kept"}),
        ("color_near=ff0000", {"kept", "gone"}),
        ("filament_external_id=x1", {"kept"}),
        ("location_name=dry box", {"used"}),
        ("lot_number=l-1", {"kept"}),
        ("supplier=shop", {"kept"}),
        ("remaining_below=500", {"used"}),
        ("remaining_below=500.000001", {"used", "gone"}),
        ("available_from=500", {"kept", "gone"}),
        ("available_from=500&is_archived=false", {"kept"}),
        ("is_low=true", {"used"}),
        ("is_low=false", {"kept", "gone"}),
        ("is_opened=true", {"used"}),
        ("is_opened=false", {"kept", "gone"}),
        ("is_archived=true", {"gone"}),
    ],
)
def test_spools_are_found(api, spools, query, names):
    ids = found(api, SPOOLS, query)
    assert sorted(ids) == sorted(spools[name].pk for name in names)


def test_what_runs_claim_of_a_spool_is_not_free(api, spools):
    a_run((spools["kept"], 600))
    assert found(api, SPOOLS, "available_from=500&is_archived=false") == []


def test_the_maker_of_a_spool_is_named_by_id_too(api, spools, filaments):
    assert found(api, SPOOLS, f"manufacturer={filaments['blue'].manufacturer_id}") == [
        spools["used"].pk
    ]


@pytest.mark.parametrize("grams", ["x", "NaN", "-1", "1e12", "0.0000001", "Infinity"])
def test_grams_that_can_not_be_are_400(api, grams):
    for name in ("remaining_below", "available_from"):
        answer = api.get(f"{SPOOLS}?{name}={grams}")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
