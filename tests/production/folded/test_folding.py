"""The job that sums closed runs, what is not kept, and how wrong sums are noticed."""

from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tenants.utils import schema_context

from production.models import FiguresMark, FoldedDays, ProductionRun, VarianceSum
from production.services.figures import checking, folding, sums
from production.services.reports import by_parameters, folded, variance
from production.services.reports.folded import Chosen
from production.services.runs import lifecycle
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tenants.schemas import database_role
from tests.factories import a_printer, a_product, a_run, a_spool
from tests.production.completed_runs import printed
from tests.production.folded.comparing import different, fold, wrong

pytestmark = pytest.mark.usefixtures("farm")
NOTHING = dict.fromkeys(("group_by", "ordering", "printer", "printer_name", "lot"))


def a_folded_run():
    """A completed run whose day is kept, and the day."""
    run = printed((a_spool(), 10), items=[(a_product(grams=5), 2)], printer=a_printer())
    fold()
    return run, run.finished_at.astimezone(ZoneInfo(FarmSettings.load().timezone)).date()


def runs_of(**given):
    [row] = variance.of_many(ProductionRun.objects.live(), chosen=Chosen(), **given)
    return row["runs"]


def tamper():
    """Let every sum have one run more: what is not read from the sums stays as it is."""
    for row in VarianceSum.objects.all():
        row.runs += 1
        row.save(update_fields=["runs"])


def test_a_report_reads_the_sums_and_not_the_runs_again():
    a_folded_run()
    assert runs_of() == 1
    tamper()
    assert runs_of() == 2


def test_reports_by_parameters_read_the_sums_where_these_know_what_is_asked_for():
    run, _day = a_folded_run()
    tamper()
    runs = ProductionRun.objects.live()
    for given, count in (({}, 2), ({"printer": run.printer_id}, 2), ({"lot": run.number}, 1)):
        [row] = by_parameters.variance_of(runs, NOTHING | given)
        assert row["runs"] == count


def test_a_day_that_is_marked_is_reckoned_from_its_runs_until_it_is_summed_again():
    run, day = a_folded_run()
    tamper()
    FiguresMark.objects.create(ended_at=run.finished_at)
    assert runs_of() == 1
    fold()
    assert not FiguresMark.objects.exists()
    assert runs_of() == 1
    assert VarianceSum.objects.filter(dimension="status", span="day").get().starts_on == day


def test_a_statement_that_takes_too_long_is_carried_out_without_loops(monkeypatch):
    monkeypatch.setattr(sums, "PATIENCE", "1ms")
    with CaptureQueriesContext(connection) as captured:
        a_folded_run()
    statements = [query["sql"] for query in captured]
    assert "SET LOCAL enable_nestloop = off" in statements
    assert (different(), wrong(), runs_of()) == ([], [], 1)


def test_in_another_time_zone_or_by_other_statements_nothing_is_kept():
    a_folded_run()
    tamper()
    change_settings(FarmSettings.load(), by=None, timezone="Asia/Tokyo")
    assert runs_of() == 1
    fold()
    assert FoldedDays.objects.get().timezone == "Asia/Tokyo"
    tamper()
    FoldedDays.objects.update(definition="of an older release")
    assert runs_of() == 1
    fold()
    assert runs_of() == 1
    assert not wrong()


def test_wrong_sums_are_named():
    a_folded_run()
    assert not wrong()
    VarianceSum.objects.filter(dimension="status").update(runs=7)
    assert {each.figures["dimension"] for each in checking.violations()} == {"status"}
    VarianceSum.objects.filter(dimension="status").delete()
    assert wrong()


def test_a_month_and_a_year_that_are_over_are_summed_of_their_days():
    run, _day = a_folded_run()
    ago = timedelta(days=400)
    ProductionRun.objects.update(finished_at=run.finished_at - ago, started_at=run.started_at - ago)
    fold()
    spans = VarianceSum.objects.filter(dimension="printer").values_list("span", flat=True)
    assert sorted(spans) == ["month", "year"]
    assert runs_of() == runs_of(group_by="printer") == 1
    tamper()
    FiguresMark.objects.create(ended_at=run.finished_at - ago)
    assert runs_of(group_by="printer") == 1
    fold()
    assert runs_of(group_by="printer") == 1
    assert not wrong()


def test_a_run_that_was_cancelled_before_its_start_is_of_no_day():
    lifecycle.cancel(a_run((a_spool(), 10)), by=None)
    fold()
    assert VarianceSum.objects.filter(dimension="status", has_ended=False).exists()
    assert not different(groups=(None, "day", "status"))
    today = timezone.now().date()
    period = Chosen(today - timedelta(days=2), today + timedelta(days=2))
    runs = ProductionRun.objects.live().filter(finished_at__isnull=False)
    assert not different(period, runs, groups=(None, "day", "month"))


def test_the_job_knows_when_there_is_something_to_do(farm):
    def is_due():
        return bool(database_role.rows_of_each([farm.schema_name], folding.IS_DUE))

    assert is_due()
    run, _day = a_folded_run()
    assert not is_due()
    FiguresMark.objects.create(ended_at=run.finished_at)
    assert is_due()
    folding.fold_due()
    assert not is_due()
    FoldedDays.objects.update(until=timezone.now().date() - timedelta(days=3))
    assert is_due()


def test_the_command_sums_everything_anew_or_goes_on(farm):
    run, _day = a_folded_run()
    FoldedDays.objects.update(until=run.finished_at.date() - timedelta(days=1))
    VarianceSum.objects.update(runs=7)
    for words in (["--go-on"], []):
        out = StringIO()
        with schema_context("public"):
            call_command("rebuild_figures", farm.slug, *words, stdout=out)
        assert f"{farm.slug}: done" in out.getvalue()
    assert not VarianceSum.objects.filter(runs=7).exists()
    assert FoldedDays.objects.get().until >= run.finished_at.date()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Chosen()),
        ({"status": ["failed"]}, Chosen(keys={"status": ["failed"]})),
        ({"printer": 7}, Chosen(keys={"printer": ["7"]})),
        ({"printer": "Mk4"}, None),
        ({"printer_name": "Mk4"}, None),
        ({"lot": "A"}, None),
    ],
)
def test_what_the_sums_know_is_told_by_the_parameters(given, expected):
    assert by_parameters.chosen(NOTHING | given) == expected


def test_a_period_of_whole_days_is_known_and_one_of_moments_is_not():
    zone = ZoneInfo(FarmSettings.load().timezone)
    begin, end = (datetime(2026, 3, day, tzinfo=zone) for day in (1, 2))
    days = {"finished_from": (begin, end), "finished_to": (begin, end)}
    assert by_parameters.chosen(NOTHING | days) == Chosen(begin.date(), end.date())
    backwards = days | {"finished_from": (end + timedelta(days=4), end + timedelta(days=5))}
    for moments in (backwards, days | {"finished_to": (end, end)}):
        assert by_parameters.chosen(NOTHING | moments) is None
    shifted = [moment + timedelta(hours=1) for moment in (begin, end)]
    assert by_parameters.chosen(NOTHING | {"finished_from": tuple(shifted)}) is None


@pytest.mark.parametrize(
    ("keys", "group_by", "dimension"),
    [
        ({}, None, "status"),
        ({}, "product", "product"),
        ({"printer": ["1"]}, "month", "printer"),
        ({"printer": ["1"]}, "product", None),
        ({"status": ["failed"]}, "status", "status"),
        ({"status": ["failed"]}, "printer", None),
        ({"status": ["failed"], "printer": ["1"]}, None, None),
    ],
)
def test_a_filter_and_a_group_are_of_one_dimension_or_not_known(keys, group_by, dimension):
    assert Chosen(keys=keys).dimension(group_by) == dimension
    found = {"group_by": group_by, "chosen": Chosen(keys=keys)}
    assert folded.rows(folded.VARIANCE, ProductionRun.objects.none(), **found) == []
