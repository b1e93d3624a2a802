"""What is taken along from a list comes in again: here unchanged, elsewhere as it was."""

import csv
import io

import pytest
from openpyxl import load_workbook

from inventory import codes
from inventory.models import Filament, Location, Spool
from inventory.services import receiving
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tenants.web.csv_export import XLSX
from tests.factories import a_filament
from tests.inventory.tables import import_filaments, import_spools, results_by_line
from tests.queries import violations

pytestmark = pytest.mark.usefixtures("farm")
PAGES = {"filaments": "/admin/inventory/filament/csv/", "spools": "/admin/inventory/spool/csv/"}
API = {name: f"/api/v1/{name}/?format=csv" for name in PAGES}
IMPORTS = {"filaments": import_filaments, "spools": import_spools}
SPOOL = (
    "code", "initial_grams", "remaining_grams", "price", "lot_number", "supplier", "received_on",
    "comment", "location__name", "filament__name", "filament__manufacturer__name",
    "filament__material_type__code", "filament__color_hex", "filament__external_id",
)  # fmt: skip
FILAMENT = (
    "name", "manufacturer__name", "material_type__code", "color_name", "color_hex", "net_grams",
    "tare_grams", "price", "gtin", "external_id", "diameter_mm", "density_g_cm3", "comment",
)  # fmt: skip


@pytest.fixture(params=["en-gb", "de"])
def stock(request, farm):
    """Filaments and spools, in a farm that writes its numbers so."""
    change_settings(FarmSettings.load(), by=None, locale=request.param)
    red = a_filament(
        "Rot; matt", net_grams="1000.125", tare_grams="212", price="19.999", external_id="r-1",
        color_name="Signalrot", color_hex="C1121F", gtin="4006381333931", comment='"x"\n=1+1',
    )  # fmt: skip
    a_filament("Nameless", manufacturer=None, net_grams=None, external_id="n-1")
    shelf = Location.objects.create(name="Regal 1")
    details = {"filament": red, "by": None, "location": shelf, "supplier": "@shop"}
    receiving.receive(lot_number="0815", remaining_grams="633.375", price="1234.5", **details)
    receiving.receive(lot_number="-5", initial_grams="999.125", **details)


def of_page(client, name, kind=""):
    answer = client.get(f"{PAGES[name]}{kind}")
    return b"".join(answer.streaming_content)


def rows_of(name):
    if name == "filaments":
        return list(Filament.objects.order_by("external_id").values_list(*FILAMENT))
    return list(Spool.objects.order_by("code").values_list(*SPOOL))


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("way", ["admin", "workbook", "api"])
def test_what_a_list_holds_comes_in_unchanged(at_admin, api, name, way):
    ways = {
        "admin": lambda: of_page(at_admin, name),
        "workbook": lambda: of_page(at_admin, name, "?_as=xlsx"),
        "api": lambda: b"".join(api.get(API[name]).streaming_content),
    }
    before = rows_of(name)
    report = IMPORTS[name](ways[way]())
    assert [row.outcome for row in report.rows] == ["unchanged"] * 2, results_by_line(report)
    assert rows_of(name) == before


OF_SPOOL = [place for place, name in enumerate(SPOOL) if name not in ("code", "filament__name")]


@pytest.mark.usefixtures("stock")
def test_what_is_taken_to_another_farm_is_there_as_it_was(at_admin):
    before = rows_of("spools")
    text = of_page(at_admin, "spools").decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text), delimiter=";" if "code;" in text else ","))
    place = {name: place for place, name in enumerate(lines[0])}
    for line in lines[1:]:  # what the other farm does not have
        line[place["code"]], line[place["name"]] = codes.generate(), "Elsewhere"
        line[place["external_id"]] = ""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(lines)
    report = import_spools(out.getvalue())
    assert (report.refused, report.missing["filaments"]) == ([], ["Polyfil Elsewhere"])
    there = Spool.objects.filter(filament__name="Elsewhere").order_by("pk").values_list(*SPOOL)
    of_interest = [place for place in OF_SPOOL if SPOOL[place] != "filament__external_id"]
    assert sorted(str([row[place] for place in of_interest]) for row in there) == sorted(
        str([row[place] for place in of_interest]) for row in before
    )
    assert violations() == []


def test_csv_is_as_the_spreadsheets_of_the_farm_open_it(at_admin):
    a_filament("Rot", price="1.5")
    assert of_page(at_admin, "filaments").startswith("\ufeffexternal_id,".encode())
    change_settings(FarmSettings.load(), by=None, locale="de")
    text = of_page(at_admin, "filaments").decode()
    assert text.startswith("\ufeffexternal_id;manufacturer;")
    assert ";1,5;" in text
    empty = at_admin.get("/admin/inventory/spool/import/?as=csv").content.decode()
    assert empty.startswith("\ufeffexternal_id;manufacturer;")


def test_a_workbook_has_numbers_and_dates_and_no_formulas(at_admin):
    red = a_filament("=HYPERLINK(1)", color_name="a\x0bb", price="1234.5")
    receiving.receive(filament=red, by=None, lot_number="0815")
    answer = at_admin.get(f"{PAGES['spools']}?_as=xlsx")
    assert answer["Content-Type"] == XLSX
    assert 'filename="spools-' in answer["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    header, row = sheet.iter_rows()
    cells = dict(zip([cell.value for cell in header], row, strict=True))
    assert (cells["name"].value, cells["name"].data_type) == ("=HYPERLINK(1)", "s")
    assert (cells["lot_number"].value, cells["remaining_grams"].data_type) == ("0815", "n")
    assert cells["received_on"].is_date
    page = at_admin.get("/admin/inventory/spool/?shelf=archived")
    assert page.context["xlsx_url"].endswith("csv/?shelf=archived&_as=xlsx")
