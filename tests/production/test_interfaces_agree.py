"""One figure, one answer: pages say of a run, a product and a printer what the reports say."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from inventory.admin.rendering import signed
from inventory.services.spools import scale
from production.models import ProductionRun, Reason
from production.services import completion
from production.services.printing import midprint
from production.services.reports import consumption, unexplained, variance
from production.services.runs import lifecycle
from production.templatetags.floor import duration, signed_grams
from tenants.accounts.models import FarmSettings
from tenants.operations import quantities
from tests.factories import a_filament, a_printer, a_product, a_running_run, a_spool
from tests.production.completed_runs import completed, took
from tests.responses import text_of, without_labels

pytestmark = pytest.mark.usefixtures("farm")


def page(browser, row):
    """What the admin's page of a row says."""
    meta = row._meta
    url = f"/admin/{meta.app_label}/{meta.model_name}/{row.pk}/change/"
    return without_labels(text_of(browser.get(url)))


def test_a_products_runs_cost_what_their_own_pages_say(at_admin):
    FarmSettings.objects.update(labour_rate=60)
    product = a_product(grams=10, labour_minutes=3)
    run = a_running_run((a_spool(price=Decimal(20)), 50), items=[(product, 1)])
    run = completed(run, good=[1], scrapped=[0], grams=[50])
    for text in (page(at_admin, product), page(at_admin, run)):
        assert '<td class="number">4.00</td>' in text  # 1.00 of filament, 3 minutes of somebody


def test_a_run_of_unknown_time_has_no_cost_on_the_page_of_its_product(at_admin):
    FarmSettings.objects.update(machine_hour_rate=2)
    product = a_product(grams=10)
    run = a_running_run((a_spool(price=Decimal(20)), 50), items=[(product, 1)])
    completed(run, good=[1], scrapped=[0], grams=[50])
    text = page(at_admin, product)
    assert 'Cost, EUR</th><td class="number">–</td><td class="number">–</td>' in text
    assert '<td class="number">1.00</td><td class="number">1.00</td>' in text  # of its material
    assert "<dd>unknown</dd>" in text


def test_a_product_of_which_none_was_good_says_so(at_admin):
    product = a_product(grams=10)
    run = a_running_run((a_spool(), 50), items=[(product, 1)])
    completed(run, good=[0], scrapped=[1], grams=[50])
    assert "<dd>none was good</dd>" in page(at_admin, product)


def test_a_cost_that_nobody_planned_is_on_the_page_of_its_run(at_admin):
    FarmSettings.objects.update(machine_hour_rate=2)
    run = completed(a_running_run((a_spool(), 50)), grams=[50], minutes=90)
    row = '<th scope="row">Machine</th><td class="number">–</td><td class="number">3.00</td>'
    assert row in page(at_admin, run)


def test_a_printers_hours_are_of_runs_that_are_over(at_admin):
    printer, spool = a_printer(), a_spool()
    first = a_running_run((spool, 5), printer=printer)
    completed(first, grams=[5], minutes=90)
    run = a_running_run((spool, 5), printer=printer)
    midprint.save_actuals(run, by=None, actual_minutes=Decimal(600))
    assert "<dd>1.5 hours</dd>" in page(at_admin, printer)
    completion.revert(first, by=None)
    assert "<dd>0.0 hours</dd>" in page(at_admin, printer)


def test_drafts_of_a_cancelled_run_are_not_what_it_took(floor):
    spool = a_spool()
    run = a_running_run((spool, 100))
    midprint.save_actuals(run, by=None, materials=[took(spool, 70)])
    lifecycle.cancel(run, by=None)
    assert "–; 100 g planned" in text_of(floor.get(f"/floor/runs/{run.pk}/"))
    completion.revert(run, by=None)
    lifecycle.cancel(run, by=None, materials=[took(spool, 12)])
    assert "12 g; 100 g planned" in text_of(floor.get(f"/floor/runs/{run.pk}/"))


def test_a_spools_page_tells_what_was_booked_of_it_and_no_draft(at_admin):
    spool = a_spool()
    run = a_running_run((spool, 100))
    midprint.save_actuals(run, by=None, materials=[took(spool, 70)])
    assert '<td class="number">70</td>' not in page(at_admin, spool)
    completed(run, grams=[70])
    assert '<td class="number">70</td>' in page(at_admin, spool)


def test_a_week_of_which_a_cost_is_unknown_says_at_least(at_admin):
    priced, unpriced = a_spool(price=Decimal(20)), a_spool(filament=a_filament(price=None))
    completed(a_running_run((priced, 50)), grams=[50])
    assert "at least" not in text_of(at_admin.get("/admin/"))
    completed(a_running_run((unpriced, 50)), grams=[50])
    text = text_of(at_admin.get("/admin/"))
    assert text.count("at least 1.00 ⚠") == 2  # of the day, and of the week
    assert "The cost of 1 run is not fully known" in text


def test_a_run_that_was_reverted_is_to_be_completed_and_not_late(at_admin):
    run = a_running_run((a_spool(), 5), planned_minutes=30)
    completion.revert(completed(run, grams=[5]), by=None)
    ProductionRun.objects.update(started_at=timezone.now() - timedelta(hours=3))
    text = text_of(at_admin.get("/admin/"))
    assert "to be completed" in text
    assert "late" not in text


def test_a_week_is_the_farms_last_seven_days_and_its_sums_are_those_of_the_report(at_admin):
    begun = FarmSettings.load().local_date(timezone.now()) - timedelta(days=6)
    midnight = datetime.combine(begun, time.min, ZoneInfo("Europe/Berlin"))
    spool = a_spool(3000, price=Decimal("0.05"))
    for ended_at in (midnight, midnight + timedelta(days=1), midnight - timedelta(seconds=1)):
        run = completed(a_running_run((spool, 1)), grams=[1])
        ProductionRun.objects.filter(pk=run.pk).update(started_at=ended_at, finished_at=ended_at)
    week = at_admin.get("/admin/").context["week"]
    assert [row["runs"] for row in week["days"]] == [1, 1, 0, 0, 0, 0, 0]
    assert (week["sums"]["runs"], week["sums"]["grams"]) == (2, 2)
    runs = ProductionRun.objects.filter(finished_at__gte=midnight)
    [report] = variance.of_many(runs)
    assert week["sums"]["cost"] == report["cost"]["known_total"]


def test_what_keeps_a_weighed_balance_is_no_count():
    """20 g were missing; then the run turns out to have taken 20 g more: nothing is missing."""
    spool = a_spool(1000)
    run = completed(a_running_run((spool, 100)), grams=[100])
    scale.weigh(spool, gross_grams=1080, by=None)
    completion.correct(run, by=None, materials=[took(spool, 120)], reason="A slip")
    [row] = unexplained.unexplained_grams()
    assert (row["grams"], row["counts"]) == (0, 1)


def test_a_failed_run_and_its_page_agree_on_what_it_took(at_admin):
    spool = a_spool(price=Decimal(20))
    run = a_running_run((spool, 100), items=[(a_product(grams=10), 10)])
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    run = completion.fail(run, by=None, reason=clogged, progress_percent=33).run
    assert '<td class="number">33</td>' in page(at_admin, run)
    [row] = consumption.consumption()
    assert (row["grams"]["waste"], row["cost"]["total"]) == (33, Decimal("0.66"))


@pytest.mark.parametrize(("minutes", "displayed"), [("95.5", "1 h 36"), ("90.5", "1 h 31")])
def test_a_time_is_rounded_alike_on_every_face(minutes, displayed):
    assert quantities.duration(Decimal(minutes)) == displayed
    assert duration(Decimal(minutes)) == f"{displayed} min"


def test_what_is_shown_as_nothing_has_no_sign():
    assert (signed(Decimal("-0.001")), signed(Decimal("0.001"))) == ("0", "0")
    assert (signed(Decimal("-0.01")), signed(Decimal("0.01"))) == ("−0.01", "+0.01")
    assert signed_grams(Decimal("-0.001")) == "±0 g"
