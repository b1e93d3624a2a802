"""The queue is put into another order by hand."""

from datetime import date

import pytest
from django.utils import timezone

from production.models import ProductionRun
from production.services.runs import lifecycle, queue_order
from tenants.operations.refusals import Invalid
from tests.factories import a_printer, a_product, a_run
from tests.production.floor_helpers import touch
from tests.queries import fresh
from tests.responses import done, refused

pytestmark = pytest.mark.usefixtures("farm")
PAGE = "/floor/queue/order/"


def queue():
    return list(ProductionRun.objects.planned().queue())


def test_without_a_hand_the_queue_goes_by_priority_due_date_and_planning():
    late, first, plain, soon = (
        a_run(due_on=date(2026, 12, 24)),
        a_run(priority=1),
        a_run(),
        a_run(due_on=date(1999, 12, 31)),
    )
    assert queue() == [first, soon, late, plain]


def test_a_run_goes_to_any_place_of_the_queue_and_alone_is_written():
    runs = [a_run() for _ in range(4)]
    one, two, three, four = runs
    before = {run: fresh(run).version for run in runs}
    queue_order.reorder(four, before=two, by=None)
    assert queue() == [one, four, two, three]
    queue_order.reorder(one, after=two, by=None)
    assert queue() == [four, two, one, three]
    queue_order.reorder(three, before=four, by=None)
    queue_order.reorder(four, after=one, by=None)
    assert queue() == [three, two, one, four]
    changes = {run: fresh(run).version - version for run, version in before.items()}
    assert changes == {one: 1, two: 0, three: 1, four: 2}


def test_a_run_takes_the_priority_of_the_one_it_is_put_beside():
    urgent, plain, other = a_run(priority=5), a_run(), a_run()
    run = queue_order.reorder(other, before=urgent, by=None)
    assert (run.priority, queue()) == (5, [other, urgent, plain])
    assert run.events.last().before["productionrun"][str(run.pk)]["priority"] == 0
    run = queue_order.reorder(urgent, after=plain, by=None)
    assert (run.priority, queue()) == (0, [other, plain, urgent])


@pytest.mark.parametrize("change", [{"priority": 1}, {"due_on": date(2026, 1, 1)}])
def test_a_place_by_hand_is_given_up_with_another_priority_or_due_date(change):
    one, two, three = a_run(), a_run(), a_run()
    queue_order.reorder(three, before=one, by=None)
    lifecycle.update(three, by=None, notes="Blue box")
    assert queue() == [three, one, two]
    lifecycle.update(three, by=None, **change)
    assert fresh(three).queue_rank is None
    lifecycle.update(three, by=None, priority=0, due_on=None)
    assert queue() == [one, two, three]


def test_there_is_always_room_between_two_runs():
    """A hundred moves to one place: 140 decimals."""
    first, last, *runs = (a_run() for _ in range(4))
    for number in range(100):
        queue_order.reorder(runs[number % 2], before=last, by=None)
    assert queue() == [first, *runs, last]
    assert len(str(fresh(runs[1]).queue_rank)) > 100


def test_what_can_not_be_is_refused(api):
    run, gone, other = a_run(), lifecycle.cancel(a_run(), by=None), a_run()
    path = f"/api/v1/production-runs/{run.pk}/reorder/"
    refused(api.post(path, {}), 400, "invalid")
    refused(api.post(path, {"before": other.pk, "after": other.pk}), 400, "invalid")
    answer = api.post(path, {"before": run.pk})
    assert answer.json()["errors"] == {"before": [f"Run {run} can't be put beside itself."]}
    answer = refused(api.post(path, {"after": gone.pk}), 409, "not_in_queue")
    assert gone.number in answer["detail"]
    assert "after" in api.post(path, {"after": 10**12}).json()["errors"]
    path = f"/api/v1/production-runs/{gone.pk}/reorder/"
    refused(api.post(path, {"after": run.pk}), 409, "invalid_run_status")
    assert done(api.post(f"/api/v1/production-runs/{run.pk}/reorder/", {"after": other.pk}))
    assert queue() == [other, run]
    with pytest.raises(Invalid):
        queue_order.reorder(run, by=None)


def test_the_page_moves_runs_past_their_neighbours_on_a_printer(floor):
    printer, other = a_printer("Alder"), a_printer("Birch")
    one, two, three = (a_run(printer=printer, items=[(a_product(), 1)]) for _ in range(3))
    elsewhere, nowhere = a_run(printer=other), a_run()
    groups = floor.get(PAGE).context["groups"]
    assert [(of, [row["run"] for row in rows]) for of, rows in groups] == [
        (None, [nowhere]), (printer, [one, two, three]), (other, [elsewhere]),
    ]  # fmt: skip
    text = floor.get(PAGE).content.decode()
    for move in (f"{three.pk} before {one.pk}", f"{one.pk} after {two.pk}"):
        assert f'value="{move}"' in text
    answer = touch(floor, PAGE, move=f"{three.pk} before {one.pk}")
    assert answer["Location"] == PAGE
    page = floor.get(PAGE)
    assert f"Run {three} prints before run {one}." in page.content.decode()
    undo = page.context["undoable"]
    assert undo.text == f"moved run {three} in the queue"
    touch(floor, f"/floor/runs/{three.pk}/undo/", event=undo.event)
    assert [run for run in queue() if run.printer_id == printer.pk] == [one, two, three]


@pytest.mark.parametrize(
    "move", ["", "x", "1 beside 2", "1 before 99999999999999999999", "1 before 2"]
)
def test_a_move_that_can_not_be_read_is_an_error_of_the_page(floor, move):
    answer = touch(floor, PAGE, move=move)
    assert answer.status_code == 400
    assert "the queue again" in answer.content.decode() or not move


def test_a_move_that_waited_is_refused_where_others_moved_the_run_meanwhile(floor):
    one, two = a_run(), a_run()
    queue_order.reorder(two, before=one, by=None, at=timezone.now())
    move = f"{two.pk} after {one.pk}"
    answer = touch(floor, PAGE, move=move, headers={"Floor-Waited": "60"})
    assert answer.status_code == 409
