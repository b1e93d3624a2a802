"""Every page of the floor, and the admin's main ones, as they are seen: by hand, by eye, by ear."""

import pytest

from production import floor_urls
from tests.browser.page_checks import (
    DESK,
    PHONE,
    TABLET,
    UNFIT,
    WIDEST,
    barriers,
    by_keyboard_and_large,
    geometry,
    large_text,
)
from tests.browser.pages import (
    ADMIN,
    BUTTONS,
    FACES,
    FLOOR,
    HELP,
    OTHERS,
    SHARED,
    SIGN_IN,
    UNKNOWN,
    admin_path,
    floor_path,
)
from tests.budgets import budget, some_of

LOOKS = {"phone": (PHONE, "light"), "tablet": (TABLET, "dark")}
PARTS, PARTS_OF_ADMIN = 4, 12  # so that no test takes long
WIDE = {"width": 1400, "height": 900}
WIDTHS = (320, 360, 412, 600, 1280)  # besides those of the looks
NARROW = (360,)
WIDTHS_OF_ADMIN = budget((320, 393, 820), (320, 360, 393, 820, 1024))
AT_ANY_WIDTH = {"today", "queue", "planned run", "running run", "complete", "spool", "load"}
AT_ANY_WIDTH |= {"long names", "completing long names", "printer with a long name"}


def test_every_page_of_the_floor_is_looked_over():
    named = {pattern.name for pattern in floor_urls.urlpatterns}
    assert named == BUTTONS | SHARED | {address for address, *_ in FLOOR.values()}


def looks_of(names, looks, part, parts):
    """``(name, look)`` of a part of the pages: each in one of its looks, or in all if deep."""
    pages = list(enumerate(names))[part::parts]
    return [(name, look) for number, name in pages for look in some_of(looks, number)]


@pytest.mark.parametrize("part", range(PARTS))
def test_the_floor_is_for_gloves_and_for_everyone(visit, shop, part):
    opened, wrong = {}, {}
    for name, look in looks_of(FLOOR, LOOKS, part, PARTS):
        viewport, scheme = LOOKS[look]
        page = opened[look] = opened.get(look) or visit(
            "about:blank", viewport=viewport, color_scheme=scheme
        )
        page.goto(floor_path(name, shop.sample))
        assert page.locator("h1").is_visible(), name
        wrong[name, look] = geometry(page) + by_keyboard_and_large(page) + barriers(page)
        widths = WIDTHS if name in AT_ANY_WIDTH else NARROW
        wrong |= {(name, width): geometry(page) for width in in_turn(page, widths)}
        page.set_viewport_size(viewport)
    assert {name: found for name, found in wrong.items() if found} == {}


def in_turn(page, widths):
    """Each of the widths, once the page has it."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        yield width


@pytest.mark.parametrize("part", range(PARTS_OF_ADMIN))
def test_the_admin_is_for_everyone_and_fits_a_phone(visit, shop, part):
    """Nothing goes on beside the screen, nor within a list, a form or a table; at 200 % on a
    tablet, each element is still reached by the keyboard."""
    page, wrong = visit("about:blank", by="mona", viewport=DESK), {}
    for name, scheme in looks_of(ADMIN, ["light", "dark"], part, PARTS_OF_ADMIN):
        page.emulate_media(color_scheme=scheme)
        answer = page.goto(admin_path(name, shop.sample))
        assert answer.ok, name
        page.set_viewport_size(DESK)
        wrong[name, "desk"] = page.evaluate(UNFIT)
        for width in in_turn(page, WIDTHS_OF_ADMIN):
            wrong[name, width] = page.evaluate(UNFIT)
        wrong[name, "large"] = by_keyboard_and_large(page)
        page.set_viewport_size(PHONE)
        with large_text(page):
            wrong[name, "large, on a phone"] = page.evaluate(WIDEST)
        wrong[name, scheme] = barriers(page)
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("path", OTHERS)
def test_the_other_pages_are_for_everyone_and_fit_a_phone(visit, path):
    page = visit(path, by=None if "login" in path else "mona", viewport=DESK)
    page.locator(OTHERS[path]).first.wait_for()
    wrong = {"light": barriers(page)}
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    wrong |= {"dark": barriers(page)}
    wrong |= {f"wider at {width} by": page.evaluate(WIDEST) for width in in_turn(page, NARROW)}
    if not path.startswith("/api/"):  # pages of others
        wrong["keyboard"] = by_keyboard_and_large(page)
    assert not any(wrong.values()), wrong
    assert page.locator("main, [role=main]").count() == 1
    assert page.locator("html").get_attribute("lang") == "en-gb"
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("path", [*HELP, *UNKNOWN])
def test_a_page_of_help_and_of_no_address_is_for_everyone(visit, path):
    page, wrong = visit("about:blank", by="mona", viewport=DESK), {}
    page.watch.is_paused = path in UNKNOWN  # the browser notes that it is missing
    page.goto(path)
    wrong["light"] = barriers(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    wrong |= {"dark": barriers(page), "wider by": page.evaluate(WIDEST)}
    assert not any(wrong.values()), wrong
    page.watch.is_paused = False


@pytest.mark.parametrize("path", ["/admin/", "/api/v1/spools/", "/help/"])
def test_the_header_has_room_for_what_is_typed_and_for_the_parts(visit, path):
    page = visit(path, by="mona", viewport=PHONE)
    find, name = page.locator(".cover .find input[type=search]"), page.locator(".cover .brand")
    with large_text(page):
        assert find.bounding_box()["width"] > 340
    assert find.bounding_box()["width"] > 340
    assert [page.evaluate(FITS, each.element_handle()) for each in (find, name)] == [True, True]
    page.set_viewport_size(TABLET)
    assert find.bounding_box()["width"] > 250
    links = page.locator(".cover > nav a").locator("visible=true")
    assert links.all_inner_texts() == ["Floor", "Admin", "Reports", "API"]


FITS = "(each) => each.scrollWidth <= each.clientWidth"


def test_on_a_phone_the_buttons_of_the_api_stand_below_its_heading(visit):
    page = visit("/api/v1/spools/", by="mona", viewport=PHONE)
    heading = page.locator("h1").bounding_box()
    buttons = page.locator("#content > .region > *").locator("visible=true")
    assert buttons.count() > 3
    assert all(
        each.bounding_box()["y"] >= heading["y"] + heading["height"] for each in buttons.all()
    )


@pytest.mark.parametrize("path", [*FACES, SIGN_IN, "/floor/screen/", "/floor/runs/999999/"])
def test_the_first_link_leads_past_the_header(visit, path):
    page = visit(path, by=None if path == SIGN_IN else "mona", viewport=DESK)
    page.locator(OTHERS.get(path, "h1")).first.wait_for()
    link = page.locator("a[href], button, summary, input:not([type=hidden])").first
    link.focus()
    assert link.inner_text() == "Skip to main content"
    assert page.evaluate(ON_TOP)
    main = page.locator(link.get_attribute("href"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert main.locator(":focus").count() == 1
    assert page.locator("main, [role=main]").and_(main).or_(main.locator("main")).count() == 1


@pytest.mark.parametrize("path", ["/api/v1/spools/", "/api/v1/docs/"])
def test_all_text_of_the_api_grows_with_the_browsers(visit, path):
    page = visit(path, by="mona", viewport=DESK)
    page.locator(OTHERS[path]).first.wait_for()
    if "docs" in path:
        page.locator(".opblock-post .opblock-summary-control").first.click()
        page.locator(".opblock-body .model-example").first.wait_for()
    before = page.evaluate(SIZES)
    page.evaluate("document.documentElement.style.fontSize = '32px'")
    after = page.evaluate(SIZES)
    assert len(before) > 20
    assert {text for text, size in before.items() if after[text] < 1.9 * size} == set()
    assert page.evaluate(WIDEST) == 0


SIZES = """() => {
  for (const animation of document.getAnimations()) animation.finish(); // sizes too
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = {};
  while (texts.nextNode()) {
    const { parentElement, data } = texts.currentNode;
    const isDrawn = parentElement.closest("script, style, svg");
    if (!data.trim() || isDrawn || !parentElement.checkVisibility()) continue;
    found[data.slice(0, 60)] = parseFloat(getComputedStyle(parentElement).fontSize);
  }
  return found;
}"""
ON_TOP = """() => {
  const { left, top, width, height } = document.activeElement.getBoundingClientRect();
  return document.elementFromPoint(left + width / 2, top + height / 2) === document.activeElement;
}"""


@pytest.mark.parametrize(("viewport", "name"), [(PHONE, "filaments"), (TABLET, "runs")])
def test_a_list_of_cards_is_sorted_by_a_menu_and_chosen_as_a_whole(visit, shop, viewport, name):
    page = visit(admin_path(name, shop.sample), by="mona", viewport=viewport)
    heading, menu = page.locator("#result_list thead .text a").first, page.locator(".sorting")
    assert not heading.is_visible()
    page.get_by_text("Select all", exact=True).tap()
    rows = page.locator(".action-select")
    assert rows.count() > 1
    assert all(row.is_checked() for row in rows.all())
    menu.locator("summary").tap()
    column = menu.get_by_role("link").first
    name = column.inner_text().partition(",")[0]
    column.tap()
    page.wait_for_url("**?o=*")
    assert menu.locator("summary").inner_text().startswith(f"Sorted by {name.lower()}")
    page.set_viewport_size(WIDE)
    assert [heading.is_visible(), menu.is_visible()] == [True, False]


def test_on_a_phone_what_a_printer_makes_goes_across_its_card(visit, shop):
    page = visit(admin_path("printers", shop.sample), by="mona", viewport=PHONE)
    widths = [each.bounding_box()["width"] for each in page.locator("td:has(.contents)").all()]
    assert widths
    assert min(widths) > 320


def test_the_tab_key_walks_through_the_board_and_a_menu_opens_and_closes(visit):
    page = visit("/floor/", by="mona", viewport=TABLET)
    count = page.evaluate(IN_ORDER)
    met = []
    for _ in range(count):
        page.keyboard.press("Tab")
        met.append(page.evaluate("inOrder.indexOf(document.activeElement)"))
    assert met == list(range(count))
    page.locator(".me summary").focus()
    for is_open in (True, False):
        page.keyboard.press("Enter")
        assert page.locator(".menu").is_visible() == is_open


IN_ORDER = """() => {
  const all = document.querySelectorAll("a[href], button, summary, input:not([type=hidden])");
  window.inOrder = [...all].filter((each) => each.checkVisibility());
  return inOrder.length;
}"""
