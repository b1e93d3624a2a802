"""Lists of runs: what finds them, and how many queries they take."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from production.models import ProductionRun, RunItem
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.inventory.api_helpers import SPOOLS
from tests.inventory.api_helpers import found as ids_found
from tests.production.api_helpers import RUNS


def numbers(api, query):
    answer = api.get(f"{RUNS}?{query}")
    assert answer.status_code == 200, answer.content
    return {row["number"] for row in answer.json()["results"]}


def test_runs_are_found_by_what_is_known_of_them(api):
    spool = a_spool(lot_number="LOT-1")
    printer, product = a_printer("Mk4"), a_product("BODY")
    wanted = a_running_run((spool, 10), items=[(product, 1)], printer=printer)
    a_run((a_spool(filament=a_filament(material_type=a_material_type("ASA"))), 10))
    today = timezone.localdate()
    for query in (
        "status=in_progress",
        "status=in_progress,completed",
        "status=in_progress&status=failed",
        f"product_id={product.pk}",
        f"spool_id={spool.pk}",
        "printer_name=mk4",
        f"printer={printer.pk}",
        "material_type_code=pla",
        f"material_type={spool.filament.material_type_id}",
        f"filament={spool.filament_id}",
        f"filament_name={spool.filament.name}",
        f"spool_code={spool.code}",
        "product_sku=body",
        "lot=lot-1",
        f"number={wanted.number.lower()}",
        "search=BODY",
        f"start_date={today}&end_date={today}&status=in_progress",
    ):
        assert numbers(api, query) == {wanted.number}, query
    for query in (
        "status=planned",
        "order_reference=x",
        "printer=9",
        "spool_code=X",
        "created_by=1",
        "finished_from=2020-01-01",
    ):
        assert wanted.number not in numbers(api, query), query
    assert not numbers(api, "updated_since=2999-01-01T00:00:00Z")
    assert len(numbers(api, "ordering=-due_on,number")) == 2


def test_runs_are_found_by_an_order_or_by_a_code_as_printed(api):
    spool, product = a_spool(code="10AB10CDE"), a_product("BODY")
    wanted, _other = (
        a_running_run((spool, 10), items=[(product, 1)]),
        a_running_run((a_spool(), 10)),
    )
    RunItem.objects.filter(run=wanted).update(order_reference="SO-1071")
    for words in ("so-1071", "10A B10 CDE", "10ab10cde", "10a cde body", "10AB"):
        assert numbers(api, f"search={words}") == {wanted.number}, words
    assert not numbers(api, "search=0AB")
    assert ids_found(api, SPOOLS, "search=10A B10 CDE") == [spool.pk]


def test_days_are_the_farms_and_inclusive(api):
    """Berlin is two hours ahead in summer: 23:30 of the 1st there is 21:30 in UTC."""
    late = datetime(2031, 7, 1, 21, 30, tzinfo=UTC)
    run = a_run(planned_start_at=late).number
    for query, found in {
        "start_date=2031-07-01&end_date=2031-07-01": {run},
        "start_date=2031-07-02": set(),
        "end_date=2031-06-30": set(),
    }.items():
        assert numbers(api, query) == found, query
    ProductionRun.objects.update(finished_at=late)
    for query, found in {
        "finished_from=2031-07-01&finished_to=2031-07-01": {run},
        "finished_from=2031-07-02": set(),
        "finished_to=2031-06-30": set(),
        "finished_from=2031-07-01T23:30:00%2B02:00&finished_to=2031-07-01T21:30:00Z": {run},
        "finished_to=2031-07-01T21:29:59Z": set(),
    }.items():
        assert numbers(api, query) == found, query


def test_runs_are_put_in_order_either_way_with_nothing_last(api):
    first, second, third = a_run(), a_run(), a_run()
    day = datetime(2026, 3, 1, tzinfo=UTC)
    of = ProductionRun.objects.filter
    of(pk=first.pk).update(started_at=day, finished_at=day + timedelta(3), status="completed")
    of(pk=second.pk).update(
        started_at=day + timedelta(1), finished_at=day + timedelta(2), status="failed"
    )

    def ordered(by):
        rows = api.get(f"{RUNS}?ordering={by}").json()["results"]
        return [row["id"] for row in rows]

    a, b, c = first.pk, second.pk, third.pk
    for by, expected in {
        "created_at": [a, b, c],
        "-created_at": [c, b, a],
        "number": [a, b, c],
        "-number": [c, b, a],
        "started_at": [a, b, c],
        "start_date": [a, b, c],
        "-start_date": [b, a, c],
        "finished_at": [b, a, c],
        "completion_date": [b, a, c],
        "-completion_date": [a, b, c],
        "status": [a, b, c],
        "-status": [c, b, a],
        "-completion_date,number": [a, b, c],
    }.items():
        assert ordered(by) == expected, by


def test_a_page_says_where_it_is(api):
    for _ in range(3):
        a_run()
    page = api.get(f"{RUNS}?page_size=2&page=2&ordering=number").json()
    assert list(page) == [
        "total_count", "page", "page_size", "total_pages", "next", "previous", "results",
    ]  # fmt: skip
    assert (page["total_count"], page["total_pages"], page["next"]) == (3, 2, None)
    assert "page_size=2" in page["previous"]


@pytest.mark.parametrize(
    "query",
    [
        "status=unheard",
        "start_date=yesterday",
        "start_date=2026-02-30",
        "end_date=9999-12-31",
        "finished_from=2026-01-01T00:00:00",
        "updated_since=2026-01-01",
        "updated_since=2026-01-01T00:00:00%2B23:00",
        "product_id=BODY",
        "spool_id=" + "9" * 5000,
        "ordering=notes",
        "ordering=--number",
        "lot=%00",
        "limit=5",
    ],
)
def test_a_filter_that_makes_no_sense_is_400(api, query):
    assert api.get(f"{RUNS}?{query}").status_code == 400
