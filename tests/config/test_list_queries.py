"""Every list of the API takes as many queries for many rows as for one."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.api.urls import router
from tests import budgets
from tests.queries import analyze
from tests.rows import ROWS

MANY = budgets.LIST_ROWS
IN_CODE = {"roles"}
LISTS = {
    name: (prefix, view)
    for prefix, view, name in router.registry
    if hasattr(view, "list") and name not in IN_CODE
}
OF_KINDS = {"reports/stock-changes"}  # a row for each kind, however many entries there are
ADDRESSES = [(name, query) for name in sorted(ROWS) for query in ROWS[name][1:] or [""]]


def address(name):
    """The address of a list; one that is nested lies below the first parent there is."""
    prefix, view = LISTS[name]
    if "(" in prefix:
        parent = view.parents.order_by("pk").first()
        prefix = re.sub(r"\(.*\)", str(parent.pk), prefix)
    return f"/api/v1/{prefix}/?page_size=200"


def fill(name, count):
    ROWS[name][0](count)
    analyze()


def test_every_list_can_be_filled():
    assert set(ROWS) == set(LISTS), "tests/rows.py says what fills which list"


@pytest.mark.parametrize(("name", "query"), ADDRESSES)
def test_a_list_takes_as_many_queries_whatever_there_is(api_client, manager, name, query):
    api_client.force_authenticate(manager)

    def read_list():
        api_client.get(f"{address(name)}&{query}")  # fills caches
        with CaptureQueriesContext(connection) as captured:
            answer = api_client.get(f"{address(name)}&{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()["total_count"], [each["sql"] for each in captured.captured_queries]

    fill(name, 1)
    few, for_few = read_list()
    fill(name, MANY - 1)
    total, for_many = read_list()
    has_grown = name in OF_KINDS or total >= few + MANY - 1 >= MANY
    assert has_grown, "there are no more rows than before"
    assert len(for_many) == len(for_few), "\n".join(sorted(set(for_many) - set(for_few)))
