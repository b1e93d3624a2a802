"""One choice of the theme for all faces, made in the header of any of them."""

from urllib.parse import urlsplit

import pytest

from tests.browser.page_checks import DESK, PHONE, WIDEST
from tests.browser.pages import FACES, SIGN_IN

PUBLIC = "the public site"
OTHER_PAGES = ("/floor/screen/", "/floor/runs/999999/")
SCHEME = "getComputedStyle(document.documentElement).colorScheme"
SCHEMES = {"auto": "light dark", "light": "light", "dark": "dark"}
LABELS = {"auto": "Theme: as the device", "light": "Theme: light", "dark": "Theme: dark"}


def switch_of(page):
    """The switch; in the menu, which is opened, where the header has no room for it."""
    switch = page.locator(".theme-toggle").locator("visible=true")
    if not switch.count():
        page.locator(".me summary").click()
    return switch


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("path", [*FACES, SIGN_IN, PUBLIC])
def test_each_face_has_the_switch(visit, server, path, viewport):
    by = None if path in (SIGN_IN, PUBLIC) else "mona"
    page = visit("about:blank", by=by, viewport=viewport, color_scheme="light")
    if path == PUBLIC:
        page.watch.origin = f"http://localhost:{urlsplit(server.url).port}"
        path = page.watch.origin
    page.goto(path)
    for chosen in ("auto", "dark", "light"):
        switch = switch_of(page)
        assert page.evaluate(SCHEME) == SCHEMES[chosen]
        assert switch.inner_text().strip() == LABELS[chosen]
        switch.click()
    assert page.evaluate("localStorage.theme") == "auto"
    assert page.evaluate(WIDEST) == 0


def test_what_is_chosen_on_one_face_holds_on_all(visit):
    page = visit("/floor/", by="mona", viewport=DESK, color_scheme="light")
    switch_of(page).click()
    seen = {}
    for path in (*FACES, *OTHER_PAGES):
        page.goto(path)
        seen[path] = page.evaluate(SCHEME)
    assert set(seen.values()) == {"dark"}, seen
    page.context.clear_cookies()
    page.goto(SIGN_IN)
    assert page.evaluate(SCHEME) == "dark"


def test_the_reference_follows_the_switch_at_once(visit):
    page = visit("/api/v1/docs/", by="mona", viewport=DESK, color_scheme="light")
    switch_of(page).click()
    page.locator("html.dark-mode").wait_for()


@pytest.mark.parametrize("path", ["/floor/", "/admin/", "/help/"])
def test_the_mark_has_a_colour_of_the_users_own(visit, path):
    page = visit(path, by="mona", viewport=PHONE, forced_colors="active")
    mark = page.evaluate(MARK)
    page.evaluate("document.body.style.cssText = 'color: CanvasText'")
    assert mark == page.evaluate("getComputedStyle(document.body).color")


MARK = "getComputedStyle(document.querySelector('.brand'), '::before').backgroundColor"


def test_without_a_script_there_is_no_switch(visit):
    page = visit("/", by="mona", viewport=DESK, java_script_enabled=False)
    assert page.locator("h1").is_visible()
    assert not page.locator(".theme-toggle").locator("visible=true").count()
