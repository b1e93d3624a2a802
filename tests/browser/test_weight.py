"""What a page of the floor weighs, over the air, on a tablet that has never seen it."""

from pathlib import Path

from tests.browser.pages import FLOOR, floor_path
from tests.factories import a_printer, a_product, a_run, a_spool

MAX_BYTES = 60_000
# Fetched once for all pages, after the first one; not compressed.
WORKER = Path(__file__).resolve().parents[2] / "static" / "floor-worker.js"


def test_a_page_weighs_at_most_sixty_kilobytes_the_first_time(visit, shop):
    spool, product = a_spool(), a_product(name="Something with a name of some length")
    for _ in range(12):
        printer = a_printer()
        for _ in range(3):
            a_run((spool, 5), printer=printer, items=[(product, 3)], planned_minutes=90)
    page = visit("about:blank")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    received = []
    network.on("Network.loadingFinished", lambda each: received.append(each["encodedDataLength"]))
    weights = {}
    for name in FLOOR:
        received.clear()
        page.goto(floor_path(name, shop.sample))
        weights[name] = sum(received) + WORKER.stat().st_size
    assert len(received) >= 5  # the page, its styles, its scripts
    assert {name: weight for name, weight in weights.items() if weight > MAX_BYTES} == {}
