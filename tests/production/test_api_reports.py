"""Reports through the API: variance of many runs, stock, unexplained grams, alerts."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.services.spools import scale
from production.models import BomLine
from tests.factories import (
    a_filament,
    a_printer,
    a_product,
    a_run,
    a_spool,
)
from tests.production.api_helpers import REPORTS, rows
from tests.production.completed_runs import printed_with
from tests.production.folded.comparing import fold
from tests.responses import refused

ALL = ["variance", "stock", "stock-by-material-type", "unexplained", "alerts"]


def test_the_variance_of_many_runs_is_of_their_sums(api):
    spool = a_spool()
    printed_with(spool, 10, 20)
    printed_with(spool, 100, 100)
    (whole,) = rows(api, "variance")
    assert (whole["runs"], whole["grams"]["planned"]) == (2, "110.000000")
    compared = whole["compared"]["grams"]
    assert (compared["runs"], compared["difference"]) == (2, "10.000000")
    assert compared["percent"] == "9.0909"
    assert whole["cost"]["material"] == "2.4000"


@pytest.mark.parametrize("group", ["product", "printer", "filament", "day", "month", "status"])
def test_the_variance_is_told_by_group(api, group):
    printer, product = a_printer(), a_product("CLIP", grams=10)
    run = printed_with(a_spool(), 10, 20, printer=printer, items=[(product, 1)])
    printed_with(a_spool(), 30, 30)
    found = rows(api, "variance", f"group_by={group}&printer={printer.pk}")
    assert [(row["runs"], row["grams"]["actual"]) for row in found] == [(1, "20.000000")]
    assert ("good" in found[0]) == (group != "filament")
    assert run.number


@pytest.mark.parametrize("report", ["variance", "explanation"])
def test_a_page_of_a_report_of_what_is_kept_is_that_of_all_groups(api, report):
    for order in ("B-2", "a-1", "", "C-3", "A-1"):
        run = printed_with(a_spool(), 10, 20, items=[(a_product(), 1)])
        run.items.update(order_reference=order)
    fold()
    address = f"{REPORTS}{report}/?group_by=order&page_size=3"
    whole = api.get(f"{REPORTS}{report}/?group_by=order").data["results"]
    assert [(row["key"], row["name"], row["runs"]) for row in whole] == [
        *(("A-1", "A-1", 2), ("B-2", "B-2", 1), ("C-3", "C-3", 1), (None, None, 1))
    ]
    for number, rows_of_it in ((1, whole[:3]), (2, whole[3:])):
        page = api.get(f"{address}&page={number}").data
        assert (page["results"], page["total_count"], page["total_pages"]) == (rows_of_it, 4, 2)
        assert (page["next"] is None, page["previous"] is None) == (number == 2, number == 1)
        uncounted = api.get(f"{address}&page={number}&count=false").data
        assert (uncounted["results"], uncounted["total_count"]) == (rows_of_it, None)
        assert (uncounted["next"] is None) == (number == 2)
    for query in ("page=3", "page=3&count=false"):
        refused(api.get(f"{address}&{query}"), 404, "not_found")
    table = b"".join(api.get(f"{REPORTS}{report}/?group_by=order&format=csv").streaming_content)
    assert len(table.splitlines()) == 5


def test_the_variance_takes_the_filters_of_the_list_of_runs(api):
    printed_with(a_spool(lot_number="L1"), 10, 10)
    a_run((a_spool(), 10))
    today = timezone.localdate()
    query = f"lot=l1&status=completed&finished_from={today}&finished_to={today}"
    assert rows(api, "variance", query)[0]["runs"] == 1
    for query in ("group_by=colour", "status=unheard", "start_date=soon", "limit=1", "ordering=id"):
        refused(api.get(f"{REPORTS}variance/?{query}"), 400, "invalid")


def test_the_stock_of_a_filament_is_told_with_what_is_wanted_of_it(api):
    filament = a_filament("Deep blue", reorder_point_grams=Decimal(2000))
    a_spool(filament=filament)
    product = a_product(grams=30)
    BomLine.objects.filter(product=product).update(filament=filament)
    api.post("/api/v1/production-runs/", {"items": [{"product": product.pk, "quantity": 2}]})
    (row,) = rows(api, "stock", "is_to_reorder=true&search=blue&ordering=-available_grams")
    assert (row["remaining_grams"], row["wanted_grams"]) == ("1000.000000", "60.000000")
    assert (row["free_grams"], row["days_left"], row["sealed_count"]) == ("940.000000", None, 1)
    (row,) = rows(api, "stock-by-material-type")
    assert (row["code"], row["wanted_exact_grams"]) == ("PLA", "60.000000")


def test_what_counting_found_missing_is_told_by_filament(api):
    spool = a_spool()
    scale.weigh(spool, gross_grams=Decimal(1170), by=None)
    today = timezone.localdate()
    query = f"counted_from={today}&counted_to={today}"
    assert [row["grams"] for row in rows(api, "unexplained", query)] == ["-30.000000"]
    assert rows(api, "unexplained", "counted_from=2999-01-01") == []
    refused(api.get(f"{REPORTS}unexplained/?counted_from=soon"), 400, "invalid")


def test_a_product_that_takes_more_than_planned_is_corrected_by_its_runs(api, operator):
    product, spool = a_product("CLIP", grams=10), a_spool()
    run = printed_with(spool, 50, 80, items=[(product, 5)])
    (alert,) = rows(api, "alerts", "last=5")
    assert (alert["product_sku"], alert["fitting_grams_per_unit"]) == ("CLIP", "16.000000")
    assert (alert["grams_percent"], alert["run_ids"]) == ("60.0000", [run.pk])
    assert alert["run_numbers"] == [run.number]
    api.force_authenticate(operator)
    accept = f"/api/v1/products/{product.pk}/accept-actuals/"
    answer = api.post(accept)
    assert answer.status_code == 200, answer.content
    assert answer.json()["bom_lines"][0]["grams_per_unit"] == "16.000000"
    assert rows(api, "alerts") == []
    refused(api.post(f"/api/v1/products/{a_product().pk}/accept-actuals/"), 409, "no_evidence")
    refused(api.post(accept, {"last": 0}), 400, "invalid")


def test_a_viewer_reads_reports_and_accepts_nothing(api, viewer):
    api.force_authenticate(viewer)
    for report in ALL:
        assert rows(api, report) == [] or report == "variance"
    product = a_product()
    answer = api.post(f"/api/v1/products/{product.pk}/accept-actuals/")
    refused(answer, 403, "permission_denied")
