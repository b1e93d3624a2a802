"""A new owner, by hand, in an empty farm: what is set up and brought, and the first week."""

import secrets
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from inventory.models import Spool
from production.models import Printer, Product, ProductionRun
from production.services.printing import adding
from production.services.printing.printer_models import printer_models
from tenants.farms import services
from tests.browser.page_checks import DESK, Watch, finds
from tests.conftest import go_out, go_to
from tests.factories import PASSWORD, a_filament, a_material_type, a_spool
from tests.inventory.test_neighbours import ALL
from tests.inventory.workbooks import a_workbook

SPOOLS, PRINTERS = 200, 20
MODEL = "bambu-lab-x1-carbon-with-ams"


@pytest.fixture
def own(browser, server, django_db_blocker):
    """An empty farm, and a page in a browser in which nobody is signed in."""
    with django_db_blocker.unblock():
        slug = f"new-{secrets.token_hex(4)}"
        tenant = services.add_farm(slug=slug, name="New farm", password=PASSWORD)
        url = f"http://{slug}.localhost:{urlsplit(server.url).port}"
        context = browser.new_context(base_url=url, viewport=DESK, service_workers="block")
        context.set_default_timeout(30_000)
        watch = Watch(context, url)
        go_to(tenant)
        yield SimpleNamespace(tenant=tenant, page=context.new_page(), watch=watch)
        context.close()
        services.drop_farm(tenant, by=None)
        go_out()


@pytest.fixture
def page(own):
    """Signed in as the manager, on the front page."""
    page = own.page
    page.goto("/")
    page.get_by_label("Name").fill("manager")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    finds(page, "First steps of New farm")
    yield page
    assert own.watch.wrong == []  # nothing from elsewhere either


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def follow(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()


def first_steps(page, done):
    page.goto("/")
    finds(page, f"{done} of 10 are done.")


def bring(page, path, content):
    follow(page, "Import a file")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    page.get_by_label("File").set_input_files(path)
    press(page, "Preview")


def test_the_farm_and_twenty_printers_are_set_up(page):
    finds(page, "0 of 10 are done.")
    follow(page, "Settings")
    page.locator("#id_timezone").select_option("Europe/Berlin")
    page.locator("#id_labour_rate").fill("28")
    page.locator("#id_address").fill("https://farm.example.com")
    press(page, "Save")
    first_steps(page, 3)
    follow(page, "Add several printers")
    page.get_by_label("Model").select_option(label="X1 Carbon with AMS")
    page.get_by_label("Names").fill(f"P01 to P{PRINTERS}")
    press(page, "Add")
    finds(page, f"{PRINTERS} printers added: P01, P02")
    assert Printer.objects.filter(slots__label="A4", power_watts=105).count() == PRINTERS
    first_steps(page, 4)


@pytest.mark.parametrize("name", ALL)
def test_what_another_program_exports_is_two_presses(page, tmp_path, name):
    a_material_type("PLA")
    bring(page, tmp_path / f"{name}.csv", ALL[name])
    press(page, "Import 1 of 1 line")
    finds(page, f"{name}.csv is imported: 1 created")
    assert Spool.objects.count() == 1


def test_a_workbook_fills_the_shelf(page, tmp_path):
    lines = [["Nova", f"Colour {n % 20}", "PLA", 1, 19.9, f"Shelf {n % 9}"] for n in range(SPOOLS)]
    columns = ["Hersteller", "Name", "Material", "Gewicht (kg)", "Preis", "Regal"]
    a_material_type("PLA")
    bring(page, tmp_path / "stock.xlsx", a_workbook(columns, *lines))
    for kind in ("filaments", "manufacturers", "locations"):
        page.get_by_label(kind).check()
    press(page, "Preview with what is ticked")
    press(page, f"Import {SPOOLS} of {SPOOLS} lines")
    finds(page, f"stock.xlsx is imported: {SPOOLS} created")
    assert Spool.objects.filter(location__name="Shelf 8").count() == SPOOLS // 9
    first_steps(page, 3)  # materials, shelves, spools


def test_a_product_is_made_for_a_week_and_the_week_is_in_the_book(page):
    model = printer_models()[MODEL]
    adding.add_many(names=["P01", "P02", "P03"], slots=model.slots, by=None, **model.fields())
    filament = a_filament("Sky", material_type=a_material_type("PLA"))
    for _ in range(3):
        a_spool(1000, filament=filament)
    describe_a_product(page)
    plan_a_week(page)
    run = ProductionRun.objects.planned().order_by("pk").first()
    page.goto(f"/floor/runs/{run.pk}/")
    press(page, f"Start on {run.printer}")
    finds(page, "is in progress.")
    press(page, "Complete as planned")
    finds(page, "is completed: 80 g are booked.")
    page.goto("/admin/")
    assert "80" in page.locator("section.week tfoot").inner_text()


def describe_a_product(page):
    follow(page, "Add a product")
    page.locator("#id_sku").fill("CLIP")
    page.locator("#id_name").fill("Cable clip")
    page.locator("#id_units_per_plate").fill("10")
    page.locator("#id_plate_minutes").fill("60")
    page.locator("#bom_lines-group .add-row a").click()
    page.locator("#bom_lines-0 .field-material_type .select2-selection").click()
    page.locator(".select2-search__field").last.fill("PLA")
    page.locator(".select2-results__option", has_text="PLA").first.click()
    page.locator("#id_bom_lines-0-grams_per_unit").fill("8")
    press(page, "Save and continue editing")
    finds(page, "was added successfully")
    assert Product.objects.get(sku="CLIP").bom_lines.get().grams_per_unit == 8


def plan_a_week(page):
    follow(page, "Plan runs")
    page.get_by_label("Quantity").fill("55")
    page.get_by_label("Printers").select_option(label=["P01", "P02", "P03"])
    press(page, "Preview")
    finds(page, "6 runs")
    press(page, "Plan runs")
    page.wait_for_url("**/productionrun/?status=planned")
    assert ProductionRun.objects.planned().count() == 6
    page.goto("/floor/queue/")
    follow(page, "Propose spools for all")
    finds(page, "6 planned runs were looked at together.")
    press(page, "Reserve what is ticked")
    finds(page, "6 runs have their spools.")
    assert not ProductionRun.objects.planned().filter(materials__spool=None).exists()
