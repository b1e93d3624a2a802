"""Pages of lists whose rows are not counted, and pages that are read from the last row."""

import pytest
from django.utils import timezone

from production.models import ProductionRun
from tests.config.json_answers import compared
from tests.responses import done
from tests.rows import reasons, runs
from tests.shelf_rows import locations, many, named

UNKNOWN = {"total_count": None, "total_pages": None}


@pytest.fixture
def api(api_client, manager):
    api_client.force_authenticate(manager)
    return api_client


def pages(api, address):
    """The answers of a list, page after page as its ``next`` has it."""
    found = []
    while address:
        found.append(compared(api, address).json())
        address = found[-1]["next"]
    return found


@pytest.mark.parametrize("query", ["", "&ordering=-name", "&search=shelf"])
def test_pages_of_rows_that_are_not_counted_are_the_list(api, query):
    locations(5)
    found = pages(api, f"/api/v1/locations/?count=false&page_size=2{query}")
    counted = pages(api, f"/api/v1/locations/?page_size=2{query}")
    assert [page["results"] for page in found] == [page["results"] for page in counted]
    assert [(page["page"], page["previous"] is None) for page in found] == [
        (1, True),
        (2, False),
        (3, False),
    ]
    assert all(UNKNOWN.items() <= page.items() for page in found)


def test_a_full_last_page_has_no_next_one(api):
    locations(4)
    found = pages(api, "/api/v1/locations/?count=false&page_size=2")
    assert [len(page["results"]) for page in found] == [2, 2]
    answer = compared(api, "/api/v1/locations/?count=false&page_size=2&page=3")
    assert answer.status_code == 404


def test_an_empty_list_has_a_first_page(api):
    page = compared(api, "/api/v1/holds/?count=false").json()
    assert page["results"] == []
    assert page["next"] is None
    assert UNKNOWN.items() <= page.items()


def test_rows_that_the_database_does_not_write_are_not_counted_either(api):
    runs(3)
    address = "/api/v1/reports/variance/?group_by=product&page_size=2"
    found, counted = pages(api, f"{address}&count=false"), pages(api, address)
    assert [page["results"] for page in found] == [page["results"] for page in counted]
    assert len(found) == 2
    assert all(UNKNOWN.items() <= page.items() for page in found)


def test_whether_rows_are_counted_is_true_or_false(api):
    reasons(1)
    assert done(api.get("/api/v1/reasons/?count=true"))["total_count"] > 0
    answer = api.get("/api/v1/reasons/?count=perhaps")
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"count": ["Must be true or false."]}


@pytest.mark.parametrize("ordering", ["", "id", "-id", "finished_at", "-finished_at", "priority"])
def test_pages_from_the_last_row_are_the_same(api, monkeypatch, ordering):
    now = dict.fromkeys(("created_at", "updated_at"), timezone.now())
    many(
        ProductionRun,
        9,
        number=named("R"),
        priority=lambda n: n // 4,
        finished_at=lambda n: timezone.now() if n % 3 else None,
        **now,
    )
    address = f"/api/v1/production-runs/?ordering={ordering}&page_size=2"
    from_the_first = [page["results"] for page in pages(api, address)]
    monkeypatch.setattr("tenants.web.pagination.FAR", 1)
    monkeypatch.setattr("tenants.api.json_rows.FAR", 1)
    assert [page["results"] for page in pages(api, address)] == from_the_first
    assert len({row["id"] for page in from_the_first for row in page}) == 9
    assert compared(api, f"{address}&page=6").status_code == 404
