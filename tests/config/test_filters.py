"""What lists are narrowed by, whichever list: references with their names, ranges, refusals."""

import pytest

from tenants.api.filters import (
    FilterSet,
    FromFilter,
    IdFilter,
    ReferenceFilter,
    SeveralFilter,
    ToFilter,
)
from tests.config.routes import routes
from tests.responses import done, refused

LISTS = [
    route
    for route in routes()
    if route.is_api and getattr(getattr(route.view, "cls", None), "filterset_class", None)
    if "list" in getattr(route.view, "actions", {}).values()
]
FILTERS = {route.path: route.view.cls.filterset_class for route in LISTS}
RANGES = [(path, *names) for path, filters in FILTERS.items() for names in filters.ranges()]
REFERENCES = [
    (path, name, each)
    for path, filters in FILTERS.items()
    for name, each in filters.base_filters.items()
    if isinstance(each, ReferenceFilter)
]
NO_REFERENCES = {"after_id", "object_id", "last", "user"}


@pytest.fixture
def address(both):
    by_path = {route.path: route for route in LISTS}
    return lambda path: by_path[path].address(*both[0][path])


# --- Ranges --------------------------------------------------------------------------------------


def test_each_end_of_a_range_follows_its_beginning():
    assert len(RANGES) >= 12
    ends = {"from": "to", "start_date": "end_date", "since": "until"}
    for path, first, last in RANGES:
        stem, _, word = first.rpartition("_")
        expected = ends.get(first) or f"{stem}_{ends[word]}"
        assert last == expected, path


def test_every_list_of_moments_has_both_ends():
    for path, filters in FILTERS.items():
        assert issubclass(filters, FilterSet), path
        kinds = [type(each) for each in filters.base_filters.values()]
        begin = sum(issubclass(kind, FromFilter) for kind in kinds)
        assert begin == sum(issubclass(kind, ToFilter) for kind in kinds), path


@pytest.mark.parametrize(("path", "first", "last"), RANGES)
def test_a_range_that_ends_before_it_begins_is_400_and_names_both(api, address, path, first, last):
    at = address(path)
    swapped = f"{at}?{first}=2026-03-02&{last}=2026-03-01"
    problem = refused(api.get(swapped), 400, "invalid")
    assert problem["errors"].keys() == {first, last}
    assert f"{first} 2026-03-02 is after {last} 2026-03-01." in problem["detail"]
    refused(api.get(f"{swapped}&format=csv"), 400, "invalid")
    lot = "&lot=x" if "lots" in path else ""
    assert api.get(f"{at}?{first}=2026-03-01&{last}=2026-03-01{lot}").status_code == 200


@pytest.mark.parametrize(
    ("first", "last", "is_range"),
    [
        ("2026-03-01T10:00:00Z", "2026-03-01", True),
        ("2026-03-01", "2026-03-01T10:00:00Z", True),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", True),
        ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00%2B02:00", False),
        ("2026-03-01T10:00:00Z", "2026-02-28", False),
        ("2026-03-02T00:00:00Z", "2026-03-01", False),
        ("2026-03-01", "", True),
        ("", "2026-03-01", True),
    ],
)
def test_moments_and_days_are_compared_as_they_are_meant(api, first, last, is_range):
    query = f"finished_from={first}&finished_to={last}"
    answer = api.get(f"/api/v1/production-runs/?{query}")
    assert answer.status_code == (200 if is_range else 400), query


# --- References ----------------------------------------------------------------------------------


def test_every_id_has_its_names_beside_it():
    assert len(REFERENCES) >= 25
    for path, filters in FILTERS.items():
        for name, each in filters.base_filters.items():
            if isinstance(each, IdFilter) and name not in NO_REFERENCES:
                assert isinstance(each, ReferenceFilter), (path, name)


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path, name, _ in REFERENCES if name.endswith("_id")],
    ids=str,
)
def test_a_name_where_an_id_belongs_is_400_and_says_what_takes_it(api, address, path, name):
    message = refused(api.get(f"{address(path)}?{name}=zebra"), 400, "invalid")["errors"][name][0]
    filters = FILTERS[path].base_filters
    assert any(f"{name[:-3]}_" in word and word in filters for word in message.split()), message


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path, name, _ in REFERENCES if not name.endswith("_id")],
    ids=str,
)
def test_what_a_parameter_refers_to_is_named_by_id_or_by_name(api, address, path, name):
    at = address(path)
    lot = "&lot=x" if "lot" in path and name != "run" else ""  # those are of a lot
    assert done(api.get(f"{at}?{name}=nobody{lot}"))["total_count"] == 0
    refused(api.get(f"{at}?{name}=-5"), 400, "invalid")


def test_an_order_and_a_lot_at_once_are_400_and_so_is_a_maker_of_no_lot(api):
    for query in ("run=1&run_number=X", "lot=1&run_number=X", "run_number=X&filament_name=Y"):
        refused(api.get(f"/api/v1/reports/lots/?{query}"), 400, "invalid")


# --- Each parameter ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILTERS)
def test_each_parameter_has_a_label_of_its_own_that_names_it(path):
    queryset = next(route.view.cls.queryset for route in LISTS if route.path == path)
    fields = FILTERS[path](data={}, queryset=queryset).form.fields
    labels = {name: str(field.label) for name, field in fields.items()}
    assert len({*labels.values()}) == len(labels)
    for name, label in labels.items():
        assert label.lower().startswith(name.replace("_", " ")), label


def test_a_parameter_of_one_value_that_is_given_twice_is_400(api, address):
    for path, filters in FILTERS.items():
        several = [k for k, each in filters.base_filters.items() if isinstance(each, SeveralFilter)]
        names = {"page", *filters.base_filters}
        query = "&".join(f"{name}=x&{name}=y" for name in sorted(names))
        problem = refused(api.get(f"{address(path)}?{query}"), 400, "invalid")
        single = names - set(several)
        assert set(problem["errors"]) <= single, path  # a problem names the first of many
        assert len(problem["errors"]) + (problem.get("more_errors") or 0) == len(single), path


def test_the_format_in_the_address_goes_before_the_accepted_ones(api):
    for accepted in ("application/json", "text/html", "*/*"):
        answer = api.get("/api/v1/spools/?format=csv", headers={"Accept": accepted})
        assert (answer.status_code, answer["Content-Type"][:8]) == (200, "text/csv")
    answer = api.get("/api/v1/spools/?format=json", headers={"Accept": "text/csv"})
    assert answer["Content-Type"] == "application/json"
