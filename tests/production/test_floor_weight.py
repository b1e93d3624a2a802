"""What a page of the floor weighs, over the air, on a tablet that has never seen it."""

import re

import pytest

from tests.browser import sample_farm
from tests.browser.pages import FLOOR, floor_path
from tests.factories import a_printer, a_product, a_run, a_spool

MAX_BYTES = 60_000
LOADED = re.compile(rb'<(?:script|img)[^>]* src="([^"]+)|<link[^>]* href="([^"]+)')
WORKER = "/static/floor-worker.js"  # fetched once for all pages, after the first one


@pytest.fixture
def scene(operator):
    """A farm where a lot is printed."""
    spool, product = a_spool(), a_product(name="Something with a name of some length")
    for _ in range(12):
        printer = a_printer()
        for _ in range(3):
            a_run((spool, 5), printer=printer, items=[(product, 3)], planned_minutes=90)
    return sample_farm.set_up(by=operator)


def test_a_page_weighs_at_most_sixty_kilobytes_the_first_time(floor, scene):
    files, weights = {}, {}
    for name in FLOOR:
        page = fetched(floor, floor_path(name, scene))
        loaded = {(a or b).decode() for a, b in LOADED.findall(page)} | {WORKER}
        assert len(loaded) >= 5, name  # its styles, its scripts
        for path in loaded - files.keys():
            files[path] = fetched(floor, path)
        weights[name] = len(page) + sum(len(files[path]) for path in loaded)
    assert {name: weight for name, weight in weights.items() if weight > MAX_BYTES} == {}
    of_others = re.compile(rb"^\s*(?:import\b(?!\()|@import)|url\(", re.MULTILINE)
    assert {path for path, text in files.items() if of_others.search(text)} == set()


def fetched(browser, path):
    """The head and the body, as they are sent."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.items()).encode()
    return head + (b"".join(answer.streaming_content) if answer.streaming else answer.content)
