"""Products come in from tables with their materials, and the list of them comes in again."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.services.tables import table_reader
from production.models import BomLine, Product
from production.services.tables.columns import PRODUCTS
from production.services.tables.product_import import import_products
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tenants.jobs.models import Job
from tests.factories import a_filament, a_material_type, a_product
from tests.inventory.tables import columns_refused, results_by_line

pytestmark = pytest.mark.usefixtures("farm")
OF_LIST = ["/admin/production/product/csv/", "/admin/production/product/csv/?_as=xlsx"]
OF_LIST += ["/api/v1/products/?format=csv"]
PAGE, API = "/admin/production/product/import/", "/api/v1/products/import/"
FIELDS = (
    "sku", "name", "units_per_plate", "plate_minutes", "plate_purge_grams", "height_mm",
    "labour_minutes", "is_active", "description",
)  # fmt: skip
LINE = ("product__sku", "material_type__code", "filament__name", "grams_per_unit")


@pytest.fixture(autouse=True)
def materials(farm):
    for code in ("PLA", "PETG"):
        a_material_type(code)


def imported(content, **options):
    return import_products(table_reader.read(PRODUCTS, content), by=None, **options)


def outcomes(report):
    return [row.outcome for row in report.rows]


def all_products():
    lines = BomLine.objects.order_by("product__sku", "grams_per_unit")
    return list(Product.objects.order_by("sku").values_list(*FIELDS)), list(
        lines.values_list(*LINE)
    )


def bill_of(sku):
    return [line[1:] for line in all_products()[1] if line[0] == sku]


def test_materials_are_in_a_cell_or_on_lines_of_their_own():
    a_filament("Sky")
    report = imported(
        "sku;product;print time (h);materials;material;filament;grams_per_unit\n"
        'A-1;Hook;1,5;"petg: 2,5 g; PLA = polyfil  sky : 8;";;;\n'
        "B-1;Clip;;;PLA;;3\n"
        "C-1;Empty;;;;;\n"
        "B-1;;;;;Sky;0.5\n"
    )
    assert outcomes(report) == ["created"] * 4, results_by_line(report)
    assert Product.objects.get(sku="A-1").plate_minutes == 90
    assert bill_of("A-1") == [("PETG", None, Decimal("2.5")), ("PLA", "Sky", 8)]
    assert bill_of("B-1") == [("PLA", "Sky", Decimal("0.5")), ("PLA", None, 3)]
    assert report.rows[0].detail == ("A new product A-1 Hook: 2.5 g PETG, 8 g Polyfil Sky.")
    assert report.rows[3].detail == "More of B-1 Clip: 0.5 g Polyfil Sky."


BAD = (
    "sku,name,units_per_plate,height_mm,materials,material_type,filament,grams_per_unit\n"
    "OLD,Other,,,PLA: 9,,,\n"
    ",No SKU,0,x,PLA 8,,,\n"
    "A,Part,2,,PLA: 8,,,\n"
    "A,Other,2,,ABS: 3,,,\n"
    "A,,,,,PLA,,8\n"
    "B,Part,,,,PETG,Sky,1\n"
    "C,,,,,PLA,,\n"
    "D,Good,,,,,,\n"
    "E,Part,,,PLA: 0,,,4\n"
    "F,Part,,,,,Sky,1\n"
)


@pytest.fixture
def report(farm):
    """What became of BAD."""
    a_product("OLD", name="There")
    a_filament("Sky")
    a_filament("Sky", manufacturer=None)
    return imported(BAD)


def test_all_that_is_wrong_with_a_line_is_named(report):
    assert columns_refused(report) == {
        3: ["height_mm", "materials", "sku", "units_per_plate"],
        4: [""],
        5: ["materials", "name"],
        6: ["material_type"],
        7: ["filament"],
        8: ["grams_per_unit", "name"],
        10: ["material_type", "materials"],
        11: ["filament"],
    }
    found = results_by_line(report)
    assert "write it like “PLA: 8; PETG: 2.5”" in found[3]["materials"]
    assert found[5]["name"] == "Line 4 has another of this product: Part."
    assert found[6]["material_type"] == "PLA is there twice."
    assert "no filament of PETG" in found[7]["filament"]
    assert "2 filaments are called “Sky”: write one of #" in found[11]["filament"]


def test_no_product_is_made_in_part_and_refused_lines_come_in_mended(report):
    assert outcomes(report)[0::7] == ["unchanged", "created"]
    assert [str(each) for each in Product.objects.all()] == ["D Good", "OLD There"]
    assert not BomLine.objects.exists()
    mended = report.refused_table.replace("Other", "Part").replace("ABS", "PETG")
    again = imported(mended.replace("A,,,,,PLA,,8", "A,,,,,,,"))
    assert outcomes(again)[1:4] == ["created"] * 3, results_by_line(again)
    assert bill_of("A") == [("PETG", None, 3), ("PLA", None, 8)]
    assert outcomes(imported(BAD))[2] == "unchanged"


@pytest.mark.parametrize("locale", ["en-gb", "de"])
@pytest.mark.parametrize("address", OF_LIST)
def test_the_list_comes_in_again_as_it_was(at_admin, locale, address):
    change_settings(FarmSettings.load(), by=None, locale=locale)
    sky = a_filament("Sky; blue (2): x")
    hook = a_product(
        "-H/1", name='Hook "A"; B', units_per_plate=24, plate_minutes=Decimal("385.25"),
        plate_purge_grams=Decimal("0.125"), height_mm=Decimal("1234.5"), is_active=False,
        labour_minutes=Decimal("0.5"), description="=1+1", grams="1234.567891",
    )  # fmt: skip
    BomLine.objects.create(
        product=hook, material_type=sky.material_type, filament=sky, grams_per_unit=Decimal("0.5")
    )
    a_product("Z", name="Nothing known")
    before = all_products()
    content = b"".join(at_admin.get(address).streaming_content)
    report = imported(content)
    assert outcomes(report) == ["unchanged"] * 2, results_by_line(report)
    assert all_products() == before
    Product.objects.all().delete()
    report = imported(content)
    assert outcomes(report) == ["created"] * 2, results_by_line(report)
    assert all_products() == before


def test_the_admin_previews_a_table_and_imports_it(at_admin):
    sample = b"".join(at_admin.get(f"{PAGE}?as=sample-xlsx").streaming_content)
    assert outcomes(imported(sample, dry_run=True)) == ["created"] * 3
    file = SimpleUploadedFile("p.csv", b"sku,name,bom\nA,Hook,PLA: 8\nB,Clip,PLA\n")
    page = at_admin.post(PAGE, {"file": file})
    assert not Product.objects.exists()
    sent = {"signed": page.context["signed"], "_do": "1"}
    for _again in range(2):
        text = at_admin.post(PAGE, sent).content.decode()
        assert "p.csv is imported: 1 created" in text
        assert "refused-p.csv" in text
    assert all_products()[1] == [("A", "PLA", None, 8)]


def test_a_table_that_takes_long_is_previewed_as_a_job(at_admin):
    lines = [f"{number},Part,PLA: 8" for number in range(150)]
    file = SimpleUploadedFile("p.csv", "\n".join(["sku,name,bom", *lines]).encode())
    page = at_admin.post(PAGE, {"file": file})
    job = Job.objects.get(kind="product_import")
    assert page["Location"] == f"?job={job.pk}"
    assert job.title == "Import of products: p.csv"


def test_the_api_imports_a_table_of_products(api):
    send = {"data": "sku,name,materials\nA,Hook,PLA: 8\nB,Clip,ABS: 1\n"}
    send["content_type"] = "text/csv"
    tried = api.generic("POST", f"{API}?dry_run=true", **send).json()
    assert (tried["created_count"], tried["refused_count"], tried["kind"]) == (1, 1, "products")
    assert not Product.objects.exists()
    made = api.generic("POST", API, **send).json()
    assert made["lines"][0]["id"] == Product.objects.get().pk
    assert made["lines"][1]["problems"].keys() == {"materials"}
    assert api.generic("POST", API, **send).json()["unchanged_count"] == 1


@pytest.mark.parametrize("cell", ["[" * 5000, "{}", "[1, null]", "9" * 5000, "[{}]", "PLA: 8"])
def test_materials_that_are_no_list_of_the_api_do_no_harm(cell):
    report = imported(f'sku,name,is_active,bom_lines\nA,Hook,true,"{cell}"\n')
    assert outcomes(report)[0] in ("created", "refused")
    assert BomLine.objects.count() == 0
