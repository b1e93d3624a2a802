"""Grams that are of the plan are not compared with it, wherever they are shown."""

from csv import DictReader
from decimal import Decimal
from io import StringIO

import pytest

from inventory.services import metering
from production.models import ActualSource
from production.services import completion
from production.services.printing import midprint
from production.services.reports import alerts
from production.services.runs import lifecycle
from tests.factories import (
    a_filament,
    a_printer,
    a_printer_token,
    a_product,
    a_running_run,
    a_spool,
)
from tests.production.api_helpers import rows
from tests.production.completed_runs import took
from tests.responses import done, text_of

pytestmark = pytest.mark.usefixtures("farm")
RUNS = "/admin/production/productionrun/"
SOURCES = (*ActualSource.values, "unknown")


@pytest.fixture
def reported(manager):
    """A run of 100 g planned, running, of which a token of the kind reported the grams."""

    def report(kind, grams, product=None, spool=None, more=()):
        token = a_printer_token(manager, kind=kind)
        spool = spool or a_spool(1000)
        fields = {"printer": a_printer(), "planned_minutes": 60}
        items = [(product or a_product(grams=100), 1)]
        run = a_running_run((spool, 100), *more, items=items, **fields)
        metering.use(spool.number, token=token, by=token.user, grams=grams)
        return run

    return report


def of_run(api, run, what="variance"):
    return done(api.get(f"/api/v1/production-runs/{run.pk}/{what}/"))


def completed(run, **words):
    return completion.complete(run, by=None, as_planned=True, confirm=True, **words).run


def by_source(**grams):
    return dict.fromkeys(SOURCES, "0.000000") | {
        name: f"{Decimal(value):.6f}" for name, value in grams.items()
    }


def test_what_is_as_sliced_is_no_number_in_the_variance_of_a_run(api, reported):
    run = completed(reported("bridge", 100))
    found = of_run(api, run)
    (line,) = found["materials"]
    assert line["actual_source"] == "sliced"
    for figures in (found["grams"], line):
        assert (figures["total"]["planned"], figures["total"]["actual"]) == ("100.000000",) * 2
        for name in ("part", "purge", "total"):
            assert (figures[name]["difference"], figures[name]["percent"]) == (None, None)
    assert found["grams_not_compared"] == line["grams_not_compared"] == "not_measured"
    assert found["cost"]["material"]["difference"] == "0.0000"  # what it cost is known
    explained = of_run(api, run, "explanation")
    assert explained["grams_not_compared"] == "not_measured"
    assert (explained["grams"]["difference"], explained["grams"]["over"]) == (None, None)
    parts = (explained["grams"], explained["needs"][0], explained["items"][0]["grams"])
    assert set(parts[0]["parts"].values()) == {None}
    assert set(parts[1]["grams"].values()) == {None}
    assert set(parts[2]["parts"].values()) == {None}


def test_what_is_metered_is_compared(api, reported):
    found = of_run(api, completed(reported("moonraker", 104)))
    assert found["grams_not_compared"] is found["materials"][0]["grams_not_compared"] is None
    assert found["grams"]["total"]["percent"] == "4.0000"


def test_a_completion_answers_that_nobody_measured(api, reported):
    run = reported("bridge", 100)
    body = {"as_planned": True}
    answer = done(api.post(f"/api/v1/production-runs/{run.pk}/complete/", body, format="json"))
    assert answer["variance"]["grams"]["total"]["percent"] is None
    assert answer["variance"]["grams_not_compared"] == "not_measured"


@pytest.mark.parametrize("group_by", ["product", "printer", "day", "month", "status", "filament"])
def test_reports_compare_only_what_was_measured(api, reported, group_by):
    product, filament = a_product(grams=100), a_filament("One")
    spools = [a_spool(1000, filament=filament) for _ in range(2)]
    completed(reported("bridge", 100, product, spools[0]))
    (row,) = rows(api, "variance", f"group_by={group_by}")
    compared = row["compared"]["grams"]
    assert (compared["runs"], compared["difference"], compared["percent"]) == (0, None, None)
    assert row["compared"]["cost"]["material"]["runs"] == 1
    assert row["grams"]["by_source"] == by_source(sliced=100)
    metered = reported("moonraker", 110, product, spools[1])
    completed(metered)
    found = rows(api, "variance", f"group_by={group_by}")
    assert [each["compared"]["grams"]["percent"] for each in found if each["runs"] == 2] in (
        ["10.0000"],
        [],  # each on a printer of its own
    )
    explained = rows(api, "explanation", f"group_by={group_by}")
    reasons = [each["grams"]["not_compared"] for each in explained]
    assert sum(each.get("not_measured", 0) for each in reasons) == 1


def test_a_run_of_two_filaments_is_compared_in_none_where_one_was_not_measured(api, reported):
    other = a_spool(1000, filament=a_filament("Other"))
    run = reported("bridge", 100, more=[(other, 50)])
    completed(run, materials=[took(other, 55)])
    found = of_run(api, run)
    assert {each["grams_not_compared"] for each in found["materials"]} == {None, "not_measured"}
    assert found["grams"]["total"]["difference"] == "5.000000"  # of what was typed
    for report in ("variance", "explanation"):
        for row in rows(api, report, "group_by=filament"):
            figures = row["compared"]["grams"] if report == "variance" else row["grams"]
            assert figures["difference"] is None
            assert figures.get("runs", figures.get("compared")) == 0


def test_pages_and_tables_say_not_measured(api, at_admin, reported):
    product = a_product(grams=100)
    run = completed(reported("bridge", 100, product))
    page = text_of(at_admin.get(f"{RUNS}{run.pk}/change/"))
    assert "not measured" in page
    assert "0.0 %" not in page.split("Variance and cost")[1].split("Time")[0]
    assert "not measured" in text_of(at_admin.get(RUNS))
    assert "not measured" in text_of(
        at_admin.get(f"/admin/production/product/{product.pk}/change/")
    )
    table = b"".join(at_admin.get(f"{RUNS}csv/").streaming_content).decode("utf-8-sig")
    (row,) = DictReader(StringIO(table))
    assert (row["off_plan_percent"], row["estimated_grams"]) == ("", "100")
    assert not alerts.proposal(product).run_ids


def test_pages_split_grams_by_source(at_admin, manager):
    product = a_product(grams=100)
    one, other = a_spool(1000), a_spool(1000)
    run = a_running_run((one, 70), (other, 30), items=[(product, 1)], printer=a_printer())
    token = a_printer_token(manager, kind="bridge")
    metering.use(one.number, token=token, by=token.user, grams=60)
    midprint.save_actuals(run, by=None, materials=[took(one, 62)])
    metering.use(one.number, token=token, by=token.user, grams=7)
    metering.use(other.number, token=token, by=token.user, grams=25)
    page = f"{RUNS}{run.pk}/change/"
    assert "its grams come from" not in text_of(at_admin.get(page))
    completed(run)
    text = text_of(at_admin.get(page))
    assert "its grams come from: 25 reported as sliced, 62 typed, 7 reported since." in text
    assert "typed, 7 g reported since" in text
    told = "25 reported as sliced, 69 typed"
    assert told in text_of(at_admin.get(f"/admin/production/product/{product.pk}/change/"))
    assert f"the grams come from: {told}." in text_of(at_admin.get("/admin/"))


def test_what_a_cancelled_run_took_as_sliced_has_no_percent(at_admin, reported):
    run = reported("bridge", 30)
    lifecycle.cancel(run, by=None)
    assert "not measured" in text_of(at_admin.get(RUNS))
    other = reported("moonraker", 30)
    lifecycle.cancel(other, by=None)
    assert "−70.0 %" in text_of(at_admin.get(f"{RUNS}?q={other.number}"))


def test_reports_split_grams_by_source_in_csv_too(api, reported):
    completed(reported("bridge", 30))
    completed(reported("moonraker", 20))
    spool = a_spool(1000)
    completed(a_running_run((spool, 10)), materials=[took(spool, 11)])
    completed(a_running_run((a_spool(1000), 7)))
    expected = by_source(sliced=30, metered=20, typed=11, as_planned=7)
    for report in ("variance", "consumption"):
        (whole,) = rows(api, report)
        assert whole["grams"]["by_source"] == expected, report
        table = api.get(f"/api/v1/reports/{report}/?format=csv")
        (row,) = DictReader(StringIO(b"".join(table.streaming_content).decode("utf-8-sig")))
        found = {name: Decimal(row[f"grams.by_source.{name}"]) for name in SOURCES}
        assert found == {name: Decimal(value) for name, value in expected.items()}, report


def test_what_no_run_took_says_what_devices_reported(api, manager):
    for kind in ("octoprint", "slicer"):
        token, spool = a_printer_token(manager, kind=kind), a_spool(1000)
        metering.use(spool.number, token=token, by=token.user, grams=3)
        done(api.post(f"/api/v1/spools/{spool.pk}/use/", {"grams": "2"}, format="json"))
    (whole,) = rows(api, "consumption")
    assert whole["grams"]["by_source"] == by_source(metered=3, sliced=3, unknown=4)
