"""The floor's pages ask as little of a farm with a long past as of a new one."""

import pytest

from tests import budgets
from tests.browser import sample_farm
from tests.browser.pages import FLOOR, STATUSES, floor_path
from tests.production.large_tables import grow, looked_at, reading

MAX_QUERIES, MAX_ROWS = 17, 500


@pytest.fixture
def scene(floor, operator):
    return sample_farm.set_up(by=operator)


def test_the_pages_of_the_floor_ask_for_no_more_as_the_farm_grows(floor, scene):
    few = queries_of_pages(floor, scene)
    grow(scene, runs=budgets.PAST_RUNS, spools=budgets.PAST_SPOOLS)
    many = queries_of_pages(floor, scene)
    assert {name: len(seen.queries) for name, seen in many.items()} == {
        name: len(seen.queries) for name, seen in few.items()
    }
    assert {
        name: seen.rows for name, seen in many.items() if seen.rows > most_rows(name, few)
    } == {}
    assert {name for name, seen in many.items() if len(seen.queries) > MAX_QUERIES} == set()
    statements = [(name, sql) for name, seen in many.items() for sql in seen.queries[1:]]
    # Without the first of each page, which finds the farm and is not in its schema.
    assert [each for each in statements if looked_at(each[1]) > MAX_ROWS] == []


def queries_of_pages(floor, scene):
    """The queries of each page, by its name."""
    floor.get("/floor/")  # what is read once a process is read
    return {name: read(floor, name, scene) for name in FLOOR}


def most_rows(name, few):
    """No more than before, but for what shows, or is chosen from, the last ones."""
    return {"spool": 50, "receive": 150}.get(name, few[name].rows)


def read(floor, name, scene):
    with reading() as seen:
        answer = floor.get(floor_path(name, scene))
    assert answer.status_code == STATUSES.get(name, 200), name
    return seen
