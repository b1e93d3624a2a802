"""The README's pictures: python -m tests.browser.screenshots [http://demo.localhost:8000]

Of the demo farm as `make run` has just made it, which it leaves as it is.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.page_checks import DESK, PHONE, TABLET

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def main(address="http://demo.localhost:8000"):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.found(), args=chromium.FLAGS)
        page = browser.new_page(base_url=address)
        page.goto("/floor/")
        page.get_by_label("Name").fill("operator")
        page.get_by_label("Password").fill("prints-all-day")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Today").wait_for()
        page.set_viewport_size(TABLET)
        page.screenshot(path=IMAGES / "floor-tablet.png")
        page.locator(".job").filter(has_text="left").first.click()
        page.get_by_role("link", name="Enter actuals").wait_for()
        page.set_viewport_size(PHONE)
        page.screenshot(path=IMAGES / "floor-phone.png")
        page.set_viewport_size(DESK)
        _admin(page)
        browser.close()


def _admin(page):
    """What runs today; and the run that took a third more than its plan, down to its chart."""
    page.goto("/admin/")
    page.screenshot(path=IMAGES / "admin-today.png", full_page=True)
    page.goto("/admin/production/productionrun/?product=5&all=")
    page.locator("tr", has=page.locator(".beyond")).locator("a").first.click()
    panel = page.locator(".beside").bounding_box()
    clip = {"x": 0, "y": 0, "width": DESK["width"], "height": panel["y"] + panel["height"] + 10}
    page.screenshot(path=IMAGES / "admin-run.png", full_page=True, clip=clip)
    run = re.search(r"/(\d+)/change", page.url)[1]
    page.goto(f"/api/v1/production-runs/{run}/variance/")
    page.screenshot(path=IMAGES / "variance.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
