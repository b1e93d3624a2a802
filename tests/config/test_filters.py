"""What lists are narrowed by, whichever list: references with their names, ranges, refusals."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.services.spools import shelf
from production.models import ProductionRun
from tenants.api.filters import (
    FilterSet,
    FromFilter,
    IdFilter,
    ReferenceFilter,
    SeveralFilter,
    ToFilter,
)
from tests.config.routes import furnish, ids_of, routes
from tests.factories import a_printer, a_run, a_running_run, a_spool, make_user
from tests.responses import done, refused, results

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
def address(farm):
    furnish("zebra")
    by_path = {route.path: route for route in LISTS}
    return lambda path: by_path[path].address(*ids_of(by_path[path]))


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


def test_what_is_called_by_a_name_is_found_by_it(api):
    by = make_user(username="zoe")
    spool = a_spool(lot_number="L-1")
    run = a_running_run((spool, 10), by=by)
    shelf.open(spool, by=by)
    shelf.relabel(spool, by=by)
    code, former, filament = spool.code, spool.code, spool.filament
    code = type(spool).objects.get(pk=spool.pk).code
    assert code != former
    a_running_run((a_spool(filament=filament), 5))
    for address, found in {
        f"inventory-transactions/?spool_code={code.lower()}": 1,
        f"inventory-transactions/?spool_code={former}": 1,
        f"inventory-transactions/?filament_name={filament.name.upper()}": 2,
        "inventory-transactions/?performed_by_username=nobody": 0,
        f"production-runs/?spool_code={former}": 1,
        "production-runs/?material_type=pla&created_by=ZOE": 1,
        f"inventory-transactions/?spool={code.lower()}": 1,
        f"production-runs/?filament_name={filament.name}&number={run.number}": 1,
        f"run-events/?by_username=ZOE&run_number={run.number}": 2,
        f"spools/{spool.pk}/events/?by_username=zoe": 2,
        f"spools/?filament_name={filament.name}&material_type_code=pla": 2,
        "spools/?filament_name=nothing": 0,
        f"reports/lots/?run_number={run.number}": 1,
        "reports/lots/?lot=l-1&manufacturer_name=nobody": 0,
        f"reports/lots/?lot=l-1&filament_name={filament.name}": 1,
        f"reports/lot-parts/?lot=l-1&filament_name={filament.name}": 0,
    }.items():
        assert len(results(api.get(f"/api/v1/{address}"))) == found, address


def test_an_order_and_a_lot_at_once_are_400_and_so_is_a_maker_of_no_lot(api):
    for query in ("run=1&run_number=X", "lot=1&run_number=X", "run_number=X&filament_name=Y"):
        refused(api.get(f"/api/v1/reports/lots/?{query}"), 400, "invalid")


def test_what_was_done_lately_is_found_between_two_moments(api):
    """A range that is one is narrowed as before."""
    a_running_run((a_spool(), 10))
    soon = (timezone.now() + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    events = done(api.get(f"/api/v1/run-events/?at_from={timezone.localdate()}&at_to={soon}"))
    assert events["total_count"] == 2


# --- Each parameter ------------------------------------------------------------------------------


def test_a_parameter_of_one_value_that_is_given_twice_is_400(api, address):
    for path, filters in FILTERS.items():
        several = [k for k, each in filters.base_filters.items() if isinstance(each, SeveralFilter)]
        names = {"page", *filters.base_filters}
        query = "&".join(f"{name}=x&{name}=y" for name in sorted(names))
        problem = refused(api.get(f"{address(path)}?{query}"), 400, "invalid")
        single = names - set(several)
        assert set(problem["errors"]) <= single, path  # a problem names the first of many
        assert len(problem["errors"]) + (problem.get("more_errors") or 0) == len(single), path


def test_numbers_at_the_end_of_a_name_are_put_in_order_by_their_value(api):
    for name in ("MK4 10", "MK4 2", "MK4"):
        a_printer(name)
    for number in ("ALPH-20260301-1000", "ALPH-20260301-127", "ALPH-20260302-001"):
        ProductionRun.objects.filter(pk=a_run().pk).update(number=number)
    for path, name in (("printers", "name"), ("production-runs", "number")):
        rows, reverse = (
            [row[name] for row in results(api.get(f"/api/v1/{path}/?ordering={minus}{name}"))]
            for minus in ("", "-")
        )
        assert rows == reverse[::-1]
        assert rows in (
            ["MK4", "MK4 2", "MK4 10"],
            ["ALPH-20260301-127", "ALPH-20260301-1000", "ALPH-20260302-001"],
        )


def test_the_format_in_the_address_goes_before_the_accepted_ones(api):
    for accepted in ("application/json", "text/html", "*/*"):
        answer = api.get("/api/v1/spools/?format=csv", headers={"Accept": accepted})
        assert (answer.status_code, answer["Content-Type"][:8]) == (200, "text/csv")
    answer = api.get("/api/v1/spools/?format=json", headers={"Accept": "text/csv"})
    assert answer["Content-Type"] == "application/json"
