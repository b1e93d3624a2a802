"""Files of a new owner, chosen, previewed and imported in the browser."""

import pytest

from inventory.models import Filament, Spool
from tests.browser.page_checks import DESK, PHONE, barriers, finds
from tests.inventory.test_neighbours import ALL
from tests.inventory.workbooks import a_workbook

IMPORT = "/admin/inventory/spool/import/"


@pytest.fixture
def saved(tmp_path):
    """A file that is saved under this name."""

    def save(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def choose(page, path):
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Preview", exact=True).click()


@pytest.mark.parametrize("name", ALL)
def test_an_export_of_a_neighbour_is_two_presses(visit, saved, name):
    page = visit(IMPORT, viewport=DESK)
    choose(page, saved(f"{name}.csv", ALL[name]))
    page.get_by_role("button", name="Import 1 of 1 line").click()
    finds(page, f"{name}.csv is imported: 1 created")


def test_a_workbook_of_two_hundred_lines_is_imported(visit, saved):
    lines = [["Nova", f"PLA Colour {n % 20}", "PLA", 1, f"Shelf {n % 9}"] for n in range(200)]
    content = a_workbook(["Hersteller", "Name", "Material", "Gewicht (kg)", "Regal"], *lines)
    page = visit(IMPORT, viewport=DESK)
    choose(page, saved("stock.xlsx", content))
    finds(page, "Missing here: tick what is to be made")
    for kind in ("filaments", "manufacturers", "locations"):
        page.get_by_label(kind).check()
    page.get_by_role("button", name="Preview with what is ticked").click()
    page.get_by_role("button", name="Import 200 of 200 lines").click()
    finds(page, "stock.xlsx is imported: 200 created")
    assert Spool.objects.filter(filament__manufacturer__name="Nova").count() == 200
    assert Filament.objects.filter(manufacturer__name="Nova").count() == 20


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_columns_are_chosen_where_they_are_not_known(visit, saved, viewport):
    page = visit(IMPORT, viewport=viewport)
    table = "Sorte;Füllstand;Wetter\nPLA Sea;0,75;fair\n"
    choose(page, saved("odd.csv", table))
    finds(page, "How the columns are read")
    assert barriers(page) == []
    page.get_by_label("Sorte is").fill("name")
    page.get_by_label("Füllstand is").fill("remaining_grams (kg)")
    page.get_by_role("button", name="Preview with these columns").click()
    finds(page, "odd.csv: what becomes of its 1 line")
    assert barriers(page) == []
