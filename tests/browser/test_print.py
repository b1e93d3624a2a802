"""Pages on paper: what they say, in ink on white, without what can be pressed."""

import pytest

from tests.browser.page_checks import DESK
from tests.browser.pages import admin_path, floor_path

API = {"spools": "/api/v1/spools/", "spool": "/api/v1/spools/{spool}/"}


def api_path(name, sample):
    return API[name].format(spool=sample.spool.pk)


TO_PRESS = "header, button, [type=submit], .button, .btn, .object-tools, .paginator a, #nav-sidebar"
INK = "(each) => getComputedStyle(each, '::before').printColorAdjust"
SHAPES = {"runs": ".badge", "run": ".badge", "spool": ".legend .free"}  # which tell a status
PAGES = {
    "floor": (floor_path, ("today", "running run", "spool")),
    "admin": (admin_path, ("index", "runs", "run", "spool")),
    "api": (api_path, ("spools", "spool")),
}


@pytest.mark.parametrize("face", PAGES)
def test_a_printed_page_has_its_content_and_nothing_to_press(visit, shop, face):
    path_of, names = PAGES[face]
    page = visit("about:blank", by="mona", viewport=DESK, color_scheme="dark")
    for name in names:
        page.goto(path_of(name, shop.sample))
        assert page.locator(TO_PRESS).locator("visible=true").count(), name
        page.emulate_media(media="print")
        assert page.locator("h1").first.is_visible(), name
        assert not page.locator(TO_PRESS).locator("visible=true").count(), name
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        if face == "admin" and name in SHAPES:
            assert page.locator(SHAPES[name]).first.evaluate(INK) == "exact", name
        page.emulate_media(media="screen")


def test_the_printed_reference_is_ink_on_white_with_nothing_to_press(visit):
    page = visit("/api/v1/docs/", by="mona", viewport=DESK, color_scheme="dark")
    page.locator(".opblock").first.wait_for()
    page.locator("html.dark-mode").wait_for()
    assert page.locator(".btn.authorize").is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    page.locator("html:not(.dark-mode)").wait_for()
    assert not page.locator("header, .btn, select").locator("visible=true").count()
    text = page.locator(".opblock-tag").first
    ink = "(each) => getComputedStyle(each).color.match(/\\d+/g).slice(0, 3).map(Number)"
    assert max(text.evaluate(ink)) < 100
