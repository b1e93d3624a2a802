"""What the database writes as JSON is REST framework's own to the byte, whatever it holds."""

import django_filters
import pytest
from django.db import connection

from config.database import PREPARE_AFTER
from tenants.accounts import roles
from tenants.api import filters
from tenants.operations.sql_property import SQLProperty
from tests.config import nasty_rows
from tests.config.json_answers import LISTS, WRITTEN, addresses, compared
from tests.conftest import at_slug, rolled_back
from tests.factories import make_token, make_user
from tests.responses import done, results

DAY, MOMENT = "2026-10-25", "2026-10-25T00:30:00Z"
# What a parameter is asked with, by the filter: the first that it is one of.
ASKED = {
    django_filters.MultipleChoiceFilter: lambda each: first_choice(each.extra["choices"]),
    filters.ReferenceFilter: lambda _: "1",
    filters.IdFilter: lambda _: "1",
    filters.AmountFilter: lambda _: "1.5",
    filters.BooleanFilter: lambda _: "true",
    filters.FromDayFilter: lambda _: DAY,
    filters.ToDayFilter: lambda _: DAY,
    filters.FromFilter: lambda _: DAY,
    filters.ToFilter: lambda _: MOMENT,
    filters.MomentAtFilter: lambda _: DAY,
    filters.MomentFilter: lambda _: MOMENT,
}


def first_choice(choices):
    return next(iter(choices() if callable(choices) else choices))[0]


@pytest.fixture(scope="module")
def nasty(django_db_setup, django_db_blocker):
    """Alpha is full of nasty values while the module's tests run."""
    with rolled_back(django_db_blocker):
        with at_slug("alpha"):
            nasty_rows.fill()
        yield


@pytest.fixture(params=[True, False], ids=["prepared", "not prepared"])
def prepares(request, db, monkeypatch):
    threshold = PREPARE_AFTER if request.param else None
    monkeypatch.setattr(connection.connection, "prepare_threshold", threshold)
    return request.param


def full(api, name):
    """The address of the longest list."""
    totals = {each: api.get(each).json()["total_count"] for each in addresses(name)[:9]}
    return max(totals, key=totals.get)


@pytest.mark.parametrize("name", WRITTEN)
def test_every_value_of_every_row_is_that_of_the_framework(nasty, api, prepares, name):
    if name == "tokens":
        make_token(api.handler._force_user)
    address = full(api, name)
    for _ in range(PREPARE_AFTER if prepares else 0):
        api.get(f"{address}?page_size=200")
    rows = results(compared(api, f"{address}?page_size=200"))
    assert rows
    for row in rows[: nasty_rows.COUNT : 2]:
        found = done(compared(api, f"{address}{row['id']}/"))
        assert {each: found[each] for each in row} == row  # one alone may be answered with more
    compared(api, f"{address}999999999999999999/")


@pytest.mark.usefixtures("nasty")
def test_what_is_repeated_is_prepared(api):
    for _ in range(PREPARE_AFTER + 2):
        api.get("/api/v1/production-runs/")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements"
            " WHERE statement LIKE 'WITH page%production_productionrun%'"
        )
        assert cursor.fetchone() >= (1,)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.usefixtures("nasty")
def test_whatever_is_asked_of_a_list_is_answered_alike(api, name):
    address, view = full(api, name), LISTS[name][1]
    ordered = [minus + each for each in view.ordering_fields for minus in ("", "-")]
    asked = [f"ordering={each}" for each in [*ordered, "nothing"]]
    asked += ["page=2", "page_size=2&page=3", "page=99", "page=0", "page_size=201", "nothing=1"]
    asked += [f"search={word}" for word in ("a", "%25s", "no such thing")]
    own = view.filterset_class.base_filters if view.filterset_class else {}
    asked += [f"{parameter}={value(each)}" for parameter, each in own.items()]
    for query in asked:
        compared(api, f"{address}?page_size=4&{query}")


def value(each):
    return next((make(each) for kind, make in ASKED.items() if isinstance(each, kind)), "a")


@pytest.mark.parametrize("role", roles.FARM_ROLES)
@pytest.mark.usefixtures("nasty")
def test_every_role_is_answered_alike(api_client, role):
    api_client.force_authenticate(make_user(role=role))
    for name in WRITTEN:
        address = addresses(name)[0]
        compared(api_client, f"{address}?page_size=2")
        compared(api_client, f"{address}1/")
    compared(api_client, "/api/v1/production-runs/?is_deleted=true")


@pytest.mark.usefixtures("nasty", "farm")
def test_a_property_is_what_its_expression_gives():
    found = 0
    for view in {view for _, view in LISTS.values()}:
        model = view.queryset.model
        for name, each in vars(model).items():
            if isinstance(each, SQLProperty):
                rows = model._base_manager.annotate(by_sql=each.expression)
                assert [row.by_sql for row in rows] == [getattr(row, name) for row in rows]
                found += len(rows)
    assert found
