"""The timeline of the floor: printers down, hours across."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from production.services.reports.timeline import timeline
from production.services.runs import lifecycle
from tests.factories import a_printer, a_product, a_run
from tests.responses import text_of

pytestmark = pytest.mark.usefixtures("farm")
PAGE = "/floor/timeline/"


def hours(number):
    return timedelta(hours=number)


def test_runs_follow_each_other_on_each_printer():
    """2 h from now, then 3 h by priority; what follows a run of unknown length waits,
    also with a planned start."""
    printer, other = a_printer("Alder"), a_printer("Birch")
    now = timezone.now()
    second = a_run(printer=printer, planned_minutes=180)
    first = a_run(printer=printer, planned_minutes=120, priority=1, due_on=(now - hours(72)).date())
    later = a_run(printer=other, planned_minutes=60, planned_start_at=now + hours(5))
    unknown = a_run(printer=other, planned_start_at=now + hours(7))
    after = a_run(printer=other, planned_minutes=60, priority=-1, planned_start_at=now + hours(9))
    nowhere = a_run(planned_minutes=60)
    found = timeline(now, now + hours(48), at=now)
    bars = {bar.run: bar for lane in found.lanes for bar in lane.bars}
    assert (bars[first].begins_at, bars[first].ends_at) == (now, now + hours(2))
    assert (bars[second].begins_at, bars[second].ends_at) == (now + hours(2), now + hours(5))
    assert (bars[later].begins_at, bars[later].ends_at) == (now + hours(5), now + hours(6))
    assert (bars[unknown].begins_at, bars[unknown].ends_at) == (now + hours(7), None)
    assert {run.pk for run in found.waiting} == {after.pk, nowhere.pk}
    assert [bar.run for bar in found.late] == [first]
    lanes = timeline(now + hours(6), now + hours(7), at=now).lanes
    assert [lane.bars for lane in lanes] == [[], []]


def test_a_running_run_ends_when_it_should_or_now():
    run = a_run(printer=a_printer(), planned_minutes=60)
    run = lifecycle.start(run, by=None, confirm=True)
    late = run.started_at + hours(3)
    (lane,) = timeline(run.started_at, late + hours(1), at=late).lanes
    assert (lane.bars[0].begins_at, lane.bars[0].ends_at) == (run.started_at, late)


def test_the_page_has_every_bar_in_words_and_takes_any_day(floor):
    run = a_run(
        printer=a_printer("Alder"), items=[(a_product(name="<Hook>"), 12)], planned_minutes=60
    )
    page = floor.get(PAGE)
    text = page.content.decode()
    assert run.number in text
    assert "12 &lt;Hook&gt;; planned; from" in text
    assert "Alder" in text_of(floor.get(f"{PAGE}?span=day"))
    for wrong in ("2026-13-40", "9999-12-31", "0001-01-01", "x"):
        answer = floor.get(PAGE, {"day": wrong})
        assert (answer.status_code, f"“{wrong}” is no day" in text_of(answer)) == (400, True)
        assert "Alder" in text_of(answer)


def test_sixty_printers_are_a_page_of_60_kb_and_as_many_queries_as_one(floor):
    product = a_product(name="Housing of the sensor, IP54, with groove")
    small = _queries(floor)
    for _number in range(60):
        printer = a_printer()
        for _each in range(2):
            a_run(printer=printer, items=[(product, 12)], planned_minutes=600)
    assert _queries(floor) <= small + 1  # the items of no run are not asked for
    assert len(floor.get(PAGE).content) <= 60_000


def _queries(client):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(PAGE).status_code == 200
    return len(queries)
