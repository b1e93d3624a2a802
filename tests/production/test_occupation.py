"""Hours and occupation of printers, in figures that can be checked by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from production.models import Printer, ProductionRun, RunEvent, RunItem
from production.services.reports.occupation import occupation
from tenants.accounts.audited import audit
from tenants.accounts.models import FarmSettings
from tests.factories import a_printer, a_product
from tests.production.api_helpers import rows

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
NOW = START + 96 * HOUR


@pytest.fixture
def printer(farm):
    return a_printer("Mk4")


def ran(printer, begin, hours, *, status="completed", minutes=None, good=0):
    """A run that began ``begin`` hours after START, and ended ``hours`` later; None: it prints."""
    begin = START + begin * HOUR
    run = ProductionRun.objects.create(
        number=f"R{ProductionRun.objects.count()}",
        printer=printer,
        status=status,
        started_at=begin,
        finished_at=None if hours is None or status == "cancelled" else begin + hours * HOUR,
        actual_minutes=minutes,
        actual_minutes_source="typed" if minutes is not None else "",
        created_at=begin,
        updated_at=begin,
    )
    RunItem.objects.create(run=run, product=a_product(), quantity=99, good_count=good)
    if status == "cancelled":
        at = begin + hours * HOUR
        RunEvent.objects.create(
            run=run, verb="cancel", from_status="in_progress", to_status=status, at=at
        )
    return run


def report(**options):
    return occupation(Printer.objects.all(), now=NOW, **options)


def hours(row):
    return {name: minutes / 60 for name, minutes in row["minutes"].items()}


def test_a_run_prints_for_its_minutes_else_by_the_clock(printer):
    ran(printer, 0, 10, minutes=300, good=5)  # its end was entered late
    ran(printer, 12, 1, minutes=120, good=2)  # its start was entered late
    ran(printer, 24, 3, status="failed", good=1)
    ran(printer, 30, 2, status="cancelled")
    ran(printer, 90, None, status="in_progress")
    [row] = report(group_by="printer")
    assert hours(row) == {"printing": 18, "by_the_clock": 11, "lost": 5, "available": 96}
    assert (row["name"], row["printers"], row["runs"], row["good"]) == ("Mk4", 1, 4, 8)
    assert (row["lost_runs"], row["runs_of_unknown_minutes"]) == (2, 2)
    assert row["occupation_percent"] == Decimal("18.75")


def test_what_lies_outside_the_period_is_left_out(printer):
    ran(printer, -24, 20)
    ran(printer, 10, 20, minutes=600, good=3)  # from 22:00 to 8:00
    day = START.replace(hour=0)
    [first] = report(since=day, until=day + 24 * HOUR)
    assert hours(first) == {"printing": 10, "by_the_clock": 8, "lost": 0, "available": 24}
    assert (first["runs"], first["good"]) == (1, 0)
    [second] = report(since=day + 24 * HOUR, until=day + 48 * HOUR)
    assert hours(second) == {"printing": 8, "by_the_clock": 0, "lost": 0, "available": 24}
    assert (second["runs"], second["good"]) == (1, 3)


def test_a_period_begins_with_the_first_run_and_ends_now(printer):
    assert report() == []
    ran(printer, 0, 24)
    for options in ({}, {"since": START - 900 * HOUR, "until": NOW + 900 * HOUR}):
        [row] = report(**options)
        assert (hours(row)["available"], row["occupation_percent"]) == (96, 25)
    assert report(since=NOW + HOUR) == []


def test_days_are_the_farms_also_where_the_clocks_change(printer):
    FarmSettings.objects.update(timezone="Europe/Berlin")
    begin = datetime(2026, 3, 27, 23, tzinfo=UTC)  # midnight before 28 March
    ran(printer, (begin - START) / HOUR, 48)
    found = occupation(Printer.objects.all(), period="day", now=begin + 72 * HOUR)
    assert [(row["period"], hours(row)["printing"], hours(row)["available"]) for row in found] == [
        ("2026-03-28", 24, 24),
        ("2026-03-29", 23, 23),
        ("2026-03-30", 1, 24),
        ("2026-03-31", 0, 1),
    ]
    assert [row["runs"] for row in found] == [0, 0, 1, 0]


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("group_by", [None, "printer", "location"])
def test_periods_and_groups_add_up_to_the_whole(printer, period, group_by):
    other = a_printer("Mini")
    for number in range(12):
        status = ("completed", "failed", "cancelled")[number % 3]
        minutes = 60 * number if number % 2 else None
        ran(
            (printer, other)[number % 2], 7 * number, 5, status=status, minutes=minutes, good=number
        )
    [whole] = report()
    parts = report(period=period, group_by=group_by)
    for name in ("runs", "lost_runs", "good", "runs_of_unknown_minutes"):
        assert sum(row[name] for row in parts) == whole[name]
    for name in ("printing", "by_the_clock", "lost", "available"):
        assert sum(row["minutes"][name] for row in parts) == whole["minutes"][name]
    assert (whole["printers"], whole["runs"]) == (2, 12)


def test_a_printer_that_printed_nothing_is_at_0_percent_while_it_is_in_use(printer):
    ran(printer, 0, 24)
    idle = a_printer("Idle")
    assert [(row["name"], row["occupation_percent"]) for row in report(group_by="printer")] == [
        ("Mk4", 25),
        ("Idle", 0),
    ]
    Printer.objects.update(is_active=False)
    assert [row["key"] for row in report(group_by="printer")] == [str(printer.pk)]
    assert occupation(Printer.objects.filter(pk=idle.pk), now=NOW) == []


def test_a_printer_is_available_while_it_is_in_use(printer):
    """96 h since the first run: one added after 80 h that ran 4 h before it, one that was out of
    use from 30 h to 60 h and printed 2 h of them, one added after the period."""
    ran(printer, 0, 24)
    added, paused, later = a_printer("Added"), a_printer("Paused"), a_printer("Later")
    audit("add", added, by=None, at=START + 80 * HOUR)
    audit("add", later, by=None, at=NOW + HOUR)
    audit("add", paused, by=None, at=START - 9 * HOUR)
    for at, value in ((30, False), (60, True)):
        changes = {"is_active": [not value, value]}
        audit("change", paused, by=None, at=START + at * HOUR, changes=changes)
    ran(paused, 28, 4)
    found = {row["name"]: hours(row)["available"] for row in report(group_by="printer")}
    assert found == {"Mk4": 96, "Added": 16, "Paused": 68}
    [whole] = report()
    assert (hours(whole)["available"], whole["printers"]) == (180, 3)
    assert [hours(row)["available"] for row in report(until=START + 24 * HOUR)] == [48]
    ran(added, 76, 4)
    assert hours(report(group_by="printer")[1])["available"] == 20


def test_a_planned_or_deleted_run_prints_nothing(printer):
    ran(printer, 0, 24)
    ran(printer, 30, 24)
    ProductionRun.objects.filter(number="R1").update(deleted_at=NOW)
    ProductionRun.objects.create(number="P", printer=printer, created_at=NOW, updated_at=NOW)
    [row] = report()
    assert (row["runs"], row["occupation_percent"]) == (1, 25)


def test_three_queries_whatever_there_is(printer):
    def count():
        with CaptureQueriesContext(connection) as seen:
            report(group_by="printer", period="day")
        return len(seen)

    ran(printer, 0, 24)
    count()
    before = count()
    for number in range(5):
        ran(a_printer(), 2 * number, 30)
    assert count() == before <= 3


def test_the_api_takes_days_and_filters(printer, api):
    ran(printer, 0, 12, good=4)
    other = a_printer()
    query = "group_by=printer&since=2026-03-02&until=2026-03-03"
    found = {row["key"]: row for row in rows(api, "printers", query)}
    assert found[str(printer.pk)]["minutes"]["printing"] == "720.00"
    assert found[str(printer.pk)]["occupation_percent"] == "34.2857"  # of 35 hours in Berlin
    [one] = rows(api, "printers", f"{query}&printer={other.pk}")
    assert (one["minutes"]["printing"], one["occupation_percent"]) == ("0.00", "0.0000")
    first, second, *_idle = rows(api, "printers", f"period=day&printer={printer.pk}")
    assert (first["period"], first["good"], second["good"]) == ("2026-03-02", 0, 4)
