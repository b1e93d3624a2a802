"""The pictures of the documentation: python -m tests.browser.screenshots [http://demo.localhost:8000]

Of the demo farm as `make run` has just made it, which it leaves as it is.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.page_checks import DESK, PHONE, TABLET

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
RUNS, OFF_PLAN = "/admin/production/productionrun/?product=5&all=", "tr:has(.beyond) th a"
# What to follow on a page to that of the picture; None: it is that page.
PICTURES = {
    "floor-tablet": ("/floor/", None, TABLET, "light"),
    "floor-wide": ("/floor/", None, {"width": 1920, "height": 1080}, "dark"),
    "floor-phone": ("/floor/", None, PHONE, "light"),
    "admin-today": ("/admin/", None, DESK, "light"),
    "admin-runs": ("/admin/production/productionrun/", None, DESK, "dark"),
    "admin-runs-phone": ("/admin/production/productionrun/", None, PHONE, "light"),
    "admin-run": (RUNS, OFF_PLAN, DESK, "light"),
    "admin-run-phone": (RUNS, OFF_PLAN, PHONE, "dark"),
    "admin-spool": ("/admin/inventory/spool/", "#result_list th a", DESK, "dark"),
    "api": ("/api/v1/spools/", None, DESK, "dark"),
    "api-reference": ("/api/v1/docs/", None, TABLET, "light"),
}
WHOLE_PAGES = {"admin-today", "admin-run"}


def main(address="http://demo.localhost:8000"):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.found(), args=chromium.FLAGS)
        page = browser.new_page(base_url=address, viewport=DESK)
        page.goto("/accounts/login/")
        page.screenshot(path=IMAGES / "sign-in.png")
        page.get_by_label("Name").fill("manager")
        page.get_by_label("Password").fill("keeps-the-books")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Demo farm").wait_for()
        for name, (path, leads_to, viewport, scheme) in PICTURES.items():
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=scheme)
            page.goto(path)
            if leads_to:
                page.goto(page.locator(leads_to).first.get_attribute("href"))
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
