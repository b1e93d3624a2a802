"""What a page of the floor weighs, over the air, on a tablet that has never seen it.

Two figures: the page with its scripts and pictures, and the style sheets, which are the same for
all pages and are fetched once.
"""

import re
from copy import copy

import pytest

from inventory import codes
from production.models import PrinterSlot
from tests.browser import sample_farm
from tests.browser.pages import FLOOR, STATUSES, floor_path
from tests.factories import a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.floor_helpers import queries

MAX_BYTES, MAX_BYTES_OF_STYLES = 60_000, 31_000
MAX_BYTES_OF_A_BOARD = 50_000  # of sixty printers
LOADED = re.compile(rb'<(?:script|img)[^>]* src="([^"]+)|<link[^>]* href="([^"]+)')
OF_A_STYLE = re.compile(rb"url\((\w+\.svg)\)")
OF_ONE_PAGE = {"/static/timeline.css", "/static/queue-order.css"}
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
        page = fetched(floor, floor_path(name, scene), STATUSES.get(name, 200))
        loaded = {(a or b).decode() for a, b in LOADED.findall(page)} | {WORKER}
        assert len(loaded) >= 5, name  # its styles, its scripts
        for path in loaded - files.keys():
            files[path] = fetched(floor, path)
        for image in OF_A_STYLE.findall(b"".join(files[path] for path in loaded)):
            path = f"/static/{image.decode()}"
            files[path] = files.get(path) or fetched(floor, path)
            loaded.add(path)
        styles = {path for path in loaded if path.endswith(".css")} - OF_ONE_PAGE
        weights[name] = len(page) + sum(len(files[path]) for path in loaded - styles)
        assert sum(len(files[path]) for path in styles) <= MAX_BYTES_OF_STYLES, name
    assert {name: weight for name, weight in weights.items() if weight > MAX_BYTES} == {}
    of_others = re.compile(rb"^\s*(?:import\b(?!\()|@import)|url\((?!\w+\.svg\))", re.MULTILINE)
    assert {path for path, text in files.items() if of_others.search(text)} == set()


def test_a_board_of_sixty_printers_takes_no_more_queries_and_is_light(floor):
    name = "Wandhalterungsabdeckkappenverlängerungsstück, verstärkt"
    items = [(a_product(name=name), 3)]
    first = a_running_run((a_spool(), 5), printer=a_printer(), items=items, planned_minutes=90)
    few = queries(floor, "/floor/")
    printers = [copied(first.printer, name=f"{n}", code=codes.generate()) for n in range(59)]
    slots = [PrinterSlot(printer=printer, label="1") for printer in printers]
    runs = [copied(first, number=f"{each}", printer=each) for each in printers]
    lines = [copied(first.materials.get(), run=run) for run in runs]
    items = [copied(first.items.get(), run=run) for run in runs]
    for rows in (printers, slots, runs, lines, items):
        type(rows[0]).objects.bulk_create(rows)
    assert queries(floor, "/floor/") == few
    page = fetched(floor, "/floor/")
    assert page.count(b"printer running") == 60
    assert len(page) <= MAX_BYTES_OF_A_BOARD


def copied(row, **changed):
    """A row like another one, not yet stored."""
    made = copy(row)
    made.pk, made._state.adding = None, True
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def fetched(browser, path, status=200):
    """The head and the body, as they are sent."""
    answer = browser.get(path)
    assert answer.status_code == status, path
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.items()).encode()
    return head + (b"".join(answer.streaming_content) if answer.streaming else answer.content)
