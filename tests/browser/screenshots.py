"""The pictures of the documentation: python -m tests.browser.screenshots [http://demo.localhost:8000]

Of the demo farm as `make run` has just made it, which it leaves as it is.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from tests.browser import chromium
from tests.browser.page_checks import DESK, PHONE, TABLET

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
RUNS, OFF_PLAN = "/admin/production/productionrun/?product=5&all=", "tr:has(.beyond) th a"
IN_USE = "#printing a.job"
# What to follow on a page to that of the picture, one link after another.
PICTURES = {
    "floor-tablet": ("/floor/", [], TABLET, "light"),
    "floor-wide": ("/floor/", [], {"width": 1920, "height": 1080}, "dark"),
    "floor-phone": ("/floor/", [], PHONE, "light"),
    "floor-start": ("/floor/queue/", ["a.job:not(:has(.blockers))"], PHONE, "light"),
    "floor-complete": ("/floor/", [IN_USE, "a[href$='/complete/']"], TABLET, "light"),
    "floor-fail": ("/floor/", [IN_USE, "a[href$='/fail/']"], PHONE, "dark"),
    "floor-spool": ("/floor/", [IN_USE, "a.spool"], DESK, "dark"),
    "admin-today": ("/admin/", [], DESK, "light"),
    "admin-runs": ("/admin/production/productionrun/", [], DESK, "dark"),
    "admin-runs-phone": ("/admin/production/productionrun/", [], PHONE, "light"),
    "admin-run": (RUNS, [OFF_PLAN], DESK, "light"),
    "admin-run-phone": (RUNS, [OFF_PLAN], PHONE, "dark"),
    "admin-spool": ("/admin/inventory/spool/", ["#result_list tbody th a"], DESK, "dark"),
    "api": ("/api/v1/spools/", [], DESK, "dark"),
    "api-reference": ("/api/v1/docs/", [], TABLET, "light"),
}
WHOLE_PAGES = {"admin-today", "admin-run"}


def main(address="http://demo.localhost:8000"):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.found(), args=chromium.FLAGS)
        page = browser.new_page(base_url=address, viewport=DESK)
        try:
            page.goto("/accounts/login/")
        except Error:
            sys.exit(f"{address} does not answer: the pictures stay as they are.")
        page.screenshot(path=IMAGES / "sign-in.png")
        page.get_by_label("Name").fill("manager")
        page.get_by_label("Password").fill("keeps-the-books")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Demo farm").wait_for()
        for name, (path, links, viewport, scheme) in PICTURES.items():
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=scheme)
            page.goto(path)
            for link in links:
                page.goto(page.locator(link).first.get_attribute("href"))
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / f"{name}.png", full_page=name in WHOLE_PAGES)
        _variance(page)
        browser.close()


def _variance(page):
    """Of the same run, in the browsable API."""
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    page.goto(RUNS)
    run = re.search(r"\d+", page.locator(OFF_PLAN).first.get_attribute("href"))[0]
    page.goto(f"/api/v1/production-runs/{run}/variance/")
    page.screenshot(path=IMAGES / "variance.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
