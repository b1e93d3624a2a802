"""Barcodes, names, colours and figures: one rule by every way in, and one for finding them."""

from decimal import Decimal

import django_filters
import pytest
from django.urls import reverse

from config.api import urls as api_urls
from inventory import gtins
from inventory.models import Filament, Location, Spool
from inventory.services import receiving
from production.models import RunItem
from tenants.accounts import audited
from tenants.api.filters import (
    FilterSet,
)
from tenants.api.parameters import (
    TextParameter,
)
from tenants.operations.refusals import Invalid
from tests.factories import a_filament, a_manufacturer, a_material_type, a_product, a_run, a_spool
from tests.inventory.tables import filaments, results_by_line, spools
from tests.production.admin_forms import fields
from tests.production.api_helpers import RUNS
from tests.production.floor_helpers import page, touch
from tests.responses import done, refused, results, text_of

pytestmark = pytest.mark.usefixtures("farm")

FILAMENTS = "/api/v1/filaments/"
EAN, UPC, SHORT = "4006381333931", "036000291452", "96385074"
# As a name is stored, and as it is typed: in parts, with spaces of other kinds, or several.
PLAIN = "Café Crème 2"
TYPED = "  Cafe\u0301\u00a0Cre\u0300me  \u2003 2 "


def added_in_the_admin(client, **typed):
    """The admin's page after a filament was typed into it."""
    address = reverse("admin:inventory_filament_add")
    given = {"name": "Typed", "material_type": a_material_type().pk, "diameter_mm": "1.75"}
    answer = client.post(address, fields(client.get(address)) | given | typed)
    return "" if answer.status_code == 302 else text_of(answer)


# --- Barcodes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "gtin"),
    [
        (EAN, EAN),
        ("4 006381-333931", EAN),
        ("36000291452", UPC),  # as a spreadsheet left it
        ("00036000291452", "00036000291452"),
        (SHORT, SHORT),
        ("4006381333932", None),
        ("40063813", None),
        ("123456789012345", None),
        ("00000000", None),
        ("EAN", None),
    ],
)
def test_a_gtin_is_checked_and_completed_by_every_way_in(api, as_manager, typed, gtin):
    body = {"name": "Sent", "material_type": a_material_type().pk, "gtin": typed}
    answer = api.post(FILAMENTS, body)
    html = added_in_the_admin(as_manager, gtin=typed)
    report = filaments(["name", "material", "gtin"], ["Read", "PLA", typed])
    if gtin is None:
        assert list(refused(answer, 400, "invalid")["errors"]) == ["gtin"]
        assert "is no GTIN: 8, 12, 13 or 14 digits, the last a check digit." in html
        assert "is no GTIN" in results_by_line(report)[2]["gtin"]
        assert not Filament.objects.exists()
    else:
        assert (done(answer, 201)["gtin"], html, report.count("created")) == (gtin, "", 1)
        assert list(Filament.objects.values_list("gtin", flat=True)) == [gtin] * 3


@pytest.mark.parametrize(
    ("stored", "query"),
    [
        (EAN, [EAN, f"0{EAN}", "4 006381 333931", "14006381333938"]),
        (UPC, ["36000291452", UPC, f"0{UPC}", f"00{UPC}"]),
        (f"00{UPC}", [UPC, f"0{UPC}"]),
        (SHORT, [SHORT, f"0000{SHORT}", f"000000{SHORT}"]),
    ],
)
def test_a_gtin_is_compared_as_a_number_wherever_it_is_looked_for(api, floor, stored, query):
    filament = a_filament("Galaxy", gtin=stored)
    spool = a_spool(filament=filament)
    a_filament("Other", gtin="012345678905")
    for text in query:
        for parameter in ("gtin", "search"):
            word = text.replace(" ", "-")
            rows = results(api.get(FILAMENTS, {parameter: word}))
            assert [row["id"] for row in rows] == [filament.pk], (parameter, text)
        rows = results(api.get("/api/v1/spools/", {"search": text.replace(" ", "")}))
        assert [row["id"] for row in rows] == [spool.pk]
        rows = api.get("/admin/inventory/filament/", {"q": text.replace(" ", "")})
        html = page(floor.get("/floor/receive/", {"q": text}))
        assert f"/floor/receive/{filament.pk}/" in html
        assert "Other" not in html
    assert done(api.post("/api/v1/scan/", {"text": query[-1]}))["results"][0]["id"] == filament.pk


def test_what_is_not_set_is_no_gtin():
    a_filament(gtin="")
    for text in ("", "0", "00000000", "no"):
        assert not Filament.objects.of_gtin(text).exists()
    assert gtins.normalise("17") == "17"


# --- Names --------------------------------------------------------------------------------------


def test_a_name_is_stored_in_one_form_by_every_way_in(api, as_manager, floor):
    pla, place = a_material_type(), a_manufacturer()
    done(api.post(FILAMENTS, {"name": TYPED, "material_type": pla.pk}), 201)
    assert added_in_the_admin(as_manager, name=TYPED, manufacturer=place.pk) == ""
    report = filaments(["name", "material", "manufacturer"], [TYPED, "PLA", "Another"])
    assert report.count("created") == 1
    assert set(Filament.objects.values_list("name", flat=True)) == {PLAIN}
    filament = a_filament()
    done(api.post("/api/v1/spools/", {"filament": filament.pk, "lot_number": TYPED}), 201)
    touch(floor, f"/floor/receive/{filament.pk}/", count="1", lot_number=TYPED, codes="")
    spools(["name", "lot"], [filament.name, TYPED], again=True)
    receiving.receive(filament=filament, lot_number=TYPED, by=None)
    assert list(Spool.objects.values_list("lot_number", flat=True)) == [PLAIN] * 4
    item = {"product": a_product().pk, "quantity": 1, "order_reference": TYPED}
    run = done(api.post(RUNS, {"items": [item], "external_id": TYPED}), 201)
    assert (run["external_id"], RunItem.objects.get().order_reference) == (PLAIN, PLAIN)
    with pytest.raises(Invalid, match=r"a character that can’t be seen \(U\+200B\)"):
        receiving.receive(filament=filament, lot_number="L\u200b1", by=None)
    audited.create(Location, by=None, name=TYPED)
    refused(api.post("/api/v1/locations/", {"name": PLAIN}), 409, "duplicate")


def test_a_name_is_found_however_it_is_typed(api, as_manager, floor):
    place = Location.objects.create(name=PLAIN)
    filament = a_filament(PLAIN, manufacturer=a_manufacturer(PLAIN), color_name=PLAIN)
    spool = a_spool(filament=filament, location=place, lot_number=PLAIN, supplier=PLAIN)
    product = a_product(name=PLAIN)
    run = a_run((spool, 1), items=[(product, 1)], external_id=PLAIN)
    for address, parameters in {
        "locations": ("name", "search"),
        "manufacturers": ("name", "search"),
        "filaments": ("name", "manufacturer_name", "manufacturer", "color_name", "search"),
        "spools": (
            *("filament_name", "filament", "location_name", "manufacturer_name", "color_name"),
            *("lot_number", "supplier", "search"),
        ),
        "products": ("search",),
        "production-runs": ("filament_name", "lot", "external_id", "search"),
        "inventory-transactions": ("filament_name",),
        "reports/lots": ("lot",),
        "reports/stock": ("name", "search"),
    }.items():
        for parameter in parameters:
            rows = results(api.get(f"/api/v1/{address}/", {parameter: TYPED}))
            assert len(rows) == 1, (address, parameter)
    body = {"filament_name": TYPED, "location_name": TYPED.upper()}
    assert done(api.post("/api/v1/spools/", body), 201)["location"] == place.pk
    for model in ("filament", "spool", "location", "manufacturer"):
        found = as_manager.get(f"/admin/inventory/{model}/", {"q": TYPED}).context["cl"].result_list
        assert len(found) == (2 if model == "spool" else 1), model
    found = as_manager.get("/admin/production/productionrun/", {"q": TYPED}).context["cl"]
    assert list(found.result_list) == [run]
    assert f"/floor/receive/{filament.pk}/" in page(floor.get("/floor/receive/", {"q": TYPED}))


def test_a_product_is_named_by_its_sku_in_any_case(api):
    hook, other = a_product("Hook-1"), a_product("HOOK-1")
    lid = a_product("Lid-2")
    for sku, product in (("Hook-1", hook), ("HOOK-1", other), (" lid-2", lid)):
        item = {"product_sku": sku, "quantity": 1}
        run = done(api.post(RUNS, {"items": [item]}), 201)
        assert run["items"][0]["product"] == product.pk
    item = {"product_sku": "hook-1", "quantity": 1}
    problem = refused(api.post(RUNS, {"items": [item]}), 400, "invalid")
    assert "2 are called “hook-1”" in str(problem["errors"])
    assert [row["id"] for row in results(api.get("/api/v1/products/?sku=LID-2"))] == [lid.pk]
    assert len(results(api.get(f"{RUNS}?product_sku=LID-2"))) == 1


def test_every_filter_for_a_text_takes_it_as_names_are_stored():
    def kinds(base=FilterSet):
        for each in base.__subclasses__():
            yield each
            yield from kinds(each)

    assert api_urls  # the views, and with them their filters, are loaded
    texts = [
        (each.__name__, name)
        for each in kinds()
        for name, found in each.base_filters.items()
        if isinstance(found, django_filters.CharFilter)
        and not issubclass(found.field_class, TextParameter)
    ]
    assert not texts


def test_a_list_is_searched_in_the_api_as_in_the_admin(api, as_manager):
    maker, petg = a_manufacturer("Kestrel"), a_material_type("PETG")
    filament = a_filament("Ice", manufacturer=maker, material_type=petg, article_number="K-77")
    spool = a_spool(filament=filament, supplier="Shop")
    run = a_run((spool, 1), notes="for the fair", external_id="SHOP-9")
    a_run((a_spool(), 1))
    for address, page_name, row, words in (
        ("filaments", "inventory/filament", filament, ["ice petg", "k-77", "kestrel"]),
        ("spools", "inventory/spool", spool, ["ice petg", "k-77", "shop", spool.code[:5].lower()]),
        ("production-runs", "production/productionrun", run, [spool.code, "fair", "shop-9"]),
    ):
        for text in words:
            rows = results(api.get(f"/api/v1/{address}/", {"search": text}))
            assert [each["id"] for each in rows] == [row.pk], (address, text)
            found = as_manager.get(f"/admin/{page_name}/", {"q": text}).context["cl"].result_list
            assert [each.pk for each in found] == [row.pk], (page_name, text)
    assert not Spool.objects.matching("-").exists()


# --- Colours and figures ------------------------------------------------------------------------


def test_a_colour_is_stored_in_one_form_by_every_way_in(api, as_manager):
    body = {"name": "Sent", "material_type": a_material_type().pk, "color_hex": "#ff8800cc"}
    done(api.post(FILAMENTS, body), 201)
    assert added_in_the_admin(as_manager, color_hex=" #ff8800cc") == ""
    several = {"multi_color_hexes": "#ff8800,00ff00", "multi_color_direction": "coaxial"}
    assert added_in_the_admin(as_manager, name="Two", **several) == ""
    filaments(["name", "material", "color_hex"], ["Read", "PLA", "#ff8800cc"])
    audited.create(
        Filament(material_type=a_material_type()), by=None, name="Own", color_hex="#abc123"
    )
    hexes = Filament.objects.order_by("pk").values_list("color_hex", "multi_color_hexes")
    orange = ("FF8800CC", [])
    assert list(hexes) == [orange, orange, ("", ["FF8800", "00FF00"]), orange, ("ABC123", [])]
    assert "6 or 8 hex digits" in added_in_the_admin(as_manager, color_hex="orange")


def test_a_figure_is_rounded_half_up_by_every_way_in(api, as_manager):
    figures = {"price": "19.99995", "net_grams": "750.0000005", "density_g_cm3": "1.23455"}
    body = {"name": "Sent", "material_type": a_material_type().pk} | figures
    done(api.post(FILAMENTS, body), 201)
    assert added_in_the_admin(as_manager, **figures) == ""
    filaments(["name", "material", *figures], ["Read", "PLA", *figures.values()])
    stored = Filament.objects.values_list(*figures)
    assert set(stored) == {(Decimal("20.0000"), Decimal("750.000001"), Decimal("1.2346"))}
    assert stored.count() == 3


@pytest.mark.parametrize("typed", ["1_0", "１０", "NaN", "1e400", "1,000", "12345678901"])
def test_what_is_no_figure_is_one_by_no_way_in(api, as_manager, typed):
    body = {"name": "Sent", "material_type": a_material_type().pk, "price": typed}
    assert list(refused(api.post(FILAMENTS, body), 400, "invalid")["errors"]) == ["price"]
    assert 'id="id_price_error"' in added_in_the_admin(as_manager, price=typed)
    lines = results_by_line(filaments(["name", "material", "price"], ["Read", "PLA", typed]))
    assert list(lines[2]) == ["price"]
    if typed != "12345678901":
        refused(api.get(f"/api/v1/spools/?remaining_below={typed}"), 400, "invalid")
