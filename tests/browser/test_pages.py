"""Every page of the floor, and the admin's main ones, as they are seen: by hand, by eye, by ear."""

import pytest

from production import floor_urls
from tests.browser.page_checks import DESK, PHONE, TABLET, barriers, geometry
from tests.browser.pages import ADMIN, BUTTONS, FLOOR, SHARED, admin_path, floor_path

LOOKS = {"phone": (PHONE, "light"), "tablet": (TABLET, "dark")}
WIDTHS = (320, 360, 412, 600, 1280)  # besides those of the looks


def test_every_page_of_the_floor_is_looked_over():
    named = {pattern.name for pattern in floor_urls.urlpatterns}
    assert named == BUTTONS | SHARED | {address for address, *_ in FLOOR.values()}


@pytest.mark.parametrize("look", LOOKS)
def test_the_floor_is_for_gloves_and_for_everyone(visit, shop, look):
    viewport, scheme = LOOKS[look]
    page = visit(viewport=viewport, color_scheme=scheme)
    wrong = {}
    for name in FLOOR:
        page.goto(floor_path(name, shop.stage))
        assert page.locator("h1").is_visible(), name
        wrong[name] = geometry(page) + barriers(page)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("name", ["today", "running run", "complete", "spool", "load"])
def test_a_page_fits_screens_of_any_width(visit, shop, name):
    page = visit(floor_path(name, shop.stage))
    wrong = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wrong[width] = geometry(page)
    assert {width: found for width, found in wrong.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin_is_for_everyone(visit, shop, scheme):
    page = visit("/admin/", by="mona", viewport=DESK, color_scheme=scheme)
    wrong = {}
    for name in ADMIN:
        answer = page.goto(admin_path(name, shop.stage))
        assert answer.ok, name
        wrong[name] = barriers(page)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("width", [820, 1280])
def test_lists_and_forms_of_the_admin_fit_a_tablet(visit, shop, width):
    """Nothing goes on beside the screen, neither of the page nor within a list or a form."""
    page = visit("/admin/", by="mona", viewport={"width": width, "height": 900})
    wrong = {}
    for name in ADMIN:
        page.goto(admin_path(name, shop.stage))
        wrong[name] = page.evaluate(BESIDE)
    assert {name: found for name, found in wrong.items() if found} == {}


BESIDE = """() => [...document.querySelectorAll("html, .results, .tabular, .verb-fields .wide")]
    .filter((box) => box.scrollWidth > box.clientWidth + 1)
    .map((box) => `${box.className}: ${box.scrollWidth} in ${box.clientWidth}`)"""
